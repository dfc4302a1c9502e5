#ifndef YIMA_SERVER_YIMAD_DATA_FOLDER_H_
#define YIMA_SERVER_YIMAD_DATA_FOLDER_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "codegen/code/origin.h"
#include "server/domain/domain.h"
#include "server/registry/classes.h"

namespace yima::server {

/// What the file of `--passphrase-file` holds, without its last line break; without the option the
/// variable YIMA_PASSPHRASE, which is then forgotten, else the systemd credential `passphrase`
/// ($CREDENTIALS_DIRECTORY); else nothing. PASSPHRASE_FILE when a file cannot be read or is empty.
Result<std::optional<Secret>> ReadPassphrase(const std::filesystem::path& file);

/// A call that the operator makes on this machine: "yimad/init".
Call LocalCall(std::string_view method);

/// DATA_MISSING unless the folder holds a registry's file.
Result<void> CheckPresent(const std::filesystem::path& folder);

/// Adds what an older program did not yet derive from the registry's records, before anything else
/// is written. Logs how far it is.
Result<void> BringUpToDate(store::Store& store);

/// Makes the first administrator of a registry that has none, and keeps its token in
/// `folder`/admin-token, mode 0600. FILE_UNWRITABLE.
Result<void> KeepAdminToken(const Domain& domain, const std::filesystem::path& folder);

/// Writes a new one there for the first administrator and revokes the one before. Gives whose it
/// is. ADMIN_MISSING, FILE_UNWRITABLE, whatever the store says.
Result<uint64_t> RenewAdminToken(const Domain& domain, const std::filesystem::path& folder);

/// One registry's data folder, opened for writing: the parts that the rules stand on, each
/// thread-safe.
class DataFolder {
 public:
  /// Makes a new registry in a folder that is empty or not there yet: keys, store, its own record,
  /// the classes. DATA_NOT_EMPTY; whatever keys and store say.
  static Result<std::unique_ptr<DataFolder>> Create(const std::filesystem::path& folder,
                                                    const Origin& origin,
                                                    const std::optional<Secret>& passphrase);
  /// DATA_MISSING when there is no registry in it; STORE_LOCKED while another process has it;
  /// KEYS_FOREIGN when `keys/` is another registry's; whatever keys and store say.
  static Result<std::unique_ptr<DataFolder>> Open(const std::filesystem::path& folder,
                                                  const std::optional<Secret>& passphrase);
  ~DataFolder();

  const Domain& domain() const { return *domain_; }
  /// For who changes keys and origins.
  KeyRing& keys() { return keys_; }
  RegistryNow& registry() { return registry_; }

 private:
  DataFolder(std::unique_ptr<store::Store> store, KeyRing keys, v1::Registry registry,
             ClassCatalogue classes, std::filesystem::path spool);

  std::unique_ptr<store::Store> store_;
  KeyRing keys_;
  RegistryNow registry_;
  const ClassCatalogue classes_;
  Numbers numbers_;
  std::unique_ptr<Domain> domain_;
};

/// The same folder opened for reading beside a server: no keys, no lock.
struct ReadOnlyFolder {
  std::unique_ptr<store::Store> store;
  v1::Registry registry;
};
Result<ReadOnlyFolder> OpenReadOnly(const std::filesystem::path& folder);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_DATA_FOLDER_H_
