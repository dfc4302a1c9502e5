#include "codegen/label/label.h"

#include <algorithm>
#include <cmath>

#include <cairo-svg.h>
#include <fmt/format.h>

#include "codegen/label/cairo_types.h"
#include "codegen/label/painter.h"
#include "codegen/label/png.h"

namespace yima::label {
namespace {

constexpr double kDpiMin = 72;
constexpr double kDpiMax = 2400;
constexpr double kPixelsMax = 1e8;
constexpr double kMmPerInch = 25.4;

tl::unexpected<Error> CairoFailed(cairo_status_t status) {
  return Fail(StatusCode::kInternal, "DRAWING_FAILED",
              fmt::format("cairo: {}", cairo_status_to_string(status)));
}

/// White paper of the label's shape, then the label.
void PaintLabel(const Template& label, Drawing* drawing, cairo_t* cairo, SymbolInk ink) {
  TraceShape(cairo, {0, 0, label.width_mm, label.height_mm}, label.shape, label.corner_mm);
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_fill(cairo);
  drawing->Paint(cairo, ink);
}

Result<double> WholePixelDpi(double dpi, double module_mm) {
  if (!(dpi >= kDpiMin && dpi <= kDpiMax))
    return Fail(StatusCode::kOutOfRange, "DPI_OUT_OF_RANGE",
                fmt::format("{} dots per inch, want {} to {}", dpi, kDpiMin, kDpiMax), "dpi");
  const double pixels = std::max(1.0, std::round(module_mm * dpi / kMmPerInch));
  return pixels * kMmPerInch / module_mm;
}

cairo_status_t Append(void* bytes, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

/// Black on white needs one channel of cairo's four.
std::vector<uint8_t> GrayOf(cairo_surface_t* surface, int width, int height) {
  cairo_surface_flush(surface);
  const unsigned char* rows = cairo_image_surface_get_data(surface);
  const auto stride = static_cast<size_t>(cairo_image_surface_get_stride(surface));
  std::vector<uint8_t> gray;
  gray.reserve(static_cast<size_t>(width) * static_cast<size_t>(height));
  for (size_t y = 0; y < static_cast<size_t>(height); ++y)
    for (size_t x = 0; x < static_cast<size_t>(width); ++x)
      gray.push_back(rows[y * stride + 4 * x + 1]);
  return gray;
}

}  // namespace

struct LabelImager::Impl {
  Template label_template;
  TextSetter setter;
  LabelWarnings warnings;

  Result<SymbolFit> Place(const LabelFields& fields, Drawing* drawing) {
    YIMA_ASSIGN_OR_RETURN(const LabelFields checked, CheckFields(fields));
    PlaceOutline(label_template, 0, 0, drawing);
    return PlaceLabel(label_template, checked, 0, 0, setter, drawing, &warnings);
  }
};

LabelImager::LabelImager(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LabelImager::LabelImager(LabelImager&&) noexcept = default;
LabelImager& LabelImager::operator=(LabelImager&&) noexcept = default;
LabelImager::~LabelImager() = default;

Result<LabelImager> LabelImager::Create(const Template& label_template) {
  YIMA_ASSIGN_OR_RETURN(TextSetter setter, TextSetter::Create());
  return LabelImager(std::make_unique<Impl>(Impl{label_template, std::move(setter), {}}));
}

const LabelWarnings& LabelImager::warnings() const { return impl_->warnings; }

Result<std::string> LabelImager::Png(const LabelFields& fields, double dpi) {
  const Template& label = impl_->label_template;
  Drawing drawing;
  YIMA_ASSIGN_OR_RETURN(const SymbolFit fit, impl_->Place(fields, &drawing));
  YIMA_ASSIGN_OR_RETURN(const double exact_dpi, WholePixelDpi(dpi, fit.module_mm));
  const double width = std::round(label.width_mm * exact_dpi / kMmPerInch);
  const double height = std::round(label.height_mm * exact_dpi / kMmPerInch);
  if (width * height > kPixelsMax)
    return Fail(StatusCode::kOutOfRange, "PICTURE_TOO_LARGE",
                fmt::format("{} × {} pixels, at most {} in all", width, height, kPixelsMax), "dpi");
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width),
                                                   static_cast<int>(height)),
                        &cairo_surface_destroy);
  const Cairo cairo(cairo_create(surface.get()), &cairo_destroy);
  cairo_set_source_rgb(cairo.get(), 1, 1, 1);
  cairo_paint(cairo.get());
  cairo_scale(cairo.get(), exact_dpi / 72, exact_dpi / 72);
  PaintLabel(label, &drawing, cairo.get(), SymbolInk::kPixels);
  if (cairo_status(cairo.get()) != CAIRO_STATUS_SUCCESS)
    return CairoFailed(cairo_status(cairo.get()));
  const auto gray = GrayOf(surface.get(), static_cast<int>(width), static_cast<int>(height));
  return EncodePng({static_cast<int>(width), static_cast<int>(height), 8,
                    static_cast<size_t>(width), gray.data(), exact_dpi});
}

Result<std::string> LabelImager::Svg(const LabelFields& fields) {
  const Template& label = impl_->label_template;
  Drawing drawing;
  YIMA_RETURN_IF_ERROR(impl_->Place(fields, &drawing));
  std::string svg;
  const Surface surface(
      cairo_svg_surface_create_for_stream(&Append, &svg, label.width_mm * kPointsPerMm,
                                          label.height_mm * kPointsPerMm),
      &cairo_surface_destroy);
  cairo_svg_surface_set_document_unit(surface.get(), CAIRO_SVG_UNIT_PT);
  const Cairo cairo(cairo_create(surface.get()), &cairo_destroy);
  PaintLabel(label, &drawing, cairo.get(), SymbolInk::kPath);
  cairo_show_page(cairo.get());
  cairo_surface_finish(surface.get());
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS)
    return CairoFailed(cairo_surface_status(surface.get()));
  return svg;
}

}  // namespace yima::label
