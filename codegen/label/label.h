#ifndef YIMA_CODEGEN_LABEL_LABEL_H_
#define YIMA_CODEGEN_LABEL_LABEL_H_

#include <memory>
#include <string>

#include "codegen/label/fields.h"
#include "codegen/label/template.h"

namespace yima::label {

/// Single labels as pictures, exact in size. Not thread-safe.
class LabelImager {
 public:
  /// FONT_MISSING.
  static Result<LabelImager> Create(const Template& label_template);
  LabelImager(LabelImager&&) noexcept;
  LabelImager& operator=(LabelImager&&) noexcept;
  ~LabelImager();

  /// A gray PNG with its size in it. The resolution is the one next to `dpi` (72 to 2,400) at which
  /// a module is a whole number of pixels. What CheckFields and FitSymbol refuse;
  /// DPI_OUT_OF_RANGE, PICTURE_TOO_LARGE.
  Result<std::string> Png(const LabelFields& fields, double dpi = 300);
  /// An SVG of outlines: it needs no fonts.
  Result<std::string> Svg(const LabelFields& fields);

  /// Of all labels so far.
  const LabelWarnings& warnings() const;

 private:
  struct Impl;
  explicit LabelImager(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_LABEL_H_
