#include "server/check/log_tail.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace yima::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Entry {
  uint64_t index = 0;
  std::string bytes;
  uint64_t previous = 0;
};

/// A snapshot with another log than the store would let stand.
class LogSnapshot : public store::Snapshot {
 public:
  explicit LogSnapshot(std::unique_ptr<store::Snapshot> whole) : whole_(std::move(whole)) {
    EXPECT_TRUE(whole_->ScanLog(0, [&](const store::LogRecord& record) {
      log.push_back({record.index, std::string(record.entry), record.previous});
      return true;
    }));
    size = log.size();
  }

  Result<std::optional<store::Record>> Get(store::Kind kind, uint64_t id) const override {
    return whole_->Get(kind, id);
  }
  Result<uint64_t> Holder(store::Index index, std::string_view key) const override {
    return whole_->Holder(index, key);
  }
  Result<int64_t> Counter(std::string_view counter) const override {
    return whole_->Counter(counter);
  }
  Result<std::optional<store::Request>> FindRequest(std::string_view, std::string_view,
                                                    std::string_view) const override {
    return std::nullopt;
  }
  Result<void> Scan(store::Kind kind, uint64_t after, const std::vector<std::string>& terms,
                    const Visitor& visit) const override {
    return whole_->Scan(kind, after, terms, visit);
  }
  Result<void> ScanClaims(store::Index index, std::string_view prefix,
                          const ClaimVisitor& visit) const override {
    return whole_->ScanClaims(index, prefix, visit);
  }
  Result<void> ScanCounters(const CounterVisitor& visit) const override {
    return whole_->ScanCounters(visit);
  }
  Result<void> ScanTerms(store::Kind kind, const TermVisitor& visit) const override {
    return whole_->ScanTerms(kind, visit);
  }
  Result<uint64_t> LogSize() const override { return size; }
  Result<void> ScanLog(uint64_t from, const LogVisitor& visit) const override {
    for (const auto& entry : log) {
      if (entry.index >= from && !visit({entry.index, entry.bytes, entry.previous})) break;
    }
    return {};
  }
  Result<void> ScanHistory(store::Kind, uint64_t, uint64_t, const LogVisitor&) const override {
    return {};
  }
  Result<void> ScanLastEntries(store::Kind kind, const LastEntryVisitor& visit) const override {
    return whole_->ScanLastEntries(kind, [&](uint64_t id, uint64_t last) {
      const auto falsified = lasts.find({kind, id});
      return visit(id, falsified == lasts.end() ? last : falsified->second);
    });
  }
  Result<void> ScanPlaces(const store::Box& box, const PlaceVisitor& visit) const override {
    return whole_->ScanPlaces(box, visit);
  }

  std::vector<Entry> log;
  std::map<std::pair<store::Kind, uint64_t>, uint64_t> lasts;  ///< Falsified.
  uint64_t size = 0;

 private:
  std::unique_ptr<store::Snapshot> whole_;
};

class LogTailTest : public ::testing::Test {
 protected:
  LogTailTest() {
    world_.AddOrganization("城管局");
    snapshot_ = std::make_unique<LogSnapshot>(world_.Read());
  }
  std::vector<std::string> Read() {
    ::yima::server::Findings findings;
    EXPECT_TRUE(tail_.Read(*snapshot_, findings, [](std::string_view, uint64_t) {}));
    return findings.Take();
  }

  World world_;
  std::unique_ptr<LogSnapshot> snapshot_;
  LogTail tail_;
};

TEST_F(LogTailTest, KnowsWhatTheLogSaysLast) {
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_TRUE(tail_.Exists(store::Kind::kRegistry, kRegistryId));
  EXPECT_FALSE(tail_.Exists(store::Kind::kRegistry, kRegistryId + 1));
  EXPECT_EQ(tail_.Of(store::Kind::kRegistry, kRegistryId).revision, 1);
  EXPECT_EQ(tail_.Of(store::Kind::kRegistry, kRegistryId).hash,
            tail_.HashOf(SerializeWithoutWithheld(*world_.domain().registry)));
  EXPECT_EQ(tail_.Of(store::Kind::kFacility, 1).revision, 0);
}

TEST_F(LogTailTest, FindsMissingEntries) {
  snapshot_->log.erase(snapshot_->log.begin() + 1);
  EXPECT_THAT(Read(), ElementsAre("the log has entry 2 where 1 is wanted"));
  EXPECT_EQ(tail_.Of(store::Kind::kFacilityClass, 1).revision, 0);
}

TEST_F(LogTailTest, FindsALogThatIsCutShort) {
  const size_t whole = snapshot_->log.size();
  snapshot_->log.pop_back();
  EXPECT_THAT(Read(), ElementsAre(fmt::format("the log ends at {} but says it has {} entries",
                                              whole - 1, whole)));
}

TEST_F(LogTailTest, FindsTimesThatFall) {
  // Bytes 1 to 8 are the time, little-endian.
  snapshot_->log[2].bytes[8] = 0;
  snapshot_->log[2].bytes[7] = 0;
  EXPECT_THAT(Read(), ElementsAre("log entry 2 is older than the one before it"));
}

TEST_F(LogTailTest, FindsRepeatedRevisions) {
  Entry again = snapshot_->log[0];
  again.index = snapshot_->size++;
  again.bytes.replace(1, 8, snapshot_->log.back().bytes, 1, 8);
  snapshot_->log.push_back(again);
  snapshot_->log.back().previous = 1;
  EXPECT_THAT(Read(), ElementsAre(HasSubstr("makes revision 1 of registry 1 after revision 1"),
                                  HasSubstr("the last entry of registry 1 is log entry")));
}

TEST_F(LogTailTest, FindsARecordThatNamesAnotherLastEntry) {
  snapshot_->lasts[{store::Kind::kRegistry, kRegistryId}] = 3;
  EXPECT_THAT(
      Read(),
      ElementsAre("the last entry of registry 1 is log entry 0, but its record says log entry 2"));
}

TEST_F(LogTailTest, FindsEntriesThatNameAnotherOneBeforeThem) {
  const size_t last = snapshot_->log.size() - 1;
  snapshot_->log[last].previous = 1;
  EXPECT_THAT(Read(), ElementsAre(HasSubstr("follows none, but says log entry 0")));
}

TEST_F(LogTailTest, FindsEntriesThatDoNotParse) {
  snapshot_->log[1].bytes.pop_back();
  snapshot_->log[2].bytes.clear();
  EXPECT_THAT(Read(), ElementsAre("log entry 1 does not parse", "log entry 2 does not parse"));
}

}  // namespace
}  // namespace yima::server::testing
