#include "codegen/code/code_text.h"

#include <gtest/gtest.h>

namespace yima {
namespace {

Payload Sample() { return {0x0102, Serial(0x0304, 0x05060708), 0x090a, 2, 0x0b0c0d0e0f101112}; }

TEST(PayloadTest, IsBigEndianInTheOrderOfTheFormat) {
  EXPECT_EQ(ToHex(EncodePayload(Sample())), "0102030405060708090a020b0c0d0e0f101112");
  EXPECT_EQ(DecodePayload(EncodePayload(Sample())), Sample());
}

TEST(PayloadTest, SignedMessageHoldsContextOriginAndPayload) {
  const std::string message = SignedMessage("HTTPS://A.CN/", EncodePayload(Sample()));
  EXPECT_EQ(message.size(), 13 + 13 + 1 + kPayloadSize);
  EXPECT_EQ(message.substr(0, 13), std::string("yima-code-v1\0", 13));
  EXPECT_EQ(message.substr(13, 14), std::string("HTTPS://A.CN/\0", 14));
}

TEST(BodyTest, IsAlways203Digits) {
  CodeBytes bytes{};
  EXPECT_EQ(EncodeBody(bytes), "1" + std::string(202, '0'));
  bytes.fill(0xff);
  const std::string highest = EncodeBody(bytes);
  EXPECT_EQ(highest.substr(0, 18), "172057594037927935");
  EXPECT_EQ(highest.substr(188), "281474976710655");
  EXPECT_EQ(DecodeBody(highest), bytes);
}

TEST(BodyTest, RejectsBlockAboveRange) {
  CodeBytes bytes{};
  for (size_t block = 0; block < 11; ++block) {
    std::string digits = EncodeBody(bytes);
    digits.replace(1 + block * 17, 17, "72057594037927936");
    EXPECT_FALSE(DecodeBody(digits)) << block;
  }
  std::string digits = EncodeBody(bytes);
  digits.replace(188, 15, "281474976710656");
  EXPECT_FALSE(DecodeBody(digits));
}

TEST(BodyTest, RejectsOtherLengthsFormatsAndCharacters) {
  const std::string good = EncodeBody({});
  EXPECT_FALSE(DecodeBody(good.substr(1)));
  EXPECT_FALSE(DecodeBody(good + "0"));
  EXPECT_FALSE(DecodeBody("2" + good.substr(1)));
  EXPECT_FALSE(DecodeBody(good.substr(0, 202) + " "));
  EXPECT_FALSE(DecodeBody(""));
}

TEST(CodeTextTest, SplitsAtTheLastSlash) {
  const auto parts = SplitCodeText("https://a.cn:8443/X/123");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->origin, "https://a.cn:8443/X/");
  EXPECT_EQ(parts->digits, "123");
}

TEST(CodeTextTest, JudgesHostsOfAnyLabels) {
  EXPECT_TRUE(SplitCodeText("HTTPS://LOCALHOST/1"));
  EXPECT_TRUE(SplitCodeText("HTTPS://192.0.2.1/1"));
  EXPECT_FALSE(SplitCodeText("HTTPS://A..CN/1"));
  EXPECT_FALSE(SplitCodeText("HTTPS://A.CN/"));
}

TEST(CodeTextTest, FoldsAsciiOnly) {
  EXPECT_EQ(FoldOrigin("https://k\xE2\x84\xAA.cn/"), "HTTPS://K\xE2\x84\xAA.CN/");
}

}  // namespace
}  // namespace yima
