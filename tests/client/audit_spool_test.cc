#include "client/cli/audit_spool.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/trust_dir.h"

namespace yima::cli {
namespace {

KeptSighting Seen(const std::string& text, const std::string& crew = "") {
  KeptSighting seen;
  seen.sighting.set_text(text);
  seen.crew = crew;
  return seen;
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
    EXPECT_TRUE(spool.Add(Seen("second", "一班")));
    EXPECT_TRUE(spool.Sync());
    return spool.file();
  }

  std::filesystem::path folder_;
};

TEST_F(AuditSpoolTest, KeepsWhatWasNotAnswered) {
  Fill();
  auto spool = *Open();
  ASSERT_EQ(spool.waiting().size(), 2u);
  EXPECT_EQ(spool.waiting()[0].sighting.text(), "first");
  ASSERT_TRUE(spool.Drop(1));
  EXPECT_EQ(spool.waiting()[0].sighting.text(), "second");
  ASSERT_TRUE(spool.Drop(1));
  EXPECT_EQ(std::filesystem::file_size(spool.file()), 0u);
}

TEST_F(AuditSpoolTest, StaysInStepWhenTheDiskWasFullForAWhile) {
  {
    auto spool = *Open();
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
    EXPECT_EQ(spool.Add(Seen("first")).error().reason, "FILE_UNWRITABLE");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_TRUE(spool.Add(Seen("second")));
    EXPECT_TRUE(spool.Add(Seen("third")));
    EXPECT_TRUE(spool.SetAside(1, {StatusCode::kInvalidArgument, "BAD", "bad", {}}));
  }
  const auto spool = *Open();
  ASSERT_EQ(spool.waiting().size(), 2u);
  EXPECT_EQ(spool.waiting()[0].sighting.text(), "first");
  EXPECT_EQ(spool.waiting()[1].sighting.text(), "third");
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
  EXPECT_EQ(spool.waiting()[1].sighting.text(), "third");
}

TEST_F(AuditSpoolTest, KeepsTheCrewWithWhatItSaw) {
  Fill();
  const auto spool = *Open();
  EXPECT_EQ(spool.waiting()[0].crew, "");
  EXPECT_EQ(spool.waiting()[1].crew, "一班");
}

TEST_F(AuditSpoolTest, DoesNotSendAgainWhatWasAnswered) {
  {
    auto spool = *Open();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(spool.Add(Seen(std::to_string(i))));
    ASSERT_TRUE(spool.Drop(2));
  }
  const auto spool = *Open();
  ASSERT_EQ(spool.waiting().size(), 3u);
  EXPECT_EQ(spool.waiting()[0].sighting.text(), "2");
}

TEST_F(AuditSpoolTest, MovesWhatIsRefusedToAFileBeside) {
  Fill();
  {
    auto spool = *Open();
    EXPECT_FALSE(std::filesystem::exists(spool.refused_file()));
    ASSERT_TRUE(spool.Add(Seen("third")));
    ASSERT_TRUE(spool.SetAside(
        1, {StatusCode::kInvalidArgument, "TIME_OUT_OF_RANGE", "time 7 is not", "sightings[1]"}));
    EXPECT_EQ(spool.refused(), 1u);
  }
  const auto spool = *Open();
  ASSERT_EQ(spool.waiting().size(), 2u);
  EXPECT_EQ(spool.waiting()[0].sighting.text(), "first");
  EXPECT_EQ(spool.waiting()[1].sighting.text(), "third");
  EXPECT_EQ(spool.refused(), 0u);
  const std::string refused = *ReadWholeFile(spool.refused_file());
  for (const char* words : {"TIME_OUT_OF_RANGE", "time 7 is not", "一班", "second"}) {
    EXPECT_NE(refused.find(words), std::string::npos) << words;
  }
}

TEST_F(AuditSpoolTest, SetsLinesAsideThatAreNoSightings) {
  const auto file = Fill();
  std::ofstream(file, std::ios::app) << "no sighting\n-1 9\n" << std::string(3, '\0') << "\n";
  {
    auto spool = *Open();
    EXPECT_EQ(spool.refused(), 3u);
    EXPECT_EQ(spool.waiting().size(), 2u);
    ASSERT_TRUE(spool.Add(Seen("third")));
  }
  const auto again = *Open();
  EXPECT_EQ(again.waiting().size(), 3u);
  EXPECT_EQ(again.refused(), 0u);
  EXPECT_NE(ReadWholeFile(file.string() + ".refused")->find("line 3 of"), std::string::npos);
}

TEST_F(AuditSpoolTest, ReadsWhatWasKeptWithoutACrew) {
  const auto file = Open()->file();
  std::ofstream(file, std::ios::app) << "0a056669727374\n";
  const auto spool = *Open();
  ASSERT_EQ(spool.waiting().size(), 1u);
  EXPECT_EQ(spool.waiting()[0].sighting.text(), "first");
}

}  // namespace
}  // namespace yima::cli
