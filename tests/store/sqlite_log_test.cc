#include "server/store/sqlite_log.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

class RenewLogTest : public ::testing::Test {
 protected:
  /// Longer than the parts in which it is written.
  void WriteLog() const {
    std::mt19937_64 random(1);
    std::string bytes(2'600'001, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    std::ofstream(log(), std::ios::binary) << bytes;
  }
  std::string ReadLog() const {
    std::ifstream in(log(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::filesystem::path log() const { return folder_.db().string() + "-wal"; }

  TempFolder folder_;
};

TEST_F(RenewLogTest, WritesTheSameBytes) {
  WriteLog();
  const std::string before = ReadLog();
  const auto long_ago = std::filesystem::last_write_time(log()) - std::chrono::hours(1);
  std::filesystem::last_write_time(log(), long_ago);
  ASSERT_TRUE(RenewLog(folder_.db()));
  EXPECT_EQ(ReadLog(), before);
  EXPECT_GT(std::filesystem::last_write_time(log()), long_ago);
}

TEST_F(RenewLogTest, NeedsNone) { EXPECT_TRUE(RenewLog(folder_.db())); }

TEST_F(RenewLogTest, SaysWhenTheDiskFails) {
  WriteLog();
  const std::string before = ReadLog();
  const auto before_signal = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{1'500'000, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto renewed = RenewLog(folder_.db());
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before_signal);
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().reason, "DISK_ERROR");
  EXPECT_NE(renewed.error().message.find(log().string()), std::string::npos);
  EXPECT_EQ(ReadLog(), before);
}

}  // namespace
}  // namespace yima::store::testing
