#include "server/rights/coverage.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/rights/confirm_request.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1000;

/// The counters of coverage as the records make them, each record read anew.
std::map<std::string, int64_t> Recount(const store::Snapshot& snapshot) {
  std::map<std::string, int64_t> counters;
  EXPECT_TRUE(snapshot.Scan(
      store::Kind::kFacility, 0, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        v1::Facility facility;
        facility.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        const std::string cover = CoverCounter(facility);
        if (cover.empty()) return true;
        ++counters[cover];
        if (*snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(id)) != 0) {
          ++counters[CodedCounter(cover)];
        }
        return true;
      }));
  return counters;
}
std::map<std::string, int64_t> Counted(const store::Snapshot& snapshot) {
  std::map<std::string, int64_t> counters;
  EXPECT_TRUE(snapshot.ScanCounters([&](std::string_view name, int64_t value) {
    if (ParseCover(name)) counters[std::string(name)] = value;
    return true;
  }));
  return counters;
}

class CoverageTest : public ::testing::Test {
 protected:
  Result<v1::GetCoverageResponse> Ask(const v1::GetCoverageRequest& request) {
    return methods_.Unary<v1::GetCoverageResponse>("RightsService/GetCoverage", request);
  }
  v1::Coverage Total() {
    const auto answer = Ask({});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->total() : v1::Coverage();
  }
  void ExpectCountsAreTheRecords() {
    const auto snapshot = world_.Read();
    EXPECT_EQ(Counted(*snapshot), Recount(*snapshot));
    EXPECT_THAT(Findings(world_), IsEmpty());
  }
  template <typename Change>
  void EditFacility(uint64_t uid, const Change& change) {
    EXPECT_TRUE(Edit<v1::Facility>(world_, uid, change));
  }
  static std::vector<std::string> GroupsOf(const v1::GetCoverageResponse& answer) {
    std::vector<std::string> groups;
    for (const auto& row : answer.rows()) {
      groups.push_back(row.group() + ":" + std::to_string(row.facilities()));
    }
    return groups;
  }
  void Narrow(const std::vector<std::string>& divisions,
              const std::vector<uint64_t>& organizations) {
    v1::Grant grant;
    for (const auto& division : divisions) grant.add_divisions(division);
    for (const uint64_t id : organizations) grant.add_organizations(id);
    auto reach = std::make_shared<Reach>();
    reach->Add(grant);
    world_.reach = reach;
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  uint64_t facility_ = world_.AddFacility(1, bureau_, owner_);
  Methods methods_{world_};
};

TEST_F(CoverageTest, FollowsAFacilityThroughItsLife) {
  EXPECT_EQ(Total().facilities(), 1U);
  EXPECT_EQ(Total().coded(), 0U);
  EXPECT_EQ(Total().owning().recorded(), 1U);
  EXPECT_EQ(Total().maintaining().none(), 1U);

  v1::IssueCodesRequest issue;
  issue.set_request_id("issue-1");
  issue.mutable_filter()->add_divisions("140502");
  const auto issued = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
  ASSERT_TRUE(issued) << issued.error().message;
  uint64_t serial = 0;
  for (const auto& answer : *issued) {
    if (answer.codes_size() > 0) serial = answer.codes(0).serial();
  }
  EXPECT_EQ(Total().coded(), 1U);
  ExpectCountsAreTheRecords();

  EditFacility(facility_, [&](v1::Facility& facility) {
    auto& owning = *facility.mutable_owning();
    owning.set_unclaimed_state(owning.state());
    owning.set_state(v1::RIGHT_STATE_CLAIMED);
    owning.add_claims()->set_organization(owner_);
  });
  EXPECT_EQ(Total().owning().claimed(), 1U);
  EXPECT_EQ(Total().owning().published(), 0U);
  EditFacility(facility_, [&](v1::Facility& facility) {
    facility.mutable_owning()->mutable_claims(0)->set_notice(9);
  });
  EXPECT_EQ(Total().owning().claimed(), 1U);
  EXPECT_EQ(Total().owning().published(), 1U);
  EditFacility(facility_, [&](v1::Facility& facility) {
    facility.mutable_owning()->clear_claims();
    facility.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
    facility.mutable_owning()->set_decided_notice(9);
  });
  EXPECT_EQ(Total().owning().confirmed(), 1U);
  EXPECT_EQ(Total().owning().published(), 1U);
  EXPECT_EQ(Total().coded(), 1U);

  EditFacility(facility_, [](v1::Facility& facility) { facility.set_division("140503"); });
  v1::GetCoverageRequest by_division;
  by_division.set_group(v1::COVERAGE_GROUP_DIVISION);
  EXPECT_THAT(GroupsOf(*Ask(by_division)), ElementsAre("140503:1"));
  EXPECT_EQ(Ask(by_division)->rows(0).coded(), 1U);

  v1::RevokeCodeRequest revoke;
  revoke.set_request_id("revoke-1");
  revoke.set_serial(serial);
  revoke.set_reason(v1::REVOCATION_REASON_LOST);
  ASSERT_TRUE(methods_.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", revoke));
  EXPECT_EQ(Total().coded(), 0U);

  EditFacility(facility_, [](v1::Facility& facility) { facility.set_life(v1::LIFE_SCRAPPED); });
  EXPECT_EQ(Total().facilities(), 0U);
  EXPECT_THAT(Counted(*world_.Read()), IsEmpty());
}

TEST_F(CoverageTest, DirectConfirmationIsNotPublished) {
  auto confirm = ConfirmRequest();
  confirm.set_facility(facility_);
  ASSERT_TRUE(methods_.Stream<v1::ConfirmRightsResponse>("RightsService/ConfirmRights", confirm));
  EXPECT_EQ(Total().supervising().confirmed(), 1U);
  EXPECT_EQ(Total().supervising().published(), 0U);
  ExpectCountsAreTheRecords();
}

TEST_F(CoverageTest, SuspendedCodesCountForNothingUntilTheyAreResumed) {
  // Not the first that is given: replacing signs another.
  constexpr uint64_t kPlate = kSerial + 1000;
  AddPlate(world_, kPlate, facility_);
  v1::SuspendCodeRequest suspend;
  suspend.set_request_id("suspend-1");
  suspend.set_serial(kPlate);
  ASSERT_TRUE(methods_.Unary<v1::SuspendCodeResponse>("IssuanceService/SuspendCode", suspend));
  EXPECT_EQ(Total().coded(), 0U);
  v1::ResumeCodeRequest resume;
  resume.set_request_id("resume-1");
  resume.set_serial(kPlate);
  ASSERT_TRUE(methods_.Unary<v1::ResumeCodeResponse>("IssuanceService/ResumeCode", resume));
  EXPECT_EQ(Total().coded(), 1U);
  v1::ReplaceCodeRequest replace;
  replace.set_request_id("replace-1");
  replace.set_serial(kPlate);
  replace.set_reason(v1::REVOCATION_REASON_DAMAGED);
  const auto replaced =
      methods_.Unary<v1::ReplaceCodeResponse>("IssuanceService/ReplaceCode", replace);
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(Total().coded(), 1U);
  ExpectCountsAreTheRecords();
}

TEST_F(CoverageTest, RandomChangesAreCountedAsARecountCountsThem) {
  std::mt19937 random(7);
  const auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  std::vector<uint64_t> facilities = {facility_};
  for (uint32_t number = 2; number <= 20; ++number) {
    facilities.push_back(world_.AddFacility(number, bureau_, number % 2 == 0 ? owner_ : 0));
  }
  std::map<uint64_t, uint64_t> codes;  // By facility.
  uint64_t serial = kSerial;
  for (int step = 0; step < 400; ++step) {
    const uint64_t uid = facilities[below(static_cast<uint32_t>(facilities.size()))];
    const uint32_t kind = below(6);
    if (kind == 0 && !codes.contains(uid)) {
      AddPlate(world_, serial, uid);
      codes[uid] = serial++;
    } else if (kind == 1 && codes.contains(uid)) {
      EXPECT_TRUE(Edit<v1::Code>(world_, codes.at(uid),
                                 [](v1::Code& code) { code.set_state(v1::CODE_STATE_REVOKED); }));
      codes.erase(uid);
    } else {
      EditFacility(uid, [&](v1::Facility& facility) {
        if (kind == 2) facility.set_division(below(2) == 0 ? "140502" : "140503");
        if (kind == 3) facility.set_class_code(below(2) == 0 ? "01001" : "01002");
        if (kind == 4) {
          facility.mutable_owning()->set_state(static_cast<v1::RightState>(below(5)));
          facility.mutable_owning()->set_decided_notice(below(2));
        }
        if (kind == 5) facility.set_life(below(4) == 0 ? v1::LIFE_SCRAPPED : v1::LIFE_IN_USE);
      });
    }
    if (step % 40 == 0) {
      EXPECT_EQ(Counted(*world_.Read()), Recount(*world_.Read())) << step;
    }
  }
  const auto snapshot = world_.Read();
  EXPECT_EQ(Counted(*snapshot), Recount(*snapshot));
}

TEST_F(CoverageTest, GroupsByDivisionClassAndTheHolderOfARight) {
  const uint64_t second = world_.AddFacility(2, bureau_);
  EditFacility(second, [](v1::Facility& facility) { facility.set_class_code("02001"); });
  v1::GetCoverageRequest request;
  request.set_group(v1::COVERAGE_GROUP_CLASS);
  EXPECT_THAT(GroupsOf(*Ask(request)), ElementsAre("01001:1", "02001:1"));
  request.set_group(v1::COVERAGE_GROUP_ORGANIZATION);
  EXPECT_THAT(GroupsOf(*Ask(request)), ElementsAre(std::to_string(bureau_) + ":2"));
  request.set_role(v1::RIGHT_KIND_OWNING);
  const auto by_owner = Ask(request);
  EXPECT_THAT(GroupsOf(*by_owner), ElementsAre("0:1", std::to_string(owner_) + ":1"));
  ASSERT_EQ(by_owner->organizations_size(), 1);
  EXPECT_EQ(by_owner->organizations(0).name(), "水务公司");
  EXPECT_EQ(by_owner->total().facilities(), 2U);
}

TEST_F(CoverageTest, ChoosesDivisionsClassesAndOrganizations) {
  const uint64_t second = world_.AddFacility(2, bureau_);
  EditFacility(second, [](v1::Facility& facility) {
    facility.set_class_code("02001");
    facility.set_division("140602");
  });
  const auto count = [&](const std::function<void(v1::GetCoverageRequest&)>& choose) {
    v1::GetCoverageRequest request;
    choose(request);
    return Ask(request)->total().facilities();
  };
  EXPECT_EQ(count([](auto& request) { request.add_divisions("14"); }), 2U);
  EXPECT_EQ(count([](auto& request) { request.add_divisions("1405"); }), 1U);
  EXPECT_EQ(count([](auto& request) { request.add_class_codes("02"); }), 1U);
  EXPECT_EQ(count([](auto& request) { request.add_class_codes("010"); }), 0U);
  EXPECT_EQ(count([&](auto& request) { request.add_organizations(bureau_); }), 2U);
  EXPECT_EQ(count([&](auto& request) { request.add_organizations(owner_); }), 0U)
      << "it supervises nothing";
  EXPECT_EQ(count([&](auto& request) {
              request.set_role(v1::RIGHT_KIND_OWNING);
              request.add_organizations(owner_);
            }),
            1U);
}

TEST_F(CoverageTest, CallerWithBoundsSeesWhatLiesWithinThem) {
  EditFacility(world_.AddFacility(2, bureau_),
               [](v1::Facility& facility) { facility.set_division("140602"); });
  Narrow({"1405"}, {});
  EXPECT_EQ(Total().facilities(), 1U);
  Narrow({}, {owner_});
  EXPECT_EQ(Total().facilities(), 1U);
  Narrow({"1406"}, {owner_});
  EXPECT_EQ(Total().facilities(), 0U);
  world_.reach = std::make_shared<Reach>();
  EXPECT_EQ(Total().facilities(), 0U);
}

TEST_F(CoverageTest, PublicSeesAllButOfNoOrganization) {
  Call call = world_.call("yima.v1.RightsService/GetCoverage");
  call.is_public = true;
  call.reach = std::make_shared<Reach>();
  v1::GetCoverageRequest request;
  const auto ask = [&] { return GetCoverage(world_.domain(), call, request, *world_.Read()); };
  EXPECT_EQ(ask()->total().facilities(), 1U);
  request.set_group(v1::COVERAGE_GROUP_ORGANIZATION);
  EXPECT_EQ(RefusalOf(ask()), (Refusal{StatusCode::kUnauthenticated, "TOKEN_MISSING", ""}));
  request.set_group(v1::COVERAGE_GROUP_DIVISION);
  request.add_organizations(owner_);
  EXPECT_EQ(RefusalOf(ask()), (Refusal{StatusCode::kUnauthenticated, "TOKEN_MISSING", ""}));
}

TEST_F(CoverageTest, RefusesWhatItCannotRead) {
  const auto refusal = [&](const std::function<void(v1::GetCoverageRequest&)>& spoil) {
    v1::GetCoverageRequest request;
    spoil(request);
    return RefusalOf(Ask(request));
  };
  constexpr auto kInvalid = StatusCode::kInvalidArgument;
  EXPECT_EQ(refusal([](auto& request) { request.add_divisions("140"); }),
            (Refusal{kInvalid, "DIVISION_MALFORMED", "divisions[0]"}));
  EXPECT_EQ(refusal([](auto& request) { request.add_class_codes(""); }),
            (Refusal{kInvalid, "CLASS_MALFORMED", "class_codes[0]"}));
  EXPECT_EQ(refusal([](auto& request) { request.set_group(v1::CoverageGroup(9)); }),
            (Refusal{kInvalid, "ENUM_UNKNOWN", "group"}));
  EXPECT_EQ(refusal([](auto& request) { request.set_role(v1::RightKind(9)); }),
            (Refusal{kInvalid, "ENUM_UNKNOWN", "role"}));
  EXPECT_EQ(refusal([](auto& request) {
              for (uint64_t id = 1; id <= 1001; ++id) request.add_organizations(id);
            }),
            (Refusal{kInvalid, "TOO_MANY_VALUES", "organizations"}));
}

TEST_F(CoverageTest, CheckFindsACounterThatIsWrong) {
  AddPlate(world_, kSerial, facility_);
  const std::string cover = CoverCounter(world_.Facility(facility_));
  store::Change change;
  change.adds = {{cover, 2}, {CodedCounter(cover), -1}};
  ASSERT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(change))));
  EXPECT_THAT(Findings(world_),
              ::testing::UnorderedElementsAre(
                  "counter " + cover + " is 3, but the records make it 1",
                  "counter " + CodedCounter(cover) + " is 0, but the records make it 1"));
}

}  // namespace
}  // namespace yima::server::testing
