#include "server/http/trust_files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

#include "codegen/code/signed_note.h"

namespace yima::server {
namespace {

std::string Base64Url(const PublicKey& key) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string encoded(sodium_base64_ENCODED_LEN(sizeof(PublicKey), kVariant), '\0');
  sodium_bin2base64(encoded.data(), encoded.size(), key.data(), key.size(), kVariant);
  encoded.pop_back();  // Its NUL.
  return encoded;
}

}  // namespace

Result<TrustBundle> BundleIn(std::string_view note) {
  YIMA_ASSIGN_OR_RETURN(const SignedNote signed_note, SignedNote::Parse(note));
  return TrustBundle::ParseText(signed_note.text);
}

std::string JwkSet(const TrustBundle& bundle) {
  auto keys = nlohmann::ordered_json::array();
  for (const auto& key : bundle.keys) {
    if (key.revoked || key.algorithm != Algorithm::kEd25519) continue;
    keys.push_back({{"kty", "OKP"},
                    {"crv", "Ed25519"},
                    {"alg", "EdDSA"},
                    {"use", "sig"},
                    {"kid", fmt::format("{} {}", key.origin, key.key_id)},
                    {"x", Base64Url(key.public_key)}});
  }
  return nlohmann::ordered_json{{"keys", keys}}.dump(1) + "\n";
}

}  // namespace yima::server
