#include "server/http/pages.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include "codegen/code/serial.h"
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

std::string_view CodeOf(Language language) { return language == Language::kChinese ? "zh" : "en"; }

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

/// Verdict and state in one glance.
Html Banner(Tone tone, std::string_view sign, std::string_view title, std::string_view meaning) {
  Html html(fmt::format(R"(<section class="{}"><svg viewBox="0 0 24 24" aria-hidden="true">)"
                        R"(<path d="{}"/></svg><div>)",
                        ClassOf(tone), sign));
  html.Tag("h1", title).Tag("p", meaning).Raw("</div></section>");
  return html;
}

Html Card(std::string_view title, const Html& content) {
  Html html(R"(<section class="card">)");
  html.Tag("h2", title).Add(content).Raw("</section>");
  return html;
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

void AddRow(Html& html, std::string_view name, std::string_view value) {
  if (!value.empty()) html.Tag("dt", name).Tag("dd", value);
}

void AddRight(Html& html, Language language, const Words& kind, const v1::Right& right,
              const Organizations& organizations) {
  html.Tag("dt", kind.In(language)).Raw("<dd>");
  const auto* holder = Holder(organizations, right.holder());
  if (holder != nullptr) {
    html.Text(holder->name());
    if (const std::string dialled = Dialled(holder->telephone()); !dialled.empty()) {
      html.Raw(fmt::format(R"(<br><a class="tel" href="tel:{}">)", dialled))
          .Text(holder->telephone())
          .Raw("</a>");
    }
  }
  html.Tag("small", CertaintyOf(right.state()).In(language)).Raw("</dd>");
}

Html Rights(Language language, const v1::Facility& facility, const Organizations& organizations) {
  Html html("<dl>");
  AddRight(html, language, {"主管部门", "Supervised by"}, facility.supervising(), organizations);
  AddRight(html, language, {"权属单位", "Owned by"}, facility.owning(), organizations);
  AddRight(html, language, {"养护单位", "Maintained by"}, facility.maintaining(), organizations);
  return html.Raw("</dl>");
}

/// A short number, and what it is good for.
Html ShortNumber(Language language, std::string_view number) {
  Html html(R"(<p class="number">)");
  html.Text(number).Raw("</p>");
  return html.Tag(
      "p", Words{"打电话时报这个号。它只用来查找记录，不能证明铭牌是真的。",
                 "Say it on the telephone. It finds a record; it does not prove that a plate is "
                 "genuine."}
               .In(language));
}

/// A link to the form for short numbers, or to what it finds for one.
Html LookupLink(Language language, std::string_view number, std::string_view words) {
  Html html(R"(<p><a class="tel" href="./?)");
  if (!number.empty()) html.Raw("q=").Text(number).Raw("&amp;");
  return html.Raw("lang=").Raw(CodeOf(language)).Raw(R"(">)").Text(words).Raw("</a></p>");
}

Html Successor(Language language, uint64_t serial) {
  Html html;
  const auto successor = Serial::FromInteger(serial);
  if (serial == 0 || !successor) return html;
  const std::string number = successor->ShortNumber();
  return html.Tag("p", Words{"新铭牌的短号：", "Short number of the new plate:"}.In(language))
      .Add(LookupLink(language, number, number));
}

}  // namespace

Pages::Pages(const ClassCatalogue& classes, std::string hotline)
    : classes_(classes),
      hotline_(std::move(hotline)),
      policy_(fmt::format("default-src 'none'; style-src 'sha256-{}'; img-src data:; "
                          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                          Base64Sha256(kStyle))) {}

std::string Pages::Wrap(Language language, std::string_view title, std::string_view outcome,
                        const Html& main, std::string_view typed) const {
  const bool chinese = language == Language::kChinese;
  Html html("<!DOCTYPE html>\n");
  html.Reserve(kPageBytes);
  html.Raw(fmt::format(R"(<html lang="{}"><head><meta charset="utf-8"><title>)",
                       chinese ? "zh-CN" : "en"))
      .Text(title)
      .Text(chinese ? " · 一码" : " · Yima")
      .Raw(R"(</title><meta name="viewport" content="width=device-width,initial-scale=1">)"
           R"(<meta name="robots" content="noindex"><link rel="icon" href="data:,"><style>)")
      .Raw(kStyle)
      .Raw(fmt::format(R"(</style></head><body data-outcome="{}"><header><a href="./?lang={}">)",
                       outcome, CodeOf(language)))
      .Text(chinese ? "一码" : "Yima 一码")
      .Raw(R"(</a><form class="lang">)");
  if (!typed.empty()) html.Raw(R"(<input type="hidden" name="q" value=")").Text(typed).Raw(R"(">)");
  html.Raw(fmt::format(R"(<button name="lang" value="{0}" lang="{0}">{1}</button>)",
                       chinese ? "en" : "zh", chinese ? "English" : "中文"))
      .Raw("</form></header><main>")
      .Add(main)
      .Raw("</main><footer><p>")
      .Text(Words{"市政设施一码登记库", "Register of municipal facilities"}.In(language))
      .Raw("</p></footer></body></html>\n");
  return std::move(html).markup();
}

Html Pages::Facility(Language language, const v1::Facility& facility) const {
  const bool chinese = language == Language::kChinese;
  const auto* found = classes_.Find(facility.class_code());
  const std::string class_name = found == nullptr                      ? facility.class_code()
                                 : chinese || found->name_en().empty() ? found->name_zh()
                                                                       : found->name_en();
  Html html("<dl>");
  AddRow(html, chinese ? "类别" : "Class", class_name);
  if (facility.name() != class_name) AddRow(html, chinese ? "名称" : "Name", facility.name());
  std::string place;
  for (const auto* part :
       {&facility.subdistrict_name(), &facility.community_name(), &facility.address()}) {
    if (part->empty()) continue;
    place += (place.empty() ? "" : " ") + *part;
  }
  AddRow(html, chinese ? "地点" : "Place",
         !place.empty()
             ? place
             : fmt::format("{} {}", chinese ? "行政区划" : "division", facility.division()));
  if (facility.codes_size() > 0) {
    AddRow(html, chinese ? "标识码" : "Facility code",
           facility.codes(facility.codes_size() - 1).digits());
  }
  AddRow(html, chinese ? "状态" : "Condition", ConditionOf(facility.condition()).In(language));
  return html.Raw("</dl>");
}

Html Pages::Call(Language language, std::string_view telephone, std::string_view name) const {
  Html html;
  const std::string dialled = Dialled(telephone);
  if (dialled.empty()) return html;
  html.Raw(fmt::format(R"(<p><a class="call" href="tel:{}"><span>)", dialled))
      .Text(Words{"致电 ", "Call "}.In(language))
      .Text(name)
      .Raw("</span> ")
      .Tag("b", telephone);
  return html.Raw("</a></p>");
}

Html Pages::CallAbout(Language language, const v1::Facility& facility,
                      const Organizations& organizations) const {
  for (const auto* right : {&facility.maintaining(), &facility.owning(), &facility.supervising()}) {
    const auto* holder = Holder(organizations, right->holder());
    if (holder == nullptr) continue;
    if (Html call = Call(language, holder->telephone(), holder->name()); !call.empty()) return call;
  }
  if (Html call = Call(language, hotline_, kAuthority.In(language)); !call.empty()) return call;
  Html none;
  return none.Tag("p", Words{"登记库没有可拨打的电话，请告知当地管理部门。",
                             "The registry has no telephone for this: tell the local authority."}
                           .In(language));
}

std::string Pages::Code(Language language, const v1::ResolveResponse& answer,
                        std::string_view origin) const {
  const Outcome& outcome = OutcomeOf(answer);
  Html main =
      Banner(outcome.tone, outcome.sign, outcome.title.In(language), outcome.meaning.In(language));
  if (answer.origin_lost()) {
    Html lost;
    lost.Tag("p", Words{"铭牌上的网址已不属于本登记库。请不要再打开它，也不要在那里填写任何内容。",
                        "The address on this plate is no longer this registry's. Do not open it "
                        "again, and enter nothing there."}
                      .In(language));
    main.Raw(R"(<section class="card lost" data-warning="origin-lost">)")
        .Tag("h2", Words{"注意：网址已失去", "Mind: the address is lost"}.In(language))
        .Add(lost)
        .Raw("</section>");
  }
  Html advice;
  advice.Tag("p", outcome.advice.In(language));
  if (answer.verdict() == v1::VERDICT_UNKNOWN_ISSUER) {
    advice.Tag("p", fmt::format("{}{}", Words{"码上的网址：", "Address in the code: "}.In(language),
                                origin));
  }
  if (answer.verdict() == v1::VERDICT_MALFORMED) {
    advice.Add(LookupLink(language, "", kLookUp.In(language)));
  }
  advice.Add(Successor(language, answer.successor()))
      .Add(CallAbout(language, answer.facility(), answer.organizations()));
  main.Add(Card(Words{"怎么办", "What to do"}.In(language), advice));
  const bool genuine = answer.verdict() == v1::VERDICT_AUTHENTIC;
  if (answer.has_facility()) {
    main.Add(Card(Words{"设施", "Facility"}.In(language), Facility(language, answer.facility())))
        .Add(Card(Words{"谁负责", "Who is responsible"}.In(language),
                  Rights(language, answer.facility(), answer.organizations())));
  }
  // Of other verdicts nothing that the text says is to be believed.
  if (genuine && !answer.short_number().empty()) {
    main.Add(Card(Words{"短号", "Short number"}.In(language),
                  ShortNumber(language, answer.short_number())));
  }
  return Wrap(language, outcome.title.In(language), outcome.id, main);
}

std::string Pages::Found(Language language, const v1::LookupResponse& answer,
                         std::string_view typed) const {
  const Words title = {"按短号找到的记录", "Record found by short number"};
  Html main = Banner(
      Tone::kPlain, kSearchSign, title.In(language),
      Words{"短号不能证明铭牌是真的：谁都能抄写它。要辨真伪，请扫码。",
            "A short number does not prove that a plate is genuine: anybody can copy it. To know, "
            "scan the code."}
          .In(language));
  Html state(R"(<p class="number">)");
  state.Text(answer.short_number()).Raw("</p>");
  state.Tag("p", Words{"登记库中此码的状态：", "What the registry has of this code:"}.In(language))
      .Raw(R"(<p class="state">)")
      .Text(StateOf(answer.state()).In(language))
      .Raw("</p>")
      .Add(Successor(language, answer.successor()))
      .Add(CallAbout(language, answer.facility(), answer.organizations()));
  main.Add(Card(Words{"短号", "Short number"}.In(language), state));
  if (answer.has_facility()) {
    main.Add(Card(Words{"设施", "Facility"}.In(language), Facility(language, answer.facility())))
        .Add(Card(Words{"谁负责", "Who is responsible"}.In(language),
                  Rights(language, answer.facility(), answer.organizations())));
  }
  return Wrap(language, title.In(language), "FOUND", main, typed);
}

std::string Pages::Search(Language language, std::string_view typed,
                          std::string_view mistake) const {
  const Words title = {"查一块铭牌", "Look up a plate"};
  Html main = Banner(
      Tone::kPlain, kSearchSign, title.In(language),
      Words{"用手机相机扫铭牌上的码，可知真伪。码坏了，可输入码下方的短号。",
            "Scan the code with a phone's camera to know whether it is genuine. If it is broken, "
            "type the short number below it."}
          .In(language));
  Html form(R"(<form role="search"><label for="q">)");
  form.Text(Words{"短号，如 00040-00006-D", "Short number, like 00040-00006-D"}.In(language))
      .Raw(R"(</label><input id="q" name="q" required maxlength="40" autocomplete="off" )"
           R"(autocapitalize="characters" spellcheck="false")");
  if (!mistake.empty()) form.Raw(R"( aria-invalid="true" aria-describedby="mistake")");
  form.Raw(R"( value=")").Text(typed).Raw(R"("><input type="hidden" name="lang" value=")");
  form.Raw(CodeOf(language)).Raw(R"(">)");
  if (!mistake.empty()) form.Raw(R"(<p id="mistake" role="alert">)").Text(mistake).Raw("</p>");
  form.Raw(R"(<button class="go">)")
      .Text(Words{"查询", "Look up"}.In(language))
      .Raw("</button></form>")
      .Tag("p", Words{"短号只用来查找记录，不能证明铭牌是真的。",
                      "A short number finds a record; it does not prove that a plate is genuine."}
                    .In(language));
  main.Add(Card(Words{"短号", "Short number"}.In(language), form));
  if (Html call = Call(language, hotline_, kAuthority.In(language)); !call.empty()) {
    main.Add(Card(Words{"报告问题", "Report a problem"}.In(language), call));
  }
  return Wrap(language, title.In(language), mistake.empty() ? "SEARCH" : "NOT_FOUND", main, typed);
}

std::string Pages::Error(Language language, int status, std::string_view detail) const {
  const Trouble trouble = TroubleOf(status);
  Html main = Banner(Tone::kPlain, kTroubleSign, trouble.title.In(language),
                     fmt::format("HTTP {}", status));
  Html advice;
  advice.Tag("p", trouble.advice.In(language));
  if (!detail.empty()) advice.Tag("p", detail);
  advice.Add(LookupLink(language, "", kLookUp.In(language)));
  main.Add(Card(Words{"怎么办", "What to do"}.In(language), advice));
  return Wrap(language, trouble.title.In(language), fmt::format("ERROR_{}", status), main);
}

}  // namespace yima::server
