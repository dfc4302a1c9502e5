#include "server/backup/rebuild.h"

#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "server/backup/backup.h"
#include "server/backup/part_folder.h"
#include "server/store/sqlite_copy.h"
#include "server/store/sqlite_store.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

namespace fs = std::filesystem;

const std::string kStore = "yima.db";

Result<void> CheckVacant(const fs::path& data) {
  std::error_code error;
  if (!fs::exists(data, error) || (fs::is_directory(data, error) && fs::is_empty(data, error))) {
    return {};
  }
  return Fail(StatusCode::kFailedPrecondition, "DATA_NOT_EMPTY",
              fmt::format("{} is not an empty folder", data.string()), "--data");
}

/// A store of the same registry; null when none is named.
Result<std::unique_ptr<store::Store>> OpenOlder(const fs::path& folder,
                                                const std::string& registry) {
  if (folder.empty()) return nullptr;
  YIMA_ASSIGN_OR_RETURN(const auto facts, FactsOf(folder / kStore));
  if (facts.registry.id() != registry) {
    return Fail(StatusCode::kFailedPrecondition, "DATA_FOREIGN",
                fmt::format("{} holds registry {}, the log is of {}", folder.string(),
                            facts.registry.id(), registry),
                "--personal-from");
  }
  store::SqliteOptions options;
  options.read_only = true;
  options.older = true;
  return store::OpenSqliteStore(folder / kStore, options);
}

/// By the root that is given by hand; nothing without a bundle.
Result<std::optional<TrustBundle>> BundleOf(const RebuildOptions& options) {
  if (options.bundle.empty()) return std::nullopt;
  PublicKey root{};
  if (!FromHex(options.root, root)) {
    return Invalid("ROOT_MALFORMED",
                   fmt::format("\"{}\" is no public key, want 64 hex digits", options.root),
                   "--root");
  }
  std::ifstream stream(options.bundle, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) {
    return Fail(StatusCode::kNotFound, "FILE_UNREADABLE",
                fmt::format("{} cannot be read or is empty", options.bundle.string()), "--bundle");
  }
  TrustStore trust({root});
  auto accepted = trust.AcceptBundle(text.str());
  if (accepted) return trust.bundle();
  accepted.error().field = "--bundle";
  return tl::unexpected(std::move(accepted).error());
}

Result<RebuildReport> MakeStore(const LogFolder& log, const RebuildOptions& options,
                                const fs::path& folder) {
  YIMA_ASSIGN_OR_RETURN(const auto older, OpenOlder(options.personal_from, log.name().registry));
  const auto snapshot = older ? older->Read() : nullptr;
  store::SqliteOptions settings;
  settings.create = true;
  settings.now = ReplayedTime;
  YIMA_ASSIGN_OR_RETURN(const auto store, store::OpenSqliteStore(folder / kStore, settings));
  return Rebuild(log, *store, snapshot.get());
}

Result<void> AddFile(PartFolder& part, BackupManifest& manifest, const std::string& name) {
  YIMA_ASSIGN_OR_RETURN(manifest.files.emplace_back(), DescribeFile(part.path(), name));
  return {};
}

struct Made {
  RebuildReport report;
  std::optional<TrustBundle> bundle;
};

/// What is made is a backup, so that it is served under another epoch only: the export may be older
/// than what was signed since.
Result<Made> MakeBackupOf(const RebuildOptions& options) {
  YIMA_RETURN_IF_ERROR(CheckVacant(options.data));
  YIMA_ASSIGN_OR_RETURN(const auto log, LogFolder::Open(options.from));
  YIMA_ASSIGN_OR_RETURN(const auto bundle, BundleOf(options));
  YIMA_RETURN_IF_ERROR(VerifyLogFolder(log, bundle ? &*bundle : nullptr));
  YIMA_ASSIGN_OR_RETURN(auto part, PartFolder::Begin(options.data, "--data"));
  YIMA_ASSIGN_OR_RETURN(auto report, MakeStore(log, options, part.path()));
  YIMA_RETURN_IF_ERROR(store::SyncFile(part.path() / kStore));
  BackupManifest manifest;
  manifest.registry = report.registry.id();
  manifest.epoch = report.registry.epoch();
  manifest.time = Now();
  manifest.log_size = report.entries;
  YIMA_ASSIGN_OR_RETURN(manifest.schema, store::SchemaOf(part.path() / kStore));
  YIMA_RETURN_IF_ERROR(AddFile(part, manifest, kStore));
  if (!options.keys.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto keys, KeyFilesIn(options.keys));
    for (const auto& name : keys) {
      YIMA_RETURN_IF_ERROR(part.Copy(options.keys / name, "keys/" + name));
      YIMA_RETURN_IF_ERROR(AddFile(part, manifest, "keys/" + name));
    }
  }
  YIMA_RETURN_IF_ERROR(part.Write(kManifestName, manifest.ToText()));
  YIMA_RETURN_IF_ERROR(part.Publish());
  return Made{std::move(report), bundle};
}

void Print(const RebuildOptions& options, const RebuildReport& report) {
  if (options.json) {
    const nlohmann::ordered_json object = {{"registry", report.registry.id()},
                                           {"epoch", report.registry.epoch()},
                                           {"logSize", fmt::to_string(report.entries)},
                                           {"joined", fmt::to_string(report.joined)},
                                           {"erased", fmt::to_string(report.erased)},
                                           {"files", fmt::to_string(report.files.joined)},
                                           {"filesErased", fmt::to_string(report.files.erased)},
                                           {"judgedByBundle", !options.bundle.empty()}};
    fmt::print("{}\n", object.dump());
    return;
  }
  fmt::print(fmt::runtime(Say("登记库 {} 已由 {} 条日志重建：补回个人信息与签名 {} 项，缺 {} 项\n"
                              "下一步：yimad check --data {}；yimad restore {} 恢复为下一纪元\n",
                              "registry {} is made anew from {} entries, with {} personal values "
                              "and signatures; {} are missing\n"
                              "next: yimad check --data {}; yimad restore {} makes the next epoch "
                              "of it\n")),
             report.registry.id(), report.entries, report.joined, report.erased,
             options.data.string(), options.data.string());
  if (report.files.joined + report.files.erased > 0) {
    fmt::print(fmt::runtime(Say("附件补回 {} 个，缺 {} 个（记为已清除，可重新上传）\n",
                                "{} files are given back, {} are missing: these read as erased, "
                                "and can be uploaded again\n")),
               report.files.joined, report.files.erased);
  }
}

/// The log vouched for itself.
void WarnWithoutBundle(const RebuildOptions& options) {
  if (!options.bundle.empty()) return;
  fmt::print(
      stderr, "{}\n",
      Say("注意：未给 --bundle，检查点只按日志自述的密钥核对；日志是否被整个替换，请以信任包核实",
          "warning: without --bundle the checkpoint was judged by the keys that the log "
          "itself names: a log that was made up as a whole would pass"));
}

/// The log of the epoch before is whole too, and not the one that is believed now.
void WarnOfEarlierEpoch(const Made& made) {
  if (!made.bundle || made.report.registry.epoch() >= made.bundle->epoch) return;
  fmt::print(stderr,
             fmt::runtime(Say("注意：日志属纪元 {}，信任包已至纪元 {}：其后的变更不在其中\n",
                              "warning: the log is of epoch {}, the trust bundle of epoch "
                              "{}: what was changed since is not in it\n")),
             made.report.registry.epoch(), made.bundle->epoch);
}

}  // namespace

int RunRebuild(const RebuildOptions& options) {
  const auto made = MakeBackupOf(options);
  if (!made) return Complain(made.error());
  Print(options, made->report);
  WarnWithoutBundle(options);
  WarnOfEarlierEpoch(*made);
  return kDone;
}

}  // namespace yima::server
