#include "client/scan/jpeg.h"

// jpeglib.h needs FILE and size_t declared before it.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <fmt/format.h>

namespace yima::scan {
namespace {

// libjpeg reports through callbacks and leaves by longjmp; nothing with a destructor may live in
// the functions that it jumps out of.
struct Failure {
  jpeg_error_mgr manager;  // First: libjpeg knows only its address.
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

void LeaveOnError(j_common_ptr common) {
  auto* failure = reinterpret_cast<Failure*>(common->err);
  common->err->format_message(common, failure->message);
  std::longjmp(failure->back, 1);
}

// libjpeg fills what is missing with gray and only warns.
void LeaveWhenCutShort(j_common_ptr common, int level) {
  if (level < 0 && common->err->msg_code == JWRN_JPEG_EOF) LeaveOnError(common);
}

// Adobe's CMYK is stored inverted: 255 is no ink.
void CmykToGray(const uint8_t* ink, bool inverted, size_t width, uint8_t* gray) {
  for (size_t x = 0; x < width; ++x, ink += 4) {
    int light[4];
    for (int i = 0; i < 4; ++i) light[i] = inverted ? ink[i] : 255 - ink[i];
    const int colour = (299 * light[0] + 587 * light[1] + 114 * light[2]) / 1000;
    gray[x] = static_cast<uint8_t>(colour * light[3] / 255);
  }
}

bool ReadHeader(jpeg_decompress_struct* jpeg, Failure* failure, std::string_view bytes) {
  if (setjmp(failure->back) != 0) return false;
  jpeg_mem_src(jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(jpeg, TRUE);
  return true;
}

bool ReadRows(jpeg_decompress_struct* jpeg, Failure* failure, uint8_t* pixels, uint8_t* row) {
  if (setjmp(failure->back) != 0) return false;
  const bool four = jpeg->num_components == 4;
  jpeg->out_color_space = four ? JCS_CMYK : JCS_GRAYSCALE;
  jpeg_start_decompress(jpeg);
  const size_t width = jpeg->output_width;
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t* target = pixels + width * jpeg->output_scanline;
    JSAMPROW into = four ? row : target;
    jpeg_read_scanlines(jpeg, &into, 1);
    if (four) CmykToGray(row, jpeg->saw_Adobe_marker != 0, width, target);
  }
  jpeg_finish_decompress(jpeg);
  return true;
}

}  // namespace

Result<Image> DecodeJpeg(std::string_view bytes) {
  jpeg_decompress_struct jpeg = {};
  Failure failure = {};
  jpeg.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = LeaveOnError;
  failure.manager.emit_message = LeaveWhenCutShort;
  jpeg_create_decompress(&jpeg);
  const struct Closer {
    jpeg_decompress_struct* jpeg;
    ~Closer() { jpeg_destroy_decompress(jpeg); }
  } closer{&jpeg};
  const auto damaged = [&failure] {
    return Invalid("IMAGE_DAMAGED",
                   fmt::format("the JPEG is damaged or cut short: {}", failure.message));
  };

  if (!ReadHeader(&jpeg, &failure, bytes)) return damaged();
  YIMA_RETURN_IF_ERROR(CheckSize(jpeg.image_width, jpeg.image_height));
  Image image;
  image.width = static_cast<int>(jpeg.image_width);
  image.height = static_cast<int>(jpeg.image_height);
  image.pixels.resize(static_cast<size_t>(jpeg.image_width) * jpeg.image_height);
  std::vector<uint8_t> row(static_cast<size_t>(jpeg.image_width) * 4);
  if (!ReadRows(&jpeg, &failure, image.pixels.data(), row.data())) return damaged();
  return image;
}

}  // namespace yima::scan
