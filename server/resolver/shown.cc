#include "server/resolver/shown.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "codegen/code/wire_walk.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/organization.pb.h"

namespace yima::server {
namespace {

tl::unexpected<Error> Damaged(std::string_view what) {
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              "a stored " + std::string(what) + " does not parse; run yimad check");
}

}  // namespace

double Coarse(double degrees) { return std::round(degrees * 1000) / 1000; }

void AppendField(std::string& message, int number, std::string_view bytes) {
  using google::protobuf::internal::WireFormatLite;
  const uint32_t tag = WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  uint8_t head[10];
  uint8_t* end = google::protobuf::io::CodedOutputStream::WriteTagToArray(tag, head);
  end = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(
      static_cast<uint32_t>(bytes.size()), end);
  message.append(reinterpret_cast<const char*>(head), static_cast<size_t>(end - head));
  message.append(bytes);
}

namespace {

/// What is not named here nobody sees without a reach, so that a new field is not public by chance.
constexpr bool ForEverybody(int field) {
  switch (field) {
    case v1::Facility::kUidFieldNumber:
    case v1::Facility::kCodesFieldNumber:
    case v1::Facility::kDivisionFieldNumber:
    case v1::Facility::kClassCodeFieldNumber:
    case v1::Facility::kNameFieldNumber:
    case v1::Facility::kConditionFieldNumber:
    case v1::Facility::kLifeFieldNumber:
    case v1::Facility::kGridCodeFieldNumber:
    case v1::Facility::kSubdistrictCodeFieldNumber:
    case v1::Facility::kSubdistrictNameFieldNumber:
    case v1::Facility::kCommunityCodeFieldNumber:
    case v1::Facility::kCommunityNameFieldNumber:
    case v1::Facility::kAddressFieldNumber:
    case v1::Facility::kParentFieldNumber:
    case v1::Facility::kCreateTimeUsFieldNumber:
    case v1::Facility::kUpdateTimeUsFieldNumber:
      return true;
    default:
      return false;
  }
}

/// A message within, with those of its fields that are shown. False when it is damaged.
template <typename Shown>
bool AppendShown(std::string& message, const WireField& inner, const Shown& shown) {
  std::string bytes;
  const bool walked = WalkFields(inner.bytes, [&](const WireField& field) {
    if (shown(field.number)) bytes.append(field.whole);
  });
  AppendField(message, inner.number, bytes);
  return walked;
}

/// Not 0, which is nobody.
void AddOnce(std::vector<uint64_t>& ids, uint64_t id) {
  if (id != 0 && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

constexpr bool HasNoWordsOfPersons(int step_field) {
  return step_field != v1::LifeStep::kNoteFieldNumber;
}

/// Of a right: who holds and who claims it, not the documents and decisions on which that rests.
constexpr bool RightForEverybody(int field) {
  switch (field) {
    case v1::Right::kHolderFieldNumber:
    case v1::Right::kStateFieldNumber:
    case v1::Right::kValidFromFieldNumber:
    case v1::Right::kValidUntilFieldNumber:
    case v1::Right::kClaimsFieldNumber:
    case v1::Right::kUnclaimedStateFieldNumber:
    case v1::Right::kByOrderFieldNumber:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<FacilityAnswer> ShowFacility(std::string_view stored, std::string_view etag,
                                    Audience audience) {
  FacilityAnswer shown;
  shown.bytes.reserve(stored.size() + etag.size() + 3);
  const bool everybody = audience == Audience::kEverybody;
  bool sound = true;
  const auto read_claim = [&](const WireField& field) {
    if (field.number == v1::StandingClaim::kOrganizationFieldNumber) {
      AddOnce(shown.organizations, field.value);
    }
    if (field.number == v1::StandingClaim::kNoticeFieldNumber) AddOnce(shown.notices, field.value);
  };
  const auto read_right = [&](const WireField& field) {
    if (field.number == v1::Right::kHolderFieldNumber) AddOnce(shown.organizations, field.value);
    if (field.number == v1::Right::kClaimsFieldNumber) {
      sound = WalkFields(field.bytes, read_claim) && sound;
    }
  };
  const auto read_position = [&](const WireField& field) {
    const double degrees = std::bit_cast<double>(field.value);
    // Coarse from here on: distances to an exact place would tell it.
    const double seen = everybody ? Coarse(degrees) : degrees;
    if (field.number == v1::Position::kLongitudeFieldNumber) shown.longitude = seen;
    if (field.number == v1::Position::kLatitudeFieldNumber) shown.latitude = seen;
  };
  const bool walked = WalkFields(stored, [&](const WireField& field) {
    switch (field.number) {
      case v1::Facility::kRemarkFieldNumber:
      case v1::Facility::kPersonalFieldNumber:
        return;
      case v1::Facility::kSupervisingFieldNumber:
      case v1::Facility::kOwningFieldNumber:
      case v1::Facility::kMaintainingFieldNumber:
        sound = WalkFields(field.bytes, read_right) && sound;
        if (!everybody) break;
        sound = AppendShown(shown.bytes, field, RightForEverybody) && sound;
        return;
      case v1::Facility::kLastStepFieldNumber:
      case v1::Facility::kHandOverFieldNumber:
        if (everybody) return;
        sound = AppendShown(shown.bytes, field, HasNoWordsOfPersons) && sound;
        return;
      case v1::Facility::kParentFieldNumber:
        shown.parent = field.value;
        break;
      case v1::Facility::kHasPartsFieldNumber:
        shown.has_parts = field.value != 0;
        break;
      case v1::Facility::kPositionFieldNumber:
        sound = WalkFields(field.bytes, read_position) && sound;
        break;
      default:
        break;
    }
    if (!everybody || ForEverybody(field.number)) shown.bytes.append(field.whole);
  });
  if (!walked || !sound) return Damaged("facility");
  if (everybody && shown.longitude && shown.latitude) {
    v1::Position coarse;
    coarse.set_longitude(*shown.longitude);
    coarse.set_latitude(*shown.latitude);
    AppendField(shown.bytes, v1::Facility::kPositionFieldNumber, coarse.SerializeAsString());
  }
  AppendField(shown.bytes, v1::Facility::kEtagFieldNumber, etag);
  return shown;
}

Result<std::string> ShowOrganization(std::string_view stored, std::string_view etag) {
  std::string shown;
  shown.reserve(stored.size() + etag.size() + 2);
  const bool walked = WalkFields(stored, [&](const WireField& field) {
    if (field.number != v1::Organization::kContactNameFieldNumber &&
        field.number != v1::Organization::kContactTelephoneFieldNumber) {
      shown.append(field.whole);
    }
  });
  if (!walked) return Damaged("organization");
  AppendField(shown, v1::Organization::kEtagFieldNumber, etag);
  return shown;
}

}  // namespace yima::server
