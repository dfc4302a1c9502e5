#ifndef YIMA_CLIENT_SCAN_JPEG_H_
#define YIMA_CLIENT_SCAN_JPEG_H_

#include <string_view>

#include "client/scan/image.h"
#include "codegen/code/result.h"

namespace yima::scan {

/// A JPEG of one, three or four components as gray. Errors as DecodeImage.
Result<Image> DecodeJpeg(std::string_view bytes);

}  // namespace yima::scan

#endif  // YIMA_CLIENT_SCAN_JPEG_H_
