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

}  // namespace

void RestoreFinder::Take(uint64_t index, const EntryFacts& facts) {
  if (facts.method != kRestoring) {
    restoring_ = false;
    last_time_ = facts.time_us;
    return;
  }
  if (!restoring_) kept_ = index;
  restoring_ = true;
  v1::Registry registry;
  if (facts.kind != v1::LogEntry::kRegistryFieldNumber ||
      !registry.ParseFromArray(facts.record.data(), static_cast<int>(facts.record.size()))) {
    return;
  }
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
    restore.last_checkpoint = said.last_checkpoint();
    restore.log_keys = KeysOf(registry.log_keys());
    found_.push_back(std::move(restore));
  }
  known_ = static_cast<uint64_t>(registry.restores_size());
  // Another one may follow at once.
  restoring_ = false;
  last_time_ = facts.time_us;
}

void RestoreFinder::AppendTo(std::string& bytes) const {
  for (const uint64_t number :
       {known_, uint64_t{restoring_}, kept_, last_time_, uint64_t{found_.size()}}) {
    AppendNumber(bytes, number);
  }
  for (const RestoreSeen& restore : found_) {
    for (const uint64_t number :
         {uint64_t{restore.epoch}, uint64_t{restore.previous}, restore.time_us, restore.index,
          restore.kept, restore.kept_until_us}) {
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
  if (!TakeNumber(bytes, known_) || !TakeNumber(bytes, restoring) || !TakeNumber(bytes, kept_) ||
      !TakeNumber(bytes, last_time_) || !TakeNumber(bytes, count)) {
    return false;
  }
  restoring_ = restoring != 0;
  for (; count > 0; --count) {
    RestoreSeen restore;
    uint64_t epoch = 0;
    uint64_t previous = 0;
    uint64_t keys = 0;
    if (!TakeNumber(bytes, epoch) || !TakeNumber(bytes, previous) ||
        !TakeNumber(bytes, restore.time_us) || !TakeNumber(bytes, restore.index) ||
        !TakeNumber(bytes, restore.kept) || !TakeNumber(bytes, restore.kept_until_us) ||
        !TakeText(bytes, restore.last_checkpoint) || !TakeNumber(bytes, keys) ||
        keys > bytes.size() / sizeof(PublicKey)) {
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
  if (restore.last_checkpoint.empty()) return {};
  auto keys = log_keys;
  keys.insert(keys.end(), restore.log_keys.begin(), restore.log_keys.end());
  const auto last = OpenSignedBy(restore.last_checkpoint, keys);
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

}  // namespace yima
