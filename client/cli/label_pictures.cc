#include "client/cli/label_pictures.h"

#include <filesystem>

namespace yima::cli {
namespace {

std::string In(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).string();
}

}  // namespace

Result<LabelPictures> LabelPictures::Create(const label::Template& plate, const std::string& folder,
                                            bool svg, double dpi, LabelCheck& check) {
  YIMA_ASSIGN_OR_RETURN(label::LabelImager imager, label::LabelImager::Create(plate));
  YIMA_ASSIGN_OR_RETURN(label::Manifest manifest,
                        label::Manifest::Create(In(folder, "labels.manifest.csv")));
  return LabelPictures(plate, folder, svg, dpi, check, std::move(imager), std::move(manifest));
}

LabelPictures::LabelPictures(label::Template plate, std::string folder, bool svg, double dpi,
                             LabelCheck& check, label::LabelImager imager, label::Manifest manifest)
    : plate_(std::move(plate)),
      folder_(std::move(folder)),
      svg_(svg),
      dpi_(dpi),
      check_(check),
      imager_(std::move(imager)),
      manifest_(std::move(manifest)) {}

Result<std::string> LabelPictures::Draw(const label::LabelFields& fields) {
  return svg_ ? imager_.Svg(fields) : imager_.Png(fields, dpi_);
}

Result<void> LabelPictures::Add(label::LabelFields fields) {
  YIMA_ASSIGN_OR_RETURN(fields, label::CheckFields(std::move(fields)));
  YIMA_ASSIGN_OR_RETURN(const label::SymbolFit fit, label::FitSymbol(plate_, fields.code_text));
  const std::string name = fields.short_number + (svg_ ? ".svg" : ".png");
  YIMA_ASSIGN_OR_RETURN(const std::string picture, Draw(fields));
  YIMA_ASSIGN_OR_RETURN(auto file, label::OutputFile::Create(In(folder_, name)));
  YIMA_RETURN_IF_ERROR(file.Write(picture));
  YIMA_RETURN_IF_ERROR(file.Close());
  YIMA_RETURN_IF_ERROR(svg_ ? check_.Svg(file.hidden_path(), fields) : check_.Png(picture, fields));
  YIMA_RETURN_IF_ERROR(file.Publish());
  YIMA_RETURN_IF_ERROR(manifest_.Add(name, 1, 1, fields));
  ++report_.labels;
  if (report_.fit.version == 0 || fit.module_mm < report_.fit.module_mm) report_.fit = fit;
  return {};
}

Result<label::SheetReport> LabelPictures::Finish() {
  if (report_.labels == 0)
    return Invalid("LABELS_MISSING", "no label to draw: nothing was selected", folder_);
  YIMA_RETURN_IF_ERROR(manifest_.Close());
  YIMA_RETURN_IF_ERROR(manifest_.Publish());
  report_.pages = report_.labels;
  report_.files = {folder_};
  report_.manifest = manifest_.path();
  report_.warnings = imager_.warnings();
  return report_;
}

}  // namespace yima::cli
