#ifndef YIMA_CLIENT_TRUST_DIR_H_
#define YIMA_CLIENT_TRUST_DIR_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"
#include "codegen/code/trust.h"

namespace yima {

/// The trust that a verifier keeps, one folder for each registry:
///
///     DIR/<registry>/roots    public keys in hex, one a line: those under which the bundle counts
///     DIR/<registry>/bundle   the newest trust bundle accepted
///     DIR/<registry>/list     the newest revocation list accepted; may be missing
///
/// Files are replaced whole, so a reader beside a writer sees the old or the new. One process at a
/// time may write. Not thread-safe.
class TrustDir {
 public:
  /// Nothing is read or made yet.
  explicit TrustDir(std::filesystem::path dir) : dir_(std::move(dir)) {}

  /// `XDG_DATA_HOME/yima/trust`, else `~/.local/share/yima/trust`.
  static std::filesystem::path Default();

  const std::filesystem::path& path() const { return dir_; }

  /// What is kept of every registry; empty when there is no folder. TRUST_DAMAGED names the file
  /// that does not read as it was written; FOREIGN_ORIGIN when two registries claim one origin.
  Result<std::vector<TrustStore>> Load() const;

  /// Takes a bundle and a list as a server gave them, by the rules of TrustStore, and keeps them.
  /// `root` is given by hand: needed for the first bundle of a registry (ROOT_MISSING), and later
  /// refused unless it is one of those held (ROOT_CHANGED). Returns what is held now.
  Result<TrustStore> Accept(std::string_view bundle_note, std::string_view list_note,
                            const std::optional<PublicKey>& root) const;

 private:
  Result<TrustStore> LoadRegistry(const std::filesystem::path& folder) const;

  std::filesystem::path dir_;
};

/// Writes the file whole or not at all: beside it, synced, renamed. FILE_UNWRITABLE.
Result<void> ReplaceFile(const std::filesystem::path& file, std::string_view text,
                         unsigned mode = 0644);

/// All of a file. FILE_UNREADABLE.
Result<std::string> ReadWholeFile(const std::filesystem::path& file);

}  // namespace yima

#endif  // YIMA_CLIENT_TRUST_DIR_H_
