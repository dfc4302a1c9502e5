#include "server/check/check.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/domain/batch_items.h"
#include "server/issuance/issue.h"
#include "tests/server/check/check_kit.h"

namespace yima::server::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(CheckTest, AnErasedSignatureIsNotedAndAMissingOneIsFound) {
  v1::Code erased = Record<v1::Code>(kSerial);
  erased.mutable_signature()->clear_value();
  PutBeside(kSerial, erased, erased);
  EXPECT_THAT(Findings(), Contains(HasSubstr("a signature of 0")));
  erased.mutable_signature()->clear_salt();
  PutBeside(kSerial, erased, erased);
  std::vector<std::string> notes;
  const auto findings = CheckRegistry(
      *world_.Read(), *world_.domain().registry, [](std::string_view, uint64_t) {}, &notes);
  EXPECT_THAT(*findings, IsEmpty());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("signatures of 1 codes are erased")));
  erased.mutable_signature()->clear_hash();
  PutBeside(kSerial, erased, erased);
  EXPECT_THAT(Findings(), Contains(HasSubstr("a signature of 0")));
}

TEST_F(CheckTest, SoundRegistryHasNoFindings) {
  AddPlate(world_, kSerial + 1, 0);
  AddPlate(world_, kSerial + 2, facility_, v1::CODE_STATE_REPLACED, kSerial);
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    facility.set_division("140521");
    *facility.mutable_remark() = Withhold("a remark");
    facility.add_external_codes()->set_value("17");
  }));
  ASSERT_TRUE(Edit<v1::Organization>(world_, bureau_, [](v1::Organization& bureau) {
    *bureau.mutable_contact_name() = Withhold("a person");
    bureau.set_name("城市管理局");
  }));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(CheckTest, ErasedValueIsSound) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    *facility.mutable_remark() = Withhold("a remark");
    facility.mutable_remark()->clear_salt();
    facility.mutable_remark()->clear_value();
  }));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(CheckTest, GoesThroughManyRecords) {
  for (uint32_t i = 2; i < 2100; ++i) world_.AddFacility(i, bureau_);
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(CheckTest, FindsRecordThatDiffersFromTheLog) {
  v1::Facility other = world_.Facility(facility_);
  other.set_address("somewhere else");
  PutBeside(facility_, other, world_.Facility(facility_));
  EXPECT_THAT(Findings(), ElementsAre(AllOf(HasSubstr("facility 4294967297"),
                                            HasSubstr("differs from its last log entry"))));
}

TEST_F(CheckTest, FindsRecordThatDoesNotParse) {
  ChangeWriter writer(world_.call("test"), "");
  const v1::Facility facility = world_.Facility(facility_);
  writer.Replace(facility_, 1, facility, facility);
  store::Change change = writer.Take();
  change.puts[0].bytes = "\x08";
  Damage(std::move(change));
  EXPECT_THAT(Findings(), Contains(HasSubstr("facility 4294967297 does not parse")));
}

TEST_F(CheckTest, FindsWrongRevisionInTheLog) {
  ChangeWriter writer(world_.call("test"), "");
  const v1::Facility facility = world_.Facility(facility_);
  writer.Replace(facility_, 7, facility, facility);
  store::Change change = writer.Take();
  change.puts[0].expected_revision = 1;
  Damage(std::move(change));
  EXPECT_THAT(Findings(),
              ElementsAre(HasSubstr("makes revision 8 of facility 4294967297 after revision 1"),
                          HasSubstr("is at revision 2, but the log says 8")));
}

TEST_F(CheckTest, FindsEntryWithoutItsRecord) {
  ChangeWriter writer(world_.call("test"), "");
  const v1::Facility facility = world_.Facility(facility_);
  v1::Facility stray = facility;
  stray.set_uid(999);
  writer.Replace(facility_, 1, facility, facility);
  store::Change change = writer.Take();
  ChangeWriter other(world_.call("test"), "");
  other.Create(999, stray);
  change.puts[0].entry = other.Take(*world_.Read())->puts[0].entry;
  Damage(std::move(change));
  EXPECT_THAT(Findings(), Contains(HasSubstr("is of facility 999, which has no record")));
}

TEST_F(CheckTest, FindsWhoFollowsAnOrganizationWithoutBeingItsSuccessor) {
  const uint64_t other = world_.AddOrganization("市政中心");
  ASSERT_TRUE(Edit<v1::Organization>(
      world_, bureau_, [&](auto& organization) { organization.set_follower(other); }));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("no successor of it"), HasSubstr("acts still")));
}

TEST_F(CheckTest, FindsWithheldValueWithoutItsHash) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    *facility.mutable_remark() = Withhold("a remark");
    facility.mutable_remark()->set_value("another remark");
  }));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("remark of facility 4294967297 does not have its "
                                                "hash")));
}

TEST_F(CheckTest, FindsFacilityAboveTheLimit) {
  Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    facility.set_address(std::string(19'000, 'x'));
  });
  EXPECT_THAT(Findings(), Contains(HasSubstr("more than 18432")));
}

TEST_F(CheckTest, FindsBrokenReferences) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& facility) {
    facility.mutable_owning()->set_holder(999);
    facility.set_batch(998);
  }));
  AddPlate(world_, kSerial + 1, 0, v1::CODE_STATE_REPLACED, 997);
  ASSERT_TRUE(Edit<v1::Code>(world_, kSerial, [](v1::Code& code) {
    code.set_facility(996);
    code.set_batch(995);
  }));
  EXPECT_THAT(Findings(), AllOf(Contains(HasSubstr("names organization 999, which has no record")),
                                Contains(HasSubstr("names batch 998, which has no record")),
                                Contains(HasSubstr("names code 997, which has no record")),
                                Contains(HasSubstr("names facility 996, which has no record")),
                                Contains(HasSubstr("names batch 995, which has no record"))));
}

TEST_F(CheckTest, FindsNotesWithoutTheirHashAndOrganizationsOfSteps) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](auto& facility) {
    *facility.mutable_last_step()->mutable_note() = Withhold("seen");
    facility.mutable_last_step()->mutable_note()->set_value("unseen");
    facility.mutable_hand_over()->set_from_organization(4242);
  }));
  EXPECT_THAT(Findings(),
              ElementsAre(HasSubstr("last_step.note of facility"),
                          AllOf(HasSubstr("hand-over of facility"), HasSubstr("4242"))));
}

TEST_F(CheckTest, FindsWholesThatDoNotKnowOfTheirPartsOrAreNotThereOrInACircle) {
  const uint64_t part = world_.AddFacility(2, bureau_);
  const auto put_into = [&](uint64_t inner, uint64_t outer) {
    ASSERT_TRUE(
        Edit<v1::Facility>(world_, inner, [&](auto& facility) { facility.set_parent(outer); }));
  };
  put_into(part, 4242);
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("names facility 4242, which has no record")));
  put_into(part, facility_);
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("has parts, and does not know of them")));
  for (const uint64_t uid : {part, facility_}) {
    Edit<v1::Facility>(world_, uid, [](auto& facility) { facility.set_has_parts(true); });
  }
  EXPECT_THAT(Findings(), IsEmpty());
  put_into(facility_, part);
  EXPECT_THAT(Findings(), ::testing::Each(HasSubstr("or in a circle")));
}

TEST_F(CheckTest, FindsCodeThatDoesNotVerify) {
  const Plate forged = SignPlate(world_, kSerial + 1, 0, SigningKey::Generate());
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(forged.serial, forged.record);
  ASSERT_TRUE(Apply(world_, writer));
  EXPECT_THAT(Findings(), ElementsAre("code 4294967298 does not verify: it is FORGED"));
}

TEST_F(CheckTest, FindsCodeSignedForAnotherRecord) {
  const uint64_t other = world_.AddFacility(2, bureau_);
  Plate plate = SignPlate(world_, kSerial + 1, other, *world_.domain().keys.code(1));
  plate.record.set_serial(kSerial + 2);
  plate.record.set_facility(facility_);
  plate.record.set_state(v1::CODE_STATE_REVOKED);
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(kSerial + 2, plate.record);
  ASSERT_TRUE(Apply(world_, writer));
  EXPECT_THAT(Findings(),
              ElementsAre(HasSubstr("payload of code 4294967299 says serial 4294967298"),
                          HasSubstr("is signed for facility code 14050201001000002, which "
                                    "facility 4294967297 never had")));
}

TEST_F(CheckTest, KeyRevokedLaterIsNoFinding) {
  v1::Registry registry = *world_.domain().registry;
  registry.mutable_code_keys(0)->set_revoked(true);
  const auto findings = CheckRegistry(*world_.Read(), registry, [](std::string_view, uint64_t) {});
  ASSERT_TRUE(findings);
  EXPECT_THAT(*findings, IsEmpty());
}

TEST_F(CheckTest, SaysWhenTheRegistryHasNoUsableKeys) {
  const auto findings =
      CheckRegistry(*world_.Read(), v1::Registry(), [](std::string_view, uint64_t) {});
  ASSERT_TRUE(findings);
  EXPECT_THAT(*findings, ElementsAre(HasSubstr("codes cannot be verified")));
}

TEST_F(CheckTest, FindsTwoActiveCodes) {
  Plate second = SignPlate(world_, kSerial + 1, facility_, *world_.domain().keys.code(1));
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(second.serial, second.record);
  writer.KnowCover(facility_, "");  // Counted with the first.
  store::Change change = writer.Take();
  change.claims.clear();
  Damage(std::move(change));
  EXPECT_THAT(Findings(), ElementsAre("facility 4294967297 has two active codes: 4294967297 and "
                                      "4294967298"));
}

TEST_F(CheckTest, FindsKeysLostMovedAndLeftOver) {
  const uint64_t other = world_.AddFacility(2, bureau_);
  DamageKey(store::Index::kFacilityCode, FacilityCodeKey(2, "14050201001000001"), facility_, other);
  DamageKey(store::Index::kFacilityCode, FacilityCodeKey(2, "14050201001000002"), other, 0);
  DamageKey(store::Index::kOrganizationName, "nobody", 0, 999);
  EXPECT_THAT(Findings(), AllOf(Contains(HasSubstr("14050201001000001 of 4294967297 is held by "
                                                   "4294967298")),
                                Contains(HasSubstr("14050201001000002 of 4294967298 is held by "
                                                   "nobody")),
                                Contains(HasSubstr("14050201001000001 is held by 4294967298, which "
                                                   "does not have it")),
                                Contains(HasSubstr("organization name nobody is held by 999"))));
}

TEST_F(CheckTest, FindsTermsLostAndLeftOver) {
  DamageTerm(store::Kind::kFacility, DivisionTerm("140502"), facility_, false);
  DamageTerm(store::Kind::kFacility, DivisionTerm("140521"), facility_, true);
  EXPECT_THAT(Findings(),
              ElementsAre(HasSubstr("facility 4294967297 is not found under its term d140502"),
                          HasSubstr("is found under term d140521, which does not follow from it")));
}

TEST_F(CheckTest, FindsWrongCounters) {
  store::Change change;
  change.adds.push_back({"organizations", 1});
  change.adds.push_back({"codes/1", -1});
  change.adds.push_back({"nonsense", 5});
  Damage(std::move(change));
  EXPECT_THAT(Findings(), ::testing::UnorderedElementsAre(
                              "counter organizations is 2, but the records make it 1",
                              "counter codes/1 is 0, but the records make it 1",
                              "counter nonsense is 5, but the records make it 0"));
}

TEST_F(CheckTest, StopsAtAThousandFindings) {
  store::Change change;
  for (int i = 0; i < 1100; ++i) change.adds.push_back({"nonsense/" + std::to_string(i), 1});
  Damage(std::move(change));
  EXPECT_EQ(Findings().size(), 1000);
}

class BatchCheckTest : public CheckTest {
 protected:
  static constexpr uint64_t kBatch = uint64_t{1} << 32 | 1;

  BatchCheckTest() {
    BatchFreezer freezer(world_.domain(), world_.call("test"), kBatch);
    EXPECT_TRUE(freezer.Add({facility_, 1, kSchemeGbt47678, 14050201001000001, kSerial}));
    batch_.set_id(kBatch);
    batch_.set_kind(v1::BATCH_KIND_ISSUE);
    batch_.set_state(v1::BATCH_STATE_RUNNING);
    batch_.set_source_hash(*freezer.Finish());
    batch_.mutable_counts()->set_total(1);
    EXPECT_TRUE(
        BeginBatch(world_.domain(), world_.call("test"), {"local", "test", "1", {}}, batch_));
  }
  void PutUnlogged(store::Kind kind, uint64_t id, uint64_t revision, std::string bytes) {
    ChangeWriter writer(world_.call("test"), "");
    writer.PutUnlogged(kind, id, revision, std::move(bytes));
    EXPECT_TRUE(Apply(world_, writer));
  }

  v1::Batch batch_;
};

TEST_F(BatchCheckTest, SoundBatchHasNoFindings) {
  EXPECT_THAT(Findings(), IsEmpty());
  v1::BatchCounts counts;
  counts.set_total(1);
  counts.set_done(1);
  ASSERT_TRUE(EndBatch(world_.domain(), world_.call("test"), kBatch, counts));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(CheckTest, BatchOfBlankPlatesIsSoundOnItsWayAndAtItsEnd) {
  v1::IssueCodesRequest request;
  request.set_blank(2 * kBatchChunk);
  request.set_request_id("blank");
  const auto take_one_chunk = [](const v1::IssueCodesResponse& response) -> Result<void> {
    if (response.codes_size() == 0) return {};
    return Fail(StatusCode::kCancelled, "CALLER_GONE", "enough");
  };
  const Call call = world_.call("IssueCodes");
  ASSERT_FALSE(IssueCodes(world_.domain(), call, request, take_one_chunk));
  EXPECT_THAT(Findings(), IsEmpty());
  const auto take_all = [](const v1::IssueCodesResponse&) -> Result<void> { return {}; };
  ASSERT_TRUE(IssueCodes(world_.domain(), call, request, take_all));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(BatchCheckTest, FindsAListThatWasChanged) {
  PutUnlogged(
      store::Kind::kBatchItems, BatchItemsId(kBatch, 0), 1,
      EncodeItems({{999, 1, kSchemeBlank, 0, 998}, {facility_, 1, kSchemeBlank, 0, 0}}) + "x");
  EXPECT_THAT(Findings(), AllOf(Contains(HasSubstr("chunk 0 of batch 4294967297 does not parse")),
                                Contains(HasSubstr("names facility 999, which has no record")),
                                Contains(HasSubstr("names code 998, which has no record")),
                                Contains(HasSubstr("has a list of 2, but counts 1")),
                                Contains(HasSubstr("does not have the hash that the batch says"))));
}

TEST_F(BatchCheckTest, FindsAWrongCursor) {
  v1::BatchCounts counts;
  counts.set_total(1);
  counts.set_done(2);
  PutUnlogged(store::Kind::kBatchCursor, kBatch, 1, counts.SerializeAsString());
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("cursor of batch 4294967297 stands at 2 of 1")));
  PutUnlogged(store::Kind::kBatchCursor, kBatch, 2, "\x08");
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("does not parse")));
}

TEST_F(BatchCheckTest, FindsABatchThatEndedEarly) {
  v1::BatchCounts counts;
  counts.set_total(1);
  ASSERT_TRUE(EndBatch(world_.domain(), world_.call("test"), kBatch, counts));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("is done after 0 of 1")));
}

TEST_F(BatchCheckTest, FindsARunningBatchWithoutACursor) {
  batch_.set_id(kBatch + 1);
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(kBatch + 1, batch_);
  ASSERT_TRUE(Apply(world_, writer));
  EXPECT_THAT(Findings(), ElementsAre(HasSubstr("is running without a cursor")));
}

TEST_F(CheckTest, AnActiveCodeOfAFacilityThatEndedIsReported) {
  ASSERT_TRUE(
      Edit<v1::Facility>(world_, facility_, [](auto& f) { f.set_life(v1::LIFE_SCRAPPED); }));
  EXPECT_THAT(Findings(), ElementsAre(fmt::format("code {} is active, and facility {} is no more",
                                                  kSerial, facility_)));
  ASSERT_TRUE(
      Edit<v1::Code>(world_, kSerial, [](auto& c) { c.set_state(v1::CODE_STATE_REVOKED); }));
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(CheckTest, AStandingPartOfAWholeThatEndedIsReported) {
  const uint64_t part = world_.AddFacility(2, bureau_);
  ASSERT_TRUE(Edit<v1::Facility>(world_, part, [&](auto& f) { f.set_parent(facility_); }));
  ASSERT_TRUE(
      Edit<v1::Code>(world_, kSerial, [](auto& c) { c.set_state(v1::CODE_STATE_REVOKED); }));
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](auto& f) {
    f.set_has_parts(true);
    f.set_life(v1::LIFE_SCRAPPED);
  }));
  EXPECT_THAT(Findings(), ElementsAre(fmt::format(
                              "facility {} stands, and is a part of facility {}, which is no more",
                              part, facility_)));
  ASSERT_TRUE(Edit<v1::Facility>(world_, part, [](auto& f) { f.set_life(v1::LIFE_SCRAPPED); }));
  EXPECT_THAT(Findings(), IsEmpty());
}

}  // namespace
}  // namespace yima::server::testing
