#include "client/cli/judging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "client/trust_dir.h"
#include "tests/code/vector_world.h"

namespace yima::cli {
namespace {

namespace fs = std::filesystem;
using testing::GoodText;
using ::testing::HasSubstr;
using testing::MakeNote;
using ::testing::Not;

constexpr const char* kPast = "2020-01-02T00:00:00Z";
constexpr const char* kLongPast = "2020-01-01T00:00:00Z";
constexpr const char* kFuture = "2199-01-01T00:00:00Z";

/// A session that keeps the trust of the vectors, with these ends.
class JudgingTest : public ::testing::Test {
 protected:
  ~JudgingTest() override { fs::remove_all(session_.trust); }

  Judge LoadWith(const char* expires, const char* next_update) {
    session_.trust = fs::path(::testing::TempDir()) /
                     (std::string("judging_test_") + std::to_string(::getpid()) + "_" +
                      ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(session_.trust);
    TrustBundle bundle = testing::MakeBundle();
    bundle.expires = *ParseTime(expires);
    RevocationList list = testing::MakeList();
    list.next_update = *ParseTime(next_update);
    const auto taken = TrustDir(session_.trust)
                           .Accept(MakeNote(bundle.ToText(), testing::kRootSeed),
                                   MakeNote(list.ToText(), testing::kStatusSeed), bundle.roots[0]);
    EXPECT_TRUE(taken) << taken.error().message;
    ::testing::internal::CaptureStderr();
    auto judge = LoadJudge(session_);
    said_ = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(judge) << judge.error().message;
    return std::move(*judge);
  }

  Session session_;
  std::string said_;
};

TEST_F(JudgingTest, SaysNothingOfFreshTrust) {
  const Judge judge = LoadWith(kFuture, kFuture);
  EXPECT_EQ(said_, "");
  EXPECT_EQ(judge.StaleSince(GoodText()), "");
}

TEST_F(JudgingTest, WarnsOfAStaleBundleAndOfAStaleList) {
  const Judge judge = LoadWith(kPast, kLongPast);
  EXPECT_THAT(said_, HasSubstr(std::string("is stale since ") + kPast));
  EXPECT_THAT(said_, HasSubstr("revocation list"));
  EXPECT_THAT(said_, HasSubstr(std::string("is stale since ") + kLongPast));
  EXPECT_EQ(judge.StaleSince(GoodText()), kLongPast) << "since the first of the two";
  // It still gives its verdict.
  EXPECT_EQ(judge.verifier.Judge(GoodText()).verdict, Verdict::kAuthentic);
}

TEST_F(JudgingTest, WarnsOfAStaleListBesideAFreshBundle) {
  const Judge judge = LoadWith(kFuture, kPast);
  EXPECT_THAT(said_, Not(HasSubstr("the trust of registry")));
  EXPECT_EQ(judge.StaleSince(GoodText()), kPast);
}

TEST_F(JudgingTest, CountsStaleTrustAgainstTextsOfOriginsItDoesNotKnow) {
  const Judge judge = LoadWith(kPast, kFuture);
  std::string lower = GoodText();
  lower.replace(0, 5, "https");
  EXPECT_EQ(judge.StaleSince(lower), kPast);
  EXPECT_EQ(judge.StaleSince(std::string(testing::kUnknown) + "1"), kPast);
  EXPECT_EQ(judge.StaleSince("no code at all"), "");
}

TEST_F(JudgingTest, PrintsWarningsOfAJudgementAsFields) {
  const Json object = ToJson(Judgement{});
  EXPECT_EQ(object["originLost"], false);
  EXPECT_EQ(object["refreshTrust"], false);
  Judgement warned;
  warned.origin_lost = warned.refresh_trust = true;
  EXPECT_EQ(ToJson(warned)["originLost"], true);
  EXPECT_EQ(ToJson(warned)["refreshTrust"], true);
}

}  // namespace
}  // namespace yima::cli
