#include "client/log/log_monitor.h"

#include <algorithm>

#include <fmt/format.h>
#include <sodium.h>

#include "client/log/fast_hash.h"
#include "client/log/state_bytes.h"
#include "client/trust_dir.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSeenMax = 1'024;
constexpr std::string_view kWatchName = "yima-log-watch-1\n";

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

/// Asked again, it may answer: nothing is said of the log.
bool MayPass(const Error& error) {
  switch (error.code) {
    case StatusCode::kCancelled:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kResourceExhausted:
    case StatusCode::kAborted:
    case StatusCode::kUnavailable:
      return true;
    default:
      return false;
  }
}

std::string HashOf(std::string_view text) {
  std::array<uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(text.data()), text.size());
  return ToHex(hash).substr(0, 16);
}

bool ParseWatch(std::string_view bytes, std::string& origin, uint64_t& taken, LogWatch& watch) {
  if (!bytes.starts_with(kWatchName)) return false;
  bytes.remove_prefix(kWatchName.size());
  return TakeText(bytes, origin) && TakeNumber(bytes, taken) && watch.TakeFrom(bytes) &&
         bytes.empty();
}

Result<VerifiedTiles> TilesOf(const ServerLog& source, const KnownLog& log) {
  return VerifiedTiles::Open(
      log.checkpoint.size, log.checkpoint.root,
      [&source](const Tile& tile) { return source.Read(tile); }, FastHashChildren);
}

}  // namespace

std::string LogMonitor::KeepEvidence(std::string evidence, const KnownLog& now) const {
  const fs::path file = Folder(now) / ("log-evidence-" + HashOf(evidence));
  const auto written = ReplaceFile(file, evidence);
  return written ? fmt::format("both checkpoints, signed, are in {}", file.string())
                 : fmt::format("keep these, which could not be written ({}):\n{}",
                               written.error().message, evidence);
}

tl::unexpected<Error> LogMonitor::Alarm(const char* reason, std::string_view what,
                                        const KnownLog& kept, const KnownLog& now,
                                        const std::string& more) const {
  std::string evidence = fmt::format("seen before:\n\n{}\nseen now:\n\n{}\n", kept.note, now.note);
  if (!more.empty()) evidence += fmt::format("what was said to prove it:\n\n{}", more);
  return Fail(StatusCode::kFailedPrecondition, reason,
              fmt::format("{}; {}", what, KeepEvidence(std::move(evidence), now)));
}

tl::unexpected<Error> LogMonitor::Unproven(const Error& said, const KnownLog& kept,
                                           const KnownLog& now) const {
  if (MayPass(said)) return tl::unexpected(said);
  return Alarm("LOG_UNPROVEN",
               fmt::format("{} entries are signed, and what proves them is not given: {}",
                           now.checkpoint.size, said.message),
               kept, now, fmt::format("{}: {}\n", said.reason, said.message));
}

Result<KnownLog> LogMonitor::ReadKept(const fs::path& file, const KnownLog& now) const {
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

Result<std::optional<KnownLog>> LogMonitor::Kept(const KnownLog& now) const {
  const fs::path file = Folder(now) / "log";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  return ReadKept(file, now);
}

Result<std::vector<Checkpoint>> LogMonitor::Seen(const KnownLog& kept) const {
  std::vector<Checkpoint> seen{kept.checkpoint};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Folder(kept) / "log-seen", error)) {
    if (entry.path().filename().string().starts_with('.')) continue;  // half written
    YIMA_ASSIGN_OR_RETURN(auto one, ReadKept(entry.path(), kept));
    if (one.name == kept.name) seen.push_back(std::move(one.checkpoint));
  }
  std::ranges::sort(seen, {}, &Checkpoint::size);
  return seen;
}

/// First among those seen: what was kept once is there to be compared for good.
Result<void> LogMonitor::Keep(const KnownLog& now) const {
  const fs::path seen = Folder(now) / "log-seen";
  std::error_code error;
  fs::create_directories(seen, error);
  // In the order of their sizes: numbers are written with all digits that one may have.
  const fs::path file = seen / fmt::format("{:05}-{:020}", now.name.epoch, now.checkpoint.size);
  if (!fs::exists(file, error)) YIMA_RETURN_IF_ERROR(ReplaceFile(file, now.note));
  YIMA_RETURN_IF_ERROR(ReplaceFile(Folder(now) / "log", now.note));
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(seen, error)) all.push_back(entry.path());
  if (all.size() <= kSeenMax) return {};
  // Every second one of the older half goes.
  std::ranges::sort(all);
  for (size_t i = 1; i < all.size() / 2; i += 2) fs::remove(all[i], error);
  return {};
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
  if (!answer) return Unproven(answer.error(), kept, now);
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
  auto tiles = TilesOf(source, now);
  if (!tiles) return Unproven(tiles.error(), kept, now);
  auto restores = RestoresOf(now, *tiles);
  if (!restores && MayNotRead(restores.error())) {
    // Who may not read entries sees at least whether all that was signed is still there.
    if (kept.checkpoint.size <= now.checkpoint.size) {
      const auto root = RootOf(kept.checkpoint.size, tiles->hashes());
      if (!root) return Unproven(root.error(), kept, now);
      if (*root == kept.checkpoint.root) return kept.checkpoint.size;
    }
    return Alarm("EPOCH_UNPROVEN",
                 fmt::format("the log of epoch {} does not begin with the {} entries that were "
                             "signed in epoch {}, and whether a restore lost some stands in the "
                             "entries, which this caller may not read",
                             now.name.epoch, kept.checkpoint.size, kept.name.epoch),
                 kept, now);
  }
  const auto failed = [&](const Error& error) {
    return error.reason == "LOG_DIFFERS" ? Alarm("LOG_FORKED", error.message, kept, now)
                                         : Unproven(error, kept, now);
  };
  if (!restores) return failed(restores.error());
  YIMA_ASSIGN_OR_RETURN(const auto seen, Seen(kept));
  auto over = GoOver(kept.name.epoch, seen, now.name.epoch, *restores, *tiles);
  if (!over) return failed(over.error());
  std::erase_if(*restores,
                [&](const RestoreSeen& restore) { return restore.epoch <= kept.name.epoch; });
  report.restores = *std::move(restores);
  report.over = *over;
  if (over->lost > 0 || over->branched) {
    report.evidence = KeepEvidence(
        fmt::format("seen before the restore:\n\n{}\nnamed by the restore as the last:\n\n{}\n"
                    "seen now:\n\n{}\n",
                    kept.note, report.restores.front().last_checkpoint, now.note),
        now);
  }
  return over->kept;
}

/// Two parts of the log: what is only taken in, and what is told.
Result<void> LogMonitor::Watch(LogWatch& watch, const WatchTeller& tell, uint64_t from,
                               const KnownLog& kept, const KnownLog& now) const {
  const fs::path file = Folder(now) / ("log-watch-" + HashOf(watch.Key()));
  uint64_t taken = 0;
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    YIMA_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(file));
    std::string origin;
    LogWatch known = watch;
    const bool whole = ParseWatch(bytes, origin, taken, known);
    // Another epoch has other entries, and what is damaged is made anew.
    const bool usable = whole && origin == now.checkpoint.origin && taken <= now.checkpoint.size;
    if (usable) watch = std::move(known);
    if (whole) from = std::min(from, taken);
    if (!usable) taken = 0;
  }
  const ServerLog source(client_);
  const uint64_t size = now.checkpoint.size;
  std::optional<Error> refused;
  const auto visit = [&](uint64_t index, std::string_view bytes, bool told) -> Result<void> {
    v1::LogEntry entry;
    const bool parses = entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    auto concerns = parses ? watch.Take(entry) : LogWatch::Told{true, {}};
    if (!told || !concerns.concerns) return {};
    const auto done = tell({index, bytes, std::move(concerns.left)});
    if (!done) refused = done.error();
    return done;
  };
  if (taken < size) {
    auto tiles = TilesOf(source, now);
    if (!tiles) return Unproven(tiles.error(), kept, now);
    const auto read = [&](uint64_t begin, uint64_t end, bool told) {
      return VisitEntries(
          source, *tiles, size, begin, end,
          [&](uint64_t index, std::string_view bytes) { return visit(index, bytes, told); });
    };
    auto done = read(std::min(taken, from), from, false);
    if (done && watch.again()) {
      watch.BeginAgain();
      done = read(0, from, false);
    }
    if (done) done = read(from, size, true);
    if (!done && refused) return tl::unexpected(*refused);
    if (!done && MayNotRead(done.error())) return tl::unexpected(done.error());
    if (!done) return Unproven(done.error(), kept, now);
  }
  YIMA_RETURN_IF_ERROR(watch.CheckFound());
  YIMA_RETURN_IF_ERROR(Keep(now));
  // Who came to be watched just now is looked for in all the log the next time.
  if (watch.again()) {
    fs::remove(file, ignored);
    return {};
  }
  std::string bytes(kWatchName);
  AppendText(bytes, now.checkpoint.origin);
  AppendNumber(bytes, size);
  watch.AppendTo(bytes);
  return ReplaceFile(file, bytes);
}

Result<MonitorReport> LogMonitor::Look(LogWatch* watch, const WatchTeller& tell) {
  const ServerLog source(client_);
  YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(trust_).Load());
  YIMA_ASSIGN_OR_RETURN(std::string note, source.Checkpoint());
  YIMA_ASSIGN_OR_RETURN(const auto now, OpenKnownLog(std::move(note), stores));
  YIMA_ASSIGN_OR_RETURN(const auto kept, Kept(now));
  MonitorReport report{now.checkpoint, {}, {}, {}, {}};
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
  if (watch != nullptr && watch->any()) {
    YIMA_RETURN_IF_ERROR(Watch(*watch, tell, from, kept.value_or(now), now));
  } else {
    YIMA_RETURN_IF_ERROR(Keep(now));
  }
  return report;
}

}  // namespace yima
