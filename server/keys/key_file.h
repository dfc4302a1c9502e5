#ifndef YIMA_SERVER_KEYS_KEY_FILE_H_
#define YIMA_SERVER_KEYS_KEY_FILE_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "codegen/code/result.h"

namespace yima::server {

/// Bytes in guarded, locked memory, wiped when forgotten. Movable; copied only by name.
class Secret {
 public:
  Secret() = default;
  explicit Secret(size_t size);
  Secret(std::string_view text);  // NOLINT: a passphrase as it is given.
  Secret(const char* text) : Secret(std::string_view(text)) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();
  Secret Copy() const;

  std::span<uint8_t> bytes() { return {data_, size_}; }
  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  bool empty() const { return size_ == 0; }

 private:
  uint8_t* data_ = nullptr;  // sodium_malloc
  size_t size_ = 0;
};

/// The 32 bytes that a key follows from.
class SecretSeed {
 public:
  /// New random bytes.
  static SecretSeed Generate();
  std::span<uint8_t, 32> bytes() { return secret_.bytes().first<32>(); }
  std::span<const uint8_t, 32> bytes() const { return secret_.bytes().first<32>(); }

 private:
  Secret secret_{32};
};

/// How a passphrase becomes a key. Kept in each file, so that it can be raised later.
struct Argon2Parameters {
  std::array<uint8_t, 16> salt{};
  uint64_t ops = 0;
  uint64_t mem = 0;  ///< Bytes.
  auto operator<=>(const Argon2Parameters&) const = default;
};

/// A passphrase and the keys that were made of it: making one takes a fifth of a second on purpose,
/// and the files of a folder share their salt. Not thread-safe.
class Passphrase {
 public:
  explicit Passphrase(const std::optional<Secret>& text);

  bool given() const { return given_; }
  /// What new files are sealed under: the parameters of the files that it has opened, else one new
  /// salt for all that this object seals.
  const Argon2Parameters& parameters() const { return parameters_; }
  /// OUT_OF_MEMORY; PASSPHRASE_MISSING once the words are forgotten.
  Result<const SecretSeed*> Key(const Argon2Parameters& parameters);
  /// Wipes the words; keys made of them stay, so that new files can still be sealed.
  void ForgetWords() {
    text_ = Secret();
    forgotten_ = given_;
  }

 private:
  bool given_ = false;
  bool forgotten_ = false;
  Secret text_;
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

/// The name that a key file gives itself, before anything in it is believed. KEY_FILE_DAMAGED.
Result<std::string> NameInKeyFile(std::string_view text);

/// Writes a file of mode 0600 that must not exist yet, and waits until it is durable. DISK_FULL,
/// FILE_UNWRITABLE.
Result<void> WriteSecretFile(const std::filesystem::path& path, std::string_view text);
/// The same in place of a file that may be there: who reads it sees the old one or the new one.
Result<void> ReplaceSecretFile(const std::filesystem::path& path, std::string_view text);
/// KEY_FILE_MISSING, FILE_UNREADABLE, KEY_FILE_DAMAGED above 4,096 bytes.
Result<std::string> ReadSecretFile(const std::filesystem::path& path);
/// Makes the names in a folder durable. FILE_UNWRITABLE.
Result<void> SyncFolder(const std::filesystem::path& folder);

}  // namespace yima::server

#endif  // YIMA_SERVER_KEYS_KEY_FILE_H_
