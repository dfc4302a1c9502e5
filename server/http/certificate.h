#ifndef YIMA_SERVER_HTTP_CERTIFICATE_H_
#define YIMA_SERVER_HTTP_CERTIFICATE_H_

#include <string_view>

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima::server {

/// TLS_MALFORMED unless both are PEM and the key is the certificate's.
Result<void> CheckPair(std::string_view certificate_pem, std::string_view key_pem);

/// Until when the first certificate of a PEM file is valid. TLS_MALFORMED.
Result<TimeUs> CertificateExpires(std::string_view pem);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_CERTIFICATE_H_
