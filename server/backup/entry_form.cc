#include "server/backup/entry_form.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/wire_format.h>

#include "codegen/code/wire_walk.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::server {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::internal::WireFormat;

constexpr char kTimeTag = '\x09';  // field 1, fixed64
constexpr int kRecordsFrom = v1::LogEntry::kFacilityFieldNumber;
constexpr int kBytes = 2;

/// One that the message does not know may be anything.
bool IsTyped(const WireField& field, const Descriptor& message) {
  const auto* known = message.FindFieldByNumber(field.number);
  return known == nullptr || (field.whole.front() & 7) == WireFormat::WireTypeForField(known);
}

}  // namespace

bool IsWellFormedEntry(std::string_view entry) {
  const Descriptor& message = *v1::LogEntry::descriptor();
  int records = 0;
  WireField record;
  bool typed = true;
  const bool walked = WalkFields(entry, [&](const WireField& field) {
    typed = typed && IsTyped(field, message);
    if (field.number < kRecordsFrom) return;
    typed = typed && (field.whole.front() & 7) == kBytes;
    record = field;
    ++records;
  });
  if (!walked || !typed || records != 1 || !entry.starts_with(kTimeTag)) return false;
  const auto* kind = message.FindFieldByNumber(record.number);
  const bool named = WalkFields(record.bytes, [&](const WireField& field) {
    // Field 1 is what the record is named by.
    if (field.number != 1) return;
    typed = typed && (kind == nullptr || IsTyped(field, *kind->message_type()));
  });
  return named && typed;
}

}  // namespace yima::server
