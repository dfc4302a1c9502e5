#include "server/http/pages.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/words.h"
#include "server/registry/classes.h"
#include "tests/server/world.h"

namespace yima::server::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Language kBoth[] = {Language::kChinese, Language::kEnglish};
constexpr size_t kPageSizeMax = 30'000;

/// Every answer that a scan may be given, by the name of its outcome.
std::vector<std::pair<std::string, v1::ResolveResponse>> Answers() {
  std::vector<std::pair<std::string, v1::ResolveResponse>> answers;
  for (int state = v1::CODE_STATE_ACTIVE; state <= v1::CODE_STATE_NOT_ISSUED; ++state) {
    v1::ResolveResponse answer;
    answer.set_verdict(v1::VERDICT_AUTHENTIC);
    answer.set_state(static_cast<v1::CodeState>(state));
    answers.emplace_back(v1::CodeState_Name(state).substr(std::strlen("CODE_STATE_")), answer);
  }
  for (int verdict = v1::VERDICT_FORGED; verdict <= v1::VERDICT_MALFORMED; ++verdict) {
    v1::ResolveResponse answer;
    answer.set_verdict(static_cast<v1::Verdict>(verdict));
    answers.emplace_back(v1::Verdict_Name(verdict).substr(std::strlen("VERDICT_")), answer);
  }
  return answers;
}

class PagesTest : public ::testing::Test {
 protected:
  std::string Code(const v1::ResolveResponse& answer, Language language = Language::kEnglish) {
    return pages_.Code(language, answer, "https://qr.example.cn/");
  }

  World world_;
  Pages pages_{world_.domain().classes, "12345"};
};

TEST_F(PagesTest, EachOutcomeHasAPageOfItsOwn) {
  for (const auto language : kBoth) {
    std::set<std::string_view> titles;
    std::set<std::string_view> signs;
    std::set<std::string_view> advices;
    for (const auto& [id, answer] : Answers()) {
      const Outcome& outcome = OutcomeOf(answer);
      EXPECT_EQ(outcome.id, id);
      titles.insert(outcome.title.In(language));
      signs.insert(outcome.sign);
      advices.insert(outcome.advice.In(language));
      const std::string page = Code(answer, language);
      EXPECT_THAT(page, HasSubstr(fmt::format("data-outcome=\"{}\"", id)));
      EXPECT_THAT(page, HasSubstr(Html().Tag("h1", outcome.title.In(language)).markup()));
      EXPECT_THAT(page, HasSubstr(outcome.advice.In(language)));
    }
    EXPECT_EQ(titles.size(), Answers().size());
    EXPECT_EQ(signs.size(), Answers().size());
    EXPECT_EQ(advices.size(), Answers().size());
  }
}

TEST_F(PagesTest, OnlyCodesInForceAreGreen) {
  for (const auto& [id, answer] : Answers()) {
    EXPECT_EQ(Code(answer).find("verdict good") != std::string::npos, id == "ACTIVE") << id;
  }
}

TEST_F(PagesTest, FetchesNothingAndRunsNothing) {
  for (const auto language : kBoth) {
    for (const auto& [id, answer] : Answers()) {
      const std::string page = Code(answer, language);
      EXPECT_LT(page.size(), kPageSizeMax);
      EXPECT_THAT(page, Not(HasSubstr("<script")));
      EXPECT_THAT(page, Not(HasSubstr("src=")));
      EXPECT_THAT(page, Not(HasSubstr("http://")));
      EXPECT_THAT(page, Not(HasSubstr("url(")));
      EXPECT_THAT(page, Not(HasSubstr(" style=")));
    }
  }
  EXPECT_THAT(pages_.content_security_policy(), Not(HasSubstr("unsafe")));
}

TEST_F(PagesTest, WarnsInBothLanguagesOfACodeThatWasSeenElsewhere) {
  v1::ResolveResponse answer;
  answer.set_verdict(v1::VERDICT_AUTHENTIC);
  answer.set_state(v1::CODE_STATE_ACTIVE);
  EXPECT_THAT(Code(answer), Not(HasSubstr("seen-elsewhere")));
  answer.set_seen_elsewhere(true);
  const std::string english = Code(answer);
  EXPECT_THAT(english, HasSubstr("data-warning=\"seen-elsewhere\""));
  EXPECT_THAT(english, HasSubstr("one of the plates may be a copy"));
  EXPECT_THAT(Code(answer, Language::kChinese), HasSubstr("此码曾在别处被扫到"));
}

v1::ResolveResponse ActiveAnswer() {
  v1::ResolveResponse answer;
  answer.set_verdict(v1::VERDICT_AUTHENTIC);
  answer.set_state(v1::CODE_STATE_ACTIVE);
  answer.set_short_number("00040-00001-8");
  auto& facility = *answer.mutable_facility();
  facility.set_class_code("01003");
  facility.set_name("雨水井盖 7 号");
  facility.set_division("140502");
  facility.set_address("黄华街297号");
  facility.mutable_supervising()->set_holder(1);
  facility.mutable_supervising()->set_state(v1::RIGHT_STATE_RECORDED);
  facility.mutable_owning()->set_holder(2);
  facility.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
  for (uint64_t id = 1; id <= 2; ++id) {
    auto& organization = *answer.add_organizations();
    organization.set_id(id);
    organization.set_name(id == 1 ? "城管局" : "排水公司");
    organization.set_telephone(fmt::format("0356-219 000{}", id));
  }
  return answer;
}

TEST_F(PagesTest, TellsWhoClaimsAndUntilWhenToObject) {
  v1::ResolveResponse answer = ActiveAnswer();
  v1::Right& owning = *answer.mutable_facility()->mutable_owning();
  owning.set_state(v1::RIGHT_STATE_CLAIMED);
  owning.set_unclaimed_state(v1::RIGHT_STATE_RECORDED);
  auto& claim = *owning.add_claims();
  claim.set_claim(9);
  claim.set_organization(1);
  EXPECT_THAT(Code(answer),
              AllOf(HasSubstr("排水公司"), HasSubstr("as a ledger says; not confirmed<br>"),
                    HasSubstr("Claimed, not confirmed, by 城管局"), Not(HasSubstr("notice?n="))));
  claim.set_notice(77);
  auto& notice = *answer.add_notices();
  notice.set_id(77);
  notice.set_last_day("2199-01-02");
  notice.set_close_time_us(Now() + 1'000'000'000);
  EXPECT_THAT(Code(answer, Language::kChinese), AllOf(HasSubstr("认领（尚未确认）：城管局"),
                                                      HasSubstr("至 2199-01-02 止，可提出异议"),
                                                      HasSubstr("./notice?n=77&amp;lang=zh")));
  notice.set_close_time_us(Now() - 1);
  EXPECT_THAT(Code(answer), HasSubstr("publicity ended with 2199-01-02"));
}

v1::GetNoticeResponse NoticeAnswer() {
  v1::GetNoticeResponse answer;
  auto& notice = *answer.mutable_notice();
  notice.set_id(4294967320);
  notice.set_state(v1::NOTICE_STATE_OPEN);
  notice.set_title("城区井盖<1>");
  notice.set_authority("晋城市城市管理局");
  notice.set_first_day("2198-12-18");
  notice.set_last_day("2199-01-02");
  notice.set_open_time_us(1);
  notice.set_close_time_us(INT64_MAX);
  notice.set_how_to_object("到窗口提出\n电话 0356-2190000");
  notice.set_claims(2);
  return answer;
}

TEST_F(PagesTest, ShowsANoticeWithItsListAndTheWayToObject) {
  v1::ListNoticeClaimsResponse lines;
  auto& line = *lines.add_lines();
  line.mutable_facility()->set_name("雨水井盖");
  line.mutable_facility()->mutable_code()->set_digits("14050201001000007");
  line.mutable_claim()->set_kind(v1::RIGHT_KIND_OWNING);
  line.mutable_claim()->set_state(v1::CLAIM_STATE_OPEN);
  line.set_claimant("城区排水公司");
  line.set_address("黄华街297号");
  line.set_objections(1);
  lines.set_next_page_token("abc");
  const std::string page = pages_.Notice(Language::kChinese, NoticeAnswer(), lines, "黄华 街&");
  EXPECT_THAT(page, AllOf(HasSubstr("城区井盖&lt;1&gt;"), HasSubstr("公示中"),
                          HasSubstr("14050201001000007"), HasSubstr("城区排水公司"),
                          HasSubstr("有异议"), HasSubstr("0356-2190000"), HasSubstr("2198-12-18")));
  EXPECT_THAT(page, HasSubstr("n=4294967320&amp;p=abc&amp;q=%E9%BB%84%E5%8D%8E%20%E8%A1%97%26"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST_F(PagesTest, TellsHowANoticeStands) {
  const auto standing = [&](const std::function<void(v1::Notice&)>& change) {
    auto answer = NoticeAnswer();
    change(*answer.mutable_notice());
    return pages_.Notice(Language::kEnglish, answer, {}, "");
  };
  EXPECT_THAT(standing([](auto& n) { n.set_close_time_us(1); }), HasSubstr("<p>over</p>"));
  EXPECT_THAT(standing([](auto& n) { n.set_state(v1::NOTICE_STATE_WITHDRAWN); }),
              HasSubstr("<p>withdrawn</p>"));
  EXPECT_THAT(standing([](auto& n) { n.clear_how_to_object(); }),
              HasSubstr("In writing, to who publishes it"));
  EXPECT_THAT(standing([](auto&) {}), HasSubstr("Nothing was found."));
}

TEST_F(PagesTest, ListsNotices) {
  v1::ListNoticesResponse answer;
  EXPECT_THAT(pages_.Notices(Language::kEnglish, answer), HasSubstr("There is none."));
  *answer.add_notices() = NoticeAnswer().notice();
  EXPECT_THAT(pages_.Notices(Language::kChinese, answer),
              AllOf(HasSubstr("./notice?n=4294967320&amp;lang=zh"), HasSubstr("2199-01-02")));
}

TEST_F(PagesTest, TellsWhatItIsWhereAndWhose) {
  const std::string page = Code(ActiveAnswer());
  EXPECT_THAT(page, HasSubstr("Storm-drain manhole cover"));
  EXPECT_THAT(page, HasSubstr("雨水井盖 7 号"));
  EXPECT_THAT(page, HasSubstr("黄华街297号"));
  EXPECT_THAT(page, HasSubstr("as a ledger says; not confirmed"));
  EXPECT_THAT(page, HasSubstr("nobody is recorded"));
  EXPECT_THAT(page, HasSubstr("00040-00001-8"));
  EXPECT_THAT(page, HasSubstr("does not prove that a plate is genuine"));
  EXPECT_THAT(Code(ActiveAnswer(), Language::kChinese), HasSubstr("台账所载，尚未确认"));
}

TEST_F(PagesTest, TellsWhatItIsAPartOfAndItsParts) {
  v1::ResolveResponse answer = ActiveAnswer();
  EXPECT_THAT(Code(answer), Not(HasSubstr("Part of")));
  answer.mutable_parent()->set_name("<b>配电箱");
  answer.mutable_parent()->set_class_code("01003");
  answer.mutable_parent()->mutable_code()->set_digits("14050201003000009");
  auto& child = *answer.add_children();
  child.set_name("雨水井盖");
  child.set_class_code("01003");
  child.set_condition(v1::CONDITION_LOST);
  const std::string page = Code(answer);
  EXPECT_THAT(page, HasSubstr("<dt>Part of</dt><dd>&lt;b&gt;配电箱 · Storm-drain manhole cover"));
  EXPECT_THAT(page, HasSubstr("14050201003000009"));
  EXPECT_THAT(page, HasSubstr("<dt>Part</dt><dd>雨水井盖"));
  const std::string chinese = Code(answer, Language::kChinese);
  EXPECT_THAT(chinese, HasSubstr("<dt>属于</dt>"));
  EXPECT_THAT(chinese, HasSubstr("<dt>下级部件</dt><dd>雨水井盖<small>"));
  v1::LookupResponse found;
  *found.mutable_facility() = answer.facility();
  *found.mutable_parent() = answer.parent();
  EXPECT_THAT(pages_.Found(Language::kEnglish, found, ""), HasSubstr("<dt>Part of</dt>"));
}

TEST_F(PagesTest, CallsTheMaintainerElseTheOwnerElseTheHotline) {
  v1::ResolveResponse answer = ActiveAnswer();
  EXPECT_THAT(Code(answer), HasSubstr(R"(class="call" href="tel:03562190002")"));
  answer.mutable_facility()->mutable_maintaining()->set_holder(1);
  EXPECT_THAT(Code(answer), HasSubstr(R"(class="call" href="tel:03562190001")"));
  answer.clear_organizations();
  EXPECT_THAT(Code(answer), HasSubstr(R"(class="call" href="tel:12345")"));
  EXPECT_THAT(Pages(world_.domain().classes, "").Code(Language::kEnglish, answer, ""),
              HasSubstr("The registry has no telephone for this"));
}

TEST_F(PagesTest, EachCertaintyOfARightIsInPlainWords) {
  std::set<std::string> words;
  for (int state = v1::RIGHT_STATE_UNSPECIFIED; state <= v1::RIGHT_STATE_OWNERLESS; ++state) {
    for (const auto language : kBoth) {
      v1::ResolveResponse answer = ActiveAnswer();
      v1::Right& owning = *answer.mutable_facility()->mutable_owning();
      owning.set_state(static_cast<v1::RightState>(state));
      std::string word(CertaintyOf(owning.state()).In(language));
      if (state == v1::RIGHT_STATE_CLAIMED) {
        owning.add_claims()->set_organization(1);
        word = Words{"认领（尚未确认）：", "Claimed, not confirmed, by "}.In(language);
      }
      EXPECT_THAT(Code(answer, language), HasSubstr(word));
      words.insert(word);
    }
  }
  EXPECT_EQ(words.size(), 10);
}

TEST_F(PagesTest, ReplacedNamesItsSuccessor) {
  v1::ResolveResponse answer = ActiveAnswer();
  answer.set_state(v1::CODE_STATE_REPLACED);
  answer.set_successor(uint64_t{1} << 32 | 6);
  EXPECT_THAT(Code(answer), HasSubstr("00040-00006-D"));
}

TEST_F(PagesTest, LostOriginWarns) {
  v1::ResolveResponse answer = ActiveAnswer();
  EXPECT_THAT(Code(answer), Not(HasSubstr("origin-lost")));
  answer.set_origin_lost(true);
  EXPECT_THAT(Code(answer), HasSubstr("origin-lost"));
  EXPECT_THAT(Code(answer), HasSubstr("Do not open it again"));
}

TEST_F(PagesTest, NothingOfAnUnprovenTextIsShown) {
  for (const auto verdict :
       {v1::VERDICT_FORGED, v1::VERDICT_KEY_REVOKED, v1::VERDICT_UNKNOWN_KEY}) {
    v1::ResolveResponse answer;
    answer.set_verdict(verdict);
    answer.set_short_number("00040-00001-8");
    answer.set_facility_code("14050201001000001");
    EXPECT_THAT(Code(answer), Not(HasSubstr("00040-00001-8")));
    EXPECT_THAT(Code(answer), Not(HasSubstr("14050201001000001")));
  }
}

TEST_F(PagesTest, WordsOfOthersStayWords) {
  const std::string naughty = "\"'><img src=x onerror=alert(1)>\u202E</title></style>";
  v1::ResolveResponse answer = ActiveAnswer();
  auto& facility = *answer.mutable_facility();
  facility.set_name(naughty);
  facility.set_class_code(naughty);
  facility.set_address(naughty);
  facility.set_division(naughty);
  facility.add_codes()->set_digits(naughty);
  answer.set_short_number(naughty);
  for (auto& organization : *answer.mutable_organizations()) {
    organization.set_name(naughty);
    organization.set_telephone("1\" onclick=\"alert(1)" + naughty);
  }
  v1::LookupResponse found;
  found.set_short_number(naughty);
  *found.mutable_facility() = facility;
  *found.mutable_organizations() = answer.organizations();
  v1::ResolveResponse foreign;
  foreign.set_verdict(v1::VERDICT_UNKNOWN_ISSUER);
  for (const auto& page : {Code(answer), pages_.Found(Language::kChinese, found, naughty),
                           pages_.Search(Language::kEnglish, naughty, naughty),
                           pages_.Error(Language::kEnglish, 400, naughty),
                           pages_.Code(Language::kEnglish, foreign, naughty)}) {
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, Not(HasSubstr("onclick=\"")));
    EXPECT_THAT(page, Not(HasSubstr("\u202E")));
    EXPECT_THAT(page, HasSubstr("&quot;&#39;&gt;&lt;img src=x"));
  }
}

TEST_F(PagesTest, FoundSaysThatItProvesNothing) {
  v1::LookupResponse found;
  found.set_short_number("00040-00001-8");
  found.set_state(v1::CODE_STATE_ACTIVE);
  const std::string page = pages_.Found(Language::kEnglish, found, "4000018");
  EXPECT_THAT(page, HasSubstr("does not prove that a plate is genuine"));
  EXPECT_THAT(page, Not(HasSubstr("verdict good")));
  // The switch of languages keeps what was asked.
  EXPECT_THAT(page, HasSubstr(R"(<input type="hidden" name="q" value="4000018">)"));
}

}  // namespace
}  // namespace yima::server::testing
