#include "server/registry/facility_life.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/registry/life.h"
#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kFailed = StatusCode::kFailedPrecondition;
constexpr auto kNotFound = StatusCode::kNotFound;
constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

std::string Bare(const std::string& name, std::string_view prefix) {
  return name.substr(prefix.size());
}

/// A row of the table as the README has it, without the Chinese word behind the step.
std::string Documented(const LifeRow& row) {
  std::vector<std::string> lives;
  for (const auto life : row.lives) lives.push_back(Bare(v1::Life_Name(life), "LIFE_"));
  std::vector<std::string> conditions;
  for (const auto condition : row.conditions) {
    conditions.push_back(Bare(v1::Condition_Name(condition), "CONDITION_"));
  }
  const std::string life =
      row.life_after == v1::LIFE_UNSPECIFIED ? "–" : Bare(v1::Life_Name(row.life_after), "LIFE_");
  const std::string condition = row.condition_after == v1::CONDITION_UNSPECIFIED
                                    ? "–"
                                    : Bare(v1::Condition_Name(row.condition_after), "CONDITION_");
  return fmt::format("| {} | {} | {} | {} | {} |{}|",
                     Bare(v1::LifeStepKind_Name(row.step), "LIFE_STEP_KIND_"),
                     fmt::join(lives, ", "), fmt::join(conditions, ", "), life, condition,
                     row.needs_basis ? " required " : " ");
}

TEST(LifeTableTest, IsTheOneOfTheReadme) {
  std::ifstream file(YIMA_SOURCE_DIR "/server/registry/README.md");
  std::vector<std::string> documented;
  for (std::string line; std::getline(file, line);) {
    for (int step = v1::LIFE_STEP_KIND_BEGIN_CONSTRUCTION; step <= v1::LIFE_STEP_KIND_SCRAP;
         ++step) {
      const std::string head =
          "| " +
          Bare(v1::LifeStepKind_Name(static_cast<v1::LifeStepKind>(step)), "LIFE_STEP_KIND_") + " ";
      if (!line.starts_with(head)) continue;
      documented.push_back(head + line.substr(line.find(" |", head.size()) + 1));
    }
  }
  std::vector<std::string> rows;
  for (const auto& row : LifeTable()) rows.push_back(Documented(row));
  EXPECT_EQ(documented, rows);
}

TEST(LifeTableTest, HasEveryStepAndNoTwoRowsForOne) {
  std::set<int> steps;
  for (const auto& row : LifeTable()) steps.insert(row.step);
  EXPECT_EQ(steps.size(), static_cast<size_t>(v1::LifeStepKind_ARRAYSIZE - 1));
  for (int life = v1::LIFE_PLANNED; life <= v1::LIFE_WITHDRAWN; ++life) {
    for (int condition = v1::CONDITION_INTACT; condition <= v1::CONDITION_REMOVED; ++condition) {
      v1::Facility facility;
      facility.set_life(static_cast<v1::Life>(life));
      facility.set_condition(static_cast<v1::Condition>(condition));
      for (const int step : steps) {
        const auto fits = std::ranges::count_if(LifeTable(), [&](const LifeRow& row) {
          return row.step == step && std::ranges::count(row.lives, facility.life()) > 0 &&
                 std::ranges::count(row.conditions, facility.condition()) > 0;
        });
        EXPECT_LE(fits, 1);
      }
      EXPECT_EQ(StepsAfter(facility) == "none", HasEnded(facility));
    }
  }
}

class FacilityLifeTest : public ::testing::Test {
 protected:
  FacilityLifeTest() { Set(v1::LIFE_PLANNED, v1::CONDITION_INTACT); }

  void Set(v1::Life life, v1::Condition condition) {
    Edit<v1::Facility>(world_, facility_, [&](auto& facility) {
      facility.set_life(life);
      facility.set_condition(condition);
    });
  }
  v1::RecordLifeStepRequest Step(v1::LifeStepKind kind, bool basis = false) {
    v1::RecordLifeStepRequest request;
    request.set_request_id(fmt::format("step-{}", ++requests_));
    request.set_facility(facility_);
    request.mutable_step()->set_kind(kind);
    request.mutable_step()->set_date("2026-11-20");
    if (basis) {
      request.mutable_step()->mutable_basis()->set_kind("移交协议");
      request.mutable_step()->mutable_basis()->set_number("12号");
    }
    return request;
  }
  Result<v1::RecordLifeStepResponse> Record(const v1::RecordLifeStepRequest& request) {
    return methods_.Unary<v1::RecordLifeStepResponse>("RegistryService/RecordLifeStep", request);
  }
  v1::Facility After(const v1::RecordLifeStepRequest& request) {
    const auto recorded = Record(request);
    EXPECT_TRUE(recorded) << recorded.error().message;
    EXPECT_THAT(Findings(world_), IsEmpty());
    return recorded ? recorded->facility() : v1::Facility();
  }
  void Refuses(const v1::RecordLifeStepRequest& request, const Refusal& refusal) {
    RefusesUnchanged(
        world_, [&] { return Record(request); }, refusal);
  }
  v1::RetireFacilityRequest RetireRequest() {
    v1::RetireFacilityRequest request;
    request.set_request_id(fmt::format("retire-{}", ++requests_));
    request.set_facility(facility_);
    request.set_date("2026-11-24");
    request.mutable_basis()->set_kind("批复");
    request.mutable_basis()->set_number("3号");
    return request;
  }
  Result<v1::RetireFacilityResponse> Retire(const v1::RetireFacilityRequest& request) {
    return methods_.Unary<v1::RetireFacilityResponse>("RegistryService/RetireFacility", request);
  }
  const v1::Code Code(uint64_t serial) const {
    return (*Get<v1::Code>(*world_.Read(), serial))->record;
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t builder_ = world_.AddOrganization("市政建设公司");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
  Methods methods_{world_};
  int requests_ = 0;
};

TEST_F(FacilityLifeTest, WalksFromThePlanToTheScrapYard) {
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_BEGIN_CONSTRUCTION)).life(), v1::LIFE_UNDER_CONSTRUCTION);
  auto hand_over = Step(v1::LIFE_STEP_KIND_HAND_OVER, true);
  hand_over.mutable_step()->set_from_organization(builder_);
  hand_over.mutable_step()->set_to_organization(bureau_);
  const v1::Facility handed = After(hand_over);
  EXPECT_EQ(handed.life(), v1::LIFE_HANDED_OVER);
  EXPECT_EQ(handed.hand_over().from_organization(), builder_);
  EXPECT_EQ(handed.hand_over().basis().number(), "12号");
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_PUT_IN_USE)).life(), v1::LIFE_IN_USE);
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_DAMAGE)).condition(), v1::CONDITION_DAMAGED);
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_REPAIR)).condition(), v1::CONDITION_INTACT);
  auto move = Step(v1::LIFE_STEP_KIND_MOVE);
  move.mutable_position()->set_longitude(112.85);
  move.mutable_position()->set_latitude(35.5);
  EXPECT_EQ(After(move).position().longitude(), 112.85);
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_ABANDON)).condition(), v1::CONDITION_ABANDONED);
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_LOSE)).condition(), v1::CONDITION_LOST);
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_REPAIR)).condition(), v1::CONDITION_INTACT);
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_REMOVE)).condition(), v1::CONDITION_REMOVED);
  const v1::Facility scrapped = After(Step(v1::LIFE_STEP_KIND_SCRAP, true));
  EXPECT_EQ(scrapped.life(), v1::LIFE_SCRAPPED);
  EXPECT_EQ(scrapped.last_step().kind(), v1::LIFE_STEP_KIND_SCRAP);
  EXPECT_EQ(scrapped.hand_over().from_organization(), builder_) << "it stays known";
  Refuses(Step(v1::LIFE_STEP_KIND_REPAIR), {kFailed, "LIFE_STEP_OUT_OF_ORDER", "step.kind"});
}

TEST_F(FacilityLifeTest, ReportsWhatWhoeverStandsThereSees) {
  v1::ReportConditionRequest request;
  request.set_facility(facility_);
  request.set_kind(v1::LIFE_STEP_KIND_DAMAGE);
  request.set_date("2026-11-20");
  request.set_note("井盖碎裂");
  const auto report = [&](const char* id) {
    request.set_request_id(id);
    return methods_.Unary<v1::ReportConditionResponse>("RegistryService/ReportCondition", request);
  };
  const auto refuses = [&](const Refusal& refusal) {
    RefusesUnchanged(
        world_, [&] { return report("refused"); }, refusal);
  };
  Set(v1::LIFE_IN_USE, v1::CONDITION_INTACT);
  const auto reported = report("seen");
  ASSERT_TRUE(reported) << reported.error().message;
  EXPECT_EQ(reported->facility().condition(), v1::CONDITION_DAMAGED);
  EXPECT_EQ(reported->facility().last_step().note().value(), "井盖碎裂");
  EXPECT_EQ(report("seen")->facility().etag(), reported->facility().etag());
  refuses({kFailed, "LIFE_STEP_OUT_OF_ORDER", "kind"});
  request.set_kind(v1::LIFE_STEP_KIND_REPAIR);
  request.set_date("2026-11-32");
  refuses({kInvalid, "DATE_MALFORMED", "date"});
  request.set_kind(v1::LIFE_STEP_KIND_SCRAP);
  refuses({kInvalid, "CONDITION_NOT_REPORTED", "kind"});
}

TEST_F(FacilityLifeTest, SaysWhatItIsAndWhichStepsMayFollow) {
  Set(v1::LIFE_IN_USE, v1::CONDITION_LOST);
  const auto request = Step(v1::LIFE_STEP_KIND_DAMAGE);
  Refuses(request, {kFailed, "LIFE_STEP_OUT_OF_ORDER", "step.kind"});
  EXPECT_EQ(
      Record(request).error().message,
      fmt::format("facility {} is IN_USE and LOST; what may follow: REPAIR, SCRAP", facility_));
}

TEST_F(FacilityLifeTest, WhatIsInUseMayBeHandedOverLate) {
  Set(v1::LIFE_IN_USE, v1::CONDITION_INTACT);
  const auto found = [&] {
    v1::ListFacilitiesRequest list;
    list.mutable_filter()->set_not_handed_over(true);
    return methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities", list)
        ->facilities_size();
  };
  EXPECT_EQ(found(), 1);
  EXPECT_EQ(After(Step(v1::LIFE_STEP_KIND_HAND_OVER, true)).life(), v1::LIFE_IN_USE);
  EXPECT_EQ(found(), 0);
}

TEST_F(FacilityLifeTest, IsFoundByItsLife) {
  const auto found = [&](std::vector<v1::Life> lives) {
    v1::ListFacilitiesRequest list;
    for (const auto life : lives) list.mutable_filter()->add_lives(life);
    return methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities", list)
        ->facilities_size();
  };
  world_.AddFacility(2, bureau_);
  EXPECT_EQ(found({v1::LIFE_PLANNED}), 1);
  EXPECT_EQ(found({v1::LIFE_IN_USE}), 1);
  EXPECT_EQ(found({v1::LIFE_PLANNED, v1::LIFE_IN_USE}), 2);
  EXPECT_EQ(found({v1::LIFE_SCRAPPED}), 0);
  Set(v1::LIFE_WITHDRAWN, v1::CONDITION_INTACT);
  EXPECT_EQ(found({}), 1);
  EXPECT_EQ(found({v1::LIFE_WITHDRAWN}), 1);
  v1::ListFacilitiesRequest list;
  list.mutable_filter()->add_lives(static_cast<v1::Life>(77));
  EXPECT_EQ(
      RefusalOf(methods_.Unary<v1::ListFacilitiesResponse>("RegistryService/ListFacilities", list)),
      (Refusal{kInvalid, "ENUM_UNKNOWN", "filter.lives[0]"}));
}

TEST_F(FacilityLifeTest, RefusesWhatDoesNotBelongToTheStep) {
  Set(v1::LIFE_IN_USE, v1::CONDITION_INTACT);
  const auto refuses = [&](v1::LifeStepKind kind, const auto& spoil, const Refusal& refusal) {
    auto request = Step(kind, true);
    spoil(request);
    Refuses(request, refusal);
  };
  using Request = v1::RecordLifeStepRequest;
  const auto damage = v1::LIFE_STEP_KIND_DAMAGE;
  const auto hand_over = v1::LIFE_STEP_KIND_HAND_OVER;
  refuses(v1::LIFE_STEP_KIND_UNSPECIFIED, [](Request&) {},
          {kInvalid, "LIFE_STEP_UNKNOWN", "step.kind"});
  refuses(static_cast<v1::LifeStepKind>(77), [](Request&) {},
          {kInvalid, "LIFE_STEP_UNKNOWN", "step.kind"});
  refuses(damage, [](Request& r) { r.mutable_step()->clear_date(); },
          {kInvalid, "FIELD_MISSING", "step.date"});
  refuses(damage, [](Request& r) { r.mutable_step()->set_date("2026-02-30"); },
          {kInvalid, "DATE_MALFORMED", "step.date"});
  refuses(damage, [](Request& r) { r.mutable_step()->set_date("2026-11-25"); },
          {kInvalid, "DATE_IN_FUTURE", "step.date"});
  refuses(damage, [](Request& r) { r.mutable_step()->mutable_note()->set_value("x"); },
          {kInvalid, "FIELD_OUTPUT_ONLY", "step.note"});
  refuses(damage, [](Request& r) { r.set_note(std::string(1001, 'x')); },
          {kInvalid, "FIELD_TOO_LONG", "note"});
  refuses(damage, [&](Request& r) { r.mutable_step()->set_to_organization(bureau_); },
          {kInvalid, "FIELD_NOT_FOR_STEP", "step.to_organization"});
  refuses(damage, [&](Request& r) { r.mutable_step()->set_from_organization(bureau_); },
          {kInvalid, "FIELD_NOT_FOR_STEP", "step.from_organization"});
  refuses(damage, [](Request& r) { r.mutable_position(); },
          {kInvalid, "FIELD_NOT_FOR_STEP", "position"});
  refuses(v1::LIFE_STEP_KIND_MOVE, [](Request& r) { r.mutable_position()->set_latitude(99); },
          {kInvalid, "POSITION_OUT_OF_RANGE", "position"});
  refuses(hand_over, [](Request& r) { r.mutable_step()->set_to_organization(4242); },
          {kNotFound, "ORGANIZATION_UNKNOWN", "step.to_organization"});
  refuses(hand_over, [](Request& r) { r.mutable_step()->clear_basis(); },
          {kInvalid, "BASIS_MISSING", "step.basis.kind"});
  refuses(v1::LIFE_STEP_KIND_SCRAP, [](Request& r) { r.mutable_step()->clear_basis(); },
          {kInvalid, "BASIS_MISSING", "step.basis.kind"});
  refuses(damage, [](Request& r) { r.mutable_step()->mutable_basis()->set_sha256("x"); },
          {kInvalid, "HASH_MALFORMED", "step.basis.sha256"});
  refuses(damage, [](Request& r) { r.set_facility(4242); },
          {kNotFound, "FACILITY_NOT_FOUND", "facility"});
  refuses(damage, [](Request& r) { r.set_etag("1-77"); },
          {StatusCode::kAborted, "ETAG_STALE", "etag"});
  v1::Grant grant;
  grant.add_divisions("110101");
  Reach reach;
  reach.Add(grant);
  world_.reach = std::make_shared<const Reach>(reach);
  refuses(damage, [](Request&) {}, {StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "facility"});
}

TEST_F(FacilityLifeTest, TodayInBeijingIsNotTheFuture) {
  Set(v1::LIFE_IN_USE, v1::CONDITION_INTACT);
  world_now = *ParseTime("2026-11-24T17:00:00Z");
  auto request = Step(v1::LIFE_STEP_KIND_DAMAGE);
  request.mutable_step()->set_date("2026-11-25");
  EXPECT_TRUE(Record(request));
  world_now = *ParseTime("2026-11-24T08:00:00Z");
}

TEST_F(FacilityLifeTest, NotesAreShownToCallersAndNeverLoggedOrResolved) {
  Set(v1::LIFE_UNDER_CONSTRUCTION, v1::CONDITION_INTACT);
  auto request = Step(v1::LIFE_STEP_KIND_HAND_OVER, true);
  request.set_note("张三在场\n签字");
  const v1::Facility shown = After(request);
  for (const auto& step : {shown.last_step(), shown.hand_over()}) {
    EXPECT_EQ(step.note().value(), "张三在场\n签字");
    EXPECT_EQ(step.note().hash() + step.note().salt(), "");
  }
  EXPECT_EQ(world_.Facility(facility_).hand_over().note().salt().size(), 16);
  ASSERT_TRUE(world_.Read()->ScanLog(0, [](const store::LogRecord& record) {
    EXPECT_EQ(record.entry.find("张三"), std::string_view::npos);
    return true;
  }));
  const Plate plate = AddPlate(world_, kSerial, facility_);
  v1::ResolveRequest resolve;
  resolve.set_text(plate.text);
  auto seen = methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", resolve);
  ASSERT_TRUE(seen);
  EXPECT_THAT(seen->SerializeAsString(), Not(HasSubstr("张三")));
  EXPECT_EQ(seen->facility().hand_over().basis().number(), "12号");
  world_.reach = std::make_shared<const Reach>();
  seen = methods_.Unary<v1::ResolveResponse>("ResolverService/Resolve", resolve);
  EXPECT_FALSE(seen->facility().has_hand_over());
  EXPECT_FALSE(seen->facility().has_last_step());
}

TEST_F(FacilityLifeTest, RetiringRevokesItsCodesInOneChange) {
  Set(v1::LIFE_IN_USE, v1::CONDITION_INTACT);
  AddPlate(world_, kSerial, facility_, v1::CODE_STATE_SUSPENDED);
  AddPlate(world_, kSerial + 1, facility_);
  AddPlate(world_, kSerial + 2, facility_, v1::CODE_STATE_REPLACED, kSerial + 1);
  AddPlate(world_, kSerial + 3, world_.AddFacility(2, bureau_));
  const auto request = RetireRequest();
  const auto retired = Retire(request);
  ASSERT_TRUE(retired) << retired.error().message;
  EXPECT_EQ(retired->facility().life(), v1::LIFE_SCRAPPED);
  EXPECT_EQ(retired->facility().last_step().basis().number(), "3号");
  EXPECT_THAT(retired->revoked_codes(), ElementsAre(kSerial, kSerial + 1));
  for (const uint64_t serial : {kSerial, kSerial + 1}) {
    EXPECT_EQ(Code(serial).state(), v1::CODE_STATE_REVOKED);
    EXPECT_EQ(Code(serial).reason(), v1::REVOCATION_REASON_SCRAPPED);
  }
  EXPECT_EQ(Code(kSerial + 2).state(), v1::CODE_STATE_REPLACED);
  EXPECT_EQ(Code(kSerial + 3).state(), v1::CODE_STATE_ACTIVE);
  EXPECT_THAT(Findings(world_), IsEmpty());
  // The same request again is answered the same.
  const std::string state = world_.State();
  EXPECT_EQ(Retire(request)->SerializeAsString(), retired->SerializeAsString());
  EXPECT_EQ(world_.State(), state);
  RefusesUnchanged(world_, [&] { return Retire(RetireRequest()); },
                   {kFailed, "LIFE_STEP_OUT_OF_ORDER", "facility"});
}

TEST_F(FacilityLifeTest, RetiringNamesItsOwnFields) {
  auto request = RetireRequest();
  request.mutable_basis()->clear_number();
  RefusesUnchanged(world_, [&] { return Retire(request); },
                   {kInvalid, "BASIS_MISSING", "basis.number"});
  request = RetireRequest();
  request.set_date("soon");
  RefusesUnchanged(world_, [&] { return Retire(request); }, {kInvalid, "DATE_MALFORMED", "date"});
}

TEST_F(FacilityLifeTest, WhatHasPartsThatStandIsNotRetired) {
  const uint64_t part = world_.AddFacility(2, bureau_);
  Edit<v1::Facility>(world_, part, [&](auto& facility) { facility.set_parent(facility_); });
  Edit<v1::Facility>(world_, facility_, [](auto& facility) { facility.set_has_parts(true); });
  RefusesUnchanged(world_, [&] { return Retire(RetireRequest()); },
                   {kFailed, "FACILITY_HAS_PARTS", "facility"});
  auto request = RetireRequest();
  request.set_facility(part);
  ASSERT_TRUE(Retire(request));
  EXPECT_TRUE(Retire(RetireRequest()));
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(FacilityLifeTest, APlateBoundWhileItIsRetiredIsSeen) {
  AddPlate(world_, kSerial, 0);
  auto planned =
      PlanRetireFacility(world_.domain(), world_.call("test"), RetireRequest(), *world_.Read());
  ASSERT_TRUE(planned) << planned.error().message;
  v1::BindCodeRequest bind;
  bind.set_request_id("bind-1");
  bind.set_serial(kSerial);
  bind.set_facility(facility_);
  ASSERT_TRUE(methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind));
  EXPECT_TRUE(std::holds_alternative<store::TakenKey>(
      store::ApplyAndWait(world_.store(), std::move(planned->change))));
  ASSERT_TRUE(Retire(RetireRequest()));
  EXPECT_EQ((*Get<v1::Code>(*world_.Read(), kSerial))->record.state(), v1::CODE_STATE_REVOKED);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(FacilityLifeTest, WhatIsNoMoreGetsNoCode) {
  ASSERT_TRUE(Retire(RetireRequest()));
  AddPlate(world_, kSerial, 0);
  v1::BindCodeRequest bind;
  bind.set_request_id("bind-1");
  bind.set_serial(kSerial);
  bind.set_facility(facility_);
  RefusesUnchanged(
      world_,
      [&] { return methods_.Unary<v1::BindCodeResponse>("IssuanceService/BindCode", bind); },
      {kFailed, "FACILITY_ENDED", "facility"});
  v1::IssueCodesRequest issue;
  issue.set_request_id("issue-1");
  issue.set_facility(facility_);
  RefusesUnchanged(
      world_,
      [&] { return methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue); },
      {kFailed, "FACILITY_ENDED", "facility"});
  issue.mutable_filter()->add_divisions("140502");
  const auto none = methods_.Stream<v1::IssueCodesResponse>("IssuanceService/IssueCodes", issue);
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->back().total(), 0);
}

TEST_F(FacilityLifeTest, TooLittleRoomForTheStepIsSaid) {
  Edit<v1::Facility>(world_, facility_, [](auto& facility) {
    facility.set_life(v1::LIFE_IN_USE);
    for (int i = 0; i < 14; ++i) {
      auto* extra = facility.add_extra();
      extra->set_name(fmt::format("x{}", i));
      extra->set_value(std::string(980, 'x'));
    }
  });
  auto request = Step(v1::LIFE_STEP_KIND_DAMAGE);
  request.set_note(std::string(1000, 'x'));
  Refuses(request, {kInvalid, "FACILITY_TOO_LARGE", "facility"});
}

}  // namespace
}  // namespace yima::server::testing
