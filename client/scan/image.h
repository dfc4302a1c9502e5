#ifndef YIMA_CLIENT_SCAN_IMAGE_H_
#define YIMA_CLIENT_SCAN_IMAGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"

namespace yima::scan {

/// More pixels than any phone's camera makes; a picture of that size takes 100 MB.
constexpr uint64_t kPixelsMax = 100'000'000;

/// A picture in 8-bit gray, row by row without padding; 0 is black.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;

  uint8_t at(int x, int y) const {
    return pixels[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
};

/// PNG, JPEG (gray, colour, CMYK), PGM or PPM, told apart by content. Transparent is white.
/// IMAGE_FORMAT_UNKNOWN, IMAGE_DAMAGED (truncated, too), IMAGE_TOO_LARGE (before any memory is
/// taken). Thread-safe.
Result<Image> DecodeImage(std::string_view bytes);

/// The error as one of that file, whose path is its field and begins its message.
Error AtFile(const std::string& path, Error error);

/// The same from a file; errors are at it. FILE_UNREADABLE.
Result<Image> LoadImage(const std::string& path);

/// IMAGE_TOO_LARGE, IMAGE_DAMAGED when a side is 0.
Result<void> CheckSize(uint64_t width, uint64_t height);

}  // namespace yima::scan

#endif  // YIMA_CLIENT_SCAN_IMAGE_H_
