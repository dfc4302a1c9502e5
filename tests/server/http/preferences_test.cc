#include "server/http/preferences.h"

#include <gtest/gtest.h>

namespace yima::server {
namespace {

Language Chosen(const std::string& accepted, const std::string& lang = "") {
  HttpRequest request;
  if (!accepted.empty()) request.headers["accept-language"] = accepted;
  if (!lang.empty()) request.query["lang"] = lang;
  return LanguageOf(request);
}

bool Json(const std::string& accepted) {
  HttpRequest request;
  request.headers["accept"] = accepted;
  return WantsJson(request);
}

TEST(PreferencesTest, LanguageIsTheOneLikedBest) {
  EXPECT_EQ(Chosen("zh-CN,zh;q=0.9,en;q=0.8"), Language::kChinese);
  EXPECT_EQ(Chosen("en-US,en;q=0.9,zh-CN;q=0.8"), Language::kEnglish);
  EXPECT_EQ(Chosen("en;q=0.4, zh;q=0.5"), Language::kChinese);
  EXPECT_EQ(Chosen("ZH-hant-TW"), Language::kChinese);
  EXPECT_EQ(Chosen("de, en;q=0.1, zh;q=0"), Language::kEnglish);
}

TEST(PreferencesTest, OthersReadEnglishAndTheSilentChinese) {
  EXPECT_EQ(Chosen("fr-FR, de"), Language::kEnglish);
  EXPECT_EQ(Chosen(""), Language::kChinese);
  EXPECT_EQ(Chosen("*"), Language::kChinese);
}

TEST(PreferencesTest, TheSwitchGoesBeforeTheHeader) {
  EXPECT_EQ(Chosen("zh", "en"), Language::kEnglish);
  EXPECT_EQ(Chosen("en", "zh"), Language::kChinese);
  EXPECT_EQ(Chosen("en", "fr"), Language::kEnglish);
}

TEST(PreferencesTest, MalformedRangesArePassedOver) {
  EXPECT_EQ(Chosen("zh;q=2, en;q=0.1"), Language::kEnglish);
  EXPECT_EQ(Chosen(";;,,;q=,zh;q=x,en;q=nan"), Language::kEnglish);
  EXPECT_EQ(Chosen("zh;q=0.5;level=1"), Language::kChinese);
  EXPECT_EQ(Chosen(std::string(10'000, ',')), Language::kEnglish);
}

TEST(PreferencesTest, JsonIsForThoseWhoLikeItBetterThanPages) {
  EXPECT_TRUE(Json("application/json"));
  EXPECT_TRUE(Json("application/json, text/html;q=0.9"));
  EXPECT_TRUE(Json("application/json, */*;q=0.5"));
  EXPECT_FALSE(Json("text/html,application/xhtml+xml,*/*;q=0.8"));
  EXPECT_FALSE(Json("*/*"));
  EXPECT_FALSE(Json(""));
}

}  // namespace
}  // namespace yima::server
