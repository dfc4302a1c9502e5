#include "tests/code/vectors.h"

#include <fstream>

#include <gtest/gtest.h>

#include "codegen/code/verifier.h"

namespace yima {
namespace {

nlohmann::ordered_json ReadVectors(std::string_view name) {
  std::ifstream file(std::string(YIMA_SOURCE_DIR "/tests/vectors/").append(name));
  return nlohmann::ordered_json::parse(file);
}

PublicKey RootOf(const nlohmann::ordered_json& vectors) {
  PublicKey root{};
  EXPECT_TRUE(FromHex(vectors["root"].get<std::string>(), root));
  return root;
}

TEST(VectorsTest, FilesAreAsMade) {
  EXPECT_EQ(ReadVectors("codes.json"), testing::MakeCodeVectors());
  EXPECT_EQ(ReadVectors("origins.json"), testing::MakeOriginVectors());
}

TEST(VectorsTest, VerifierGivesEachVerdict) {
  const auto file = ReadVectors("codes.json");
  TrustStore trust({RootOf(file)});
  ASSERT_TRUE(trust.AcceptBundle(file["bundle"].get<std::string>()));
  ASSERT_TRUE(trust.AcceptList(file["list"].get<std::string>()));
  const Verifier verifier(trust);
  for (const auto& vector : file["vectors"]) {
    const auto judgement = verifier.Judge(vector["text"].get<std::string>());
    EXPECT_EQ(VerdictName(judgement.verdict), vector["verdict"].get<std::string>())
        << vector["name"];
    EXPECT_EQ(CodeStateName(judgement.state), vector["state"].get<std::string>()) << vector["name"];
    EXPECT_EQ(judgement.foreign, vector["foreign"].get<bool>()) << vector["name"];
  }
  EXPECT_GT(file["vectors"].size(), 90u);
}

}  // namespace
}  // namespace yima
