#include <fmt/format.h>

#include "codegen/code/day.h"
#include "server/http/page_parts.h"
#include "server/http/pages.h"
#include "server/http/words.h"

namespace yima::server {
namespace {

constexpr std::string_view kNoticeSign = "M5 4h14v16H5zM8 8h8M8 12h8M8 16h5";

/// How a notice stands, for everybody.
Words StandingOf(const v1::Notice& notice) {
  if (notice.state() == v1::NOTICE_STATE_WITHDRAWN) return {"已撤回", "withdrawn"};
  if (notice.state() != v1::NOTICE_STATE_OPEN) return {"编制中", "being made"};
  if (notice.close_time_us() > Now()) return {"公示中", "open"};
  return {"公示期已满", "over"};
}

Words KindOf(v1::RightKind kind) {
  switch (kind) {
    case v1::RIGHT_KIND_SUPERVISING:
      return {"主管", "supervising"};
    case v1::RIGHT_KIND_OWNING:
      return {"权属", "owning"};
    default:
      return {"养护", "maintaining"};
  }
}

Words StateOfClaim(v1::ClaimState state) {
  switch (state) {
    case v1::CLAIM_STATE_CONFIRMED:
      return {"已确认", "confirmed"};
    case v1::CLAIM_STATE_REJECTED:
      return {"已驳回", "rejected"};
    case v1::CLAIM_STATE_WITHDRAWN:
      return {"已撤回", "withdrawn"};
    case v1::CLAIM_STATE_SUPERSEDED:
      return {"已失去标的", "superseded"};
    default:
      return {"尚未确认", "not confirmed yet"};
  }
}

/// As a part of a query of an address.
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<uint8_t>(c));
  }
  return encoded;
}

/// Line breaks of the words are line breaks of the page.
void AddLines(Html& html, std::string_view words) {
  html.Raw(R"(<p class="lines">)").Text(words).Raw("</p>");
}

void AddNoticeLine(Html& html, Language language, const v1::NoticeLine& line) {
  html.Raw("<dt>").Text(line.facility().name());
  if (!line.facility().code().digits().empty()) {
    html.Raw("<br>").Text(line.facility().code().digits());
  }
  html.Raw("</dt><dd>").Raw(KindOf(line.claim().kind()).In(language)).Raw(" · ");
  html.Text(line.claimant()).Raw("<br>");
  html.Text(line.address().empty() ? line.division() : line.address());
  html.Raw("<small>").Raw(StateOfClaim(line.claim().state()).In(language));
  if (line.objections() > 0) {
    html.Raw(" · ").Raw(Words{"有异议", "objected to"}.In(language));
  }
  if (!line.recorded().empty()) {
    html.Raw("<br>").Raw(Words{"台账所载：", "in the ledger: "}.In(language)).Text(line.recorded());
  }
  html.Raw("</small></dd>");
}

/// Searches the lines of a notice.
void AddNoticeSearch(Html& html, Language language, uint64_t notice, std::string_view query) {
  html.Raw(R"(<form role="search" action="./notice"><label for="q">)")
      .Raw(Words{"标识码、短号或地点", "Facility code, short number or place"}.In(language))
      .Raw(R"(</label><input id="q" name="q" maxlength="60" autocomplete="off" value=")")
      .Text(query)
      .Raw(fmt::format(R"("><input type="hidden" name="n" value="{}">)", notice))
      .Raw(R"(<input type="hidden" name="lang" value=")")
      .Raw(CodeOf(language))
      .Raw(R"("><button class="go">)")
      .Raw(Words{"查找", "Search"}.In(language))
      .Raw("</button></form>");
}

}  // namespace

std::string Pages::Notices(Language language, const v1::ListNoticesResponse& answer) const {
  const Words title = {"确权公示", "Notices on rights"};
  Html html = Begin(language, title.In(language), "NOTICES");
  AddBanner(html, Tone::kPlain, kNoticeSign, title.In(language),
            Words{"公示期内，单位和个人都可提出异议。",
                  "While a notice is open, organizations and persons may object."}
                .In(language));
  BeginCard(html, Words{"公示", "Notices"}.In(language));
  if (answer.notices().empty()) {
    AddParagraph(html, Words{"目前没有公示。", "There is none."}.In(language));
  }
  html.Raw("<dl>");
  for (const auto& notice : answer.notices()) {
    html.Raw("<dt>").Text(notice.last_day()).Raw("</dt><dd>");
    AddNoticeLink(html, language, notice.id(), notice.title());
    html.Raw("<small>").Raw(StandingOf(notice).In(language)).Raw("</small></dd>");
  }
  html.Raw("</dl>");
  EndCard(html);
  return End(std::move(html), language);
}

std::string Pages::Notice(Language language, const v1::GetNoticeResponse& answer,
                          const v1::ListNoticeClaimsResponse& lines, std::string_view query) const {
  const v1::Notice& notice = answer.notice();
  const Words standing = StandingOf(notice);
  Html html = Begin(language, Words{"确权公示", "Notice on rights"}.In(language), "NOTICE");
  Html title;
  title.Text(notice.title());
  AddBanner(html, notice.state() == v1::NOTICE_STATE_WITHDRAWN ? Tone::kWarn : Tone::kPlain,
            kNoticeSign, title.markup(), standing.In(language));
  BeginCard(html, Words{"公示期", "Period"}.In(language));
  html.Raw("<dl>");
  AddRow(html, Words{"机关", "By"}.In(language), notice.authority());
  if (notice.open_time_us() != 0) {
    AddRow(html, Words{"开始", "Opened"}.In(language), notice.first_day());
    AddRow(html, Words{"最后一日", "Last day"}.In(language), notice.last_day());
  }
  AddRow(html, Words{"部件", "Facilities"}.In(language), fmt::to_string(notice.facilities()));
  AddRow(html, Words{"认领", "Claims"}.In(language), fmt::to_string(notice.claims()));
  AddRow(html, Words{"已确认", "Confirmed"}.In(language), fmt::to_string(answer.confirmed()));
  AddRow(html, Words{"未裁决的异议", "Open objections"}.In(language),
         fmt::to_string(answer.open_objections()));
  html.Raw("</dl>");
  EndCard(html);
  BeginCard(html, Words{"如何提出异议", "How to object"}.In(language));
  if (notice.how_to_object().empty()) {
    AddParagraph(html, Words{"请在公示期内向公示机关书面提出，说明部件、理由和联系方式。",
                             "In writing, to who publishes it, while it is open: say which "
                             "facility, why, and how to reach you."}
                           .In(language));
  } else {
    AddLines(html, notice.how_to_object());
  }
  EndCard(html);
  BeginCard(html, Words{"公示清单", "The list"}.In(language));
  AddNoticeSearch(html, language, notice.id(), query);
  if (lines.lines().empty()) {
    AddParagraph(html, Words{"没有找到。", "Nothing was found."}.In(language));
  }
  html.Raw("<dl>");
  for (const auto& line : lines.lines()) AddNoticeLine(html, language, line);
  html.Raw("</dl>");
  if (!lines.next_page_token().empty()) {
    html.Raw(fmt::format(R"(<p><a class="tel" href="./notice?n={}&amp;p=)", notice.id()))
        .Text(lines.next_page_token());
    if (!query.empty()) html.Raw("&amp;q=").Raw(PercentEncoded(query));
    html.Raw("&amp;lang=")
        .Raw(CodeOf(language))
        .Raw(R"(">)")
        .Raw(Words{"后面的", "More"}.In(language))
        .Raw("</a></p>");
  }
  EndCard(html);
  return End(std::move(html), language);
}

}  // namespace yima::server
