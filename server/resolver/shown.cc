#include "server/resolver/shown.h"

#include <algorithm>
#include <bit>
#include <concepts>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "yima/v1/facility.pb.h"
#include "yima/v1/organization.pb.h"

namespace yima::server {
namespace {

using google::protobuf::internal::WireFormatLite;

/// One field of a serialized message.
struct Field {
  int number = 0;
  uint64_t value = 0;      ///< Of a varint or fixed64.
  std::string_view bytes;  ///< Of a length-delimited field.
  std::string_view whole;  ///< With its tag.
};

/// Visits the fields of a serialized message as they stand; false when it is damaged.
bool Walk(std::string_view message, const std::invocable<const Field&> auto& visit) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  const auto at = [&] { return static_cast<size_t>(in.CurrentPosition()); };
  while (at() < message.size()) {
    const size_t begin = at();
    const uint32_t tag = in.ReadTag();
    Field field{WireFormatLite::GetTagFieldNumber(tag), 0, {}, {}};
    bool sound = tag != 0;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT:
        sound = sound && in.ReadVarint64(&field.value);
        break;
      case WireFormatLite::WIRETYPE_FIXED64:
        sound = sound && in.ReadLittleEndian64(&field.value);
        break;
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        uint32_t size = 0;
        sound = sound && in.ReadVarint32(&size) && size <= message.size() - at();
        if (!sound) break;
        field.bytes = message.substr(at(), size);
        in.Skip(static_cast<int>(size));
        break;
      }
      default:
        sound = sound && WireFormatLite::SkipField(&in, tag);
    }
    if (!sound) return false;
    field.whole = message.substr(begin, at() - begin);
    visit(field);
  }
  return true;
}

tl::unexpected<Error> Damaged(std::string_view what) {
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              "a stored " + std::string(what) + " does not parse; run yimad check");
}

}  // namespace

void AppendField(std::string& message, int number, std::string_view bytes) {
  const uint32_t tag = WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  uint8_t head[10];
  uint8_t* end = google::protobuf::io::CodedOutputStream::WriteTagToArray(tag, head);
  end = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(
      static_cast<uint32_t>(bytes.size()), end);
  message.append(reinterpret_cast<const char*>(head), static_cast<size_t>(end - head));
  message.append(bytes);
}

Result<ShownFacility> ShowFacility(std::string_view stored, std::string_view etag) {
  ShownFacility shown;
  shown.bytes.reserve(stored.size() + etag.size() + 3);
  bool sound = true;
  const auto read_right = [&](const Field& field) {
    if (field.number != v1::Right::kHolderFieldNumber || field.value == 0) return;
    if (std::ranges::find(shown.organizations, field.value) == shown.organizations.end()) {
      shown.organizations.push_back(field.value);
    }
  };
  const auto read_position = [&](const Field& field) {
    const auto degrees = [&] { return std::bit_cast<double>(field.value); };
    if (field.number == v1::Position::kLongitudeFieldNumber) shown.longitude = degrees();
    if (field.number == v1::Position::kLatitudeFieldNumber) shown.latitude = degrees();
  };
  const bool walked = Walk(stored, [&](const Field& field) {
    switch (field.number) {
      case v1::Facility::kRemarkFieldNumber:
      case v1::Facility::kPersonalFieldNumber:
        return;
      case v1::Facility::kSupervisingFieldNumber:
      case v1::Facility::kOwningFieldNumber:
      case v1::Facility::kMaintainingFieldNumber:
        sound = Walk(field.bytes, read_right) && sound;
        break;
      case v1::Facility::kPositionFieldNumber:
        sound = Walk(field.bytes, read_position) && sound;
        break;
      default:
        break;
    }
    shown.bytes.append(field.whole);
  });
  if (!walked || !sound) return Damaged("facility");
  AppendField(shown.bytes, v1::Facility::kEtagFieldNumber, etag);
  return shown;
}

Result<std::string> ShowOrganization(std::string_view stored, std::string_view etag) {
  std::string shown;
  shown.reserve(stored.size() + etag.size() + 2);
  const bool walked = Walk(stored, [&](const Field& field) {
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
