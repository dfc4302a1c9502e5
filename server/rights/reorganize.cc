#include "server/rights/reorganize.h"

#include <future>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "server/registry/facility_rules.h"
#include "server/registry/outcomes.h"
#include "server/rights/follow.h"
#include "server/rights/reorganized_record.h"
#include "server/rights/right_of.h"
#include "server/rights/rights_batch.h"
#include "server/rights/rules.h"

namespace yima::server {
namespace {

bool Ends(const v1::ReorganizeRequest& request) {
  return request.kind() == v1::REORGANIZATION_KIND_MERGE ||
         request.kind() == v1::REORGANIZATION_KIND_DISSOLVE;
}

/// What a filter would say of it, for the batch's source and for who asks what changed.
v1::RightsTarget TargetOf(const v1::ReorganizeRequest& request) {
  v1::RightsTarget target;
  for (const v1::RightKind kind : kRightKinds) target.add_kinds(kind);
  *target.mutable_filter() = request.filter();
  if (request.filter().organizations().empty()) {
    target.mutable_filter()->add_organizations(request.organization());
  }
  return target;
}

/// Puts the organization's record into a change, when it is not yet as it is to be. Who follows
/// must act still when it is written. ORGANIZATION_ENDED: another way, meanwhile.
Result<void> PutOrganization(const Domain& domain, const v1::ReorganizeRequest& request,
                             const store::Snapshot& snapshot, ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, request.organization()));
  if (read && IsReorganized(read->record, request)) return {};
  YIMA_ASSIGN_OR_RETURN(const auto acting,
                        FindActing(snapshot, request.organization(), "organization"));
  if (request.to() != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto to, FindActing(snapshot, request.to(), "to"));
    writer.Check(store::Kind::kOrganization, request.to(), to.revision);
  }
  writer.Replace(request.organization(), acting.revision, acting.record,
                 Reorganized(acting.record, request, domain.now()));
  return {};
}

/// One batch of rights that follow.
class ReorganizeBatch final : public RightsBatch {
 public:
  ReorganizeBatch(const Domain& domain, const Call& call, const v1::ReorganizeRequest& request,
                  const v1::RightsTarget& target, std::optional<FacilityMatcher> filter,
                  const ReorganizeSink& sink)
      : RightsBatch(domain, call, request.run(), target),
        request_(request),
        filter_(std::move(filter)),
        sink_(sink) {}

  /// False after a run for which there was nothing to follow.
  bool begun() const { return begun_; }

 private:
  size_t PutsMax() const override { return kFollowPutsMax + 1; }
  bool TakesMoved() const override { return true; }

  Result<void> MayBegin(const store::Snapshot& snapshot) override {
    return CheckReorganizable(call_, request_, snapshot);
  }

  Result<void> Visit(const store::Snapshot& snapshot, const FacilityVisitor& visit) const override {
    YIMA_ASSIGN_OR_RETURN(const auto facilities,
                          FacilitiesOf(call_, snapshot, request_.organization()));
    for (const uint64_t uid : facilities) {
      if (call_.cancelled()) return CallEnded();
      YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, uid, "organization"));
      if (filter_) {
        YIMA_ASSIGN_OR_RETURN(const bool taken, filter_->Takes(snapshot, read.record));
        if (!taken) continue;
      }
      YIMA_RETURN_IF_ERROR(visit(read.revision, read.record));
    }
    return {};
  }

  Result<bool> IsRunning(uint64_t batch) const {
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Batch>(*domain_.store.Read(), batch));
    return read && read->record.state() == v1::BATCH_STATE_RUNNING;
  }

  /// From here on nothing new is given to one that ends.
  Result<void> Start(uint64_t batch) override {
    // What ended is told again as it was, whatever became of the organization since.
    YIMA_ASSIGN_OR_RETURN(const bool running, IsRunning(batch));
    if (!running) return {};
    return ApplyInRounds(domain_, [&](const store::Snapshot& snapshot) -> Result<store::Change> {
      ChangeWriter writer(call_, request_.run().request_id(), batch);
      YIMA_RETURN_IF_ERROR(PutOrganization(domain_, request_, snapshot, writer));
      return writer.Take();
    });
  }

  Result<void> BeginChange(const store::Snapshot& snapshot) override {
    YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
    YIMA_ASSIGN_OR_RETURN(succession_.actor, ActorOf(call_, snapshot));
    YIMA_ASSIGN_OR_RETURN(succession_.moment, Moment(domain_, snapshot));
    succession_.from = request_.organization();
    YIMA_RETURN_IF_ERROR(FindSuccessor(snapshot));
    succession_.rules = rules.version;
    succession_.basis = request_.basis();
    return {};
  }

  /// Whoever was to follow may have ended since, and was then followed itself, by one that still
  /// acted: so the way leads to ever later ends, and comes to one.
  Result<void> FindSuccessor(const store::Snapshot& snapshot) {
    succession_.to = request_.to();
    successor_revision_ = 0;
    for (std::set<uint64_t> seen; succession_.to != 0;) {
      if (!seen.insert(succession_.to).second) {
        return Fail(
            StatusCode::kDataLoss, "RECORD_DAMAGED",
            fmt::format("organization {} is followed by itself; run yimad check", succession_.to));
      }
      YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, succession_.to));
      if (!read) return RecordMissing("organization", succession_.to);
      successor_revision_ = read->revision;
      if (read->record.state() == v1::ORGANIZATION_STATE_UNSPECIFIED) break;
      succession_.to = read->record.follower();
    }
    return {};
  }
  Result<void> EndChange(ChangeWriter& writer) override {
    if (succession_.to != 0) {
      writer.Check(store::Kind::kOrganization, succession_.to, successor_revision_);
    }
    return {};
  }

  Result<uint64_t> Step(const store::Snapshot& snapshot, v1::Facility& facility,
                        ChangeWriter& writer) override {
    // What moved since may not be among what a split takes any more.
    if (filter_) {
      YIMA_ASSIGN_OR_RETURN(const bool taken, filter_->Takes(snapshot, facility));
      if (!taken) return 0;
      if (succession_.to == 0) return Keep(snapshot, facility);
    }
    return Follow(succession_, snapshot, facility, writer);
  }

  /// Refuses what a split would have moved to who ended since and whom nobody follows.
  Result<uint64_t> Keep(const store::Snapshot& snapshot, v1::Facility facility) const {
    ChangeWriter unused(call_, "");
    YIMA_ASSIGN_OR_RETURN(const uint64_t would_go, Follow(succession_, snapshot, facility, unused));
    if (would_go == 0) return 0;
    return Fail(StatusCode::kFailedPrecondition, "ORGANIZATION_ENDED",
                fmt::format("organization {} ended since, and nobody follows it: facility {} stays "
                            "with organization {}",
                            request_.to(), facility.uid(), request_.organization()),
                "to");
  }

  /// What was given to it by others who had read it while it still acted.
  Result<void> Finish() override {
    YIMA_ASSIGN_OR_RETURN(const bool running, IsRunning(batch_));
    if (!running || !Ends(request_)) return {};
    YIMA_ASSIGN_OR_RETURN(const auto late,
                          FacilitiesOf(call_, *domain_.store.Read(), request_.organization()));
    for (const uint64_t uid : late) {
      if (call_.cancelled()) return CallEnded();
      YIMA_RETURN_IF_ERROR(ApplyInRounds(
          domain_, [&](const store::Snapshot& snapshot) { return FollowLate(snapshot, uid); }));
    }
    return {};
  }

  Result<store::Change> FollowLate(const store::Snapshot& snapshot, uint64_t uid) {
    YIMA_RETURN_IF_ERROR(BeginChange(snapshot));
    YIMA_ASSIGN_OR_RETURN(const auto read, FindFacility(snapshot, uid, "organization"));
    ChangeWriter writer(call_, request_.run().request_id(), batch_);
    v1::Facility after = read.record;
    const auto done = Follow(succession_, snapshot, after, writer);
    if (!done && EndsABatch(done.error())) return tl::unexpected(done.error());
    // What a rule keeps where it is was told with the list.
    if (!done || *done == 0) return store::Change();
    after.set_update_time_us(domain_.now());
    writer.Replace(uid, read.revision, read.record, after);
    YIMA_RETURN_IF_ERROR(EndChange(writer));
    return writer.Take(snapshot);
  }

  Result<void> Say(v1::RightsProgress progress) override {
    begun_ = progress.batch() != 0;
    // The whole is told by whoever changes the record alone.
    if (!begun_ && !run().dry_run()) return {};
    v1::ReorganizeResponse response;
    if (!progress.frozen_hash().empty()) {
      YIMA_ASSIGN_OR_RETURN(const auto read,
                            Get<v1::Organization>(*domain_.store.Read(), request_.organization()));
      if (read) {
        *response.mutable_organization() = ShownOrganization(domain_, read->record, read->revision);
      }
    }
    *response.mutable_progress() = std::move(progress);
    return sink_(response);
  }

  const v1::ReorganizeRequest& request_;
  const std::optional<FacilityMatcher> filter_;
  const ReorganizeSink& sink_;
  Succession succession_;
  uint64_t successor_revision_ = 0;
  bool begun_ = false;
};

Result<void> TellOrganization(const Domain& domain, uint64_t id, const ReorganizeSink& sink) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(*domain.store.Read(), id));
  v1::ReorganizeResponse response;
  response.mutable_progress();
  if (read) {
    *response.mutable_organization() = ShownOrganization(domain, read->record, read->revision);
  }
  return sink(response);
}

/// Changes the record where no right follows.
Result<void> ChangeRecordAlone(const Domain& domain, const Call& call,
                               const v1::ReorganizeRequest& request, const ReorganizeSink& sink) {
  const Planner plan = [&](const store::Snapshot& snapshot) -> Result<Planned> {
    YIMA_RETURN_IF_ERROR(CheckReorganizable(call, request, snapshot));
    ChangeWriter writer(call, request.run().request_id());
    YIMA_RETURN_IF_ERROR(PutOrganization(domain, request, snapshot, writer));
    YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot, request.organization()));
    return Planned{writer.Take(),
                   {{store::Kind::kOrganization, request.organization(), read->revision + 1}}};
  };
  if (request.run().dry_run()) {
    YIMA_RETURN_IF_ERROR(CheckReorganizable(call, request, *domain.store.Read()));
  } else {
    YIMA_RETURN_IF_ERROR(CheckRequestId(request.run().request_id()));
    std::promise<Result<std::vector<RecordRef>>> done;
    Execute(domain, MarkOf(domain, call, request.run().request_id(), MarkedRequest(request)), plan,
            [&](auto results) { done.set_value(std::move(results)); });
    YIMA_RETURN_IF_ERROR(done.get_future().get());
  }
  return TellOrganization(domain, request.organization(), sink);
}

/// Whether this request was done before, and changed the record alone.
Result<bool> ChangedRecordAlone(const Domain& domain, const RequestMark& mark) {
  YIMA_ASSIGN_OR_RETURN(const auto kept, domain.store.Read()->FindRequest(
                                             mark.principal, mark.method, mark.request_id));
  if (!kept) return false;
  const auto refs = DecodeRefs(kept->reply);
  return !refs.empty() && refs[0].kind == store::Kind::kOrganization;
}

}  // namespace

Result<void> Reorganize(const Domain& domain, const Call& call,
                        const v1::ReorganizeRequest& request, const ReorganizeSink& sink) {
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  YIMA_RETURN_IF_ERROR(CheckReorganization(request));
  std::optional<FacilityMatcher> filter;
  if (request.kind() == v1::REORGANIZATION_KIND_SPLIT) {
    YIMA_ASSIGN_OR_RETURN(filter, FacilityMatcher::Parse(call, request.filter()));
  }
  YIMA_ASSIGN_OR_RETURN(
      const bool record_alone,
      ChangedRecordAlone(domain, MarkOf(domain, call, request.run().request_id(), "")));
  if (record_alone || request.kind() == v1::REORGANIZATION_KIND_RENAME) {
    return ChangeRecordAlone(domain, call, request, sink);
  }
  const v1::RightsTarget target = TargetOf(request);
  ReorganizeBatch batch(domain, call, request, target, std::move(filter), sink);
  YIMA_RETURN_IF_ERROR(
      batch.Serve(v1::BATCH_KIND_REORGANIZE, MarkedRequest(request), KeptRequest(request)));
  if (batch.begun() || request.run().dry_run()) return {};
  return ChangeRecordAlone(domain, call, request, sink);
}

}  // namespace yima::server
