#ifndef YIMA_CODEGEN_CODE_SIGNATURE_H_
#define YIMA_CODEGEN_CODE_SIGNATURE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima {

using Bytes = std::span<const uint8_t>;
using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

/// What signs codes of one format. The format digit names it: '1' is Ed25519; '2' is kept for SM2.
enum class Algorithm : uint8_t {
  kOther = 0,  ///< One that this build does not know: of a later format.
  kEd25519 = 1,
};

/// `ed25519`, as the trust bundle writes it; empty for kOther.
std::string_view AlgorithmName(Algorithm algorithm);
std::optional<Algorithm> ParseAlgorithm(std::string_view name);

/// False for a point that is not canonical, not on the curve or of small order. Thread-safe.
bool IsAcceptableKey(Algorithm algorithm, const PublicKey& key);

/// RFC 8032 with libsodium's rule: S < L, R and A canonical and not of small order, cofactorless.
/// Thread-safe, allocates nothing.
bool VerifySignature(Algorithm algorithm, const PublicKey& key, Bytes message,
                     const Signature& signature);

/// A key pair whose secret half lives in guarded, locked memory and is wiped with the object.
/// Movable, not copyable; Sign is thread-safe.
class SigningKey {
 public:
  static SigningKey Generate(Algorithm algorithm = Algorithm::kEd25519);
  /// From the 32-byte seed of RFC 8032.
  static SigningKey FromSeed(std::span<const uint8_t, 32> seed);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const PublicKey& public_key() const { return public_key_; }
  Algorithm algorithm() const { return Algorithm::kEd25519; }
  Signature Sign(Bytes message) const;
  /// The seed, for writing it encrypted to a key file: the only way to a secret, easy to grep for.
  std::array<uint8_t, 32> ExportSecretSeed() const;

 private:
  SigningKey() = default;
  PublicKey public_key_{};
  uint8_t* secret_ = nullptr;  // sodium_malloc
};

/// Lower-case hex and back; HEX_MALFORMED when the text is not exactly `2 × out.size()` hex digits.
std::string ToHex(Bytes bytes);
Result<void> FromHex(std::string_view text, std::span<uint8_t> out);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_SIGNATURE_H_
