#ifndef YIMA_CLIENT_CLI_HISTORY_WORDS_H_
#define YIMA_CLIENT_CLI_HISTORY_WORDS_H_

#include <string>
#include <string_view>
#include <utility>

namespace yima::cli {

/// `owning.holder` as people say it: 权属 单位, owner's organization; places count from 1. What has
/// no words stays as it is.
std::string PathInWords(std::string_view path);

/// A value of a history: names of enums in words, `withheld` and `erased` too; any other as it is.
std::string ValueInWords(std::string_view value);
/// The same in both languages, Chinese first, whichever is spoken.
std::pair<std::string, std::string> ValueInBoth(std::string_view value);

/// What a call does: 导入 of `yima.v1.RegistryService/ImportFacilities`.
std::string MethodInWords(std::string_view method);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_HISTORY_WORDS_H_
