#include "client/log/restores.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "client/log/state_bytes.h"
#include "yima/v1/log_entry.pb.h"

namespace yima {
namespace {

/// What `yimad restore` writes: revocations that were published, then the registry's own record.
constexpr std::string_view kRestoring = "yimad/restore";
constexpr size_t kNoteSizeMax = 64 << 10;

tl::unexpected<Error> Differs(const RestoreSeen& restore, std::string_view what) {
  return Fail(
      StatusCode::kFailedPrecondition, "LOG_DIFFERS",
      fmt::format("entry {}, the restore to epoch {}, {}", restore.index, restore.epoch, what));
}

/// Of all keys that the record names only this one is of use, and a hostile log may name thousands.
std::optional<PublicKey> SignerOf(const std::string& note, const v1::Registry& registry) {
  const auto opened = SignedNote::Parse(note, kNoteSizeMax);
  if (!opened) return std::nullopt;
  for (const auto& bytes : registry.log_keys()) {
    PublicKey key{};
    if (bytes.size() != key.size()) continue;
    std::ranges::copy(bytes, key.begin());
    if (opened->IsSignedBy(key)) return key;
  }
  return std::nullopt;
}

uint16_t EpochIn(uint32_t stored) {
  return static_cast<uint16_t>(std::min<uint32_t>(stored, UINT16_MAX));
}

/// The restores that came after an epoch.
std::span<const RestoreSeen> After(uint16_t epoch, const std::vector<RestoreSeen>& restores) {
  const auto first = std::ranges::find_if(
      restores, [&](const RestoreSeen& restore) { return restore.epoch > epoch; });
  return {first, restores.end()};
}

Result<bool> BeginsWith(VerifiedTiles& tiles, const Checkpoint& seen) {
  YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOf(seen.size, tiles.hashes()));
  return root == seen.root;
}

/// So many of what is lost lie beyond what the restore names.
uint64_t UnsaidIn(const RestoreSeen& restore, uint16_t epoch, const WentOver& over) {
  const auto named = restore.last ? LogName::Parse(restore.last->origin) : std::nullopt;
  if (!named || named->epoch < epoch) return over.lost;
  // A later epoch's own restore, lost since, has told of what that one lost.
  if (named->epoch > epoch) return 0;
  return over.known - std::min(over.known, std::max(restore.last->size, over.kept));
}

/// Whether a restore names another root than was seen of as many entries.
bool NamesAnother(const RestoreSeen& restore, const SeenLog& seen) {
  return restore.last && restore.last->origin == seen.checkpoint.origin &&
         restore.last->size == seen.checkpoint.size && restore.last->root != seen.checkpoint.root;
}

}  // namespace

Result<void> RestoreFinder::Take(uint64_t index, const EntryFacts& facts) {
  const bool of_registry = facts.kind == v1::LogEntry::kRegistryFieldNumber;
  if (facts.method != kRestoring) {
    restoring_ = false;
    last_time_ = facts.time_us;
    return of_registry ? CheckCount(index, TakeName(facts.record), found_.size()) : Result<void>();
  }
  if (!restoring_) kept_ = index;
  restoring_ = true;
  if (!of_registry) return {};
  const v1::Registry registry = TakeName(facts.record);
  YIMA_RETURN_IF_ERROR(CheckCount(index, registry, found_.size() + 1));
  const auto& said = registry.restores(registry.restores_size() - 1);
  RestoreSeen restore;
  restore.epoch = EpochIn(said.epoch());
  restore.previous = found_.empty() ? uint16_t{1} : found_.back().epoch;
  restore.time_us = static_cast<uint64_t>(said.time_us());
  restore.index = index;
  restore.kept = kept_;
  restore.kept_until_us = last_time_;
  restore.said_index = said.log_size();
  restore.last_checkpoint = said.last_checkpoint();
  restore.signer = SignerOf(restore.last_checkpoint, registry);
  // As many as there are epochs, then.
  if (restore.epoch <= restore.previous) {
    return Differs(restore, fmt::format("follows on epoch {}", restore.previous));
  }
  found_.push_back(std::move(restore));
  // Another one may follow at once.
  restoring_ = false;
  last_time_ = facts.time_us;
  return {};
}

Result<void> RestoreFinder::CheckCount(uint64_t index, const v1::Registry& registry,
                                       uint64_t wanted) const {
  if (static_cast<uint64_t>(registry.restores_size()) == wanted) return {};
  return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS",
              fmt::format("entry {} names {} restores, want {}: each is named by the entry that it "
                          "ends with, and then stays",
                          index, registry.restores_size(), wanted));
}

v1::Registry RestoreFinder::TakeName(std::string_view record) {
  v1::Registry registry;
  registry.ParseFromArray(record.data(), static_cast<int>(record.size()));
  registry_ = registry.id();
  epoch_ = EpochIn(registry.epoch());
  return registry;
}

void RestoreFinder::AppendTo(std::string& bytes) const {
  AppendText(bytes, registry_);
  for (const uint64_t number :
       {uint64_t{epoch_}, uint64_t{restoring_}, kept_, last_time_, uint64_t{found_.size()}}) {
    AppendNumber(bytes, number);
  }
  for (const RestoreSeen& restore : found_) {
    for (const uint64_t number :
         {uint64_t{restore.epoch}, uint64_t{restore.previous}, restore.time_us, restore.index,
          restore.kept, restore.kept_until_us, restore.said_index}) {
      AppendNumber(bytes, number);
    }
    AppendText(bytes, restore.last_checkpoint);
    AppendText(bytes, restore.signer
                          ? std::string_view(reinterpret_cast<const char*>(restore.signer->data()),
                                             restore.signer->size())
                          : std::string_view());
  }
}

bool RestoreFinder::TakeFrom(std::string_view& bytes) {
  *this = {};
  uint64_t restoring = 0;
  uint64_t count = 0;
  uint64_t own_epoch = 0;
  if (!TakeText(bytes, registry_) || !TakeNumber(bytes, own_epoch) ||
      !TakeNumber(bytes, restoring) || !TakeNumber(bytes, kept_) ||
      !TakeNumber(bytes, last_time_) || !TakeNumber(bytes, count)) {
    return false;
  }
  restoring_ = restoring != 0;
  epoch_ = static_cast<uint16_t>(own_epoch);
  for (; count > 0; --count) {
    RestoreSeen restore;
    uint64_t epoch = 0;
    uint64_t previous = 0;
    std::string signer;
    if (!TakeNumber(bytes, epoch) || !TakeNumber(bytes, previous) ||
        !TakeNumber(bytes, restore.time_us) || !TakeNumber(bytes, restore.index) ||
        !TakeNumber(bytes, restore.kept) || !TakeNumber(bytes, restore.kept_until_us) ||
        !TakeNumber(bytes, restore.said_index) || !TakeText(bytes, restore.last_checkpoint) ||
        !TakeText(bytes, signer) || (!signer.empty() && signer.size() != sizeof(PublicKey))) {
      return false;
    }
    restore.epoch = static_cast<uint16_t>(epoch);
    restore.previous = static_cast<uint16_t>(previous);
    if (!signer.empty()) std::ranges::copy(signer, restore.signer.emplace().begin());
    found_.push_back(std::move(restore));
  }
  return true;
}

Result<void> CheckRestore(const std::string& registry, const std::vector<PublicKey>& log_keys,
                          VerifiedTiles& tiles, RestoreSeen& restore) {
  if (restore.said_index != restore.index) {
    return Differs(restore, fmt::format("says that it is entry {} of its log: it is of another",
                                        restore.said_index));
  }
  if (restore.last_checkpoint.empty()) return {};
  auto keys = log_keys;
  if (restore.signer) keys.push_back(*restore.signer);
  auto last = OpenSignedBy(restore.last_checkpoint, keys);
  if (!last) {
    return Differs(restore,
                   fmt::format("names a checkpoint that does not count: {}", last.error().message));
  }
  const auto name = LogName::Parse(last->origin);
  if (!name || name->registry != registry || name->epoch >= restore.epoch) {
    return Differs(restore, fmt::format("names a checkpoint of log \"{}\", want an earlier epoch "
                                        "of registry {}",
                                        last->origin, registry));
  }
  restore.last = *last;
  // What went another way since the backup has an unknown part in common with this log.
  if (name->epoch != restore.previous) return {};
  if (last->size > restore.kept) {
    restore.lost = last->size - restore.kept;
    return {};
  }
  YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOf(last->size, tiles.hashes()));
  if (root == last->root) return {};
  return Differs(restore, fmt::format("names the root that {} entries of the log before had; the "
                                      "first {} of this log have another",
                                      last->size, last->size));
}

std::optional<uint64_t> KeptOf(uint16_t epoch, const std::vector<RestoreSeen>& restores) {
  const auto after = After(epoch, restores);
  if (after.empty() || after.front().previous != epoch) return std::nullopt;
  return std::ranges::min(after, {}, &RestoreSeen::kept).kept;
}

Result<std::optional<Contradiction>> FindContradiction(const std::vector<SeenLog>& seen,
                                                       const std::vector<RestoreSeen>& restores,
                                                       VerifiedTiles& tiles) {
  for (const SeenLog& one : seen) {
    const uint64_t size = one.checkpoint.size;
    for (const RestoreSeen& restore : restores) {
      if (!NamesAnother(restore, one)) continue;
      return Contradiction{&one, fmt::format("the restore to epoch {} names another root of {} "
                                             "entries of log \"{}\" than was seen",
                                             restore.epoch, size, one.checkpoint.origin)};
    }
    const auto kept = KeptOf(one.name.epoch, restores);
    if (!kept || size > *kept) continue;
    YIMA_ASSIGN_OR_RETURN(const bool begins, BeginsWith(tiles, one.checkpoint));
    if (begins) continue;
    return Contradiction{
        &one, fmt::format("the {} entries that were signed in epoch {} were restored as others",
                          size, one.name.epoch)};
  }
  return std::nullopt;
}

Result<WentOver> GoOver(const SeenLog& before, const std::vector<SeenLog>& seen, uint16_t now,
                        const std::vector<RestoreSeen>& restores, VerifiedTiles& tiles) {
  const uint16_t epoch = before.name.epoch;
  const auto after = After(epoch, restores);
  if (after.empty() || after.back().epoch != now) {
    return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS",
                fmt::format("the log is of epoch {}, and no entry tells of the restore that opened "
                            "it",
                            now));
  }
  WentOver over;
  over.known = before.checkpoint.size;
  over.kept_until_us = std::ranges::min(after, {}, &RestoreSeen::kept).kept_until_us;
  const auto kept = KeptOf(epoch, restores);
  over.branched = !kept;
  if (kept) {
    over.kept = std::min(over.known, *kept);
    over.lost = over.known - over.kept;
    over.unsaid = UnsaidIn(after.front(), epoch, over);
    return over;
  }
  const uint64_t size_max = std::min(over.known, after.back().kept);
  for (const SeenLog& one : seen) {
    if (one.checkpoint.size <= over.kept || one.checkpoint.size > size_max) continue;
    YIMA_ASSIGN_OR_RETURN(const bool begins, BeginsWith(tiles, one.checkpoint));
    if (begins) over.kept = one.checkpoint.size;
  }
  return over;
}

}  // namespace yima
