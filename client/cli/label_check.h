#ifndef YIMA_CLIENT_CLI_LABEL_CHECK_H_
#define YIMA_CLIENT_CLI_LABEL_CHECK_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "codegen/label/sheet.h"

namespace yima::cli {

/// Reads finished labels as a phone would: rasterised again, and decoded by the scanner. Either the
/// first label of a job or every one. Thread-safe.
class LabelCheck {
 public:
  explicit LabelCheck(bool every) : every_(every) {}

  /// LABEL_UNREADABLE names file, page, cell and number; CHECK_PROGRAM_MISSING, CHECK_FAILED.
  Result<void> Sheet(const label::FinishedSheet& sheet);
  /// A single label, as PNG bytes or in an SVG file.
  Result<void> Png(std::string_view bytes, const label::LabelFields& fields);
  Result<void> Svg(const std::string& path, const label::LabelFields& fields);

  /// Labels that were read right.
  uint64_t checked() const { return checked_; }

 private:
  bool Wanted() const { return every_ || checked_ == 0; }

  const bool every_;
  std::atomic<uint64_t> checked_ = 0;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_LABEL_CHECK_H_
