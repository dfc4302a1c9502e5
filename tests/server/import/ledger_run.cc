#include "tests/server/import/ledger_run.h"

#include <fmt/format.h>

#include "server/registry/import/import.h"

namespace yima::server::testing {
namespace {

constexpr size_t kRowsAMessage = 1000;

std::string DigitsOf(uint32_t number) { return fmt::format("14050201001{:06}", number); }

}  // namespace

LedgerRun::LedgerRun() {
  header.set_request_id("import-1");
  header.set_source("lamps.csv");
}

v1::ImportRow& LedgerRun::AddRow(uint32_t number) {
  auto& row = rows.emplace_back();
  row.set_line(rows.size() + 1);
  row.set_supervisor("城管局");
  row.mutable_facility()->set_division("140502");
  row.mutable_facility()->set_class_code("01001");
  auto* code = row.mutable_facility()->add_codes();
  code->set_scheme(kSchemeGbt47678);
  code->set_digits(DigitsOf(number));
  return row;
}

v1::ImportRow& LedgerRun::AddKeyedRow(std::string_view key) {
  auto& row = AddRow(1);
  row.mutable_facility()->clear_codes();
  auto* code = row.mutable_facility()->add_external_codes();
  code->set_namespace_("ledger");
  code->set_value(std::string(key));
  return row;
}

Result<v1::ImportReport> LedgerRun::Import(World& world) {
  std::vector<v1::ImportFacilitiesRequest> messages(1);
  *messages[0].mutable_header() = header;
  for (const auto& row : rows) {
    if (static_cast<size_t>(messages.back().rows_size()) == kRowsAMessage) messages.emplace_back();
    *messages.back().add_rows() = row;
  }
  return Send(world, messages);
}

Result<v1::ImportReport> LedgerRun::Send(World& world,
                                         const std::vector<v1::ImportFacilitiesRequest>& messages) {
  problems.clear();
  size_t sent = 0;
  std::optional<v1::ImportReport> report;
  const auto source = [&](v1::ImportFacilitiesRequest& request) -> Result<bool> {
    if (sent == messages.size()) return false;
    request = messages[sent++];
    return true;
  };
  const auto sink = [&](const v1::ImportFacilitiesResponse& response) -> Result<void> {
    if (on_answer) YIMA_RETURN_IF_ERROR(on_answer(response));
    problems.insert(problems.end(), response.problems().begin(), response.problems().end());
    if (response.has_report()) report = response.report();
    return {};
  };
  Call call = world.call("yima.v1.RegistryService/ImportFacilities");
  if (cancelled) call.cancelled = cancelled;
  if (refused) call.refused = refused;
  YIMA_RETURN_IF_ERROR(ImportFacilities(world.domain(), call, source, sink));
  if (!report) return Fail(StatusCode::kInternal, "REPORT_MISSING", "the stream had no report");
  return *report;
}

uint64_t LogSize(World& world) { return *world.Read()->LogSize(); }

uint64_t FacilityOfNumber(World& world, uint32_t number) {
  return *world.Read()->Holder(store::Index::kFacilityCode,
                               FacilityCodeKey(kSchemeGbt47678, DigitsOf(number)));
}

uint64_t CountFacilities(World& world) {
  uint64_t count = 0;
  static_cast<void>(
      world.Read()->Scan(store::Kind::kFacility, 0, {}, [&](uint64_t, uint64_t, std::string_view) {
        ++count;
        return true;
      }));
  return count;
}

}  // namespace yima::server::testing
