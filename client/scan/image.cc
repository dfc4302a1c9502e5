#include "client/scan/image.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <png.h>

#include "client/scan/jpeg.h"

namespace yima::scan {
namespace {

constexpr size_t kFileBytesMax = 400'000'000;

// Rec. 601 luma, as libjpeg has it.
uint8_t Luma(uint8_t red, uint8_t green, uint8_t blue) {
  return static_cast<uint8_t>((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

Result<Image> DecodePng(std::string_view bytes) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) {
    return Invalid("IMAGE_DAMAGED", fmt::format("the PNG cannot be read: {}", png.message));
  }
  if (auto size = CheckSize(png.width, png.height); !size) {
    png_image_free(&png);
    return tl::unexpected<Error>(std::move(size).error());
  }
  png.format = PNG_FORMAT_GRAY;
  Image image;
  image.width = static_cast<int>(png.width);
  image.height = static_cast<int>(png.height);
  image.pixels.resize(PNG_IMAGE_SIZE(png));
  const png_color white = {255, 255, 255};
  if (png_image_finish_read(&png, &white, image.pixels.data(), 0, nullptr) == 0) {
    return Invalid("IMAGE_DAMAGED",
                   fmt::format("the PNG is damaged or cut short: {}", png.message));
  }
  return image;
}

// A PNM header's next number; comments run from '#' to the line's end.
std::optional<uint64_t> TakeNumber(std::string_view& text) {
  for (;;) {
    while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
    if (text.empty() || text.front() != '#') break;
    const size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  }
  uint64_t value = 0;
  size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    value = value * 10 + static_cast<uint64_t>(text.front() - '0');
    if (++digits > 9) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  return value;
}

Result<Image> DecodePnm(std::string_view bytes) {
  const bool colour = bytes[1] == '6';
  std::string_view rest = bytes.substr(2);
  const auto width = TakeNumber(rest);
  const auto height = TakeNumber(rest);
  const auto white = TakeNumber(rest);
  if (!width || !height || !white || *white != 255 || rest.empty()) {
    return Invalid("IMAGE_DAMAGED", "the PGM or PPM header is malformed, or not 8 bits a sample");
  }
  YIMA_RETURN_IF_ERROR(CheckSize(*width, *height));
  rest.remove_prefix(1);
  const size_t pixels = *width * *height;
  if (rest.size() < pixels * (colour ? 3 : 1)) {
    return Invalid("IMAGE_DAMAGED", "the PGM or PPM is cut short");
  }
  Image image{static_cast<int>(*width), static_cast<int>(*height), std::vector<uint8_t>(pixels)};
  const auto* sample = reinterpret_cast<const uint8_t*>(rest.data());
  for (size_t i = 0; i < pixels; ++i) {
    image.pixels[i] =
        colour ? Luma(sample[3 * i], sample[3 * i + 1], sample[3 * i + 2]) : sample[i];
  }
  return image;
}

}  // namespace

Result<void> CheckSize(uint64_t width, uint64_t height) {
  if (width == 0 || height == 0) {
    return Invalid("IMAGE_DAMAGED", fmt::format("the image is {} × {} pixels", width, height));
  }
  if (width > kPixelsMax / height) {
    return Invalid("IMAGE_TOO_LARGE", fmt::format("the image is {} × {} pixels, at most {} million",
                                                  width, height, kPixelsMax / 1'000'000));
  }
  return {};
}

Result<Image> DecodeImage(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return DecodePng(bytes);
  if (bytes.starts_with("\xFF\xD8\xFF")) return DecodeJpeg(bytes);
  if (bytes.starts_with("P5") || bytes.starts_with("P6")) return DecodePnm(bytes);
  return Invalid("IMAGE_FORMAT_UNKNOWN", bytes.empty()
                                             ? "the file is empty, want a PNG or JPEG image"
                                             : "not an image we read, want PNG, JPEG, PGM or PPM");
}

Error AtFile(const std::string& path, Error error) {
  error.field = path;
  error.message = fmt::format("{}: {}", path, error.message);
  return error;
}

Result<Image> LoadImage(const std::string& path) {
  const auto at_file = [&path](Error error) {
    return tl::unexpected(AtFile(path, std::move(error)));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  std::string bytes;
  if (file) {
    char piece[64 * 1024];
    for (size_t got; (got = std::fread(piece, 1, sizeof piece, file.get())) > 0;) {
      bytes.append(piece, got);
      if (bytes.size() > kFileBytesMax) {
        return at_file({StatusCode::kInvalidArgument, "IMAGE_TOO_LARGE",
                        fmt::format("the file has more than {} bytes", kFileBytesMax), ""});
      }
    }
  }
  if (!file || std::ferror(file.get()) != 0) {
    return at_file({StatusCode::kNotFound, "FILE_UNREADABLE", std::strerror(errno), ""});
  }
  auto image = DecodeImage(bytes);
  if (!image) return at_file(std::move(image).error());
  return image;
}

}  // namespace yima::scan
