#ifndef YIMA_CLIENT_CLI_LABEL_PICTURES_H_
#define YIMA_CLIENT_CLI_LABEL_PICTURES_H_

#include <string>

#include "client/cli/label_check.h"
#include "codegen/label/label.h"
#include "codegen/label/manifest.h"
#include "codegen/label/sheet.h"

namespace yima::cli {

/// Writes labels as single pictures, named by their short numbers, and `labels.manifest.csv` beside
/// them. Each picture appears whole or not at all, and the list last: without it the job was not
/// finished. Not thread-safe.
class LabelPictures {
 public:
  /// FOLDER_MISSING, FILE_UNWRITABLE, FONT_MISSING.
  static Result<LabelPictures> Create(const label::Template& plate, const std::string& folder,
                                      bool svg, double dpi, LabelCheck& check);

  Result<void> Add(label::LabelFields fields);
  /// LABELS_MISSING when there was none.
  Result<label::SheetReport> Finish();

 private:
  LabelPictures(label::Template plate, std::string folder, bool svg, double dpi, LabelCheck& check,
                label::LabelImager imager, label::Manifest manifest);
  Result<std::string> Draw(const label::LabelFields& fields);

  label::Template plate_;
  std::string folder_;
  bool svg_;
  double dpi_;
  LabelCheck& check_;
  label::LabelImager imager_;
  label::Manifest manifest_;
  label::SheetReport report_;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_LABEL_PICTURES_H_
