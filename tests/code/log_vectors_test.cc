#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "codegen/code/checkpoint.h"
#include "codegen/code/log_name.h"
#include "codegen/code/tile_tree.h"
#include "tests/code/vectors.h"

namespace yima {
namespace {

std::string ReadFile(std::string_view path) {
  std::ifstream file(std::string(YIMA_SOURCE_DIR "/").append(path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string BytesOf(const std::string& hex) {
  std::string bytes(hex.size() / 2, '\0');
  EXPECT_TRUE(FromHex(hex, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
  return bytes;
}

TreeHash HashOf(const nlohmann::json& hex) {
  TreeHash hash{};
  EXPECT_TRUE(FromHex(hex.get<std::string>(), hash));
  return hash;
}

std::vector<TreeHash> HashesOf(const nlohmann::json& list) {
  std::vector<TreeHash> hashes;
  for (const auto& hex : list) hashes.push_back(HashOf(hex));
  return hashes;
}

class LogVectorsTest : public ::testing::Test {
 protected:
  const nlohmann::json file_ = nlohmann::json::parse(ReadFile("tests/vectors/log.json"));
};

TEST_F(LogVectorsTest, TheFileIsAsMade) {
  EXPECT_EQ(ReadFile("tests/vectors/log.json"), testing::MakeLogVectors().dump(1) + "\n");
}

TEST_F(LogVectorsTest, RootsAndTilesFollowFromTheEntries) {
  TileTree tree;
  std::string bundle;
  EXPECT_EQ(ToHex(tree.Root()), file_["roots"][0].get<std::string>());
  for (const auto& hex : file_["entries"]) {
    const std::string entry = BytesOf(hex);
    AppendTileEntry(bundle, entry);
    EXPECT_EQ(ToHex(HashLeaf(entry)), file_["leaves"][tree.size()].get<std::string>());
    ASSERT_TRUE(tree.Append(HashLeaf(entry), {}));
    EXPECT_EQ(ToHex(tree.Root()), file_["roots"][tree.size()].get<std::string>());
  }
  EXPECT_EQ(bundle, BytesOf(file_["tiles"]["tile/entries/000.p/5"]));
  EXPECT_EQ(TileBytesOf(tree.open()[0]), BytesOf(file_["tiles"]["tile/0/000.p/5"]));
}

TEST_F(LogVectorsTest, CheckpointsAreJudged) {
  PublicKey key{};
  ASSERT_TRUE(FromHex(file_["log_key"].get<std::string>(), key));
  for (const auto& vector : file_["checkpoints"]) {
    const auto opened =
        OpenCheckpoint(vector["note"].get<std::string>(), file_["log"].get<std::string>(), key);
    EXPECT_EQ(opened ? "" : opened.error().reason, vector["refused"].get<std::string>())
        << vector["name"];
  }
}

TEST_F(LogVectorsTest, ProofsHoldOrDoNot) {
  const auto root_at = [&](uint64_t size) {
    return size < file_["roots"].size() ? HashOf(file_["roots"][size]) : TreeHash{};
  };
  for (const auto& vector : file_["inclusion"]) {
    const uint64_t index = vector["index"];
    const TreeHash leaf =
        index < file_["leaves"].size() ? HashOf(file_["leaves"][index]) : TreeHash{};
    EXPECT_EQ(VerifyInclusion(index, vector["size"], leaf, HashesOf(vector["proof"]),
                              root_at(vector["size"]))
                  .has_value(),
              vector["holds"].get<bool>())
        << vector;
  }
  for (const auto& vector : file_["consistency"]) {
    EXPECT_EQ(VerifyConsistency(vector["older"], vector["newer"], HashesOf(vector["proof"]),
                                root_at(vector["older"]), root_at(vector["newer"]))
                  .has_value(),
              vector["holds"].get<bool>())
        << vector;
  }
}

TEST_F(LogVectorsTest, TheSpecificationShowsTheExampleAsMade) {
  const std::string specification = ReadFile("server/log/FORMAT.md");
  const auto shows = [&](const std::string& value) {
    EXPECT_NE(specification.find(value), std::string::npos) << value;
  };
  shows(file_["log_key"]);
  shows(file_["entries"][0].get<std::string>());
  for (const auto& hash : file_["leaves"]) shows(hash);
  for (size_t n = 1; n < file_["roots"].size(); ++n) shows(file_["roots"][n]);
  std::string note = file_["checkpoints"][0]["note"];
  for (size_t end; (end = note.find('\n')) != std::string::npos; note.erase(0, end + 1)) {
    shows(note.substr(0, end));
  }
}

TEST(LogNameTest, IsRegistryAndEpoch) {
  const std::string registry(32, 'a');
  EXPECT_EQ(LogName::Parse(registry + "/1"), (LogName{registry, 1}));
  EXPECT_EQ(LogName::Parse(registry + "/65535"), (LogName{registry, 65535}));
  for (const auto& other : {registry, registry + "/", registry + "/0", registry + "/01",
                            registry + "/65536", registry + "/1x", registry + "/-1",
                            std::string("b/1"), std::string(32, 'A') + "/1", registry + "a/1"}) {
    EXPECT_EQ(LogName::Parse(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace yima
