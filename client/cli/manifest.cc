#include "client/cli/manifest.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "client/import/csv.h"

namespace yima::cli {
namespace {

/// The column of a header; COLUMN_MISSING.
Result<size_t> ColumnOf(const ledger::CsvRecord& head, std::string_view header,
                        const std::string& name) {
  const auto found = std::ranges::find(head.fields, header);
  if (found != head.fields.end()) return static_cast<size_t>(found - head.fields.begin());
  return Invalid(
      "COLUMN_MISSING",
      fmt::format("no column is called {}: want the manifest that yima labels writes", header),
      fmt::format("{}:{}", name, head.line));
}

}  // namespace

Result<std::vector<ManifestPlate>> ReadManifest(const std::string& file) {
  YIMA_ASSIGN_OR_RETURN(auto source, ledger::TextSource::Open(file));
  const std::string name = file == "-" ? file : std::filesystem::path(file).filename().string();
  ledger::CsvReader reader(std::move(source), name);
  ledger::CsvRecord record;
  YIMA_ASSIGN_OR_RETURN(const bool headed, reader.Next(record));
  if (!headed) return Invalid("FILE_EMPTY", "the file has only empty lines", name);
  YIMA_ASSIGN_OR_RETURN(const size_t text, ColumnOf(record, "text", name));
  YIMA_ASSIGN_OR_RETURN(const size_t facility, ColumnOf(record, "facility", name));
  std::vector<ManifestPlate> plates;
  for (;;) {
    YIMA_ASSIGN_OR_RETURN(const bool more, reader.Next(record));
    if (!more) return plates;
    const std::string place = fmt::format("{}:{}", name, record.line);
    if (record.problem) {
      return Fail(record.problem->code, record.problem->reason, record.problem->message, place);
    }
    if (record.fields.size() <= std::max(text, facility)) {
      return Invalid("CODE_MALFORMED",
                     fmt::format("the line has {} fields and no text", record.fields.size()),
                     place);
    }
    plates.push_back({record.line, record.fields[text], record.fields[facility]});
  }
}

}  // namespace yima::cli
