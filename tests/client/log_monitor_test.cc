#include "client/log/log_monitor.h"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/testing/fake_registry.h"
#include "client/trust_dir.h"
#include "tests/client/memory_log.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

using testing::FakeRegistry;
using testing::MemoryLog;

v1::LogEntry OrganizationEntry(uint64_t id, const std::string& name, uint64_t revision = 1) {
  v1::LogEntry entry;
  entry.set_revision(revision);
  entry.mutable_organization()->set_id(id);
  entry.mutable_organization()->set_name(name);
  return entry;
}

v1::LogEntry OwnedEntry(uint64_t uid, uint64_t owner, uint64_t revision = 1) {
  v1::LogEntry entry;
  entry.set_revision(revision);
  entry.mutable_facility()->set_uid(uid);
  entry.mutable_facility()->mutable_owning()->set_holder(owner);
  return entry;
}

/// Looks at a log that a registry serves, which may be made another between two looks.
class LogMonitorTest : public ::testing::Test {
 protected:
  LogMonitorTest() {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "roots") << ToHex(key_.public_key()) << '\n';
    registry_.Answer([this](const v1::GetCheckpointRequest&) -> Result<v1::GetCheckpointResponse> {
      v1::GetCheckpointResponse answer;
      YIMA_ASSIGN_OR_RETURN(*answer.mutable_note(), log_.Checkpoint());
      return answer;
    });
    registry_.Answer([this](const v1::GetTileRequest& request) -> Result<v1::GetTileResponse> {
      v1::GetTileResponse answer;
      YIMA_ASSIGN_OR_RETURN(
          *answer.mutable_hashes(),
          log_.Read({false, static_cast<int>(request.level()), request.index(), request.width()}));
      return answer;
    });
    registry_.Answer(
        [this](const v1::GetEntryBundleRequest& request) -> Result<v1::GetEntryBundleResponse> {
          v1::GetEntryBundleResponse answer;
          YIMA_ASSIGN_OR_RETURN(*answer.mutable_bundle(),
                                log_.Read({true, 0, request.index(), request.width()}));
          return answer;
        });
    registry_.Answer([this](const v1::GetConsistencyProofRequest& request)
                         -> Result<v1::GetConsistencyProofResponse> {
      const KnownLog known = log_.Known();
      YIMA_ASSIGN_OR_RETURN(
          auto tiles, VerifiedTiles::Open(known.checkpoint.size, known.checkpoint.root,
                                          [this](const Tile& tile) { return log_.Read(tile); }));
      YIMA_ASSIGN_OR_RETURN(
          const auto proof,
          ConsistencyProof(request.older_size(), request.newer_size(), tiles.hashes()));
      v1::GetConsistencyProofResponse answer;
      for (const auto& hash : proof) answer.add_hashes(std::string(hash.begin(), hash.end()));
      return answer;
    });
    Trust(1);
  }
  ~LogMonitorTest() override { fs::remove_all(trust_); }

  void Trust(uint16_t epoch) {
    TrustBundle bundle;
    bundle.registry = std::string(32, 'a');
    bundle.epoch = epoch;
    bundle.sequence = 100 + epoch;
    bundle.issued = *ParseTime("2026-11-24T00:00:00Z");
    bundle.expires = *ParseTime("2027-11-24T00:00:00Z");
    bundle.roots = {key_.public_key()};
    bundle.origins = {{"HTTPS://A.EXAMPLE/", OriginStatus::kCurrent, false}};
    bundle.keys = {
        {"HTTPS://A.EXAMPLE/", 1, Algorithm::kEd25519, key_.public_key(), 0, 9999, false}};
    bundle.status_keys = {SigningKey::Generate().public_key()};
    bundle.log_keys = {key_.public_key()};
    SignedNote note{bundle.ToText(), {}};
    note.Sign("test", key_);
    std::ofstream(folder_ / "bundle") << note.ToString();
  }
  /// Shows the log that a restore made of a backup, as the trust bundle says.
  void Serve(const MemoryLog& log) {
    log_ = log;
    Trust(static_cast<uint16_t>(log.registry().epoch()));
  }

  Result<MonitorReport> Look(const ReportTeller& report = {}) {
    return LogMonitor(client_, trust_).Look(nullptr, {}, report);
  }
  /// Looks for organizations; `told_` is what was told of.
  Result<MonitorReport> LookFor(const std::string& organization) {
    LogWatch watch({}, {organization});
    told_.clear();
    return LogMonitor(client_, trust_).Look(&watch, [this](const WatchedEntry& entry) {
      told_.push_back(entry.index);
      return Result<void>();
    });
  }
  static std::string ReasonOf(const Result<MonitorReport>& report) {
    return report ? "" : report.error().reason;
  }
  static std::string MessageOf(const Result<MonitorReport>& report) {
    return report ? "" : report.error().message;
  }
  std::string Evidence() const {
    std::string all;
    for (const auto& file : fs::directory_iterator(folder_)) {
      if (file.path().filename().string().starts_with("log-evidence-")) {
        all += *ReadWholeFile(file.path());
      }
    }
    return all;
  }
  void ChangeEntry(MemoryLog& log, size_t index) {
    v1::LogEntry entry;
    entry.ParseFromString(log.entry(index));
    entry.mutable_facility()->set_division("140502");
    log.Change(index, entry.SerializeAsString());
  }

  const SigningKey key_ = SigningKey::Generate();
  const fs::path trust_ = fs::path(::testing::TempDir()) /
                          ("log_monitor_test_" + std::to_string(::getpid()) + "_" +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const fs::path folder_ = trust_ / std::string(32, 'a');
  FakeRegistry registry_;
  const Client client_ = registry_.client();
  MemoryLog log_{key_};
  std::vector<uint64_t> told_;
};

TEST_F(LogMonitorTest, WhatAKilledRunLeftAmongThoseSeenIsPassedOverAndRemoved) {
  log_.AddFacilities(99);
  ASSERT_EQ(MessageOf(Look()), "");
  const fs::path seen = folder_ / "log-seen";
  const fs::path left = seen / "00001-00000000000000000050.4711.tmp";
  std::ofstream(left) << "yi";
  std::ofstream(seen / "00001-00000000000000000060") << "not a checkpoint";
  std::ofstream(seen / "notes.txt") << "somebody's own";
  log_.Restore(2, log_.Known().note);
  Serve(log_);
  const auto report = Look();
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_EQ(report->damaged, std::vector{seen / "00001-00000000000000000060"});
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(seen / "notes.txt"));
}

TEST_F(LogMonitorTest, WhatARestoreLostIsKeptOnlyOnceItIsTold) {
  log_.AddFacilities(99);
  MemoryLog backup = log_;
  log_.AddFacilities(20);
  ASSERT_EQ(MessageOf(Look()), "");
  backup.Restore(2, "");
  Serve(backup);
  const auto full = [](const MonitorReport&) -> Result<void> {
    return Fail(StatusCode::kFailedPrecondition, "OUTPUT_NOT_WRITTEN", "the disk is full");
  };
  EXPECT_EQ(ReasonOf(Look(full)), "OUTPUT_NOT_WRITTEN");
  EXPECT_EQ(Look()->over.lost, 20u);
  EXPECT_EQ(Look()->over.lost, 0u) << "once";
}

TEST_F(LogMonitorTest, WhatWasToldInARunThatWasBrokenOffIsToldAgain) {
  log_.Add(OrganizationEntry(1, "水司"));
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  const std::string kept = *ReadWholeFile(folder_ / "log");
  log_.Add(OwnedEntry(9, 1));
  log_.Add(OwnedEntry(9, 2, 2));
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  EXPECT_EQ(told_, (std::vector<uint64_t>{2, 3}));
  std::ofstream(folder_ / "log") << kept;  // as if the run had ended before it
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  EXPECT_EQ(told_, (std::vector<uint64_t>{2, 3}));
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  EXPECT_EQ(told_, std::vector<uint64_t>{});
}

TEST_F(LogMonitorTest, ASecondRestoreHidesNoRewrittenPastOfAnEpochBefore) {
  log_.AddFacilities(99);
  const std::string seen = log_.Known().note;
  ASSERT_EQ(MessageOf(Look()), "");
  log_.AddFacilities(100);
  ASSERT_EQ(MessageOf(Look()), "");
  log_.Restore(2, "");
  log_.AddFacilities(49);
  MemoryLog backup = log_;
  log_.AddFacilities(50);
  Serve(log_);
  ASSERT_EQ(MessageOf(Look()), "");
  MemoryLog honest = backup;
  ChangeEntry(backup, 50);
  backup.Restore(3, "");
  Serve(backup);
  const auto report = Look();
  EXPECT_EQ(ReasonOf(report), "LOG_FORKED");
  EXPECT_NE(MessageOf(report).find("the 100 entries that were signed in epoch 1"),
            std::string::npos);
  EXPECT_NE(Evidence().find(seen), std::string::npos) << "the checkpoint that it contradicts";
  honest.Restore(3, "");
  Serve(honest);
  EXPECT_EQ(Look()->over.lost, 50u);
}

TEST_F(LogMonitorTest, NorDoesARestoreOfABackupOfBeforeTheLastEpoch) {
  log_.AddFacilities(99);
  ASSERT_EQ(MessageOf(Look()), "");
  log_.AddFacilities(50);
  MemoryLog backup = log_;
  log_.Restore(2, log_.Known().note);
  log_.AddFacilities(50);
  Serve(log_);
  ASSERT_EQ(MessageOf(Look()), "");
  MemoryLog honest = backup;
  ChangeEntry(backup, 50);
  backup.Restore(3, "");
  Serve(backup);
  EXPECT_EQ(ReasonOf(Look()), "LOG_FORKED");
  honest.Restore(3, "");
  Serve(honest);
  const auto report = Look();
  ASSERT_EQ(MessageOf(report), "");
  EXPECT_TRUE(report->over.branched);
  EXPECT_EQ(report->over.kept, 100u) << "what was seen and is still there";
}

TEST_F(LogMonitorTest, EachListIsToldOfWhatARestoreMadeAnew) {
  log_.Add(OrganizationEntry(1, "水司"));
  log_.Add(OrganizationEntry(2, "电司"));
  log_.AddFacilities(77);
  MemoryLog backup = log_;
  log_.AddFacilities(20);
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  log_.AddFacilities(50);
  ASSERT_EQ(MessageOf(LookFor("电司")), "");
  backup.Restore(2, "");
  const uint64_t taken_over = backup.size();
  backup.Add(OwnedEntry(1'000, 1));
  backup.AddFacilities(5);
  Serve(backup);
  ASSERT_EQ(MessageOf(LookFor("电司")), "");
  EXPECT_EQ(told_, std::vector<uint64_t>{});
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  EXPECT_EQ(told_, std::vector<uint64_t>{taken_over}) << "less than it took in before the restore";
}

TEST_F(LogMonitorTest, AListOfABranchThatWasGivenUpIsToldOfAll) {
  log_.Add(OrganizationEntry(1, "水司"));
  log_.Add(OwnedEntry(1'008, 1));
  MemoryLog backup = log_;
  log_.Restore(2, "");
  Serve(log_);
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  backup.AddFacilities(20);
  backup.Add(OwnedEntry(1'009, 1));
  backup.Restore(3, "");
  Serve(backup);
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  EXPECT_EQ(told_, (std::vector<uint64_t>{1, 2, 23}));
}

TEST_F(LogMonitorTest, ANameThatComesToMeanAnOrganizationIsToldOfWithWhatCameBeforeIt) {
  log_.Add(OrganizationEntry(1, "水司"));
  log_.Add(OrganizationEntry(2, "排水公司"));
  log_.Add(OwnedEntry(9, 2));
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  log_.Add(OwnedEntry(9, 3, 2));
  v1::LogEntry renamed = OrganizationEntry(2, "排水公司", 2);
  renamed.mutable_organization()->add_aliases("水司");
  log_.Add(renamed);
  log_.Add(OwnedEntry(10, 2));
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  EXPECT_EQ(told_, (std::vector<uint64_t>{4, 5, 6}));
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  EXPECT_EQ(told_, std::vector<uint64_t>{});
}

TEST_F(LogMonitorTest, AnEntryOfAnotherFormIsAnAlarm) {
  log_.Add(OrganizationEntry(1, "水司"));
  ASSERT_EQ(MessageOf(LookFor("水司")), "");
  log_.AddFacilities(1);
  // The revision is there twice, as a number and as bytes: parsers do not agree about it.
  log_.Change(2, log_.entry(2) + std::string("\x32\x01\x31"));
  const auto watched = LookFor("水司");
  EXPECT_EQ(ReasonOf(watched), "LOG_DIFFERS");
  EXPECT_NE(MessageOf(watched).find("entry 2 is no LogEntry"), std::string::npos);
  EXPECT_NE(Evidence(), "");
  log_.Restore(2, "");
  Serve(log_);
  EXPECT_EQ(ReasonOf(Look()), "LOG_FORKED");
}

}  // namespace
}  // namespace yima
