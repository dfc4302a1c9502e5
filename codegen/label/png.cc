#include "codegen/label/png.h"

#include <cmath>
#include <csetjmp>

#include <fmt/format.h>
#include <png.h>

namespace yima::label {
namespace {

constexpr double kInchesPerMetre = 1 / 0.0254;

struct Sink {
  std::string bytes;
  std::string error;
};

void Write(png_structp png, png_bytep data, png_size_t size) {
  static_cast<Sink*>(png_get_io_ptr(png))->bytes.append(reinterpret_cast<char*>(data), size);
}

void Flush(png_structp) {}

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  static_cast<Sink*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}

void OnWarning(png_structp, png_const_charp) {}

/// Holds nothing that a longjmp out of libpng would leave undestroyed.
bool WriteAll(png_structp png, png_infop info, const GrayView& view, Sink* sink) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_write_fn(png, sink, &Write, &Flush);
  png_set_IHDR(png, info, static_cast<png_uint_32>(view.width),
               static_cast<png_uint_32>(view.height), view.bit_depth, PNG_COLOR_TYPE_GRAY,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (view.dpi > 0) {
    const auto per_metre = static_cast<png_uint_32>(std::lround(view.dpi * kInchesPerMetre));
    png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
  }
  png_write_info(png, info);
  for (int y = 0; y < view.height; ++y)
    png_write_row(png, view.rows + static_cast<size_t>(y) * view.stride);
  png_write_end(png, nullptr);
  return true;
}

}  // namespace

Result<std::string> EncodePng(const GrayView& view) {
  Sink sink;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, &OnError, &OnWarning);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  const bool written = info && WriteAll(png, info, view, &sink);
  png_destroy_write_struct(&png, &info);
  if (!written)
    return Fail(StatusCode::kInternal, "PNG_FAILED",
                fmt::format("picture of {}×{}: {}", view.width, view.height, sink.error));
  return std::move(sink.bytes);
}

}  // namespace yima::label
