#include "codegen/code/checkpoint.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/code/test_key.h"

namespace yima {
namespace {

constexpr std::string_view kExample =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(CheckpointTest, ReadsTheExampleOfTheSpecification) {
  const auto checkpoint = Checkpoint::Parse(kExample);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20'852'163u);
  EXPECT_EQ(ToHex(checkpoint->root),
            "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62");
  EXPECT_EQ(checkpoint->ToString(), kExample);
}

TEST(CheckpointTest, KeepsWhatFollows) {
  const std::string text = std::string(kExample) + "one more\nand another\n";
  const auto checkpoint = Checkpoint::Parse(text);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->extension, "one more\nand another\n");
  EXPECT_EQ(checkpoint->ToString(), text);
}

TEST(CheckpointTest, ReadsAnEmptyLogAndTheLargest) {
  for (const uint64_t size : {uint64_t{0}, UINT64_MAX}) {
    const Checkpoint checkpoint{"log", size, EmptyTreeRoot(), ""};
    EXPECT_EQ(*Checkpoint::Parse(checkpoint.ToString()), checkpoint);
  }
}

TEST(CheckpointTest, RefusesOtherTexts) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  for (const std::string& text :
       {std::string(), std::string("log\n"), "log\n1\n" + root, "\n1\n" + root + "\n",
        "log\n\n" + root + "\n", "log\n01\n" + root + "\n", "log\n+1\n" + root + "\n",
        "log\n-1\n" + root + "\n", "log\n1 \n" + root + "\n",
        "log\n18446744073709551616\n" + root + "\n", std::string("log\n1\nYmFuYW5hcw==\n"),
        "log\n1\n" + root.substr(0, 43) + "\n", "log\n1\n" + root + root + "\n",
        "log\n1\n" + root + "\n\n", "log\n1\n" + root + "\nmore",
        "log\n1\n" + root + "\n\nmore\n"}) {
    EXPECT_EQ(Checkpoint::Parse(text).error().reason, "CHECKPOINT_MALFORMED") << text;
  }
}

TEST(CheckpointTest, JudgesTextsAsOthersDo) {
  const char* folder = std::getenv("YIMA_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "YIMA_TEST_DATA is not set";
  std::ifstream file(std::string(folder) + "/vectors/tlog/checkpoint_parse.json");
  if (!file) GTEST_SKIP() << "no such vectors there";
  int seen = 0;
  for (const auto& vector : nlohmann::json::parse(file)) {
    // Roots there have other lengths than SHA-256.
    auto text = vector["input"].get<std::string>();
    const std::string theirs = "dGhlIHZpZXcgZnJvbSB0aGUgdHJlZSB0b3BzIGlzIGdyZWF0IQ==";
    if (const size_t at = text.find(theirs); at != std::string::npos) {
      text.replace(at, theirs.size(), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
    }
    // The specification wants no empty lines.
    const bool valid =
        vector["valid"] && !text.ends_with("\n\n") && text.find("YmFuYW5h") == std::string::npos;
    EXPECT_EQ(Checkpoint::Parse(text).has_value(), valid) << vector["desc"];
    ++seen;
  }
  EXPECT_GT(seen, 5);
}

TEST(CheckpointTest, ReadsThoseOfOtherLogs) {
  const char* folder = std::getenv("YIMA_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "YIMA_TEST_DATA is not set";
  int seen = 0;
  const auto logs = std::filesystem::path(folder) / "vectors/tlog/skylight_testdata";
  if (!std::filesystem::exists(logs)) GTEST_SKIP() << "no such logs there";
  for (const auto& file : std::filesystem::recursive_directory_iterator(logs)) {
    if (file.path().filename() != "checkpoint") continue;
    std::ifstream in(file.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.starts_with("decoy")) continue;
    const auto note = SignedNote::Parse(text);
    ASSERT_TRUE(note) << file.path();
    const auto checkpoint = Checkpoint::Parse(note->text);
    ASSERT_TRUE(checkpoint) << file.path();
    EXPECT_GT(checkpoint->size, 0u);
    EXPECT_EQ(checkpoint->ToString(), note->text);
    ++seen;
  }
  EXPECT_GT(seen, 0);
}

TEST(CheckpointTest, IsOpenedByTheKeyThatSignedIt) {
  const Checkpoint checkpoint{"registry/1", 7, HashLeaf("seven"), ""};
  auto note = checkpoint.Sign(Key(1));
  note.Sign("witness", Key(2));
  const auto opened = OpenCheckpoint(note.ToString(), "registry/1", Key(1).public_key());
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, checkpoint);
}

TEST(CheckpointTest, OfAnotherKeyOrLogIsRefused) {
  const std::string note =
      Checkpoint{"registry/1", 7, HashLeaf("seven"), ""}.Sign(Key(1)).ToString();
  EXPECT_EQ(OpenCheckpoint(note, "registry/1", Key(3).public_key()).error().reason,
            "CHECKPOINT_UNSIGNED");
  EXPECT_EQ(OpenCheckpoint(note, "registry/2", Key(1).public_key()).error().reason,
            "CHECKPOINT_OF_ANOTHER_LOG");
  std::string changed = note;
  changed.replace(changed.find("\n7\n"), 3, "\n8\n");
  EXPECT_EQ(OpenCheckpoint(changed, "registry/1", Key(1).public_key()).error().reason,
            "CHECKPOINT_UNSIGNED");
}

}  // namespace
}  // namespace yima
