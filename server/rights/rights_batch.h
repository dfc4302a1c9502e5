#ifndef YIMA_SERVER_RIGHTS_RIGHTS_BATCH_H_
#define YIMA_SERVER_RIGHTS_RIGHTS_BATCH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/registry/frozen_batch.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {

/// Changes of a batch of rights under way: no right rests on one of another facility, so that the
/// next change is planned while those before it become durable.
inline constexpr size_t kRightsUnderWayMax = 3;

/// FILTER_RESULT_CHANGED, naming up to 20 of the facilities that are new in what a filter finds,
/// gone from it, or changed, since the log had that many entries (0: unknown, so none is named).
tl::unexpected<Error> FilterResultChanged(const Call& call, const FacilityMatcher& matcher,
                                          const store::Snapshot& snapshot, uint64_t log_size,
                                          std::string_view field = "run.frozen_hash");

/// One step of the procedure for rights over one facility or a filter: looked at in a dry run, else
/// carried out as a batch. A facility for which a rule refuses it is listed with the reason, and
/// the others go on; of a single one that is named, the refusal is the error of the call. Use once,
/// from one thread; waits.
class RightsBatch : public FrozenBatch {
 public:
  RightsBatch(const Domain& domain, const Call& call, const v1::RightsRun& run,
              const v1::RightsTarget& target)
      : FrozenBatch(domain, call, run.request_id()), run_(run), target_(target) {}

  /// `request` is the whole one, serialized as the mark of its retries and as what the batch keeps:
  /// without the hash of a dry run, and without personal values. REQUEST_ID_*, TARGET_MISSING,
  /// RIGHT_KIND_*, what the filter says, FACILITY_NOT_FOUND, SCOPE_EXCEEDED,
  /// FILTER_RESULT_CHANGED, CALL_ENDED.
  Result<void> Serve(v1::BatchKind kind, const std::string& marked, const std::string& kept);

 protected:
  /// Takes the step on the rights asked for of one facility: changes its record, puts others, and
  /// gives on how many rights something was done. An Error refuses this facility; one that
  /// EndsABatch() ends the batch. Nothing may be put by a step that is refused.
  virtual Result<uint64_t> Step(const store::Snapshot& snapshot, v1::Facility& facility,
                                ChangeWriter& writer) = 0;
  virtual Result<void> Say(v1::RightsProgress progress) = 0;
  /// Whether the request is sound, whatever stands.
  virtual Result<void> CheckRequest();
  /// The last message, also that of a dry run.
  virtual Result<void> SayEnd(v1::RightsProgress progress) { return Say(std::move(progress)); }

  size_t UnderWayMax() const override { return kRightsUnderWayMax; }
  /// Before anything is looked at or begun. Not asked of a batch that goes on: what was asked for
  /// in time is in time.
  virtual Result<void> MayBegin(const store::Snapshot&) { return {}; }
  /// Each facility of the list, before its batch begins or it is looked at in a dry run.
  virtual void Found(const v1::Facility&) {}
  /// Puts what begins with the batch, in one change with its record.
  virtual Result<void> PutWithBatch(uint64_t /*batch*/, ChangeWriter&) { return {}; }
  /// What the request names, with its revision.
  virtual Result<void> Visit(const store::Snapshot& snapshot, const FacilityVisitor& visit) const;
  /// Before the batch goes on, from its beginning or from where it stopped.
  virtual Result<void> Start(uint64_t /*batch*/) { return {}; }

  /// The id of a new record; of no meaning in a dry run, which uses up no numbers.
  Result<uint64_t> NewId(store::Kind kind);
  const v1::RightsTarget& target() const { return target_; }
  const v1::RightsRun& run() const { return run_; }
  /// Of the words of the filter, or the facility.
  const std::string& source() const { return source_; }

 private:
  Result<void> CheckFrozen(const store::Snapshot& snapshot) const;
  Result<v1::RightsProgress> LookAt(const store::Snapshot& snapshot);
  Result<uint64_t> Begin(const store::Snapshot& snapshot, const RequestMark& mark,
                         v1::BatchKind kind, const std::string& kept);
  Result<bool> CountedStep(const store::Snapshot& snapshot, v1::Facility& facility, BatchItem& item,
                           ChangeWriter& writer, v1::BatchCounts& counts);
  v1::RightsProgress Progress(const v1::BatchCounts& counts) const;

  Result<void> Do(const store::Snapshot& snapshot, const Read<v1::Facility>& facility,
                  BatchItem& item, ChangeWriter& writer, v1::BatchCounts& counts) override;
  Result<void> Tell(const std::vector<BatchItem>& chunk) override;
  Result<void> TellEnd() override;

  const v1::RightsRun& run_;
  const v1::RightsTarget& target_;
  std::optional<FacilityMatcher> matcher_;
  std::string source_;
  std::optional<Error> refusal_;  ///< The last one.
  std::optional<Error> left_;     ///< Why nothing was done on the one that is named alone.
};

/// What marks a request over rights for its retries: all but the hash of its dry run, since one
/// that was begun goes on though its filter finds others by now.
template <typename Request>
std::string MarkedRequest(Request request) {
  request.mutable_run()->clear_frozen_hash();
  request.mutable_run()->clear_frozen_log_size();
  return request.SerializeAsString();
}
/// What its batch keeps; of one without personal values.
template <typename Request>
std::string KeptRequest(Request request) {
  request.clear_run();
  return request.SerializeAsString();
}

}  // namespace yima::server

#endif  // YIMA_SERVER_RIGHTS_RIGHTS_BATCH_H_
