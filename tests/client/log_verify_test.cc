#include "client/log/log_verify.h"

#include <fstream>

#include <gtest/gtest.h>

#include "client/log/verify_state.h"
#include "tests/client/memory_log.h"

namespace yima {
namespace {

using testing::MemoryLog;

class LogVerifyTest : public ::testing::Test {
 protected:
  LogVerifyTest() { log_.AddFacilities(599); }
  ~LogVerifyTest() override { std::filesystem::remove(state_); }

  Result<VerifyReport> Verify(const MemoryLog& log, const KnownLog& known,
                              bool hashes_only = false) const {
    VerifyOptions options;
    options.state = state_;
    options.hashes_only = hashes_only;
    return VerifyLog(log, known, options);
  }
  Result<VerifyReport> Verify(const MemoryLog& log, bool hashes_only = false) const {
    return Verify(log, log.Known(), hashes_only);
  }
  static std::string ReasonOf(const Result<VerifyReport>& report) {
    return report ? "" : report.error().reason;
  }
  static std::string MessageOf(const Result<VerifyReport>& report) {
    return report ? "" : report.error().message;
  }

  const SigningKey key_ = SigningKey::Generate();
  MemoryLog log_{key_};
  std::filesystem::path state_ = ::testing::TempDir() + "yima-verify-state-" +
                                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(LogVerifyTest, TheStateKeepsTheCheckpointAndWhereItWasVerified) {
  ASSERT_EQ(MessageOf(Verify(log_)), "");
  const auto state = VerifyState::Load(state_);
  ASSERT_TRUE(state && *state);
  EXPECT_EQ((*state)->note, log_.Known().note);
  EXPECT_EQ((*state)->log, log_.Known().name);
  EXPECT_EQ((*state)->source, "memory");
  EXPECT_EQ((*state)->tree.size(), log_.size());
}

TEST_F(LogVerifyTest, ANextRunGoesOnFromTheLastEntry) {
  ASSERT_TRUE(Verify(log_));
  log_.AddFacilities(300);
  log_.reads_ = {};
  const auto report = Verify(log_);
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_EQ(report->begun, 600u);
  EXPECT_EQ(report->size, 900u);
  EXPECT_EQ(report->before->size, 600u);
  EXPECT_EQ(log_.reads_[1], 2) << "the tile that was partial, and the one after it";
  const auto again = Verify(log_);
  EXPECT_EQ(again->begun, 900u);
}

TEST_F(LogVerifyTest, ALogThatLostItsLastEntryIsSmaller) {
  const MemoryLog before = log_;
  log_.AddFacilities(1);
  ASSERT_TRUE(Verify(log_));
  EXPECT_EQ(ReasonOf(Verify(before)), "LOG_SMALLER");
  EXPECT_EQ(ReasonOf(Verify(before, true)), "LOG_SMALLER") << "of hashes alone too";
}

TEST_F(LogVerifyTest, ACopyThatLagsIsOlderAndOneThatShrankIsSmaller) {
  MemoryLog copy = log_;
  copy.name_ = "a copy";
  copy.is_copy_ = true;
  log_.AddFacilities(10);
  ASSERT_TRUE(Verify(log_));
  EXPECT_EQ(ReasonOf(Verify(copy)), "LOG_OLDER");
  EXPECT_EQ(ReasonOf(Verify(copy, true)), "LOG_OLDER") << "of hashes alone too";
  EXPECT_EQ(Verify(log_)->begun, 610u) << "and the state stays";
  const MemoryLog before = copy;
  copy.AddFacilities(10);
  ASSERT_TRUE(Verify(copy));
  EXPECT_EQ(ReasonOf(Verify(before)), "LOG_SMALLER");
}

TEST_F(LogVerifyTest, AnotherLastEntryIsAnotherLog) {
  ASSERT_TRUE(Verify(log_));
  MemoryLog other = log_;
  v1::LogEntry entry;
  entry.ParseFromString(log_.entry(599));
  entry.mutable_facility()->set_division("140502");
  other.Change(599, entry.SerializeAsString());
  EXPECT_EQ(MessageOf(Verify(other)),
            "the 600 entries that were verified before are not the beginning of the 600 that are "
            "signed now");
  other.AddFacilities(500);
  EXPECT_EQ(ReasonOf(Verify(other)), "LOG_DIFFERS");
  EXPECT_EQ(MessageOf(Verify(log_)), "") << "what was kept is still the true one";
}

TEST_F(LogVerifyTest, NothingIsKeptOfATreeThatIsNotSigned) {
  MemoryLog false_log = log_;
  v1::LogEntry entry;
  entry.ParseFromString(log_.entry(7));
  entry.mutable_facility()->set_division("140502");
  false_log.Change(7, entry.SerializeAsString());
  // All its tiles are of one tree, and it is not the one that is signed.
  EXPECT_EQ(ReasonOf(Verify(false_log, log_.Known())), "LOG_DIFFERS");
  EXPECT_FALSE(std::filesystem::exists(state_));
  const auto report = Verify(log_);
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_EQ(report->begun, 0u);
}

TEST_F(LogVerifyTest, AnotherSourceIsReadFromTheFirstEntryAndMustGoOnToo) {
  ASSERT_TRUE(Verify(log_));
  MemoryLog copy = log_;
  copy.name_ = "a copy";
  const auto report = Verify(copy);
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_EQ(report->begun, 0u);
  EXPECT_EQ(report->before->size, 600u);
  MemoryLog shorter{key_};
  shorter.AddFacilities(10);
  EXPECT_EQ(ReasonOf(Verify(shorter)), "LOG_SMALLER");
}

TEST_F(LogVerifyTest, EntriesAreReadAfterHashesAlone) {
  ASSERT_TRUE(Verify(log_, true));
  const auto report = Verify(log_);
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_EQ(report->begun, 0u);
  EXPECT_EQ(report->before->size, 600u);
}

TEST_F(LogVerifyTest, TheStateOfAnotherRegistryIsRefused) {
  ASSERT_TRUE(Verify(log_));
  MemoryLog other{key_, 'b'};
  EXPECT_EQ(ReasonOf(Verify(other)), "STATE_FOREIGN");
  EXPECT_EQ(Verify(log_)->begun, 600u) << "and stays";
}

TEST_F(LogVerifyTest, ADamagedStateIsSaid) {
  ASSERT_TRUE(Verify(log_));
  std::ofstream(state_, std::ios::app) << "x";
  EXPECT_EQ(ReasonOf(Verify(log_)), "STATE_DAMAGED");
}

TEST_F(LogVerifyTest, AFolderIsNoState) {
  std::filesystem::create_directory(state_);
  EXPECT_EQ(ReasonOf(Verify(log_)), "FILE_UNREADABLE");
}

TEST_F(LogVerifyTest, AnEpochThatGoesOnFromWhatWasVerifiedIsGoneOverTo) {
  ASSERT_TRUE(Verify(log_));
  const std::string last = log_.Known().note;
  log_.Restore(2, last);
  log_.AddFacilities(3);
  const auto report = Verify(log_);
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_EQ(report->before->size, 600u);
  EXPECT_EQ(report->over.kept, 600u);
  EXPECT_EQ(report->over.lost, 0u);
  EXPECT_EQ(Verify(log_)->begun, 604u);
}

TEST_F(LogVerifyTest, WhatARestoreLostOfWhatWasVerifiedIsCounted) {
  MemoryLog backup = log_;
  log_.AddFacilities(10);
  const std::string published = log_.Known().note;
  log_.AddFacilities(5);
  ASSERT_TRUE(Verify(log_));
  backup.Restore(2, published);
  const auto report = Verify(backup);
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_EQ(report->over.kept, 600u);
  EXPECT_EQ(report->over.lost, 15u);
  EXPECT_EQ(report->over.unsaid, 5u) << "signed after the checkpoint that the restore names";
  EXPECT_FALSE(report->over.branched);
}

TEST_F(LogVerifyTest, WhatARestoreLostIsKeptOnlyOnceItIsTold) {
  MemoryLog backup = log_;
  log_.AddFacilities(10);
  ASSERT_TRUE(Verify(log_));
  backup.Restore(2, "");
  VerifyOptions options;
  options.state = state_;
  uint64_t lost = 0;
  options.report = [&](const VerifyReport& report) -> Result<void> {
    lost = report.over.lost;
    return Fail(StatusCode::kFailedPrecondition, "OUTPUT_NOT_WRITTEN", "the disk is full");
  };
  EXPECT_EQ(ReasonOf(VerifyLog(backup, backup.Known(), options)), "OUTPUT_NOT_WRITTEN");
  EXPECT_EQ(lost, 10u);
  EXPECT_EQ(Verify(backup)->over.lost, 10u);
  EXPECT_EQ(Verify(backup)->over.lost, 0u) << "once";
}

TEST_F(LogVerifyTest, ManyRestoresInOneEntryAreADifference) {
  v1::LogEntry entry;
  entry.set_method("yimad/restore");
  entry.set_revision(2);
  *entry.mutable_registry() = log_.registry();
  for (uint32_t epoch = 2; epoch < 1'000; ++epoch) {
    entry.mutable_registry()->add_restores()->set_epoch(epoch);
  }
  log_.Add(entry);
  EXPECT_EQ(MessageOf(Verify(log_)),
            "entry 600 names 998 restores, want 1: each is named by the entry that it ends with, "
            "and then stays");
}

TEST_F(LogVerifyTest, EntriesRestoredAsOthersAreADifference) {
  ASSERT_TRUE(Verify(log_));
  MemoryLog other = log_;
  v1::LogEntry entry;
  entry.ParseFromString(log_.entry(599));
  entry.mutable_facility()->set_division("140502");
  other.Change(599, entry.SerializeAsString());
  other.Restore(2, "");
  EXPECT_NE(MessageOf(Verify(other)).find("were restored as others"), std::string::npos);
}

TEST_F(LogVerifyTest, HashesAloneDoNotSayWhatARestoreLost) {
  MemoryLog backup = log_;
  log_.AddFacilities(10);
  ASSERT_TRUE(Verify(log_, true));
  backup.Restore(2, "");
  EXPECT_EQ(ReasonOf(Verify(backup, true)), "EPOCH_UNPROVEN");
  log_.Restore(2, "");
  EXPECT_EQ(MessageOf(Verify(log_, true)), "");
}

TEST_F(LogVerifyTest, AnEarlierEpochIsRefused) {
  const MemoryLog before = log_;
  log_.Restore(2, "");
  ASSERT_TRUE(Verify(log_));
  EXPECT_EQ(ReasonOf(Verify(before)), "EPOCH_BEHIND");
}

TEST_F(LogVerifyTest, EntriesOfAnotherEpochsLogAreNamed) {
  EXPECT_EQ(MessageOf(Verify(log_, log_.Known(2))),
            "the checkpoint is of epoch 2, the entries are of the log of epoch 1: none tells of "
            "the restore that opened the later one");
  log_.Restore(3, "");
  const std::string a(32, 'a');
  EXPECT_EQ(MessageOf(Verify(log_, log_.Known(2))),
            "entry 600 is of log \"" + a + "/3\", the checkpoint of \"" + a + "/2\"");
}

TEST_F(LogVerifyTest, EntriesOfAnotherRegistryAreNamed) {
  MemoryLog other{key_, 'b'};
  KnownLog known = other.Known();
  known.name.registry = std::string(32, 'a');
  EXPECT_NE(MessageOf(Verify(other, known)).find("entry 0 is of log"), std::string::npos);
}

TEST_F(LogVerifyTest, ARestoreThatStandsElsewhereThanItSaysIsOfAnotherLog) {
  v1::LogEntry entry;
  entry.set_method("yimad/restore");
  entry.set_revision(2);
  *entry.mutable_registry() = log_.registry();
  entry.mutable_registry()->set_epoch(2);
  auto* restore = entry.mutable_registry()->add_restores();
  restore->set_epoch(2);
  restore->set_log_size(5);
  log_.Add(entry);
  EXPECT_NE(MessageOf(Verify(log_, log_.Known(2))).find("says that it is entry 5"),
            std::string::npos);
}

}  // namespace
}  // namespace yima
