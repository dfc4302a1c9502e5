#ifndef YIMA_SERVER_YIMAD_OWN_CERTIFICATE_H_
#define YIMA_SERVER_YIMAD_OWN_CERTIFICATE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "server/domain/domain.h"

namespace yima::server {

/// Issues a certificate by an authority of our own, both in `data`/tls, and tells what phones must
/// trust. The authority stays once it is there, so that a renewed certificate is trusted at once.
/// HOST_MALFORMED, HOST_OUTSIDE, AUTHORITY_AWAY, FILE_UNWRITABLE.
Result<void> KeepOwnCertificate(const std::filesystem::path& data, const v1::Registry& registry,
                                const std::vector<std::string>& hosts);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_OWN_CERTIFICATE_H_
