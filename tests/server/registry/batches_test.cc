#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;

class BatchesTest : public ::testing::Test {
 protected:
  uint64_t IssueBlank(uint64_t n) {
    v1::IssueCodesRequest request;
    request.set_request_id(fmt::format("issue-{}", ++requests_));
    request.set_blank(n);
    return methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", request)
        ->front()
        .batch();
  }

  World world_;
  Methods methods_{world_};
  int requests_ = 0;
};

TEST_F(BatchesTest, TellsWhatABatchWasAndDid) {
  v1::GetBatchRequest request;
  request.set_batch(IssueBlank(3));
  const auto batch = methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", request);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->batch().kind(), v1::BATCH_KIND_ISSUE);
  EXPECT_EQ(batch->batch().state(), v1::BATCH_STATE_DONE);
  EXPECT_EQ(batch->batch().source(), "3 blank plates");
  EXPECT_EQ(batch->batch().counts().total(), 3);
  EXPECT_EQ(batch->batch().counts().created(), 3);
  EXPECT_EQ(batch->batch().request_id(), "issue-1");
  EXPECT_EQ(batch->batch().end_time_us(), world_now);
}

/// In a registry that was rebuilt from its log cursors stand at the beginning.
TEST_F(BatchesTest, AStoppedBatchWithACursorAtTheBeginningKeepsItsCounts) {
  const uint64_t id = IssueBlank(3);
  ASSERT_TRUE(Edit<v1::Batch>(world_, id, [](v1::Batch& batch) {
    batch.set_state(v1::BATCH_STATE_STOPPED);
    batch.mutable_counts()->set_done(2);
  }));
  const auto counts_with = [&](uint64_t done) {
    v1::BatchCounts cursor;
    cursor.set_done(done);
    ChangeWriter writer(world_.call("test"), "");
    const auto stands = *world_.Read()->Get(store::Kind::kBatchCursor, id);
    writer.PutUnlogged(store::Kind::kBatchCursor, id, stands->revision, cursor.SerializeAsString());
    EXPECT_TRUE(Apply(world_, writer));
    v1::GetBatchRequest request;
    request.set_batch(id);
    return methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", request)
        ->batch()
        .counts()
        .done();
  };
  EXPECT_EQ(counts_with(0), 2u);
  EXPECT_EQ(counts_with(3), 3u) << "what was under way when it was stopped";
}

TEST_F(BatchesTest, DamagedRecordsAreToldOf) {
  store::Change change;
  change.puts.push_back({store::Kind::kBatch, 7, 0, "\x0a\x7f", "entry"});
  ASSERT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(change))));
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::ListBatchesResponse>("RegistryService/ListBatches",
                                                              v1::ListBatchesRequest())),
            (Refusal{StatusCode::kDataLoss, "RECORD_DAMAGED", ""}));
}

/// The words of a filter leave out which uids; the request itself does not.
TEST_F(BatchesTest, RecordSaysWhatWasAskedFor) {
  const uint64_t bureau = world_.AddOrganization("城管局");
  v1::IssueCodesRequest issue;
  issue.mutable_filter()->add_uids(world_.AddFacility(1, bureau));
  for (uint64_t uid = 2; uid <= 1000; ++uid) issue.mutable_filter()->add_uids(uid << 32);
  v1::ConfirmRightsRequest confirm;
  confirm.mutable_filter()->set_right_kind(v1::RIGHT_KIND_SUPERVISING);
  confirm.mutable_filter()->add_right_states(v1::RIGHT_STATE_RECORDED);
  confirm.add_kinds(v1::RIGHT_KIND_SUPERVISING);
  confirm.mutable_basis()->set_kind("批复");
  confirm.mutable_basis()->set_number("3号");
  const std::string asked[] = {issue.SerializeAsString(), confirm.SerializeAsString()};
  issue.set_request_id("issue-1");
  confirm.set_request_id("confirm-1");
  const uint64_t batches[] = {
      methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue)->front().batch(),
      methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", confirm)
          ->front()
          .batch()};
  for (int i = 0; i < 2; ++i) {
    v1::GetBatchRequest request;
    request.set_batch(batches[i]);
    const auto batch = methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", request);
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->batch().request(), asked[i]);
  }
  const auto listed = methods_.Unary<v1::ListBatchesResponse>("RegistryService/ListBatches",
                                                              v1::ListBatchesRequest());
  ASSERT_EQ(listed->batches_size(), 2);
  EXPECT_EQ(listed->batches(0).source(), "RIGHT_KIND_SUPERVISING, RIGHT_STATE_RECORDED");
  for (const auto& batch : listed->batches()) {
    EXPECT_EQ(batch.asked_case(), v1::Batch::ASKED_NOT_SET);
  }
}

TEST_F(BatchesTest, RecordOfALongRequestHoldsItsHash) {
  const uint64_t bureau = world_.AddOrganization("城管局");
  world_.AddFacility(1, bureau);
  v1::IssueCodesRequest issue;
  auto& filter = *issue.mutable_filter();
  filter.add_class_codes("01001");
  filter.add_organizations(bureau);
  for (int i = 0; i < 999; ++i) {
    filter.add_divisions("140502");
    filter.add_class_codes(std::string(16, 'x'));
    filter.add_organizations(UINT64_MAX);
  }
  issue.set_request_id("issue-1");
  const auto answers = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
  ASSERT_TRUE(answers) << answers.error().message;
  v1::GetBatchRequest request;
  request.set_batch(answers->front().batch());
  const auto batch = methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", request);
  EXPECT_EQ(batch->batch().asked_case(), v1::Batch::kRequestSha256);
  EXPECT_EQ(batch->batch().request_sha256().size(), 32);
}

TEST_F(BatchesTest, UnknownBatchIsNotFound) {
  v1::GetBatchRequest request;
  for (const uint64_t batch : {uint64_t{0}, uint64_t{7}, UINT64_MAX}) {
    request.set_batch(batch);
    EXPECT_EQ(RefusalOf(methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", request)),
              (Refusal{StatusCode::kNotFound, "BATCH_NOT_FOUND", "batch"}));
  }
}

TEST_F(BatchesTest, ListsTheNewestFirstPageByPage) {
  std::vector<uint64_t> batches;
  for (int i = 0; i < 5; ++i) batches.push_back(IssueBlank(1));
  v1::ListBatchesRequest request;
  request.set_page_size(2);
  std::vector<uint64_t> seen;
  do {
    const auto page =
        methods_.Unary<v1::ListBatchesResponse>("RegistryService/ListBatches", request);
    ASSERT_TRUE(page);
    for (const auto& batch : page->batches()) seen.push_back(batch.id());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen, ElementsAre(batches[4], batches[3], batches[2], batches[1], batches[0]));
}

}  // namespace
}  // namespace yima::server::testing
