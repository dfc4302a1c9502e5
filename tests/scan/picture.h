#ifndef YIMA_TESTS_SCAN_PICTURE_H_
#define YIMA_TESTS_SCAN_PICTURE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "client/scan/image.h"

namespace yima::scan {

Image Blank(int width, int height, uint8_t gray = 255);

/// A QR symbol of the text (at most 8-bit), level Q as on plates, with its quiet zone.
Image Symbol(std::string_view text, int module_px);

/// Draws `what` with its top left corner at x, y.
void Draw(Image& onto, const Image& what, int x, int y);

Image TurnedRight(const Image& image);
Image Inverted(const Image& image);

/// 8-bit gray PNG and PGM; JPEG in gray, or in CMYK as printing programs write it.
std::string ToPng(const Image& image);
std::string ToPgm(const Image& image);
std::string ToJpeg(const Image& image, bool cmyk = false);

/// A PNG with a palette or with transparency, black on nothing.
std::string ToTransparentPng(const Image& image);
std::string ToPalettePng(const Image& image);

}  // namespace yima::scan

#endif  // YIMA_TESTS_SCAN_PICTURE_H_
