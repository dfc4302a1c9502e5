#ifndef YIMA_TESTS_SERVER_IMPORT_LEDGER_RUN_H_
#define YIMA_TESTS_SERVER_IMPORT_LEDGER_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "tests/server/world.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server::testing {

/// A ledger as a test writes it, and what an import of it answered.
struct LedgerRun {
  v1::ImportHeader header;
  std::vector<v1::ImportRow> rows;
  /// Called with each message of the answer; an Error is a client that is gone.
  std::function<Result<void>(const v1::ImportFacilitiesResponse&)> on_answer;
  std::function<bool()> cancelled;
  std::function<void(const Error&, uint64_t)> refused;

  LedgerRun();
  /// A 上水井盖 of division 140502 with the code 14050201001 and this number, of the department
  /// 城管局.
  v1::ImportRow& AddRow(uint32_t number);
  /// The same without a code, known by its external code in the namespace "ledger".
  v1::ImportRow& AddKeyedRow(std::string_view key);

  /// Sends the header with the first rows, then the rest, 1,000 rows a message.
  Result<v1::ImportReport> Import(World& world);
  /// Sends these messages as they are.
  Result<v1::ImportReport> Send(World& world,
                                const std::vector<v1::ImportFacilitiesRequest>& messages);

  std::vector<v1::ImportProblem> problems;  ///< Of the last import.
};

uint64_t LogSize(World& world);
/// The facility that bears the code of AddRow(number); 0 when none does.
uint64_t FacilityOfNumber(World& world, uint32_t number);
/// Facilities in the registry.
uint64_t CountFacilities(World& world);

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_IMPORT_LEDGER_RUN_H_
