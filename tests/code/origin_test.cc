#include "codegen/code/origin.h"

#include <gtest/gtest.h>

#include "tests/code/vectors.h"

namespace yima {
namespace {

TEST(OriginTest, AllowsAndForbidsAsTheVectorsSay) {
  for (const auto& vector : testing::MakeOriginVectors()) {
    const std::string text = vector["text"];
    const std::string kind = vector["kind"];
    EXPECT_EQ(Origin::Parse(text, false).has_value(), kind == "origin") << text;
    EXPECT_EQ(Origin::Parse(text, true).has_value(), kind != "none") << text;
    if (kind == "none") continue;
    EXPECT_EQ(Origin::Parse(text, true)->IsTest(), kind == "test") << text;
  }
}

TEST(OriginTest, FoldsLowerCaseAndNothingElse) {
  EXPECT_EQ(Origin::Parse("https://qr.example.cn/")->ToString(), "HTTPS://QR.EXAMPLE.CN/");
  EXPECT_EQ(Origin::Parse("HTTPS://\xE2\x84\xAA.EXAMPLE.CN/").error().reason, "ORIGIN_MALFORMED");
}

TEST(OriginTest, Takes12To64Characters) {
  const std::string longest = "HTTPS://" + std::string(52, 'A') + ".CN/";
  ASSERT_EQ(longest.size(), 64u);
  EXPECT_TRUE(Origin::Parse(longest));
  EXPECT_FALSE(Origin::Parse("HTTPS://" + std::string(53, 'A') + ".CN/"));
  EXPECT_TRUE(Origin::Parse("HTTPS://A.B/"));
  EXPECT_FALSE(Origin::Parse("HTTPS://AB/", true));
}

TEST(OriginTest, SaysWhatIsWrong) {
  EXPECT_EQ(Origin::Parse("HTTPS://LOCALHOST/").error().message,
            "origin \"HTTPS://LOCALHOST/\": an address or a host of one label is a test origin, "
            "which must be asked for");
  // URL parsers read these as 127.0.0.1, so they would not stay as printed.
  for (const auto text : {"HTTPS://2130706433/", "HTTPS://0X7F000001/"}) {
    EXPECT_EQ(Origin::Parse(text, true).error().reason, "ORIGIN_MALFORMED") << text;
  }
}

}  // namespace
}  // namespace yima
