#ifndef YIMA_SERVER_DOMAIN_CHANGE_WRITER_H_
#define YIMA_SERVER_DOMAIN_CHANGE_WRITER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "server/domain/call.h"
#include "server/domain/derived.h"
#include "server/store/store.h"
#include "yima/v1/withheld.pb.h"

namespace yima::server {

/// A record that a write put or found as wanted: what a kept reply is made of.
struct RecordRef {
  store::Kind kind;
  uint64_t id = 0;
  uint64_t revision = 0;
  bool operator==(const RecordRef&) const = default;
};

/// Collects one Change: records with their log entries, and what follows from them. Every write of
/// a logged record goes through here. Use from one thread.
class ChangeWriter {
 public:
  ChangeWriter(const Call& call, std::string_view request_id, uint64_t batch = 0);

  /// Puts a record that must not exist yet.
  template <typename R>
  void Create(uint64_t id, const R& record) {
    Put(KindOf(record), id, 0, Derived{}, Derive(record), record);
    if constexpr (std::is_same_v<R, v1::Facility>) NoteHolders(R(), record);
  }
  /// Puts a record over the one read at `revision`. A key that it gives up may be taken by a record
  /// put after it.
  template <typename R>
  void Replace(uint64_t id, uint64_t revision, const R& before, const R& after) {
    Put(KindOf(after), id, revision, Derive(before), Derive(after), after);
    if constexpr (std::is_same_v<R, v1::Facility>) NoteHolders(before, after);
  }
  /// Puts a record of an unlogged kind.
  void PutUnlogged(store::Kind kind, uint64_t id, uint64_t revision, std::string bytes);
  /// The same of one from which terms and counters follow; `revision` 0: there is none yet.
  template <typename R>
  void ReplaceUnlogged(uint64_t id, uint64_t revision, const R& before, const R& after) {
    PutUnlogged(KindOf(after), id, revision, after.SerializeAsString());
    PutDerived(KindOf(after), id, revision == 0 ? Derived{} : Derive(before), Derive(after));
  }
  void Check(store::Kind kind, uint64_t id, uint64_t revision);
  /// The same of a facility, of which no second look then says where it is counted.
  void CheckFacility(const v1::Facility& facility, uint64_t revision);
  /// Expects a key to be held by nobody still, and leaves it so. Not for one that the change moves.
  void CheckFree(const Key& key);
  /// Moves a key that follows from no record, and counts, from one value to another. With the same
  /// value before and after it only expects it.
  void Count(const Key& key, uint64_t before, uint64_t after);

  /// That a facility which the change checks, and does not put, is counted there: spares Take the
  /// reading of its record.
  void KnowCover(uint64_t facility, std::string cover_counter);

  size_t puts() const { return change_.puts.size(); }
  /// The finished change; the writer is empty afterwards. Organizations to which it gives a right
  /// are expected as the snapshot on which it was planned has them: none may end meanwhile.
  /// Facilities that get or lose an active
  /// code, and those that have one and are counted elsewhere from now on, follow from two records
  /// each: what of these the writer was not told it reads from that snapshot, and the change
  /// expects it.
  Result<store::Change> Take(const store::Snapshot& snapshot);
  /// The same without a look: of a change that gives no right to anybody, counts no facility
  /// elsewhere, and moves active codes of those alone of which KnowCover was told.
  store::Change Take();

  static store::Kind KindOf(const v1::Facility&) { return store::Kind::kFacility; }
  static store::Kind KindOf(const v1::Code&) { return store::Kind::kCode; }
  static store::Kind KindOf(const v1::Organization&) { return store::Kind::kOrganization; }
  static store::Kind KindOf(const v1::FacilityClass&) { return store::Kind::kFacilityClass; }
  static store::Kind KindOf(const v1::Batch&) { return store::Kind::kBatch; }
  static store::Kind KindOf(const v1::Principal&) { return store::Kind::kPrincipal; }
  static store::Kind KindOf(const v1::Registry&) { return store::Kind::kRegistry; }
  static store::Kind KindOf(const v1::BlankRange&) { return store::Kind::kBlankRange; }
  static store::Kind KindOf(const v1::StockTake&) { return store::Kind::kStockTake; }
  static store::Kind KindOf(const v1::Claim&) { return store::Kind::kClaim; }
  static store::Kind KindOf(const v1::Notice&) { return store::Kind::kNotice; }
  static store::Kind KindOf(const v1::Objection&) { return store::Kind::kObjection; }
  static store::Kind KindOf(const v1::Offer&) { return store::Kind::kOffer; }
  static store::Kind KindOf(const v1::Order&) { return store::Kind::kOrder; }
  static store::Kind KindOf(const v1::RightsRules&) { return store::Kind::kRightsRules; }
  static store::Kind KindOf(const v1::StockFinding&) { return store::Kind::kStockFinding; }
  static store::Kind KindOf(const v1::Sightings&) { return store::Kind::kSighting; }

 private:
  /// What holds of a facility before and after the change.
  template <typename T>
  struct Moved {
    T before{};
    T after{};
    bool Moves() const { return before != after; }
  };
  using CodedMoves = std::map<uint64_t, Moved<bool>>;

  CodedMoves MovedCodes() const;
  Result<void> ExpectCodes(const store::Snapshot& snapshot);
  Result<void> ReadCovers(const store::Snapshot& snapshot);
  Result<void> ExpectHolders(const store::Snapshot& snapshot);
  void NoteHolders(const v1::Facility& before, const v1::Facility& after);
  void NoteCover(uint64_t facility, const Derived& before, const Derived& after);
  void Put(store::Kind kind, uint64_t id, uint64_t revision, const Derived& before,
           const Derived& after, const google::protobuf::Message& record);
  void PutDerived(store::Kind kind, uint64_t id, const Derived& before, const Derived& after);
  void Release(const Key& key, uint64_t id);
  void Claim(const Key& key, uint64_t id);
  const std::string entry_head_;  ///< LogEntry's fields 2 to 5, serialized: equal for all entries.
  store::Change change_;
  std::map<std::string, int64_t, std::less<>> adds_;
  std::map<Key, size_t> released_;  ///< Places in change_.claims.
  std::set<uint64_t> new_holders_;
  /// Of facilities put over others and counted elsewhere now, and of those that KnowCover told.
  std::map<uint64_t, Moved<std::string>> covers_;
};

/// Visits every Withheld inside a record, at any depth.
void EachWithheld(google::protobuf::Message& record,
                  const std::function<void(v1::Withheld&)>& visit);

/// The record as a log entry holds it: every Withheld value carries its hash alone. Serialized.
std::string SerializeWithoutWithheld(const google::protobuf::Message& record);

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_CHANGE_WRITER_H_
