#include "server/store/store.h"

#include <algorithm>
#include <cmath>
#include <future>

#include <fmt/format.h>

#include "server/store/limits.h"

namespace yima::store {
namespace {

constexpr size_t kTimeSize = 9;

template <typename T>
bool HasRepeats(std::vector<T> items) {
  std::ranges::sort(items);
  return std::ranges::adjacent_find(items) != items.end();
}

bool NamesTwice(const Change& change) {
  std::vector<std::pair<Kind, uint64_t>> records;
  records.reserve(change.puts.size());
  for (const auto& put : change.puts) records.emplace_back(put.kind, put.id);
  std::vector<std::pair<Index, std::string_view>> keys;
  keys.reserve(change.claims.size());
  for (const auto& claim : change.claims) keys.emplace_back(claim.index, claim.key);
  return HasRepeats(std::move(records)) || HasRepeats(std::move(keys));
}

bool IsKnown(Kind kind) { return std::ranges::find(kKinds, kind) != kKinds.end(); }

/// Scans begin above 0, and SQLite's numbers have a sign.
bool IsId(uint64_t id) { return id > 0 && id <= INT64_MAX; }

bool IsOnEarth(const Point& point) {
  return std::abs(point.longitude) <= 180 && std::abs(point.latitude) <= 90;
}

/// What no caller means: the words name it, null when there is nothing.
const char* Malformation(const Change& change) {
  for (const auto& put : change.puts) {
    if (!IsKnown(put.kind)) return "a put of an unknown kind";
    if (!IsId(put.id)) return "a put with an id outside 1 … 2^63 - 1";
    if (IsLogged(put.kind) == put.entry.empty()) {
      return "a put of a logged kind without its entry, or an entry of another";
    }
  }
  for (const auto& check : change.checks) {
    if (!IsKnown(check.kind)) return "a check of an unknown kind";
  }
  for (const auto& claim : change.claims) {
    if (claim.after > INT64_MAX) return "a claim for an id above 2^63 - 1";
  }
  for (const auto& place : change.places) {
    if (!IsId(place.id)) return "a place of an id outside 1 … 2^63 - 1";
    if (place.at && !IsOnEarth(*place.at)) return "a place that is none on earth";
  }
  return NamesTwice(change) ? "one record or one key twice" : nullptr;
}

}  // namespace

std::optional<Error> LimitBroken(const Change& change) {
  if (change.puts.size() > Change::kRecordsMax) {
    return Error{StatusCode::kInternal,
                 "CHANGE_TOO_LARGE",
                 fmt::format("a change of {} records, want at most {}", change.puts.size(),
                             Change::kRecordsMax),
                 {}};
  }
  for (const auto& put : change.puts) {
    if (put.entry.size() + kTimeSize > kEntrySizeMax) {
      return Error{StatusCode::kInternal,
                   "ENTRY_TOO_LARGE",
                   fmt::format("a log entry of {} bytes, want at most {}",
                               put.entry.size() + kTimeSize, kEntrySizeMax),
                   {}};
    }
  }
  if (const char* malformation = Malformation(change)) {
    return Error{StatusCode::kInternal,
                 "CHANGE_MALFORMED",
                 fmt::format("a change holds {}", malformation),
                 {}};
  }
  return std::nullopt;
}

std::future<Outcome> ApplyLater(Store& store, Change change) {
  // std::function wants to be copied.
  const auto promise = std::make_shared<std::promise<Outcome>>();
  store.Apply(std::move(change),
              [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  return promise->get_future();
}

Outcome ApplyAndWait(Store& store, Change change) {
  return ApplyLater(store, std::move(change)).get();
}

}  // namespace yima::store
