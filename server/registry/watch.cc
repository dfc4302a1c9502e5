#include "server/registry/watch.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "server/access/roles.h"
#include "yima/v1/access.pb.h"
#include "yima/v1/log_entry.pb.h"
#include "yima/v1/withheld.pb.h"

namespace yima::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::chrono::milliseconds kLookedEvery{50};
constexpr size_t kLooksMax = 1000;
constexpr size_t kBytesMax = size_t{256} << 10;

/// What stands before the '-', and after it.
struct Token {
  uint32_t epoch = 0;
  uint64_t entries = 0;
};

std::string ToText(const Token& token) { return fmt::format("{}-{}", token.epoch, token.entries); }

template <typename T>
bool ParseWhole(std::string_view text, T& value) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end && (text == "0" || !text.starts_with('0'));
}

Result<Token> ParseToken(std::string_view text) {
  Token token;
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos && ParseWhole(text.substr(0, dash), token.epoch) &&
      ParseWhole(text.substr(dash + 1), token.entries)) {
    return token;
  }
  return Invalid("WATCH_TOKEN_MALFORMED",
                 fmt::format("\"{}\" is no EPOCH-ENTRIES such as 1-0", text.substr(0, 64)),
                 "after");
}

/// How many entries the logs before and after a restore have in common: those of the backup. Behind
/// them stand codes that the restore itself entered again.
Result<uint64_t> CommonEntries(const v1::RegistryRestore& restore,
                               const store::Snapshot& snapshot) {
  uint64_t size = restore.log_size();
  while (size > 0) {
    bool by_restore = false;
    YIMA_RETURN_IF_ERROR(snapshot.ScanLog(size - 1, [&](const store::LogRecord& record) {
      const auto entry = ViewEntry(record.entry);
      by_restore = entry && entry->method == "yimad/restore" && entry->kind == store::Kind::kCode;
      return false;
    }));
    if (!by_restore) break;
    --size;
  }
  return size;
}

tl::unexpected<Error> OtherEpoch(std::string message) {
  return Fail(StatusCode::kFailedPrecondition, "WATCH_OTHER_EPOCH", std::move(message), "after");
}

/// The entry with which a watch begins that knows what the token counts.
Result<uint64_t> FirstEntry(const Domain& domain, const std::string& after,
                            const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  if (after.empty()) return size;
  YIMA_ASSIGN_OR_RETURN(const Token token, ParseToken(after));
  const v1::Registry& registry = *domain.registry;
  const Token now{registry.epoch(), size};
  const auto is_own = [&](const v1::RegistryRestore& restore) {
    return restore.epoch() == token.epoch;
  };
  if (token.epoch != 1 && token.epoch != now.epoch &&
      std::ranges::none_of(registry.restores(), is_own)) {
    return OtherEpoch(fmt::format(
        "this log is of epoch {} and knows nothing of epoch {}: begin anew, after \"{}-0\" or "
        "without a token",
        now.epoch, token.epoch, now.epoch));
  }
  uint64_t common = size;
  for (const auto& restore : registry.restores()) {
    if (restore.epoch() <= token.epoch) continue;
    YIMA_ASSIGN_OR_RETURN(const uint64_t shared, CommonEntries(restore, snapshot));
    common = std::min(common, shared);
  }
  if (token.entries <= common) return token.entries;
  if (token.epoch == now.epoch) {
    return Fail(StatusCode::kOutOfRange, "WATCH_FROM_FUTURE",
                fmt::format("the log has {} entries, fewer than {}", size, token.entries), "after");
  }
  return OtherEpoch(fmt::format(
      "a restore took the log back to {} entries of epoch {}, and what you know beyond them is "
      "lost: begin after \"{}\"",
      common, token.epoch, ToText({now.epoch, common})));
}

/// Takes out of a record all that tells of persons, and signatures.
void ClearWithheld(Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(message, &set);
  for (const auto* field : set) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field->message_type() == v1::Withheld::descriptor()) {
      reflection->ClearField(&message, field);
    } else if (!field->is_repeated()) {
      ClearWithheld(*reflection->MutableMessage(&message, field));
    } else {
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
        ClearWithheld(*reflection->MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

template <typename R>
bool ParseRecord(std::string_view bytes, R& record) {
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  ClearWithheld(record);
  return true;
}

v1::RecordKind KindInApi(store::Kind kind) {
  switch (kind) {
    case store::Kind::kFacility:
      return v1::RECORD_KIND_FACILITY;
    case store::Kind::kCode:
      return v1::RECORD_KIND_CODE;
    case store::Kind::kOrganization:
      return v1::RECORD_KIND_ORGANIZATION;
    case store::Kind::kFacilityClass:
      return v1::RECORD_KIND_FACILITY_CLASS;
    case store::Kind::kBatch:
      return v1::RECORD_KIND_BATCH;
    case store::Kind::kRegistry:
      return v1::RECORD_KIND_REGISTRY;
    case store::Kind::kPrincipal:
      return v1::RECORD_KIND_PRINCIPAL;
    case store::Kind::kBlankRange:
      return v1::RECORD_KIND_BLANK_RANGE;
    case store::Kind::kStockTake:
      return v1::RECORD_KIND_STOCK_TAKE;
    case store::Kind::kClaim:
      return v1::RECORD_KIND_CLAIM;
    case store::Kind::kNotice:
      return v1::RECORD_KIND_NOTICE;
    case store::Kind::kObjection:
      return v1::RECORD_KIND_OBJECTION;
    case store::Kind::kOffer:
      return v1::RECORD_KIND_OFFER;
    case store::Kind::kOrder:
      return v1::RECORD_KIND_ORDER;
    case store::Kind::kRightsRules:
      return v1::RECORD_KIND_RIGHTS_RULES;
    default:
      return v1::RECORD_KIND_UNSPECIFIED;
  }
}

Result<v1::Facility> FacilityIn(const store::LogRecord& record) {
  const auto entry = ViewEntry(record.entry);
  v1::Facility facility;
  const bool sound =
      entry && entry->kind == store::Kind::kFacility && ParseRecord(entry->record, facility);
  if (!sound) return EntryDamaged(record.index);
  return facility;
}

/// The facility as the entry before this one made it; nothing when this one made it.
Result<std::optional<v1::Facility>> FacilityBefore(const store::LogRecord& record,
                                                   const store::Snapshot& snapshot) {
  if (record.previous == 0) return std::nullopt;
  Result<v1::Facility> facility = EntryDamaged(record.previous - 1);
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(record.previous - 1, [&](const store::LogRecord& previous) {
    facility = FacilityIn(previous);
    return false;
  }));
  if (!facility) return tl::unexpected(facility.error());
  return *std::move(facility);
}

/// The facility as it was when that entry was made; nothing when it has no older one.
Result<std::optional<v1::Facility>> FacilityAsOf(uint64_t index, uint64_t uid,
                                                 const store::Snapshot& snapshot) {
  std::optional<Result<v1::Facility>> facility;
  YIMA_RETURN_IF_ERROR(
      snapshot.ScanHistory(store::Kind::kFacility, uid, index, [&](const store::LogRecord& record) {
        facility = FacilityIn(record);
        return false;
      }));
  if (!facility) return std::nullopt;
  if (!*facility) return tl::unexpected(facility->error());
  return **std::move(facility);
}

}  // namespace

Result<uint64_t> LogSizeNow::Get() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (looked_ != Clock::time_point() && now - looked_ < kLookedEvery) return size_;
  YIMA_ASSIGN_OR_RETURN(size_, store_.Read()->LogSize());
  looked_ = now;
  return size_;
}

Watcher::Watcher(const Domain& domain, const Call& call, FacilityMatcher matcher,
                 const v1::WatchFilter& filter, std::shared_ptr<LogSizeNow> log, uint64_t next,
                 std::chrono::milliseconds quiet_max)
    : domain_(domain),
      call_(call),
      matcher_(std::move(matcher)),
      of_facilities_(!filter.divisions().empty() || !filter.class_codes().empty() ||
                     !filter.organizations().empty()),
      log_(std::move(log)),
      next_(next),
      quiet_max_(quiet_max) {
  for (const int kind : filter.kinds()) kinds_.insert(static_cast<v1::RecordKind>(kind));
}

Result<std::unique_ptr<Watcher>> Watcher::Open(const Domain& domain, const Call& call,
                                               const v1::WatchRequest& request,
                                               std::shared_ptr<LogSizeNow> log,
                                               std::chrono::milliseconds quiet_max) {
  const v1::WatchFilter& filter = request.filter();
  for (int i = 0; i < filter.kinds_size(); ++i) {
    if (v1::RecordKind_IsValid(filter.kinds(i)) && filter.kinds(i) != 0) continue;
    return Invalid("ENUM_UNKNOWN", fmt::format("{} is no known value", filter.kinds(i)),
                   fmt::format("filter.kinds[{}]", i));
  }
  v1::FacilityFilter of_facilities;
  *of_facilities.mutable_divisions() = filter.divisions();
  *of_facilities.mutable_class_codes() = filter.class_codes();
  *of_facilities.mutable_organizations() = filter.organizations();
  YIMA_ASSIGN_OR_RETURN(auto matcher, FacilityMatcher::Parse(call, of_facilities));
  YIMA_ASSIGN_OR_RETURN(const uint64_t first,
                        FirstEntry(domain, request.after(), *domain.store.Read()));
  return std::unique_ptr<Watcher>(
      new Watcher(domain, call, std::move(matcher), filter, std::move(log), first, quiet_max));
}

Result<std::optional<v1::WatchResponse>> Watcher::Next() {
  const bool quiet_long = untold_ && Clock::now() - told_ >= quiet_max_;
  if (begun_ && !quiet_long) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t size, log_->Get());
    if (size <= next_) return std::nullopt;
  }
  v1::WatchResponse response;
  const uint64_t first = next_;
  const auto snapshot = domain_.store.Read();
  // What stands before a damaged entry is told; the next call begins with that one.
  const auto looked = Look(*snapshot, response);
  if (!looked && next_ == first) return tl::unexpected(looked.error());
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot->LogSize());
  untold_ = untold_ || next_ != first;
  const bool caught_up = next_ >= size;
  // Who is behind gets on to the next part by taking this one.
  const bool tell = !begun_ || !caught_up || !response.changes().empty() || quiet_long;
  if (!tell) return std::nullopt;
  response.set_next(ToText({domain_.registry->epoch(), next_}));
  response.set_caught_up(caught_up);
  begun_ = true;
  untold_ = false;
  told_ = Clock::now();
  return response;
}

Result<void> Watcher::Look(const store::Snapshot& snapshot, v1::WatchResponse& response) {
  Result<void> failure;
  size_t looks = 0;
  size_t bytes = 0;
  const auto scanned = snapshot.ScanLog(next_, [&](const store::LogRecord& record) {
    auto told = Tell(record, snapshot);
    if (!told) {
      failure = tl::unexpected(std::move(told).error());
      return false;
    }
    if (*told) {
      bytes += (*told)->ByteSizeLong();
      *response.add_changes() = **std::move(told);
    }
    next_ = record.index + 1;
    return ++looks < kLooksMax && bytes < kBytesMax;
  });
  if (!scanned) return scanned;
  return failure;
}

Result<std::optional<v1::WatchChange>> Watcher::Tell(const store::LogRecord& record,
                                                     const store::Snapshot& snapshot) const {
  const auto entry = ViewEntry(record.entry);
  if (!entry) return EntryDamaged(record.index);
  v1::WatchChange change;
  change.set_kind(KindInApi(entry->kind));
  if (!kinds_.empty() && !kinds_.contains(change.kind())) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(const bool told, TellRecord(*entry, record, snapshot, change));
  if (!told) return std::nullopt;
  if (change.kind() != v1::RECORD_KIND_FACILITY_CLASS) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, RecordIdIn(*entry, snapshot));
    change.set_id(id);
  }
  change.set_index(record.index);
  change.set_time_us(static_cast<int64_t>(entry->time_us));
  change.set_principal(std::string(entry->principal));
  change.set_method(std::string(entry->method));
  change.set_request_id(std::string(entry->request_id));
  change.set_batch(entry->batch);
  change.set_revision(entry->revision);
  return change;
}

Result<bool> Watcher::TellRecord(const EntryView& entry, const store::LogRecord& record,
                                 const store::Snapshot& snapshot, v1::WatchChange& change) const {
  switch (change.kind()) {
    case v1::RECORD_KIND_FACILITY:
      return TellFacility(entry, record, snapshot, change);
    case v1::RECORD_KIND_CODE:
      return TellCode(entry, record, snapshot, change);
    case v1::RECORD_KIND_ORGANIZATION:
      return TellShared(entry, record, *change.mutable_organization());
    case v1::RECORD_KIND_FACILITY_CLASS:
      return TellShared(entry, record, *change.mutable_facility_class());
    case v1::RECORD_KIND_BATCH:
      return TellOwn(entry, record, *change.mutable_batch_record());
    case v1::RECORD_KIND_REGISTRY:
      return TellShared(entry, record, *change.mutable_registry());
    case v1::RECORD_KIND_PRINCIPAL:
      return TellPrincipal(entry, record, change);
    case v1::RECORD_KIND_BLANK_RANGE:
      return TellOwn(entry, record, *change.mutable_blank_range());
    case v1::RECORD_KIND_STOCK_TAKE:
      return TellOwn(entry, record, *change.mutable_stock_take());
    case v1::RECORD_KIND_CLAIM:
      return TellOfFacility(entry, record, snapshot, *change.mutable_claim());
    case v1::RECORD_KIND_OBJECTION:
      return TellOfFacility(entry, record, snapshot, *change.mutable_objection());
    case v1::RECORD_KIND_OFFER:
      return TellOfFacility(entry, record, snapshot, *change.mutable_offer());
    case v1::RECORD_KIND_ORDER:
      return TellOfFacility(entry, record, snapshot, *change.mutable_order());
    case v1::RECORD_KIND_NOTICE:
      return TellShared(entry, record, *change.mutable_notice());
    case v1::RECORD_KIND_RIGHTS_RULES:
      return TellShared(entry, record, *change.mutable_rights_rules());
    default:
      return false;
  }
}

Result<bool> Watcher::TellFacility(const EntryView& entry, const store::LogRecord& record,
                                   const store::Snapshot& snapshot, v1::WatchChange& change) const {
  if (!ParseRecord(entry.record, *change.mutable_facility())) return EntryDamaged(record.index);
  YIMA_ASSIGN_OR_RETURN(const bool matches, matcher_.Takes(snapshot, change.facility()));
  if (matches) return true;
  change.clear_facility();
  YIMA_ASSIGN_OR_RETURN(const auto before, FacilityBefore(record, snapshot));
  if (!before) return false;
  change.set_left(true);
  return matcher_.Takes(snapshot, *before);
}

Result<bool> Watcher::TellCode(const EntryView& entry, const store::LogRecord& record,
                               const store::Snapshot& snapshot, v1::WatchChange& change) const {
  v1::Code& code = *change.mutable_code();
  if (!ParseRecord(entry.record, code)) return EntryDamaged(record.index);
  if (code.facility() != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto facility,
                          FacilityAsOf(record.index, code.facility(), snapshot));
    return facility ? matcher_.Takes(snapshot, *facility)
                    : matcher_.Finds(snapshot, code.facility());
  }
  // A blank plate is nobody's but theirs who act everywhere, or began its batch.
  if (of_facilities_) return false;
  if (call_.reach->everywhere()) return true;
  YIMA_ASSIGN_OR_RETURN(const auto batch, Get<v1::Batch>(snapshot, code.batch()));
  return batch && batch->record.principal() == call_.principal;
}

/// As the facility was when that was written.
template <typename R>
Result<bool> Watcher::TellOfFacility(const EntryView& entry, const store::LogRecord& record,
                                     const store::Snapshot& snapshot, R& told) const {
  if (!ParseRecord(entry.record, told)) return EntryDamaged(record.index);
  YIMA_ASSIGN_OR_RETURN(const auto facility, FacilityAsOf(record.index, told.facility(), snapshot));
  return facility ? matcher_.Takes(snapshot, *facility) : matcher_.Finds(snapshot, told.facility());
}

template <typename R>
Result<bool> Watcher::TellShared(const EntryView& entry, const store::LogRecord& record,
                                 R& told) const {
  if (of_facilities_) return false;
  if (!ParseRecord(entry.record, told)) return EntryDamaged(record.index);
  return true;
}

template <typename R>
Result<bool> Watcher::TellOwn(const EntryView& entry, const store::LogRecord& record,
                              R& told) const {
  YIMA_ASSIGN_OR_RETURN(const bool shared, TellShared(entry, record, told));
  return shared && (call_.reach->everywhere() || told.principal() == call_.principal);
}

/// Principals are the whole registry's.
Result<bool> Watcher::TellPrincipal(const EntryView& entry, const store::LogRecord& record,
                                    v1::WatchChange& change) const {
  const bool may = call_.reach->everywhere() && (call_.roles & (kAdmins | kAuditors)) != 0;
  if (!may) return false;
  return TellShared(entry, record, *change.mutable_principal_record());
}

}  // namespace yima::server
