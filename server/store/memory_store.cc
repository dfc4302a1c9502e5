#include "server/store/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "server/store/limits.h"

namespace yima::store {
namespace {

struct KeptRequest {
  Request request;
  TimeUs time = 0;
};

/// All there is. Snapshots share one; a writer copies it first when somebody looks at it.
struct State {
  std::map<Kind, std::map<uint64_t, Record>> records;
  std::map<std::pair<Index, std::string>, uint64_t> claims;
  std::set<std::tuple<Kind, std::string, uint64_t>> terms;
  std::map<uint64_t, Point> places;
  std::map<std::string, int64_t, std::less<>> counters;
  std::map<std::tuple<std::string, std::string, std::string>, KeptRequest> requests;
  std::map<std::string, uint64_t, std::less<>> sequences;
  std::vector<std::string> log;
  std::map<std::pair<Kind, uint64_t>, std::vector<uint64_t>> histories;  ///< Indexes, rising.
  std::vector<uint64_t> previous;  ///< Of each entry, as LogRecord says it.
  TimeUs last_time = 0;

  const std::vector<uint64_t>& HistoryOf(Kind kind, uint64_t id) const {
    static const std::vector<uint64_t> none;
    const auto history = histories.find({kind, id});
    return history == histories.end() ? none : history->second;
  }

  void Append(Kind kind, uint64_t id, std::string entry) {
    std::vector<uint64_t>& history = histories[{kind, id}];
    previous.push_back(history.empty() ? 0 : history.back() + 1);
    history.push_back(log.size());
    log.push_back(std::move(entry));
  }

  uint64_t RevisionOf(Kind kind, uint64_t id) const {
    const auto table = records.find(kind);
    if (table == records.end()) return 0;
    const auto record = table->second.find(id);
    return record == table->second.end() ? 0 : record->second.revision;
  }

  uint64_t HolderOf(Index index, std::string_view key) const {
    const auto claim = claims.find({index, std::string(key)});
    return claim == claims.end() ? 0 : claim->second;
  }
};

class MemorySnapshot final : public Snapshot {
 public:
  explicit MemorySnapshot(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  Result<std::optional<Record>> Get(Kind kind, uint64_t id) const override {
    const auto table = state_->records.find(kind);
    if (table == state_->records.end()) return std::nullopt;
    const auto record = table->second.find(id);
    if (record == table->second.end()) return std::nullopt;
    return record->second;
  }

  Result<uint64_t> Holder(Index index, std::string_view key) const override {
    return state_->HolderOf(index, key);
  }

  Result<int64_t> Counter(std::string_view counter) const override {
    const auto found = state_->counters.find(counter);
    return found == state_->counters.end() ? 0 : found->second;
  }

  Result<std::optional<Request>> FindRequest(std::string_view principal, std::string_view method,
                                             std::string_view request_id) const override {
    const auto found = state_->requests.find(
        {std::string(principal), std::string(method), std::string(request_id)});
    if (found == state_->requests.end()) return std::nullopt;
    return found->second.request;
  }

  Result<void> Scan(Kind kind, uint64_t after, const std::vector<std::string>& terms,
                    const Visitor& visit) const override {
    const auto table = state_->records.find(kind);
    if (table == state_->records.end()) return {};
    for (auto it = table->second.upper_bound(after); it != table->second.end(); ++it) {
      const bool under_all = std::ranges::all_of(terms, [&](const std::string& term) {
        return state_->terms.contains({kind, term, it->first});
      });
      if (under_all && !visit(it->first, it->second.revision, it->second.bytes)) break;
    }
    return {};
  }

  Result<void> ScanClaims(Index index, std::string_view prefix,
                          const ClaimVisitor& visit) const override {
    for (auto it = state_->claims.lower_bound({index, std::string(prefix)});
         it != state_->claims.end() && it->first.first == index &&
         it->first.second.starts_with(prefix);
         ++it) {
      if (!visit(it->first.second, it->second)) break;
    }
    return {};
  }

  Result<void> ScanCounters(const CounterVisitor& visit) const override {
    for (const auto& [name, value] : state_->counters) {
      if (value != 0 && !visit(name, value)) break;
    }
    return {};
  }

  Result<void> ScanTerms(Kind kind, const TermVisitor& visit) const override {
    for (const auto& [of_kind, term, id] : state_->terms) {
      if (of_kind == kind && !visit(term, id)) break;
    }
    return {};
  }

  Result<uint64_t> LogSize() const override { return state_->log.size(); }

  Result<void> ScanLog(uint64_t from, const LogVisitor& visit) const override {
    for (uint64_t i = from; i < state_->log.size(); ++i) {
      if (!visit({i, state_->log[i], state_->previous[i]})) break;
    }
    return {};
  }

  Result<void> ScanHistory(Kind kind, uint64_t id, uint64_t before,
                           const LogVisitor& visit) const override {
    const auto& history = state_->HistoryOf(kind, id);
    for (auto at = history.rbegin(); at != history.rend(); ++at) {
      if (*at < before && !visit({*at, state_->log[*at], state_->previous[*at]})) break;
    }
    return {};
  }

  Result<void> ScanLastEntries(Kind kind, const LastEntryVisitor& visit) const override {
    const auto table = state_->records.find(kind);
    if (!IsLogged(kind) || table == state_->records.end()) return {};
    for (const auto& [id, record] : table->second) {
      if (!visit(id, state_->HistoryOf(kind, id).back() + 1)) break;
    }
    return {};
  }

  Result<void> ScanPlaces(const Box& box, const PlaceVisitor& visit) const override {
    for (const auto& [id, at] : state_->places) {
      if (at.longitude < box.west || at.longitude > box.east) continue;
      if (at.latitude < box.south || at.latitude > box.north) continue;
      if (!visit(id, {at.longitude, at.latitude, at.longitude, at.latitude})) break;
    }
    return {};
  }

 private:
  const std::shared_ptr<const State> state_;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(TimeUs (*now)()) : now_(now) {}

  void Apply(Change change, std::function<void(Outcome)> done) override {
    done(ApplyNow(std::move(change)));
  }

  Result<uint64_t> Reserve(std::string_view sequence, uint64_t n) override {
    const std::lock_guard lock(mutex_);
    uint64_t& next = Writable().sequences.try_emplace(std::string(sequence), 1).first->second;
    return std::exchange(next, next + n);
  }

  std::unique_ptr<Snapshot> Read() const override {
    const std::lock_guard lock(mutex_);
    return std::make_unique<MemorySnapshot>(state_);
  }

  /// There are no files.
  void Scrub(std::function<void(Result<bool>)> done) override { done(true); }

  Result<uint64_t> ForgetRequests(TimeUs before) override {
    const std::lock_guard lock(mutex_);
    return std::erase_if(Writable().requests,
                         [&](const auto& kept) { return kept.second.time < before; });
  }

  /// Nothing here is from before there were histories.
  Result<void> LinkHistory(std::vector<EntryOwner>) override { return {}; }

 private:
  State& Writable() {
    if (state_.use_count() > 1) state_ = std::make_shared<State>(*state_);
    return *state_;
  }

  Outcome ApplyNow(Change change) {
    if (auto error = LimitBroken(change)) return *std::move(error);
    const std::lock_guard lock(mutex_);
    if (auto refusal = FindRefusal(change)) return *std::move(refusal);
    State& state = Writable();
    state.last_time = std::max(state.last_time, now_());
    const Committed committed{state.log.size(), state.last_time};
    for (auto& put : change.puts) {
      if (IsLogged(put.kind)) state.Append(put.kind, put.id, Stamped(put.entry, state.last_time));
      state.records[put.kind][put.id] = {put.expected_revision + 1, std::move(put.bytes)};
    }
    for (const auto& claim : change.claims) {
      if (claim.after == 0) {
        state.claims.erase({claim.index, claim.key});
      } else {
        state.claims[{claim.index, claim.key}] = claim.after;
      }
    }
    for (const auto& term : change.terms) {
      if (term.present) {
        state.terms.emplace(term.kind, term.term, term.id);
      } else {
        state.terms.erase({term.kind, term.term, term.id});
      }
    }
    for (const auto& place : change.places) {
      state.places.erase(place.id);
      if (place.at) state.places.emplace(place.id, *place.at);
    }
    for (const auto& add : change.adds) state.counters[add.counter] += add.delta;
    if (const auto& request = change.request) {
      state.requests[{request->principal, request->method, request->request_id}] = {
          *request, state.last_time};
    }
    return committed;
  }

  std::optional<Outcome> FindRefusal(const Change& change) const {
    if (const auto& request = change.request) {
      const auto found =
          state_->requests.find({request->principal, request->method, request->request_id});
      if (found != state_->requests.end()) {
        if (found->second.request.hash != request->hash) return RequestReused{};
        return RequestDone{found->second.request.reply};
      }
    }
    for (const auto& check : change.checks) {
      const uint64_t revision = state_->RevisionOf(check.kind, check.id);
      if (revision != check.expected_revision) return MovedRecord{check.kind, check.id, revision};
    }
    for (const auto& put : change.puts) {
      const uint64_t revision = state_->RevisionOf(put.kind, put.id);
      if (revision != put.expected_revision) return MovedRecord{put.kind, put.id, revision};
    }
    for (const auto& claim : change.claims) {
      const uint64_t holder = state_->HolderOf(claim.index, claim.key);
      if (holder != claim.before) return TakenKey{claim.index, claim.key, holder};
    }
    return std::nullopt;
  }

  static std::string Stamped(const std::string& entry, TimeUs time) {
    std::string stamped(1, '\x09');
    for (int shift = 0; shift < 64; shift += 8) {
      stamped.push_back(static_cast<char>(static_cast<uint64_t>(time) >> shift));
    }
    return stamped.append(entry);
  }

  TimeUs (*const now_)();
  mutable std::mutex mutex_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

std::unique_ptr<Store> OpenMemoryStore(TimeUs (*now)()) {
  return std::make_unique<MemoryStore>(now);
}

}  // namespace yima::store
