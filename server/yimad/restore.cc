#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "server/backup/backup.h"
#include "server/backup/epoch_memory.h"
#include "server/backup/last_checkpoint.h"
#include "server/backup/part_folder.h"
#include "server/backup/restore_changes.h"
#include "server/log/tree_keeper.h"
#include "server/resolver/trust_notes.h"
#include "server/store/folder_lock.h"
#include "server/store/sqlite_store.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEpochMax = UINT16_MAX;

Result<void> CheckOptions(const RestoreOptions& options) {
  const bool notes = !options.bundle.empty() && !options.list.empty();
  const bool any = !options.bundle.empty() || !options.list.empty();
  if (notes != options.nothing_published && any == notes) return {};
  return Invalid("PUBLISHED_MISSING",
                 "want the trust bundle and the revocation list that were published last (--bundle "
                 "and --list), or --nothing-published as the word that there are none");
}

/// Nothing is written over, and no folder is taken from under a server.
Result<void> CheckVacant(const fs::path& data) {
  std::error_code error;
  if (fs::exists(data / "lock", error)) YIMA_RETURN_IF_ERROR(store::FolderLock::Take(data));
  if (!fs::exists(data, error) || (fs::is_directory(data, error) && fs::is_empty(data, error))) {
    return {};
  }
  return Fail(StatusCode::kFailedPrecondition, "DATA_NOT_EMPTY",
              fmt::format("{} is not an empty folder; move what is in it out of the way first",
                          data.string()),
              "--data");
}

Result<EpochMemory> MemoryOf(const RestoreOptions& options) {
  const fs::path folder = options.state.empty() ? EpochMemory::Default() : options.state;
  if (folder.empty()) {
    return Invalid("STATE_UNKNOWN",
                   "neither XDG_STATE_HOME nor HOME says where used epochs are remembered; name a "
                   "folder",
                   "--state");
  }
  const fs::path from_data =
      fs::weakly_canonical(folder).lexically_relative(fs::weakly_canonical(options.data));
  if (from_data.empty() || *from_data.begin() == "..") return EpochMemory(folder);
  return Fail(StatusCode::kFailedPrecondition, "STATE_UNKNOWN",
              fmt::format("{} lies in the data folder and would be lost with it: name a place that "
                          "outlives it",
                          folder.string()),
              "--state");
}

Result<std::string> ReadNote(const fs::path& file, const char* option) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream) return text.str();
  return Fail(StatusCode::kNotFound, "FILE_UNREADABLE",
              fmt::format("{} cannot be read or is empty", file.string()), option);
}

Result<Published> ReadPublished(const RestoreOptions& options, const store::Snapshot& snapshot,
                                const v1::Registry& registry) {
  YIMA_ASSIGN_OR_RETURN(auto published, Published::KeptIn(snapshot, registry));
  if (options.nothing_published) return published;
  YIMA_ASSIGN_OR_RETURN(const std::string bundle, ReadNote(options.bundle, "--bundle"));
  YIMA_ASSIGN_OR_RETURN(const std::string list, ReadNote(options.list, "--list"));
  YIMA_RETURN_IF_ERROR(published.Take(bundle, list));
  return published;
}

/// Of the log before; the published one is optional.
Result<LastCheckpoint> ReadLastCheckpoint(const RestoreOptions& options,
                                          const store::Snapshot& snapshot,
                                          const v1::Registry& registry, uint32_t epoch) {
  std::string published;
  if (!options.checkpoint.empty()) {
    YIMA_ASSIGN_OR_RETURN(published, ReadNote(options.checkpoint, "--checkpoint"));
  }
  return LastCheckpointOf(snapshot, registry, published, epoch);
}

Result<uint32_t> NextEpoch(uint32_t own, const Published& published, uint32_t remembered) {
  const uint32_t next = std::max({own, published.epoch(), remembered}) + 1;
  if (next <= kEpochMax) return next;
  return Fail(StatusCode::kResourceExhausted, "EPOCHS_USED_UP",
              fmt::format("the registry has used all {} epochs", kEpochMax));
}

/// Opens the copied store and makes it the next epoch.
Result<RestoreReport> Open(const RestoreOptions& options, const fs::path& folder,
                           const BackupManifest& manifest) {
  YIMA_ASSIGN_OR_RETURN(const EpochMemory memory, MemoryOf(options));
  YIMA_ASSIGN_OR_RETURN(const auto store, store::OpenSqliteStore(folder / "yima.db", {}));
  YIMA_RETURN_IF_ERROR(BringUpToDate(*store));
  const auto snapshot = store->Read();
  YIMA_ASSIGN_OR_RETURN(const auto registry, Get<v1::Registry>(*snapshot, kRegistryId));
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot->LogSize());
  if (!registry || registry->record.id() != manifest.registry || log_size != manifest.log_size) {
    return BackupDamaged("its store is not the one that its manifest describes");
  }
  YIMA_ASSIGN_OR_RETURN(const auto published, ReadPublished(options, *snapshot, registry->record));
  YIMA_ASSIGN_OR_RETURN(const uint32_t remembered, memory.Recall(manifest.registry));
  YIMA_ASSIGN_OR_RETURN(const uint32_t epoch,
                        NextEpoch(registry->record.epoch(), published, remembered));
  YIMA_ASSIGN_OR_RETURN(
      const auto last,
      ReadLastCheckpoint(options, *snapshot, published.Merge(registry->record), epoch));
  YIMA_RETURN_IF_ERROR(memory.Remember(manifest.registry, epoch));
  const Call call = LocalCall("yimad/restore");
  YIMA_ASSIGN_OR_RETURN(auto report, OpenEpoch(*store, call, published, last.note, epoch, Now()));
  report.lost_entries = last.lost;
  if (!options.keep_tokens) {
    YIMA_ASSIGN_OR_RETURN(report.tokens, RevokeTokens(*store, Now()));
  }
  return report;
}

/// The first checkpoint of the new epoch that anybody sees is over the entry that opened it: from
/// one over the backup's entries alone nobody could tell a restore from a fork.
Result<void> SignLog(const Domain& domain) {
  TreeKeeper keeper(domain);
  bool more = true;
  while (more) {
    YIMA_ASSIGN_OR_RETURN(more, keeper.Grow());
  }
  return {};
}

/// Opens it as the server would, so that a passphrase that does not fit is known now; the notes of
/// the new epoch are there to be published, and one token is there to begin with.
Result<void> MakeReady(const fs::path& folder, const RestoreOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto passphrase, ReadPassphrase(options.passphrase_file));
  YIMA_ASSIGN_OR_RETURN(const auto opened, DataFolder::Open(folder, passphrase));
  TrustNotes notes(opened->domain());
  YIMA_RETURN_IF_ERROR(notes.Bundle());
  YIMA_RETURN_IF_ERROR(notes.List(*opened->domain().store.Read()));
  if (!options.keep_tokens) YIMA_RETURN_IF_ERROR(RenewAdminToken(opened->domain(), folder));
  return SignLog(opened->domain());
}

void Print(const RestoreOptions& options, const BackupManifest& manifest,
           const RestoreReport& report) {
  if (options.json) {
    const nlohmann::ordered_json object = {{"registry", manifest.registry},
                                           {"epoch", report.epoch},
                                           {"backupTime", FormatTime(manifest.time)},
                                           {"logSize", fmt::to_string(manifest.log_size)},
                                           {"suspended", fmt::to_string(report.suspended)},
                                           {"revoked", fmt::to_string(report.revoked)},
                                           {"lost", fmt::to_string(report.lost)},
                                           {"tokens", fmt::to_string(report.tokens)},
                                           {"lostEntries", fmt::to_string(report.lost_entries)}};
    fmt::print("{}\n", object.dump());
    return;
  }
  fmt::print(
      fmt::runtime(Say("登记库 {} 已恢复到 {} 的备份，开启纪元 {}\n"
                       "按已发布的清单：停用 {}，注销 {}，清单上有而备份中无记录的 {}\n"
                       "下一步：yimad serve；发布新的信任包与清单；yima codes reclaim 清单.csv\n",
                       "registry {} is back as of {}, and opens epoch {}\n"
                       "by the published list: {} suspended, {} revoked, {} without a record "
                       "in the backup\n"
                       "next: yimad serve; publish the new bundle and list; yima codes "
                       "reclaim MANIFEST\n")),
      manifest.registry, FormatTime(manifest.time), report.epoch, report.suspended, report.revoked,
      report.lost);
  if (report.lost_entries > 0) {
    fmt::print(fmt::runtime(Say("备份之后已签署的 {} 条日志丢失，日志中已如实记载\n",
                                "{} entries that were signed after the backup are lost; the log "
                                "says so\n")),
               report.lost_entries);
  }
  if (options.keep_tokens) {
    fmt::print("{}\n", Say("注意：令牌与备份时相同，此后作废的重又有效，请逐一核对作废",
                           "warning: tokens are as they were at the backup, and those revoked "
                           "since hold again: go through them"));
    return;
  }
  fmt::print(fmt::runtime(Say("全部令牌已作废（{} 个原有效），请重新发放；管理员的新令牌：{}\n"
                              "主体与角色同备份时：此后停用或收回的，请重新核对\n",
                              "all tokens are revoked ({} held): make new ones; the "
                              "administrator's: {}\nprincipals and roles are as at the backup: "
                              "disable again who was disabled since\n")),
             report.tokens, (options.data / "admin-token").string());
}

Result<void> Restore(const RestoreOptions& options) {
  YIMA_RETURN_IF_ERROR(CheckOptions(options));
  YIMA_RETURN_IF_ERROR(CheckVacant(options.data));
  YIMA_ASSIGN_OR_RETURN(const auto manifest, VerifyBackup(options.from));
  YIMA_ASSIGN_OR_RETURN(auto part, PartFolder::Begin(options.data, "--data"));
  for (const auto& file : manifest.files) {
    YIMA_RETURN_IF_ERROR(part.Copy(options.from / file.name, file.name));
  }
  YIMA_ASSIGN_OR_RETURN(const auto report, Open(options, part.path(), manifest));
  YIMA_RETURN_IF_ERROR(MakeReady(part.path(), options));
  YIMA_RETURN_IF_ERROR(part.Publish());
  Print(options, manifest, report);
  return {};
}

}  // namespace

int RunRestore(const RestoreOptions& options) {
  const auto done = Restore(options);
  return done ? kDone : Complain(done.error());
}

}  // namespace yima::server
