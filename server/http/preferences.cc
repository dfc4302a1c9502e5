#include "server/http/preferences.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace yima::server {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes what stands before the separator off the front.
std::string_view Next(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = Trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

char Fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool Same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Fold, Fold);
}

/// How closely a range fits: 0 not at all, 1 `*`, 2 `text/*`, 3 by name.
int FitOf(std::string_view range, std::string_view wanted) {
  if (range == "*" || range == "*/*") return 1;
  const size_t slash = wanted.find('/');
  if (slash != std::string_view::npos) {
    if (Same(range, wanted)) return 3;
    return range.ends_with("/*") &&
                   Same(range.substr(0, range.size() - 1), wanted.substr(0, slash + 1))
               ? 2
               : 0;
  }
  return Same(range.substr(0, range.find('-')), wanted) ? 3 : 0;
}

/// 1 when there is no `q`; nothing when it is malformed.
std::optional<double> ReadQuality(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = Next(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    double quality = 0;
    const char* const end = parameter.data() + parameter.size();
    const auto [at, error] = std::from_chars(parameter.data() + 2, end, quality);
    if (error != std::errc() || at != end || !(quality >= 0 && quality <= 1)) return std::nullopt;
    return quality;
  }
  return 1;
}

}  // namespace

double QualityOf(std::string_view header, std::string_view wanted) {
  int best_fit = 0;
  double best = 0;
  while (!header.empty()) {
    std::string_view item = Next(header, ',');
    const int fit = FitOf(Next(item, ';'), wanted);
    const auto quality = ReadQuality(item);
    if (fit == 0 || !quality || fit < best_fit) continue;
    // zh-CN and zh-TW both speak for zh: the better one counts.
    best = fit == best_fit ? std::max(best, *quality) : *quality;
    best_fit = fit;
  }
  return best;
}

Language LanguageOf(const HttpRequest& request) {
  if (const auto asked = request.query.find("lang"); asked != request.query.end()) {
    if (asked->second == "zh") return Language::kChinese;
    if (asked->second == "en") return Language::kEnglish;
  }
  const std::string_view header = request.Header("accept-language");
  if (Trim(header).empty()) return Language::kChinese;
  const double chinese = QualityOf(header, "zh");
  return chinese > 0 && chinese >= QualityOf(header, "en") ? Language::kChinese
                                                           : Language::kEnglish;
}

bool WantsJson(const HttpRequest& request) {
  const std::string_view header = request.Header("accept");
  return QualityOf(header, "application/json") > QualityOf(header, "text/html");
}

}  // namespace yima::server
