#include "server/backup/rebuild.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "codegen/code/tile_tree.h"
#include "server/backup/entry_form.h"
#include "server/backup/published.h"
#include "server/domain/batch_items.h"
#include "server/domain/domain.h"
#include "server/log/tree_hash.h"
#include "server/log/tree_keeper.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// Tiles of the tree stand in the change too.
constexpr size_t kEntriesMax = 900;
constexpr size_t kTimeBytes = 9;

std::atomic<TimeUs> replayed_time = 0;

tl::unexpected<Error> Differs(std::string message) {
  return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS", std::move(message), "--from");
}

/// The trust bundle says by which keys it must be signed, or the log itself where there is none.
bool IsSigned(const LogFolder& log, const v1::Registry& registry, const TrustBundle* bundle) {
  const auto note = SignedNote::Parse(log.note());
  const auto keys = bundle != nullptr ? bundle->log_keys : KeysOf(registry.log_keys());
  return note &&
         std::ranges::any_of(keys, [&](const PublicKey& key) { return note->IsSignedBy(key); });
}

Result<void> Parse(uint64_t index, std::string_view bytes, v1::LogEntry& entry) {
  if (IsWellFormedEntry(bytes) &&
      entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return {};
  }
  return Differs(fmt::format("entry {} is no LogEntry", index));
}

class Replay {
 public:
  Replay(const LogFolder& log, store::Store& store, const store::Snapshot* older)
      : log_(log), store_(store), older_(older) {}

  Result<RebuildReport> Run() {
    YIMA_RETURN_IF_ERROR(
        log_.Visit([this](uint64_t index, std::string_view entry) { return Take(index, entry); }));
    YIMA_RETURN_IF_ERROR(Flush());
    YIMA_RETURN_IF_ERROR(EndTree());
    YIMA_ASSIGN_OR_RETURN(report_.files,
                          JoinFiles(store_, older_, report_.registry.epoch(), time_));
    YIMA_RETURN_IF_ERROR(CountErased());
    report_.entries = log_.checkpoint().size;
    return std::move(report_);
  }

 private:
  Result<void> Take(uint64_t index, std::string_view bytes) {
    v1::LogEntry entry;
    YIMA_RETURN_IF_ERROR(Parse(index, bytes, entry));
    const auto time = static_cast<TimeUs>(entry.time_us());
    if (time < time_) return Differs(fmt::format("entry {} is older than the one before", index));
    // A commit has one time, and gives it to all its entries.
    if (time != time_ || entries_.size() == kEntriesMax) YIMA_RETURN_IF_ERROR(Flush());
    time_ = time;
    index_ = index;
    bytes_ = bytes;
    switch (entry.record_case()) {
      case v1::LogEntry::kFacility:
        return Put(entry.facility().uid(), entry.revision(), *entry.mutable_facility());
      case v1::LogEntry::kCode:
        return Put(entry.code().serial(), entry.revision(), *entry.mutable_code());
      case v1::LogEntry::kOrganization:
        return Put(entry.organization().id(), entry.revision(), *entry.mutable_organization());
      case v1::LogEntry::kFacilityClass:
        return Put(ClassId(entry.facility_class().code()), entry.revision(),
                   *entry.mutable_facility_class());
      case v1::LogEntry::kBatchRecord:
        return PutBatch(entry);
      case v1::LogEntry::kRegistry:
        report_.registry = entry.registry();
        return Put(kRegistryId, entry.revision(), *entry.mutable_registry());
      case v1::LogEntry::kPrincipalRecord:
        return Put(entry.principal_record().id(), entry.revision(),
                   *entry.mutable_principal_record());
      case v1::LogEntry::kBlankRange:
        return Put(entry.blank_range().id(), entry.revision(), *entry.mutable_blank_range());
      case v1::LogEntry::kStockTake:
        return Put(entry.stock_take().id(), entry.revision(), *entry.mutable_stock_take());
      case v1::LogEntry::kClaim:
        return Put(entry.claim().id(), entry.revision(), *entry.mutable_claim());
      case v1::LogEntry::kNotice:
        return Put(entry.notice().id(), entry.revision(), *entry.mutable_notice());
      case v1::LogEntry::kObjection:
        return Put(entry.objection().id(), entry.revision(), *entry.mutable_objection());
      case v1::LogEntry::kOffer:
        return Put(entry.offer().id(), entry.revision(), *entry.mutable_offer());
      case v1::LogEntry::kOrder:
        return Put(entry.order().id(), entry.revision(), *entry.mutable_order());
      case v1::LogEntry::kRightsRules:
        return Put(entry.rights_rules().id(), entry.revision(), *entry.mutable_rights_rules());
      default:
        return Fail(
            StatusCode::kFailedPrecondition, "LOG_KIND_UNKNOWN",
            fmt::format("entry {} holds a record of a kind that this program does not know", index),
            "--from");
    }
  }

  /// Records of classes do not hold their id: they were numbered as they came.
  uint64_t ClassId(const std::string& code) {
    return class_ids_.emplace(code, class_ids_.size() + 1).first->second;
  }

  /// Where a running batch stood is not in the log: it reads as it was when it began.
  Result<void> PutBatch(v1::LogEntry& entry) {
    const v1::Batch batch = entry.batch_record();
    YIMA_RETURN_IF_ERROR(Put(batch.id(), entry.revision(), *entry.mutable_batch_record()));
    if (entry.revision() == 1 && batch.state() == v1::BATCH_STATE_RUNNING) {
      writer_.PutUnlogged(store::Kind::kBatchCursor, batch.id(), 0,
                          batch.counts().SerializeAsString());
      entries_.emplace_back();
    }
    return {};
  }

  template <typename R>
  Result<void> Put(uint64_t id, uint64_t revision, R& record) {
    const store::Kind kind = ChangeWriter::KindOf(record);
    if (pending_.contains({kind, id})) YIMA_RETURN_IF_ERROR(Flush());
    pending_.emplace(kind, id);
    YIMA_RETURN_IF_ERROR(Join(id, record));
    if (revision == 1) {
      writer_.Create(id, record);
    } else {
      if (!snapshot_) snapshot_ = store_.Read();
      YIMA_ASSIGN_OR_RETURN(const auto before, Get<R>(*snapshot_, id));
      if (!before || before->revision + 1 != revision) {
        return Differs(fmt::format("entry {} makes revision {} of a record that is at {}", index_,
                                   revision, before ? before->revision : 0));
      }
      writer_.Replace(id, before->revision, before->record, record);
    }
    entries_.emplace_back(bytes_.substr(kTimeBytes));
    AddLeaf(FastHashLeaf(bytes_), index_, tree_, tiles_);
    return {};
  }

  /// Gives back withheld values that the older store still has.
  template <typename R>
  Result<void> Join(uint64_t id, R& record) {
    bool any = false;
    EachWithheld(record, [&](v1::Withheld&) { any = true; });
    if (!any || older_ == nullptr) return {};
    YIMA_ASSIGN_OR_RETURN(auto known, Get<R>(*older_, id));
    if (!known) return {};
    std::map<std::string, v1::Withheld> values;
    EachWithheld(known->record, [&](v1::Withheld& withheld) {
      if (HashFits(withheld)) values[withheld.hash()] = withheld;
    });
    EachWithheld(record, [&](v1::Withheld& withheld) {
      const auto found = values.find(withheld.hash());
      if (found != values.end()) withheld = found->second;
    });
    return {};
  }

  Result<void> Flush() {
    if (entries_.empty()) return {};
    store::Change change = writer_.Take();
    // The entries are kept as they are: they are what was hashed.
    for (size_t i = 0; i < entries_.size(); ++i) change.puts[i].entry = std::move(entries_[i]);
    std::ranges::move(tiles_.puts, std::back_inserter(change.puts));
    tiles_.puts.clear();
    entries_.clear();
    pending_.clear();
    snapshot_.reset();
    replayed_time = time_;
    return Refused(Settled(store::ApplyAndWait(store_, std::move(change))));
  }

  Result<void> Refused(Result<void> applied) const {
    if (applied || applied.error().code != StatusCode::kInternal) return applied;
    return Differs(fmt::format("the entries up to {} do not go together: {}", index_,
                               applied.error().message));
  }

  Result<void> EndTree() {
    tree_.checkpoint = log_.checkpoint();
    tree_.note = log_.note();
    store::Change change;
    change.puts.push_back({store::Kind::kTreeHead, kTreeHeadId, 0, tree_.Serialize(), {}});
    return Settled(store::ApplyAndWait(store_, std::move(change)));
  }

  /// Of the records as they are now.
  Result<void> CountErased() {
    const auto snapshot = store_.Read();
    YIMA_RETURN_IF_ERROR(CountErasedOf<v1::Facility>(*snapshot));
    YIMA_RETURN_IF_ERROR(CountErasedOf<v1::Code>(*snapshot));
    YIMA_RETURN_IF_ERROR(CountErasedOf<v1::Organization>(*snapshot));
    return CountErasedOf<v1::Principal>(*snapshot);
  }
  template <typename R>
  Result<void> CountErasedOf(const store::Snapshot& snapshot) {
    return snapshot.Scan(ChangeWriter::KindOf(R{}), 0, {},
                         [&](uint64_t, uint64_t, std::string_view bytes) {
                           R record;
                           record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                           EachWithheld(record, [&](v1::Withheld& withheld) {
                             ++(withheld.value().empty() ? report_.erased : report_.joined);
                           });
                           return true;
                         });
  }

  const LogFolder& log_;
  store::Store& store_;
  const store::Snapshot* older_;
  ChangeWriter writer_{Call{}, ""};   ///< Its entries are not used.
  std::vector<std::string> entries_;  ///< One for each put of the writer.
  std::set<std::pair<store::Kind, uint64_t>> pending_;
  std::unique_ptr<store::Snapshot> snapshot_;
  std::map<std::string, uint64_t> class_ids_;
  TreeHead tree_;
  store::Change tiles_;
  TimeUs time_ = 0;
  uint64_t index_ = 0;
  std::string_view bytes_;
  RebuildReport report_;
};

}  // namespace

TimeUs ReplayedTime() { return replayed_time; }

Result<v1::Registry> VerifyLogFolder(const LogFolder& log, const TrustBundle* bundle) {
  if (bundle != nullptr && bundle->registry != log.name().registry) {
    return Fail(StatusCode::kFailedPrecondition, "NOTE_FOREIGN",
                fmt::format("the trust bundle is of registry {}, the log of {}", bundle->registry,
                            log.name().registry),
                "--bundle");
  }
  if (bundle != nullptr && log.name().epoch > bundle->epoch) {
    return Fail(
        StatusCode::kFailedPrecondition, "EPOCH_AHEAD",
        fmt::format("the log is of epoch {}, the trust bundle of epoch {}: it counts once a "
                    "bundle names it",
                    log.name().epoch, bundle->epoch),
        "--bundle");
  }
  TileTree tree(FastHashChildren);
  std::string last;
  Result<void> formed;
  const auto visited = log.Visit([&](uint64_t index, std::string_view bytes) -> Result<void> {
    YIMA_RETURN_IF_ERROR(tree.Append(FastHashLeaf(bytes), {}));
    v1::LogEntry entry;
    if (formed) formed = Parse(index, bytes, entry);
    if (entry.has_registry()) last = entry.registry().SerializeAsString();
    return {};
  });
  if (!visited) return tl::unexpected(visited.error());
  if (tree.Root() != log.checkpoint().root) {
    return Differs(
        fmt::format("the root that is signed for {} entries is not theirs", log.checkpoint().size));
  }
  if (!formed) return tl::unexpected(formed.error());
  v1::Registry registry;
  registry.ParseFromString(last);
  if (registry.id() == log.name().registry && registry.epoch() == log.name().epoch &&
      IsSigned(log, registry, bundle)) {
    return registry;
  }
  return Fail(StatusCode::kFailedPrecondition, "CHECKPOINT_FOREIGN",
              fmt::format("the checkpoint of \"{}\" is not signed by a log key of the {}",
                          log.checkpoint().origin,
                          bundle != nullptr ? "trust bundle, or its entries are of another log"
                                            : "registry that its entries are of"),
              "--from");
}

Result<RebuildReport> Rebuild(const LogFolder& log, store::Store& store,
                              const store::Snapshot* older) {
  return Replay(log, store, older).Run();
}

}  // namespace yima::server
