#ifndef YIMA_CODEGEN_CODE_WIRE_WALK_H_
#define YIMA_CODEGEN_CODE_WIRE_WALK_H_

#include <concepts>
#include <cstdint>
#include <string_view>

namespace yima {

/// One field of a serialized message, as it stands there.
struct WireField {
  int number = 0;
  uint64_t value = 0;      ///< Of a varint, fixed64 or fixed32.
  std::string_view bytes;  ///< Of a length-delimited field.
  std::string_view whole;  ///< With its tag.
};

/// Reads a varint and moves `at` behind it; false when it is cut off.
inline bool ReadVarint(const char*& at, const char* end, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && at != end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at++);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/// Reads the value that follows a tag; false when it is cut off or of no known kind.
inline bool ReadValue(uint64_t wire_type, const char*& at, const char* end, WireField& field) {
  const auto left = [&] { return static_cast<size_t>(end - at); };
  const auto fixed = [&](size_t size) {
    if (left() < size) return false;
    for (size_t i = size; i-- > 0;) field.value = field.value << 8 | static_cast<uint8_t>(at[i]);
    at += size;
    return true;
  };
  switch (wire_type) {
    case 0:
      return ReadVarint(at, end, field.value);
    case 1:
      return fixed(8);
    case 5:
      return fixed(4);
    case 2: {
      uint64_t size = 0;
      if (!ReadVarint(at, end, size) || size > left()) return false;
      field.bytes = {at, static_cast<size_t>(size)};
      at += size;
      return true;
    }
    default:
      return false;
  }
}

/// Visits the fields of a serialized message as they stand; false when it is damaged. Several times
/// as fast as protobuf's own CodedInputStream, which is made for streams.
bool WalkFields(std::string_view message, const std::invocable<const WireField&> auto& visit) {
  const char* at = message.data();
  const char* const end = at + message.size();
  while (at != end) {
    const char* const begin = at;
    uint64_t tag = 0;
    if (!ReadVarint(at, end, tag) || tag >> 3 == 0 || tag > UINT32_MAX) return false;
    WireField field{static_cast<int>(tag >> 3), 0, {}, {}};
    if (!ReadValue(tag & 7, at, end, field)) return false;
    field.whole = {begin, static_cast<size_t>(at - begin)};
    visit(field);
  }
  return true;
}

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_WIRE_WALK_H_
