#ifndef YIMA_SERVER_ATTACHMENTS_IMAGE_STRIP_H_
#define YIMA_SERVER_ATTACHMENTS_IMAGE_STRIP_H_

#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima::server {

inline constexpr std::string_view kJpeg = "image/jpeg";
inline constexpr std::string_view kPng = "image/png";
inline constexpr std::string_view kPdf = "application/pdf";

/// What a file is by its first bytes: one of the above, or empty.
std::string_view MediaTypeOf(std::string_view bytes);

/// The file as it is to be kept: pictures without anything that is not picture, colour or which way
/// is up; a PDF as it is. Pixels are not touched, nothing is decoded, and stripping twice is
/// stripping once. FILE_DAMAGED (INVALID_ARGUMENT) names the place of a picture that does not go on
/// as its format says, or ends too early; MEDIA_TYPE_UNKNOWN.
Result<std::string> StripMetadata(std::string_view bytes);

}  // namespace yima::server

#endif  // YIMA_SERVER_ATTACHMENTS_IMAGE_STRIP_H_
