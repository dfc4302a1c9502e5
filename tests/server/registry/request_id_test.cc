#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/store/sqlite_store.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/registry/facility_request.h"

namespace yima::server::testing {
namespace {

/// On the real store, for what must outlive a restart.
class RequestIdTest : public ::testing::Test {
 protected:
  RequestIdTest() {
    std::string pattern = ::testing::TempDir() + "yima-request-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    world_ = std::make_unique<World>(Open());
    bureau_ = world_->AddOrganization("城管局");
    methods_ = std::make_unique<Methods>(*world_);
  }
  ~RequestIdTest() override {
    methods_.reset();
    world_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<store::Store> Open() const {
    store::SqliteOptions options;
    options.create = true;
    return *store::OpenSqliteStore(folder_ / "yima.db", options);
  }
  void Restart() {
    methods_.reset();
    world_->Reopen([&] { return Open(); });
    methods_ = std::make_unique<Methods>(*world_);
  }
  Result<v1::CreateFacilityResponse> Create(const v1::CreateFacilityRequest& request) {
    return methods_->Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", request);
  }

  std::filesystem::path folder_;
  std::unique_ptr<World> world_;
  std::unique_ptr<Methods> methods_;
  uint64_t bureau_ = 0;
};

TEST_F(RequestIdTest, TheSameRequestIsAnsweredTheSameAndActsOnce) {
  const auto request = FacilityRequest(1, bureau_);
  const auto first = Create(request);
  ASSERT_TRUE(first) << first.error().message;
  const std::string state = world_->State();
  EXPECT_EQ(Create(request)->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_->State(), state);
}

TEST_F(RequestIdTest, TheSameRequestIsAnsweredTheSameAfterARestart) {
  auto request = FacilityRequest(1, bureau_);
  request.mutable_facility()->clear_codes();
  request.set_assign_code(true);
  const auto first = Create(request);
  ASSERT_TRUE(first) << first.error().message;
  const std::string state = world_->State();
  Restart();
  EXPECT_EQ(world_->State(), state);
  EXPECT_EQ(Create(request)->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_->State(), state);
}

TEST_F(RequestIdTest, AnotherRequestUnderItIsRefusedAlsoAfterARestart) {
  ASSERT_TRUE(Create(FacilityRequest(1, bureau_)));
  const std::string state = world_->State();
  const Refusal reused{StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED", "request_id"};
  EXPECT_EQ(RefusalOf(Create(FacilityRequest(2, bureau_))), reused);
  Restart();
  EXPECT_EQ(RefusalOf(Create(FacilityRequest(2, bureau_))), reused);
  EXPECT_EQ(world_->State(), state);
}

TEST_F(RequestIdTest, ARefusedRequestLeavesItsIdFree) {
  auto request = FacilityRequest(1, bureau_);
  request.mutable_facility()->set_class_code("99999");
  ASSERT_FALSE(Create(request));
  EXPECT_TRUE(Create(FacilityRequest(1, bureau_)));
}

/// A write that finds all as wanted is done, too: its id is not free for another.
TEST_F(RequestIdTest, RequestThatChangedNothingKeepsItsId) {
  const Plate plate = AddPlate(*world_, uint64_t{1} << 32 | 1, 0);
  v1::RevokeCodeRequest request;
  request.set_serial(plate.serial);
  request.set_reason(v1::REVOCATION_REASON_LOST);
  const auto revoke = [&](const char* id) {
    request.set_request_id(id);
    return methods_->Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", request);
  };
  ASSERT_TRUE(revoke("revoke-1"));
  const std::string state = world_->State();
  const auto again = revoke("revoke-2");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(revoke("revoke-2")->SerializeAsString(), again->SerializeAsString());
  Restart();
  request.set_reason(v1::REVOCATION_REASON_DAMAGED);
  EXPECT_EQ(RefusalOf(revoke("revoke-2")),
            (Refusal{StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED", "request_id"}));
  EXPECT_EQ(world_->State(), state);
}

TEST_F(RequestIdTest, DryRunKeepsNoId) {
  v1::ImportOrganizationsRequest request;
  request.set_request_id("import-1");
  request.add_inputs()->mutable_organization()->set_name("水务公司");
  request.set_dry_run(true);
  const auto import = [&] {
    return methods_->Unary<v1::ImportOrganizationsResponse>("RegistryService/ImportOrganizations",
                                                            request);
  };
  ASSERT_TRUE(import());
  request.set_dry_run(false);
  ASSERT_TRUE(import());
  EXPECT_EQ(import()->created(), 1);
}

TEST_F(RequestIdTest, OneIdServesEachMethodForItself) {
  ASSERT_TRUE(Create(FacilityRequest(1, bureau_, "same")));
  v1::CreateOrganizationRequest request;
  request.set_request_id("same");
  request.mutable_input()->mutable_organization()->set_name("水务公司");
  EXPECT_TRUE(methods_->Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization",
                                                              request));
}

TEST_F(RequestIdTest, ManyAtOnceActOnceAndAllGetTheAnswer) {
  const auto request = FacilityRequest(1, bureau_);
  const uint64_t log = *world_->Read()->LogSize();
  std::vector<std::thread> callers;
  std::vector<Result<v1::CreateFacilityResponse>> answers(16, v1::CreateFacilityResponse());
  for (auto& answer : answers) callers.emplace_back([&] { answer = Create(request); });
  for (auto& caller : callers) caller.join();
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->facility().uid(), answers[0]->facility().uid());
  }
  EXPECT_EQ(*world_->Read()->LogSize(), log + 1);
}

TEST_F(RequestIdTest, OneCodeForManyCallersGoesToOne) {
  std::vector<std::thread> callers;
  std::vector<Result<v1::CreateFacilityResponse>> answers(16, v1::CreateFacilityResponse());
  for (size_t i = 0; i < answers.size(); ++i) {
    callers.emplace_back(
        [&, i] { answers[i] = Create(FacilityRequest(1, bureau_, fmt::format("create-{}", i))); });
  }
  for (auto& caller : callers) caller.join();
  int created = 0;
  for (const auto& answer : answers) {
    if (answer) {
      ++created;
      continue;
    }
    EXPECT_EQ(RefusalOf(answer), (Refusal{StatusCode::kAlreadyExists, "FACILITY_CODE_TAKEN",
                                          "facility.codes[0].digits"}));
  }
  EXPECT_EQ(created, 1);
}

}  // namespace
}  // namespace yima::server::testing
