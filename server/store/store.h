#ifndef YIMA_SERVER_STORE_STORE_H_
#define YIMA_SERVER_STORE_STORE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima::store {

/// What a record is. Numbers are stored: never reuse one. Records of the kinds below kFirstUnlogged
/// are what the log says, kept ready for reading; those above are the server's own bookkeeping.
enum class Kind : uint8_t {
  kFacility = 1,
  kCode = 2,  ///< id = serial
  kOrganization = 3,
  kFacilityClass = 4,
  kBatch = 5,
  kRegistry = 6,
  kPrincipal = 7,
  kBlankRange = 8,
  kStockTake = 9,
  kClaim = 10,
  kNotice = 11,  ///< id = its batch
  kObjection = 12,
  kOffer = 13,
  kOrder = 14,
  kRightsRules = 15,  ///< id = 1; its revision is the version of the rules.
  kFirstUnlogged = 64,
  kBatchCursor = 64,  ///< id = batch
  kBatchItems = 65,   ///< id = batch << 15 | chunk
  kNote = 66,         ///< Signed notes handed out: trust bundle, revocation list.
  kIssueDay = 67,     ///< id = 1: the last day on which codes were signed, decimal digits.
  kToken = 68,
  kRefusal = 69,  ///< The audit trail, by rising id.
  /// id = serial: a code that was published as suspended, revoked or replaced, and whose record a
  /// restore did not bring back. Empty once it has a record again.
  kLostCode = 70,
  kTreeTile = 71,  ///< id = 1 + (level << 48 | index): a full tile of the log's tree.
  kTreeHead = 72,  ///< id = 1: the newest tree that was signed.
  kAttachment = 73,
  kAttachmentPart = 74,  ///< id = attachment << 15 | part
  kStockFinding = 75,    ///< What a stock-take saw, by rising id.
  kSighting = 76,        ///< id = serial: where and how often a code was scanned.
  kDerivedVersion = 77,  ///< id = 1: by which rules terms, places and counters were derived.
  kCoverageDay = 78,     ///< id = days since 1970 by the city's clock: the coverage at its end.
};

/// Kinds that a store keeps tables for.
inline constexpr std::array kKinds = {
    Kind::kFacility,     Kind::kCode,       Kind::kOrganization,   Kind::kFacilityClass,
    Kind::kBatch,        Kind::kRegistry,   Kind::kPrincipal,      Kind::kBatchCursor,
    Kind::kBatchItems,   Kind::kNote,       Kind::kIssueDay,       Kind::kToken,
    Kind::kRefusal,      Kind::kLostCode,   Kind::kTreeTile,       Kind::kTreeHead,
    Kind::kBlankRange,   Kind::kStockTake,  Kind::kAttachment,     Kind::kAttachmentPart,
    Kind::kStockFinding, Kind::kSighting,   Kind::kDerivedVersion, Kind::kClaim,
    Kind::kNotice,       Kind::kObjection,  Kind::kOffer,          Kind::kOrder,
    Kind::kRightsRules,  Kind::kCoverageDay};

constexpr bool IsLogged(Kind kind) { return kind < Kind::kFirstUnlogged; }

/// Unique indexes: within one, a key has at most one holder. Numbers are stored.
enum class Index : uint8_t {
  kFacilityCode = 1,      ///< scheme byte ‖ digits → facility
  kExternalCode = 2,      ///< namespace ‖ 0x00 ‖ value → facility
  kActiveCode = 3,        ///< facility id, 8 bytes big-endian → code
  kOrganizationName = 4,  ///< name or alias → organization
  kCreditCode = 5,        ///< credit code → organization
  kClassCode = 6,         ///< class code → facility class
  kCertificateName = 7,   ///< common name of a client certificate → principal
  kAttachmentHash = 8,    ///< SHA-256 → attachment
  kJoins = 9,  ///< facility id, 8 bytes big-endian ‖ slot → how often parts joined it
};

/// Puts a record. Its revision becomes expected_revision + 1; 0 expects that there is none.
struct Put {
  Kind kind;
  uint64_t id = 0;  ///< 1 … 2^63 - 1.
  uint64_t expected_revision = 0;
  std::string bytes;
  /// For logged kinds: the serialized yima.v1.LogEntry without its time, which the store puts
  /// before it (tag 0x09 and 8 bytes little-endian) at commit. Empty for unlogged kinds.
  std::string entry;
};

/// Expects a record, read but not written, to be still at that revision (0: absent).
struct Check {
  Kind kind;
  uint64_t id = 0;
  uint64_t expected_revision = 0;
};

/// Moves a key of a unique index from one holder to another; 0 means nobody. With the same holder
/// before and after it only expects him.
struct Claim {
  Index index;
  std::string key;
  uint64_t before = 0;
  uint64_t after = 0;
};

/// Adds or takes away a term under which Scan finds a record. Adding one that stands, or taking
/// away one that does not, does nothing.
struct Term {
  Kind kind;
  std::string term;
  uint64_t id = 0;
  bool present = true;
};

/// Degrees: longitude -180 to 180, latitude -90 to 90.
struct Point {
  double longitude = 0;
  double latitude = 0;
  bool operator==(const Point&) const = default;
};

/// Where ScanPlaces finds a facility from now on: at a point, or nowhere.
struct Place {
  uint64_t id = 0;
  std::optional<Point> at;
};

/// Degrees, west <= east and south <= north: whoever looks across the 180th meridian looks twice.
struct Box {
  double west = -180;
  double south = -90;
  double east = 180;
  double north = 90;
};

/// Adds to a counter; commutes with others, so it never conflicts.
struct Add {
  std::string counter;
  int64_t delta = 0;
};

using Hash = std::array<uint8_t, 32>;

/// Marks a request as done, with what it was answered, for its retries. Kept 30 days.
struct Request {
  std::string principal;
  std::string method;
  std::string request_id;
  Hash hash{};        ///< Keyed hash of the request, so that another one under its id is seen.
  std::string reply;  ///< Ids and revisions only.
};

/// All that one write does: applied whole or not at all. A plain value; at most kRecordsMax puts.
struct Change {
  static constexpr size_t kRecordsMax = 1000;
  std::vector<Put> puts;
  std::vector<Check> checks;
  std::vector<Claim> claims;
  std::vector<Term> terms;
  std::vector<Place> places;
  std::vector<Add> adds;
  std::optional<Request> request;
};

/// The change is durable.
struct Committed {
  uint64_t first_index = 0;  ///< Log index of its first entry; entries follow in order of puts.
  TimeUs time = 0;           ///< Stamped on its entries; never decreases.
};

/// A record is not at the revision expected: plan again on a new snapshot.
struct MovedRecord {
  Kind kind;
  uint64_t id = 0;
  uint64_t revision = 0;  ///< What it is now; 0: absent.
};

/// A key has another holder than expected.
struct TakenKey {
  Index index;
  std::string key;
  uint64_t holder = 0;  ///< Who has it now; 0: nobody.
};

/// This request was done before: answer its stored reply.
struct RequestDone {
  std::string reply;
};

/// The request_id was used for another request.
struct RequestReused {};

/// What became of a change. An Error is the store's own trouble: DISK_FULL (RESOURCE_EXHAUSTED;
/// goes on once there is space), DISK_ERROR (UNAVAILABLE; goes on once the disk takes writes; the
/// change may be there when the process dies before), STORE_DAMAGED (DATA_LOSS; every later write
/// is refused too, reads go on), STORE_STOPPING, STORE_BUSY (UNAVAILABLE), or a bug of the caller
/// (INTERNAL): CHANGE_TOO_LARGE, ENTRY_TOO_LARGE, CHANGE_MALFORMED, STORE_FAILED.
using Outcome = std::variant<Committed, MovedRecord, TakenKey, RequestDone, RequestReused, Error>;

struct Record {
  uint64_t revision = 0;
  std::string bytes;
};

struct LogRecord {
  uint64_t index = 0;
  std::string_view entry;  ///< Whole, with its time. Valid during the visit.
  uint64_t previous = 0;   ///< Index + 1 of the same record's entry before this one; 0: none.
};

/// Of which record an entry of the log is.
struct EntryOwner {
  uint64_t index = 0;
  Kind kind;
  uint64_t id = 0;
};

/// The store as it was at one commit. Use from one thread at a time; do not keep it for long
/// (seconds, not minutes): it holds back the reclaiming of space. Must not outlive its store. Any
/// read may fail with STORE_DAMAGED (DATA_LOSS), after which nothing is written any more, or with
/// DISK_ERROR (UNAVAILABLE), which may pass.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  virtual Result<std::optional<Record>> Get(Kind kind, uint64_t id) const = 0;
  /// Holder of a key, 0 when nobody.
  virtual Result<uint64_t> Holder(Index index, std::string_view key) const = 0;
  virtual Result<int64_t> Counter(std::string_view counter) const = 0;
  /// A request marked done: its hash and reply.
  virtual Result<std::optional<Request>> FindRequest(std::string_view principal,
                                                     std::string_view method,
                                                     std::string_view request_id) const = 0;

  /// Visits records with id > after that stand under all the terms, by rising id, until `visit`
  /// returns false. The bytes are valid during the visit only.
  using Visitor = std::function<bool(uint64_t id, uint64_t revision, std::string_view bytes)>;
  virtual Result<void> Scan(Kind kind, uint64_t after, const std::vector<std::string>& terms,
                            const Visitor& visit) const = 0;

  /// Visits keys of a unique index that begin with `prefix`, in byte order, until false.
  using ClaimVisitor = std::function<bool(std::string_view key, uint64_t holder)>;
  virtual Result<void> ScanClaims(Index index, std::string_view prefix,
                                  const ClaimVisitor& visit) const = 0;
  /// Visits all counters that are not 0, by name.
  using CounterVisitor = std::function<bool(std::string_view counter, int64_t value)>;
  virtual Result<void> ScanCounters(const CounterVisitor& visit) const = 0;
  /// Visits all terms of a kind, by term and id.
  using TermVisitor = std::function<bool(std::string_view term, uint64_t id)>;
  virtual Result<void> ScanTerms(Kind kind, const TermVisitor& visit) const = 0;

  /// Entries in the log at this commit.
  virtual Result<uint64_t> LogSize() const = 0;
  using LogVisitor = std::function<bool(const LogRecord&)>;
  virtual Result<void> ScanLog(uint64_t from, const LogVisitor& visit) const = 0;
  /// Visits those entries of one record whose index is below `before`, newest first, until false.
  virtual Result<void> ScanHistory(Kind kind, uint64_t id, uint64_t before,
                                   const LogVisitor& visit) const = 0;
  /// Visits all records of a logged kind by rising id, with the index + 1 of the last entry of
  /// each, where ScanHistory begins.
  using LastEntryVisitor = std::function<bool(uint64_t id, uint64_t last)>;
  virtual Result<void> ScanLastEntries(Kind kind, const LastEntryVisitor& visit) const = 0;

  /// Visits facilities whose place lies in the box, and perhaps some that lie up to two metres
  /// outside, in any order, until false. `around` holds the exact place and is a few metres wide at
  /// most: who must know it exactly looks into the record. A visit must not begin another one.
  using PlaceVisitor = std::function<bool(uint64_t id, const Box& around)>;
  virtual Result<void> ScanPlaces(const Box& box, const PlaceVisitor& visit) const = 0;
};

/// The registry's durable state: records, unique keys, counters, kept requests and the log.
/// Thread-safe. See README.md for what a crash at any instruction leaves.
class Store {
 public:
  virtual ~Store() = default;

  /// Returns at once; `done` is called once, on a thread of the store, after the change is durable
  /// or refused. It must be quick and may call Apply. Changes are applied in the order of the
  /// calls; many share one commit. A refused change leaves no trace and does not touch its
  /// neighbours.
  virtual void Apply(Change change, std::function<void(Outcome)> done) = 0;

  /// Gives n numbers of a named sequence that nobody was or will be given: first, first + 1, …
  /// Sequences begin at 1. Waits until that is durable, or refuses when the disk hangs; numbers not
  /// used are lost, which is normal.
  virtual Result<uint64_t> Reserve(std::string_view sequence, uint64_t n) = 0;

  /// The state of the last commit, or a later one: whatever `done` has reported is in it.
  virtual std::unique_ptr<Snapshot> Read() const = 0;

  /// Why writes are refused, as the last one tried found out: DISK_FULL, DISK_ERROR,
  /// STORE_DAMAGED, STORE_UNWRITABLE, STORE_BUSY; DISK_HANGS while one has been under way for long;
  /// nothing while they are taken. Returns at once.
  virtual std::optional<Error> Refusing() const { return std::nullopt; }

  /// Takes what the changes told by now have replaced or emptied out of the store's files, wherever
  /// it still stands there. Returns at once; `done` is called once, on a thread of the store, with
  /// true when nothing of it is left. False: not yet, since somebody still reads the store as it
  /// was before; that goes on by itself, and when the store is opened anew. Errors as of a write.
  virtual void Scrub(std::function<void(Result<bool>)> done) = 0;

  /// Forgets requests marked done before the instant; gives how many.
  virtual Result<uint64_t> ForgetRequests(TimeUs before) = 0;

  /// Makes the histories of a store whose schema did not have them yet: all entries of its log, in
  /// order, in as many calls as one likes, with no other writes between. Entries that were given
  /// before are passed over, so after a crash one begins from the start. Waits until it is durable.
  virtual Result<void> LinkHistory(std::vector<EntryOwner> entries) = 0;
};

/// Applies a change; what becomes of it is waited for later.
std::future<Outcome> ApplyLater(Store& store, Change change);
/// Applies a change and waits for what became of it. Not for handlers.
Outcome ApplyAndWait(Store& store, Change change);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_STORE_H_
