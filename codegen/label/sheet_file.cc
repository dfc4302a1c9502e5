#include "codegen/label/sheet_file.h"

#include <filesystem>
#include <optional>

#include <cairo-pdf.h>
#include <fmt/format.h>

#include "codegen/label/cairo_types.h"
#include "codegen/label/page_marks.h"
#include "codegen/label/painter.h"

namespace yima::label {
namespace {

/// Takes cairo's output; keeps the first Error, since cairo only says "write error".
struct Sink {
  OutputFile file;
  std::optional<Error> error;

  static cairo_status_t Write(void* sink, const unsigned char* data, unsigned int size) {
    auto* self = static_cast<Sink*>(sink);
    if (self->error) return CAIRO_STATUS_WRITE_ERROR;
    const auto written = self->file.Write({reinterpret_cast<const char*>(data), size});
    if (written) return CAIRO_STATUS_SUCCESS;
    self->error = written.error();
    return CAIRO_STATUS_WRITE_ERROR;
  }
};

Result<void> StatusOf(cairo_status_t status, const Sink& sink) {
  if (sink.error) return tl::unexpected<Error>(*sink.error);
  if (status == CAIRO_STATUS_SUCCESS) return {};
  return Fail(StatusCode::kInternal, "DRAWING_FAILED",
              fmt::format("{}: cairo: {}", sink.file.path(), cairo_status_to_string(status)),
              sink.file.path());
}

Surface MakePdf(const Page& page, const std::string& path, Sink* sink) {
  Surface surface(
      cairo_pdf_surface_create_for_stream(&Sink::Write, sink, page.width_mm * kPointsPerMm,
                                          page.height_mm * kPointsPerMm),
      &cairo_surface_destroy);
  const std::string title = std::filesystem::path(path).stem().string();
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, title.c_str());
  cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATOR, "Yima 一码");
  return surface;
}

/// What is the same on every full page, as a drawing that the PDF holds once.
Surface MakeForm(const Template& label_template, const Page& page) {
  const cairo_rectangle_t extents{0, 0, page.width_mm * kPointsPerMm,
                                  page.height_mm * kPointsPerMm};
  Surface form(cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, &extents),
               &cairo_surface_destroy);
  const Cairo cairo(cairo_create(form.get()), &cairo_destroy);
  Drawing drawing;
  PlaceCropMarks(page, &drawing);
  for (int cell = 0; cell < page.cells(); ++cell)
    PlaceOutline(label_template, page.Cell(cell).x_mm, page.Cell(cell).y_mm, &drawing);
  drawing.Paint(cairo.get(), SymbolInk::kMask);
  return form;
}

/// The drawing of one file, page after page.
class Pages {
 public:
  Pages(const Template& label_template, const Page& page, const std::string& path,
        TextSetter& setter, cairo_t* cairo)
      : template_(label_template),
        page_(page),
        path_(path),
        setter_(setter),
        cairo_(cairo),
        form_(MakeForm(label_template, page)) {}

  Result<void> Add(const PlacedLabel& label, SheetFile* file) {
    if (number_ != 0 && label.page != number_) Show(*file);
    number_ = label.page;
    on_page_.push_back(&label);
    YIMA_ASSIGN_OR_RETURN(const SymbolFit fit,
                          PlaceLabel(template_, label.fields, label.box.x_mm, label.box.y_mm,
                                     setter_, &drawing_, &file->warnings));
    if (file->fit.version == 0 || fit.module_mm < file->fit.module_mm) file->fit = fit;
    return {};
  }

  void Show(SheetFile& file) {
    if (on_page_.size() == static_cast<size_t>(page_.cells())) {
      cairo_set_source_surface(cairo_, form_.get(), 0, 0);
      cairo_paint(cairo_);
    } else {
      PlaceUnshared();
    }
    PlaceFooter(page_, template_, {path_, number_, file.fit}, setter_, &drawing_);
    drawing_.Paint(cairo_, SymbolInk::kMask);
    cairo_show_page(cairo_);
    on_page_.clear();
    ++file.pages;
  }

 private:
  /// What the form holds, for a page with empty cells.
  void PlaceUnshared() {
    PlaceCropMarks(page_, &drawing_);
    for (const PlacedLabel* label : on_page_)
      PlaceOutline(template_, label->box.x_mm, label->box.y_mm, &drawing_);
  }

  const Template& template_;
  const Page& page_;
  const std::string& path_;
  TextSetter& setter_;
  cairo_t* cairo_;
  const Surface form_;
  Drawing drawing_;
  std::vector<const PlacedLabel*> on_page_;
  uint32_t number_ = 0;
};

Result<void> DrawAll(const Template& label_template, const Page& page,
                     const std::vector<PlacedLabel>& labels, const std::string& path,
                     TextSetter& setter, const std::atomic<bool>& stop, Sink* sink,
                     SheetFile* file) {
  const Surface surface = MakePdf(page, path, sink);
  const Cairo cairo(cairo_create(surface.get()), &cairo_destroy);
  Pages pages(label_template, page, path, setter, cairo.get());
  for (const PlacedLabel& label : labels) {
    if (stop) return Fail(StatusCode::kCancelled, "STOPPED", "stopped");
    YIMA_RETURN_IF_ERROR(pages.Add(label, file));
    YIMA_RETURN_IF_ERROR(StatusOf(cairo_status(cairo.get()), *sink));
  }
  pages.Show(*file);
  cairo_surface_finish(surface.get());
  return StatusOf(cairo_surface_status(surface.get()), *sink);
}

}  // namespace

Result<SheetFile> WriteSheetFile(const Template& label_template, const Page& page,
                                 const std::vector<PlacedLabel>& labels, const std::string& path,
                                 TextSetter& setter, const std::atomic<bool>& stop) {
  YIMA_ASSIGN_OR_RETURN(OutputFile output, OutputFile::Create(path));
  Sink sink{std::move(output), {}};
  SheetFile file{std::move(sink.file), 0, {}, {}};
  std::swap(sink.file, file.file);
  YIMA_RETURN_IF_ERROR(DrawAll(label_template, page, labels, path, setter, stop, &sink, &file));
  YIMA_RETURN_IF_ERROR(sink.file.Close());
  file.file = std::move(sink.file);
  return file;
}

}  // namespace yima::label
