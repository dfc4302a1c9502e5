#include "codegen/code/signature.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

namespace yima {
namespace {

/// Before any thread can sign: libsodium wants to be started once.
const bool kStarted = [] {
  if (sodium_init() < 0) std::abort();
  return true;
}();

constexpr size_t kSecretSize = crypto_sign_SECRETKEYBYTES;

}  // namespace

std::string_view AlgorithmName(Algorithm algorithm) {
  return algorithm == Algorithm::kEd25519 ? "ed25519" : "";
}

std::optional<Algorithm> ParseAlgorithm(std::string_view name) {
  if (name == "ed25519") return Algorithm::kEd25519;
  return std::nullopt;
}

bool IsAcceptableKey(Algorithm algorithm, const PublicKey& key) {
  // Asks for a canonical point of the main subgroup: stricter than the signature check, which only
  // refuses small order. An honestly made key always lies there.
  return algorithm == Algorithm::kEd25519 && crypto_core_ed25519_is_valid_point(key.data()) == 1;
}

bool VerifySignature(Algorithm algorithm, const PublicKey& key, Bytes message,
                     const Signature& signature) {
  return algorithm == Algorithm::kEd25519 &&
         crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.data()) == 0;
}

SigningKey SigningKey::Generate(Algorithm) {
  std::array<uint8_t, 32> seed{};
  randombytes_buf(seed.data(), seed.size());
  SigningKey key = FromSeed(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

SigningKey SigningKey::FromSeed(std::span<const uint8_t, 32> seed) {
  SigningKey key;
  key.secret_ = static_cast<uint8_t*>(sodium_malloc(kSecretSize));
  if (key.secret_ == nullptr) throw std::bad_alloc();
  crypto_sign_seed_keypair(key.public_key_.data(), key.secret_, seed.data());
  sodium_mprotect_readonly(key.secret_);
  return key;
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : public_key_(other.public_key_), secret_(std::exchange(other.secret_, nullptr)) {}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  std::swap(public_key_, other.public_key_);
  std::swap(secret_, other.secret_);
  return *this;
}

SigningKey::~SigningKey() { sodium_free(secret_); }

Signature SigningKey::Sign(Bytes message) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), secret_);
  return signature;
}

std::array<uint8_t, 32> SigningKey::ExportSecretSeed() const {
  std::array<uint8_t, 32> seed{};
  crypto_sign_ed25519_sk_to_seed(seed.data(), secret_);
  return seed;
}

std::string ToHex(Bytes bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Result<void> FromHex(std::string_view text, std::span<uint8_t> out) {
  size_t written = 0;
  const char* end = nullptr;
  const bool decoded = text.size() == out.size() * 2 &&
                       sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr,
                                      &written, &end) == 0 &&
                       end == text.data() + text.size() && written == out.size();
  if (decoded) return {};
  return Invalid("HEX_MALFORMED",
                 fmt::format("\"{}\" is not {} hex digits", text.substr(0, 80), out.size() * 2));
}

}  // namespace yima
