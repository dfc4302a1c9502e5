#include "client/log/log_monitor.h"

#include <algorithm>

#include <fmt/format.h>
#include <sodium.h>

#include "client/log/entry_shape.h"
#include "client/log/fast_hash.h"
#include "client/log/state_bytes.h"
#include "client/trust_dir.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSeenMax = 1'024;
constexpr std::string_view kWatchName = "yima-log-watch-2\n";
/// Of a checkpoint seen, EPOCH-SIZE: numbers with all digits that one may have, so in their order.
constexpr size_t kEpochDigits = 5;
constexpr size_t kSizeDigits = 20;
constexpr size_t kSeenName = kEpochDigits + 1 + kSizeDigits;
constexpr std::string_view kUnfinished = ".tmp";

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

bool IsSeenName(std::string_view name) {
  if (name.size() != kSeenName || name[kEpochDigits] != '-') return false;
  const auto digits = [](std::string_view part) {
    return part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return digits(name.substr(0, kEpochDigits)) && digits(name.substr(kEpochDigits + 1));
}

/// One that a process that was killed was writing.
bool IsUnfinished(std::string_view name) {
  return name.ends_with(kUnfinished) && IsSeenName(name.substr(0, kSeenName));
}

SeenLog SeenOf(const KnownLog& log) { return {log.name, log.checkpoint, log.note}; }

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

tl::unexpected<Error> LogMonitor::Unread(const Error& said, const KnownLog& kept,
                                         const KnownLog& now) const {
  if (MayNotRead(said)) return tl::unexpected(said);
  return said.reason == "LOG_DIFFERS" ? Alarm("LOG_DIFFERS", said.message, kept, now)
                                      : Unproven(said, kept, now);
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

std::vector<SeenLog> LogMonitor::Seen(const KnownLog& kept, MonitorReport& report) const {
  std::vector<SeenLog> seen{SeenOf(kept)};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Folder(kept) / "log-seen", error)) {
    if (!IsSeenName(entry.path().filename().string())) continue;
    const auto one = ReadKept(entry.path(), kept);
    if (!one) {
      report.damaged.push_back(entry.path());
    } else if (one->name.epoch <= kept.name.epoch) {
      seen.push_back(SeenOf(*one));
    }
  }
  std::ranges::sort(report.damaged);
  std::ranges::sort(
      seen, {}, [](const SeenLog& one) { return std::pair(one.name.epoch, one.checkpoint.size); });
  return seen;
}

/// First among those seen: what was kept once is there to be compared for good.
Result<void> LogMonitor::Keep(const KnownLog& now) const {
  const fs::path seen = Folder(now) / "log-seen";
  std::error_code error;
  fs::create_directories(seen, error);
  const fs::path file = seen / fmt::format("{:0{}}-{:0{}}", now.name.epoch, kEpochDigits,
                                           now.checkpoint.size, kSizeDigits);
  if (!fs::exists(file, error)) YIMA_RETURN_IF_ERROR(ReplaceFile(file, now.note));
  YIMA_RETURN_IF_ERROR(ReplaceFile(Folder(now) / "log", now.note));
  std::vector<fs::path> all;
  std::vector<fs::path> unfinished;
  for (const auto& entry : fs::directory_iterator(seen, error)) {
    const std::string name = entry.path().filename().string();
    if (IsSeenName(name)) all.push_back(entry.path());
    if (IsUnfinished(name)) unfinished.push_back(entry.path());
  }
  for (const auto& left : unfinished) fs::remove(left, error);
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

Result<void> LogMonitor::Visit(VerifiedTiles& tiles, uint64_t size, uint64_t from, uint64_t to,
                               const EntryTaker& take) const {
  return VisitEntries(ServerLog(client_), tiles, size, from, to,
                      [&](uint64_t index, std::string_view bytes) -> Result<void> {
                        const auto facts = EntryFacts::Of(bytes);
                        if (facts && IsLogEntry(bytes)) return take(index, bytes, *facts);
                        return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS",
                                    fmt::format("entry {} is no LogEntry", index));
                      });
}

/// A restore is rare, so the whole log may be read for it.
Result<std::vector<RestoreSeen>> LogMonitor::RestoresOf(const KnownLog& now,
                                                        VerifiedTiles& tiles) const {
  RestoreFinder finder;
  YIMA_RETURN_IF_ERROR(Visit(tiles, now.checkpoint.size, 0, now.checkpoint.size,
                             [&](uint64_t index, std::string_view, const EntryFacts& facts) {
                               return finder.Take(index, facts);
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
  const auto seen = Seen(kept, report);
  const auto wrong = FindContradiction(seen, *restores, *tiles);
  if (!wrong) return failed(wrong.error());
  if (*wrong) {
    const SeenLog& one = *(*wrong)->seen;
    return Alarm("LOG_FORKED", (*wrong)->what, {one.name, one.checkpoint, one.note, {}}, now);
  }
  const auto over = GoOver(SeenOf(kept), seen, now.name.epoch, *restores, *tiles);
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

fs::path LogMonitor::WatchFile(const LogWatch& watch, const KnownLog& now) const {
  return Folder(now) / ("log-watch-" + HashOf(watch.Key()));
}

Result<uint64_t> LogMonitor::TakeWatch(LogWatch& watch, uint64_t& from, const KnownLog& kept,
                                       const KnownLog& now) const {
  const fs::path file = WatchFile(watch, now);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return 0;
  YIMA_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(file));
  std::string origin;
  uint64_t taken = 0;
  LogWatch known = watch;
  const bool whole = ParseWatch(bytes, origin, taken, known);
  const auto name = whole ? LogName::Parse(origin) : std::nullopt;
  if (!name) return 0;  // What is damaged is made anew.
  if (*name == now.name) {
    // Beyond what is kept when a run was broken off between the two: then once more.
    if (taken > from) return 0;
    watch = std::move(known);
    from = taken;
    return taken;
  }
  // Another epoch has other entries: only those that it has in common with this one were told.
  auto tiles = TilesOf(ServerLog(client_), now);
  if (!tiles) return Unread(tiles.error(), kept, now);
  const auto restores = RestoresOf(now, *tiles);
  if (!restores) return Unread(restores.error(), kept, now);
  from = std::min({from, taken, KeptOf(name->epoch, *restores).value_or(0)});
  return 0;
}

/// Two parts of the log: what is only taken in, and what is told.
Result<std::string> LogMonitor::Watch(LogWatch& watch, const WatchTeller& tell, uint64_t from,
                                      const KnownLog& kept, const KnownLog& now) const {
  const uint64_t size = now.checkpoint.size;
  std::optional<Error> refused;
  YIMA_ASSIGN_OR_RETURN(const uint64_t taken, TakeWatch(watch, from, kept, now));
  if (taken < size) {
    auto tiles = TilesOf(ServerLog(client_), now);
    if (!tiles) return Unread(tiles.error(), kept, now);
    const auto read = [&](LogWatch& taker, uint64_t begin, uint64_t end, bool told) {
      return Visit(*tiles, size, begin, end,
                   [&](uint64_t index, std::string_view bytes, const EntryFacts&) -> Result<void> {
                     v1::LogEntry entry;
                     entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                     auto concerns = taker.Take(entry);
                     if (!told || !concerns.concerns) return {};
                     const auto done = tell({index, bytes, std::move(concerns.left)});
                     if (!done) refused = done.error();
                     return done;
                   });
    };
    auto done = read(watch, taken, from, false);
    // Names first: what they come to mean further on is told of from `from` on too.
    LogWatch learned = watch;
    if (done) done = read(learned, from, size, false);
    if (done && learned.again()) {
      learned.BeginAgain();
      watch = std::move(learned);
      done = read(watch, 0, from, false);
    }
    if (done) done = read(watch, from, size, true);
    if (!done && refused) return tl::unexpected(*refused);
    if (!done) return Unread(done.error(), kept, now);
  }
  YIMA_RETURN_IF_ERROR(watch.CheckFound());
  std::string bytes(kWatchName);
  AppendText(bytes, now.checkpoint.origin);
  AppendNumber(bytes, size);
  watch.AppendTo(bytes);
  return bytes;
}

Result<MonitorReport> LogMonitor::Look(LogWatch* watch, const WatchTeller& tell,
                                       const ReportTeller& report_to) {
  const ServerLog source(client_);
  YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(trust_).Load());
  YIMA_ASSIGN_OR_RETURN(std::string note, source.Checkpoint());
  YIMA_ASSIGN_OR_RETURN(const auto now, OpenKnownLog(std::move(note), stores));
  YIMA_ASSIGN_OR_RETURN(const auto kept, Kept(now));
  MonitorReport report{now.checkpoint, {}, {}, {}, {}, {}};
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
  const bool watched = watch != nullptr && watch->any();
  std::string state;
  if (watched) {
    YIMA_ASSIGN_OR_RETURN(state, Watch(*watch, tell, from, kept.value_or(now), now));
  }
  if (report_to) YIMA_RETURN_IF_ERROR(report_to(report));
  // The checkpoint last: until then a run that is broken off is done again.
  if (watched) YIMA_RETURN_IF_ERROR(ReplaceFile(WatchFile(*watch, now), state));
  YIMA_RETURN_IF_ERROR(Keep(now));
  return report;
}

}  // namespace yima
