#include "server/keys/key_ring.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>

#include "server/keys/key_file.h"

namespace yima::server {
namespace {

/// Files that a folder must hold, beside code keys.
constexpr std::array<std::string_view, 5> kNames = {"root", "status", "log", "certificate", "hash"};
constexpr std::string_view kCodePrefix = "code-";

std::string CodeName(uint16_t key_id) { return fmt::format("{}{}", kCodePrefix, key_id); }

/// The key id of `code-1.key`; nothing for other names.
std::optional<uint16_t> CodeKeyId(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  if (file.extension() != ".key" || !stem.starts_with(kCodePrefix)) return std::nullopt;
  uint16_t key_id = 0;
  const char* end = stem.data() + stem.size();
  const auto [at, error] = std::from_chars(stem.data() + kCodePrefix.size(), end, key_id);
  // The name must be the one that we write: `code-01.key` would be a second key 1.
  if (error != std::errc() || at != end || CodeName(key_id) != stem) return std::nullopt;
  return key_id;
}

Result<SecretSeed> ReadKey(const std::filesystem::path& folder, std::string_view name,
                           Passphrase& passphrase) {
  YIMA_ASSIGN_OR_RETURN(std::string text, ReadSecretFile(folder / fmt::format("{}.key", name)));
  auto seed = DecodeKeyFile(text, name, passphrase);
  sodium_memzero(text.data(), text.size());
  return seed;
}

Result<void> WriteKey(const std::filesystem::path& folder, std::string_view name,
                      const SecretSeed& seed, Passphrase& passphrase) {
  YIMA_ASSIGN_OR_RETURN(std::string text, EncodeKeyFile(name, seed, passphrase));
  auto written = WriteSecretFile(folder / fmt::format("{}.key", name), text);
  sodium_memzero(text.data(), text.size());
  return written;
}

tl::unexpected<Error> FolderTrouble(const std::filesystem::path& folder, const std::string& why) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot make folder {}: {}", folder.string(), why));
}

}  // namespace

struct KeyRing::Secrets {
  /// Seeds in the order of kNames.
  Secrets(const std::array<SecretSeed, kNames.size()>& seeds, std::map<uint16_t, SigningKey> codes)
      : root(SigningKey::FromSeed(seeds[0].bytes())),
        status(SigningKey::FromSeed(seeds[1].bytes())),
        log(SigningKey::FromSeed(seeds[2].bytes())),
        certificate(SigningKey::FromSeed(seeds[3].bytes())),
        code_keys(std::move(codes)) {
    hash.bytes() = seeds[4].bytes();
    sodium_mlock(hash.bytes().data(), hash.bytes().size());
  }
  ~Secrets() { sodium_munlock(hash.bytes().data(), hash.bytes().size()); }
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

  SigningKey root;
  SigningKey status;
  SigningKey log;
  SigningKey certificate;
  std::map<uint16_t, SigningKey> code_keys;
  SecretSeed hash;
};

KeyRing::KeyRing(std::unique_ptr<Secrets> secrets) : secrets_(std::move(secrets)) {}
KeyRing::KeyRing(KeyRing&&) noexcept = default;
KeyRing& KeyRing::operator=(KeyRing&&) noexcept = default;
KeyRing::~KeyRing() = default;

Result<KeyRing> KeyRing::Create(const std::filesystem::path& folder,
                                const std::optional<std::string>& passphrase) {
  if (passphrase && passphrase->empty()) {
    return Invalid("PASSPHRASE_MISSING", "the passphrase is empty");
  }
  std::error_code error;
  if (std::filesystem::exists(folder, error)) {
    return Fail(StatusCode::kAlreadyExists, "KEYS_EXIST",
                fmt::format("{} holds keys already; they are never written over", folder.string()));
  }
  // Written beside and renamed, so that there are all keys or none. What an earlier try left there
  // was never in use.
  const std::filesystem::path folder_new = folder.string() + ".new";
  std::filesystem::remove_all(folder_new, error);
  if (mkdir(folder_new.c_str(), 0700) != 0) return FolderTrouble(folder_new, std::strerror(errno));
  Passphrase phrase(passphrase);
  for (const auto name : kNames) {
    YIMA_RETURN_IF_ERROR(WriteKey(folder_new, name, SecretSeed::Generate(), phrase));
  }
  YIMA_RETURN_IF_ERROR(WriteKey(folder_new, CodeName(1), SecretSeed::Generate(), phrase));
  YIMA_RETURN_IF_ERROR(SyncFolder(folder_new));
  std::filesystem::rename(folder_new, folder, error);
  if (error) return FolderTrouble(folder, error.message());
  YIMA_RETURN_IF_ERROR(SyncFolder(std::filesystem::absolute(folder).parent_path()));
  return Open(folder, passphrase);
}

Result<KeyRing> KeyRing::Open(const std::filesystem::path& folder,
                              const std::optional<std::string>& passphrase) {
  Passphrase phrase(passphrase);
  std::array<SecretSeed, kNames.size()> seeds;
  for (size_t i = 0; i < kNames.size(); ++i) {
    YIMA_ASSIGN_OR_RETURN(seeds[i], ReadKey(folder, kNames[i], phrase));
  }
  std::map<uint16_t, SigningKey> codes;
  std::error_code error;
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    const auto key_id = CodeKeyId(file->path());
    if (!key_id) continue;
    YIMA_ASSIGN_OR_RETURN(const auto seed, ReadKey(folder, CodeName(*key_id), phrase));
    codes.emplace(*key_id, SigningKey::FromSeed(seed.bytes()));
  }
  if (codes.empty()) {
    return Fail(StatusCode::kFailedPrecondition, "KEY_FILE_MISSING",
                fmt::format("there is no code key in {}", folder.string()));
  }
  return KeyRing(std::make_unique<Secrets>(seeds, std::move(codes)));
}

KeyRing KeyRing::Ephemeral(uint8_t seed) {
  const auto make = [&](uint8_t purpose) {
    SecretSeed made;
    made.bytes().fill(seed);
    made.bytes()[0] = purpose;
    return made;
  };
  std::array<SecretSeed, kNames.size()> seeds;
  for (size_t i = 0; i < kNames.size(); ++i) seeds[i] = make(static_cast<uint8_t>(i));
  std::map<uint16_t, SigningKey> codes;
  codes.emplace(uint16_t{1}, SigningKey::FromSeed(make(100).bytes()));
  return KeyRing(std::make_unique<Secrets>(seeds, std::move(codes)));
}

const SigningKey& KeyRing::root() const { return secrets_->root; }
const SigningKey& KeyRing::status() const { return secrets_->status; }
const SigningKey& KeyRing::log() const { return secrets_->log; }
const SigningKey& KeyRing::certificate() const { return secrets_->certificate; }

const SigningKey* KeyRing::code(uint16_t key_id) const {
  const auto found = secrets_->code_keys.find(key_id);
  return found == secrets_->code_keys.end() ? nullptr : &found->second;
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

}  // namespace yima::server
