#include "client/log/log_export.h"

#include <fstream>

#include <gtest/gtest.h>

#include "client/log/log_verify.h"
#include "tests/client/memory_log.h"

namespace yima {
namespace {

using testing::MemoryLog;

class LogExportTest : public ::testing::Test {
 protected:
  LogExportTest() { log_.AddFacilities(599); }
  ~LogExportTest() override { std::filesystem::remove_all(folder_); }

  std::string Export(const MemoryLog& log, const KnownLog& known, bool hashes_only = false) const {
    ExportOptions options;
    options.hashes_only = hashes_only;
    const auto report = ExportLog(log, known, folder_, options);
    return report ? "" : report.error().reason;
  }
  std::string Verify(const KnownLog& known) const {
    const auto report = VerifyLog(FolderLog(folder_), known, {});
    return report ? "" : report.error().message;
  }

  const SigningKey key_ = SigningKey::Generate();
  MemoryLog log_{key_};
  std::filesystem::path folder_ = ::testing::TempDir() + "yima-export-" +
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(LogExportTest, AMirrorOfHashesIsGivenTheEntriesThatItLacks) {
  ASSERT_EQ(Export(log_, log_.Known(), true), "");
  log_.AddFacilities(300);
  ASSERT_EQ(Export(log_, log_.Known()), "");
  EXPECT_EQ(Verify(log_.Known()), "");
}

TEST_F(LogExportTest, AMirrorOfTheSameSizeToo) {
  ASSERT_EQ(Export(log_, log_.Known(), true), "");
  ASSERT_EQ(Export(log_, log_.Known()), "");
  EXPECT_EQ(Verify(log_.Known()), "");
  log_.reads_ = {};
  ASSERT_EQ(Export(log_, log_.Known()), "");
  EXPECT_EQ(log_.reads_[1], 1) << "only what is in no full tile";
}

TEST_F(LogExportTest, HashesAloneDoNotMakeWholeWhatABrokenRunHasLeft) {
  ASSERT_EQ(Export(log_, log_.Known(), true), "");
  std::ofstream(folder_ / ".filling");
  for (const uint64_t index : {0, 1}) {
    const auto left = folder_ / Tile{true, 0, index}.Path();
    std::filesystem::create_directories(left.parent_path());
    std::ofstream(left) << "a power cut's";
  }
  log_.AddFacilities(5);
  ASSERT_EQ(Export(log_, log_.Known(), true), "");
  ASSERT_EQ(Export(log_, log_.Known()), "");
  EXPECT_EQ(Verify(log_.Known()), "");
  EXPECT_FALSE(std::filesystem::exists(folder_ / ".filling"));
}

TEST_F(LogExportTest, AFolderUnderAKeyThatIsClosedIsAddedTo) {
  ASSERT_EQ(Export(log_, log_.Known()), "");
  log_.AddFacilities(300);
  const SigningKey next = SigningKey::Generate();
  KnownLog known = log_.Known();
  known.note = known.checkpoint.Sign(next).ToString();
  known.bundle.log_keys = {next.public_key()};
  ASSERT_EQ(Export(log_, known), "");
  EXPECT_EQ(Verify(known), "");
}

TEST_F(LogExportTest, AnotherTreeUnderAnUnknownKeyIsForeignAndUnderAKnownOneAFork) {
  ASSERT_EQ(Export(log_, log_.Known()), "");
  MemoryLog other{key_};
  other.AddFacilities(700);
  v1::LogEntry entry;
  entry.ParseFromString(other.entry(7));
  entry.mutable_facility()->set_division("140502");
  other.Change(7, entry.SerializeAsString());
  EXPECT_EQ(Export(other, other.Known()), "LOG_DIFFERS");
  KnownLog known = other.Known();
  known.bundle.log_keys = {SigningKey::Generate().public_key()};
  EXPECT_EQ(Export(other, known), "LOG_FOLDER_FOREIGN");
  EXPECT_EQ(Verify(log_.Known()), "") << "and nothing in it is changed";
}

}  // namespace
}  // namespace yima
