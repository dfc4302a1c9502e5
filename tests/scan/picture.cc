#include "tests/scan/picture.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>
// clang-format off
#include <jpeglib.h>
#include <png.h>
#include <qrencode.h>
// clang-format on

namespace yima::scan {
namespace {

size_t Place(const Image& image, int x, int y) {
  return static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x);
}

std::string WritePng(png_image& png, const void* pixels, const void* colormap) {
  png_alloc_size_t size = 0;
  if (png_image_write_to_memory(&png, nullptr, &size, 0, pixels, 0, colormap) == 0) {
    throw std::runtime_error(png.message);
  }
  std::string bytes(size, '\0');
  png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels, 0, colormap);
  bytes.resize(size);
  return bytes;
}

png_image Header(const Image& image, png_uint_32 format) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = format;
  return png;
}

}  // namespace

Image Blank(int width, int height, uint8_t gray) {
  return {width, height,
          std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height), gray)};
}

Image Symbol(std::string_view text, int module_px) {
  QRcode* code =
      QRcode_encodeData(static_cast<int>(text.size()),
                        reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_Q);
  if (code == nullptr) throw std::runtime_error("text does not fit a symbol");
  const int side = (code->width + 8) * module_px;
  Image image = Blank(side, side);
  for (int y = 0; y < code->width * module_px; ++y) {
    for (int x = 0; x < code->width * module_px; ++x) {
      const int module = y / module_px * code->width + x / module_px;
      if ((code->data[module] & 1) != 0) {
        image.pixels[Place(image, x + 4 * module_px, y + 4 * module_px)] = 0;
      }
    }
  }
  QRcode_free(code);
  return image;
}

void Draw(Image& onto, const Image& what, int x, int y) {
  for (int row = 0; row < what.height; ++row) {
    for (int column = 0; column < what.width; ++column) {
      onto.pixels[Place(onto, x + column, y + row)] = what.at(column, row);
    }
  }
}

Image TurnedRight(const Image& image) {
  Image turned = Blank(image.height, image.width);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      turned.pixels[Place(turned, image.height - 1 - y, x)] = image.at(x, y);
    }
  }
  return turned;
}

Image Inverted(const Image& image) {
  Image inverted = image;
  for (uint8_t& pixel : inverted.pixels) pixel = static_cast<uint8_t>(255 - pixel);
  return inverted;
}

std::string ToPng(const Image& image) {
  png_image png = Header(image, PNG_FORMAT_GRAY);
  return WritePng(png, image.pixels.data(), nullptr);
}

std::string ToTransparentPng(const Image& image) {
  png_image png = Header(image, PNG_FORMAT_RGBA);
  std::vector<uint8_t> pixels;
  for (const uint8_t gray : image.pixels) {
    pixels.insert(pixels.end(), {0, 0, 0, static_cast<uint8_t>(255 - gray)});
  }
  return WritePng(png, pixels.data(), nullptr);
}

std::string ToPalettePng(const Image& image) {
  png_image png = Header(image, PNG_FORMAT_RGB_COLORMAP);
  png.colormap_entries = 2;
  const uint8_t colormap[] = {0, 0, 128, 255, 255, 200};
  std::vector<uint8_t> pixels;
  for (const uint8_t gray : image.pixels) pixels.push_back(gray >= 128 ? 1 : 0);
  return WritePng(png, pixels.data(), colormap);
}

std::string ToPgm(const Image& image) {
  std::string bytes = "P5\n# a comment\n" + std::to_string(image.width) + " " +
                      std::to_string(image.height) + "\n255\n";
  bytes.append(reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size());
  return bytes;
}

std::string ToJpeg(const Image& image, bool cmyk) {
  jpeg_compress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = cmyk ? 4 : 1;
  jpeg.in_color_space = cmyk ? JCS_CMYK : JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg.write_Adobe_marker = cmyk ? TRUE : FALSE;
  jpeg_start_compress(&jpeg, TRUE);
  std::vector<uint8_t> row;
  for (int y = 0; y < image.height; ++y) {
    row.clear();
    for (int x = 0; x < image.width; ++x) {
      // Adobe stores ink inverted: white is 255 in all four, black the lack of the last.
      if (cmyk) row.insert(row.end(), {255, 255, 255});
      row.push_back(image.at(x, y));
    }
    JSAMPROW at = row.data();
    jpeg_write_scanlines(&jpeg, &at, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string result(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&jpeg);
  std::free(bytes);
  return result;
}

}  // namespace yima::scan
