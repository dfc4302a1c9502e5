#include "server/domain/known_fields.h"

#include <map>
#include <memory>
#include <mutex>

#include <google/protobuf/wire_format.h>

#include "codegen/code/wire_walk.h"

namespace yima::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormat;
using google::protobuf::internal::WireFormatLite;

/// Higher ones count as unknown.
constexpr int kNumberMax = 1023;

}  // namespace

const KnownFields& KnownFields::Of(const google::protobuf::Descriptor* type) {
  static std::recursive_mutex mutex;
  static auto& made = *new std::map<const google::protobuf::Descriptor*, KnownFields>();
  const std::lock_guard lock(mutex);
  const auto [found, is_new] = made.try_emplace(type);
  KnownFields& known = found->second;
  if (!is_new) return known;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    if (field.number() > kNumberMax) continue;
    const auto number = static_cast<size_t>(field.number());
    if (known.fields_.size() <= number) known.fields_.resize(number + 1);
    Field& kept = known.fields_[number];
    kept.wire_types = static_cast<uint8_t>(1 << WireFormat::WireTypeForFieldType(field.type()));
    if (field.is_packable()) kept.wire_types |= 1 << WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (field.type() == FieldDescriptor::TYPE_MESSAGE) kept.message = &Of(field.message_type());
  }
  return known;
}

bool KnownFields::CoverAll(std::string_view message) const {
  bool covered = true;
  const bool walked = WalkFields(message, [&](const WireField& field) {
    const auto number = static_cast<size_t>(field.number);
    const int wire_type = field.whole.front() & 7;
    if (number >= fields_.size() || (fields_[number].wire_types >> wire_type & 1) == 0) {
      covered = false;
    } else if (const KnownFields* part = fields_[number].message; part != nullptr && covered) {
      covered = part->CoverAll(field.bytes);
    }
  });
  return walked && covered;
}

}  // namespace yima::server
