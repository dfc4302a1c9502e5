#ifndef YIMA_CODEGEN_LABEL_PNG_H_
#define YIMA_CODEGEN_LABEL_PNG_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "codegen/code/result.h"

namespace yima::label {

/// A gray picture that lies in the caller's memory.
struct GrayView {
  int width = 0;
  int height = 0;
  int bit_depth = 8;  ///< 1 (first pixel in the highest bit) or 8; 0 is black.
  size_t stride = 0;  ///< Bytes from one row to the next.
  const uint8_t* rows = nullptr;
  double dpi = 0;  ///< Written as the picture's physical size; 0 leaves it out.
};

/// The picture as a PNG file's bytes. PNG_FAILED: libpng's own words. Thread-safe.
Result<std::string> EncodePng(const GrayView& view);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_PNG_H_
