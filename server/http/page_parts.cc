#include "server/http/page_parts.h"

#include <fmt/format.h>

namespace yima::server {
namespace {

std::string_view ClassOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "verdict good";
    case Tone::kWarn:
      return "verdict warn";
    case Tone::kBad:
      return "verdict bad";
    default:
      return "verdict";
  }
}

}  // namespace

std::string_view CodeOf(Language language) { return language == Language::kChinese ? "zh" : "en"; }

void AddBanner(Html& html, Tone tone, std::string_view sign, std::string_view title,
               std::string_view meaning) {
  html.Raw(R"(<section class=")")
      .Raw(ClassOf(tone))
      .Raw(R"("><svg viewBox="0 0 24 24" aria-hidden="true"><path d=")")
      .Raw(sign)
      .Raw(R"("/></svg><div><h1>)")
      .Raw(title)
      .Raw("</h1><p>")
      .Raw(meaning)
      .Raw("</p></div></section>");
}

void BeginCard(Html& html, std::string_view title) {
  html.Raw(R"(<section class="card"><h2>)").Raw(title).Raw("</h2>");
}
void EndCard(Html& html) { html.Raw("</section>"); }

void AddParagraph(Html& html, std::string_view own) { html.Raw("<p>").Raw(own).Raw("</p>"); }

void AddRow(Html& html, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  html.Raw("<dt>").Raw(name).Raw("</dt><dd>").Text(value).Raw("</dd>");
}

void AddNoticeLink(Html& html, Language language, uint64_t notice, std::string_view words) {
  html.Raw(fmt::format(R"(<a href="./notice?n={}&amp;lang=)", notice))
      .Raw(CodeOf(language))
      .Raw(R"(">)")
      .Text(words)
      .Raw("</a>");
}

}  // namespace yima::server
