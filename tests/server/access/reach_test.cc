#include "server/domain/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/code/serial.h"
#include "tests/server/access/callers.h"
#include "tests/server/import/ledger_run.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::shared_ptr<const Reach> In(const std::string& division, uint64_t organization = 0) {
  v1::Grant grant = GrantOf(v1::ROLE_MANAGER, division);
  if (organization != 0) grant.add_organizations(organization);
  auto reach = std::make_shared<Reach>();
  reach->Add(grant);
  return reach;
}

/// A facility of 140502 that the city supervises and one water company owns, with a plate, seen by
/// a manager of the neighbouring division and by one of another company.
class ReachTest : public ::testing::TestWithParam<bool> {
 protected:
  ReachTest() {
    city_ = world_.AddOrganization("城管局");
    owner_ = world_.AddOrganization("城区排水公司");
    other_ = world_.AddOrganization("泽州自来水公司");
    facility_ = world_.AddFacility(1, city_, owner_);
    world_.AddFacility(2, city_, other_);
    v1::IssueCodesRequest issue;
    issue.set_request_id("issue");
    issue.set_facility(facility_);
    const auto issued =
        methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
    for (const auto& part : *issued) {
      if (part.codes_size() > 0) serial_ = part.codes(0).serial();
      batch_ = part.batch();
    }
    outside_ = GetParam() ? In("140521") : In("", world_.AddOrganization("园林处"));
  }

  void Outside() { world_.reach = outside_; }
  void Everywhere() { world_.reach = Reach::Everywhere(); }

  static Refusal Exceeded(const std::string& field) {
    return {StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", field};
  }

  World world_;
  Methods methods_{world_};
  uint64_t city_ = 0;
  uint64_t owner_ = 0;
  uint64_t other_ = 0;
  uint64_t facility_ = 0;
  uint64_t serial_ = 0;
  uint64_t batch_ = 0;
  std::shared_ptr<const Reach> outside_;
};

INSTANTIATE_TEST_SUITE_P(OtherDivisionOrOrganization, ReachTest, ::testing::Bool());

TEST_P(ReachTest, ReadsNothingOutside) {
  Outside();
  v1::GetFacilityRequest get;
  get.set_uid(facility_);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", get)),
            Exceeded("name"));
  const auto listed = methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities",
                                                                 v1::ListFacilitiesRequest());
  ASSERT_TRUE(listed);
  EXPECT_THAT(listed->facilities(), IsEmpty());
  v1::GetCodeRequest code;
  code.set_serial(serial_);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::GetCodeResponse>("IssuanceService/GetCode", code)),
            Exceeded("serial"));
  v1::ListCodesRequest codes;
  codes.mutable_filter()->set_batch(batch_);
  EXPECT_THAT(methods_.Unary<v1::ListCodesResponse>("IssuanceService/ListCodes", codes)->codes(),
              IsEmpty());
  codes.mutable_filter()->clear_batch();
  codes.mutable_filter()->mutable_facilities()->add_divisions("140502");
  EXPECT_THAT(methods_.Unary<v1::ListCodesResponse>("IssuanceService/ListCodes", codes)->codes(),
              IsEmpty());
}

TEST_P(ReachTest, TouchesNothingOutside) {
  Outside();
  const std::string state = world_.State();
  v1::RevokeCodeRequest revoke;
  revoke.set_request_id("revoke");
  revoke.set_serial(serial_);
  revoke.set_reason(v1::REVOCATION_REASON_LOST);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", revoke)),
            Exceeded("serial"));
  v1::SuspendCodeRequest suspend;
  suspend.set_request_id("suspend");
  suspend.set_serial(serial_);
  EXPECT_EQ(
      RefusalOf(methods_.Unary<v1::SuspendCodeResponse>("IssuanceService/SuspendCode", suspend)),
      Exceeded("serial"));
  v1::ReplaceCodeRequest replace;
  replace.set_request_id("replace");
  replace.set_serial(serial_);
  replace.set_reason(v1::REVOCATION_REASON_DAMAGED);
  EXPECT_EQ(
      RefusalOf(methods_.Unary<v1::ReplaceCodeResponse>("IssuanceService/ReplaceCode", replace)),
      Exceeded("serial"));
  v1::IssueCodesRequest issue;
  issue.set_request_id("issue-1");
  issue.set_facility(facility_);
  EXPECT_EQ(RefusalOf(methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue)),
            Exceeded("facility"));
  v1::ConfirmRightsRequest confirm;
  confirm.set_request_id("confirm");
  confirm.set_facility(facility_);
  confirm.add_kinds(v1::RIGHT_KIND_OWNING);
  confirm.mutable_basis()->set_kind("批复");
  confirm.mutable_basis()->set_number("1");
  EXPECT_EQ(
      RefusalOf(methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", confirm)),
      Exceeded("facility"));
  EXPECT_EQ(world_.State(), state);
}

/// Whoever forges a filter over others' facilities finds none of them.
TEST_P(ReachTest, AFilterFindsNothingOutside) {
  Outside();
  const std::string state = world_.State();
  v1::IssueCodesRequest issue;
  issue.set_request_id("issue-2");
  issue.mutable_filter()->add_divisions("140502");
  const auto issued = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->back().total(), 0u);
  v1::ConfirmRightsRequest confirm;
  confirm.set_request_id("confirm-2");
  confirm.mutable_filter()->add_uids(facility_);
  confirm.add_kinds(v1::RIGHT_KIND_OWNING);
  confirm.mutable_basis()->set_kind("批复");
  confirm.mutable_basis()->set_number("1");
  const auto confirmed =
      methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", confirm);
  ASSERT_TRUE(confirmed);
  EXPECT_EQ(confirmed->back().confirmed(), 0u);
  EXPECT_EQ(world_.State(), state);
}

TEST_P(ReachTest, AScanOutsideShowsWhatEverybodySees) {
  v1::LookupRequest lookup;
  lookup.set_short_number(Serial::FromInteger(serial_)->ShortNumber());
  const auto basis = [&] {
    const auto found = methods_.Unary<v1::LookupResponse>("ResolverService/Lookup", lookup);
    return found ? found->facility().owning().basis().number() : found.error().message;
  };
  v1::ConfirmRightsRequest confirm;
  confirm.set_request_id("confirm-3");
  confirm.set_facility(facility_);
  confirm.add_kinds(v1::RIGHT_KIND_OWNING);
  confirm.mutable_basis()->set_kind("批复");
  confirm.mutable_basis()->set_number("批复第 1 号");
  ASSERT_TRUE(methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", confirm));
  EXPECT_EQ(basis(), "批复第 1 号");
  Outside();
  EXPECT_EQ(basis(), "");
}

/// The same request again, after the bounds were drawn closer, is not gone on with.
TEST_P(ReachTest, WorkBegunWithinOtherBoundsIsNotResumed) {
  Outside();
  v1::IssueCodesRequest issue;
  issue.set_request_id("issue");
  issue.set_facility(facility_);
  EXPECT_EQ(RefusalOf(methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue)),
            (Refusal{StatusCode::kFailedPrecondition, "REQUEST_ID_REUSED", "request_id"}));
}

TEST_P(ReachTest, OthersBlankPlatesAreNotTakenByTheirNumber) {
  v1::IssueCodesRequest issue;
  issue.set_request_id("blank-1");
  issue.set_blank(1);
  v1::IssuedCode blank;
  const auto issued = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
  ASSERT_TRUE(issued);
  for (const auto& part : *issued) {
    if (part.codes_size() > 0) blank = part.codes(0);
  }
  const uint64_t own = world_.AddFacility(7, city_, owner_);
  world_.reach = In("140502", owner_);
  world_.principal = "somebody else";
  v1::BindCodeRequest bind;
  bind.set_request_id("bind-1");
  bind.set_serial(blank.serial());
  bind.set_facility(own);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind)),
            Exceeded("plate"));
  // Who has the plate in his hand reads its text.
  bind.set_text(blank.text());
  EXPECT_TRUE(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind));
}

TEST_P(ReachTest, APlateIsNotBoundOutside) {
  v1::IssueCodesRequest issue;
  issue.set_request_id("blank");
  issue.set_blank(1);
  uint64_t blank = 0;
  const auto issued = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
  ASSERT_TRUE(issued);
  for (const auto& part : *issued) {
    if (part.codes_size() > 0) blank = part.codes(0).serial();
  }
  Outside();
  v1::BindCodeRequest bind;
  bind.set_request_id("bind");
  bind.set_serial(blank);
  bind.set_facility(facility_);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind)),
            Exceeded("facility"));
}

TEST_P(ReachTest, ALedgerTouchesNothingOutside) {
  Outside();
  const std::string state = world_.State();
  LedgerRun ledger;
  ledger.header.set_update(true);
  ledger.header.set_keep_going(true);
  ledger.AddRow(1).mutable_facility()->set_address("泽州路 1 号");
  ledger.AddRow(3);
  std::vector<std::pair<Refusal, uint64_t>> refused;
  ledger.refused = [&](const Error& error, uint64_t times) {
    refused.emplace_back(Refusal{error.code, error.reason, error.field}, times);
  };
  const auto report = ledger.Import(world_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rejected(), 2u);
  EXPECT_EQ(refused, (std::vector{std::pair(Exceeded("division"), uint64_t{2})}));
  ASSERT_EQ(ledger.problems.size(), 2u);
  EXPECT_EQ(ledger.problems[0].reason(), "SCOPE_EXCEEDED");
  EXPECT_EQ(world_.State(), state);
}

TEST_P(ReachTest, BatchesOfOthersAreNotShown) {
  Outside();
  const auto listed = [&] {
    return methods_
        .Unary<v1::ListBatchesResponse>("RegistryService/ListBatches", v1::ListBatchesRequest())
        ->batches_size();
  };
  v1::GetBatchRequest get;
  get.set_batch(batch_);
  // What one began oneself one sees, wherever it lies.
  EXPECT_EQ(listed(), 1);
  EXPECT_TRUE(methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", get));
  world_.principal = "somebody else";
  EXPECT_EQ(listed(), 0);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::GetBatchResponse>("RegistryService/GetBatch", get)),
            Exceeded("batch"));
}

/// What lies in one's division is somebody else's all the same when a row names another's key.
TEST(ReachByKeyTest, ALedgerDoesNotUpdateWhatItsExternalCodeFindsOutside) {
  World world;
  world.AddOrganization("城管局");
  LedgerRun before;
  before.header.set_key_namespace("ledger");
  before.AddKeyedRow("A-1").mutable_facility()->set_address("旧址");
  ASSERT_TRUE(before.Import(world));
  const std::string state = world.State();
  world.reach = In("140521");
  LedgerRun ledger;
  ledger.header.set_request_id("second");
  ledger.header.set_update(true);
  ledger.header.set_key_namespace("ledger");
  ledger.AddKeyedRow("A-1").mutable_facility()->set_division("140521");
  const auto report = ledger.Import(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->updated(), 0u);
  EXPECT_EQ(report->conflicts(), 1u);
  ASSERT_EQ(ledger.problems.size(), 1u);
  EXPECT_EQ(ledger.problems[0].reason(), "SCOPE_EXCEEDED");
  EXPECT_EQ(world.State(), state);
}

TEST(ReachOfOrganizationsTest, WhoActsForOneCompanyEntersNoOthers) {
  World world;
  Methods methods(world);
  world.reach = In("", world.AddOrganization("城区排水公司"));
  v1::CreateOrganizationRequest create;
  create.set_request_id("create");
  create.mutable_input()->mutable_organization()->set_name("假公司");
  EXPECT_EQ(RefusalOf(methods.Unary<v1::CreateOrganizationResponse>(
                          "RegistryService/CreateOrganization", create))
                .reason,
            "SCOPE_EXCEEDED");
  world.reach = In("140502");
  EXPECT_TRUE(
      methods.Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization", create));
}

TEST(ReachOfOrganizationsTest, OthersAreNotChangedAndTheirPersonsNotShown) {
  World world;
  Methods methods(world);
  v1::CreateOrganizationRequest create;
  create.set_request_id("create");
  create.mutable_input()->mutable_organization()->set_name("城区排水公司");
  create.mutable_input()->set_contact_name("王师傅");
  const auto made =
      methods.Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization", create);
  ASSERT_TRUE(made);
  world.reach = In("140502");
  v1::GetOrganizationRequest get;
  get.set_id(made->organization().id());
  const auto shown =
      methods.Unary<v1::GetOrganizationResponse>("RegistryService/GetOrganization", get);
  ASSERT_TRUE(shown);
  EXPECT_FALSE(shown->organization().has_contact_name());
  const auto listed = methods.Unary<v1::ListOrganizationsResponse>(
      "RegistryService/ListOrganizations", v1::ListOrganizationsRequest());
  EXPECT_FALSE(listed->organizations(0).has_contact_name());
  v1::ImportOrganizationsRequest import;
  import.set_request_id("import");
  auto* organization = import.add_inputs()->mutable_organization();
  organization->set_name("城区排水公司");
  organization->set_telephone("0356-1234567");
  EXPECT_EQ(RefusalOf(methods.Unary<v1::ImportOrganizationsResponse>(
                          "RegistryService/ImportOrganizations", import))
                .reason,
            "SCOPE_EXCEEDED");
}

TEST(ReachUnionTest, GrantsAddUpAndOneNeedsBothOfItsBounds) {
  Reach reach;
  v1::Grant one = GrantOf(v1::ROLE_MANAGER, "1405");
  one.add_organizations(7);
  reach.Add(one);
  reach.Add(GrantOf(v1::ROLE_MANAGER, "140521"));
  v1::Facility facility;
  facility.set_division("140502");
  EXPECT_FALSE(reach.Covers(facility));
  facility.mutable_maintaining()->set_holder(7);
  EXPECT_TRUE(reach.Covers(facility));
  facility.set_division("150000");
  EXPECT_FALSE(reach.Covers(facility));
  facility.clear_maintaining();
  facility.set_division("140521");
  EXPECT_TRUE(reach.Covers(facility));
  EXPECT_FALSE(reach.everywhere());
}

}  // namespace
}  // namespace yima::server::testing
