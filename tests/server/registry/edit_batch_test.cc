#include "server/registry/edit_batch.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/findings.h"
#include "tests/server/plates.h"
#include "tests/server/unchanged.h"

namespace yima::server::testing {
namespace {

using ::testing::IsEmpty;
constexpr auto kInvalid = StatusCode::kInvalidArgument;
constexpr auto kFailed = StatusCode::kFailedPrecondition;

class EditFacilitiesTest : public ::testing::Test {
 protected:
  using Answers = std::vector<v1::EditFacilitiesResponse>;

  v1::EditFacilitiesRequest OwnedBy(uint64_t owner, std::string request_id = "edit-1") {
    v1::EditFacilitiesRequest request;
    request.set_request_id(std::move(request_id));
    request.mutable_filter()->add_class_codes("01001");
    request.mutable_facility()->mutable_owning()->set_holder(owner);
    request.add_update_mask("owning");
    return request;
  }
  v1::EditFacilitiesRequest DryRunOf(v1::EditFacilitiesRequest request) {
    request.clear_request_id();
    request.set_dry_run(true);
    return request;
  }
  Result<Answers> EditAll(
      const v1::EditFacilitiesRequest& request,
      const std::function<Result<void>(const v1::EditFacilitiesResponse&)>& on_response = {}) {
    return methods_.Stream<v1::EditFacilitiesResponse>("RegistryService/EditFacilities", request,
                                                       on_response);
  }
  /// Outcomes of the whole list, by uid.
  static std::map<uint64_t, std::pair<int, std::string>> OutcomesOf(const Answers& answers) {
    std::map<uint64_t, std::pair<int, std::string>> outcomes;
    for (const auto& answer : answers) {
      for (const auto& one : answer.facilities()) {
        EXPECT_TRUE(outcomes.emplace(one.facility(), std::pair(one.kind(), one.reason())).second);
      }
    }
    return outcomes;
  }
  void Confirm(uint64_t uid) {
    Edit<v1::Facility>(world_, uid, [&](auto& facility) {
      facility.mutable_owning()->set_holder(bureau_);
      facility.mutable_owning()->set_state(v1::RIGHT_STATE_CONFIRMED);
    });
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t owner_ = world_.AddOrganization("水务公司");
  uint64_t a_ = world_.AddFacility(1, bureau_);
  uint64_t b_ = world_.AddFacility(2, bureau_, owner_);
  uint64_t c_ = world_.AddFacility(3, bureau_);
  Methods methods_{world_};
};

TEST_F(EditFacilitiesTest, ChangesWhatTheFilterFindsAndSaysWhatBecameOfEach) {
  Confirm(c_);
  const auto answers = EditAll(OwnedBy(owner_));
  ASSERT_TRUE(answers) << answers.error().message;
  const auto& last = answers->back();
  EXPECT_EQ(last.total(), 3);
  EXPECT_EQ(last.done(), 3);
  EXPECT_EQ(last.changed(), 1);
  EXPECT_EQ(last.unchanged(), 1);
  EXPECT_EQ(last.refused(), 1);
  EXPECT_EQ(last.moved(), 0);
  const auto outcomes = OutcomesOf(*answers);
  EXPECT_EQ(outcomes.at(a_).first, v1::FACILITY_OUTCOME_KIND_CHANGED);
  EXPECT_EQ(outcomes.at(b_).first, v1::FACILITY_OUTCOME_KIND_UNCHANGED);
  EXPECT_EQ(outcomes.at(c_),
            std::pair(int{v1::FACILITY_OUTCOME_KIND_REFUSED}, std::string("RIGHT_SETTLED")));
  EXPECT_EQ(world_.Facility(a_).owning().holder(), owner_);
  EXPECT_EQ(world_.Facility(c_).owning().holder(), bureau_);
  const auto batch = (*Get<v1::Batch>(*world_.Read(), last.batch()))->record;
  EXPECT_EQ(batch.kind(), v1::BATCH_KIND_EDIT);
  EXPECT_EQ(batch.state(), v1::BATCH_STATE_DONE);
  EXPECT_EQ(batch.source(), "class 01001");
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(EditFacilitiesTest, TheSameRequestIsAnsweredTheSameAndWritesNothing) {
  Confirm(c_);
  const auto first = EditAll(OwnedBy(owner_));
  ASSERT_TRUE(first);
  const std::string state = world_.State();
  const auto again = EditAll(OwnedBy(owner_));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), first->size());
  for (size_t i = 0; i < first->size(); ++i) {
    EXPECT_EQ((*again)[i].SerializeAsString(), (*first)[i].SerializeAsString());
  }
  EXPECT_EQ(world_.State(), state);
  RefusesUnchanged(world_, [&] { return EditAll(OwnedBy(bureau_)); },
                   {kFailed, "REQUEST_ID_REUSED", "request_id"});
}

TEST_F(EditFacilitiesTest, DryRunSaysWhatWouldBeAndWritesNothing) {
  Confirm(c_);
  const std::string state = world_.State();
  const auto answers = EditAll(DryRunOf(OwnedBy(owner_)));
  ASSERT_TRUE(answers) << answers.error().message;
  ASSERT_EQ(answers->size(), 1);
  EXPECT_EQ(answers->back().changed(), 1);
  EXPECT_EQ(answers->back().unchanged(), 1);
  EXPECT_EQ(answers->back().refused(), 1);
  ASSERT_EQ(answers->back().facilities_size(), 1);
  EXPECT_EQ(answers->back().facilities(0).reason(), "RIGHT_SETTLED");
  EXPECT_EQ(answers->back().frozen_hash().size(), 32);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(EditFacilitiesTest, IsRefusedAsAWholeWhenTheFilterFindsAnythingElse) {
  auto request = OwnedBy(owner_);
  request.set_frozen_hash(EditAll(DryRunOf(request))->back().frozen_hash());
  const uint64_t other = world_.AddFacility(4, bureau_);
  const Refusal changed{kFailed, "FILTER_RESULT_CHANGED", "frozen_hash"};
  RefusesUnchanged(
      world_, [&] { return EditAll(request); }, changed);
  request.set_frozen_hash(EditAll(DryRunOf(request))->back().frozen_hash());
  Edit<v1::Facility>(world_, other, [](auto& facility) { facility.set_address("x"); });
  RefusesUnchanged(
      world_, [&] { return EditAll(request); }, changed);
  request.set_frozen_hash(EditAll(DryRunOf(request))->back().frozen_hash());
  EXPECT_EQ(EditAll(request)->back().changed(), 3);
  // Begun with that hash, it is answered again though the revisions are others by now.
  EXPECT_EQ(EditAll(request)->back().changed(), 3);
}

TEST_F(EditFacilitiesTest, GoesOnWhereItStoppedAndLeavesWhatOthersMoved) {
  constexpr uint32_t kMore = 600;
  std::vector<uint64_t> more;
  for (uint32_t i = 0; i < kMore; ++i) more.push_back(world_.AddFacility(100 + i, bureau_));
  const auto broken = EditAll(OwnedBy(owner_), [](const auto&) -> Result<void> {
    return Fail(StatusCode::kCancelled, "CALL_CANCELLED", "gone");
  });
  ASSERT_FALSE(broken);
  EXPECT_EQ(world_.Facility(more.front()).owning().holder(), owner_);
  EXPECT_EQ(world_.Facility(more.back()).owning().holder(), 0);
  Edit<v1::Facility>(world_, more.back(),
                     [](auto& facility) { facility.set_address("elsewhere"); });
  const auto answers = EditAll(OwnedBy(owner_));
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().total(), kMore + 3);
  EXPECT_EQ(answers->back().changed(), kMore + 1);
  EXPECT_EQ(answers->back().moved(), 1);
  EXPECT_EQ(OutcomesOf(*answers).at(more.back()).first, v1::FACILITY_OUTCOME_KIND_MOVED);
  EXPECT_EQ(OutcomesOf(*answers).size(), kMore + 3);
  EXPECT_EQ(world_.Facility(more.back()).owning().holder(), 0);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(EditFacilitiesTest, PutsAllIntoOneWholeButItself) {
  v1::EditFacilitiesRequest request = OwnedBy(owner_);
  request.clear_update_mask();
  request.add_update_mask("parent");
  request.mutable_facility()->set_parent(a_);
  const auto answers = EditAll(request);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().changed(), 2);
  EXPECT_EQ(OutcomesOf(*answers).at(a_).second, "PARENT_CYCLE");
  EXPECT_EQ(world_.Facility(b_).parent(), a_);
  EXPECT_TRUE(world_.Facility(a_).has_parts());
  EXPECT_THAT(Findings(world_), IsEmpty());
}

TEST_F(EditFacilitiesTest, NothingOutsideOfReachIsFoundOrGivenAway) {
  Edit<v1::Facility>(world_, c_, [](auto& facility) { facility.set_division("140581"); });
  v1::Grant grant;
  grant.add_divisions("140502");
  Reach reach;
  reach.Add(grant);
  world_.reach = std::make_shared<const Reach>(reach);
  EXPECT_EQ(EditAll(OwnedBy(owner_))->back().total(), 2);
  auto away = OwnedBy(owner_, "edit-2");
  away.clear_update_mask();
  away.add_update_mask("division");
  away.mutable_facility()->set_division("140581");
  const auto answers = EditAll(away);
  ASSERT_TRUE(answers) << answers.error().message;
  EXPECT_EQ(answers->back().refused(), 2);
  EXPECT_EQ(OutcomesOf(*answers).at(a_).second, "SCOPE_EXCEEDED");
}

TEST_F(EditFacilitiesTest, NoPersonalValueGetsIntoTheLog) {
  auto request = OwnedBy(owner_);
  request.add_update_mask("remark");
  request.add_update_mask("personal");
  request.set_remark("张三看见的");
  request.add_personal()->set_name("户主");
  request.mutable_personal(0)->set_value("李四");
  // As a client sends a facility back that it has read.
  request.mutable_facility()->mutable_remark()->set_value("张三看见的");
  request.mutable_facility()->mutable_last_step()->mutable_note()->set_value("李四说的");
  ASSERT_TRUE(EditAll(request));
  EXPECT_EQ(world_.Facility(a_).personal(0).value().value(), "李四");
  ASSERT_TRUE(world_.Read()->ScanLog(0, [](const store::LogRecord& record) {
    EXPECT_EQ(record.entry.find("张三"), std::string_view::npos);
    EXPECT_EQ(record.entry.find("李四"), std::string_view::npos);
    return true;
  }));
}

TEST_F(EditFacilitiesTest, RefusesWhatNoFacilityCouldTake) {
  const auto refuses = [&](const auto& spoil, const Refusal& refusal) {
    auto request = OwnedBy(owner_);
    spoil(request);
    RefusesUnchanged(
        world_, [&] { return EditAll(request); }, refusal);
  };
  using Request = v1::EditFacilitiesRequest;
  refuses([](Request& r) { r.clear_request_id(); }, {kInvalid, "REQUEST_ID_MISSING", "request_id"});
  refuses([](Request& r) { r.clear_update_mask(); },
          {kInvalid, "UPDATE_MASK_MISSING", "update_mask"});
  refuses([](Request& r) { r.add_update_mask("life"); },
          {kInvalid, "UPDATE_PATH_UNKNOWN", "update_mask[1]"});
  refuses([](Request& r) { r.add_update_mask("codes"); },
          {kInvalid, "UPDATE_PATH_UNKNOWN", "update_mask[1]"});
  refuses([](Request& r) { r.mutable_filter()->add_divisions("1"); },
          {kInvalid, "DIVISION_MALFORMED", "filter.divisions[0]"});
  refuses([](Request& r) { r.set_frozen_hash("x"); },
          {kFailed, "FILTER_RESULT_CHANGED", "frozen_hash"});
  auto none = OwnedBy(owner_);
  none.mutable_filter()->set_class_codes(0, "01037");
  const std::string state = world_.State();
  EXPECT_EQ(EditAll(none)->back().batch(), 0);
  EXPECT_EQ(world_.State(), state);
}

TEST_F(EditFacilitiesTest, EndsBetweenChunksWhenItIsCancelledAndGoesOn) {
  for (uint32_t i = 0; i < 1000; ++i) world_.AddFacility(100 + i, bureau_);
  bool told = false;
  const auto broken = methods_.Stream<v1::EditFacilitiesResponse>(
      "RegistryService/EditFacilities", OwnedBy(owner_),
      [&](const auto&) -> Result<void> {
        told = true;
        return {};
      },
      [&] { return told; });
  EXPECT_EQ(RefusalOf(broken), (Refusal{StatusCode::kUnavailable, "CALL_ENDED", ""}));
  EXPECT_EQ(world_.Facility(a_).owning().holder(), owner_);
  const auto done = EditAll(OwnedBy(owner_));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->back().done(), 1003);
  EXPECT_EQ(done->back().changed(), 1002);
  EXPECT_THAT(Findings(world_), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
