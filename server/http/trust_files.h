#ifndef YIMA_SERVER_HTTP_TRUST_FILES_H_
#define YIMA_SERVER_HTTP_TRUST_FILES_H_

#include <string>
#include <string_view>

#include "codegen/code/trust.h"

namespace yima::server {

/// What a trust bundle's note says. NOTE_MALFORMED, TRUST_BUNDLE_MALFORMED.
Result<TrustBundle> BundleIn(std::string_view note);

/// The code keys of a bundle as a JWK set (RFC 7517, RFC 8037): Ed25519 keys that are not revoked,
/// with `kid` "<origin> <key_id>". A convenience: what it says is not signed, the bundle is.
std::string JwkSet(const TrustBundle& bundle);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_TRUST_FILES_H_
