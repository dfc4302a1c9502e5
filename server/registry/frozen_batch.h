#ifndef YIMA_SERVER_REGISTRY_FROZEN_BATCH_H_
#define YIMA_SERVER_REGISTRY_FROZEN_BATCH_H_

#include <deque>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/batch_items.h"
#include "server/registry/filter.h"

namespace yima::server {

/// Visits all that a filter finds, with its revision, until an Error. CALL_ENDED when nobody waits
/// any more: half a list must not be taken for the whole.
using FacilityVisitor =
    std::function<Result<void>(uint64_t revision, const v1::Facility& facility)>;
Result<void> VisitFiltered(const Call& call, const FacilityMatcher& matcher,
                           const store::Snapshot& snapshot, const FacilityVisitor& visit);

/// FILTER_RESULT_CHANGED when a hash was given and the list has another by now.
Result<void> CheckFrozenHash(std::string_view given, std::string_view found);

/// Freezes what `list` gives to its argument, and begins the batch: of `batch` kind, source and
/// what was asked for are set. 0 when the list is empty. `also` as in BeginBatch.
using ListSink = std::function<Result<void>(const BatchItem&)>;
Result<uint64_t> BeginFrozen(const Domain& domain, const Call& call, const RequestMark& mark,
                             v1::Batch batch,
                             const std::function<Result<void>(const ListSink&)>& list,
                             const BeginsWith& also = {});

/// A batch over a frozen list of facilities, worked on in chunks from wherever it stands: each
/// change moves the cursor, and what another writer moved since is marked and left as it is. The
/// cursor's revision chains the changes, so that one refused takes those planned after it along and
/// nothing is done twice; all expect the batch's record, so that none comes after it was stopped.
/// The same request again tells the same. Use once, from one thread.
class FrozenBatch {
 public:
  FrozenBatch(const Domain& domain, const Call& call, std::string request_id)
      : domain_(domain), call_(call), request_id_(std::move(request_id)) {}
  FrozenBatch(const FrozenBatch&) = delete;
  FrozenBatch& operator=(const FrozenBatch&) = delete;
  virtual ~FrozenBatch() = default;

  /// Carries it on to its end, once no other call does. CALL_ENDED, BATCH_STOPPED, RECORD_MISSING,
  /// and the store's own errors.
  Result<void> Run(uint64_t batch);

 protected:
  /// Records that Do puts at most. As many facilities go into one change as it may hold; with one
  /// record each, those of one chunk.
  virtual size_t PutsMax() const { return 1; }
  /// Changes under way at most. With more than one, a change may be planned on a snapshot without
  /// those before it: of batches in which no facility's outcome rests on another one's.
  virtual size_t UnderWayMax() const { return 1; }
  /// Whether also what another writer moved since the list was frozen is dealt with, as it is now.
  virtual bool TakesMoved() const { return false; }
  /// Before and after the facilities of a change.
  virtual Result<void> BeginChange(const store::Snapshot&) { return {}; }
  virtual Result<void> EndChange(ChangeWriter&) { return {}; }
  /// Deals with a facility that is as it was frozen: puts it or not, notes in the item what became
  /// of it, and counts it. An Error ends the batch.
  virtual Result<void> Do(const store::Snapshot& snapshot, const Read<v1::Facility>& facility,
                          BatchItem& item, ChangeWriter& writer, v1::BatchCounts& counts) = 0;
  /// Once all are dealt with, before the batch ends; again whenever it is told again.
  virtual Result<void> Finish() { return {}; }
  /// Tells of a chunk that was dealt with, by this call or an earlier one.
  virtual Result<void> Tell(const std::vector<BatchItem>& chunk) = 0;
  /// Tells of the whole, once it has ended.
  virtual Result<void> TellEnd() = 0;

  const Domain& domain_;
  const Call& call_;
  uint64_t batch_ = 0;
  std::string hash_;        ///< Of the list.
  v1::BatchCounts counts_;  ///< As of the last commit that is known.

 private:
  /// A chunk's list, as the last change planned leaves it.
  struct List {
    uint64_t chunk = 0;
    uint64_t revision = 0;
    std::string bytes;
    std::vector<BatchItem> items;
  };
  struct UnderWay {
    v1::BatchCounts counts;  ///< Once it is committed.
    std::future<store::Outcome> outcome;
  };

  Result<void> Load();
  Result<void> WorkToTheEnd();
  Result<void> TellDone();
  Result<store::Record> ItemsOf(const store::Snapshot& snapshot, uint64_t chunk) const;
  Result<void> LoadList(const store::Snapshot& snapshot, uint64_t chunk);
  Result<bool> StandsAsFrozen(const store::Snapshot& snapshot,
                              const std::optional<Read<v1::Facility>>& read,
                              const BatchItem& item) const;
  bool HasRoom(const ChangeWriter& writer) const;
  Result<void> PlanNext();
  Result<void> PlanOfList(const store::Snapshot& snapshot, uint64_t end, ChangeWriter& writer);
  Result<void> SettleFirst();
  void Drain();

  const std::string request_id_;
  uint64_t record_revision_ = 0;  ///< Of the batch's record, which whoever stops it replaces.
  uint64_t told_ = 0;             ///< Chunks told of.
  v1::BatchCounts planned_;       ///< As the last change planned will leave them.
  uint64_t planned_revision_ = 0;
  std::optional<List> list_;
  std::deque<UnderWay> under_way_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_FROZEN_BATCH_H_
