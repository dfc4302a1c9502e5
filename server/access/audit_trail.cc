#include "server/access/audit_trail.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/domain/batch_items.h"

namespace yima::server {
namespace {

constexpr TimeUs kMinute = 60'000'000;
/// The record that says how many were ever written.
constexpr uint64_t kCursorId = uint64_t{1} << 40;

uint64_t SlotOf(uint64_t place) { return 1 + (place - 1) % AuditTrail::kKept; }

struct Cursor {
  uint64_t written = 0;
  uint64_t revision = 0;
};

Result<Cursor> ReadCursor(const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kRefusal, kCursorId));
  if (!stored) return Cursor();
  return Cursor{std::stoull(stored->bytes), stored->revision};
}

}  // namespace

void AuditTrail::Note(v1::Refusal refusal) {
  const std::lock_guard lock(mutex_);
  const uint64_t times = std::max<uint64_t>(refusal.count(), 1);
  count_ += times;
  Sort sort{refusal.principal(), refusal.token(), refusal.peer(), refusal.method(),
            refusal.reason()};
  // Strangers, who can have many addresses, leave room for what callers are refused.
  const size_t room = refusal.principal() == 0 ? kKindsAMinute / 2 : kKindsAMinute;
  if (!noted_.contains(sort) && noted_.size() >= room) {
    refusal = {};
    refusal.set_reason("AND_OTHERS");
    refusal.set_message("more kinds of refusals in this minute than are kept");
    sort = {0, 0, "", "", refusal.reason()};
  }
  const auto [found, is_new] = noted_.try_emplace(std::move(sort));
  Noted& noted = found->second;
  if (is_new) {
    noted.refusal = std::move(refusal);
    noted.refusal.set_time_us(domain_.now());
    noted.refusal.set_count(0);
  }
  noted.refusal.set_count(noted.refusal.count() + times);
  noted.changed = true;
}

void AuditTrail::NoteIfRefused(const Call& call, const Error& error, uint64_t times) {
  if (error.code != StatusCode::kPermissionDenied && error.reason != "TOO_MANY_STREAMS") return;
  v1::Refusal refusal;
  refusal.set_principal(call.principal_id);
  refusal.set_token(call.token);
  refusal.set_peer(call.peer);
  refusal.set_method(call.method);
  refusal.set_reason(error.reason);
  refusal.set_message(error.message);
  refusal.set_count(times);
  Note(std::move(refusal));
}

/// The records of what changed; `next` becomes how many were ever written.
Result<store::Change> AuditTrail::Plan(std::map<Sort, Noted>& noted, uint64_t& next) const {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const Cursor cursor, ReadCursor(*snapshot));
  next = cursor.written;
  store::Change change;
  for (auto& [sort, each] : noted) {
    if (!each.changed) continue;
    if (each.place == 0) {
      each.place = ++next;
      YIMA_ASSIGN_OR_RETURN(const auto before,
                            snapshot->Get(store::Kind::kRefusal, SlotOf(each.place)));
      each.revision = before ? before->revision : 0;
    }
    change.puts.push_back({store::Kind::kRefusal,
                           SlotOf(each.place),
                           each.revision,
                           each.refusal.SerializeAsString(),
                           {}});
    each.changed = false;
    ++each.revision;
  }
  if (next != cursor.written) {
    change.puts.push_back(
        {store::Kind::kRefusal, kCursorId, cursor.revision, fmt::format("{}", next), {}});
  }
  return change;
}

Result<void> AuditTrail::Keep() {
  std::map<Sort, Noted> taken;
  {
    const std::lock_guard lock(mutex_);
    taken = noted_;
    for (auto& [sort, each] : noted_) each.changed = false;
  }
  uint64_t next = 0;
  auto tried = taken;
  auto change = Plan(tried, next);
  Result<void> kept;
  if (!change) kept = tl::unexpected(change.error());
  if (change && !change->puts.empty()) {
    kept = Settled(store::ApplyAndWait(domain_.store, *std::move(change)));
  }
  const std::lock_guard lock(mutex_);
  for (auto& [sort, each] : tried) {
    const auto found = noted_.find(sort);
    if (found == noted_.end()) continue;
    if (!kept) {
      found->second.changed = true;
      continue;
    }
    found->second.place = each.place;
    found->second.revision = each.revision;
  }
  std::erase_if(noted_, [&](const auto& each) {
    return !each.second.changed && each.second.refusal.time_us() + kMinute < domain_.now();
  });
  return kept;
}

uint64_t AuditTrail::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

Result<v1::ListRefusalsResponse> ListRefusals(const Domain& domain, const Call& call,
                                              const v1::ListRefusalsRequest& request,
                                              const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const std::string token,
                        OpenPageToken(domain, call.method, "", request.page_token()));
  YIMA_ASSIGN_OR_RETURN(const Cursor cursor, ReadCursor(snapshot));
  const uint64_t oldest =
      cursor.written > AuditTrail::kKept ? cursor.written - AuditTrail::kKept : 0;
  uint64_t place = token.empty() ? cursor.written : std::stoull(token);
  v1::ListRefusalsResponse response;
  for (; place > oldest && static_cast<size_t>(response.refusals_size()) < size; --place) {
    YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kRefusal, SlotOf(place)));
    if (!stored || !response.add_refusals()->ParseFromString(stored->bytes)) {
      return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                  fmt::format("entry {} of the audit trail does not parse", place));
    }
  }
  if (place > oldest) {
    response.set_next_page_token(SealPageToken(domain, call.method, "", fmt::format("{}", place)));
  }
  return response;
}

}  // namespace yima::server
