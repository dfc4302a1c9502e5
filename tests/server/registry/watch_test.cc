#include "server/registry/watch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/methods.h"
#include "tests/server/plates.h"
#include "tests/server/world.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::server::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

class WatchTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Watcher>> Open(
      const v1::WatchRequest& request,
      std::chrono::milliseconds quiet_max = std::chrono::milliseconds(0)) {
    // A memory of its own each time: what was just written is seen.
    return Watcher::Open(world_.domain(), world_.call("yima.v1.RegistryService/Watch"), request,
                         std::make_shared<LogSizeNow>(world_.store()), quiet_max);
  }
  static v1::WatchRequest After(std::string token) {
    v1::WatchRequest request;
    request.set_after(std::move(token));
    return request;
  }
  /// All changes after a token until it has caught up.
  std::vector<v1::WatchChange> Changes(const v1::WatchRequest& request) {
    std::vector<v1::WatchChange> changes;
    const auto watcher = Open(request);
    EXPECT_TRUE(watcher) << watcher.error().message;
    if (!watcher) return changes;
    while (true) {
      const auto message = (*watcher)->Next();
      EXPECT_TRUE(message && *message);
      if (!message || !*message) return changes;
      changes.insert(changes.end(), (*message)->changes().begin(), (*message)->changes().end());
      next_ = (*message)->next();
      if ((*message)->caught_up()) return changes;
    }
  }
  std::vector<v1::RecordKind> Kinds(const v1::WatchRequest& request) {
    std::vector<v1::RecordKind> kinds;
    for (const auto& change : Changes(request)) kinds.push_back(change.kind());
    return kinds;
  }
  /// The token of now.
  std::string Now() {
    Changes({});
    return next_;
  }
  void Bound(std::string division) {
    auto reach = std::make_shared<Reach>();
    v1::Grant grant;
    grant.add_divisions(std::move(division));
    reach->Add(grant);
    world_.reach = reach;
  }
  void MoveTo(uint64_t uid, std::string division) {
    ASSERT_TRUE(
        Edit<v1::Facility>(world_, uid, [&](v1::Facility& f) { f.set_division(division); }));
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局", "0356-0000000");
  std::string next_;
};

TEST_F(WatchTest, TellsEveryEntryOnceInOrder) {
  for (uint32_t number = 1; number <= 1500; ++number) world_.AddFacility(number, bureau_);
  const auto changes = Changes(After("1-0"));
  ASSERT_EQ(changes.size(), *world_.Read()->LogSize());
  for (size_t i = 0; i < changes.size(); ++i) ASSERT_EQ(changes[i].index(), i);
  EXPECT_EQ(next_, "1-" + std::to_string(changes.size()));
}

TEST_F(WatchTest, GoesOnAfterATokenWhereverTheMessageEnded) {
  const std::string before = Now();
  const uint64_t uid = world_.AddFacility(1, bureau_);
  const auto first = Changes(After(before));
  ASSERT_EQ(first.size(), 1);
  EXPECT_EQ(first[0].id(), uid);
  EXPECT_EQ(first[0].revision(), 1);
  EXPECT_EQ(first[0].facility().division(), "140502");
  MoveTo(uid, "140521");
  const auto second = Changes(After(next_));
  ASSERT_EQ(second.size(), 1);
  EXPECT_EQ(second[0].revision(), 2);
  EXPECT_THAT(Changes(After(next_)), IsEmpty());
}

TEST_F(WatchTest, IsQuietWhileNothingHappensAndTellsWhatIsNew) {
  const auto watcher = *Open({}, std::chrono::hours(1));
  const auto begin = *watcher->Next();
  ASSERT_TRUE(begin);
  EXPECT_TRUE(begin->caught_up());
  EXPECT_FALSE(*watcher->Next());
  world_.AddFacility(1, bureau_);
  std::optional<v1::WatchResponse> message;
  // The log's length is looked up now and then.
  while (!message) message = *watcher->Next();
  EXPECT_EQ(message->changes_size(), 1);
}

TEST_F(WatchTest, AClientWhoseFilterMatchesNothingLearnsHowFarItIs) {
  v1::WatchRequest request;
  request.mutable_filter()->add_kinds(v1::RECORD_KIND_BATCH);
  const auto watcher = *Open(request);
  const std::string begin = (*watcher->Next())->next();
  world_.AddFacility(1, bureau_);
  std::optional<v1::WatchResponse> message;
  while (!message) message = *watcher->Next();
  EXPECT_THAT(message->changes(), IsEmpty());
  EXPECT_TRUE(message->caught_up());
  EXPECT_NE(message->next(), begin);
}

TEST_F(WatchTest, FiltersByKindDivisionClassAndOrganization) {
  const std::string before = Now();
  const uint64_t water = world_.AddOrganization("供水公司");
  world_.AddFacility(1, bureau_);
  const uint64_t owned = world_.AddFacility(2, bureau_, water);
  AddPlate(world_, kSerial, owned);
  AddPlate(world_, kSerial + 1, 0);
  auto request = After(before);
  EXPECT_THAT(Kinds(request),
              ElementsAre(v1::RECORD_KIND_ORGANIZATION, v1::RECORD_KIND_FACILITY,
                          v1::RECORD_KIND_FACILITY, v1::RECORD_KIND_CODE, v1::RECORD_KIND_CODE));
  request.mutable_filter()->add_organizations(water);
  EXPECT_THAT(Kinds(request), ElementsAre(v1::RECORD_KIND_FACILITY, v1::RECORD_KIND_CODE));
  request.mutable_filter()->add_kinds(v1::RECORD_KIND_CODE);
  EXPECT_THAT(Kinds(request), ElementsAre(v1::RECORD_KIND_CODE));
  request.clear_filter();
  request.mutable_filter()->add_divisions("1405");
  request.mutable_filter()->add_class_codes("01");
  EXPECT_EQ(Kinds(request).size(), 3);
  request.mutable_filter()->set_class_codes(0, "02");
  EXPECT_THAT(Kinds(request), IsEmpty());
}

TEST_F(WatchTest, SaysThatAFacilityLeftTheFilter) {
  const uint64_t uid = world_.AddFacility(1, bureau_);
  auto request = After(Now());
  request.mutable_filter()->add_divisions("140502");
  MoveTo(uid, "140521");
  MoveTo(uid, "140522");
  MoveTo(uid, "140502");
  const auto changes = Changes(request);
  ASSERT_EQ(changes.size(), 2);
  EXPECT_TRUE(changes[0].left());
  EXPECT_FALSE(changes[0].has_facility());
  EXPECT_EQ(changes[0].id(), uid);
  EXPECT_FALSE(changes[1].left());
  EXPECT_TRUE(changes[1].has_facility());
}

TEST_F(WatchTest, TellsNothingThatLiesOutsideTheReach) {
  const std::string before = Now();
  const uint64_t here = world_.AddFacility(1, bureau_);
  const uint64_t there = world_.AddFacility(2, bureau_);
  MoveTo(there, "110101");
  AddPlate(world_, kSerial, here);
  AddPlate(world_, kSerial + 1, there);
  AddPlate(world_, kSerial + 2, 0);
  const std::string moved = next_;
  Bound("11");
  const auto changes = Changes(After(before));
  ASSERT_EQ(changes.size(), 2);
  EXPECT_EQ(changes[0].facility().division(), "110101");
  EXPECT_EQ(changes[1].id(), kSerial + 1);
  Bound("14");
  const auto others = Changes(After(before));
  ASSERT_EQ(others.size(), 4);
  EXPECT_TRUE(others[2].left());
  EXPECT_FALSE(others[2].has_facility());
}

TEST_F(WatchTest, TellsNothingOfPersonsAndNoSignature) {
  const std::string before = Now();
  const uint64_t uid = world_.AddFacility(1, bureau_);
  ASSERT_TRUE(Edit<v1::Facility>(world_, uid,
                                 [](v1::Facility& f) { *f.mutable_remark() = Withhold("王工"); }));
  ASSERT_TRUE(Edit<v1::Organization>(
      world_, bureau_, [](v1::Organization& o) { *o.mutable_contact_name() = Withhold("李工"); }));
  AddPlate(world_, kSerial, uid);
  for (const auto& change : Changes(After(before))) {
    EXPECT_FALSE(change.facility().has_remark());
    EXPECT_FALSE(change.organization().has_contact_name());
    EXPECT_FALSE(change.code().has_signature());
  }
}

TEST_F(WatchTest, RefusesTokensOfALogThatThisIsNot) {
  const auto refusal = [&](const std::string& token) { return RefusalOf(Open(After(token))); };
  const uint64_t size = *world_.Read()->LogSize();
  EXPECT_TRUE(Open(After("1-" + std::to_string(size))));
  EXPECT_EQ(refusal("1-" + std::to_string(size + 1)),
            (Refusal{StatusCode::kOutOfRange, "WATCH_FROM_FUTURE", "after"}));
  EXPECT_EQ(refusal("2-0"),
            (Refusal{StatusCode::kFailedPrecondition, "WATCH_OTHER_EPOCH", "after"}));
  for (const char* token : {"1", "1-", "-1", "1-x", "01-1", "1-01", "1 - 1", "1-1 ", "x"}) {
    EXPECT_EQ(refusal(token),
              (Refusal{StatusCode::kInvalidArgument, "WATCH_TOKEN_MALFORMED", "after"}))
        << token;
  }
}

TEST_F(WatchTest, RefusesFiltersThatAreNone) {
  v1::WatchRequest request;
  request.mutable_filter()->add_divisions("1");
  EXPECT_EQ(RefusalOf(Open(request)).reason, "DIVISION_MALFORMED");
  request.clear_filter();
  request.mutable_filter()->add_kinds(static_cast<v1::RecordKind>(99));
  EXPECT_EQ(RefusalOf(Open(request)),
            (Refusal{StatusCode::kInvalidArgument, "ENUM_UNKNOWN", "filter.kinds[0]"}));
}

/// A log of epoch 1 that was taken back to a backup and goes on as epoch 3; of epoch 2 nobody
/// knows.
class WatchRestoredTest : public WatchTest {
 protected:
  WatchRestoredTest() {
    const uint64_t uid = world_.AddFacility(1, bureau_);
    AddPlate(world_, kSerial, uid);
    common_ = *world_.Read()->LogSize();
    // By the published list: entered again by the restore, before it says so.
    const auto read = *Get<v1::Code>(*world_.Read(), kSerial);
    v1::Code revoked = read->record;
    revoked.set_state(v1::CODE_STATE_REVOKED);
    ChangeWriter writer(world_.call("yimad/restore"), "");
    writer.Replace(kSerial, read->revision, read->record, revoked);
    EXPECT_TRUE(Apply(world_, writer));
    world_.ChangeRegistry([&](v1::Registry& registry) {
      registry.set_epoch(3);
      auto* restore = registry.add_restores();
      restore->set_epoch(3);
      restore->set_log_size(common_ + 1);
    });
  }
  uint64_t common_ = 0;
};

TEST_F(WatchRestoredTest, GoesOnWithWhatBothLogsHaveInCommon) {
  const auto changes = Changes(After("1-" + std::to_string(common_)));
  ASSERT_EQ(changes.size(), 2);
  EXPECT_EQ(changes[0].index(), common_);
  EXPECT_EQ(next_, "3-" + std::to_string(common_ + 2));
}

TEST_F(WatchRestoredTest, SaysWhereToBeginWhenTheLogsPart) {
  const auto refused = Open(After("1-" + std::to_string(common_ + 1)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(RefusalOf(refused),
            (Refusal{StatusCode::kFailedPrecondition, "WATCH_OTHER_EPOCH", "after"}));
  EXPECT_THAT(refused.error().message, HasSubstr("\"3-" + std::to_string(common_) + "\""));
  EXPECT_EQ(RefusalOf(Open(After("2-0"))).reason, "WATCH_OTHER_EPOCH");
  EXPECT_EQ(RefusalOf(Open(After("3-100000"))).reason, "WATCH_FROM_FUTURE");
}

TEST_F(WatchTest, ACodesEntryIsJudgedByItsFacilityOfThen) {
  const uint64_t uid = world_.AddFacility(1, bureau_);
  AddPlate(world_, kSerial, uid);
  const auto suspend = [](v1::Code& code) { code.set_state(v1::CODE_STATE_SUSPENDED); };
  MoveTo(uid, "140521");
  ASSERT_TRUE(Edit<v1::Code>(world_, kSerial, suspend));
  v1::WatchRequest request = After("1-0");
  request.mutable_filter()->add_kinds(v1::RECORD_KIND_CODE);
  for (const auto& [division, state] : {std::pair("140502", v1::CODE_STATE_ACTIVE),
                                        std::pair("140521", v1::CODE_STATE_SUSPENDED)}) {
    Bound(division);
    const auto changes = Changes(request);
    ASSERT_EQ(changes.size(), 1) << division;
    EXPECT_EQ(changes[0].code().state(), state);
  }
}

TEST_F(WatchTest, ADamagedEntryEndsTheStreamOnceAllBeforeItAreTold) {
  const std::string begin = Now();
  const uint64_t uid = world_.AddFacility(1, bureau_);
  for (const int field : {v1::LogEntry::kCodeFieldNumber, v1::LogEntry::kBatchRecordFieldNumber,
                          v1::LogEntry::kOrganizationFieldNumber}) {
    const uint64_t index = *world_.Read()->LogSize();
    std::string entry(1, static_cast<char>(field << 3 | 2));
    if (field > 15)
      entry = {static_cast<char>(field << 3 | 2 | 0x80), static_cast<char>(field >> 4)};
    entry += std::string("\2\xff\xff", 3);
    store::Change change;
    change.puts.push_back({store::Kind::kCode, kSerial + index, 0, "x", entry});
    ASSERT_TRUE(std::holds_alternative<store::Committed>(
        store::ApplyAndWait(world_.store(), std::move(change))));
    const uint64_t behind = world_.AddFacility(static_cast<uint32_t>(index + 10), bureau_);
    const auto watcher = *Open(After(fmt::format("1-{}", index - 1)));
    const auto first = watcher->Next();
    ASSERT_TRUE(first && *first) << first.error().message;
    EXPECT_EQ((*first)->changes_size(), 1);
    EXPECT_FALSE((*first)->caught_up());
    EXPECT_EQ((*first)->next(), fmt::format("1-{}", index));
    const auto damaged = watcher->Next();
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, StatusCode::kDataLoss);
    EXPECT_EQ(damaged.error().reason, "ENTRY_DAMAGED");
    EXPECT_THAT(damaged.error().message, HasSubstr(std::to_string(index)));
    EXPECT_EQ(Changes(After(fmt::format("1-{}", index + 1)))[0].id(), behind);
  }
  EXPECT_NE(uid, 0);
}

}  // namespace
}  // namespace yima::server::testing
