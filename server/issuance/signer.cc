#include "server/issuance/signer.h"

#include <charconv>

#include <fmt/format.h>

#include "server/domain/cover.h"
#include "server/registry/life.h"
#include "server/resolver/trust_notes.h"

namespace yima::server {
namespace {

constexpr uint64_t kIssueDayId = 1;
constexpr uint64_t kSerialBlock = 65'536;

const v1::RegistryOrigin* CurrentOrigin(const v1::Registry& registry) {
  for (const auto& origin : registry.origins()) {
    if (origin.state() == v1::ORIGIN_STATE_CURRENT) return &origin;
  }
  return nullptr;
}

/// The last day on which codes were signed, and its revision; 0 and 0 when none were.
struct IssueDay {
  Day day = 0;
  uint64_t revision = 0;
};

Result<IssueDay> ReadIssueDay(const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto kept, snapshot.Get(store::Kind::kIssueDay, kIssueDayId));
  if (!kept) return IssueDay{};
  IssueDay last{0, kept->revision};
  const char* const end = kept->bytes.data() + kept->bytes.size();
  const auto [at, error] = std::from_chars(kept->bytes.data(), end, last.day);
  if (error == std::errc() && at == end) return last;
  // Taken for no day, it would let the clock go back.
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              "the day of the last signature does not parse; run yimad check");
}

Result<void> CheckNotBefore(Day today, const IssueDay& last) {
  if (today >= last.day) return {};
  return Fail(StatusCode::kFailedPrecondition, "CLOCK_BACKWARDS",
              fmt::format("the clock says {}, but codes were signed on {} already: set it right "
                          "before signing on",
                          FormatDay(today), FormatDay(last.day)));
}

}  // namespace

Result<Signer> Signer::For(const Domain& domain, Day today) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Registry>(*domain.store.Read(), kRegistryId));
  if (!read) return Fail(StatusCode::kDataLoss, "RECORD_MISSING", "the registry has no record");
  return For(domain, read->record, today, read->revision);
}

Result<Signer> Signer::For(const Domain& domain, const v1::Registry& registry, Day today,
                           uint64_t revision) {
  const auto snapshot = domain.store.Read();
  const v1::RegistryOrigin* origin = CurrentOrigin(registry);
  if (origin == nullptr) {
    return Fail(StatusCode::kFailedPrecondition, "NO_VALID_KEY", "no origin is current");
  }
  YIMA_ASSIGN_OR_RETURN(const auto published, PublishedBundle(*snapshot));
  if (!published || !Publishes(*published, *origin)) {
    return Fail(StatusCode::kFailedPrecondition, "ORIGIN_NOT_PUBLISHED",
                fmt::format("origin {} stands in no published bundle yet", origin->origin()));
  }
  const v1::RegistryKey* newest = nullptr;
  const v1::RegistryKey* unpublished = nullptr;
  for (const auto& key : registry.code_keys()) {
    const bool valid = key.origin() == origin->origin() && !key.revoked() &&
                       key.first_day() <= today && today <= key.last_day() &&
                       domain.keys.code(static_cast<uint16_t>(key.key_id())) != nullptr;
    if (!valid) continue;
    if (!Publishes(*published, key, today)) {
      unpublished = &key;
    } else if (newest == nullptr || key.first_day() > newest->first_day() ||
               (key.first_day() == newest->first_day() && key.key_id() > newest->key_id())) {
      newest = &key;
    }
  }
  if (newest == nullptr && unpublished != nullptr) {
    return Fail(StatusCode::kFailedPrecondition, "KEY_NOT_PUBLISHED",
                fmt::format("key {} stands in no published bundle yet, so no reader knows it",
                            unpublished->key_id()));
  }
  if (newest == nullptr) {
    return Fail(StatusCode::kFailedPrecondition, "NO_VALID_KEY",
                fmt::format("no key of the current origin may sign on {}", FormatDay(today)));
  }
  YIMA_ASSIGN_OR_RETURN(auto parsed, Origin::Parse(origin->origin(), origin->test()));
  const auto key_id = static_cast<uint16_t>(newest->key_id());
  return Signer(std::move(parsed), domain.keys.code(key_id), key_id, today, revision);
}

v1::Code Signer::Sign(const BatchItem& item, uint64_t batch, TimeUs now) const {
  const Serial serial(static_cast<uint16_t>(item.serial >> 32), static_cast<uint32_t>(item.serial));
  const CodeBytes bytes =
      SignCode(*key_, origin_, {key_id_, serial, day_, item.scheme, item.facility_code});
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  v1::Code code;
  code.set_serial(item.serial);
  code.set_origin(origin_.ToString());
  code.set_payload(std::string(text, kPayloadSize));
  *code.mutable_signature() = Withhold({text + kPayloadSize, kCodeSize - kPayloadSize});
  code.set_facility(item.facility);
  code.set_state(item.facility == 0 ? v1::CODE_STATE_BLANK : v1::CODE_STATE_ACTIVE);
  code.set_batch(batch);
  code.set_issue_time_us(now);
  if (item.facility != 0) code.set_bind_time_us(now);
  return code;
}

Result<Day> SigningDay(const Domain& domain) {
  const TimeUs now = domain.now();
  if (domain.clock != nullptr) YIMA_RETURN_IF_ERROR(domain.clock->Check(now));
  return DayOf(now);
}

Result<void> CheckIssueDay(const store::Snapshot& snapshot, Day today) {
  YIMA_ASSIGN_OR_RETURN(const IssueDay last, ReadIssueDay(snapshot));
  return CheckNotBefore(today, last);
}

Result<void> KeepIssueDay(const Domain& domain, const Call& call, Day today) {
  for (;;) {
    YIMA_ASSIGN_OR_RETURN(const IssueDay last, ReadIssueDay(*domain.store.Read()));
    YIMA_RETURN_IF_ERROR(CheckNotBefore(today, last));
    if (last.revision != 0 && today == last.day) return {};
    ChangeWriter writer(call, "");
    writer.PutUnlogged(store::Kind::kIssueDay, kIssueDayId, last.revision,
                       fmt::format("{}", today));
    const auto outcome = store::ApplyAndWait(domain.store, writer.Take());
    // Another batch may have come first; then what it wrote is looked at.
    if (!std::holds_alternative<store::MovedRecord>(outcome)) return Settled(outcome);
  }
}

Result<void> PutIssueDay(const store::Snapshot& snapshot, Day today, ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(const IssueDay last, ReadIssueDay(snapshot));
  YIMA_RETURN_IF_ERROR(CheckNotBefore(today, last));
  if (last.revision == 0 || today != last.day) {
    writer.PutUnlogged(store::Kind::kIssueDay, kIssueDayId, last.revision,
                       fmt::format("{}", today));
  }
  return {};
}

std::optional<BatchItem> ItemOf(const v1::Facility& facility, uint64_t revision) {
  if (facility.codes().empty() || HasEnded(facility)) return std::nullopt;
  const auto& code = facility.codes(facility.codes_size() - 1);
  const auto parsed = FacilityCode::Parse(static_cast<Scheme>(code.scheme()), code.digits());
  if (!parsed) return std::nullopt;
  BatchItem item{facility.uid(), revision, parsed->scheme(), parsed->value()};
  item.cover = CoverCounter(facility);
  return item;
}

Result<std::vector<Serial>> TakeSerials(const Domain& domain, size_t n) {
  const uint16_t epoch = domain.numbers.epoch();
  const std::string sequence = fmt::format("serial/{}", epoch);
  std::vector<Serial> serials;
  serials.reserve(n);
  while (serials.size() < n) {
    const uint64_t missing = n - serials.size();
    YIMA_ASSIGN_OR_RETURN(const uint64_t first,
                          domain.numbers.Next(sequence, missing, kSerialBlock));
    if (first + missing - 1 > UINT32_MAX) {
      return Fail(StatusCode::kResourceExhausted, "NUMBERS_USED_UP",
                  fmt::format("epoch {} has given all its serials", epoch));
    }
    for (uint64_t number = first; number < first + missing; ++number) {
      const Serial serial(epoch, static_cast<uint32_t>(number));
      if (serial.IsUsable()) serials.push_back(serial);
    }
  }
  return serials;
}

}  // namespace yima::server
