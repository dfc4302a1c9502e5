#include "server/registry/erase.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/methods.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;

constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kNotFound = StatusCode::kNotFound;

class EraseValuesTest : public ::testing::Test {
 protected:
  EraseValuesTest() {
    v1::CreateFacilityRequest request;
    request.set_request_id("create");
    auto& facility = *request.mutable_facility();
    facility.set_division("140502");
    facility.set_class_code("01001");
    facility.mutable_supervising()->set_holder(world_.AddOrganization("城管局"));
    request.set_assign_code(true);
    request.set_remark("夜里勿扰李四");
    auto* contact = request.add_personal();
    contact->set_name("联系人");
    contact->set_value("张三");
    const auto created =
        methods_.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility", request);
    uid_ = created.value().facility().uid();
    v1::CreateOrganizationRequest organization;
    organization.set_request_id("organization");
    organization.mutable_input()->mutable_organization()->set_name("排水公司");
    organization.mutable_input()->set_contact_name("王五");
    organization_ = methods_
                        .Unary<v1::CreateOrganizationResponse>("RegistryService/CreateOrganization",
                                                               organization)
                        .value()
                        .organization()
                        .id();
  }

  v1::EraseValuesRequest Request(const std::vector<std::string>& values) {
    v1::EraseValuesRequest request;
    request.set_request_id("erase-" + std::to_string(++requests_));
    request.set_facility(uid_);
    for (const auto& value : values) request.add_values(value);
    return request;
  }
  Result<v1::EraseValuesResponse> Erase(const v1::EraseValuesRequest& request) {
    return methods_.Unary<v1::EraseValuesResponse>("RegistryService/EraseValues", request);
  }
  Result<v1::EraseValuesResponse> Erase(const std::vector<std::string>& values) {
    return Erase(Request(values));
  }
  /// Puts notes into the steps, as the rules for these do.
  void AddNotes(const v1::Withheld& last, const v1::Withheld& hand_over) {
    const auto before = world_.Facility(uid_);
    auto after = before;
    *after.mutable_last_step()->mutable_note() = last;
    *after.mutable_hand_over()->mutable_note() = hand_over;
    ChangeWriter writer(world_.call("test"), "");
    writer.Replace(uid_, 1, before, after);
    store::ApplyAndWait(world_.store(), writer.Take());
  }
  v1::LogEntry LastEntry() {
    v1::LogEntry last;
    static_cast<void>(world_.Read()->ScanLog(0, [&](const store::LogRecord& record) {
      last.ParseFromArray(record.entry.data(), static_cast<int>(record.entry.size()));
      return true;
    }));
    return last;
  }

  World world_;
  Methods methods_{world_};
  uint64_t uid_ = 0;
  uint64_t organization_ = 0;
  int requests_ = 0;
};

TEST_F(EraseValuesTest, LeavesTheHashAlone) {
  const auto before = world_.Facility(uid_);
  const auto log_size = *world_.Read()->LogSize();
  const auto answer = Erase({"remark"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->facility().has_remark());
  EXPECT_EQ(answer->facility().remark().value(), "");
  EXPECT_EQ(answer->facility().personal(0).value().value(), "张三");
  EXPECT_FALSE(answer->still_in_files());
  const auto after = world_.Facility(uid_);
  EXPECT_EQ(after.remark().hash(), before.remark().hash());
  EXPECT_EQ(after.remark().salt(), "");
  EXPECT_EQ(after.remark().value(), "");
  EXPECT_EQ(after.personal(0).SerializeAsString(), before.personal(0).SerializeAsString());
  EXPECT_EQ(*world_.Read()->LogSize(), log_size + 1);
  EXPECT_EQ(LastEntry().facility().remark().hash(), before.remark().hash());
  EXPECT_EQ(LastEntry().method(), "yima.v1.RegistryService/EraseValues");
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(EraseValuesTest, OfAnOrganization) {
  v1::EraseValuesRequest request;
  request.set_request_id("erase");
  request.set_organization(organization_);
  request.add_values("contact_name");
  const auto answer = Erase(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->organization().has_contact_name());
  EXPECT_EQ(answer->organization().contact_name().value(), "");
  EXPECT_EQ(LastEntry().organization().contact_name().hash().size(), 32);
  EXPECT_THAT(Findings(world_), IsEmpty());
  request.set_request_id("another");
  request.set_values(0, "contact_telephone");
  EXPECT_EQ(RefusalOf(Erase(request)), (Refusal{kNotFound, "VALUE_NOT_FOUND", "values[0]"}));
}

TEST_F(EraseValuesTest, ANoteGoesWhereverItStands) {
  const auto note = Withhold("交接人赵六");
  AddNotes(note, note);
  ASSERT_TRUE(Erase({"last_step.note"}));
  EXPECT_EQ(world_.Facility(uid_).last_step().note().value(), "");
  EXPECT_EQ(world_.Facility(uid_).hand_over().note().value(), "");
  EXPECT_EQ(world_.Facility(uid_).hand_over().note().hash(), note.hash());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(EraseValuesTest, AnEqualNoteOfItsOwnStays) {
  AddNotes(Withhold("交接人赵六"), Withhold("交接人赵六"));
  ASSERT_TRUE(Erase({"hand_over.note"}));
  EXPECT_EQ(world_.Facility(uid_).last_step().note().value(), "交接人赵六");
  EXPECT_EQ(world_.Facility(uid_).hand_over().note().value(), "");
}

TEST_F(EraseValuesTest, TwiceIsTheSameAnswer) {
  const auto request = Request({"personal[联系人]", "remark", "remark"});
  const auto first = Erase(request);
  ASSERT_TRUE(first) << first.error().message;
  const std::string state = world_.State();
  world_now += 1'000'000;
  const auto retried = Erase(request);
  const auto again = Erase({"remark", "personal[联系人]"});
  world_now -= 1'000'000;
  ASSERT_TRUE(retried);
  ASSERT_TRUE(again);
  EXPECT_EQ(retried->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
}

TEST_F(EraseValuesTest, RefusesWhatNamesNoValue) {
  const std::string state = world_.State();
  const auto refusal = [&](const std::vector<std::string>& values) {
    return RefusalOf(Erase(values));
  };
  EXPECT_EQ(refusal({}), (Refusal{kInvalid, "VALUE_MISSING", "values"}));
  EXPECT_EQ(refusal({"remark", "address"}), (Refusal{kInvalid, "VALUE_UNKNOWN", "values[1]"}));
  EXPECT_EQ(refusal({"personal[]"}), (Refusal{kInvalid, "VALUE_UNKNOWN", "values[0]"}));
  EXPECT_EQ(refusal({"contact_name"}), (Refusal{kInvalid, "VALUE_UNKNOWN", "values[0]"}));
  EXPECT_EQ(refusal({"remark.salt"}), (Refusal{kInvalid, "VALUE_UNKNOWN", "values[0]"}));
  EXPECT_EQ(refusal(std::vector<std::string>(101, "remark")),
            (Refusal{kInvalid, "VALUES_TOO_MANY", "values"}));
  EXPECT_EQ(refusal({"remark", "personal[电话]"}),
            (Refusal{kNotFound, "VALUE_NOT_FOUND", "values[1]"}));
  EXPECT_EQ(refusal({"last_step.note"}), (Refusal{kNotFound, "VALUE_NOT_FOUND", "values[0]"}));
  auto nobody = Request({"remark"});
  nobody.clear_target();
  EXPECT_EQ(RefusalOf(Erase(nobody)), (Refusal{kInvalid, "TARGET_MISSING", "target"}));
  nobody.set_facility(77);
  EXPECT_EQ(RefusalOf(Erase(nobody)), (Refusal{kNotFound, "FACILITY_NOT_FOUND", "facility"}));
  nobody.set_organization(77);
  nobody.set_values(0, "contact_name");
  EXPECT_EQ(RefusalOf(Erase(nobody)),
            (Refusal{kNotFound, "ORGANIZATION_NOT_FOUND", "organization"}));
  EXPECT_EQ(world_.State(), state);
}

TEST_F(EraseValuesTest, WithinTheReachAlone) {
  auto elsewhere = std::make_shared<Reach>();
  v1::Grant grant;
  grant.set_role(v1::ROLE_REGISTRAR);
  grant.add_divisions("140521");
  elsewhere->Add(grant);
  world_.reach = elsewhere;
  const std::string state = world_.State();
  EXPECT_EQ(RefusalOf(Erase({"remark"})),
            (Refusal{StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "facility"}));
  v1::EraseValuesRequest request = Request({"contact_name"});
  request.set_organization(organization_);
  EXPECT_EQ(RefusalOf(Erase(request)),
            (Refusal{StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", ""}));
  EXPECT_EQ(world_.State(), state);
}

TEST_F(EraseValuesTest, AFacilityIsNotMadeWithFiles) {
  v1::CreateFacilityRequest request;
  request.set_request_id("with-files");
  request.mutable_facility()->set_division("140502");
  request.mutable_facility()->set_class_code("01001");
  request.mutable_facility()->add_files()->set_sha256(std::string(32, 'x'));
  EXPECT_EQ(RefusalOf(methods_.Unary<v1::CreateFacilityResponse>("RegistryService/CreateFacility",
                                                                 request)),
            (Refusal{kInvalid, "FIELD_OUTPUT_ONLY", "facility.files"}));
}

TEST_F(EraseValuesTest, WordsOfDecisionsOnRightsGoToo) {
  v1::Claim claim;
  claim.set_id(1);
  claim.set_facility(uid_);
  *claim.mutable_decision()->mutable_reason() = Withhold("误报");
  v1::Notice notice;
  notice.set_id(2);
  *notice.mutable_withdrawal()->mutable_reason() = Withhold("名单有误");
  v1::Offer offer;
  offer.set_id(3);
  offer.set_facility(uid_);
  offer.add_candidates()->set_organization(organization_);
  *offer.mutable_candidates(0)->mutable_reason() = Withhold("非我所建");
  v1::Order order;
  order.set_id(4);
  order.set_facility(uid_);
  *order.mutable_reason() = Withhold("张三来信");
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(1, claim);
  writer.Create(2, notice);
  writer.Create(3, offer);
  writer.Create(4, order);
  ASSERT_TRUE(
      std::holds_alternative<store::Committed>(store::ApplyAndWait(world_.store(), writer.Take())));
  auto request = Request({"decision.reason"});
  request.set_claim(1);
  EXPECT_EQ(Erase(request)->claim().decision().reason().value(), "");
  request = Request({"withdrawal.reason"});
  request.set_notice(2);
  ASSERT_TRUE(Erase(request));
  request = Request({fmt::format("candidates[{}].reason", organization_)});
  request.set_offer(3);
  ASSERT_TRUE(Erase(request));
  request = Request({"reason"});
  request.set_order(4);
  ASSERT_TRUE(Erase(request));
  const auto snapshot = world_.Read();
  const auto is_erased = [](const v1::Withheld& value) {
    return value.value().empty() && value.salt().empty() && !value.hash().empty();
  };
  EXPECT_TRUE(is_erased((*Get<v1::Claim>(*snapshot, 1))->record.decision().reason()));
  EXPECT_TRUE(is_erased((*Get<v1::Notice>(*snapshot, 2))->record.withdrawal().reason()));
  EXPECT_TRUE(is_erased((*Get<v1::Offer>(*snapshot, 3))->record.candidates(0).reason()));
  EXPECT_TRUE(is_erased((*Get<v1::Order>(*snapshot, 4))->record.reason()));
  for (const auto& [spoil, refusal] :
       std::vector<std::pair<std::function<void(v1::EraseValuesRequest&)>, Refusal>>{
           {[](auto& r) { r.set_claim(9); }, {kNotFound, "CLAIM_NOT_FOUND", "claim"}},
           {[](auto& r) { r.set_objection(9); }, {kNotFound, "OBJECTION_NOT_FOUND", "objection"}},
           {[](auto& r) { r.set_notice(9); }, {kInvalid, "VALUE_UNKNOWN", "values[0]"}},
           {[](auto& r) { r.set_offer(9); }, {kInvalid, "VALUE_UNKNOWN", "values[0]"}},
           {[](auto& r) { r.set_order(4); }, {kInvalid, "VALUE_UNKNOWN", "values[0]"}}}) {
    request = Request({"decision.reason"});
    spoil(request);
    EXPECT_EQ(RefusalOf(Erase(request)), refusal);
  }
  world_.reach = std::make_shared<Reach>();
  request = Request({"decision.reason"});
  request.set_claim(1);
  EXPECT_EQ(RefusalOf(Erase(request)),
            (Refusal{StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "claim"}));
}

}  // namespace
}  // namespace yima::server::testing
