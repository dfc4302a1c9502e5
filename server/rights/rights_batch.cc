#include "server/rights/rights_batch.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "server/domain/entry_view.h"
#include "server/registry/facility_rules.h"
#include "server/registry/life.h"
#include "server/registry/outcomes.h"
#include "server/rights/right_of.h"

namespace yima::server {
namespace {

/// Facilities that a dry run lists, and that a refusal names.
constexpr int kListedMax = 10'000;
constexpr size_t kNamedMax = 20;

/// Facilities that entries from there on are of, or are of a code of.
Result<std::set<uint64_t>> TouchedSince(const Call& call, const store::Snapshot& snapshot,
                                        uint64_t from) {
  std::set<uint64_t> touched;
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(from, [&](const store::LogRecord& record) {
    const auto entry = ViewEntry(record.entry);
    if (entry && entry->kind == store::Kind::kFacility) {
      const auto id = RecordIdIn(*entry, snapshot);
      if (id) touched.insert(*id);
    } else if (entry && entry->kind == store::Kind::kCode) {
      v1::Code code;
      code.ParseFromArray(entry->record.data(), static_cast<int>(entry->record.size()));
      touched.insert(code.facility());
    }
    return !call.cancelled();
  }));
  if (call.cancelled()) return CallEnded();
  touched.erase(0);
  return touched;
}

/// The record as the log had it with that many entries; nothing when it had none.
Result<std::optional<v1::Facility>> AsOf(const store::Snapshot& snapshot, uint64_t uid,
                                         uint64_t log_size) {
  std::optional<v1::Facility> facility;
  YIMA_RETURN_IF_ERROR(snapshot.ScanHistory(
      store::Kind::kFacility, uid, log_size, [&](const store::LogRecord& record) {
        if (const auto entry = ViewEntry(record.entry)) {
          facility.emplace().ParseFromArray(entry->record.data(),
                                            static_cast<int>(entry->record.size()));
        }
        return false;
      }));
  return facility;
}

std::string NameOf(const v1::Facility& facility) {
  if (facility.codes().empty()) return fmt::format("facility {}", facility.uid());
  return facility.codes(facility.codes_size() - 1).digits();
}

/// What became of one in the list of a filter; empty when nothing did.
Result<std::string> InWords(const FacilityMatcher& matcher, const store::Snapshot& snapshot,
                            uint64_t uid, uint64_t log_size) {
  YIMA_ASSIGN_OR_RETURN(const auto now, Get<v1::Facility>(snapshot, uid));
  YIMA_ASSIGN_OR_RETURN(const auto then, AsOf(snapshot, uid, log_size));
  bool is = false;
  bool was = false;
  if (now) {
    YIMA_ASSIGN_OR_RETURN(is, matcher.Takes(snapshot, now->record));
  }
  if (then) {
    YIMA_ASSIGN_OR_RETURN(was, matcher.Takes(snapshot, *then));
  }
  if (!is && !was) return std::string();
  return fmt::format("{} ({})", NameOf(now ? now->record : *then),
                     is && was ? "changed"
                     : is      ? "new"
                               : "gone");
}

}  // namespace

tl::unexpected<Error> FilterResultChanged(const Call& call, const FacilityMatcher& matcher,
                                          const store::Snapshot& snapshot, uint64_t log_size,
                                          std::string_view field) {
  std::vector<std::string> named;
  size_t others = 0;
  if (log_size > 0) {
    auto touched = TouchedSince(call, snapshot, log_size);
    if (!touched) return tl::unexpected(std::move(touched).error());
    for (const uint64_t uid : *touched) {
      auto words = InWords(matcher, snapshot, uid, log_size);
      if (!words) return tl::unexpected(std::move(words).error());
      if (words->empty()) continue;
      if (named.size() < kNamedMax) {
        named.push_back(*std::move(words));
      } else {
        ++others;
      }
    }
  }
  std::string what = named.empty() ? "" : fmt::format(": {}", fmt::join(named, ", "));
  if (others > 0) what += fmt::format(" and {} more", others);
  return Fail(
      StatusCode::kFailedPrecondition, "FILTER_RESULT_CHANGED",
      fmt::format("the filter finds something else than in the dry run{}; look again", what),
      std::string(field));
}

Result<void> RightsBatch::CheckRequest() {
  if (target_.target_case() == v1::RightsTarget::TARGET_NOT_SET) {
    return Invalid("TARGET_MISSING", "neither facility nor filter says whose rights", "target");
  }
  YIMA_RETURN_IF_ERROR(CheckKinds(target_.kinds(), "target.kinds"));
  v1::FacilityFilter filter = target_.filter();
  if (target_.has_facility()) filter.add_uids(target_.facility());
  YIMA_ASSIGN_OR_RETURN(matcher_, FacilityMatcher::Parse(call_, filter, "target.filter"));
  source_ =
      target_.has_facility() ? fmt::format("facility {}", target_.facility()) : matcher_->InWords();
  return {};
}

Result<void> RightsBatch::Visit(const store::Snapshot& snapshot,
                                const FacilityVisitor& visit) const {
  if (!target_.has_facility()) return VisitFiltered(call_, *matcher_, snapshot, visit);
  YIMA_ASSIGN_OR_RETURN(const auto read,
                        FindFacility(snapshot, target_.facility(), "target.facility"));
  YIMA_RETURN_IF_ERROR(CheckReach(call_, read.record, "target.facility"));
  YIMA_RETURN_IF_ERROR(CheckNotWithdrawn(read.record, "target.facility"));
  return visit(read.revision, read.record);
}

Result<void> RightsBatch::CheckFrozen(const store::Snapshot& snapshot) const {
  if (run_.frozen_hash().empty()) return {};
  ListHash found;
  YIMA_RETURN_IF_ERROR(
      Visit(snapshot, [&](uint64_t revision, const v1::Facility& facility) -> Result<void> {
        found.Add(facility.uid(), revision);
        return {};
      }));
  if (found.Finish() == run_.frozen_hash()) return {};
  return FilterResultChanged(call_, *matcher_, snapshot, run_.frozen_log_size());
}

Result<uint64_t> RightsBatch::NewId(store::Kind kind) {
  if (run_.dry_run()) return 1;
  return domain_.numbers.NewId(kind);
}

/// Whether the facility was changed; what became of it stands in the item and in the counts.
Result<bool> RightsBatch::CountedStep(const store::Snapshot& snapshot, v1::Facility& facility,
                                      BatchItem& item, ChangeWriter& writer,
                                      v1::BatchCounts& counts) {
  auto rights = Step(snapshot, facility, writer);
  if (!rights && EndsABatch(rights.error())) return tl::unexpected(std::move(rights).error());
  if (!rights) {
    item.Refuse(rights.error().reason);
    refusal_ = std::move(rights).error();
    return false;
  }
  if (*rights == 0) {
    item.outcome = ItemOutcome::kUnchanged;
    counts.set_unchanged(counts.unchanged() + 1);
    return false;
  }
  counts.set_created(counts.created() + *rights);
  counts.set_updated(counts.updated() + 1);
  facility.set_update_time_us(domain_.now());
  return true;
}

Result<void> RightsBatch::Do(const store::Snapshot& snapshot, const Read<v1::Facility>& facility,
                             BatchItem& item, ChangeWriter& writer, v1::BatchCounts& counts) {
  v1::Facility after = facility.record;
  YIMA_ASSIGN_OR_RETURN(const bool changed, CountedStep(snapshot, after, item, writer, counts));
  if (changed) writer.Replace(item.facility, facility.revision, facility.record, after);
  return {};
}

/// What would be done, from one snapshot.
Result<v1::RightsProgress> RightsBatch::LookAt(const store::Snapshot& snapshot) {
  ListHash hash;
  v1::BatchCounts counts;
  v1::RightsProgress progress;
  YIMA_RETURN_IF_ERROR(MayBegin(snapshot));
  YIMA_RETURN_IF_ERROR(BeginChange(snapshot));
  const auto looked =
      Visit(snapshot, [&](uint64_t revision, const v1::Facility& facility) -> Result<void> {
        hash.Add(facility.uid(), revision);
        Found(facility);
        counts.set_total(counts.total() + 1);
        BatchItem item{facility.uid(), revision};
        v1::Facility after = facility;
        ChangeWriter unused(call_, "");
        YIMA_RETURN_IF_ERROR(CountedStep(snapshot, after, item, unused, counts));
        if (item.outcome == ItemOutcome::kRefused && progress.facilities_size() < kListedMax) {
          AddOutcomes({item}, *progress.mutable_facilities());
        }
        return {};
      });
  if (!looked) return tl::unexpected(looked.error());
  counts.set_done(counts.total());
  progress.MergeFrom(Progress(counts));
  progress.set_frozen_hash(hash.Finish());
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot.LogSize());
  progress.set_frozen_log_size(log_size);
  if (target_.has_facility() && refusal_) return tl::unexpected(*refusal_);
  return progress;
}

Result<uint64_t> RightsBatch::Begin(const store::Snapshot& snapshot, const RequestMark& mark,
                                    v1::BatchKind kind, const std::string& kept) {
  // Looked at before anything is written, so that a refusal leaves nothing behind.
  YIMA_RETURN_IF_ERROR(CheckFrozen(snapshot));
  YIMA_RETURN_IF_ERROR(MayBegin(snapshot));
  if (target_.has_facility()) YIMA_RETURN_IF_ERROR(LookAt(snapshot));
  v1::Batch batch;
  batch.set_kind(kind);
  batch.set_source(source_);
  KeepAsked(kept, batch);
  return BeginFrozen(
      domain_, call_, mark, std::move(batch),
      [&](const ListSink& add) {
        return Visit(snapshot, [&](uint64_t revision, const v1::Facility& facility) {
          Found(facility);
          return add({facility.uid(), revision});
        });
      },
      [&](uint64_t id, ChangeWriter& writer) { return PutWithBatch(id, writer); });
}

Result<void> RightsBatch::Serve(v1::BatchKind kind, const std::string& marked,
                                const std::string& kept) {
  YIMA_RETURN_IF_ERROR(CheckRequest());
  if (run_.dry_run()) {
    // Told when the snapshot is no longer held: a client that does not read must not hold it.
    auto progress = LookAt(*domain_.store.Read());
    if (!progress) return tl::unexpected(std::move(progress).error());
    return SayEnd(*std::move(progress));
  }
  YIMA_RETURN_IF_ERROR(CheckRequestId(run_.request_id()));
  const RequestMark mark = MarkOf(domain_, call_, run_.request_id(), marked);
  uint64_t batch = 0;
  {
    const auto snapshot = domain_.store.Read();
    YIMA_ASSIGN_OR_RETURN(batch, FindBatch(*snapshot, mark));
    if (batch == 0) {
      YIMA_ASSIGN_OR_RETURN(batch, Begin(*snapshot, mark, kind, kept));
    }
  }
  if (batch == 0) return SayEnd(v1::RightsProgress());
  YIMA_RETURN_IF_ERROR(Start(batch));
  return Run(batch);
}

v1::RightsProgress RightsBatch::Progress(const v1::BatchCounts& counts) const {
  v1::RightsProgress progress;
  progress.set_batch(batch_);
  progress.set_total(counts.total());
  progress.set_done(counts.done());
  progress.set_rights(counts.created());
  progress.set_changed(counts.updated());
  progress.set_unchanged(counts.unchanged());
  progress.set_moved(counts.conflicts());
  progress.set_refused(counts.done() - counts.updated() - counts.unchanged() - counts.conflicts());
  return progress;
}

Result<void> RightsBatch::Tell(const std::vector<BatchItem>& chunk) {
  v1::RightsProgress progress = Progress(counts_);
  std::vector<BatchItem> left;
  std::ranges::copy_if(chunk, std::back_inserter(left), [](const BatchItem& item) {
    return item.moved || item.outcome == ItemOutcome::kRefused;
  });
  // The one that is named alone is not listed, but the answer, once the batch has ended.
  if (target_.has_facility() && !left.empty()) {
    left_ = refusal_;
    if (!left_) {
      left_ = Error{
          StatusCode::kFailedPrecondition, left[0].moved ? "FACILITY_MOVED" : left[0].reason,
          fmt::format("nothing was done on facility {}", left[0].facility), "target.facility"};
    }
    return {};
  }
  AddOutcomes(left, *progress.mutable_facilities());
  return Say(std::move(progress));
}

Result<void> RightsBatch::TellEnd() {
  if (left_) return tl::unexpected(*left_);
  v1::RightsProgress progress = Progress(counts_);
  progress.set_frozen_hash(hash_);
  return SayEnd(std::move(progress));
}

}  // namespace yima::server
