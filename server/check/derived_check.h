#ifndef YIMA_SERVER_CHECK_DERIVED_CHECK_H_
#define YIMA_SERVER_CHECK_DERIVED_CHECK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "server/check/findings.h"
#include "server/check/pair_check.h"
#include "server/domain/derived.h"
#include "server/store/store.h"

namespace yima::server {

/// Compares unique keys, terms, places and counters that are stored with those that follow from the
/// records, both ways.
class DerivedCheck {
 public:
  DerivedCheck();

  /// First pass: what follows from one record.
  void Add(store::Kind kind, uint64_t id, const Derived& derived);
  /// Gives all records once more, with what follows from each.
  using Visitor = std::function<void(store::Kind kind, uint64_t id, const Derived& derived)>;
  using Again = std::function<Result<void>(const Visitor& visit)>;
  /// What follows from more records than one.
  void Count(const std::string& counter) { ++counters_[counter]; }
  /// After the first pass: reads what is stored; `again` is called only when something differs.
  Result<void> Compare(const store::Snapshot& snapshot, const Again& again, Findings& findings);

 private:
  /// Visits a stored set with every pair.
  using PairVisitor = std::function<void(std::string_view key, uint64_t id)>;
  static Result<void> VisitKeys(const store::Snapshot& snapshot, store::Index index,
                                const PairVisitor& visit);
  static Result<void> VisitTerms(const store::Snapshot& snapshot, store::Kind kind,
                                 const PairVisitor& visit);
  Result<void> CompareCounters(const store::Snapshot& snapshot, Findings& findings) const;
  Result<void> ComparePlaces(const store::Snapshot& snapshot, const Again& again,
                             Findings& findings) const;
  Result<void> Collect(const store::Snapshot& snapshot, const Again& again);
  Result<void> ReportKeys(const store::Snapshot& snapshot, store::Index index, Findings& findings);

  std::map<store::Index, PairCheck> keys_;
  std::map<store::Kind, PairCheck> terms_;
  std::map<std::string, int64_t, std::less<>> counters_;
  uint64_t places_ = 0;  ///< That follow from records.
};

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_DERIVED_CHECK_H_
