#include "server/domain/entry_view.h"

#include <fmt/format.h>

#include "codegen/code/wire_walk.h"
#include "server/domain/domain.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::server {
namespace {

std::optional<store::Kind> KindOfEntryField(int number) {
  switch (number) {
    case v1::LogEntry::kFacilityFieldNumber:
      return store::Kind::kFacility;
    case v1::LogEntry::kCodeFieldNumber:
      return store::Kind::kCode;
    case v1::LogEntry::kOrganizationFieldNumber:
      return store::Kind::kOrganization;
    case v1::LogEntry::kFacilityClassFieldNumber:
      return store::Kind::kFacilityClass;
    case v1::LogEntry::kBatchRecordFieldNumber:
      return store::Kind::kBatch;
    case v1::LogEntry::kRegistryFieldNumber:
      return store::Kind::kRegistry;
    case v1::LogEntry::kPrincipalRecordFieldNumber:
      return store::Kind::kPrincipal;
    case v1::LogEntry::kBlankRangeFieldNumber:
      return store::Kind::kBlankRange;
    case v1::LogEntry::kStockTakeFieldNumber:
      return store::Kind::kStockTake;
    case v1::LogEntry::kClaimFieldNumber:
      return store::Kind::kClaim;
    case v1::LogEntry::kNoticeFieldNumber:
      return store::Kind::kNotice;
    case v1::LogEntry::kObjectionFieldNumber:
      return store::Kind::kObjection;
    case v1::LogEntry::kOfferFieldNumber:
      return store::Kind::kOffer;
    case v1::LogEntry::kOrderFieldNumber:
      return store::Kind::kOrder;
    case v1::LogEntry::kRightsRulesFieldNumber:
      return store::Kind::kRightsRules;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<EntryView> ViewEntry(std::string_view entry) {
  EntryView view;
  bool has_record = false;
  const bool walked = WalkFields(entry, [&](const WireField& field) {
    switch (field.number) {
      case v1::LogEntry::kTimeUsFieldNumber:
        view.time_us = field.value;
        return;
      case v1::LogEntry::kPrincipalFieldNumber:
        view.principal = field.bytes;
        return;
      case v1::LogEntry::kMethodFieldNumber:
        view.method = field.bytes;
        return;
      case v1::LogEntry::kRequestIdFieldNumber:
        view.request_id = field.bytes;
        return;
      case v1::LogEntry::kBatchFieldNumber:
        view.batch = field.value;
        return;
      case v1::LogEntry::kRevisionFieldNumber:
        view.revision = field.value;
        return;
      default:
        break;
    }
    if (const auto kind = KindOfEntryField(field.number)) {
      view.kind = *kind;
      view.record = field.bytes;
      has_record = true;
    }
  });
  if (!walked || !has_record) return std::nullopt;
  return view;
}

tl::unexpected<Error> EntryDamaged(uint64_t index) {
  return Fail(StatusCode::kDataLoss, "ENTRY_DAMAGED",
              fmt::format("log entry {} does not parse; run yimad check", index));
}

Result<uint64_t> RecordIdIn(const EntryView& entry, const store::Snapshot& snapshot) {
  if (entry.kind == store::Kind::kRegistry) return kRegistryId;
  // Field 1 is the id, of a class its code.
  static_assert(v1::Facility::kUidFieldNumber == 1 && v1::Code::kSerialFieldNumber == 1 &&
                v1::Organization::kIdFieldNumber == 1 && v1::Batch::kIdFieldNumber == 1 &&
                v1::FacilityClass::kCodeFieldNumber == 1 && v1::Principal::kIdFieldNumber == 1 &&
                v1::BlankRange::kIdFieldNumber == 1 && v1::StockTake::kIdFieldNumber == 1 &&
                v1::Claim::kIdFieldNumber == 1 && v1::Notice::kIdFieldNumber == 1 &&
                v1::Objection::kIdFieldNumber == 1 && v1::Offer::kIdFieldNumber == 1 &&
                v1::Order::kIdFieldNumber == 1 && v1::RightsRules::kIdFieldNumber == 1);
  WireField first;
  WalkFields(entry.record, [&](const WireField& field) {
    if (field.number == 1) first = field;
  });
  if (entry.kind != store::Kind::kFacilityClass) return first.value;
  return snapshot.Holder(store::Index::kClassCode, first.bytes);
}

}  // namespace yima::server
