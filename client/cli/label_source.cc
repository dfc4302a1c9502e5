#include "client/cli/label_source.h"

#include <algorithm>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/code_text.h"
#include "codegen/code/verifier.h"

namespace yima::cli {
namespace {

constexpr size_t kPageSize = 1000;
/// Answers hold facilities of up to 16 KiB, and one message at most 4 MiB.
constexpr size_t kTextsACall = 100;

/// No plate may carry it any more.
bool HasEnded(const v1::IssuedCode& code) {
  return code.state() == v1::CODE_STATE_REVOKED || code.state() == v1::CODE_STATE_REPLACED;
}

/// Serial, facility and text of a line of `codes issue --json`; nothing when one is missing.
std::optional<v1::IssuedCode> CodeFromJson(const std::string& line) {
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const auto serial = ParseNumber(text("serial"), "serial");
  const auto facility = ParseNumber(text("facility"), "facility");
  if (!serial || !facility || text("text").empty()) return std::nullopt;
  v1::IssuedCode code;
  code.set_serial(*serial);
  code.set_facility(*facility);
  code.set_text(text("text"));
  return code;
}

/// The code as it was issued, unless the line says something else of it.
Result<v1::IssuedCode> Compare(const v1::IssuedCode& claimed, bool facility_claimed,
                               const v1::ResolveResponse& answer, const std::string& place) {
  if (answer.verdict() != v1::VERDICT_AUTHENTIC || answer.state() == v1::CODE_STATE_NOT_ISSUED) {
    const auto said = static_cast<Verdict>(answer.verdict());
    return Invalid("PLATE_NOT_AUTHENTIC",
                   fmt::format("{}: the text is none that was issued: {}", place,
                               said == Verdict::kAuthentic ? "NOT_ISSUED" : VerdictName(said)),
                   place);
  }
  if (answer.serial() != claimed.serial()) {
    return Invalid("LINE_DIFFERS",
                   fmt::format("{}: the text is that of serial {}, not {}", place, answer.serial(),
                               claimed.serial()),
                   place);
  }
  // A plate that was blank when the file was written may be bound by now.
  const bool blank_then = claimed.facility() == 0 && answer.scheme() == kSchemeBlank;
  if (facility_claimed && !blank_then && claimed.facility() != answer.facility().uid()) {
    return Invalid("LINE_DIFFERS",
                   fmt::format("{}: code {} is of facility {}, not {}", place,
                               answer.short_number(), answer.facility().uid(), claimed.facility()),
                   place);
  }
  v1::IssuedCode code = claimed;
  code.set_state(answer.state());
  code.set_facility(answer.facility().uid());
  code.set_facility_code(answer.facility_code());
  code.set_short_number(answer.short_number());
  return code;
}

}  // namespace

Result<void> LabelSource::Each(const LabelSelection& selection, const Take& take) {
  if (!selection.from.empty()) return FromFile(selection.from, take);
  if (selection.codes.batch.empty() && selection.codes.where.empty()) {
    return Invalid("TARGET_MISSING", "want one of --batch, --where and --from", "--batch");
  }
  v1::ListCodesRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), MakeFilter(session_, selection.codes));
  return EachPage<v1::ListCodesRequest, v1::ListCodesResponse>(
      request, [&](const auto& asked) { return session_.client().ListCodes(asked); },
      [&](const v1::ListCodesResponse& page) -> Result<void> {
        std::vector<v1::IssuedCode> codes;
        for (const auto& code : page.codes()) {
          codes.push_back(code);
        }
        return TakePage(std::move(codes), take);
      });
}

Result<void> LabelSource::FromFile(const std::string& file, const Take& take) {
  std::ifstream opened;
  if (file != "-") opened.open(file);
  std::istream& stream = file == "-" ? std::cin : opened;
  if (!stream) {
    return Fail(StatusCode::kNotFound, "FILE_UNREADABLE", fmt::format("cannot read {}", file),
                file);
  }
  std::vector<Line> lines;
  uint64_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    YIMA_ASSIGN_OR_RETURN(auto parsed, ParseLine(line, fmt::format("{}:{}", file, number)));
    lines.push_back(std::move(parsed));
    if (lines.size() < kPageSize) continue;
    YIMA_RETURN_IF_ERROR(TakeLines(std::move(lines), take));
    lines.clear();
  }
  return TakeLines(std::move(lines), take);
}

Result<LabelSource::Line> LabelSource::ParseLine(const std::string& line,
                                                 const std::string& place) {
  Line parsed;
  parsed.place = place;
  if (auto code = CodeFromJson(line)) {
    parsed.code = *std::move(code);
    parsed.names_facility = true;
  } else if (SplitCodeText(line)) {
    parsed.code.set_text(line);
  }
  const auto serial = ParsePlate(parsed.code.text().empty() ? line : parsed.code.text());
  if (!serial) {
    return Invalid(serial.error().reason, fmt::format("{}: {}", place, serial.error().message),
                   place);
  }
  if (!parsed.names_facility) parsed.code.set_serial(*serial);
  return parsed;
}

Result<void> LabelSource::AskOfTexts(std::span<Line> lines) {
  v1::BatchResolveRequest request;
  for (const Line& line : lines) request.add_requests()->set_text(line.code.text());
  YIMA_ASSIGN_OR_RETURN(const auto answer, session_.client().BatchResolve(request));
  for (int i = 0; i < answer.responses_size(); ++i) {
    Line& line = lines[static_cast<size_t>(i)];
    YIMA_ASSIGN_OR_RETURN(line.code,
                          Compare(line.code, line.names_facility, answer.responses(i), line.place));
  }
  return {};
}

Result<void> LabelSource::TakeLines(std::vector<Line> lines, const Take& take) {
  // Those that bring their text are asked for many at a time, the others one by one.
  std::vector<v1::IssuedCode> codes(lines.size());
  std::vector<Line> with_text;
  std::vector<size_t> places;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].code.text().empty()) {
      with_text.push_back(std::move(lines[i]));
      places.push_back(i);
      continue;
    }
    v1::GetCodeRequest request;
    request.set_serial(lines[i].code.serial());
    YIMA_ASSIGN_OR_RETURN(const auto answer, session_.client().GetCode(request));
    codes[i] = answer.code();
  }
  for (size_t i = 0; i < with_text.size(); i += kTextsACall) {
    YIMA_RETURN_IF_ERROR(
        AskOfTexts(std::span(with_text).subspan(i, std::min(kTextsACall, with_text.size() - i))));
  }
  for (size_t i = 0; i < with_text.size(); ++i) codes[places[i]] = std::move(with_text[i].code);
  return TakePage(std::move(codes), take);
}

Result<std::map<uint64_t, v1::Facility>> LabelSource::FetchFacilities(
    const std::vector<v1::IssuedCode>& codes) {
  std::map<uint64_t, v1::Facility> facilities;
  v1::ListFacilitiesRequest request;
  for (const auto& code : codes) {
    if (code.facility() != 0) request.mutable_filter()->add_uids(code.facility());
  }
  if (request.filter().uids().empty()) return facilities;
  YIMA_RETURN_IF_ERROR((EachPage<v1::ListFacilitiesRequest, v1::ListFacilitiesResponse>(
      request, [&](const auto& asked) { return session_.client().ListFacilities(asked); },
      [&](const v1::ListFacilitiesResponse& page) -> Result<void> {
        for (const auto& facility : page.facilities()) facilities[facility.uid()] = facility;
        return {};
      })));
  return facilities;
}

Result<v1::Organization> LabelSource::Holder(const v1::Right& right) {
  if (right.holder() == 0) return v1::Organization();
  const auto known = organizations_.find(right.holder());
  if (known != organizations_.end()) return known->second;
  v1::GetOrganizationRequest request;
  request.set_id(right.holder());
  YIMA_ASSIGN_OR_RETURN(const auto answer, session_.client().GetOrganization(request));
  return organizations_[right.holder()] = answer.organization();
}

Result<std::string> LabelSource::ClassName(const std::string& code) {
  if (class_names_.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto answer, session_.client().ListFacilityClasses({}));
    for (const auto& row : answer.facility_classes()) class_names_[row.code()] = row.name_zh();
  }
  const auto found = class_names_.find(code);
  return found == class_names_.end() ? code : found->second;
}

Result<void> LabelSource::TakePage(std::vector<v1::IssuedCode> codes, const Take& take) {
  passed_over_ += std::erase_if(codes, HasEnded);
  YIMA_ASSIGN_OR_RETURN(auto facilities, FetchFacilities(codes));
  for (const auto& code : codes) {
    LabelFacts facts;
    facts.code = code;
    if (code.facility() != 0) {
      const auto found = facilities.find(code.facility());
      if (found == facilities.end()) {
        return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
                    fmt::format("facility {} of code {} is not in the registry", code.facility(),
                                code.short_number()));
      }
      facts.facility = found->second;
      YIMA_ASSIGN_OR_RETURN(facts.class_name, ClassName(facts.facility.class_code()));
      YIMA_ASSIGN_OR_RETURN(facts.supervising, Holder(facts.facility.supervising()));
      YIMA_ASSIGN_OR_RETURN(facts.owning, Holder(facts.facility.owning()));
      YIMA_ASSIGN_OR_RETURN(facts.maintaining, Holder(facts.facility.maintaining()));
    }
    YIMA_RETURN_IF_ERROR(take(facts));
  }
  return {};
}

}  // namespace yima::cli
