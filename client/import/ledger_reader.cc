#include "client/import/ledger_reader.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

namespace yima::ledger {

namespace {

/// What is amiss with the header, told with its place; errors of an option stay as they are.
Error InHeader(Error error, const std::string& name, uint64_t line) {
  constexpr std::array<std::string_view, 4> kOfOptions = {
      "FIELD_UNKNOWN", "DIVISION_MALFORMED", "DIVISION_UNKNOWN", "BLANK_POSITION_MALFORMED"};
  if (std::find(kOfOptions.begin(), kOfOptions.end(), error.reason) != kOfOptions.end()) {
    return error;
  }
  error.field = fmt::format("{}:{}", name, line);
  error.message = fmt::format("{}: {}", error.field, error.message);
  return error;
}

}  // namespace

Result<LedgerReader> LedgerReader::Open(const std::string& path, LedgerOptions options) {
  YIMA_ASSIGN_OR_RETURN(auto source, TextSource::Open(path));
  const std::string name = path == "-" ? path : std::filesystem::path(path).filename().string();
  CsvReader csv(std::move(source), name);
  CsvRecord record;
  YIMA_ASSIGN_OR_RETURN(const bool any, csv.Next(record));
  if (!any) return Invalid("FILE_EMPTY", path + ": the file has only empty lines", path);
  if (record.problem) {
    return tl::unexpected<Error>(InHeader(*record.problem, name, record.line));
  }
  std::string key_column = options.key_column;
  auto made = RowMaker::Create(name, record.fields, std::move(options));
  if (!made) return tl::unexpected<Error>(InHeader(std::move(made).error(), name, record.line));
  RowMaker maker = *std::move(made);
  if (!key_column.empty()) {
    YIMA_ASSIGN_OR_RETURN(const size_t place, FindHeader(maker.columns(), key_column, "--key"));
    key_column = maker.columns()[place].header;
  }
  return LedgerReader(std::move(csv), std::move(record.fields), std::move(maker),
                      std::move(key_column));
}

Result<bool> LedgerReader::Next(LedgerRow& row) {
  YIMA_ASSIGN_OR_RETURN(const bool more, csv_.Next(record_));
  if (!more) return false;
  row.line = record_.line;
  row.problem.reset();
  auto made = maker_.Make(record_);
  if (made) {
    row.row = *std::move(made);
  } else {
    row.row.Clear();
    row.problem = std::move(made).error();
  }
  row.cells.swap(record_.fields);
  return true;
}

std::vector<std::string> LedgerReader::unknown_columns() const {
  std::vector<std::string> unknown = UnknownColumns(columns());
  std::erase(unknown, key_column_);
  return unknown;
}

}  // namespace yima::ledger
