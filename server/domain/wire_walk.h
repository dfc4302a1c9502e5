#ifndef YIMA_SERVER_DOMAIN_WIRE_WALK_H_
#define YIMA_SERVER_DOMAIN_WIRE_WALK_H_

#include <concepts>
#include <cstdint>
#include <string_view>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace yima::server {

/// One field of a serialized message, as it stands there.
struct WireField {
  int number = 0;
  uint64_t value = 0;      ///< Of a varint or fixed64.
  std::string_view bytes;  ///< Of a length-delimited field.
  std::string_view whole;  ///< With its tag.
};

/// Visits the fields of a serialized message as they stand; false when it is damaged.
bool WalkFields(std::string_view message, const std::invocable<const WireField&> auto& visit) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  const auto at = [&] { return static_cast<size_t>(in.CurrentPosition()); };
  while (at() < message.size()) {
    const size_t begin = at();
    const uint32_t tag = in.ReadTag();
    WireField field{WireFormatLite::GetTagFieldNumber(tag), 0, {}, {}};
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

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_WIRE_WALK_H_
