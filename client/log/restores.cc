#include "client/log/restores.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/log/state_bytes.h"
#include "yima/v1/log_entry.pb.h"

namespace yima {
namespace {

/// What `yimad restore` writes: revocations that were published, then the registry's own record.
constexpr std::string_view kRestoring = "yimad/restore";

tl::unexpected<Error> Differs(const RestoreSeen& restore, std::string_view what) {
  return Fail(
      StatusCode::kFailedPrecondition, "LOG_DIFFERS",
      fmt::format("entry {}, the restore to epoch {}, {}", restore.index, restore.epoch, what));
}

std::vector<PublicKey> KeysOf(const google::protobuf::RepeatedPtrField<std::string>& stored) {
  std::vector<PublicKey> keys;
  for (const auto& bytes : stored) {
    if (bytes.size() == PublicKey{}.size()) std::ranges::copy(bytes, keys.emplace_back().begin());
  }
  return keys;
}

/// So many of what is lost lie beyond what the restore names.
uint64_t UnsaidIn(const RestoreSeen& restore, uint16_t epoch, const WentOver& over) {
  const auto named = restore.last ? LogName::Parse(restore.last->origin) : std::nullopt;
  if (!named || named->epoch < epoch) return over.lost;
  // A later epoch's own restore, lost since, has told of what that one lost.
  if (named->epoch > epoch) return 0;
  return over.known - std::min(over.known, std::max(restore.last->size, over.kept));
}

tl::unexpected<Error> OtherThanSeen(std::string message) {
  return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS", std::move(message));
}

/// Of one size, what was seen and what the restore names must be one tree.
Result<void> CheckNamed(const RestoreSeen& restore, const std::vector<Checkpoint>& seen) {
  if (!restore.last) return {};
  for (const Checkpoint& one : seen) {
    if (one.origin != restore.last->origin || one.size != restore.last->size) continue;
    if (one.root == restore.last->root) continue;
    return Differs(restore, fmt::format("names another root of {} entries of log \"{}\" than was "
                                        "seen",
                                        one.size, one.origin));
  }
  return {};
}

}  // namespace

void RestoreFinder::Take(uint64_t index, const EntryFacts& facts) {
  if (facts.method != kRestoring) {
    restoring_ = false;
    last_time_ = facts.time_us;
    if (facts.kind == v1::LogEntry::kRegistryFieldNumber) TakeName(facts.record);
    return;
  }
  if (!restoring_) kept_ = index;
  restoring_ = true;
  if (facts.kind != v1::LogEntry::kRegistryFieldNumber) return;
  const v1::Registry registry = TakeName(facts.record);
  for (int i = static_cast<int>(known_); i < registry.restores_size(); ++i) {
    const auto& said = registry.restores(i);
    RestoreSeen restore;
    restore.epoch = static_cast<uint16_t>(said.epoch());
    restore.previous =
        i == 0 ? uint16_t{1} : static_cast<uint16_t>(registry.restores(i - 1).epoch());
    restore.time_us = static_cast<uint64_t>(said.time_us());
    restore.index = index;
    restore.kept = kept_;
    restore.kept_until_us = last_time_;
    restore.said_index = said.log_size();
    restore.last_checkpoint = said.last_checkpoint();
    restore.log_keys = KeysOf(registry.log_keys());
    found_.push_back(std::move(restore));
  }
  known_ = static_cast<uint64_t>(registry.restores_size());
  // Another one may follow at once.
  restoring_ = false;
  last_time_ = facts.time_us;
}

v1::Registry RestoreFinder::TakeName(std::string_view record) {
  v1::Registry registry;
  registry.ParseFromArray(record.data(), static_cast<int>(record.size()));
  registry_ = registry.id();
  epoch_ = static_cast<uint16_t>(registry.epoch());
  return registry;
}

void RestoreFinder::AppendTo(std::string& bytes) const {
  AppendText(bytes, registry_);
  for (const uint64_t number : {uint64_t{epoch_}, known_, uint64_t{restoring_}, kept_, last_time_,
                                uint64_t{found_.size()}}) {
    AppendNumber(bytes, number);
  }
  for (const RestoreSeen& restore : found_) {
    for (const uint64_t number :
         {uint64_t{restore.epoch}, uint64_t{restore.previous}, restore.time_us, restore.index,
          restore.kept, restore.kept_until_us, restore.said_index}) {
      AppendNumber(bytes, number);
    }
    AppendText(bytes, restore.last_checkpoint);
    AppendNumber(bytes, restore.log_keys.size());
    for (const auto& key : restore.log_keys) bytes.append(key.begin(), key.end());
  }
}

bool RestoreFinder::TakeFrom(std::string_view& bytes) {
  *this = {};
  uint64_t restoring = 0;
  uint64_t count = 0;
  uint64_t own_epoch = 0;
  if (!TakeText(bytes, registry_) || !TakeNumber(bytes, own_epoch) || !TakeNumber(bytes, known_) ||
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
    uint64_t keys = 0;
    if (!TakeNumber(bytes, epoch) || !TakeNumber(bytes, previous) ||
        !TakeNumber(bytes, restore.time_us) || !TakeNumber(bytes, restore.index) ||
        !TakeNumber(bytes, restore.kept) || !TakeNumber(bytes, restore.kept_until_us) ||
        !TakeNumber(bytes, restore.said_index) || !TakeText(bytes, restore.last_checkpoint) ||
        !TakeNumber(bytes, keys) || keys > bytes.size() / sizeof(PublicKey)) {
      return false;
    }
    restore.epoch = static_cast<uint16_t>(epoch);
    restore.previous = static_cast<uint16_t>(previous);
    for (; keys > 0; --keys) {
      std::copy_n(bytes.begin(), sizeof(PublicKey), restore.log_keys.emplace_back().begin());
      bytes.remove_prefix(sizeof(PublicKey));
    }
    found_.push_back(std::move(restore));
  }
  return true;
}

Result<void> CheckRestore(const std::string& registry, const std::vector<PublicKey>& log_keys,
                          VerifiedTiles& tiles, RestoreSeen& restore) {
  if (restore.epoch <= restore.previous) {
    return Differs(restore, fmt::format("follows on epoch {}", restore.previous));
  }
  if (restore.said_index != restore.index) {
    return Differs(restore, fmt::format("says that it is entry {} of its log: it is of another",
                                        restore.said_index));
  }
  if (restore.last_checkpoint.empty()) return {};
  auto keys = log_keys;
  keys.insert(keys.end(), restore.log_keys.begin(), restore.log_keys.end());
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

Result<WentOver> GoOver(uint16_t epoch, const std::vector<Checkpoint>& seen, uint16_t now,
                        std::vector<RestoreSeen> restores, VerifiedTiles& tiles) {
  std::erase_if(restores, [&](const RestoreSeen& restore) { return restore.epoch <= epoch; });
  if (restores.empty() || restores.back().epoch != now) {
    return OtherThanSeen(fmt::format(
        "the log is of epoch {}, and no entry tells of the restore that opened it", now));
  }
  const RestoreSeen& first = restores.front();
  const auto shortest = std::ranges::min_element(restores, {}, &RestoreSeen::kept);
  WentOver over;
  over.known = seen.back().size;
  over.kept = std::min(over.known, shortest->kept);
  over.kept_until_us = shortest->kept_until_us;
  over.branched = first.previous != epoch;
  if (over.branched) return over;
  YIMA_RETURN_IF_ERROR(CheckNamed(first, seen));
  over.lost = over.known - over.kept;
  over.unsaid = UnsaidIn(first, epoch, over);
  for (const Checkpoint& one : seen) {
    if (one.size > over.kept) break;
    YIMA_ASSIGN_OR_RETURN(const TreeHash root, RootOf(one.size, tiles.hashes()));
    if (root == one.root) continue;
    return OtherThanSeen(fmt::format(
        "the {} entries that were signed in epoch {} were restored as others", one.size, epoch));
  }
  return over;
}

}  // namespace yima
