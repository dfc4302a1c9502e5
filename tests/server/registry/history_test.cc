#include "server/registry/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/world.h"

namespace yima::server::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class HistoryTest : public ::testing::Test {
 protected:
  Result<v1::GetFacilityHistoryResponse> Ask(uint64_t uid, int size = 0, std::string token = "") {
    v1::GetFacilityHistoryRequest request;
    request.set_uid(uid);
    request.set_page_size(size);
    request.set_page_token(std::move(token));
    return methods_.Unary<v1::GetFacilityHistoryResponse>("RegistryService/GetFacilityHistory",
                                                          request);
  }
  std::vector<v1::HistoryEntry> Entries() {
    const auto answer = Ask(facility_);
    EXPECT_TRUE(answer) << answer.error().message;
    return {answer->entries().begin(), answer->entries().end()};
  }
  /// `path: before -> after` of each change.
  static std::vector<std::string> Changes(const v1::HistoryEntry& entry) {
    std::vector<std::string> changes;
    for (const auto& change : entry.changes()) {
      changes.push_back(change.path() + ": " + change.before() + " -> " + change.after());
    }
    return changes;
  }
  void SetCondition(v1::Condition condition) {
    ASSERT_TRUE(Edit<v1::Facility>(world_, facility_,
                                   [&](v1::Facility& f) { f.set_condition(condition); }));
  }

  World world_;
  Methods methods_{world_};
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
};

TEST_F(HistoryTest, TellsEachFieldBeforeAndAfterNewestFirst) {
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& f) {
    f.set_condition(v1::CONDITION_DAMAGED);
    f.set_address("文昌街 12 号");
    f.clear_name();
    f.mutable_codes(0)->set_digits("14050201001000099");
  }));
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 2);
  EXPECT_GT(entries[0].index(), entries[1].index());
  EXPECT_EQ(entries[0].revision(), 2);
  EXPECT_EQ(entries[0].method(), "test");
  EXPECT_EQ(entries[0].principal(), "local");
  EXPECT_THAT(Changes(entries[0]),
              ElementsAre("codes[0].digits: 14050201001000001 -> 14050201001000099",
                          "condition: CONDITION_INTACT -> CONDITION_DAMAGED",
                          "address:  -> 文昌街 12 号", "name: 上水井盖 -> "));
  EXPECT_THAT(Changes(entries[1]), Contains("division:  -> 140502"));
}

TEST_F(HistoryTest, HoldsTheEntriesOfItsCodes) {
  AddPlate(world_, kSerial, facility_);
  SetCondition(v1::CONDITION_LOST);
  ASSERT_TRUE(Edit<v1::Code>(world_, kSerial,
                             [](v1::Code& code) { code.set_state(v1::CODE_STATE_SUSPENDED); }));
  world_.AddFacility(2, bureau_);
  const auto entries = Entries();
  ASSERT_EQ(entries.size(), 4);
  EXPECT_EQ(entries[0].code(), kSerial);
  EXPECT_THAT(Changes(entries[0]), ElementsAre("state: CODE_STATE_ACTIVE -> CODE_STATE_SUSPENDED"));
  EXPECT_EQ(entries[1].code(), 0);
  EXPECT_EQ(entries[2].code(), kSerial);
  EXPECT_THAT(Changes(entries[2]), Contains("signature:  -> withheld"));
  EXPECT_EQ(entries[3].code(), 0);
}

TEST_F(HistoryTest, NeverTellsWhatIsWithheld) {
  const auto remark = [&](std::string_view text) {
    ASSERT_TRUE(Edit<v1::Facility>(world_, facility_,
                                   [&](v1::Facility& f) { *f.mutable_remark() = Withhold(text); }));
  };
  remark("王工 13800000000");
  remark("李工 13900000000");
  auto entries = Entries();
  EXPECT_THAT(Changes(entries[0]), ElementsAre("remark: erased -> withheld"));
  ASSERT_TRUE(Edit<v1::Facility>(world_, facility_, [](v1::Facility& f) {
    f.mutable_remark()->clear_salt();
    f.mutable_remark()->clear_value();
  }));
  entries = Entries();
  EXPECT_THAT(Changes(entries[1]), ElementsAre("remark: erased -> erased"));
  for (const auto& entry : entries)
    EXPECT_EQ(entry.DebugString().find("1390000"), std::string::npos);
}

TEST_F(HistoryTest, PagesHoldEachEntryOnce) {
  AddPlate(world_, kSerial, facility_);
  for (int i = 0; i < 30; ++i) {
    SetCondition(i % 2 == 0 ? v1::CONDITION_DAMAGED : v1::CONDITION_INTACT);
    if (i % 3 == 0) {
      ASSERT_TRUE(Edit<v1::Code>(world_, kSerial, [&](v1::Code& code) { code.set_prints(i + 1); }));
    }
  }
  const auto whole = Entries();
  ASSERT_EQ(whole.size(), 42);
  std::vector<uint64_t> paged;
  std::string token;
  do {
    const auto page = Ask(facility_, 4, token);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_LE(page->entries_size(), 4);
    for (const auto& entry : page->entries()) paged.push_back(entry.index());
    token = page->next_page_token();
  } while (!token.empty());
  ASSERT_EQ(paged.size(), whole.size());
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(paged[i], whole[i].index());
}

TEST_F(HistoryTest, NamesPrincipalsToWhoMayListThem) {
  v1::Principal principal;
  principal.set_id(77);
  principal.set_kind(v1::PRINCIPAL_KIND_PERSON);
  *principal.mutable_name() = Withhold("王工");
  ChangeWriter writer(world_.call("test"), "");
  writer.Create(77, principal);
  ASSERT_TRUE(Apply(world_, writer));
  world_.principal = "77";
  SetCondition(v1::CONDITION_LOST);
  EXPECT_EQ(Entries()[0].principal_name(), "王工");
  auto bounded = std::make_shared<Reach>();
  v1::Grant grant;
  grant.add_divisions("1405");
  bounded->Add(grant);
  world_.reach = bounded;
  EXPECT_EQ(Entries()[0].principal_name(), "");
  EXPECT_EQ(Entries()[0].principal(), "77");
}

TEST_F(HistoryTest, IsForWhoReachesTheFacility) {
  auto elsewhere = std::make_shared<Reach>();
  v1::Grant grant;
  grant.add_divisions("11");
  elsewhere->Add(grant);
  world_.reach = elsewhere;
  EXPECT_EQ(RefusalOf(Ask(facility_)),
            (Refusal{StatusCode::kPermissionDenied, "SCOPE_EXCEEDED", "uid"}));
}

TEST_F(HistoryTest, RefusesWhatItCannotAnswer) {
  EXPECT_EQ(RefusalOf(Ask(5)), (Refusal{StatusCode::kNotFound, "FACILITY_NOT_FOUND", "uid"}));
  EXPECT_EQ(RefusalOf(Ask(facility_, 201)).reason, "PAGE_SIZE_TOO_LARGE");
  EXPECT_EQ(RefusalOf(Ask(facility_, -1)).reason, "PAGE_SIZE_NEGATIVE");
  EXPECT_EQ(RefusalOf(Ask(facility_, 1, "made-up")).reason, "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace yima::server::testing
