#ifndef YIMA_CLIENT_IMPORT_VALUES_H_
#define YIMA_CLIENT_IMPORT_VALUES_H_

#include <optional>
#include <string>
#include <string_view>

#include "codegen/code/result.h"
#include "yima/v1/facility.pb.h"

namespace yima::ledger {

/// Without white space at both ends, the full-width space U+3000 included.
std::string_view Trim(std::string_view text);

/// Full-width ASCII (U+FF01 to U+FF5E) as ASCII; all else stays.
std::string FoldFullWidth(std::string_view text);

/// A day as offices write it, as YYYY-MM-DD: 2024-01-05, 2024/1/5, 2024.1.5, 20240105,
/// 2024年1月5日, each also with a time of day behind it. DATE_MALFORMED.
Result<std::string> ParseDate(std::string_view text);

/// 完好 破损 丢失 废弃 移除 and the English words. CONDITION_UNKNOWN.
Result<v1::Condition> ParseCondition(std::string_view text);

/// A plain decimal number, nothing behind it.
std::optional<double> ParseNumber(std::string_view text);

/// The owner is known to be nobody: 无主, ownerless.
bool MeansOwnerless(std::string_view text);

/// A mark that stands for an empty cell: "-", "/", 不详, 未知.
bool MeansUnknown(std::string_view text);

}  // namespace yima::ledger

#endif  // YIMA_CLIENT_IMPORT_VALUES_H_
