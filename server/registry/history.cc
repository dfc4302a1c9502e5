#include "server/registry/history.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "codegen/code/signature.h"
#include "server/access/roles.h"
#include "server/domain/derived.h"
#include "server/domain/entry_view.h"
#include "yima/v1/access.pb.h"
#include "yima/v1/withheld.pb.h"

namespace yima::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kDefaultSize = 50;
constexpr int kSizeMax = 200;
constexpr size_t kBytesMax = size_t{3} << 20;

/// One field of a record, in words.
struct Field {
  std::string path;
  std::string value;
  std::string hash;  ///< Of what the log withholds, in place of a value.

  bool IsAs(const Field& other) const { return value == other.value && hash == other.hash; }
};
using Fields = std::vector<Field>;

std::string BytesInWords(const std::string& bytes) {
  return ToHex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

std::string EnumInWords(const FieldDescriptor* field, int number) {
  const auto* value = field->enum_type()->FindValueByNumber(number);
  return value == nullptr ? fmt::to_string(number) : value->name();
}

/// One value of a field that is no message; `index` -1 for a field that is not repeated.
std::string InWords(const Message& m, const FieldDescriptor* field, int index) {
  const auto* r = m.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT64:
      return fmt::to_string(one ? r->GetUInt64(m, field) : r->GetRepeatedUInt64(m, field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return fmt::to_string(one ? r->GetInt64(m, field) : r->GetRepeatedInt64(m, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return fmt::to_string(one ? r->GetUInt32(m, field) : r->GetRepeatedUInt32(m, field, index));
    case FieldDescriptor::CPPTYPE_INT32:
      return fmt::to_string(one ? r->GetInt32(m, field) : r->GetRepeatedInt32(m, field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return fmt::to_string(one ? r->GetDouble(m, field) : r->GetRepeatedDouble(m, field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return fmt::to_string(one ? r->GetFloat(m, field) : r->GetRepeatedFloat(m, field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? r->GetBool(m, field) : r->GetRepeatedBool(m, field, index)) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumInWords(
          field, one ? r->GetEnumValue(m, field) : r->GetRepeatedEnumValue(m, field, index));
    default: {
      std::string text = one ? r->GetString(m, field) : r->GetRepeatedString(m, field, index);
      return field->type() == FieldDescriptor::TYPE_BYTES ? BytesInWords(text) : text;
    }
  }
}

void Flatten(const Message& message, const std::string& prefix, Fields& fields);

void FlattenOne(const Message& message, const FieldDescriptor* field, int index, std::string path,
                Fields& fields) {
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    fields.push_back({std::move(path), InWords(message, field, index), {}});
    return;
  }
  const auto* reflection = message.GetReflection();
  const Message& inner = index < 0 ? reflection->GetMessage(message, field)
                                   : reflection->GetRepeatedMessage(message, field, index);
  if (const auto* withheld = dynamic_cast<const v1::Withheld*>(&inner)) {
    fields.push_back({std::move(path), {}, withheld->hash()});
  } else {
    Flatten(inner, path + ".", fields);
  }
}

void Flatten(const Message& message, const std::string& prefix, Fields& fields) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(message, &set);
  for (const auto* field : set) {
    // The record's own id stands in each of its entries, and the entry has its time.
    if (prefix.empty() && (field->number() == 1 || field->name().ends_with("_time_us"))) continue;
    const std::string path = prefix + field->name();
    if (!field->is_repeated()) {
      FlattenOne(message, field, -1, path, fields);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      FlattenOne(message, field, i, fmt::format("{}[{}]", path, i), fields);
    }
  }
}

/// Hashes of those withheld values that the record still holds.
void CollectKept(const Message& message, std::set<std::string>& kept) {
  if (const auto* withheld = dynamic_cast<const v1::Withheld*>(&message)) {
    if (!withheld->value().empty()) kept.insert(withheld->hash());
    return;
  }
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(message, &set);
  for (const auto* field : set) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      CollectKept(reflection->GetMessage(message, field), kept);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      CollectKept(reflection->GetRepeatedMessage(message, field, i), kept);
    }
  }
}

/// An entry as it was visited.
struct Visited {
  uint64_t index = 0;
  std::string bytes;
};

/// The entries of one record, each compared with the one before it.
template <typename R>
class Chain {
 public:
  Chain(const store::Snapshot& snapshot, uint64_t id, const R& record, uint64_t code)
      : snapshot_(snapshot), id_(id), code_(code) {
    CollectKept(record, kept_);
  }

  /// Adds the newest entries below `before`, at most `count_max`. False when there are more.
  Result<bool> AddTo(uint64_t before, size_t count_max,
                     std::vector<v1::HistoryEntry>& entries) const {
    std::optional<Visited> newer;
    size_t added = 0;
    Result<void> failure;
    const auto tell = [&](std::string_view older) {
      const auto entry = Entry(*newer, older);
      if (!entry) failure = tl::unexpected(entry.error());
      if (entry) entries.push_back(*entry);
      return entry && ++added < count_max;
    };
    bool whole = true;
    YIMA_RETURN_IF_ERROR(
        snapshot_.ScanHistory(ChangeKind(), id_, before, [&](const store::LogRecord& record) {
          if (newer && !tell(record.entry)) {
            whole = false;
            return false;
          }
          newer = Visited{record.index, std::string(record.entry)};
          return true;
        }));
    YIMA_RETURN_IF_ERROR(failure);
    if (whole && newer) tell("");
    YIMA_RETURN_IF_ERROR(failure);
    return whole;
  }

 private:
  static store::Kind ChangeKind() { return ChangeWriter::KindOf(R{}); }

  Result<Fields> FieldsOf(std::string_view entry) const {
    Fields fields;
    if (entry.empty()) return fields;
    const auto view = ViewEntry(entry);
    R record;
    if (!view ||
        !record.ParseFromArray(view->record.data(), static_cast<int>(view->record.size()))) {
      return Fail(StatusCode::kDataLoss, "ENTRY_DAMAGED",
                  fmt::format("an entry of record {} does not parse; run yimad check", id_));
    }
    Flatten(record, "", fields);
    return fields;
  }

  std::string Value(const Field& field) const {
    if (field.hash.empty()) return field.value;
    return kept_.contains(field.hash) ? "withheld" : "erased";
  }

  Result<v1::HistoryEntry> Entry(const Visited& visited, std::string_view older) const {
    YIMA_ASSIGN_OR_RETURN(const Fields before, FieldsOf(older));
    YIMA_ASSIGN_OR_RETURN(const Fields after, FieldsOf(visited.bytes));
    const auto view = ViewEntry(visited.bytes);
    if (!view) return EntryDamaged(visited.index);
    v1::HistoryEntry entry;
    entry.set_index(visited.index);
    entry.set_time_us(static_cast<int64_t>(view->time_us));
    entry.set_principal(std::string(view->principal));
    entry.set_method(std::string(view->method));
    entry.set_request_id(std::string(view->request_id));
    entry.set_batch(view->batch);
    entry.set_revision(view->revision);
    entry.set_code(code_);
    for (const Field& field : after) {
      const auto was = std::ranges::find(before, field.path, &Field::path);
      if (was != before.end() && was->IsAs(field)) continue;
      AddChange(field.path, was == before.end() ? "" : Value(*was), Value(field), entry);
    }
    for (const Field& field : before) {
      if (std::ranges::find(after, field.path, &Field::path) != after.end()) continue;
      AddChange(field.path, Value(field), "", entry);
    }
    return entry;
  }

  static void AddChange(const std::string& path, std::string before, std::string after,
                        v1::HistoryEntry& entry) {
    auto* change = entry.add_changes();
    change->set_path(path);
    change->set_before(std::move(before));
    change->set_after(std::move(after));
  }

  const store::Snapshot& snapshot_;
  const uint64_t id_;
  const uint64_t code_;
  std::set<std::string> kept_;
};

/// Keeps the newest, in that order; true when some were left out.
bool KeepNewest(std::vector<v1::HistoryEntry>& entries, size_t size) {
  std::ranges::sort(entries, [](const auto& a, const auto& b) { return a.index() > b.index(); });
  if (entries.size() <= size) return false;
  entries.resize(size);
  return true;
}

/// Serials of all codes that lead to it.
Result<std::vector<v1::Code>> CodesOf(uint64_t uid, const store::Snapshot& snapshot) {
  std::vector<v1::Code> codes;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kCode, 0, {FacilityTerm(uid)}, [&](uint64_t, uint64_t, std::string_view bytes) {
        v1::Code code;
        if (code.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          codes.push_back(std::move(code));
        }
        return true;
      }));
  return codes;
}

/// Principals are the whole registry's: their names are for who may list them.
bool MayNamePrincipals(const Call& call) {
  return call.reach->everywhere() && (call.roles & (kAdmins | kAuditors)) != 0;
}

Result<void> NamePrincipals(const store::Snapshot& snapshot,
                            std::vector<v1::HistoryEntry>& entries) {
  std::map<std::string, std::string> names;
  for (auto& entry : entries) {
    const auto [name, is_new] = names.try_emplace(entry.principal());
    if (is_new) {
      uint64_t id = 0;
      const std::string& text = entry.principal();
      std::from_chars(text.data(), text.data() + text.size(), id);
      if (id != 0) {
        YIMA_ASSIGN_OR_RETURN(const auto principal, Get<v1::Principal>(snapshot, id));
        if (principal) name->second = principal->record.name().value();
      }
    }
    entry.set_principal_name(name->second);
  }
  return {};
}

/// As PageSize, but an entry is larger than a record.
Result<size_t> HistoryPageSize(int32_t asked) {
  if (asked == 0) return kDefaultSize;
  if (asked <= kSizeMax) return PageSize(asked);
  return Invalid("PAGE_SIZE_TOO_LARGE",
                 fmt::format("page_size {}, want at most {}", asked, kSizeMax), "page_size");
}

}  // namespace

Result<v1::GetFacilityHistoryResponse> GetFacilityHistory(
    const Domain& domain, const Call& call, const v1::GetFacilityHistoryRequest& request,
    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, HistoryPageSize(request.page_size()));
  const std::string filter = fmt::to_string(request.uid());
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  const uint64_t before = place.empty() ? UINT64_MAX : std::stoull(place);
  YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot, request.uid()));
  if (!facility) {
    return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
                fmt::format("no facility has uid {}", request.uid()), "uid");
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call, facility->record, "uid"));

  std::vector<v1::HistoryEntry> entries;
  YIMA_ASSIGN_OR_RETURN(
      bool whole, Chain(snapshot, request.uid(), facility->record, 0).AddTo(before, size, entries));
  YIMA_ASSIGN_OR_RETURN(const auto codes, CodesOf(request.uid(), snapshot));
  for (const auto& code : codes) {
    if (call.cancelled()) return CallerGone();
    YIMA_ASSIGN_OR_RETURN(
        const bool all,
        Chain(snapshot, code.serial(), code, code.serial()).AddTo(before, size, entries));
    whole = !KeepNewest(entries, size) && whole && all;
  }
  whole = !KeepNewest(entries, size) && whole;
  if (MayNamePrincipals(call)) YIMA_RETURN_IF_ERROR(NamePrincipals(snapshot, entries));

  v1::GetFacilityHistoryResponse response;
  size_t bytes = 0;
  for (auto& entry : entries) {
    bytes += entry.ByteSizeLong();
    if (bytes > kBytesMax && response.entries_size() > 0) {
      whole = false;
      break;
    }
    *response.add_entries() = std::move(entry);
  }
  if (!whole) {
    const uint64_t last = response.entries().rbegin()->index();
    response.set_next_page_token(SealPageToken(domain, call.method, filter, fmt::to_string(last)));
  }
  return response;
}

}  // namespace yima::server
