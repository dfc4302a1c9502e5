#include "server/backup/backup.h"

#include <algorithm>
#include <fstream>
#include <future>
#include <sstream>

#include <fmt/format.h>

#include "server/backup/part_folder.h"
#include "server/domain/domain.h"
#include "server/store/sqlite_copy.h"
#include "server/store/sqlite_store.h"

namespace yima::server {
namespace {

namespace fs = std::filesystem;

const std::string kStore = "yima.db";

Result<void> CheckSound(const fs::path& file) {
  YIMA_ASSIGN_OR_RETURN(const auto findings, store::CheckIntegrity(file, true));
  if (findings.empty()) return {};
  return BackupDamaged(
      fmt::format("the copy is not sound, so what was copied is not either; run "
                  "yimad check ({})",
                  findings.front()));
}

/// Proves that a copied store is whole, and has it on the disk. The hash and SQLite's own check
/// read the whole file each, while the disk writes: side by side.
class StoreProof {
 public:
  explicit StoreProof(const fs::path& folder)
      : sound_(std::async(std::launch::async, CheckSound, folder / kStore)),
        synced_(std::async(std::launch::async, store::SyncFile, folder / kStore)),
        described_(std::async(std::launch::async, DescribeFile, folder, kStore)) {}

  /// Size and hash, when all has succeeded.
  Result<BackupFile> Wait() {
    YIMA_RETURN_IF_ERROR(sound_.get());
    YIMA_RETURN_IF_ERROR(synced_.get());
    return described_.get();
  }

 private:
  std::future<Result<void>> sound_;
  std::future<Result<void>> synced_;
  std::future<Result<BackupFile>> described_;
};

/// Fills in what the copied store says of itself.
Result<void> Describe(const fs::path& file, BackupManifest& manifest) {
  YIMA_ASSIGN_OR_RETURN(const auto facts, FactsOf(file));
  YIMA_ASSIGN_OR_RETURN(manifest.schema, store::SchemaOf(file));
  manifest.registry = facts.registry.id();
  manifest.epoch = facts.registry.epoch();
  manifest.log_size = facts.log_size;
  return {};
}

/// The copy must be of this registry, and hold all that stood there before it was made.
Result<void> CheckHolds(const BackupManifest& manifest, const StoreFacts& before) {
  if (manifest.registry == before.registry.id() && manifest.log_size >= before.log_size) return {};
  return BackupDamaged(
      fmt::format("the copy holds {} entries of registry {}, there were {} of registry {}",
                  manifest.log_size, manifest.registry, before.log_size, before.registry.id()));
}

Result<std::string> ReadText(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream) return text.str();
  return Fail(StatusCode::kNotFound, "BACKUP_MISSING",
              fmt::format("{} cannot be read: this is no backup", file.string()));
}

}  // namespace

Result<std::vector<std::string>> KeyFilesIn(const fs::path& keys) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator file(keys, error), end; !error && file != end;
       file.increment(error)) {
    // Beside the keys, the mark that the root is kept elsewhere.
    if (file->path().extension() == ".key" || file->path().filename() == "root.away") {
      names.push_back(file->path().filename().string());
    }
  }
  if (error) {
    return Fail(StatusCode::kFailedPrecondition, "FILE_UNREADABLE",
                fmt::format("cannot read {}: {}", keys.string(), error.message()));
  }
  std::ranges::sort(names);
  return names;
}

Result<StoreFacts> FactsOf(const fs::path& file) {
  store::SqliteOptions options;
  options.read_only = true;
  options.older = true;
  YIMA_ASSIGN_OR_RETURN(const auto store, store::OpenSqliteStore(file, options));
  const auto snapshot = store->Read();
  YIMA_ASSIGN_OR_RETURN(auto registry, Get<v1::Registry>(*snapshot, kRegistryId));
  if (!registry) {
    return Fail(StatusCode::kFailedPrecondition, "DATA_UNFINISHED",
                fmt::format("{} holds no registry", file.string()));
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot->LogSize());
  return StoreFacts{std::move(registry->record), log_size};
}

Result<BackupManifest> MakeBackup(const fs::path& data, const fs::path& target) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(target, error))) {
    return Fail(StatusCode::kAlreadyExists, "TARGET_EXISTS",
                fmt::format("{} exists; a backup is never written over another", target.string()),
                "TO");
  }
  YIMA_ASSIGN_OR_RETURN(const auto before, FactsOf(data / kStore));
  YIMA_ASSIGN_OR_RETURN(auto part, PartFolder::Begin(target, "TO"));
  BackupManifest manifest;
  manifest.time = Now();
  YIMA_RETURN_IF_ERROR(store::CopyStore(data / kStore, part.path() / kStore));
  StoreProof proof(part.path());
  // After the store: a key is on the disk before a record names it.
  YIMA_ASSIGN_OR_RETURN(const auto keys, KeyFilesIn(data / "keys"));
  for (const auto& file : keys) {
    const std::string name = "keys/" + file;
    YIMA_RETURN_IF_ERROR(part.Copy(data / name, name));
    YIMA_ASSIGN_OR_RETURN(manifest.files.emplace_back(), DescribeFile(part.path(), name));
  }
  YIMA_ASSIGN_OR_RETURN(auto store, proof.Wait());
  manifest.files.insert(manifest.files.begin(), std::move(store));
  YIMA_RETURN_IF_ERROR(Describe(part.path() / kStore, manifest));
  YIMA_RETURN_IF_ERROR(CheckHolds(manifest, before));
  YIMA_RETURN_IF_ERROR(part.Write(kManifestName, manifest.ToText()));
  YIMA_RETURN_IF_ERROR(part.Publish());
  return manifest;
}

Result<BackupManifest> VerifyBackup(const fs::path& folder) {
  YIMA_ASSIGN_OR_RETURN(const std::string text, ReadText(folder / kManifestName));
  YIMA_ASSIGN_OR_RETURN(auto manifest, BackupManifest::ParseText(text));
  const auto known = store::NewestSchema();
  if (manifest.schema > known) {
    return Fail(StatusCode::kFailedPrecondition, "SCHEMA_NEWER",
                fmt::format("the backup has schema {}, this program knows {}: use a newer yimad",
                            manifest.schema, known));
  }
  for (const auto& file : manifest.files) {
    const auto found = DescribeFile(folder, file.name);
    if (!found) return BackupDamaged(found.error().message);
    if (*found != file) {
      return BackupDamaged(
          fmt::format("{} is not what its manifest says", (folder / file.name).string()));
    }
  }
  return manifest;
}

}  // namespace yima::server
