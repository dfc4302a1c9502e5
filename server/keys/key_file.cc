#include "server/keys/key_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>

#include "codegen/code/signature.h"
#include "server/store/descriptor.h"

namespace yima::server {
namespace {

constexpr std::string_view kFirstLine = "yima-key 1\n";
/// Three passes over 64 MiB: a fifth of a second here, and the server's memory stays small.
constexpr uint64_t kOps = 3;
constexpr uint64_t kMem = uint64_t{64} << 20;
/// What a file may ask for; else a damaged one could eat the machine.
constexpr uint64_t kOpsMax = 64;
constexpr uint64_t kMemMax = uint64_t{1} << 30;
constexpr size_t kFileSizeMax = 4096;

using SealedSeed = std::array<uint8_t, 32 + crypto_secretbox_MACBYTES>;
using Nonce = std::array<uint8_t, crypto_secretbox_NONCEBYTES>;

tl::unexpected<Error> Damaged(std::string_view name, std::string_view what) {
  return Fail(StatusCode::kDataLoss, "KEY_FILE_DAMAGED",
              fmt::format("key file {}.key is damaged: {}", name, what));
}

tl::unexpected<Error> FileTrouble(std::string reason, std::string_view doing,
                                  const std::filesystem::path& path) {
  if (errno == ENOSPC || errno == EDQUOT) {
    return Fail(StatusCode::kResourceExhausted, "DISK_FULL",
                fmt::format("the disk is full: {} was not written", path.string()));
  }
  return Fail(StatusCode::kFailedPrecondition, std::move(reason),
              fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(errno)));
}

/// Takes `name value` lines in their one order.
class Lines {
 public:
  Lines(std::string_view text, std::string_view file) : rest_(text), file_(file) {}

  Result<std::string_view> Take(std::string_view name) {
    const size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    if (end == std::string_view::npos || line.size() <= name.size() || !line.starts_with(name) ||
        line[name.size()] != ' ') {
      return Damaged(file_, fmt::format("no line \"{}\" where it is wanted", name));
    }
    rest_.remove_prefix(end + 1);
    return line.substr(name.size() + 1);
  }
  Result<void> TakeHex(std::string_view name, std::span<uint8_t> out) {
    YIMA_ASSIGN_OR_RETURN(const auto value, Take(name));
    // Not the message of FromHex: it would show what stands there.
    if (!FromHex(value, out)) {
      return Damaged(file_, fmt::format("\"{}\" is not {} hex digits", name, out.size() * 2));
    }
    return {};
  }
  Result<uint64_t> TakeNumber(std::string_view name, uint64_t min, uint64_t max) {
    YIMA_ASSIGN_OR_RETURN(const auto value, Take(name));
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < min ||
        number > max) {
      return Damaged(file_, fmt::format("\"{}\" is not a number of {} to {}", name, min, max));
    }
    return number;
  }
  Result<void> Finish() {
    if (!rest_.empty()) return Damaged(file_, "something stands after its last line");
    return {};
  }

 private:
  std::string_view rest_;
  std::string_view file_;
};

PublicKey PublicKeyOf(const SecretSeed& seed) {
  return SigningKey::FromSeed(seed.bytes()).public_key();
}

Result<SecretSeed> TakeSealed(Lines& lines, std::string_view name, Passphrase& passphrase) {
  Argon2Parameters parameters;
  Nonce nonce;
  SealedSeed sealed;
  YIMA_RETURN_IF_ERROR(lines.TakeHex("salt", parameters.salt));
  YIMA_ASSIGN_OR_RETURN(parameters.ops,
                        lines.TakeNumber("ops", crypto_pwhash_argon2id_OPSLIMIT_MIN, kOpsMax));
  YIMA_ASSIGN_OR_RETURN(parameters.mem,
                        lines.TakeNumber("mem", crypto_pwhash_argon2id_MEMLIMIT_MIN, kMemMax));
  YIMA_RETURN_IF_ERROR(lines.TakeHex("nonce", nonce));
  YIMA_RETURN_IF_ERROR(lines.TakeHex("sealed", sealed));
  if (!passphrase.given()) {
    return Fail(StatusCode::kUnauthenticated, "PASSPHRASE_MISSING",
                fmt::format("key file {}.key is sealed and no passphrase was given", name));
  }
  YIMA_ASSIGN_OR_RETURN(const auto* key, passphrase.Key(parameters));
  SecretSeed seed;
  if (crypto_secretbox_open_easy(seed.bytes().data(), sealed.data(), sealed.size(), nonce.data(),
                                 key->bytes().data()) != 0) {
    return Fail(StatusCode::kUnauthenticated, "PASSPHRASE_WRONG",
                fmt::format("the passphrase does not open key file {}.key", name));
  }
  return seed;
}

}  // namespace

Secret::Secret(size_t size) : size_(size) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  data_ = static_cast<uint8_t*>(sodium_malloc(size));
  if (data_ == nullptr) throw std::bad_alloc();
  sodium_memzero(data_, size_);
}

Secret::Secret(std::string_view text) : Secret(text.size()) {
  std::ranges::copy(text, reinterpret_cast<char*>(data_));
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() { sodium_free(data_); }  // wipes

Secret Secret::Copy() const {
  return {std::string_view(reinterpret_cast<const char*>(data_), size_)};
}

SecretSeed SecretSeed::Generate() {
  SecretSeed seed;
  randombytes_buf(seed.bytes().data(), seed.bytes().size());
  return seed;
}

Passphrase::Passphrase(const std::optional<Secret>& text) : given_(text.has_value()) {
  if (text) text_ = text->Copy();
  randombytes_buf(parameters_.salt.data(), parameters_.salt.size());
  parameters_.ops = kOps;
  parameters_.mem = kMem;
}

Result<const SecretSeed*> Passphrase::Key(const Argon2Parameters& parameters) {
  const auto found = keys_.find(parameters);
  if (found != keys_.end()) return &found->second;
  if (forgotten_) {
    return Fail(StatusCode::kUnauthenticated, "PASSPHRASE_MISSING",
                "the words of the passphrase were forgotten after the start");
  }
  SecretSeed key;
  // An empty passphrase opens nothing, and is no null pointer either.
  const char* words = text_.empty() ? "" : reinterpret_cast<const char*>(text_.bytes().data());
  if (crypto_pwhash(key.bytes().data(), key.bytes().size(), words, text_.bytes().size(),
                    parameters.salt.data(), parameters.ops, static_cast<size_t>(parameters.mem),
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Fail(StatusCode::kResourceExhausted, "OUT_OF_MEMORY",
                fmt::format("argon2id wants {} MiB of memory", parameters.mem >> 20));
  }
  if (keys_.empty()) parameters_ = parameters;
  return &keys_.emplace(parameters, std::move(key)).first->second;
}

Result<std::string> EncodeKeyFile(std::string_view name, const SecretSeed& seed,
                                  Passphrase& passphrase) {
  std::string text(kFirstLine);
  text += fmt::format("name {}\npublic {}\n", name, ToHex(PublicKeyOf(seed)));
  if (!passphrase.given()) {
    std::string hex = ToHex(seed.bytes());
    text += fmt::format("protection plain\nseed {}\n", hex);
    sodium_memzero(hex.data(), hex.size());
    return text;
  }
  const Argon2Parameters& parameters = passphrase.parameters();
  YIMA_ASSIGN_OR_RETURN(const auto* key, passphrase.Key(parameters));
  Nonce nonce;
  randombytes_buf(nonce.data(), nonce.size());
  SealedSeed sealed;
  crypto_secretbox_easy(sealed.data(), seed.bytes().data(), seed.bytes().size(), nonce.data(),
                        key->bytes().data());
  text += fmt::format("protection argon2id\nsalt {}\nops {}\nmem {}\nnonce {}\nsealed {}\n",
                      ToHex(parameters.salt), parameters.ops, parameters.mem, ToHex(nonce),
                      ToHex(sealed));
  return text;
}

Result<SecretSeed> DecodeKeyFile(std::string_view text, std::string_view name,
                                 Passphrase& passphrase) {
  if (!text.starts_with(kFirstLine)) return Damaged(name, "it does not begin with \"yima-key 1\"");
  Lines lines(text.substr(kFirstLine.size()), name);
  YIMA_ASSIGN_OR_RETURN(const auto own_name, lines.Take("name"));
  if (own_name != name) return Damaged(name, fmt::format("it is of key \"{}\"", own_name));
  PublicKey public_key;
  YIMA_RETURN_IF_ERROR(lines.TakeHex("public", public_key));
  YIMA_ASSIGN_OR_RETURN(const auto protection, lines.Take("protection"));
  SecretSeed seed;
  if (protection == "plain") {
    YIMA_RETURN_IF_ERROR(lines.TakeHex("seed", seed.bytes()));
  } else if (protection == "argon2id") {
    YIMA_ASSIGN_OR_RETURN(seed, TakeSealed(lines, name, passphrase));
  } else {
    return Damaged(name, fmt::format("protection \"{}\" is neither plain nor argon2id",
                                     protection.substr(0, 40)));
  }
  YIMA_RETURN_IF_ERROR(lines.Finish());
  if (PublicKeyOf(seed) != public_key)
    return Damaged(name, "its two halves do not belong together");
  return seed;
}

Result<std::string> NameInKeyFile(std::string_view text) {
  if (!text.starts_with(kFirstLine)) return Damaged("?", "it does not begin with \"yima-key 1\"");
  Lines lines(text.substr(kFirstLine.size()), "?");
  YIMA_ASSIGN_OR_RETURN(const auto name, lines.Take("name"));
  return std::string(name);
}

Result<void> WriteSecretFile(const std::filesystem::path& path, std::string_view text) {
  const store::Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return FileTrouble("FILE_UNWRITABLE", "make", path);
  if (!store::WriteAll(file, text)) return FileTrouble("FILE_UNWRITABLE", "write", path);
  if (fsync(file.get()) != 0) return FileTrouble("FILE_UNWRITABLE", "sync", path);
  return {};
}

Result<std::string> ReadSecretFile(const std::filesystem::path& path) {
  const store::Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) {
    return Fail(StatusCode::kFailedPrecondition, "KEY_FILE_MISSING",
                fmt::format("there is no key file {}", path.string()));
  }
  if (file.get() < 0) return FileTrouble("FILE_UNREADABLE", "open", path);
  std::string text(kFileSizeMax + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileTrouble("FILE_UNREADABLE", "read", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > kFileSizeMax) {
    return Damaged(path.stem().string(), fmt::format("it is above {} bytes", kFileSizeMax));
  }
  text.resize(size);
  return text;
}

Result<void> SyncFolder(const std::filesystem::path& folder) {
  const store::Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0 || fsync(descriptor.get()) != 0) {
    return FileTrouble("FILE_UNWRITABLE", "sync", folder);
  }
  return {};
}

Result<void> ReplaceSecretFile(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path beside = path.string() + ".new";
  ::unlink(beside.c_str());
  YIMA_RETURN_IF_ERROR(WriteSecretFile(beside, text));
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    return FileTrouble("FILE_UNWRITABLE", "rename", path);
  }
  return SyncFolder(path.parent_path().empty() ? "." : path.parent_path());
}

}  // namespace yima::server
