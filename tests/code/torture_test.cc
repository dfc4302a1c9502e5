// What an attacker or a broken disk may hand to a verifier: each is refused in bounded time and
// memory.
#include <string>

#include <gtest/gtest.h>

#include "codegen/code/signed_note.h"
#include "codegen/code/verifier.h"
#include "tests/code/vector_world.h"

namespace yima {
namespace {

constexpr std::string_view kSignatureLine =
    "\xE2\x80\x94 n AAAAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1"
    "Njc4OTo7PD0+Pw==\n";

std::string Repeat(std::string_view what, size_t times) {
  std::string text;
  text.reserve(what.size() * times);
  for (size_t i = 0; i < times; ++i) text.append(what);
  return text;
}

class NaughtyNoteTest : public ::testing::Test {
 protected:
  std::string BundleRefusal(const std::string& note) {
    const auto taken = trust_.AcceptBundle(note);
    return taken ? "" : taken.error().reason;
  }
  std::string ListRefusal(const std::string& note) {
    const auto taken = trust_.AcceptList(note);
    return taken ? "" : taken.error().reason;
  }
  /// The bundle's text with something put before its line of that name, signed by the root.
  std::string BundleWith(std::string_view before, std::string_view what) {
    std::string text = testing::MakeBundle().ToText();
    text.insert(text.find(before), what);
    return testing::MakeNote(text, testing::kRootSeed);
  }
  TrustStore trust_{{testing::MakeBundle().roots.front()}};
};

TEST_F(NaughtyNoteTest, RefusesWhatHoldsNoNote) {
  const std::string good = testing::MakeNote(testing::MakeBundle().ToText(), testing::kRootSeed);
  const std::string cases[] = {"",
                               "\n",
                               "\n\n",
                               std::string(1, '\0'),
                               std::string(1 << 20, '\0'),
                               std::string(1 << 20, '\n'),
                               std::string(1 << 20, ' '),
                               Repeat("\xE2\x80\x94 ", 300'000),
                               good.substr(0, good.size() / 2),
                               "\xEF\xBB\xBF\r\n" + good,
                               "text\n\n" + Repeat(kSignatureLine, 17),
                               "text\n\n" + Repeat(kSignatureLine, 100'000)};
  for (const auto& note : cases) {
    EXPECT_EQ(BundleRefusal(note), "NOTE_MALFORMED") << note.size() << " bytes";
  }
  // The first of two is text to the second, whose signatures do not hold for it.
  EXPECT_EQ(BundleRefusal(good + good), "ROOT_UNKNOWN");
  EXPECT_FALSE(trust_.bundle());
}

TEST_F(NaughtyNoteTest, RefusesAZeroByteAndCarriageReturnsAnywhere) {
  const std::string good = testing::MakeNote(testing::MakeBundle().ToText(), testing::kRootSeed);
  for (const char bad : {'\0', '\r', '\t', '\x1f', '\xff'}) {
    for (size_t at = 0; at <= good.size(); at += 97) {
      std::string note = good;
      note.insert(at, 1, bad);
      EXPECT_EQ(BundleRefusal(note), "NOTE_MALFORMED") << at;
    }
  }
}

TEST_F(NaughtyNoteTest, RefusesAnyTruncation) {
  const std::string good = testing::MakeNote(testing::MakeBundle().ToText(), testing::kRootSeed);
  const size_t last_line = good.rfind("\xE2\x80\x94 ");
  for (size_t size = 0; size < good.size(); ++size) {
    const std::string reason = BundleRefusal(good.substr(0, size));
    // Without its last line it is a note that a stranger signed.
    EXPECT_EQ(reason, size == last_line ? "ROOT_UNKNOWN" : "NOTE_MALFORMED") << size;
  }
  EXPECT_EQ(BundleRefusal(good), "");
}

TEST_F(NaughtyNoteTest, RefusesNotesAbove64Mebibytes) {
  const std::string huge =
      std::string(size_t{64} << 20, 'a') + "\n\n" + std::string(kSignatureLine);
  EXPECT_EQ(BundleRefusal(huge), "NOTE_MALFORMED");
}

TEST_F(NaughtyNoteTest, ReadsAMillionLinesOfStrangersWithoutParsingThem) {
  const std::string note = Repeat("registry 0123456789abcdef0123456789abcdef\n", 1'000'000) + "\n" +
                           std::string(kSignatureLine);
  EXPECT_EQ(BundleRefusal(note), "ROOT_UNKNOWN");
}

TEST_F(NaughtyNoteTest, ReadsAMillionSignedLines) {
  EXPECT_EQ(BundleRefusal(BundleWith("epoch ", Repeat("x-a b\n", 1'000'000))), "");
  EXPECT_EQ(BundleRefusal(BundleWith("epoch ", Repeat("epoch 1\n", 1'000'000))),
            "TRUST_BUNDLE_MALFORMED");
  EXPECT_EQ(BundleRefusal(BundleWith("origin ", std::string(8 << 20, 'x') + " y\n")),
            "TRUST_BUNDLE_MALFORMED");
  EXPECT_EQ(BundleRefusal(BundleWith("origin ", "origin" + Repeat(" x", 4 << 20) + "\n")),
            "TRUST_BUNDLE_MALFORMED");
}

TEST_F(NaughtyNoteTest, ReadsAMillionSerials) {
  ASSERT_EQ(BundleRefusal(testing::MakeNote(testing::MakeBundle().ToText(), testing::kRootSeed)),
            "");
  RevocationList list = testing::MakeList();
  list.suspended = list.replaced = {};
  list.revoked.clear();
  for (uint32_t i = 1; i <= 1'000'000; ++i) list.revoked.push_back(Serial(1, 37 * i));
  const std::string text = list.ToText();
  EXPECT_EQ(ListRefusal(testing::MakeNote(text, testing::kStatusSeed)), "");
  ASSERT_EQ(trust_.list()->revoked.size(), 1'000'000u);
  list.sequence += 1;
  list.revoked.clear();
  const std::string one_line = list.ToText() + "revoked" + Repeat(" 1", 1'000'000) + "\n";
  EXPECT_EQ(ListRefusal(testing::MakeNote(one_line, testing::kStatusSeed)),
            "REVOCATION_LIST_MALFORMED");
}

TEST(NaughtyTextTest, IsNeverAuthenticAndNeverSlow) {
  TrustStore trust{{testing::MakeBundle().roots.front()}};
  ASSERT_TRUE(
      trust.AcceptBundle(testing::MakeNote(testing::MakeBundle().ToText(), testing::kRootSeed)));
  const Verifier verifier(trust);
  const std::string good = testing::GoodText();
  const std::string origin(testing::kCurrent);
  const std::string cases[] = {std::string(1 << 20, '/'),
                               std::string(1 << 20, '1'),
                               origin + std::string(1 << 20, '1'),
                               origin + std::string(1 << 20, '9'),
                               origin + std::string(1 << 20, '/'),
                               origin + Repeat("A/", 1 << 19) + "1",
                               "HTTPS://" + Repeat("A.", 1 << 19) + "CN/1",
                               "HTTPS://A.CN:" + std::string(1 << 20, '1') + "/1",
                               good + std::string(1 << 20, '\0'),
                               std::string(1 << 20, '\0') + good,
                               Repeat(good, 4000)};
  for (const auto& text : cases) {
    EXPECT_NE(verifier.Judge(text).verdict, Verdict::kAuthentic) << text.size();
  }
}

}  // namespace
}  // namespace yima
