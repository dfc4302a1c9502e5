#include "client/cli/records.h"

#include <cctype>

#include <fmt/format.h>

#include "client/cli/words.h"
#include "codegen/code/day.h"
#include "codegen/code/signature.h"
#include "yima/v1/withheld.pb.h"

namespace yima::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// The part that all values share: CODE_STATE_UNSPECIFIED without UNSPECIFIED.
std::string PrefixOf(const EnumDescriptor* type) {
  const std::string& zero = type->value(0)->name();
  return zero.substr(0, zero.size() - std::string("UNSPECIFIED").size());
}

std::string HexOf(const std::string& bytes) {
  return ToHex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

Json Tree(const Message& message, bool for_people);

/// One value of a field; `index` -1 for a field that is not repeated.
Json ValueOf(const Message& message, const FieldDescriptor* field, int index, bool for_people) {
  const auto* reflection = message.GetReflection();
  const bool one = index < 0;
  const auto& m = message;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT64:
      return fmt::to_string(one ? reflection->GetUInt64(m, field)
                                : reflection->GetRepeatedUInt64(m, field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return fmt::to_string(one ? reflection->GetInt64(m, field)
                                : reflection->GetRepeatedInt64(m, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? reflection->GetUInt32(m, field) : reflection->GetRepeatedUInt32(m, field, index);
    case FieldDescriptor::CPPTYPE_INT32:
      return one ? reflection->GetInt32(m, field) : reflection->GetRepeatedInt32(m, field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return one ? reflection->GetDouble(m, field) : reflection->GetRepeatedDouble(m, field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return one ? reflection->GetFloat(m, field) : reflection->GetRepeatedFloat(m, field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return one ? reflection->GetBool(m, field) : reflection->GetRepeatedBool(m, field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumName(field->enum_type(), one ? reflection->GetEnumValue(m, field)
                                              : reflection->GetRepeatedEnumValue(m, field, index));
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text =
          one ? reflection->GetString(m, field) : reflection->GetRepeatedString(m, field, index);
      return field->type() == FieldDescriptor::TYPE_BYTES ? HexOf(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Tree(
          one ? reflection->GetMessage(m, field) : reflection->GetRepeatedMessage(m, field, index),
          for_people);
  }
  return nullptr;
}

/// A value that is there and empty was erased, which people are told in words.
Json TextOf(const v1::Withheld& withheld, bool for_people) {
  if (for_people && withheld.value().empty()) return T("已删除", "erased");
  return withheld.value();
}

Json Tree(const Message& message, bool for_people) {
  if (const auto* withheld = dynamic_cast<const v1::Withheld*>(&message)) {
    return TextOf(*withheld, for_people);
  }
  Json object = Json::object();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    Json& value = object[field->json_name()];
    if (field->is_repeated()) {
      value = Json::array();
      const int size = message.GetReflection()->FieldSize(message, field);
      for (int index = 0; index < size; ++index) {
        value.push_back(ValueOf(message, field, index, for_people));
      }
    } else if (field->has_presence() && !message.GetReflection()->HasField(message, field)) {
      value = nullptr;
    } else {
      value = ValueOf(message, field, -1, for_people);
    }
  }
  return object;
}

/// Lines like `owning.holder: 4294967297`; what is empty is left out.
void ShowValue(Session& session, const std::string& name, const Json& value) {
  const bool empty = value.is_null() || value == "" || value == "0" || value == 0;
  if (empty) return;
  if (value.is_object()) {
    for (const auto& [inner, part] : value.items()) ShowValue(session, name + "." + inner, part);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      ShowValue(session, fmt::format("{}[{}]", name, i), value[i]);
    }
  } else if (name.ends_with("TimeUs") && value.is_string()) {
    session.Line(fmt::format("{}: {}", name.substr(0, name.size() - 2),
                             FormatTime(std::stoll(value.get<std::string>()))));
  } else {
    const std::string text = value.is_string()
                                 ? value.get<std::string>()
                                 : value.dump(-1, ' ', false, Json::error_handler_t::replace);
    session.Line(fmt::format("{}: {}", name, Printable(text)));
  }
}

}  // namespace

std::string EnumName(const EnumDescriptor* type, int number) {
  const EnumValueDescriptor* value = type->FindValueByNumber(number);
  if (value == nullptr || number == 0) return {};
  return value->name().substr(PrefixOf(type).size());
}

Result<int> ParseEnum(const EnumDescriptor* type, std::string_view text, const std::string& place) {
  std::string upper;
  for (const char c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (auto& c : upper) c = c == '-' ? '_' : c;
  std::string known;
  for (int i = 1; i < type->value_count(); ++i) {
    const std::string name = EnumName(type, type->value(i)->number());
    if (name == upper) return type->value(i)->number();
    known += (known.empty() ? "" : ", ") + name;
  }
  return Invalid("ENUM_UNKNOWN", fmt::format("{} \"{}\" is none of {}", place, text, known), place);
}

Json ToJson(const Message& message) { return Tree(message, false); }

void Show(Session& session, const Message& message) {
  if (session.json) return session.Object(ToJson(message));
  const Json object = Tree(message, true);
  for (const auto& [name, value] : object.items()) ShowValue(session, name, value);
}

}  // namespace yima::cli
