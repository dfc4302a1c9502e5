#include "client/trust_dir.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "codegen/code/signed_note.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> Damaged(const fs::path& file, const std::string& why) {
  return Fail(StatusCode::kDataLoss, "TRUST_DAMAGED", fmt::format("{}: {}", file.string(), why),
              file.string());
}

tl::unexpected<Error> NotWritable(const fs::path& file, int error) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", file.string(), std::strerror(error)),
              file.string());
}

std::string RootLines(const std::vector<PublicKey>& roots) {
  std::string text;
  for (const auto& root : roots) text += ToHex(root) + "\n";
  return text;
}

Result<std::vector<PublicKey>> ReadRoots(const fs::path& file) {
  YIMA_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file));
  std::vector<PublicKey> roots;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    PublicKey root{};
    if (const auto read = FromHex(std::string_view(text).substr(start, end - start), root); !read) {
      return Damaged(file, read.error().message);
    }
    roots.push_back(root);
    start = end + 1;
  }
  if (roots.empty()) return Damaged(file, "holds no root key");
  return roots;
}

/// Other things, such as a file system's lost+found, are passed over.
bool IsRegistryName(const std::string& name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool Holds(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

/// Which registry a note speaks of, before it is known whether to believe it.
Result<std::string> RegistryOf(std::string_view bundle_note) {
  YIMA_ASSIGN_OR_RETURN(const auto note, SignedNote::Parse(bundle_note));
  YIMA_ASSIGN_OR_RETURN(const auto bundle, TrustBundle::ParseText(note.text));
  return bundle.registry;
}

}  // namespace

fs::path TrustDir::Default() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
    return fs::path(data) / "yima" / "trust";
  }
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "." : home) / ".local" / "share" / "yima" / "trust";
}

Result<TrustStore> TrustDir::LoadRegistry(const fs::path& folder) const {
  YIMA_ASSIGN_OR_RETURN(auto roots, ReadRoots(folder / "roots"));
  TrustStore store(std::move(roots));
  YIMA_ASSIGN_OR_RETURN(const std::string bundle, ReadWholeFile(folder / "bundle"));
  if (const auto taken = store.AcceptBundle(bundle); !taken) {
    return Damaged(folder / "bundle", taken.error().message);
  }
  std::error_code ignored;
  if (!fs::exists(folder / "list", ignored)) return store;
  YIMA_ASSIGN_OR_RETURN(const std::string list, ReadWholeFile(folder / "list"));
  const auto taken = store.AcceptList(list);
  // A newer bundle may have closed the status key: then there is no list until the next fetch.
  if (!taken && taken.error().reason != "STATUS_KEY_UNKNOWN") {
    return Damaged(folder / "list", taken.error().message);
  }
  return store;
}

Result<std::vector<TrustStore>> TrustDir::Load() const {
  std::vector<TrustStore> stores;
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator entry(dir_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (!IsRegistryName(entry->path().filename().string())) continue;
    // Without a bundle nothing was ever accepted there. What cannot be looked into is read, and so
    // said.
    std::error_code unknown;
    if (fs::exists(entry->path() / "bundle", unknown) || unknown) folders.push_back(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Fail(StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                fmt::format("cannot read {}: {}", dir_.string(), error.message()), dir_.string());
  }
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) {
    YIMA_ASSIGN_OR_RETURN(auto store, LoadRegistry(folder));
    for (const auto& other : stores) YIMA_RETURN_IF_ERROR(store.CheckDisjoint(other));
    stores.push_back(std::move(store));
  }
  return stores;
}

Result<TrustStore> TrustDir::Accept(std::string_view bundle_note, std::string_view list_note,
                                    const std::optional<PublicKey>& root) const {
  YIMA_ASSIGN_OR_RETURN(const std::string registry, RegistryOf(bundle_note));
  YIMA_ASSIGN_OR_RETURN(const auto stores, Load());
  const auto held = std::find_if(stores.begin(), stores.end(), [&](const TrustStore& store) {
    return store.bundle()->registry == registry;
  });
  if (held == stores.end() && !root) {
    return Fail(StatusCode::kFailedPrecondition, "ROOT_MISSING",
                fmt::format("no trust is kept of registry {}: its root key is needed", registry),
                "--root");
  }
  if (held != stores.end() && root && !Holds(held->roots(), *root)) {
    return Fail(StatusCode::kFailedPrecondition, "ROOT_CHANGED",
                fmt::format("{} is no root key held of registry {}", ToHex(*root), registry),
                "--root");
  }
  TrustStore store = held == stores.end() ? TrustStore({*root}) : *held;
  const std::vector<PublicKey> roots_before = store.roots();
  const std::string bundle_before = store.bundle_note();
  YIMA_RETURN_IF_ERROR(store.AcceptBundle(bundle_note));
  const bool same = store.bundle_note() == bundle_before;
  YIMA_RETURN_IF_ERROR(store.AcceptList(list_note));
  for (const auto& other : stores) {
    if (other.bundle()->registry != registry) YIMA_RETURN_IF_ERROR(store.CheckDisjoint(other));
  }

  const fs::path folder = dir_ / registry;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return NotWritable(folder, error.value());
  if (!same) {
    // Between these steps the folder holds the roots of the old bundle and of the new.
    std::vector<PublicKey> both = roots_before;
    if (held != stores.end()) {
      YIMA_ASSIGN_OR_RETURN(const auto kept, ReadRoots(folder / "roots"));
      for (const auto& key : kept) {
        if (!Holds(both, key)) both.push_back(key);
      }
    }
    YIMA_RETURN_IF_ERROR(ReplaceFile(folder / "roots", RootLines(both)));
    YIMA_RETURN_IF_ERROR(ReplaceFile(folder / "bundle", store.bundle_note()));
    YIMA_RETURN_IF_ERROR(ReplaceFile(folder / "roots", RootLines(roots_before)));
  }
  YIMA_RETURN_IF_ERROR(ReplaceFile(folder / "list", store.list_note()));
  return store;
}

Result<void> ReplaceFile(const fs::path& file, std::string_view text, unsigned mode) {
  const fs::path beside = file.string() + fmt::format(".{}.tmp", ::getpid());
  ::unlink(beside.c_str());  // One that a killed process left may have another mode.
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return NotWritable(file, errno);
  int failed = 0;
  for (size_t done = 0; done < text.size() && failed == 0;) {
    const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
    if (written > 0) done += static_cast<size_t>(written);
    if (written < 0 && errno != EINTR) failed = errno;
  }
  if (failed == 0 && ::fsync(fd) != 0) failed = errno;
  if (::close(fd) != 0 && failed == 0) failed = errno;
  if (failed == 0 && ::rename(beside.c_str(), file.c_str()) != 0) failed = errno;
  if (failed != 0) {
    ::unlink(beside.c_str());
    return NotWritable(file, failed);
  }
  // The name is durable once its folder is; some file systems cannot sync one, and need not.
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return {};
}

Result<std::string> ReadWholeFile(const fs::path& file) {
  std::error_code ignored;
  // A folder opens as a file does, and throws when it is read.
  if (!fs::is_directory(file, ignored)) {
    std::ifstream stream(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (stream.is_open() && (stream.good() || stream.eof())) return text;
  }
  return Fail(StatusCode::kNotFound, "FILE_UNREADABLE",
              fmt::format("cannot read {}", file.string()), file.string());
}

}  // namespace yima
