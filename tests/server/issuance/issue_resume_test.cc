#include <set>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/domain/batch_items.h"
#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/watched_store.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;
constexpr uint64_t kFacilities = 4 * kBatchChunk + 7;

class IssueResumeTest : public ::testing::Test {
 protected:
  IssueResumeTest() {
    for (uint32_t number = 1; number <= kFacilities; ++number) {
      facilities_.push_back(world_.AddFacility(number, bureau_));
    }
    request_.set_request_id("issue-1");
    request_.mutable_filter()->add_divisions("140502");
  }

  using Answers = std::vector<v1::IssueCodesResponse>;
  using OnAnswer = std::function<Result<void>(const v1::IssueCodesResponse&)>;
  Result<Answers> Issue(
      const OnAnswer& on_answer = {},
      const std::function<bool()>& cancelled = [] { return false; }) {
    return methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", request_,
                                                   on_answer, cancelled);
  }
  static std::vector<std::string> TextsOf(const Answers& answers) {
    std::vector<std::string> texts;
    for (const auto& answer : answers) {
      for (const auto& code : answer.codes()) texts.push_back(code.text());
    }
    return texts;
  }
  void ExpectEachOnce(const Answers& answers) {
    std::set<uint64_t> facilities;
    for (const auto& answer : answers) {
      for (const auto& code : answer.codes()) facilities.insert(code.facility());
    }
    EXPECT_EQ(facilities.size(), kFacilities);
    EXPECT_EQ(TextsOf(answers).size(), kFacilities);
    EXPECT_EQ(*world_.Read()->Counter("codes/1"), kFacilities);
    EXPECT_THAT(Findings(world_), IsEmpty());
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  Methods methods_{world_};
  std::vector<uint64_t> facilities_;
  v1::IssueCodesRequest request_;
};

TEST_F(IssueResumeTest, BeginsNoBatchThatNobodyWaitsFor) {
  int asked = 0;
  const auto answers = Issue({}, [&] { return ++asked > 2; });
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().reason, "CALL_ENDED");
  EXPECT_EQ(asked, 4) << "it went on to the end of the list";
  EXPECT_EQ(*world_.Read()->Counter("codes/1"), 0);
  const auto listed = methods_.Unary<v1::ListBatchesResponse>("RegistryService/ListBatches",
                                                              v1::ListBatchesRequest());
  EXPECT_EQ(listed->batches_size(), 0);
}

TEST_F(IssueResumeTest, GoesOnAfterAClientThatLeftAtAnyMessage) {
  const uint64_t chunks = kFacilities / kBatchChunk + 1;
  for (uint64_t leave_at = 0; leave_at <= chunks; ++leave_at) {
    uint64_t messages = 0;
    const auto broken = Issue([&](const v1::IssueCodesResponse&) -> Result<void> {
      if (messages++ < leave_at) return {};
      return Fail(StatusCode::kCancelled, "CALLER_GONE", "gone");
    });
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().reason, "CALLER_GONE");
  }
  const auto whole = Issue();
  ASSERT_TRUE(whole) << whole.error().message;
  ExpectEachOnce(*whole);
}

TEST_F(IssueResumeTest, StopsBetweenChunksWhenCancelledAndGoesOn) {
  std::vector<std::string> sent;
  for (;;) {
    bool stop = false;
    const auto answers = Issue(
        [&](const v1::IssueCodesResponse& answer) -> Result<void> {
          stop = answer.codes_size() > 0 &&
                 static_cast<size_t>(answer.codes_size()) + sent.size() < kFacilities;
          for (const auto& code : answer.codes()) sent.push_back(code.text());
          return {};
        },
        [&] { return stop; });
    if (answers) break;
    EXPECT_EQ(RefusalOf(answers), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
    ASSERT_LT(sent.size(), 10 * kFacilities);
  }
  const auto whole = Issue();
  ASSERT_TRUE(whole);
  ExpectEachOnce(*whole);
  const auto texts = TextsOf(*whole);
  const std::set<std::string> known(texts.begin(), texts.end());
  for (const auto& text : sent) EXPECT_TRUE(known.contains(text));
}

TEST_F(IssueResumeTest, AFinishedBatchIsAnsweredWholeAndWritesNothing) {
  const auto first = Issue();
  ASSERT_TRUE(first);
  const std::string state = world_.State();
  const auto again = Issue();
  ASSERT_TRUE(again);
  EXPECT_EQ(TextsOf(*again), TextsOf(*first));
  EXPECT_EQ(again->front().batch(), first->front().batch());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(IssueResumeTest, FacilityThatMovedMeanwhileGetsItsCodeAllTheSame) {
  bool moved = false;
  const auto answers = Issue([&](const v1::IssueCodesResponse& answer) -> Result<void> {
    if (answer.codes_size() == 0 || std::exchange(moved, true)) return {};
    EXPECT_TRUE(Edit<v1::Facility>(world_, facilities_.back(),
                                   [](v1::Facility& facility) { facility.set_address("moved"); }));
    return {};
  });
  ASSERT_TRUE(answers) << answers.error().message;
  ExpectEachOnce(*answers);
}

TEST_F(IssueResumeTest, FacilityThatWasScrappedMeanwhileIsPassedOverAndCounted) {
  bool scrapped = false;
  const auto answers = Issue([&](const v1::IssueCodesResponse& answer) -> Result<void> {
    if (answer.codes_size() == 0 || std::exchange(scrapped, true)) return {};
    EXPECT_TRUE(Edit<v1::Facility>(world_, facilities_.back(), [](v1::Facility& facility) {
      facility.set_life(v1::LIFE_SCRAPPED);
    }));
    return {};
  });
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().skipped(), 1);
  EXPECT_EQ(*world_.Read()->Counter("codes/1"), kFacilities - 1);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(IssueResumeTest, FacilityThatWasGivenACodeMeanwhileIsPassedOverAndCounted) {
  bool taken = false;
  const auto answers = Issue([&](const v1::IssueCodesResponse& answer) -> Result<void> {
    if (answer.codes_size() == 0 || std::exchange(taken, true)) return {};
    AddPlate(world_, uint64_t{1} << 32 | 0xFFFF0000, facilities_.back());
    return {};
  });
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(TextsOf(*answers).size(), kFacilities - 1);
  EXPECT_EQ(answers->back().skipped(), 1);
  EXPECT_EQ(*world_.Read()->Counter("codes/1"), kFacilities);
  EXPECT_THAT(Findings(world_), IsEmpty());
  // What was passed over once is passed over in every answer.
  v1::RevokeCodeRequest revoke;
  revoke.set_request_id("revoke-1");
  revoke.set_serial(uint64_t{1} << 32 | 0xFFFF0000);
  revoke.set_reason(v1::REVOCATION_REASON_MISISSUED);
  ASSERT_TRUE(methods_.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", revoke));
  EXPECT_EQ(TextsOf(*Issue()), TextsOf(*answers));
}

TEST_F(IssueResumeTest, TwoStreamsOfOneRequestShareItsBatch) {
  Result<Answers> answers[2] = {Answers(), Answers()};
  std::thread other([&] { answers[0] = Issue(); });
  answers[1] = Issue();
  other.join();
  for (const auto& each : answers) {
    ASSERT_TRUE(each) << each.error().message;
    ExpectEachOnce(*each);
  }
  EXPECT_EQ(TextsOf(*answers[0]), TextsOf(*answers[1]));
}

TEST_F(IssueResumeTest, ASecondStreamOfARunningBatchWaitsForTheFirst) {
  bool begun = false;
  const auto answers = Issue([&](const v1::IssueCodesResponse& answer) -> Result<void> {
    if (answer.codes_size() == 0 || std::exchange(begun, true)) return {};
    const auto second = Issue(
        [](const v1::IssueCodesResponse&) -> Result<void> {
          ADD_FAILURE() << "two streams carry out one batch";
          return {};
        },
        [] { return true; });
    EXPECT_EQ(RefusalOf(second), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
    return {};
  });
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_TRUE(begun);
  ExpectEachOnce(*answers);
}

TEST(IssueClientTest, NoSnapshotIsOpenWhileTheClientReads) {
  auto* store = new WatchedStore;
  World world{std::unique_ptr<store::Store>(store)};
  Methods methods(world);
  v1::IssueCodesRequest request;
  request.set_request_id("issue-1");
  request.set_blank(2 * kBatchChunk + 7);
  // The first call makes the codes, the second tells of them from their records.
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(methods.Stream<v1::IssueCodesResponse>(
        "IssuanceService/IssueCodes", request,
        [&](const v1::IssueCodesResponse& answer) -> Result<void> {
          EXPECT_EQ(store->open_snapshots(), 0) << answer.codes_size() << " codes";
          return {};
        }));
  }
}

TEST_F(IssueResumeTest, TwoRequestsNeverGiveOneFacilityTwoCodes) {
  Result<Answers> other_answers = Answers();
  std::thread other([&] {
    v1::IssueCodesRequest request = request_;
    request.set_request_id("issue-2");
    other_answers = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", request);
  });
  const auto answers = Issue();
  other.join();
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_TRUE(other_answers) << other_answers.error().message;
  EXPECT_EQ(TextsOf(*answers).size() + TextsOf(*other_answers).size(), kFacilities);
  EXPECT_EQ(*world_.Read()->Counter("codes/1"), kFacilities);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
