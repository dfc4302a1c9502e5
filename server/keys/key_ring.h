#ifndef YIMA_SERVER_KEYS_KEY_RING_H_
#define YIMA_SERVER_KEYS_KEY_RING_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/origin.h"
#include "codegen/code/signature.h"
#include "server/store/store.h"

namespace yima::server {

/// The secrets of one registry, unlocked: a file each in the data folder's `keys/`, encrypted with
/// secretbox under an Argon2id key when there is a passphrase. Immutable, so thread-safe.
class KeyRing {
 public:
  /// Makes a root, status, log and certificate key, code key 1 and the key of keyed hashes, and
  /// writes them, each durable, into `folder`, which must not exist. KEYS_EXIST, FILE_* errors.
  static Result<KeyRing> Create(const std::filesystem::path& folder,
                                const std::optional<std::string>& passphrase);
  /// PASSPHRASE_WRONG, PASSPHRASE_MISSING, KEY_FILE_DAMAGED, KEY_FILE_MISSING.
  static Result<KeyRing> Open(const std::filesystem::path& folder,
                              const std::optional<std::string>& passphrase);
  /// Keys that follow from a number and are written nowhere: for tests and benchmarks.
  static KeyRing Ephemeral(uint8_t seed);
  KeyRing(KeyRing&&) noexcept;
  KeyRing& operator=(KeyRing&&) noexcept;
  ~KeyRing();

  const SigningKey& root() const;
  const SigningKey& status() const;
  const SigningKey& log() const;
  const SigningKey& certificate() const;
  /// Null when there is no such code key.
  const SigningKey* code(uint16_t key_id) const;

  /// Keyed BLAKE2b-256 of bytes for one purpose ("request", "page token"), by a key that never
  /// leaves the ring: what it covers can neither be guessed nor forged from outside.
  store::Hash KeyedHash(std::string_view purpose, std::string_view bytes) const;

 private:
  struct Secrets;
  explicit KeyRing(std::unique_ptr<Secrets> secrets);
  std::unique_ptr<Secrets> secrets_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_KEYS_KEY_RING_H_
