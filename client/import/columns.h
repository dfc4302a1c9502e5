#ifndef YIMA_CLIENT_IMPORT_COLUMNS_H_
#define YIMA_CLIENT_IMPORT_COLUMNS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"

namespace yima::ledger {

/// What a column can be. kNone: left out.
enum class Field {
  kNone,
  kCode,
  kDivision,
  kClass,
  kName,
  kSupervisor,
  kSupervisorCode,
  kOwner,
  kOwnerCode,
  kMaintainer,
  kMaintainerCode,
  kGrid,
  kCondition,
  kSurveyedOn,
  kChangedOn,
  kDataSource,
  kRemark,
  kSubdistrictCode,
  kSubdistrictName,
  kCommunityCode,
  kCommunityName,
  kAddress,
  kLongitude,
  kLatitude,
  kX,
  kY,
  kParent,
  kExtra,
  kPersonal,
};

/// Names of the fields as `--map COLUMN=field` takes them, in the order shown to people; besides
/// them `extra:NAME`, `personal:NAME` and `parent:NAMESPACE`.
std::vector<std::string_view> FieldNames();

/// One column of a ledger.
struct Column {
  std::string header;  ///< As in the file, trimmed.
  Field field = Field::kNone;
  std::string
      name;  ///< Of an extra or a personal field; the namespace of the whole's external code.
};

/// `COLUMN=field`, as a user wrote it.
struct ColumnMapping {
  std::string column;
  std::string field;
};

/// Splits at the last '=', so that a header may hold one. MAPPING_MALFORMED.
Result<ColumnMapping> ParseMapping(std::string_view text);

/// What each column of a header is: by the mappings first, then by Chinese and English headers and
/// the attribute names and abbreviations of GB/T 47678.5-2026. A field that is mapped isn't looked
/// for among the others.
/// COLUMN_UNKNOWN, FIELD_UNKNOWN, FIELD_TWICE (two columns for one field), HEADER_TWICE (a mapped
/// header stands twice).
Result<std::vector<Column>> FindColumns(const std::vector<std::string>& header,
                                        const std::vector<ColumnMapping>& mappings);

/// Place of the column with this header, which `option` names, by exact text or without regard to
/// case and spaces. COLUMN_UNKNOWN names the columns there are.
Result<size_t> FindHeader(const std::vector<Column>& columns, std::string_view header,
                          std::string_view option);

/// Headers that were left out, for a note to the user.
std::vector<std::string> UnknownColumns(const std::vector<Column>& columns);

}  // namespace yima::ledger

#endif  // YIMA_CLIENT_IMPORT_COLUMNS_H_
