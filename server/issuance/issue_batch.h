#ifndef YIMA_SERVER_ISSUANCE_ISSUE_BATCH_H_
#define YIMA_SERVER_ISSUANCE_ISSUE_BATCH_H_

#include <deque>
#include <future>
#include <optional>

#include "server/domain/batch_items.h"
#include "server/issuance/issue.h"
#include "server/issuance/signer.h"

namespace yima::server {

/// Carries out one batch of codes, from wherever it stands to its end. Chunks are signed on all
/// cores and committed in order, a few at a time; the cursor's revision chains them, so that one
/// refused takes those behind it along and nothing is done twice. Use once, from one thread.
class IssueBatch {
 public:
  IssueBatch(const Domain& domain, const Call& call, uint64_t batch, const IssueSink& sink)
      : domain_(domain), call_(call), batch_(batch), sink_(sink) {}

  Result<void> Run();

 private:
  /// What one chunk writes, and says once that is durable.
  struct Chunk {
    store::Change change;
    v1::IssueCodesResponse answer;
  };
  struct Committing {
    uint64_t number = 0;
    uint64_t size = 0;
    v1::IssueCodesResponse answer;
    std::future<store::Outcome> outcome;
  };
  struct Preparing {
    uint64_t number = 0;
    uint64_t size = 0;
    std::future<Chunk> chunk;
  };

  uint64_t total() const { return counts_.total(); }
  uint64_t SizeOf(uint64_t chunk) const;

  Result<void> LoadCursor();
  Result<void> Replay(uint64_t chunk);
  Result<v1::IssueCodesResponse> AnswerAgain(uint64_t chunk) const;
  Result<void> IssueOnwards();
  Result<void> Prepare(uint64_t chunk, bool look_again);
  void Commit();
  /// True when the chunk was committed and sent; false when it must be looked at again.
  Result<bool> SettleFirst();
  void Drain();
  Result<std::vector<BatchItem>> ItemsOf(const store::Snapshot& snapshot, uint64_t chunk,
                                         uint64_t& revision) const;
  Result<std::vector<BatchItem>> LookAgain(const store::Snapshot& snapshot,
                                           std::vector<BatchItem> items) const;
  static Result<void> FindCovers(const store::Snapshot& snapshot, std::vector<BatchItem>& items);
  Result<void> CheckDay();

  const Domain& domain_;
  const Call& call_;
  const uint64_t batch_;
  const IssueSink& sink_;
  std::string request_id_;
  v1::BatchCounts counts_;        ///< As of the last commit that is known.
  uint64_t cursor_revision_ = 0;  ///< Of that commit.
  v1::BatchCounts planned_;       ///< As the last chunk prepared will leave them.
  uint64_t planned_revision_ = 0;
  uint64_t next_ = 0;                 ///< Chunk to be prepared.
  uint64_t sent_ = 0;                 ///< Chunks sent.
  std::optional<uint64_t> doubtful_;  ///< A chunk whose facilities have moved.
  std::optional<Signer> signer_;
  std::deque<Preparing> preparing_;
  std::deque<Committing> committing_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_ISSUE_BATCH_H_
