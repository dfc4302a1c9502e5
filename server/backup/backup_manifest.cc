#include "server/backup/backup_manifest.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace yima::server {
namespace {

constexpr std::string_view kHead = "yima-backup 1\n";
constexpr std::string_view kHash = "sha256 ";
constexpr size_t kHashDigits = 64;

/// OpenSSL's, since it uses the processor's own instructions: a backup's time is mostly this.
class Sha256 {
 public:
  Sha256() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void Add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string Hex() {
    std::array<uint8_t, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    std::string hex;
    for (const uint8_t byte : digest) hex += fmt::format("{:02x}", byte);
    return hex;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

std::string HashOf(std::string_view text) {
  Sha256 hash;
  hash.Add(text);
  return hash.Hex();
}

bool IsHex(std::string_view text, size_t size) {
  return text.size() == size && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// The store, or a file of keys by a plain name: nothing that leads out of the folder.
bool IsOurName(std::string_view name) {
  if (name == "yima.db") return true;
  if (!name.starts_with("keys/")) return false;
  name.remove_prefix(5);
  return !name.empty() && !name.starts_with('.') && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
  });
}

/// Takes lines apart; the first that is not as it must be makes the whole malformed.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  /// The value of the next line when it has this name.
  std::optional<std::string_view> Take(std::string_view name) {
    if (!text_.starts_with(name) || text_.substr(name.size(), 1) != " ") return std::nullopt;
    const size_t end = text_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto value = text_.substr(name.size() + 1, end - name.size() - 1);
    text_.remove_prefix(end + 1);
    return value;
  }
  template <typename Number>
  bool Take(std::string_view name, Number& number) {
    const auto value = Take(name);
    return value && Parse(*value, number);
  }
  template <typename Number>
  static bool Parse(std::string_view text, Number& number) {
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && at == text.data() + text.size();
  }
  bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

/// `<sha256> <size> <name>`
std::optional<BackupFile> ParseFile(std::string_view line) {
  const size_t space = line.find(' ', kHashDigits + 1);
  if (line.size() <= kHashDigits || line[kHashDigits] != ' ' || space == std::string_view::npos) {
    return std::nullopt;
  }
  BackupFile file;
  file.sha256 = line.substr(0, kHashDigits);
  file.name = line.substr(space + 1);
  const auto size = line.substr(kHashDigits + 1, space - kHashDigits - 1);
  if (!IsHex(file.sha256, kHashDigits) || !IsOurName(file.name) || !Lines::Parse(size, file.size)) {
    return std::nullopt;
  }
  return file;
}

}  // namespace

tl::unexpected<Error> BackupDamaged(std::string message) {
  return Fail(StatusCode::kDataLoss, "BACKUP_DAMAGED", std::move(message));
}

std::string BackupManifest::ToText() const {
  std::string text(kHead);
  text += fmt::format("registry {}\nepoch {}\ntime {}\nschema {}\nlog_size {}\n", registry, epoch,
                      FormatTime(time), schema, log_size);
  for (const auto& file : files) {
    text += fmt::format("file {} {} {}\n", file.sha256, file.size, file.name);
  }
  return text + fmt::format("{}{}\n", kHash, HashOf(text));
}

Result<BackupManifest> BackupManifest::ParseText(std::string_view text) {
  constexpr size_t kLastLine = kHash.size() + kHashDigits + 1;
  if (!text.starts_with(kHead)) {
    return BackupDamaged("its manifest does not begin with \"yima-backup 1\"");
  }
  if (text.size() < kLastLine ||
      text.substr(text.size() - kLastLine) !=
          fmt::format("{}{}\n", kHash, HashOf(text.substr(0, text.size() - kLastLine)))) {
    return BackupDamaged("its manifest does not have the hash that it names");
  }
  Lines lines(text.substr(kHead.size(), text.size() - kLastLine - kHead.size()));
  BackupManifest manifest;
  const auto registry = lines.Take("registry");
  const bool has_epoch = lines.Take("epoch", manifest.epoch);
  const auto time = lines.Take("time");
  const auto when = ParseTime(time.value_or(""));
  const bool sound = registry && IsHex(*registry, 32) && has_epoch && when &&
                     lines.Take("schema", manifest.schema) &&
                     lines.Take("log_size", manifest.log_size);
  while (sound && !lines.empty()) {
    auto file = ParseFile(lines.Take("file").value_or(""));
    if (!file) return BackupDamaged("its manifest names a file in a way that is not ours");
    manifest.files.push_back(*std::move(file));
  }
  const bool has_store = std::ranges::count(manifest.files, "yima.db", &BackupFile::name) == 1;
  if (!sound || !has_store) return BackupDamaged("its manifest is not of the form that is ours");
  manifest.registry = *registry;
  manifest.time = *when;
  return manifest;
}

Result<BackupFile> DescribeFile(const std::filesystem::path& folder, const std::string& name) {
  errno = 0;
  std::ifstream stream(folder / name, std::ios::binary);
  Sha256 hash;
  BackupFile file{name, 0, {}};
  std::string part(size_t{1} << 20, '\0');
  while (stream.read(part.data(), static_cast<std::streamsize>(part.size())) ||
         stream.gcount() > 0) {
    const auto size = static_cast<size_t>(stream.gcount());
    hash.Add(std::string_view(part).substr(0, size));
    file.size += size;
  }
  if (!stream.eof() || stream.bad()) {
    return Fail(StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                fmt::format("cannot read {}: {}", (folder / name).string(), std::strerror(errno)));
  }
  file.sha256 = hash.Hex();
  return file;
}

}  // namespace yima::server
