#ifndef YIMA_SERVER_REGISTRY_IMPORT_IMPORT_APPLY_H_
#define YIMA_SERVER_REGISTRY_IMPORT_IMPORT_APPLY_H_

#include <deque>
#include <future>
#include <utility>
#include <vector>

#include "server/domain/chunk_reads.h"
#include "server/domain/domain.h"
#include "server/registry/import/import_keys.h"
#include "server/registry/import/import_organizations.h"
#include "server/registry/import/import_problems.h"
#include "server/registry/import/import_spool.h"
#include "server/registry/import/row_plan.h"
#include "server/registry/wholes.h"

namespace yima::server {

/// Plans the sound rows of a ledger and, unless it is a dry run, applies them in chunks of which
/// several are on their way at once. Each chunk moves the batch's cursor, whose revision chains
/// them: one refused takes those behind it along, and planning begins again at its first row. The
/// cursor counts rows of the ledger, bad ones too, so it means the same in every run. Use once,
/// from one thread.
class ImportApply {
 public:
  ImportApply(const Domain& domain, const Call& call, const v1::ImportHeader& header,
              const ImportSink& sink, LedgerOrganizations& organizations, RowSpool& rows,
              const LedgerKeys& keys, ImportProblems& problems)
      : domain_(domain),
        call_(call),
        header_(header),
        sink_(sink),
        organizations_(organizations),
        rows_(rows),
        keys_(keys),
        problems_(problems) {}

  /// Takes up the batch that the same request began before. False when there is none.
  /// REQUEST_ID_REUSED.
  Result<bool> Resume(const RequestMark& mark);
  /// Goes through the rows of which the ledger has `total`. A batch begins with the first change.
  Result<void> Run(const RequestMark& mark, uint64_t total);

  /// Id 0 when there was nothing to be done.
  const v1::Batch& batch() const { return batch_; }
  /// Of all runs of the batch together.
  const v1::BatchCounts& counts() const { return counts_; }

 private:
  struct Planned {
    uint64_t line = 0;
    v1::Facility row;
    RowPlan plan;

    /// The facility as it will be; of one that writes.
    const v1::Facility& after() const { return plan.act == RowAct::kUpdate ? plan.after : row; }
  };
  struct Chunk {
    uint64_t begin = 0;      ///< Offset of its first row in the spool.
    v1::BatchCounts counts;  ///< Once it is settled.
    std::vector<std::pair<uint64_t, Error>> conflicts;
    std::future<store::Outcome> outcome;
  };

  Result<void> Begin(const RequestMark& mark);
  Result<void> LoadCursor();
  Result<void> Chunks(const RequestMark& mark);
  /// Plans the next chunk and sends it off; false when no row was left.
  Result<bool> StartChunk(const RequestMark& mark);
  Result<store::Change> PlanChunk(const RequestMark& mark, Chunk& chunk);
  Result<std::vector<Planned>> PlanRows(const store::Snapshot& snapshot, Wholes& wholes,
                                        Chunk& chunk);
  /// Gives nothing to an organization that has ended since the ledger was read.
  Result<void> CheckStillActing(const store::Snapshot& snapshot, Planned& planned);
  /// Puts what the row makes into the whole that it names.
  Result<void> Join(Planned& planned, Wholes& wholes) const;
  Result<void> Add(const store::Snapshot& snapshot, Planned& planned, Wholes& wholes,
                   ChangeWriter& writer, Chunk& chunk);
  Result<void> Create(const store::Snapshot& snapshot, v1::Facility& facility,
                      ChangeWriter& writer);
  Result<void> AssignFreeCode(const store::Snapshot& snapshot, v1::Facility& facility) const;
  void NameHolders(v1::Facility& facility) const;
  Result<void> AwaitFirst();
  Result<void> Settle(const Chunk& chunk);
  void Drain();

  const Domain& domain_;
  const Call& call_;
  const v1::ImportHeader& header_;
  const ImportSink& sink_;
  LedgerOrganizations& organizations_;
  RowSpool& rows_;
  const LedgerKeys& keys_;
  ImportProblems& problems_;
  ChunkReads<v1::Organization> holders_;  ///< Of the chunk that is being planned.
  v1::Batch batch_;
  RunningBatches::Turn turn_;  ///< To carry out the batch, once there is one.
  v1::BatchCounts counts_;     ///< Of what is settled.
  v1::BatchCounts planned_;    ///< With what is on its way.
  uint64_t cursor_revision_ = 0;
  uint64_t offset_ = 0;  ///< Of the next row to be planned.
  int refused_ = 0;      ///< Chunks since one was settled.
  std::deque<Chunk> on_their_way_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_IMPORT_APPLY_H_
