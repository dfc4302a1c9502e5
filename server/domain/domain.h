#ifndef YIMA_SERVER_DOMAIN_DOMAIN_H_
#define YIMA_SERVER_DOMAIN_DOMAIN_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/day.h"
#include "server/domain/call.h"
#include "server/domain/change_writer.h"
#include "server/domain/clock_watch.h"
#include "server/domain/numbers.h"
#include "server/domain/registry_now.h"
#include "server/domain/running_batches.h"
#include "server/keys/key_ring.h"
#include "server/log/tree_head.h"
#include "server/store/store.h"
#include "yima/v1/registry.pb.h"
#include "yima/v1/withheld.pb.h"

namespace yima::server {

class ClassCatalogue;

/// What the rules stand on. Everything in it is thread-safe or immutable while serving.
struct Domain {
  store::Store& store;
  Numbers& numbers;
  const KeyRing& keys;
  const ClassCatalogue& classes;
  const RegistryNow& registry;  ///< The registry's own record; id and epoch stay while serving.
  std::filesystem::path spool;  ///< Folder for files that live as long as one call.
  TimeUs (*now)() = &Now;
  std::shared_ptr<RunningBatches> running = std::make_shared<RunningBatches>();
  std::shared_ptr<const ClockWatch> clock = nullptr;  ///< Null: the clock is believed.
  /// Grows with each change of a principal or a token, before it is answered.
  std::shared_ptr<std::atomic<uint64_t>> access_changes =
      std::make_shared<std::atomic<uint64_t>>(0);
  std::shared_ptr<TreeNow> tree = std::make_shared<TreeNow>();  ///< Of the log, as it is signed.
};

constexpr uint64_t kRegistryId = 1;     ///< Of the one Registry record.
constexpr uint64_t kRightsRulesId = 1;  ///< Of the one RightsRules record.

/// What a write intends: a change, and the records that its reply shows. A change without puts
/// means that all is as wanted already; the request is marked as done all the same.
struct Planned {
  store::Change change;
  std::vector<RecordRef> results;
  bool dry_run = false;  ///< Nothing is kept, not even that it was asked.
};
using Planner = std::function<Result<Planned>(const store::Snapshot&)>;

/// Names a write for its retries.
struct RequestMark {
  std::string principal;
  std::string method;
  std::string request_id;
  store::Hash hash{};
};

/// REQUEST_ID_MISSING, REQUEST_ID_MALFORMED unless 1 to 64 of [0-9A-Za-z._-].
Result<void> CheckRequestId(std::string_view request_id);

/// The mark of a call with its serialized request.
RequestMark MarkOf(const Domain& domain, const Call& call, std::string_view request_id,
                   std::string_view request_bytes);

/// A kept reply: kind, id and revision of each record, 17 bytes each.
std::string EncodeRefs(const std::vector<RecordRef>& refs);
std::vector<RecordRef> DecodeRefs(std::string_view bytes);

/// CALLER_GONE (CANCELLED): the call was given up, or its deadline passed, before it was answered.
tl::unexpected<Error> CallerGone();

/// RECORD_MISSING (DATA_LOSS): a record leads to one that is not there.
tl::unexpected<Error> RecordMissing(std::string_view what, uint64_t id);

/// REQUEST_ID_REUSED.
tl::unexpected<Error> RequestReused(std::string_view request_id);

/// Plans on a snapshot, applies, plans again when a record moved or a key was taken meanwhile, and
/// tells what records came of it; a request done before is answered as it was. The one way in which
/// single writes reach the store. Returns at once; `done` is called once, perhaps on a thread of
/// the store. REQUEST_ID_REUSED; CONTENTION (ABORTED) after 10 rounds; whatever the planner says.
void Execute(const Domain& domain, RequestMark mark, Planner plan,
             std::function<void(Result<std::vector<RecordRef>>)> done);

/// A record read and parsed; nothing when absent. DATA_LOSS when it does not parse.
template <typename R>
struct Read {
  uint64_t revision = 0;
  R record;
};
template <typename R>
Result<std::optional<Read<R>>> Get(const store::Snapshot& snapshot, uint64_t id) {
  YIMA_ASSIGN_OR_RETURN(auto stored, snapshot.Get(ChangeWriter::KindOf(R{}), id));
  if (!stored) return std::nullopt;
  Read<R> read{stored->revision, {}};
  if (!read.record.ParseFromString(stored->bytes)) {
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                "record " + std::to_string(id) + " does not parse; run yimad check");
  }
  return read;
}

/// `1-42`: epoch and revision.
std::string Etag(const Domain& domain, uint64_t revision);

/// A value to be kept apart from the log: hash over a new salt.
v1::Withheld Withhold(std::string_view value);
/// Whether the hash is that of its salt and value. Never of one that is erased.
bool HashFits(const v1::Withheld& withheld);

/// Pages: a token holds the place where the next page begins and cannot be made, or used with
/// another filter, by a caller. `filter` is the serialized request without page_size and token.
std::string SealPageToken(const Domain& domain, std::string_view method, std::string_view filter,
                          std::string_view place);
/// Empty for the first page; PAGE_TOKEN_INVALID.
Result<std::string> OpenPageToken(const Domain& domain, std::string_view method,
                                  std::string_view filter, std::string_view token);
/// 0 → 100; PAGE_SIZE_NEGATIVE, PAGE_SIZE_TOO_LARGE above 1,000.
Result<size_t> PageSize(int32_t asked);

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_DOMAIN_H_
