#include "server/keys/key_ring.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yima::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHashName = "hash";
constexpr std::string_view kCodePrefix = "code-";
/// Says that roots are kept elsewhere on purpose.
constexpr std::string_view kAwayFile = "root.away";
/// Of the public key, in the names of all but the first key of a kind.
constexpr size_t kNameDigits = 16;

std::string CodeName(uint16_t key_id) { return fmt::format("{}{}", kCodePrefix, key_id); }

std::string NameOf(KeyKind kind, const PublicKey& key) {
  return fmt::format("{}-{}", KindName(kind), ToHex(key).substr(0, kNameDigits));
}

/// `root` and `root-0123456789abcdef`.
bool IsOfKind(KeyKind kind, std::string_view name) {
  if (!name.starts_with(KindName(kind))) return false;
  const std::string_view rest = name.substr(KindName(kind).size());
  return rest.empty() || (rest.size() == kNameDigits + 1 && rest[0] == '-' &&
                          rest.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos);
}

bool IsCodeKey(std::string_view name) {
  if (!name.starts_with(kCodePrefix)) return false;
  uint16_t key_id = 0;
  const char* end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + kCodePrefix.size(), end, key_id);
  // The name must be the one that we write: `code-01.key` would be a second key 1.
  return error == std::errc() && at == end && CodeName(key_id) == name;
}

bool IsKeyName(std::string_view name) {
  if (name == kHashName || IsCodeKey(name)) return true;
  for (const auto kind : kKeyKinds) {
    if (IsOfKind(kind, name)) return true;
  }
  return false;
}

fs::path FileOf(const fs::path& folder, std::string_view name) {
  return folder / fmt::format("{}.key", name);
}

Result<SecretSeed> ReadKey(const fs::path& folder, std::string_view name, Passphrase& passphrase) {
  YIMA_ASSIGN_OR_RETURN(std::string text, ReadSecretFile(FileOf(folder, name)));
  auto seed = DecodeKeyFile(text, name, passphrase);
  sodium_memzero(text.data(), text.size());
  return seed;
}

Result<void> WriteKey(const fs::path& file, std::string_view name, const SecretSeed& seed,
                      Passphrase& passphrase) {
  YIMA_ASSIGN_OR_RETURN(std::string text, EncodeKeyFile(name, seed, passphrase));
  auto written = WriteSecretFile(file, text);
  sodium_memzero(text.data(), text.size());
  return written;
}

tl::unexpected<Error> Trouble(std::string_view doing, const fs::path& path,
                              const std::string& why) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot {} {}: {}", doing, path.string(), why));
}

}  // namespace

std::string_view KindName(KeyKind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"root", "status", "log", "certificate"};
  return kNames[static_cast<size_t>(kind)];
}

struct KeyRing::Secrets {
  Secrets(fs::path at, const std::optional<Secret>& words)
      : folder(std::move(at)), passphrase(words) {}

  const fs::path folder;
  SecretSeed hash;
  mutable std::mutex mutex;  ///< Of all below.
  Passphrase passphrase;
  std::map<std::string, Key, std::less<>> keys;  ///< By the name of its file.

  Result<void> Load() {
    std::error_code error;
    for (fs::directory_iterator file(folder, error), end; !error && file != end;
         file.increment(error)) {
      const std::string name = file->path().stem().string();
      if (file->path().extension() != ".key" || !IsKeyName(name)) continue;
      YIMA_ASSIGN_OR_RETURN(auto seed, ReadKey(folder, name, passphrase));
      if (name == kHashName) {
        hash = std::move(seed);
        has_hash = true;
      } else {
        Add(name, seed);
      }
    }
    YIMA_RETURN_IF_ERROR(CheckComplete());
    // Made while the words are known, also where no file was sealed yet: new ones will be.
    if (passphrase.given()) YIMA_RETURN_IF_ERROR(passphrase.Key(passphrase.parameters()));
    passphrase.ForgetWords();
    return {};
  }

  void Add(const std::string& name, const SecretSeed& seed) {
    keys[name] = std::make_shared<const SigningKey>(SigningKey::FromSeed(seed.bytes()));
  }

  /// Durable beside its place, then renamed: whenever it is cut off, the folder opens.
  Result<void> Put(const std::string& name, const SecretSeed& seed) {
    const std::lock_guard lock(mutex);
    const fs::path file = FileOf(folder, name);
    const fs::path beside = file.string() + ".new";
    std::error_code error;
    fs::remove(beside, error);
    YIMA_RETURN_IF_ERROR(WriteKey(beside, name, seed, passphrase));
    fs::rename(beside, file, error);
    if (error) return Trouble("rename", beside, error.message());
    YIMA_RETURN_IF_ERROR(SyncFolder(folder));
    Add(name, seed);
    return {};
  }

 private:
  bool has_hash = false;

  Result<void> CheckComplete() const {
    const auto missing = [&](std::string_view name) {
      return Fail(StatusCode::kFailedPrecondition, "KEY_FILE_MISSING",
                  fmt::format("there is no key file {}", FileOf(folder, name).string()));
    };
    if (!has_hash) return missing(kHashName);
    const auto holds = [&](const auto& is_wanted) {
      for (const auto& [name, key] : keys) {
        if (is_wanted(name)) return true;
      }
      return false;
    };
    for (const auto kind : kKeyKinds) {
      std::error_code error;
      if (kind == KeyKind::kRoot && fs::exists(folder / kAwayFile, error)) continue;
      if (!holds([&](std::string_view name) { return IsOfKind(kind, name); })) {
        return missing(KindName(kind));
      }
    }
    if (!holds(IsCodeKey)) {
      return Fail(StatusCode::kFailedPrecondition, "KEY_FILE_MISSING",
                  fmt::format("there is no code key in {}", folder.string()));
    }
    return {};
  }
};

KeyRing::KeyRing(std::unique_ptr<Secrets> secrets) : secrets_(std::move(secrets)) {}
KeyRing::KeyRing(KeyRing&&) noexcept = default;
KeyRing& KeyRing::operator=(KeyRing&&) noexcept = default;
KeyRing::~KeyRing() = default;

Result<KeyRing> KeyRing::Create(const fs::path& folder, const std::optional<Secret>& passphrase) {
  if (passphrase && passphrase->empty()) {
    return Invalid("PASSPHRASE_MISSING", "the passphrase is empty");
  }
  std::error_code error;
  if (fs::exists(folder, error)) {
    return Fail(StatusCode::kAlreadyExists, "KEYS_EXIST",
                fmt::format("{} holds keys already; they are never written over", folder.string()));
  }
  // Written beside and renamed, so that there are all keys or none. What an earlier try left there
  // was never in use.
  const fs::path folder_new = folder.string() + ".new";
  fs::remove_all(folder_new, error);
  if (mkdir(folder_new.c_str(), 0700) != 0) {
    return Trouble("make folder", folder_new, std::strerror(errno));
  }
  Passphrase phrase(passphrase);
  const auto write = [&](std::string_view name) {
    return WriteKey(FileOf(folder_new, name), name, SecretSeed::Generate(), phrase);
  };
  for (const auto kind : kKeyKinds) YIMA_RETURN_IF_ERROR(write(KindName(kind)));
  YIMA_RETURN_IF_ERROR(write(kHashName));
  YIMA_RETURN_IF_ERROR(write(CodeName(1)));
  YIMA_RETURN_IF_ERROR(SyncFolder(folder_new));
  fs::rename(folder_new, folder, error);
  if (error) return Trouble("make folder", folder, error.message());
  YIMA_RETURN_IF_ERROR(SyncFolder(fs::absolute(folder).parent_path()));
  return Open(folder, passphrase);
}

Result<KeyRing> KeyRing::Open(const fs::path& folder, const std::optional<Secret>& passphrase) {
  auto secrets = std::make_unique<Secrets>(folder, passphrase);
  YIMA_RETURN_IF_ERROR(secrets->Load());
  return KeyRing(std::move(secrets));
}

std::vector<KeyRing::Key> KeyRing::All(KeyKind kind) const {
  const std::lock_guard lock(secrets_->mutex);
  std::vector<Key> all;
  for (const auto& [name, key] : secrets_->keys) {
    if (IsOfKind(kind, name)) all.push_back(key);
  }
  return all;
}

KeyRing::Key KeyRing::Find(KeyKind kind, std::string_view public_key) const {
  for (auto& key : All(kind)) {
    const auto* bytes = reinterpret_cast<const char*>(key->public_key().data());
    if (std::string_view(bytes, key->public_key().size()) == public_key) return key;
  }
  return nullptr;
}

KeyRing::Key KeyRing::code(uint16_t key_id) const {
  const std::lock_guard lock(secrets_->mutex);
  const auto found = secrets_->keys.find(CodeName(key_id));
  return found == secrets_->keys.end() ? nullptr : found->second;
}

store::Hash KeyRing::KeyedHash(std::string_view purpose, std::string_view bytes) const {
  const auto* key = secrets_->hash.bytes().data();
  store::Hash purpose_key;
  crypto_generichash(purpose_key.data(), purpose_key.size(),
                     reinterpret_cast<const uint8_t*>(purpose.data()), purpose.size(), key, 32);
  store::Hash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const uint8_t*>(bytes.data()),
                     bytes.size(), purpose_key.data(), purpose_key.size());
  sodium_memzero(purpose_key.data(), purpose_key.size());
  return hash;
}

Result<void> KeyRing::Put(KeyKind kind, const SecretSeed& seed) {
  return secrets_->Put(NameOf(kind, SigningKey::FromSeed(seed.bytes()).public_key()), seed);
}

Result<void> KeyRing::PutCode(uint16_t key_id, const SecretSeed& seed) {
  return secrets_->Put(CodeName(key_id), seed);
}

Result<void> KeyRing::SendRootsAway() {
  const std::lock_guard lock(secrets_->mutex);
  const fs::path mark = secrets_->folder / kAwayFile;
  std::error_code error;
  if (!fs::exists(mark, error)) {
    YIMA_RETURN_IF_ERROR(WriteSecretFile(mark, "The root key is kept elsewhere.\n"));
    YIMA_RETURN_IF_ERROR(SyncFolder(secrets_->folder));
  }
  for (auto key = secrets_->keys.begin(); key != secrets_->keys.end();) {
    if (!IsOfKind(KeyKind::kRoot, key->first)) {
      ++key;
      continue;
    }
    const fs::path file = FileOf(secrets_->folder, key->first);
    if (unlink(file.c_str()) != 0 && errno != ENOENT) {
      return Trouble("remove", file, std::strerror(errno));
    }
    key = secrets_->keys.erase(key);
  }
  return SyncFolder(secrets_->folder);
}

}  // namespace yima::server
