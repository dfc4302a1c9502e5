#include <algorithm>
#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/domain/page_scan.h"
#include "tests/server/methods.h"
#include "tests/server/plates.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class FacilityListTest : public ::testing::Test {
 protected:
  Result<v1::ListFacilitiesResponse> List(const v1::ListFacilitiesRequest& request) {
    return methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities", request);
  }
  std::vector<uint64_t> UidsOf(const v1::FacilityFilter& filter) {
    v1::ListFacilitiesRequest request;
    *request.mutable_filter() = filter;
    std::vector<uint64_t> uids;
    const auto page = List(request);
    EXPECT_TRUE(page);
    for (const auto& facility : page->facilities()) uids.push_back(facility.uid());
    return uids;
  }
  std::vector<uint64_t> Uids(const std::function<void(v1::FacilityFilter&)>& fill) {
    v1::FacilityFilter filter;
    fill(filter);
    return UidsOf(filter);
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  Methods methods_{world_};
};

class FilterTest : public FacilityListTest {
 protected:
  FilterTest() {
    AddPlate(world_, kSerial, a_);
    Edit<v1::Facility>(world_, b_, [](v1::Facility& facility) {
      facility.set_division("140581");
      facility.set_class_code("01037");
      facility.set_condition(v1::CONDITION_DAMAGED);
      facility.mutable_supervising()->set_state(v1::RIGHT_STATE_CONFIRMED);
      facility.mutable_codes(0)->set_scheme(117);
      facility.set_batch(77);
    });
    Edit<v1::Facility>(world_, c_, [](v1::Facility& facility) {
      facility.mutable_owning()->set_state(v1::RIGHT_STATE_OWNERLESS);
    });
  }

  uint64_t a_ = world_.AddFacility(1, bureau_, owner_);
  uint64_t b_ = world_.AddFacility(2, bureau_);
  uint64_t c_ = world_.AddFacility(3, bureau_);
};

TEST_F(FilterTest, EmptyFindsEverything) { EXPECT_THAT(UidsOf({}), ElementsAre(a_, b_, c_)); }

TEST_F(FilterTest, FindsByDivisionAndItsPrefixes) {
  EXPECT_THAT(Uids([](auto& f) { f.add_divisions("140581"); }), ElementsAre(b_));
  EXPECT_THAT(Uids([](auto& f) { f.add_divisions("1405"); }), ElementsAre(a_, b_, c_));
  EXPECT_THAT(Uids([](auto& f) { f.add_divisions("11"); }), IsEmpty());
}

TEST_F(FilterTest, FindsByClassAndGroup) {
  EXPECT_THAT(Uids([](auto& f) { f.add_class_codes("01037"); }), ElementsAre(b_));
  EXPECT_THAT(Uids([](auto& f) { f.add_class_codes("01"); }), ElementsAre(a_, b_, c_));
  EXPECT_THAT(Uids([](auto& f) {
                f.add_class_codes("01037");
                f.add_class_codes("01001");
              }),
              ElementsAre(a_, b_, c_));
  // Not a prefix: only two digits are.
  EXPECT_THAT(Uids([](auto& f) { f.add_class_codes("0103"); }), IsEmpty());
}

TEST_F(FilterTest, FindsByOrganizationSchemeConditionBatchAndUid) {
  EXPECT_THAT(Uids([&](auto& f) { f.add_organizations(owner_); }), ElementsAre(a_));
  EXPECT_THAT(Uids([](auto& f) { f.add_organizations(999); }), IsEmpty());
  EXPECT_THAT(Uids([](auto& f) { f.add_schemes(117); }), ElementsAre(b_));
  EXPECT_THAT(Uids([](auto& f) { f.add_conditions(v1::CONDITION_DAMAGED); }), ElementsAre(b_));
  EXPECT_THAT(Uids([](auto& f) { f.set_batch(77); }), ElementsAre(b_));
  EXPECT_THAT(Uids([&](auto& f) {
                f.add_uids(c_);
                f.add_uids(a_);
                f.add_uids(c_);
                f.add_uids(4242);
              }),
              ElementsAre(a_, c_));
}

TEST_F(FilterTest, FindsByStateOfARight) {
  EXPECT_THAT(Uids([](auto& f) { f.add_right_states(v1::RIGHT_STATE_CONFIRMED); }),
              ElementsAre(b_));
  EXPECT_THAT(Uids([](auto& f) {
                f.set_right_kind(v1::RIGHT_KIND_OWNING);
                f.add_right_states(v1::RIGHT_STATE_CONFIRMED);
              }),
              IsEmpty());
  EXPECT_THAT(Uids([](auto& f) {
                f.set_right_kind(v1::RIGHT_KIND_OWNING);
                f.add_right_states(v1::RIGHT_STATE_OWNERLESS);
              }),
              ElementsAre(c_));
}

TEST_F(FilterTest, FindsCodedAndUncoded) {
  EXPECT_THAT(Uids([](auto& f) { f.set_coded(v1::CODED_FILTER_CODED); }), ElementsAre(a_));
  EXPECT_THAT(Uids([](auto& f) { f.set_coded(v1::CODED_FILTER_UNCODED); }), ElementsAre(b_, c_));
}

TEST_F(FilterTest, JoinsFieldsByAnd) {
  EXPECT_THAT(Uids([&](auto& f) {
                f.add_divisions("140502");
                f.add_class_codes("01001");
                f.set_coded(v1::CODED_FILTER_UNCODED);
              }),
              ElementsAre(c_));
}

struct BadFilter {
  const char* name;
  std::function<void(v1::FacilityFilter&)> fill;
  const char* reason;
  const char* field;
};
void PrintTo(const BadFilter& bad, std::ostream* out) { *out << bad.name; }
class BadFilterTest : public ::testing::TestWithParam<BadFilter> {};

void AddMany(const std::function<void()>& add) {
  for (int i = 0; i <= 1000; ++i) add();
}

const BadFilter kBadFilters[] = {
    {"Division3", [](auto& f) { f.add_divisions("140"); }, "DIVISION_MALFORMED", "divisions[0]"},
    {"DivisionLetters",
     [](auto& f) {
       f.add_divisions("14");
       f.add_divisions("市中");
     },
     "DIVISION_MALFORMED", "divisions[1]"},
    {"ClassEmpty", [](auto& f) { f.add_class_codes(""); }, "CLASS_MALFORMED", "class_codes[0]"},
    {"ClassLong", [](auto& f) { f.add_class_codes(std::string(17, '1')); }, "CLASS_MALFORMED",
     "class_codes[0]"},
    {"Scheme0", [](auto& f) { f.add_schemes(0); }, "SCHEME_UNASSIGNED", "schemes[0]"},
    {"Scheme258", [](auto& f) { f.add_schemes(258); }, "SCHEME_UNASSIGNED", "schemes[0]"},
    {"Condition", [](auto& f) { f.add_conditions(static_cast<v1::Condition>(99)); }, "ENUM_UNKNOWN",
     "conditions[0]"},
    {"RightState", [](auto& f) { f.add_right_states(static_cast<v1::RightState>(99)); },
     "ENUM_UNKNOWN", "right_states[0]"},
    {"RightKind", [](auto& f) { f.set_right_kind(static_cast<v1::RightKind>(99)); }, "ENUM_UNKNOWN",
     "right_kind"},
    {"RightKindAlone", [](auto& f) { f.set_right_kind(v1::RIGHT_KIND_OWNING); },
     "RIGHT_STATE_MISSING", "right_states"},
    {"Coded", [](auto& f) { f.set_coded(static_cast<v1::CodedFilter>(99)); }, "ENUM_UNKNOWN",
     "coded"},
    {"Uids",
     [](auto& f) {
       for (uint64_t uid = 1; uid <= 200001; ++uid) f.add_uids(uid);
     },
     "TOO_MANY_UIDS", "uids"},
    {"Divisions", [](auto& f) { AddMany([&] { f.add_divisions("140502"); }); }, "TOO_MANY_VALUES",
     "divisions"},
    {"Classes", [](auto& f) { AddMany([&] { f.add_class_codes("01001"); }); }, "TOO_MANY_VALUES",
     "class_codes"},
    {"Organizations", [](auto& f) { AddMany([&] { f.add_organizations(1); }); }, "TOO_MANY_VALUES",
     "organizations"},
    {"Schemes", [](auto& f) { AddMany([&] { f.add_schemes(2); }); }, "TOO_MANY_VALUES", "schemes"},
    {"Conditions", [](auto& f) { AddMany([&] { f.add_conditions(v1::CONDITION_INTACT); }); },
     "TOO_MANY_VALUES", "conditions"},
    {"RightStates", [](auto& f) { AddMany([&] { f.add_right_states(v1::RIGHT_STATE_RECORDED); }); },
     "TOO_MANY_VALUES", "right_states"},
};

TEST_P(BadFilterTest, IsRefusedWhereverItStands) {
  World world;
  Methods methods(world);
  const std::string state = world.State();
  v1::ListFacilitiesRequest facilities;
  GetParam().fill(*facilities.mutable_filter());
  EXPECT_EQ(RefusalOf(methods.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities",
                                                                facilities)),
            (Refusal{kInvalid, GetParam().reason, fmt::format("filter.{}", GetParam().field)}));
  v1::ListCodesRequest codes;
  GetParam().fill(*codes.mutable_filter()->mutable_facilities());
  EXPECT_EQ(RefusalOf(methods.Unary<v1::ListCodesResponse>("IssuanceService/ListCodes", codes)),
            (Refusal{kInvalid, GetParam().reason,
                     fmt::format("filter.facilities.{}", GetParam().field)}));
  v1::IssueCodesRequest issue;
  issue.set_request_id("issue-1");
  GetParam().fill(*issue.mutable_filter());
  EXPECT_EQ(RefusalOf(methods.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue)),
            (Refusal{kInvalid, GetParam().reason, fmt::format("filter.{}", GetParam().field)}));
  EXPECT_EQ(world.State(), state);
}

INSTANTIATE_TEST_SUITE_P(Filters, BadFilterTest, ::testing::ValuesIn(kBadFilters),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST_F(FacilityListTest, PageSizesOutOfRangeAreRefused) {
  v1::ListFacilitiesRequest request;
  request.set_page_size(-1);
  EXPECT_EQ(RefusalOf(List(request)), (Refusal{kInvalid, "PAGE_SIZE_NEGATIVE", "page_size"}));
  request.set_page_size(1001);
  EXPECT_EQ(RefusalOf(List(request)), (Refusal{kInvalid, "PAGE_SIZE_TOO_LARGE", "page_size"}));
  request.set_page_size(1000);
  EXPECT_TRUE(List(request));
}

TEST_F(FacilityListTest, EveryMethodWithPagesRefusesTheSame) {
  const auto sized = [](auto request) {
    request.set_page_size(-1);
    return request;
  };
  const auto forged = [](auto request) {
    request.set_page_token("Zm9yZ2VkZm9yZ2VkZm9yZ2VkMQ");
    return request;
  };
  const Refusal negative{kInvalid, "PAGE_SIZE_NEGATIVE", "page_size"};
  const Refusal token{kInvalid, "PAGE_TOKEN_INVALID", "page_token"};
  const auto check = [&]<typename Response>(const char* name, auto request, Response) {
    EXPECT_EQ(RefusalOf(methods_.Unary<Response>(name, sized(request))), negative) << name;
    EXPECT_EQ(RefusalOf(methods_.Unary<Response>(name, forged(request))), token) << name;
  };
  check("RegistryService/ListFacilities", v1::ListFacilitiesRequest(),
        v1::ListFacilitiesResponse());
  check("RegistryService/ListOrganizations", v1::ListOrganizationsRequest(),
        v1::ListOrganizationsResponse());
  check("RegistryService/ListBatches", v1::ListBatchesRequest(), v1::ListBatchesResponse());
  check("IssuanceService/ListCodes", v1::ListCodesRequest(), v1::ListCodesResponse());
}

TEST_F(FacilityListTest, TokensAreGoodForTheirOwnListOnly) {
  for (uint32_t number = 1; number <= 3; ++number) world_.AddFacility(number, bureau_);
  v1::ListFacilitiesRequest request;
  request.set_page_size(2);
  const auto first = List(request);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->facilities_size(), 2);
  const std::string token = first->next_page_token();
  const Refusal invalid{kInvalid, "PAGE_TOKEN_INVALID", "page_token"};

  request.mutable_filter()->add_divisions("140502");
  request.set_page_token(token);
  EXPECT_EQ(RefusalOf(List(request)), invalid) << "another filter";
  request.clear_filter();
  for (const std::string& forged :
       {token + "A", token.substr(1), token.substr(0, token.size() - 1), std::string("\xFF"),
        std::string(1000, 'A'), std::string("=")}) {
    request.set_page_token(forged);
    // Bytes that are no UTF-8 do not even parse as a request.
    EXPECT_EQ(RefusalOf(List(request)).code, kInvalid) << forged;
  }
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    request.set_page_token(forged);
    EXPECT_EQ(RefusalOf(List(request)), invalid) << i;
  }
  v1::ListOrganizationsRequest organizations;
  organizations.set_page_token(token);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::ListOrganizationsResponse>(
                "RegistryService/ListOrganizations", organizations)),
            invalid)
      << "another method";
  // The size of the page may change on the way.
  request.set_page_token(token);
  request.set_page_size(10);
  ASSERT_TRUE(List(request));
  EXPECT_EQ(List(request)->facilities_size(), 1);
  EXPECT_EQ(List(request)->next_page_token(), "");
}

TEST_F(FacilityListTest, PageTakesNoMoreThanForeignClientsTake) {
  for (uint32_t number = 1; number <= 300; ++number) {
    Edit<v1::Facility>(world_, world_.AddFacility(number, bureau_), [](v1::Facility& facility) {
      auto* extra = facility.add_extra();
      extra->set_name("x");
      extra->set_value(std::string(15'000, 'x'));
    });
  }
  v1::ListFacilitiesRequest request;
  request.set_page_size(1000);
  int facilities = 0;
  int pages = 0;
  do {
    const auto page = List(request);
    ASSERT_TRUE(page);
    EXPECT_LT(page->ByteSizeLong(), size_t{4} << 20);
    facilities += page->facilities_size();
    ++pages;
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(facilities, 300);
  EXPECT_EQ(pages, 2);
}

TEST_F(FacilityListTest, EndsWhenNobodyWaits) {
  world_.AddFacility(1, bureau_);
  const auto gone = [] { return true; };
  const Refusal refusal{StatusCode::kCancelled, "CALLER_GONE", ""};
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::ListFacilitiesResponse>(
                "RegistryService/ListFacilities", v1::ListFacilitiesRequest(), gone)),
            refusal);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::ListOrganizationsResponse>(
                "RegistryService/ListOrganizations", v1::ListOrganizationsRequest(), gone)),
            refusal);
}

TEST_F(FacilityListTest, PageOfRareMatchesIsShortAndTheNextGoesOn) {
  const Call call = world_.call("test");
  PageScan page(call, 10, 0);
  uint64_t place = 0;
  while (page.Look(place + 1)) ++place;
  EXPECT_EQ(place, PageScan::kLooksMax);
  EXPECT_EQ(*OpenPageToken(world_.domain(), "test", "", *page.NextToken(world_.domain(), "")),
            fmt::format("{}", place));
}

TEST_F(FacilityListTest, WhatStandsThroughoutIsOnJustOnePageUnderWrites) {
  std::set<uint64_t> standing;
  for (uint32_t number = 1; number <= 200; ++number) {
    standing.insert(world_.AddFacility(number, bureau_));
  }
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (uint32_t number = 1000; !stop && number < 20'000; ++number) {
      const uint64_t uid = world_.AddFacility(number, bureau_);
      Edit<v1::Facility>(world_, uid, [](v1::Facility& facility) { facility.set_address("x"); });
    }
  });
  v1::ListFacilitiesRequest request;
  request.set_page_size(7);
  std::multiset<uint64_t> seen;
  std::vector<uint64_t> order;
  do {
    const auto page = List(request);
    ASSERT_TRUE(page);
    for (const auto& facility : page->facilities()) {
      order.push_back(facility.uid());
      if (standing.contains(facility.uid())) seen.insert(facility.uid());
    }
    request.set_page_token(page->next_page_token());
    if (seen.size() >= standing.size()) break;
  } while (!request.page_token().empty());
  stop = true;
  writer.join();
  EXPECT_EQ(seen, std::multiset<uint64_t>(standing.begin(), standing.end()));
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

}  // namespace
}  // namespace yima::server::testing
