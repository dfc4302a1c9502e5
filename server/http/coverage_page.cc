#include <fmt/format.h>

#include "server/http/pages.h"
#include "server/http/words.h"

namespace yima::server {
namespace {

constexpr Words kTitle = {"赋码确权进度", "How far codes and rights have come"};
constexpr Words kCoded = {"赋码率", "Coded"};
constexpr Words kPublished = {"公示率", "Published"};
constexpr Words kConfirmed = {"确权率", "Confirmed"};

double Percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// Rounded down: 100 % is all, and nothing less.
std::string PercentText(uint64_t part, uint64_t whole) {
  if (whole == 0) return "–";
  return fmt::format("{}.{} %", part * 100 / whole, part * 1000 / whole % 10);
}

/// Drawn, since a style of its own would need the page's policy to allow styles; read out from the
/// words beside it.
void AddBar(Html& html, std::string_view kind, const Words& name, Language language, uint64_t part,
            uint64_t whole) {
  html.Raw("<dt>")
      .Raw(name.In(language))
      .Raw("</dt><dd>")
      .Raw(PercentText(part, whole))
      .Raw(fmt::format("<small>{} / {}</small>", part, whole))
      .Raw(R"(<svg class="bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true">)")
      .Raw(R"(<rect class="all" width="100" height="3"/>)")
      .Raw(fmt::format(R"(<rect class="{}" width="{:.2f}" height="3"/></svg></dd>)", kind,
                       Percent(part, whole)));
}

void AddRight(Html& html, Language language, const Words& kind, const v1::RightCounts& counts) {
  const uint64_t all = counts.none() + counts.recorded() + counts.claimed() + counts.confirmed() +
                       counts.ownerless();
  html.Raw("<h3>").Raw(kind.In(language)).Raw("</h3><dl>");
  AddBar(html, "published", kPublished, language, counts.published(), all);
  AddBar(html, "confirmed", kConfirmed, language, counts.confirmed(), all);
  html.Raw("</dl>");
  html.Raw("<p>");
  const std::pair<Words, uint64_t> states[] = {{{"登记", "recorded"}, counts.recorded()},
                                               {{"认领", "claimed"}, counts.claimed()},
                                               {{"确权", "confirmed"}, counts.confirmed()},
                                               {{"无主", "ownerless"}, counts.ownerless()},
                                               {{"未登记", "nobody recorded"}, counts.none()}};
  std::string_view comma = "";
  for (const auto& [name, count] : states) {
    html.Raw(comma).Raw(name.In(language)).Raw(fmt::format(" {}", count));
    comma = language == Language::kChinese ? "，" : ", ";
  }
  html.Raw("</p>");
}

/// One line a group; rights are those of the owners.
void BeginTable(Html& html, Language language, const Words& title, const Words& group) {
  html.Raw(R"(<section class="card wide"><h2>)")
      .Raw(title.In(language))
      .Raw(R"(</h2><table><thead><tr><th scope="col">)")
      .Raw(group.In(language));
  const Words names[] = {{"部件数", "Facilities"}, kCoded, kPublished, kConfirmed};
  for (const Words& name : names) {
    html.Raw(R"(</th><th scope="col">)").Raw(name.In(language));
  }
  html.Raw("</th></tr></thead><tbody>");
}

void AddLine(Html& html, std::string_view name, const v1::Coverage& row) {
  html.Raw(R"(<tr><th scope="row">)")
      .Text(name)
      .Raw(fmt::format("</th><td>{}</td>", row.facilities()));
  for (const uint64_t part : {row.coded(), row.owning().published(), row.owning().confirmed()}) {
    html.Raw(fmt::format("<td>{}</td>", PercentText(part, row.facilities())));
  }
  html.Raw("</tr>");
}

void EndTable(Html& html) { html.Raw("</tbody></table></section>"); }

}  // namespace

std::string Pages::Coverage(Language language, const v1::GetCoverageResponse& divisions,
                            const v1::GetCoverageResponse& classes) const {
  const v1::Coverage& total = divisions.total();
  Html html = Begin(language, kTitle.In(language), "COVERAGE");
  html.Raw(R"(<section class="card"><h1>)").Raw(kTitle.In(language)).Raw("</h1><dl>");
  AddBar(html, "coded", kCoded, language, total.coded(), total.facilities());
  html.Raw("</dl>");
  AddRight(html, language, {"权属", "Owners"}, total.owning());
  AddRight(html, language, {"养护", "Maintainers"}, total.maintaining());
  AddRight(html, language, {"主管", "Supervising departments"}, total.supervising());
  html.Raw("</section>");
  BeginTable(html, language, {"各区划（权属）", "By division (owners)"}, {"区划", "Division"});
  for (const auto& row : divisions.rows()) AddLine(html, row.group(), row);
  EndTable(html);
  BeginTable(html, language, {"各小类（权属）", "By class (owners)"}, {"小类", "Class"});
  for (const auto& row : classes.rows()) AddLine(html, ClassName(language, row.group()), row);
  EndTable(html);
  return End(std::move(html), language);
}

}  // namespace yima::server
