#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {
namespace {

constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kFailed = StatusCode::kFailedPrecondition;
constexpr auto kNotFound = StatusCode::kNotFound;
constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class CodesTest : public ::testing::Test {
 protected:
  Result<v1::BindCodeResponse> Bind(const v1::BindCodeRequest& request) {
    return methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", request);
  }
  Result<v1::RevokeCodeResponse> Revoke(const v1::RevokeCodeRequest& request) {
    return methods_.Unary<v1::RevokeCodeResponse>("IssuanceService/RevokeCode", request);
  }
  Result<v1::ListCodesResponse> List(const v1::ListCodesRequest& request) {
    return methods_.Unary<v1::ListCodesResponse>("IssuanceService/ListCodes", request);
  }
  v1::BindCodeRequest BindTo(uint64_t facility, uint64_t serial = kSerial) {
    v1::BindCodeRequest request;
    request.set_request_id(fmt::format("bind-{}", ++requests_));
    request.set_serial(serial);
    request.set_facility(facility);
    return request;
  }
  v1::RevokeCodeRequest RevokeOf(uint64_t serial,
                                 v1::RevocationReason reason = v1::REVOCATION_REASON_LOST) {
    v1::RevokeCodeRequest request;
    request.set_request_id(fmt::format("revoke-{}", ++requests_));
    request.set_serial(serial);
    request.set_reason(reason);
    return request;
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
  Methods methods_{world_};
  int requests_ = 0;
};

TEST_F(CodesTest, BindsABlankPlateBySerial) {
  AddPlate(world_, kSerial, 0);
  const auto bound = Bind(BindTo(facility_));
  ASSERT_TRUE(bound) << bound.error().message;
  EXPECT_EQ(bound->code().state(), v1::CODE_STATE_ACTIVE);
  EXPECT_EQ(bound->code().facility(), facility_);
  EXPECT_EQ(bound->code().bind_time_us(), world_now);
  EXPECT_EQ(bound->code().etag(), "1-2");
  EXPECT_EQ(bound->code().facility_code(), "") << "the plate itself says nothing of it";
  v1::GetFacilityRequest get;
  get.set_uid(facility_);
  EXPECT_EQ(
      methods_.Unary<v1::GetFacilityResponse>("RegistryService/GetFacility", get)->active_code(),
      kSerial);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CodesTest, BindsByATextThatIsJustTheOneIssued) {
  const Plate plate = AddPlate(world_, kSerial, 0);
  auto request = BindTo(facility_);
  request.set_text(plate.text);
  EXPECT_EQ(Bind(request)->code().facility(), facility_);
}

TEST_F(CodesTest, BindsByATextInLowerCase) {
  std::string text = AddPlate(world_, kSerial, 0).text;
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  auto request = BindTo(facility_);
  request.set_text(text);
  EXPECT_TRUE(Bind(request));
}

TEST_F(CodesTest, TextsThatWereNotIssuedAreNotBound) {
  const Plate plate = AddPlate(world_, kSerial, 0);
  const Plate forged = SignPlate(world_, kSerial, 0, SigningKey::Generate());
  const Plate never = SignPlate(world_, kSerial + 1, 0, *world_.domain().keys.code(1));
  const std::string body = plate.text.substr(plate.text.size() - kBodyDigits);
  std::string digit = plate.text;
  digit.back() = digit.back() == '9' ? '8' : static_cast<char>(digit.back() + 1);
  for (const std::string& text :
       {std::string(), std::string("hello"), plate.text + " ", digit, forged.text, never.text,
        "HTTPS://QR.EXAMPLE.COM/" + body, std::string(1 << 20, '1')}) {
    auto request = BindTo(facility_);
    request.set_text(text);
    RefusesUnchanged(world_, [&] { return Bind(request); },
                     {kInvalid, "PLATE_NOT_AUTHENTIC", "text"});
  }
}

TEST_F(CodesTest, TheSameBindingAgainIsTheSameAnswer) {
  AddPlate(world_, kSerial, 0);
  const auto request = BindTo(facility_);
  const auto first = Bind(request);
  ASSERT_TRUE(first);
  const std::string state = world_.State();
  EXPECT_EQ(Bind(request)->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Bind(BindTo(facility_))->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(CodesTest, BadBindingsAreRefused) {
  const uint64_t other = world_.AddFacility(2, bureau_);
  const uint64_t third = world_.AddFacility(3, bureau_);
  AddPlate(world_, kSerial, 0);
  AddPlate(world_, kSerial + 1, other);
  AddPlate(world_, kSerial + 2, third, v1::CODE_STATE_REVOKED);
  AddPlate(world_, kSerial + 3, 0, v1::CODE_STATE_REVOKED);
  const auto refuses = [&](const v1::BindCodeRequest& request, const Refusal& refusal) {
    RefusesUnchanged(
        world_, [&] { return Bind(request); }, refusal);
  };
  auto request = BindTo(facility_);
  request.clear_request_id();
  refuses(request, {kInvalid, "REQUEST_ID_MISSING", "request_id"});
  request = BindTo(facility_);
  request.clear_plate();
  refuses(request, {kInvalid, "PLATE_MISSING", "plate"});
  refuses(BindTo(facility_, 0), {kNotFound, "CODE_NOT_FOUND", "serial"});
  refuses(BindTo(facility_, UINT64_MAX), {kNotFound, "CODE_NOT_FOUND", "serial"});
  refuses(BindTo(0), {kNotFound, "FACILITY_NOT_FOUND", "facility"});
  refuses(BindTo(4242), {kNotFound, "FACILITY_NOT_FOUND", "facility"});
  refuses(BindTo(facility_, kSerial + 1), {kFailed, "CODE_BOUND", "plate"});
  refuses(BindTo(facility_, kSerial + 2), {kFailed, "CODE_REVOKED", "plate"});
  refuses(BindTo(facility_, kSerial + 3), {kFailed, "CODE_REVOKED", "plate"});
  refuses(BindTo(other), {kFailed, "FACILITY_HAS_CODE", "facility"});
}

TEST_F(CodesTest, OnePlateAndManyCrewsBindOnce) {
  AddPlate(world_, kSerial, 0);
  std::vector<uint64_t> facilities;
  for (uint32_t number = 10; number < 18; ++number) {
    facilities.push_back(world_.AddFacility(number, bureau_));
  }
  std::vector<v1::BindCodeRequest> requests;
  for (const uint64_t facility : facilities) requests.push_back(BindTo(facility));
  std::vector<Result<v1::BindCodeResponse>> answers(requests.size(), v1::BindCodeResponse());
  std::vector<std::thread> crews;
  for (size_t i = 0; i < requests.size(); ++i) {
    crews.emplace_back([&, i] { answers[i] = Bind(requests[i]); });
  }
  for (auto& crew : crews) crew.join();
  int bound = 0;
  for (const auto& answer : answers) {
    bound += answer ? 1 : 0;
    if (!answer) {
      EXPECT_EQ(RefusalOf(answer), (Refusal{kFailed, "CODE_BOUND", "plate"}));
    }
  }
  EXPECT_EQ(bound, 1);
}

TEST_F(CodesTest, RevokingTwiceGivesTheSameResult) {
  AddPlate(world_, kSerial, facility_);
  const auto first = Revoke(RevokeOf(kSerial));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->code().state(), v1::CODE_STATE_REVOKED);
  EXPECT_EQ(first->code().reason(), v1::REVOCATION_REASON_LOST);
  const std::string state = world_.State();
  EXPECT_EQ(Revoke(RevokeOf(kSerial))->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Revoke(RevokeOf(kSerial, v1::REVOCATION_REASON_STOLEN))->SerializeAsString(),
            first->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(CodesTest, RevokedPlateOfAnyStateLeavesItsFacilityFree) {
  AddPlate(world_, kSerial, 0);
  AddPlate(world_, kSerial + 1, facility_);
  AddPlate(world_, kSerial + 2, world_.AddFacility(2, bureau_), v1::CODE_STATE_SUSPENDED);
  for (const uint64_t serial : {kSerial, kSerial + 1, kSerial + 2}) {
    EXPECT_EQ(Revoke(RevokeOf(serial))->code().state(), v1::CODE_STATE_REVOKED) << serial;
  }
  EXPECT_EQ(*world_.Read()->Holder(store::Index::kActiveCode, ActiveCodeKey(facility_)), 0);
  EXPECT_THAT(Findings(world_), ::testing::IsEmpty());
}

TEST_F(CodesTest, BadRevocationsAreRefused) {
  AddPlate(world_, kSerial, facility_);
  const auto refuses = [&](const v1::RevokeCodeRequest& request, const Refusal& refusal) {
    RefusesUnchanged(
        world_, [&] { return Revoke(request); }, refusal);
  };
  auto request = RevokeOf(kSerial);
  request.set_request_id("a b");
  refuses(request, {kInvalid, "REQUEST_ID_MALFORMED", "request_id"});
  refuses(RevokeOf(kSerial, v1::REVOCATION_REASON_UNSPECIFIED),
          {kInvalid, "REVOCATION_REASON_MISSING", "reason"});
  refuses(RevokeOf(kSerial, static_cast<v1::RevocationReason>(99)),
          {kInvalid, "REVOCATION_REASON_MISSING", "reason"});
  refuses(RevokeOf(0), {kNotFound, "CODE_NOT_FOUND", "serial"});
  refuses(RevokeOf(kSerial + 1), {kNotFound, "CODE_NOT_FOUND", "serial"});
}

TEST_F(CodesTest, GetsByStoredSerialOnly) {
  AddPlate(world_, kSerial, facility_);
  v1::GetCodeRequest request;
  request.set_serial(kSerial);
  EXPECT_EQ(methods_.Unary<v1::GetCodeResponse>("IssuanceService/GetCode", request)
                ->code()
                .short_number(),
            Serial::FromInteger(kSerial)->ShortNumber());
  request.set_serial(kSerial + 1);
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::GetCodeResponse>("IssuanceService/GetCode", request)),
            (Refusal{kNotFound, "CODE_NOT_FOUND", "serial"}));
}

/// The disk's fault, and not a reason to write over memory.
TEST_F(CodesTest, DamagedRecordsAreToldOf) {
  const Plate plate = AddPlate(world_, kSerial, 0);
  ASSERT_TRUE(Edit<v1::Code>(world_, kSerial, [](v1::Code& code) {
    code.mutable_signature()->set_value(std::string(5000, 'x'));
  }));
  const Refusal damaged{StatusCode::kDataLoss, "RECORD_DAMAGED", ""};
  v1::GetCodeRequest get;
  get.set_serial(kSerial);
  RefusesUnchanged(
      world_, [&] { return methods_.Unary<v1::GetCodeResponse>("IssuanceService/GetCode", get); },
      damaged);
  v1::BindCodeRequest bind = BindTo(facility_);
  bind.set_text(plate.text);
  RefusesUnchanged(
      world_, [&] { return Bind(bind); }, damaged);
}

class ListCodesTest : public CodesTest {
 protected:
  ListCodesTest() {
    AddPlate(world_, kSerial, facility_, v1::CODE_STATE_REVOKED);
    AddPlate(world_, kSerial + 1, facility_);
    AddPlate(world_, kSerial + 2, 0);
    AddPlate(world_, kSerial + 3, world_.AddFacility(2, bureau_));
  }
  std::vector<uint64_t> Serials(const std::function<void(v1::CodeFilter&)>& fill) {
    v1::ListCodesRequest request;
    fill(*request.mutable_filter());
    request.set_page_size(1);
    std::vector<uint64_t> serials;
    do {
      const auto page = List(request);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) break;
      for (const auto& code : page->codes()) serials.push_back(code.serial() - kSerial);
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return serials;
  }
};

TEST_F(ListCodesTest, FindsByStateFacilityAndFilter) {
  using ::testing::ElementsAre;
  EXPECT_THAT(Serials([](auto&) {}), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Serials([](auto& f) { f.add_states(v1::CODE_STATE_ACTIVE); }), ElementsAre(1, 3));
  EXPECT_THAT(Serials([](auto& f) { f.add_states(v1::CODE_STATE_BLANK); }), ElementsAre(2));
  EXPECT_THAT(Serials([](auto& f) {
                f.add_states(v1::CODE_STATE_BLANK);
                f.add_states(v1::CODE_STATE_REVOKED);
              }),
              ElementsAre(0, 2));
  EXPECT_THAT(Serials([&](auto& f) { f.set_facility(facility_); }), ElementsAre(0, 1));
  EXPECT_THAT(Serials([](auto& f) { f.mutable_facilities()->add_divisions("1405"); }),
              ElementsAre(1, 3));
}

TEST_F(ListCodesTest, FindsOtherStatesOfAFiltersFacilitiesToo) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  const auto of = [&](const char* division, std::initializer_list<v1::CodeState> states) {
    return Serials([&](auto& f) {
      f.mutable_facilities()->add_divisions(division);
      for (const auto state : states) f.add_states(state);
    });
  };
  EXPECT_THAT(of("1405", {v1::CODE_STATE_REVOKED}), ElementsAre(0));
  EXPECT_THAT(of("1405", {v1::CODE_STATE_REVOKED, v1::CODE_STATE_ACTIVE}), ElementsAre(0, 1, 3));
  EXPECT_THAT(of("1405", {v1::CODE_STATE_ACTIVE}), ElementsAre(1, 3));
  EXPECT_THAT(of("1405", {v1::CODE_STATE_BLANK}), IsEmpty());
  EXPECT_THAT(of("11", {v1::CODE_STATE_REVOKED}), IsEmpty());
  EXPECT_THAT(Serials([&](auto& f) {
                f.mutable_facilities()->add_uids(facility_);
                f.add_states(v1::CODE_STATE_REVOKED);
              }),
              ElementsAre(0));
}

TEST_F(ListCodesTest, KeepsTheOrderOfABatch) {
  v1::IssueCodesRequest issue;
  issue.set_request_id("issue-1");
  issue.set_blank(5);
  const auto answers = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
  std::vector<uint64_t> issued;
  for (const auto& code : (*answers)[1].codes()) issued.push_back(code.serial() - kSerial);
  EXPECT_EQ(Serials([&](auto& f) { f.set_batch(answers->front().batch()); }), issued);
}

TEST_F(ListCodesTest, BadFiltersAreRefused) {
  const auto refuses = [&](const std::function<void(v1::CodeFilter&)>& fill,
                           const Refusal& refusal) {
    v1::ListCodesRequest request;
    fill(*request.mutable_filter());
    RefusesUnchanged(
        world_, [&] { return List(request); }, refusal);
  };
  refuses(
      [](auto& f) {
        f.set_batch(1);
        f.set_facility(1);
      },
      {kInvalid, "FILTER_AMBIGUOUS", "filter"});
  refuses([](auto& f) { f.add_states(v1::CODE_STATE_UNSPECIFIED); },
          {kInvalid, "CODE_STATE_UNKNOWN", "filter.states[0]"});
  refuses([](auto& f) { f.add_states(v1::CODE_STATE_NOT_ISSUED); },
          {kInvalid, "CODE_STATE_UNKNOWN", "filter.states[0]"});
  refuses([](auto& f) { f.add_states(static_cast<v1::CodeState>(99)); },
          {kInvalid, "CODE_STATE_UNKNOWN", "filter.states[0]"});
  refuses(
      [](auto& f) {
        for (int i = 0; i <= 1000; ++i) f.add_states(v1::CODE_STATE_ACTIVE);
      },
      {kInvalid, "TOO_MANY_VALUES", "filter.states"});
  refuses([](auto& f) { f.set_batch(4242); }, {kNotFound, "BATCH_NOT_FOUND", "filter.batch"});
}

}  // namespace
}  // namespace yima::server::testing
