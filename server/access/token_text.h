#ifndef YIMA_SERVER_ACCESS_TOKEN_TEXT_H_
#define YIMA_SERVER_ACCESS_TOKEN_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "codegen/code/result.h"
#include "server/keys/key_ring.h"

namespace yima::server {

/// A token as its holder has it: `yima_<id>_<secret>`, id in decimal, secret in 64 lower-case hex
/// digits (256 random bits).
struct TokenText {
  uint64_t id = 0;
  std::string secret;

  /// TOKEN_MALFORMED (UNAUTHENTICATED); the message holds nothing of the text.
  static Result<TokenText> Parse(std::string_view text);
  /// With a new secret.
  static TokenText Make(uint64_t id);

  std::string ToString() const;
};

/// What is kept of a secret. It can neither be turned back nor made without the registry's key.
std::string SecretHash(const KeyRing& keys, const TokenText& token);

}  // namespace yima::server

#endif  // YIMA_SERVER_ACCESS_TOKEN_TEXT_H_
