#include "server/access/token_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <sodium.h>

namespace yima::server {
namespace {

constexpr std::string_view kPrefix = "yima_";
constexpr size_t kSecretBytes = 32;

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

Result<TokenText> TokenText::Parse(std::string_view text) {
  const auto malformed = Fail(StatusCode::kUnauthenticated, "TOKEN_MALFORMED",
                              "the token is not of the shape yima_<id>_<64 hex digits>");
  if (!text.starts_with(kPrefix)) return malformed;
  text.remove_prefix(kPrefix.size());
  const size_t bar = text.find('_');
  if (bar == std::string_view::npos || bar == 0) return malformed;
  TokenText token;
  const auto [end, error] = std::from_chars(text.data(), text.data() + bar, token.id);
  token.secret = text.substr(bar + 1);
  if (error != std::errc() || end != text.data() + bar || token.id == 0 || text.front() == '0' ||
      token.secret.size() != 2 * kSecretBytes || !std::ranges::all_of(token.secret, IsHex)) {
    return malformed;
  }
  return token;
}

TokenText TokenText::Make(uint64_t id) {
  std::array<uint8_t, kSecretBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  TokenText token{id, std::string(2 * kSecretBytes + 1, '\0')};
  sodium_bin2hex(token.secret.data(), token.secret.size(), bytes.data(), bytes.size());
  token.secret.pop_back();
  sodium_memzero(bytes.data(), bytes.size());
  return token;
}

std::string TokenText::ToString() const { return fmt::format("{}{}_{}", kPrefix, id, secret); }

std::string SecretHash(const KeyRing& keys, const TokenText& token) {
  const store::Hash hash = keys.KeyedHash("token", token.ToString());
  return {hash.begin(), hash.end()};
}

}  // namespace yima::server
