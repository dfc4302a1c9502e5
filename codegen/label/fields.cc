#include "codegen/label/fields.h"

#include <utility>

#include <fmt/format.h>
#include <glib.h>

namespace yima::label {
namespace {

constexpr size_t kFieldBytesMax = 4096;

constexpr PrintedField kPrinted[] = {
    {"short_number", &LabelFields::short_number},
    {"facility_code", &LabelFields::facility_code},
    {"class_code", &LabelFields::class_code},
    {"class_name", &LabelFields::class_name},
    {"name", &LabelFields::name},
    {"supervisor", &LabelFields::supervisor},
    {"owner", &LabelFields::owner},
    {"maintainer", &LabelFields::maintainer},
    {"supervisor_state", &LabelFields::supervisor_state},
    {"owner_state", &LabelFields::owner_state},
    {"maintainer_state", &LabelFields::maintainer_state},
    {"contact", &LabelFields::contact},
    {"telephone", &LabelFields::telephone},
    {"note", &LabelFields::note},
};

Result<void> CheckText(const char* name, const std::string& text, const std::string& short_number) {
  if (text.size() > kFieldBytesMax)
    return Invalid("FIELD_TOO_LONG",
                   fmt::format("{} of {} has {} bytes, at most {} are printed", name, short_number,
                               text.size(), kFieldBytesMax),
                   name);
  if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
    return Invalid("FIELD_NOT_UTF8", fmt::format("{} of {} is not UTF-8", name, short_number),
                   name);
  return {};
}

}  // namespace

std::span<const PrintedField> PrintedFields() { return kPrinted; }

Result<Serial> SerialOf(const LabelFields& fields) {
  const auto parts = SplitCodeText(fields.code_text);
  const auto code = parts ? DecodeBody(parts->digits) : std::nullopt;
  if (code) return DecodePayload(std::span(*code).first<kPayloadSize>()).serial;
  return Invalid("CODE_TEXT_MALFORMED",
                 fmt::format("code text \"{:.100}\" is not an origin and the {} digits of format 1",
                             fields.code_text, kBodyDigits),
                 "code_text");
}

Result<LabelFields> CheckFields(LabelFields fields) {
  YIMA_ASSIGN_OR_RETURN(const Serial serial, SerialOf(fields));
  const std::string short_number = serial.ShortNumber();
  if (fields.short_number.empty()) fields.short_number = short_number;
  if (fields.short_number != short_number)
    return Invalid("SHORT_NUMBER_MISMATCH",
                   fmt::format("short number \"{:.40}\" is not that of the code text, {}",
                               fields.short_number, short_number),
                   "short_number");
  for (const auto& [name, text] : kPrinted)
    YIMA_RETURN_IF_ERROR(CheckText(name, fields.*text, short_number));
  YIMA_RETURN_IF_ERROR(CheckText("facility", fields.facility, short_number));
  return fields;
}

void LabelWarnings::AddExample(std::string example) {
  if (examples.size() < kExamplesMax) examples.push_back(std::move(example));
}

void LabelWarnings::Merge(LabelWarnings other) {
  ellipses += other.ellipses;
  missing_characters += other.missing_characters;
  for (std::string& example : other.examples) AddExample(std::move(example));
}

}  // namespace yima::label
