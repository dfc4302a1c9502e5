#include "server/http/webroot.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace yima::server {
namespace {

class WebrootTest : public ::testing::Test {
 protected:
  WebrootTest() {
    std::string pattern = ::testing::TempDir() + "yima-webroot-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(folder_ / "root");
  }
  ~WebrootTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / "root" / name, std::ios::binary) << content;
  }
  Webroot Open() const { return *Webroot::Open(folder_ / "root"); }

  std::filesystem::path folder_;
};

TEST_F(WebrootTest, GivesPlainFilesAsTheyAre) {
  const Webroot webroot = Open();
  Write("MP_verify_a1B2.txt", "a1B2");
  Write("empty.html", "");
  EXPECT_EQ(webroot.Read("MP_verify_a1B2.txt")->content, "a1B2");
  EXPECT_EQ(webroot.Read("MP_verify_a1B2.txt")->content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(webroot.Read("empty.html")->content, "");
}

TEST_F(WebrootTest, LeadsNowhereElse) {
  std::ofstream(folder_ / "secret.txt") << "secret";
  Write(".hidden", "secret");
  std::filesystem::create_symlink(folder_ / "secret.txt", folder_ / "root" / "link.txt");
  std::filesystem::create_directory(folder_ / "root" / "folder");
  mkfifo((folder_ / "root" / "pipe").c_str(), 0600);
  const Webroot webroot = Open();
  for (const std::string name : {"", ".", "..", "../secret.txt", "/etc/passwd", ".hidden",
                                 "link.txt", "folder", "pipe", "missing.txt", "-", "a b"}) {
    EXPECT_FALSE(webroot.Read(name)) << name;
  }
  EXPECT_FALSE(webroot.Read(std::string_view("link.txt\0", 9)));
  EXPECT_FALSE(webroot.Read(std::string(101, 'a')));
}

TEST_F(WebrootTest, RefusesFilesAboveItsLimit) {
  Write("just.txt", std::string(Webroot::kFileSizeMax, 'a'));
  Write("above.txt", std::string(Webroot::kFileSizeMax + 1, 'a'));
  EXPECT_TRUE(Open().Read("just.txt"));
  EXPECT_FALSE(Open().Read("above.txt"));
}

TEST_F(WebrootTest, MustBeAFolder) {
  EXPECT_EQ(Webroot::Open(folder_ / "nowhere").error().reason, "WEBROOT_MISSING");
  EXPECT_FALSE(Webroot::Open("")->Read("a.txt"));
}

}  // namespace
}  // namespace yima::server
