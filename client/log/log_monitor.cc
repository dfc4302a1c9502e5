#include "client/log/log_monitor.h"

#include <algorithm>

#include <fmt/format.h>
#include <sodium.h>

#include "client/log/fast_hash.h"
#include "client/trust_dir.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

Result<std::vector<TreeHash>> ProofIn(const v1::GetConsistencyProofResponse& answer) {
  std::vector<TreeHash> proof;
  for (const auto& hash : answer.hashes()) {
    if (hash.size() != sizeof(TreeHash)) {
      return Fail(
          StatusCode::kDataLoss, "PROOF_WRONG",
          fmt::format("a hash of the proof has {} bytes, want {}", hash.size(), sizeof(TreeHash)));
    }
    std::ranges::copy(hash, proof.emplace_back().begin());
  }
  return proof;
}

std::string HexLines(const std::vector<TreeHash>& hashes) {
  std::string text;
  for (const auto& hash : hashes) text += ToHex(hash) + "\n";
  return text;
}

bool MayNotRead(const Error& error) {
  return error.code == StatusCode::kPermissionDenied || error.code == StatusCode::kUnauthenticated;
}

Result<VerifiedTiles> TilesOf(const ServerLog& source, const KnownLog& log) {
  return VerifiedTiles::Open(
      log.checkpoint.size, log.checkpoint.root,
      [&source](const Tile& tile) { return source.Read(tile); }, FastHashChildren);
}

}  // namespace

tl::unexpected<Error> LogMonitor::Alarm(const char* reason, std::string_view what,
                                        const KnownLog& kept, const KnownLog& now,
                                        const std::string& more) const {
  std::string evidence = fmt::format("seen before:\n\n{}\nseen now:\n\n{}\n", kept.note, now.note);
  if (!more.empty()) evidence += fmt::format("what was said to prove it:\n\n{}", more);
  std::array<uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(evidence.data()),
                     evidence.size());
  const fs::path file = Folder(now) / ("log-evidence-" + ToHex(hash).substr(0, 16));
  const auto written = ReplaceFile(file, evidence);
  const std::string where = written
                                ? fmt::format("both checkpoints, signed, are in {}", file.string())
                                : fmt::format("keep these, which could not be written ({}):\n{}",
                                              written.error().message, evidence);
  return Fail(StatusCode::kFailedPrecondition, reason, fmt::format("{}; {}", what, where));
}

Result<std::optional<KnownLog>> LogMonitor::Kept(const KnownLog& now) const {
  const fs::path file = Folder(now) / "log";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(std::string note, ReadWholeFile(file));
  // Its signature was judged when it was kept, by keys that may be closed since.
  const auto opened = SignedNote::Parse(note);
  auto checkpoint = opened ? Checkpoint::Parse(opened->text) : tl::unexpected(opened.error());
  const auto name = checkpoint ? LogName::Parse(checkpoint->origin) : std::nullopt;
  if (name && name->registry == now.name.registry) {
    return KnownLog{*name, *std::move(checkpoint), std::move(note), now.bundle};
  }
  return Fail(StatusCode::kDataLoss, "MONITOR_DAMAGED",
              fmt::format("{} is not the checkpoint that was kept; without it the next look is the "
                          "first",
                          file.string()),
              file.string());
}

Result<void> LogMonitor::CheckGrown(const KnownLog& kept, const KnownLog& now) const {
  const Checkpoint& before = kept.checkpoint;
  const Checkpoint& after = now.checkpoint;
  if (after.size < before.size) {
    return Alarm(
        "LOG_SMALLER",
        fmt::format("the log has {} entries, {} were signed before", after.size, before.size), kept,
        now);
  }
  if (after.size == before.size) {
    if (after.root == before.root) return {};
    return Alarm("LOG_FORKED",
                 fmt::format("{} entries were signed with two different roots", after.size), kept,
                 now);
  }
  v1::GetConsistencyProofRequest request;
  request.set_older_size(before.size);
  request.set_newer_size(after.size);
  const auto answer = client_.GetConsistencyProof(request);
  if (!answer && answer.error().reason == "PROOF_RANGE") {
    return Alarm("LOG_SMALLER",
                 fmt::format("the server has signed {} entries and does not have them: {}",
                             after.size, answer.error().message),
                 kept, now);
  }
  if (!answer) return tl::unexpected(answer.error());
  const auto proof = ProofIn(*answer);
  const auto proved =
      proof ? VerifyConsistency(before.size, after.size, *proof, before.root, after.root)
            : tl::unexpected(proof.error());
  if (proved) return {};
  return Alarm("LOG_FORKED",
               fmt::format("the {} entries that were signed before are not the beginning of the {} "
                           "that are signed now: {}",
                           before.size, after.size, proved.error().message),
               kept, now, proof ? HexLines(*proof) : "");
}

/// A restore is rare, so the whole log may be read for it.
Result<std::vector<RestoreSeen>> LogMonitor::RestoresOf(const KnownLog& now,
                                                        VerifiedTiles& tiles) const {
  RestoreFinder finder;
  YIMA_RETURN_IF_ERROR(VisitEntries(ServerLog(client_), tiles, now.checkpoint.size, 0,
                                    now.checkpoint.size,
                                    [&](uint64_t index, std::string_view entry) -> Result<void> {
                                      if (const auto facts = EntryFacts::Of(entry))
                                        finder.Take(index, *facts);
                                      return {};
                                    }));
  auto restores = finder.found();
  for (auto& restore : restores) {
    YIMA_RETURN_IF_ERROR(CheckRestore(now.name.registry, now.bundle.log_keys, tiles, restore));
  }
  return restores;
}

Result<uint64_t> LogMonitor::CheckEpoch(const KnownLog& kept, const KnownLog& now,
                                        MonitorReport& report) const {
  const ServerLog source(client_);
  YIMA_ASSIGN_OR_RETURN(auto tiles, TilesOf(source, now));
  auto restores = RestoresOf(now, tiles);
  if (!restores && MayNotRead(restores.error())) {
    // Who may not read entries sees at least whether all that was signed is still there.
    if (kept.checkpoint.size <= now.checkpoint.size) {
      YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOf(kept.checkpoint.size, tiles.hashes()));
      if (root == kept.checkpoint.root) return kept.checkpoint.size;
    }
    return Alarm("EPOCH_UNPROVEN",
                 fmt::format("the log of epoch {} does not begin with the {} entries that were "
                             "signed in epoch {}, and whether a restore lost some stands in the "
                             "entries, which this caller may not read",
                             now.name.epoch, kept.checkpoint.size, kept.name.epoch),
                 kept, now);
  }
  if (!restores && restores.error().reason == "LOG_DIFFERS") {
    return Alarm("LOG_FORKED", restores.error().message, kept, now);
  }
  if (!restores) return tl::unexpected(restores.error());
  std::erase_if(*restores,
                [&](const RestoreSeen& restore) { return restore.epoch <= kept.name.epoch; });
  if (restores->empty() || restores->back().epoch != now.name.epoch) {
    return Alarm("LOG_FORKED",
                 fmt::format("the log is of epoch {}, and no entry tells of the restore that "
                             "opened it",
                             now.name.epoch),
                 kept, now);
  }
  report.restores = *restores;
  report.branched = restores->front().previous != kept.name.epoch;
  const auto shortest = std::ranges::min_element(*restores, {}, &RestoreSeen::kept);
  if (report.branched || shortest->kept < kept.checkpoint.size) {
    report.lost = report.branched ? 0 : kept.checkpoint.size - shortest->kept;
    report.lost_after_us = shortest->kept_until_us;
    return shortest->kept;
  }
  YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOf(kept.checkpoint.size, tiles.hashes()));
  if (root == kept.checkpoint.root) return kept.checkpoint.size;
  return Alarm("LOG_FORKED",
               fmt::format("the {} entries that were signed in epoch {} were restored as others",
                           kept.checkpoint.size, kept.name.epoch),
               kept, now);
}

Result<MonitorReport> LogMonitor::Look(const EntryVisitor& visit) {
  const ServerLog source(client_);
  YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(trust_).Load());
  YIMA_ASSIGN_OR_RETURN(std::string note, source.Checkpoint());
  YIMA_ASSIGN_OR_RETURN(const auto now, OpenKnownLog(std::move(note), stores));
  YIMA_ASSIGN_OR_RETURN(const auto kept, Kept(now));
  MonitorReport report{now.checkpoint, {}, {}};
  const uint16_t newest = kept ? std::max(now.bundle.epoch, kept->name.epoch) : now.bundle.epoch;
  if (now.name.epoch < newest) {
    return Alarm("EPOCH_BEHIND",
                 fmt::format("the server goes on with the log of epoch {}, the trust bundle is of "
                             "epoch {}",
                             now.name.epoch, now.bundle.epoch),
                 kept.value_or(now), now);
  }
  uint64_t from = now.checkpoint.size;
  if (kept) {
    report.before = kept->checkpoint;
    from = kept->checkpoint.size;
    if (kept->name == now.name) {
      YIMA_RETURN_IF_ERROR(CheckGrown(*kept, now));
    } else {
      YIMA_ASSIGN_OR_RETURN(from, CheckEpoch(*kept, now, report));
    }
  }
  if (visit && from < now.checkpoint.size) {
    YIMA_ASSIGN_OR_RETURN(auto tiles, TilesOf(source, now));
    YIMA_RETURN_IF_ERROR(
        VisitEntries(source, tiles, now.checkpoint.size, from, now.checkpoint.size, visit));
  }
  YIMA_RETURN_IF_ERROR(ReplaceFile(Folder(now) / "log", now.note));
  return report;
}

}  // namespace yima
