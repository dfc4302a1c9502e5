#include "client/cli/label_source.h"

#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

constexpr size_t kPageSize = 1000;

/// What a line of `codes issue --json` says; nothing when it says less than a label needs.
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
  code.set_facility_code(text("facilityCode"));
  code.set_short_number(text("shortNumber"));
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
          if (code.state() == v1::CODE_STATE_REVOKED || code.state() == v1::CODE_STATE_REPLACED) {
            ++passed_over_;
          } else {
            codes.push_back(code);
          }
        }
        return TakePage(codes, take);
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
  std::vector<v1::IssuedCode> codes;
  uint64_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    YIMA_ASSIGN_OR_RETURN(auto code, ParseLine(line, fmt::format("{}:{}", file, number)));
    codes.push_back(std::move(code));
    if (codes.size() < kPageSize) continue;
    YIMA_RETURN_IF_ERROR(TakePage(codes, take));
    codes.clear();
  }
  return TakePage(codes, take);
}

Result<v1::IssuedCode> LabelSource::ParseLine(const std::string& line, const std::string& place) {
  if (auto code = CodeFromJson(line)) return *std::move(code);
  const auto serial = ParsePlate(line);
  if (!serial) {
    return Invalid(serial.error().reason, fmt::format("{}: {}", place, serial.error().message),
                   place);
  }
  v1::GetCodeRequest request;
  request.set_serial(*serial);
  YIMA_ASSIGN_OR_RETURN(auto answer, session_.client().GetCode(request));
  return std::move(*answer.mutable_code());
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

Result<void> LabelSource::TakePage(const std::vector<v1::IssuedCode>& codes, const Take& take) {
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
