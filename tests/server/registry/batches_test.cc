#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"

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

TEST_F(BatchesTest, DamagedRecordsAreToldOf) {
  store::Change change;
  change.puts.push_back({store::Kind::kBatch, 7, 0, "\x0a\x7f", "entry"});
  ASSERT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(change))));
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::ListBatchesResponse>("RegistryService/ListBatches",
                                                              v1::ListBatchesRequest())),
            (Refusal{StatusCode::kDataLoss, "RECORD_DAMAGED", ""}));
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
