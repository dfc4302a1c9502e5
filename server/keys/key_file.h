#ifndef YIMA_SERVER_KEYS_KEY_FILE_H_
#define YIMA_SERVER_KEYS_KEY_FILE_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "codegen/code/result.h"

namespace yima::server {

/// The 32 bytes that a key follows from, wiped when forgotten.
class SecretSeed {
 public:
  /// New random bytes.
  static SecretSeed Generate();
  SecretSeed() = default;
  SecretSeed(const SecretSeed&) = delete;
  SecretSeed& operator=(const SecretSeed&) = delete;
  SecretSeed(SecretSeed&& other) noexcept;
  SecretSeed& operator=(SecretSeed&& other) noexcept;
  ~SecretSeed();

  std::array<uint8_t, 32>& bytes() { return bytes_; }
  const std::array<uint8_t, 32>& bytes() const { return bytes_; }

 private:
  std::array<uint8_t, 32> bytes_{};
};

/// How a passphrase becomes a key. Kept in each file, so that it can be raised later.
struct Argon2Parameters {
  std::array<uint8_t, 16> salt{};
  uint64_t ops = 0;
  uint64_t mem = 0;  ///< Bytes.
  auto operator<=>(const Argon2Parameters&) const = default;
};

/// A passphrase and the keys that were made of it: making one takes a fifth of a second on purpose,
/// and the files of a folder share their salt.
class Passphrase {
 public:
  explicit Passphrase(std::optional<std::string> text);
  Passphrase(const Passphrase&) = delete;
  Passphrase& operator=(const Passphrase&) = delete;
  ~Passphrase();

  bool given() const { return text_.has_value(); }
  /// What new files are sealed under: one salt for all that this object seals.
  const Argon2Parameters& parameters() const { return parameters_; }
  /// OUT_OF_MEMORY.
  Result<const SecretSeed*> Key(const Argon2Parameters& parameters);

 private:
  std::optional<std::string> text_;
  Argon2Parameters parameters_;
  std::map<Argon2Parameters, SecretSeed> keys_;
};

/// The text of a key file: its name, the public key that follows from the seed (by which a damaged
/// seed is seen), and the seed, sealed when there is a passphrase.
Result<std::string> EncodeKeyFile(std::string_view name, const SecretSeed& seed,
                                  Passphrase& passphrase);
/// PASSPHRASE_MISSING, PASSPHRASE_WRONG, KEY_FILE_DAMAGED.
Result<SecretSeed> DecodeKeyFile(std::string_view text, std::string_view name,
                                 Passphrase& passphrase);

/// Writes a file of mode 0600 that must not exist yet, and waits until it is durable.
/// FILE_UNWRITABLE.
Result<void> WriteSecretFile(const std::filesystem::path& path, std::string_view text);
/// KEY_FILE_MISSING, FILE_UNREADABLE, KEY_FILE_DAMAGED above 4,096 bytes.
Result<std::string> ReadSecretFile(const std::filesystem::path& path);
/// Makes the names in a folder durable. FILE_UNWRITABLE.
Result<void> SyncFolder(const std::filesystem::path& folder);

}  // namespace yima::server

#endif  // YIMA_SERVER_KEYS_KEY_FILE_H_
