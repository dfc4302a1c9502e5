#include "client/cli/renamed_ledger.h"

#include <filesystem>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "client/import/ledger_reader.h"

namespace yima::cli {
namespace {

/// More than one, since a row may have been changed meanwhile.
constexpr size_t kRowsCompared = 3;
constexpr int kBatchesSeen = 1000;

std::vector<v1::Facility> FirstFacilities(ledger::LedgerReader& reader) {
  std::vector<v1::Facility> facilities;
  ledger::LedgerRow row;
  while (facilities.size() < kRowsCompared) {
    const auto more = reader.Next(row);
    if (!more || !*more) break;
    if (!row.problem) facilities.push_back(row.row.facility());
  }
  return facilities;
}

/// Keys say little by themselves: two ledgers may both count from 1.
bool IsLike(const v1::Facility& known, const v1::Facility& row) {
  // A row without a name is called by its class.
  const bool same_name = row.name().empty() || known.name() == row.name();
  return same_name && known.class_code() == row.class_code() &&
         known.division() == row.division() && known.address() == row.address() &&
         known.position().raw_x() == row.position().raw_x() &&
         known.position().raw_y() == row.position().raw_y();
}

/// The facility that has the row's key under that ledger's name, if there is one.
Result<std::optional<v1::Facility>> Find(Session& session, const std::string& ledger,
                                         const v1::Facility& row) {
  v1::GetFacilityRequest request;
  *request.mutable_external_code() = row.external_codes(0);
  request.mutable_external_code()->set_namespace_(ledger);
  auto answer = session.client().GetFacility(request);
  if (answer) return std::move(*answer->mutable_facility());
  // Or a file's name that could be no ledger's.
  const Error& error = answer.error();
  if (error.code == StatusCode::kNotFound || ExitFor(error) == Exit::kWrongUse) return std::nullopt;
  return tl::unexpected<Error>(error);
}

using IsSame = bool (*)(const v1::Facility& known, const v1::Facility& row);

Result<bool> AnyStandsUnder(Session& session, const std::string& ledger,
                            const std::vector<v1::Facility>& rows, IsSame is_same) {
  for (const auto& row : rows) {
    YIMA_ASSIGN_OR_RETURN(const auto known, Find(session, ledger, row));
    if (known && is_same(*known, row)) return true;
  }
  return false;
}

/// Names under which the newest imports kept their keys, unless they were given others.
Result<std::set<std::string>> LedgersImported(Session& session) {
  v1::ListBatchesRequest request;
  request.set_page_size(kBatchesSeen);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().ListBatches(request));
  std::set<std::string> names;
  for (const auto& batch : answer.batches()) {
    if (batch.kind() != v1::BATCH_KIND_IMPORT || batch.source() == "-") continue;
    names.insert(std::filesystem::path(batch.source()).stem().string());
  }
  return names;
}

}  // namespace

Result<void> RefuseRenamedLedger(Session& session, const std::string& file,
                                 const ledger::LedgerOptions& options) {
  // The standard input can be read but once.
  if (file == "-" || !options.key_namespace.empty()) return {};
  YIMA_ASSIGN_OR_RETURN(auto reader, ledger::LedgerReader::Open(file, options));
  const std::string own = reader.key_namespace();
  if (own.empty()) return {};
  const auto rows = FirstFacilities(reader);
  if (rows.empty()) return {};
  YIMA_ASSIGN_OR_RETURN(
      const bool known,
      AnyStandsUnder(session, own, rows, [](const auto&, const auto&) { return true; }));
  if (known) return {};
  YIMA_ASSIGN_OR_RETURN(auto names, LedgersImported(session));
  names.erase(own);
  for (const auto& name : names) {
    YIMA_ASSIGN_OR_RETURN(const bool same, AnyStandsUnder(session, name, rows, IsLike));
    if (!same) continue;
    return Invalid(
        "LEDGER_RENAMED",
        fmt::format("rows like its first stand already, under the ledger name \"{0}\": if "
                    "this is that ledger add --ledger \"{0}\", if it is another one "
                    "--ledger \"{1}\"",
                    name, own),
        std::filesystem::path(file).filename().string());
  }
  return {};
}

}  // namespace yima::cli
