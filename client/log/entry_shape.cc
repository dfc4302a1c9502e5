#include "client/log/entry_shape.h"

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/stubs/common.h>

#include "codegen/code/wire_walk.h"
#include "yima/v1/log_entry.pb.h"

namespace yima {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

/// What one message may hold, by field number.
struct Shape {
  struct Field {
    int wire_type = -1;  ///< -1: there is no such field, or one that is left to the parser.
    bool text = false;
    const Shape* message = nullptr;
  };
  std::vector<Field> fields;
};

constexpr int kVarint = 0;
constexpr int kFixed64 = 1;
constexpr int kBytes = 2;
constexpr int kFixed32 = 5;
constexpr int kTagBytesMax = 5;

int WireTypeOf(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return kBytes;
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return kFixed32;
    default:
      return kVarint;
  }
}

/// The shapes of a message and of all that it may hold, made once.
class Shapes {
 public:
  static const Shape& OfLogEntry() {
    static Shapes shapes;
    static const Shape& shape = shapes.Of(*v1::LogEntry::descriptor());
    return shape;
  }

 private:
  const Shape& Of(const Descriptor& message) {
    auto& made = shapes_[&message];
    if (made) return *made;
    made = std::make_unique<Shape>();
    Shape& shape = *made;
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const int wire_type = WireTypeOf(field);
      // Repeated numbers come packed or not.
      if (field.is_repeated() && wire_type != kBytes) continue;
      const auto number = static_cast<size_t>(field.number());
      if (shape.fields.size() <= number) shape.fields.resize(number + 1);
      const bool inner = field.type() == FieldDescriptor::TYPE_MESSAGE;
      shape.fields[number] = {wire_type, field.type() == FieldDescriptor::TYPE_STRING,
                              inner ? &Of(*field.message_type()) : nullptr};
    }
    return shape;
  }

  std::map<const Descriptor*, std::unique_ptr<Shape>> shapes_;
};

bool IsAscii(std::string_view text) {
  constexpr uint64_t kHigh = 0x8080808080808080;
  uint64_t eight = 0;
  while (text.size() >= sizeof eight) {
    std::memcpy(&eight, text.data(), sizeof eight);
    if ((eight & kHigh) != 0) return false;
    text.remove_prefix(sizeof eight);
  }
  for (const char c : text) {
    if (static_cast<uint8_t>(c) >= 0x80) return false;
  }
  return true;
}

bool IsText(std::string_view text) {
  return IsAscii(text) || google::protobuf::internal::IsStructurallyValidUTF8(
                              text.data(), static_cast<int>(text.size()));
}

/// False also for what is only unusual.
bool Fits(std::string_view message, const Shape& shape) {
  const char* at = message.data();
  const char* const end = at + message.size();
  while (at != end) {
    uint64_t tag = 0;
    const char* const begin = at;
    if (!ReadVarint(at, end, tag) || tag >> 3 >= shape.fields.size()) return false;
    const Shape::Field& field = shape.fields[tag >> 3];
    WireField value;
    const char* const after_tag = at;
    if (field.wire_type != static_cast<int>(tag & 7) || !ReadValue(tag & 7, at, end, value)) {
      return false;
    }
    // Tags and lengths of more bytes than 32 bits need are not for everybody.
    if (after_tag - begin > kTagBytesMax) return false;
    if (field.wire_type == kBytes && value.bytes.data() - after_tag > kTagBytesMax) return false;
    if (field.message != nullptr && !Fits(value.bytes, *field.message)) return false;
    if (field.text && !IsText(value.bytes)) return false;
  }
  return true;
}

}  // namespace

bool IsLogEntry(std::string_view bytes) {
  if (Fits(bytes, Shapes::OfLogEntry())) return true;
  v1::LogEntry parsed;
  return parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace yima
