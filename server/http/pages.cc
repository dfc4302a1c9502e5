#include "server/http/pages.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include "codegen/code/day.h"
#include "codegen/code/serial.h"
#include "server/http/page_parts.h"
#include "server/http/style_data.h"
#include "server/http/words.h"

namespace yima::server {
namespace {

/// Some more than most pages have.
constexpr size_t kPageBytes = 8192;
constexpr Words kLookUp = {"输入短号查询", "Look up a short number"};
constexpr Words kAuthority = {"管理部门", "the authority"};
constexpr std::string_view kSearchSign = "M10.5 4a6.5 6.5 0 1 0 .01 0M15.5 15.5L21 21";
constexpr std::string_view kTroubleSign = "M12 5v9M12 18.5v.2";

using Organizations = google::protobuf::RepeatedPtrField<v1::Organization>;

std::string Base64Sha256(std::string_view text) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::string encoded(sodium_base64_ENCODED_LEN(sizeof(hash), sodium_base64_VARIANT_ORIGINAL), 0);
  sodium_bin2base64(encoded.data(), encoded.size(), hash, sizeof(hash),
                    sodium_base64_VARIANT_ORIGINAL);
  encoded.pop_back();  // Its NUL.
  return encoded;
}

const v1::Organization* Holder(const Organizations& organizations, uint64_t id) {
  const auto found = std::ranges::find(organizations, id, &v1::Organization::id);
  return found == organizations.end() ? nullptr : &*found;
}

/// What a phone dials: digits and a leading plus.
std::string Dialled(std::string_view telephone) {
  std::string dialled;
  for (const char c : telephone) {
    if ((c >= '0' && c <= '9') || (c == '+' && dialled.empty())) dialled += c;
  }
  return dialled;
}

using NoticeSummaries = google::protobuf::RepeatedPtrField<v1::NoticeSummary>;

/// Who claims the right, and until when that may be objected to.
void AddClaim(Html& html, Language language, const v1::StandingClaim& claim,
              const Organizations& organizations, const NoticeSummaries& notices) {
  html.Raw("<br>").Raw(Words{"认领（尚未确认）：", "Claimed, not confirmed, by "}.In(language));
  const auto* claimant = Holder(organizations, claim.organization());
  if (claimant != nullptr) html.Text(claimant->name());
  const auto notice = std::ranges::find(notices, claim.notice(), &v1::NoticeSummary::id);
  if (notice == notices.end()) return;
  const bool open = notice->close_time_us() > Now();
  html.Raw("<br>");
  AddNoticeLink(
      html, language, notice->id(),
      fmt::format(
          fmt::runtime(open ? Words{"公示中，至 {} 止，可提出异议",
                                    "published; objections until the end of {}"}
                                  .In(language)
                            : Words{"公示期已满（至 {}）", "publicity ended with {}"}.In(language)),
          notice->last_day()));
}

void AddRight(Html& html, Language language, const Words& kind, const v1::Right& right,
              const Organizations& organizations, const NoticeSummaries& notices) {
  html.Raw("<dt>").Raw(kind.In(language)).Raw("</dt><dd>");
  const auto* holder = Holder(organizations, right.holder());
  if (holder != nullptr) {
    html.Text(holder->name());
    if (const std::string dialled = Dialled(holder->telephone()); !dialled.empty()) {
      html.Raw(R"(<br><a class="tel" href="tel:)")
          .Raw(dialled)
          .Raw(R"(">)")
          .Text(holder->telephone())
          .Raw("</a>");
    }
  }
  // Of a claimed right, what holds while its claims are not decided; these follow by name.
  const bool claimed = right.state() == v1::RIGHT_STATE_CLAIMED;
  html.Raw("<small>").Raw(
      CertaintyOf(claimed ? right.unclaimed_state() : right.state()).In(language));
  if (right.by_order()) {
    html.Raw("<br>").Raw(Words{"指定管护单位", "custodian by order"}.In(language));
  }
  for (const auto& claim : right.claims()) {
    AddClaim(html, language, claim, organizations, notices);
  }
  html.Raw("</small></dd>");
}

void AddRights(Html& html, Language language, const v1::Facility& facility,
               const Organizations& organizations, const NoticeSummaries& notices) {
  html.Raw("<dl>");
  AddRight(html, language, {"主管部门", "Supervised by"}, facility.supervising(), organizations,
           notices);
  AddRight(html, language, {"权属单位", "Owned by"}, facility.owning(), organizations, notices);
  AddRight(html, language, {"养护单位", "Maintained by"}, facility.maintaining(), organizations,
           notices);
  html.Raw("</dl>");
}

/// A short number, and what it is good for.
void AddShortNumber(Html& html, Language language, std::string_view number) {
  html.Raw(R"(<p class="number">)").Text(number).Raw("</p>");
  AddParagraph(html,
               Words{"打电话时报这个号。它只用来查找记录，不能证明铭牌是真的。",
                     "Say it on the telephone. It finds a record; it does not prove that a plate "
                     "is genuine."}
                   .In(language));
}

/// A link to the form for short numbers, or to what it finds for one.
void AddLookupLink(Html& html, Language language, std::string_view number, std::string_view words) {
  html.Raw(R"(<p><a class="tel" href="./?)");
  if (!number.empty()) html.Raw("q=").Text(number).Raw("&amp;");
  html.Raw("lang=").Raw(CodeOf(language)).Raw(R"(">)").Text(words).Raw("</a></p>");
}

void AddSuccessor(Html& html, Language language, uint64_t serial) {
  const auto successor = Serial::FromInteger(serial);
  if (serial == 0 || !successor) return;
  const std::string number = successor->ShortNumber();
  AddParagraph(html, Words{"新铭牌的短号：", "Short number of the new plate:"}.In(language));
  AddLookupLink(html, language, number, number);
}

/// False when there is nothing to dial.
bool AddCall(Html& html, Language language, std::string_view telephone, std::string_view name) {
  const std::string dialled = Dialled(telephone);
  if (dialled.empty()) return false;
  html.Raw(R"(<p><a class="call" href="tel:)")
      .Raw(dialled)
      .Raw(R"("><span>)")
      .Raw(Words{"致电 ", "Call "}.In(language))
      .Text(name)
      .Raw("</span> <b>")
      .Text(telephone)
      .Raw("</b></a></p>");
  return true;
}

}  // namespace

Pages::Pages(const ClassCatalogue& classes, std::string hotline)
    : classes_(classes),
      hotline_(std::move(hotline)),
      policy_(fmt::format("default-src 'none'; style-src 'sha256-{}'; img-src data:; "
                          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                          Base64Sha256(kStyle))) {}

Html Pages::Begin(Language language, std::string_view title, std::string_view outcome,
                  std::string_view typed) const {
  const bool chinese = language == Language::kChinese;
  Html html;
  html.Reserve(kPageBytes);
  html.Raw("<!DOCTYPE html>\n<html lang=\"")
      .Raw(chinese ? "zh-CN" : "en")
      .Raw(R"("><head><meta charset="utf-8"><title>)")
      .Raw(title)
      .Raw(chinese ? " · 一码" : " · Yima")
      .Raw(R"(</title><meta name="viewport" content="width=device-width,initial-scale=1">)"
           R"(<meta name="robots" content="noindex"><link rel="icon" href="data:,"><style>)")
      .Raw(kStyle)
      .Raw(R"(</style></head><body data-outcome=")")
      .Raw(outcome)
      .Raw(R"("><header><a href="./?lang=)")
      .Raw(CodeOf(language))
      .Raw(R"(">)")
      .Raw(chinese ? "一码" : "Yima 一码")
      .Raw(R"(</a><form class="lang">)");
  if (!typed.empty()) html.Raw(R"(<input type="hidden" name="q" value=")").Text(typed).Raw(R"(">)");
  html.Raw(chinese ? R"(<button name="lang" value="en" lang="en">English)"
                   : R"(<button name="lang" value="zh" lang="zh">中文)")
      .Raw("</button></form></header><main>");
  return html;
}

std::string Pages::End(Html html, Language language) {
  html.Raw("</main><footer><p>")
      .Raw(Words{"市政设施一码登记库", "Register of municipal facilities"}.In(language))
      .Raw("</p></footer></body></html>\n");
  return std::move(html).markup();
}

std::string Pages::ClassName(Language language, const std::string& class_code) const {
  const auto* found = classes_.Find(class_code);
  if (found == nullptr) return class_code;
  const bool chinese = language == Language::kChinese || found->name_en().empty();
  return chinese ? found->name_zh() : found->name_en();
}

void Pages::AddRelated(Html& html, Language language, std::string_view title,
                       const v1::RelatedFacility& related) const {
  const std::string class_name = ClassName(language, related.class_code());
  html.Raw("<dt>").Raw(title).Raw("</dt><dd>").Text(related.name());
  if (related.name() != class_name) html.Raw(" · ").Text(class_name);
  if (!related.code().digits().empty()) html.Raw("<br>").Text(related.code().digits());
  html.Raw("<small>").Raw(ConditionOf(related.condition()).In(language)).Raw("</small></dd>");
}

void Pages::AddRelatedCard(
    Html& html, Language language, const v1::RelatedFacility* parent,
    const google::protobuf::RepeatedPtrField<v1::RelatedFacility>& children) const {
  if (parent == nullptr && children.empty()) return;
  BeginCard(html, Words{"上级与下级部件", "Part of and parts"}.In(language));
  html.Raw("<dl>");
  if (parent != nullptr) {
    AddRelated(html, language, Words{"属于", "Part of"}.In(language), *parent);
  }
  for (const auto& child : children) {
    AddRelated(html, language, Words{"下级部件", "Part"}.In(language), child);
  }
  html.Raw("</dl>");
  EndCard(html);
}

void Pages::AddFacility(Html& html, Language language, const v1::Facility& facility) const {
  const bool chinese = language == Language::kChinese;
  const std::string class_name = ClassName(language, facility.class_code());
  html.Raw("<dl>");
  AddRow(html, chinese ? "类别" : "Class", class_name);
  if (facility.name() != class_name) AddRow(html, chinese ? "名称" : "Name", facility.name());
  html.Raw("<dt>").Raw(chinese ? "地点" : "Place").Raw("</dt><dd>");
  bool placed = false;
  for (const auto* part :
       {&facility.subdistrict_name(), &facility.community_name(), &facility.address()}) {
    if (part->empty()) continue;
    html.Raw(placed ? " " : "").Text(*part);
    placed = true;
  }
  if (!placed) html.Raw(chinese ? "行政区划 " : "division ").Text(facility.division());
  html.Raw("</dd>");
  if (facility.codes_size() > 0) {
    AddRow(html, chinese ? "标识码" : "Facility code",
           facility.codes(facility.codes_size() - 1).digits());
  }
  AddRow(html, chinese ? "状态" : "Condition", ConditionOf(facility.condition()).In(language));
  html.Raw("</dl>");
}

void Pages::AddFacilityCards(Html& html, Language language, const v1::Facility& facility,
                             const Organizations& organizations,
                             const NoticeSummaries& notices) const {
  BeginCard(html, Words{"设施", "Facility"}.In(language));
  AddFacility(html, language, facility);
  EndCard(html);
  BeginCard(html, Words{"谁负责", "Who is responsible"}.In(language));
  AddRights(html, language, facility, organizations, notices);
  EndCard(html);
}

void Pages::AddCallAbout(Html& html, Language language, const v1::Facility& facility,
                         const Organizations& organizations) const {
  for (const auto* right : {&facility.maintaining(), &facility.owning(), &facility.supervising()}) {
    const auto* holder = Holder(organizations, right->holder());
    if (holder != nullptr && AddCall(html, language, holder->telephone(), holder->name())) return;
  }
  if (AddCall(html, language, hotline_, kAuthority.In(language))) return;
  AddParagraph(html, Words{"登记库没有可拨打的电话，请告知当地管理部门。",
                           "The registry has no telephone for this: tell the local authority."}
                         .In(language));
}

std::string Pages::Code(Language language, const v1::ResolveResponse& answer,
                        std::string_view origin) const {
  const Outcome& outcome = OutcomeOf(answer);
  Html html = Begin(language, outcome.title.In(language), outcome.id);
  AddBanner(html, outcome.tone, outcome.sign, outcome.title.In(language),
            outcome.meaning.In(language));
  if (answer.origin_lost()) {
    html.Raw(R"(<section class="card lost" data-warning="origin-lost"><h2>)")
        .Raw(Words{"注意：网址已失去", "Mind: the address is lost"}.In(language))
        .Raw("</h2>");
    AddParagraph(html,
                 Words{"铭牌上的网址已不属于本登记库。请不要再打开它，也不要在那里填写任何内容。",
                       "The address on this plate is no longer this registry's. Do not open it "
                       "again, and enter nothing there."}
                     .In(language));
    EndCard(html);
  }
  if (answer.seen_elsewhere()) {
    html.Raw(R"(<section class="card lost" data-warning="seen-elsewhere"><h2>)")
        .Raw(
            Words{"注意：此码曾在别处被扫到", "Mind: this code was scanned elsewhere"}.In(language))
        .Raw("</h2>");
    AddParagraph(html,
                 Words{"近来有人在远离登记位置的地方，或在相距过远的两处扫过此码，其中可能有仿制的"
                       "铭牌。请核对下面的设施和地点；若不一致，请致电告知。",
                       "Lately it was scanned far from its registered place, or in two places too "
                       "far apart: one of the plates may be a copy. Compare the facility and the "
                       "place below, and call if they differ."}
                     .In(language));
    EndCard(html);
  }
  BeginCard(html, Words{"怎么办", "What to do"}.In(language));
  AddParagraph(html, outcome.advice.In(language));
  if (answer.verdict() == v1::VERDICT_UNKNOWN_ISSUER) {
    html.Raw("<p>")
        .Raw(Words{"码上的网址：", "Address in the code: "}.In(language))
        .Text(origin)
        .Raw("</p>");
  }
  if (answer.verdict() == v1::VERDICT_MALFORMED) {
    AddLookupLink(html, language, "", kLookUp.In(language));
  }
  AddSuccessor(html, language, answer.successor());
  AddCallAbout(html, language, answer.facility(), answer.organizations());
  EndCard(html);
  if (answer.has_facility()) {
    AddFacilityCards(html, language, answer.facility(), answer.organizations(), answer.notices());
    AddRelatedCard(html, language, answer.has_parent() ? &answer.parent() : nullptr,
                   answer.children());
  }
  // Of other verdicts nothing that the text says is to be believed.
  if (answer.verdict() == v1::VERDICT_AUTHENTIC && !answer.short_number().empty()) {
    BeginCard(html, Words{"短号", "Short number"}.In(language));
    AddShortNumber(html, language, answer.short_number());
    EndCard(html);
  }
  return End(std::move(html), language);
}

std::string Pages::Found(Language language, const v1::LookupResponse& answer,
                         std::string_view typed) const {
  const Words title = {"按短号找到的记录", "Record found by short number"};
  Html html = Begin(language, title.In(language), "FOUND", typed);
  AddBanner(
      html, Tone::kPlain, kSearchSign, title.In(language),
      Words{"短号不能证明铭牌是真的：谁都能抄写它。要辨真伪，请扫码。",
            "A short number does not prove that a plate is genuine: anybody can copy it. To know, "
            "scan the code."}
          .In(language));
  BeginCard(html, Words{"短号", "Short number"}.In(language));
  html.Raw(R"(<p class="number">)").Text(answer.short_number()).Raw("</p>");
  AddParagraph(html,
               Words{"登记库中此码的状态：", "What the registry has of this code:"}.In(language));
  html.Raw(R"(<p class="state">)").Raw(StateOf(answer.state()).In(language)).Raw("</p>");
  AddSuccessor(html, language, answer.successor());
  AddCallAbout(html, language, answer.facility(), answer.organizations());
  EndCard(html);
  if (answer.has_facility()) {
    AddFacilityCards(html, language, answer.facility(), answer.organizations(), answer.notices());
    AddRelatedCard(html, language, answer.has_parent() ? &answer.parent() : nullptr,
                   answer.children());
  }
  return End(std::move(html), language);
}

std::string Pages::Search(Language language, std::string_view typed,
                          std::string_view mistake) const {
  const Words title = {"查一块铭牌", "Look up a plate"};
  Html html = Begin(language, title.In(language), mistake.empty() ? "SEARCH" : "NOT_FOUND", typed);
  AddBanner(
      html, Tone::kPlain, kSearchSign, title.In(language),
      Words{"用手机相机扫铭牌上的码，可知真伪。码坏了，可输入码下方的短号。",
            "Scan the code with a phone's camera to know whether it is genuine. If it is broken, "
            "type the short number below it."}
          .In(language));
  BeginCard(html, Words{"短号", "Short number"}.In(language));
  html.Raw(R"(<form role="search"><label for="q">)")
      .Raw(Words{"短号，如 00040-00006-D", "Short number, like 00040-00006-D"}.In(language))
      .Raw(R"(</label><input id="q" name="q" required maxlength="40" autocomplete="off" )"
           R"(autocapitalize="characters" spellcheck="false")");
  if (!mistake.empty()) html.Raw(R"( aria-invalid="true" aria-describedby="mistake")");
  html.Raw(R"( value=")").Text(typed).Raw(R"("><input type="hidden" name="lang" value=")");
  html.Raw(CodeOf(language)).Raw(R"(">)");
  if (!mistake.empty()) html.Raw(R"(<p id="mistake" role="alert">)").Text(mistake).Raw("</p>");
  html.Raw(R"(<button class="go">)")
      .Raw(Words{"查询", "Look up"}.In(language))
      .Raw("</button></form>");
  AddParagraph(html,
               Words{"短号只用来查找记录，不能证明铭牌是真的。",
                     "A short number finds a record; it does not prove that a plate is genuine."}
                   .In(language));
  EndCard(html);
  if (!Dialled(hotline_).empty()) {
    BeginCard(html, Words{"报告问题", "Report a problem"}.In(language));
    AddCall(html, language, hotline_, kAuthority.In(language));
    EndCard(html);
  }
  return End(std::move(html), language);
}

std::string Pages::Error(Language language, int status, std::string_view detail) const {
  const Trouble trouble = TroubleOf(status);
  Html html = Begin(language, trouble.title.In(language), fmt::format("ERROR_{}", status));
  AddBanner(html, Tone::kPlain, kTroubleSign, trouble.title.In(language),
            fmt::format("HTTP {}", status));
  BeginCard(html, Words{"怎么办", "What to do"}.In(language));
  AddParagraph(html, trouble.advice.In(language));
  if (!detail.empty()) html.Tag("p", detail);
  AddLookupLink(html, language, "", kLookUp.In(language));
  EndCard(html);
  return End(std::move(html), language);
}

}  // namespace yima::server
