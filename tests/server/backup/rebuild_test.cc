#include "server/backup/rebuild.h"

#include <gtest/gtest.h>

#include "client/log/log_export.h"
#include "tests/client/memory_log.h"

namespace yima::server {
namespace {

using yima::testing::MemoryLog;

class VerifyLogFolderTest : public ::testing::Test {
 protected:
  VerifyLogFolderTest() { log_.AddFacilities(10); }
  ~VerifyLogFolderTest() override { std::filesystem::remove_all(folder_); }

  Error ErrorOf(const TrustBundle* bundle = nullptr) const {
    EXPECT_TRUE(ExportLog(log_, log_.Known(), folder_, {}));
    const auto log = LogFolder::Open(folder_);
    EXPECT_TRUE(log);
    const auto verified = VerifyLogFolder(*log, bundle);
    return verified ? Error() : verified.error();
  }

  const SigningKey key_ = SigningKey::Generate();
  MemoryLog log_{key_};
  std::filesystem::path folder_ = ::testing::TempDir() + "yima-rebuild-" +
                                  ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(VerifyLogFolderTest, TakesALogOfTheBundlesEpochOrBefore) {
  TrustBundle bundle = log_.Known().bundle;
  EXPECT_EQ(ErrorOf(&bundle).message, "");
  bundle.epoch = 2;
  EXPECT_EQ(ErrorOf(&bundle).message, "");
}

TEST_F(VerifyLogFolderTest, RefusesALogOfAnEpochThatTheBundleDoesNotKnowYet) {
  log_.Restore(2, "");
  TrustBundle bundle = log_.Known().bundle;
  bundle.epoch = 1;
  EXPECT_EQ(ErrorOf(&bundle).reason, "EPOCH_AHEAD");
}

TEST_F(VerifyLogFolderTest, RefusesAnEntryOfAnotherForm) {
  // The revision is there twice, as a number and as bytes: parsers do not agree about it.
  log_.Change(5, log_.entry(5) + std::string("\x32\x01\x31"));
  const Error error = ErrorOf();
  EXPECT_EQ(error.reason, "LOG_DIFFERS");
  EXPECT_EQ(error.message, "entry 5 is no LogEntry");
}

}  // namespace
}  // namespace yima::server
