#include "server/registry/edit_batch.h"

#include <optional>

#include <fmt/format.h>
#include <google/protobuf/util/field_mask_util.h>

#include "server/registry/facility_update.h"
#include "server/registry/frozen_batch.h"
#include "server/registry/outcomes.h"
#include "server/registry/wholes.h"

namespace yima::server {
namespace {

/// Facilities that a dry run names.
constexpr size_t kRefusedMax = 10'000;

/// What is each facility's own cannot be given to many.
Result<FacilityEdit> ParseEdit(const v1::EditFacilitiesRequest& request) {
  YIMA_ASSIGN_OR_RETURN(auto edit, FacilityEdit::Parse(request.update_mask(), request.facility(),
                                                       request.remark(), request.personal()));
  for (int i = 0; i < request.update_mask_size(); ++i) {
    const std::string& path = request.update_mask(i);
    if (path != "codes" && path != "external_codes") continue;
    return Invalid("UPDATE_PATH_UNKNOWN",
                   fmt::format("\"{}\" are each facility's own, so no filter gives them", path),
                   fmt::format("update_mask[{}]", i));
  }
  return edit;
}

v1::EditFacilitiesResponse Counted(const v1::BatchCounts& counts) {
  v1::EditFacilitiesResponse response;
  response.set_total(counts.total());
  response.set_done(counts.done());
  response.set_changed(counts.updated());
  response.set_unchanged(counts.unchanged());
  response.set_moved(counts.conflicts());
  response.set_refused(counts.done() - counts.updated() - counts.unchanged() - counts.conflicts());
  return response;
}

class EditBatch final : public FrozenBatch {
 public:
  EditBatch(const Domain& domain, const Call& call, const v1::EditFacilitiesRequest& request,
            const FacilityEdit& edit, const EditSink& sink)
      : FrozenBatch(domain, call, request.request_id()), edit_(edit), sink_(sink) {}

  /// What would be done, from one snapshot. Told when that is no longer held: a client that does
  /// not read must not hold it.
  Result<void> DryRun(const FacilityMatcher& matcher) {
    v1::EditFacilitiesResponse response;
    {
      const auto snapshot = domain_.store.Read();
      YIMA_ASSIGN_OR_RETURN(response, LookAt(matcher, *snapshot));
    }
    return sink_(response);
  }

 private:
  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    wholes_.emplace(call_, snapshot);
    return {};
  }
  Result<void> EndChange(ChangeWriter& writer) override { return wholes_->Put(writer); }

  Result<v1::EditFacilitiesResponse> LookAt(const FacilityMatcher& matcher,
                                            const store::Snapshot& snapshot) {
    ListHash hash;
    v1::BatchCounts counts;
    std::vector<BatchItem> refused;
    YIMA_RETURN_IF_ERROR(BeginChange(snapshot));
    const auto looked = VisitFiltered(
        call_, matcher, snapshot,
        [&](uint64_t revision, const v1::Facility& facility) -> Result<void> {
          hash.Add(facility.uid(), revision);
          // As the run does with one record a facility: a change for each chunk, after the one
          // before.
          if (counts.total() % kBatchChunk == 0) wholes_->Next();
          counts.set_total(counts.total() + 1);
          BatchItem item{facility.uid(), revision};
          YIMA_RETURN_IF_ERROR(Edited(snapshot, facility, item, counts));
          const bool told = item.outcome == ItemOutcome::kRefused && refused.size() < kRefusedMax;
          if (told) refused.push_back(std::move(item));
          return {};
        });
    if (!looked) return tl::unexpected(looked.error());
    counts.set_done(counts.total());
    v1::EditFacilitiesResponse response = Counted(counts);
    AddOutcomes(refused, *response.mutable_facilities());
    response.set_frozen_hash(hash.Finish());
    return response;
  }

  /// The facility as it is to be; nothing when it stays as it is, which the item says why.
  Result<std::optional<v1::Facility>> Edited(const store::Snapshot& snapshot,
                                             const v1::Facility& stands, BatchItem& item,
                                             v1::BatchCounts& counts) {
    auto after = UpdatedFacility(domain_, call_, edit_, snapshot, stands, *wholes_);
    if (!after && EndsABatch(after.error())) return after;
    if (!after) {
      item.Refuse(after.error().reason);
      return std::nullopt;
    }
    if (*after) {
      wholes_->Settle(stands, **after);
      counts.set_updated(counts.updated() + 1);
    } else {
      counts.set_unchanged(counts.unchanged() + 1);
      item.outcome = ItemOutcome::kUnchanged;
    }
    return after;
  }

  Result<void> Do(const store::Snapshot& snapshot, const Read<v1::Facility>& facility,
                  BatchItem& item, ChangeWriter& writer, v1::BatchCounts& counts) override {
    YIMA_ASSIGN_OR_RETURN(const auto after, Edited(snapshot, facility.record, item, counts));
    if (!after) return {};
    writer.Replace(item.facility, facility.revision, facility.record, *after);
    return {};
  }

  Result<void> Tell(const std::vector<BatchItem>& chunk) override {
    v1::EditFacilitiesResponse response = Counted(counts_);
    response.set_batch(batch_);
    AddOutcomes(chunk, *response.mutable_facilities());
    return sink_(response);
  }

  Result<void> TellEnd() override {
    v1::EditFacilitiesResponse response = Counted(counts_);
    response.set_batch(batch_);
    response.set_frozen_hash(hash_);
    return sink_(response);
  }

  const FacilityEdit& edit_;
  const EditSink& sink_;
  std::optional<Wholes> wholes_;
};

/// Of the request without the hash of its dry run: one that was begun goes on, though its filter
/// finds others by now.
RequestMark Mark(const Domain& domain, const Call& call, v1::EditFacilitiesRequest request) {
  request.clear_frozen_hash();
  return MarkOf(domain, call, request.request_id(), request.SerializeAsString());
}

v1::Batch BatchOf(const FacilityMatcher& matcher, v1::EditFacilitiesRequest request) {
  v1::Batch batch;
  batch.set_kind(v1::BATCH_KIND_EDIT);
  batch.set_source(matcher.InWords());
  // The record is in the log, where no personal value may stand, nor what else was sent along.
  request.clear_remark();
  request.clear_personal();
  google::protobuf::FieldMask named;
  for (const auto& path : request.update_mask()) {
    if (path != "remark" && path != "personal") named.add_paths(path);
  }
  v1::Facility values;
  google::protobuf::util::FieldMaskUtil::MergeMessageTo(request.facility(), named, {}, &values);
  *request.mutable_facility() = std::move(values);
  KeepRequest(request, batch);
  return batch;
}

}  // namespace

Result<void> EditFacilities(const Domain& domain, const Call& call,
                            const v1::EditFacilitiesRequest& request, const EditSink& sink) {
  YIMA_ASSIGN_OR_RETURN(const auto edit, ParseEdit(request));
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
  EditBatch editing(domain, call, request, edit, sink);
  if (request.dry_run()) return editing.DryRun(matcher);
  YIMA_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const RequestMark mark = Mark(domain, call, request);
  uint64_t batch = 0;
  {
    const auto snapshot = domain.store.Read();
    YIMA_ASSIGN_OR_RETURN(batch, FindBatch(*snapshot, mark));
    if (batch == 0) {
      const auto list = [&](const ListSink& add) {
        return VisitFiltered(call, matcher, *snapshot,
                             [&](uint64_t revision, const v1::Facility& facility) {
                               return add({facility.uid(), revision});
                             });
      };
      // Looked at before anything is written, so that a refusal leaves nothing behind.
      if (!request.frozen_hash().empty()) {
        ListHash found;
        YIMA_RETURN_IF_ERROR(list([&](const BatchItem& item) -> Result<void> {
          found.Add(item.facility, item.revision);
          return {};
        }));
        YIMA_RETURN_IF_ERROR(CheckFrozenHash(request.frozen_hash(), found.Finish()));
      }
      YIMA_ASSIGN_OR_RETURN(batch,
                            BeginFrozen(domain, call, mark, BatchOf(matcher, request), list));
    }
  }
  if (batch == 0) return sink(v1::EditFacilitiesResponse());
  return editing.Run(batch);
}

}  // namespace yima::server
