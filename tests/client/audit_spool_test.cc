#include "client/cli/audit_spool.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace yima::cli {
namespace {

v1::StockSighting Seen(const std::string& text) {
  v1::StockSighting sighting;
  sighting.set_text(text);
  return sighting;
}

class AuditSpoolTest : public ::testing::Test {
 protected:
  AuditSpoolTest() {
    std::string folder = std::filesystem::temp_directory_path() / "yima-spool-XXXXXX";
    folder_ = mkdtemp(folder.data());
    setenv("XDG_STATE_HOME", folder_.c_str(), 1);
  }
  ~AuditSpoolTest() override { std::filesystem::remove_all(folder_); }

  static Result<AuditSpool> Open() { return AuditSpool::Open("127.0.0.1:1", 7); }
  /// Adds two and gives the file's place.
  static std::filesystem::path Fill() {
    auto spool = *Open();
    EXPECT_TRUE(spool.Add(Seen("first")));
    EXPECT_TRUE(spool.Add(Seen("second")));
    EXPECT_TRUE(spool.Sync());
    return spool.file();
  }

  std::filesystem::path folder_;
};

TEST_F(AuditSpoolTest, KeepsWhatWasNotAnswered) {
  Fill();
  auto spool = *Open();
  ASSERT_EQ(spool.waiting().size(), 2u);
  EXPECT_EQ(spool.waiting()[0].text(), "first");
  ASSERT_TRUE(spool.Drop(1));
  EXPECT_EQ(spool.waiting()[0].text(), "second");
  ASSERT_TRUE(spool.Drop(1));
  EXPECT_EQ(std::filesystem::file_size(spool.file()), 0u);
}

TEST_F(AuditSpoolTest, IsOfOneServerAndStockTake) {
  Fill();
  EXPECT_TRUE(AuditSpool::Open("127.0.0.1:1", 8)->waiting().empty());
  EXPECT_TRUE(AuditSpool::Open("127.0.0.1:2", 7)->waiting().empty());
}

TEST_F(AuditSpoolTest, IsHeldByOneAtATime) {
  const auto spool = Open();
  const auto other = Open();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason, "SPOOL_BUSY");
}

TEST_F(AuditSpoolTest, CutsOffALineThatWasNotWrittenToItsEnd) {
  const auto file = Fill();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 3);
  {
    auto spool = *Open();
    ASSERT_EQ(spool.waiting().size(), 1u);
    ASSERT_TRUE(spool.Add(Seen("third")));
  }
  const auto spool = *Open();
  ASSERT_EQ(spool.waiting().size(), 2u);
  EXPECT_EQ(spool.waiting()[1].text(), "third");
}

TEST_F(AuditSpoolTest, RefusesAFileThatHoldsSomethingElse) {
  const auto file = Fill();
  std::ofstream(file, std::ios::app) << "no sighting\n";
  const auto spool = Open();
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().reason, "SPOOL_DAMAGED");
  EXPECT_EQ(spool.error().field, file.string() + ":3");
}

}  // namespace
}  // namespace yima::cli
