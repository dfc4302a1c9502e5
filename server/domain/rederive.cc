#include "server/domain/rederive.h"

#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/domain/cover.h"
#include "server/domain/derived.h"
#include "server/domain/entry_view.h"

namespace yima::server {
namespace {

constexpr uint64_t kVersionId = 1;  ///< Of the one kDerivedVersion record.
constexpr size_t kRecordsAtOnce = 1000;
/// Scattered over the file: a slow disk must not seem to hang.
constexpr size_t kEntriesAtOnce = 1000;

/// Whether terms, places or counters may follow from records of a kind.
constexpr bool IsDerivedFrom(store::Kind kind) {
  return store::IsLogged(kind) || kind == store::Kind::kStockFinding ||
         kind == store::Kind::kSighting;
}

/// By which rules the store was derived, and the revision of the record that says so.
struct Standing {
  uint64_t rules = 0;
  uint64_t revision = 0;
};

Result<Standing> ReadStanding(const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto record, snapshot.Get(store::Kind::kDerivedVersion, kVersionId));
  Standing standing;
  if (!record) return standing;
  standing.revision = record->revision;
  std::from_chars(record->bytes.data(), record->bytes.data() + record->bytes.size(),
                  standing.rules);
  return standing;
}

/// Nobody else writes to the store meanwhile, so nothing stands in the way but the store itself.
Result<void> Apply(store::Store& store, store::Change change) {
  const store::Outcome outcome = store::ApplyAndWait(store, std::move(change));
  if (const auto* error = std::get_if<Error>(&outcome)) return tl::unexpected(*error);
  if (std::holds_alternative<store::Committed>(outcome)) return {};
  return Fail(StatusCode::kAborted, "REDERIVE_DISTURBED",
              "another writer changed the store while it was brought up to date");
}

class Rederivation {
 public:
  Rederivation(store::Store& store, const RederiveProgress& progress)
      : store_(store), progress_(progress) {}

  Result<void> Run(const Standing& standing) {
    for (const store::Kind kind : store::kKinds) {
      if (IsDerivedFrom(kind)) YIMA_RETURN_IF_ERROR(AddTermsAndPlaces(kind));
    }
    // Stores that were derived by any rules have their histories.
    if (standing.rules == 0) YIMA_RETURN_IF_ERROR(LinkHistories());
    return Finish(standing);
  }

 private:
  Result<void> AddTermsAndPlaces(store::Kind kind) {
    uint64_t after = 0;
    size_t found = 0;
    do {
      store::Change change;
      found = 0;
      const auto snapshot = store_.Read();
      CodedFacilities coded(*snapshot);
      Result<void> counted;
      YIMA_RETURN_IF_ERROR(
          snapshot->Scan(kind, after, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
            // What does not parse is for `yimad check` to tell.
            if (auto derived = DeriveFrom(kind, bytes)) {
              if (kind == store::Kind::kFacility) counted = CountCoded(id, *derived, coded);
              Collect(kind, id, *derived, change);
            }
            after = id;
            return counted && ++found < kRecordsAtOnce;
          }));
      YIMA_RETURN_IF_ERROR(counted);
      if (!change.terms.empty() || !change.places.empty()) {
        YIMA_RETURN_IF_ERROR(Apply(store_, std::move(change)));
      }
      records_ += found;
      if (found > 0) progress_("records", records_);
    } while (found == kRecordsAtOnce);
    return {};
  }

  /// Follows from the facility and the key of its active code, which every store has.
  Result<void> CountCoded(uint64_t facility, const Derived& derived, CodedFacilities& coded) {
    YIMA_ASSIGN_OR_RETURN(const bool has_code, coded.Has(facility));
    for (const auto& [cover, value] : derived.counters) {
      if (has_code) counters_[CodedCounter(cover)] += value;
    }
    return {};
  }

  void Collect(store::Kind kind, uint64_t id, Derived& derived, store::Change& change) {
    for (auto& term : derived.terms) change.terms.push_back({kind, std::move(term), id, true});
    if (derived.place) change.places.push_back({id, derived.place});
    for (const auto& [counter, value] : derived.counters) counters_[counter] += value;
  }

  Result<void> LinkHistories() {
    uint64_t from = 0;
    size_t read = 0;
    do {
      std::vector<store::EntryOwner> owners;
      read = 0;
      const auto snapshot = store_.Read();
      Result<void> owned;
      YIMA_RETURN_IF_ERROR(snapshot->ScanLog(from, [&](const store::LogRecord& record) {
        from = record.index + 1;
        owned = AddOwner(record, *snapshot, owners);
        return owned && ++read < kEntriesAtOnce;
      }));
      YIMA_RETURN_IF_ERROR(owned);
      if (!owners.empty()) YIMA_RETURN_IF_ERROR(store_.LinkHistory(std::move(owners)));
      progress_("log entries", from);
    } while (read == kEntriesAtOnce);
    return {};
  }

  static Result<void> AddOwner(const store::LogRecord& record, const store::Snapshot& snapshot,
                               std::vector<store::EntryOwner>& owners) {
    const auto entry = ViewEntry(record.entry);
    if (!entry) return {};  // For `yimad check` to tell.
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, RecordIdIn(*entry, snapshot));
    if (id != 0) owners.push_back({record.index, entry->kind, id});
    return {};
  }

  /// Counters and the word that all is done, at one moment: a difference added twice would be
  /// wrong.
  Result<void> Finish(const Standing& standing) {
    store::Change change;
    YIMA_RETURN_IF_ERROR(store_.Read()->ScanCounters([&](std::string_view counter, int64_t value) {
      counters_[std::string(counter)] -= value;
      return true;
    }));
    for (const auto& [counter, missing] : counters_) {
      if (missing != 0) change.adds.push_back({counter, missing});
    }
    change.puts.push_back({store::Kind::kDerivedVersion,
                           kVersionId,
                           standing.revision,
                           fmt::to_string(kDerivedRules),
                           {}});
    return Apply(store_, std::move(change));
  }

  store::Store& store_;
  const RederiveProgress& progress_;
  uint64_t records_ = 0;
  std::map<std::string, int64_t> counters_;  ///< As the records make them.
};

}  // namespace

Result<void> Rederive(store::Store& store, const RederiveProgress& progress) {
  YIMA_ASSIGN_OR_RETURN(const Standing standing, ReadStanding(*store.Read()));
  if (standing.rules >= kDerivedRules) return {};
  return Rederivation(store, progress).Run(standing);
}

}  // namespace yima::server
