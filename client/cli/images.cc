#include "client/cli/images.h"

#include <fmt/format.h>

#include "client/scan/apart.h"

namespace yima::cli {

Result<std::vector<std::string>> TextsIn(const std::filesystem::path& file) {
  YIMA_ASSIGN_OR_RETURN(auto symbols, scan::ScanFileApart(file.string()));
  if (symbols.empty()) {
    return Fail(StatusCode::kNotFound, "NO_SYMBOL",
                fmt::format("{}: no symbol found", file.string()), file.string());
  }
  std::vector<std::string> texts;
  for (auto& symbol : symbols) texts.push_back(std::move(symbol.text));
  return texts;
}

bool IsPicture(const std::filesystem::path& input) {
  std::error_code ignored;
  if (std::filesystem::exists(input, ignored)) return true;
  const auto ending = input.extension();
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".pgm" ||
         ending == ".ppm" || ending == ".PNG" || ending == ".JPG";
}

}  // namespace yima::cli
