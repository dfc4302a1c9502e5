#ifndef YIMA_SERVER_KEYS_KEY_RING_H_
#define YIMA_SERVER_KEYS_KEY_RING_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/signature.h"
#include "server/keys/key_file.h"
#include "server/store/store.h"

namespace yima::server {

/// Its 32 bytes, as records hold them.
inline std::string AsString(const PublicKey& key) { return {key.begin(), key.end()}; }

/// What a key signs: bundles, lists, checkpoints, notes on rights. Code keys are apart, by id.
enum class KeyKind { kRoot, kStatus, kLog, kCertificate };
inline constexpr KeyKind kKeyKinds[] = {KeyKind::kRoot, KeyKind::kStatus, KeyKind::kLog,
                                        KeyKind::kCertificate};
/// `root`, `status`, `log`, `certificate`.
std::string_view KindName(KeyKind kind);

/// The secrets of one registry, unlocked: a file each in the data folder's `keys/`, encrypted with
/// secretbox under an Argon2id key when there is a passphrase. Keys come and go while others use
/// the ring: thread-safe, and keyed hashes take no lock.
class KeyRing {
 public:
  using Key = std::shared_ptr<const SigningKey>;

  /// Makes a root, status, log and certificate key, code key 1 and the key of keyed hashes, and
  /// writes them, each durable, into `folder`, which must not exist. KEYS_EXIST, FILE_* errors.
  static Result<KeyRing> Create(const std::filesystem::path& folder,
                                const std::optional<Secret>& passphrase);
  /// PASSPHRASE_WRONG, PASSPHRASE_MISSING, KEY_FILE_DAMAGED, KEY_FILE_MISSING unless there is one
  /// of each kind at least; the root may have been sent away.
  static Result<KeyRing> Open(const std::filesystem::path& folder,
                              const std::optional<Secret>& passphrase);
  KeyRing(KeyRing&&) noexcept;
  KeyRing& operator=(KeyRing&&) noexcept;
  ~KeyRing();

  /// All that are held of a kind; only of roots there may be none.
  std::vector<Key> All(KeyKind kind) const;
  /// Null when the secret half of this public key (32 bytes) is not held.
  Key Find(KeyKind kind, std::string_view public_key) const;
  /// Null when there is no such code key.
  Key code(uint16_t key_id) const;

  /// Keyed BLAKE2b-256 of bytes for one purpose ("request", "page token"), by a key that never
  /// leaves the ring: what it covers can neither be guessed nor forged from outside.
  store::Hash KeyedHash(std::string_view purpose, std::string_view bytes) const;

  /// Puts a key into the folder, sealed as the others, and into the ring; durable when it returns.
  /// A file of that name is written over: the caller knows that no record names its key. FILE_*
  /// errors.
  Result<void> Put(KeyKind kind, const SecretSeed& seed);
  Result<void> PutCode(uint16_t key_id, const SecretSeed& seed);
  /// Removes the root keys. A mark is left, so that their absence is no damage. FILE_* errors.
  Result<void> SendRootsAway();

 private:
  struct Secrets;
  explicit KeyRing(std::unique_ptr<Secrets> secrets);
  std::unique_ptr<Secrets> secrets_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_KEYS_KEY_RING_H_
