#ifndef YIMA_CLIENT_IMPORT_CSV_H_
#define YIMA_CLIENT_IMPORT_CSV_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/import/encoding.h"
#include "codegen/code/result.h"

namespace yima::ledger {

constexpr size_t kFieldBytesMax = 64 * 1024;
constexpr size_t kRecordBytesMax = 1024 * 1024;
constexpr size_t kFieldsMax = 1000;

/// One record of a CSV file, in UTF-8. Reused from record to record to spare allocations.
struct CsvRecord {
  /// 1-based line of its first character.
  uint64_t line = 0;
  std::vector<std::string> fields;
  /// Why it can't be used, when it can't: FIELD_TOO_LONG (its fields are then cut short),
  /// TOO_MANY_FIELDS, CONTROL_CHARACTER, BROKEN_CHARACTER. The message names the column, and no
  /// file and line; the field is the column's header.
  std::optional<Error> problem;
};

/// Writes a field, quoted where RFC 4180 asks for it.
void AppendCsvField(std::string& line, std::string_view field, char delimiter = ',');

/// Reads RFC 4180 records, and what offices send in its place: LF or CRLF, tabs or semicolons
/// (whichever the first line has most of), quotes in the middle of a field. Empty lines are passed
/// over; the first record is the header, and names the columns. Streams, in memory bounded by
/// kRecordBytesMax. Not thread-safe.
class CsvReader {
 public:
  /// `name` stands in messages.
  CsvReader(std::unique_ptr<TextSource> source, std::string name);

  /// False at the end. An Error ends the file: QUOTE_UNCLOSED (names the line of the opening
  /// quote), FILE_UNREADABLE.
  Result<bool> Next(CsvRecord& record);

  char delimiter() const { return delimiter_; }
  Encoding encoding() const { return source_->encoding(); }
  const std::string& name() const { return name_; }

 private:
  struct Building;
  Result<bool> More();
  Result<void> FindDelimiter();
  Result<void> Quoted(Building& building);
  Result<bool> Plain(Building& building);

  std::unique_ptr<TextSource> source_;
  std::string name_;
  std::vector<std::string> header_;
  std::string text_;
  size_t at_ = 0;
  uint64_t line_ = 1;
  char delimiter_ = '\0';
};

}  // namespace yima::ledger

#endif  // YIMA_CLIENT_IMPORT_CSV_H_
