#ifndef YIMA_CLIENT_IMPORT_LEDGER_READER_H_
#define YIMA_CLIENT_IMPORT_LEDGER_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/import/csv.h"
#include "client/import/rows.h"
#include "codegen/code/result.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::ledger {

/// One line of a ledger: read, or not.
struct LedgerRow {
  /// 1-based line of its first character.
  uint64_t line = 0;
  /// Meaningful unless there is a problem.
  v1::ImportRow row;
  /// Why the row can't be taken; the message begins with "ledger.csv:17: ".
  std::optional<Error> problem;
  /// The cells as they stood, in UTF-8, for the rejects file.
  std::vector<std::string> cells;
};

/// Reads a ledger file row by row, in bounded memory. Not thread-safe.
class LedgerReader {
 public:
  /// "-" is standard input. Reads the header; fails as TextSource::Open, FindColumns and
  /// RowMaker::Create do.
  static Result<LedgerReader> Open(const std::string& path, LedgerOptions options);

  /// False at the end. A bad row is no Error but a row with a problem; an Error (QUOTE_UNCLOSED,
  /// FILE_UNREADABLE) means that nothing behind it can be read.
  Result<bool> Next(LedgerRow& row);

  /// Headers as they stand in the file.
  const std::vector<std::string>& header() const { return header_; }
  const std::vector<Column>& columns() const { return maker_.columns(); }
  /// Headers that mean nothing to us, the key's not among them.
  std::vector<std::string> unknown_columns() const;
  /// For ImportHeader.key_namespace; empty when facility codes identify the rows.
  const std::string& key_namespace() const { return maker_.key_namespace(); }
  bool keeps_positions_raw() const { return maker_.keeps_positions_raw(); }
  Encoding encoding() const { return csv_.encoding(); }
  char delimiter() const { return csv_.delimiter(); }

 private:
  LedgerReader(CsvReader csv, std::vector<std::string> header, RowMaker maker,
               std::string key_column)
      : csv_(std::move(csv)),
        header_(std::move(header)),
        maker_(std::move(maker)),
        key_column_(std::move(key_column)) {}

  CsvReader csv_;
  std::vector<std::string> header_;
  RowMaker maker_;
  std::string key_column_;
  CsvRecord record_;
};

}  // namespace yima::ledger

#endif  // YIMA_CLIENT_IMPORT_LEDGER_READER_H_
