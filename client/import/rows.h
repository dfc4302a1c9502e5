#ifndef YIMA_CLIENT_IMPORT_ROWS_H_
#define YIMA_CLIENT_IMPORT_ROWS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/import/columns.h"
#include "client/import/csv.h"
#include "codegen/code/facility_code.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::ledger {

/// Codes of the classes that have this Chinese (or English) name, over all editions.
using ClassesByName = std::function<std::vector<std::string>(std::string_view name)>;

/// How a ledger is to be read.
struct LedgerOptions {
  std::vector<ColumnMapping> mappings;
  /// For rows whose own cell is empty, or files without the column; a cell that says "不详" stays
  /// unknown.
  std::string division;
  std::string class_code;
  std::string supervisor;
  std::string owner;
  std::string maintainer;
  /// Reference system of the positions; 0: degrees when the columns are called longitude and
  /// latitude, else unknown and kept raw.
  uint32_t epsg = 0;
  /// The column that identifies a row, kept as external code; empty: the facility code does.
  std::string key_column;
  /// Of that external code; empty: the file's name without its ending, the column's from stdin. The
  /// same ledger under another name is another one.
  std::string key_namespace;
  /// The column with the facility's code; empty: found by its header.
  std::string code_column;
  Scheme scheme = kSchemeGbt47678;
  /// "0,0": a reading that stands for none.
  std::string blank_position;
  ClassesByName classes_by_name;
};

/// Turns records into rows of the registry's import. Thread-compatible.
class RowMaker {
 public:
  /// `name` is the file's, for messages. Fails when a column named is not there, or something
  /// required comes neither from a column nor from the options: IDENTITY_MISSING,
  /// REQUIRED_COLUMN_MISSING; or an option is malformed.
  static Result<RowMaker> Create(const std::string& name, const std::vector<std::string>& header,
                                 LedgerOptions options);

  /// INVALID_ARGUMENT with the message `ledger.csv:17: division "44030" has 5 digits, want 6`; the
  /// field is the facility's, or empty when it is no one field's fault.
  Result<v1::ImportRow> Make(const CsvRecord& record) const;

  const std::vector<Column>& columns() const { return columns_; }
  /// Empty when facility codes identify the rows.
  const std::string& key_namespace() const { return options_.key_namespace; }
  /// Columns X and Y in a system that nothing names: numbers, and no place.
  bool keeps_positions_raw() const;

 private:
  class Cells;
  Result<void> ChooseIdentity(const std::string& name);
  Result<void> CheckRequired() const;
  bool Has(Field field) const { return places_.contains(field); }

  Result<v1::ImportRow> Fill(const CsvRecord& record) const;
  Result<void> FillIdentity(const Cells& cells, v1::ImportRow& row) const;
  Result<void> FillDivision(const Cells& cells, v1::Facility& facility) const;
  Result<void> FillClass(const Cells& cells, v1::Facility& facility) const;
  Result<void> FillOrganizations(const Cells& cells, v1::ImportRow& row) const;
  Result<void> FillPosition(const Cells& cells, v1::Facility& facility) const;
  Result<void> FillParent(const Cells& cells, v1::ImportRow& row) const;
  Result<void> FillAttributes(const Cells& cells, v1::ImportRow& row) const;

  std::string name_;
  LedgerOptions options_;
  std::vector<Column> columns_;
  std::map<Field, size_t> places_;
  std::optional<size_t> key_place_;
  std::optional<std::pair<double, double>> blank_position_;
};

}  // namespace yima::ledger

#endif  // YIMA_CLIENT_IMPORT_ROWS_H_
