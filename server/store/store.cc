#include "server/store/store.h"

#include <algorithm>
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
  if (NamesTwice(change)) {
    return Error{StatusCode::kInternal,
                 "CHANGE_MALFORMED",
                 "a change names one record or one key twice",
                 {}};
  }
  return std::nullopt;
}

Outcome ApplyAndWait(Store& store, Change change) {
  std::promise<Outcome> promise;
  auto future = promise.get_future();
  store.Apply(std::move(change), [&](Outcome outcome) { promise.set_value(std::move(outcome)); });
  return future.get();
}

}  // namespace yima::store
