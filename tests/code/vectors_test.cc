#include "tests/code/vectors.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "codegen/code/verifier.h"

namespace yima {
namespace {

std::string ReadFile(std::string_view path) {
  std::ifstream file(std::string(YIMA_SOURCE_DIR "/").append(path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

nlohmann::ordered_json ReadVectors(std::string_view name) {
  return nlohmann::ordered_json::parse(ReadFile(std::string("tests/vectors/").append(name)));
}

TrustStore TrustOf(const nlohmann::ordered_json& file) {
  PublicKey root{};
  EXPECT_TRUE(FromHex(file["root"].get<std::string>(), root));
  TrustStore trust({root});
  EXPECT_TRUE(trust.AcceptBundle(file["bundle"].get<std::string>()));
  EXPECT_TRUE(trust.AcceptList(file["list"].get<std::string>()));
  return trust;
}

/// The steps of the order of judgement that a judgement may have ended at.
bool MayEndAt(int step, const Judgement& judgement) {
  switch (judgement.verdict) {
    case Verdict::kMalformed:
      if (!judgement.payload) return step == 1 || step == 3;
      return step == (judgement.payload->scheme == kSchemeBlank ? 3 : 9);
    case Verdict::kUnsupported:
      return step == (judgement.payload ? 8 : 2);
    case Verdict::kUnknownIssuer:
      return step == (judgement.payload ? 4 : 2);
    case Verdict::kUnknownKey:
      return step == 5;
    case Verdict::kForged:
      return step == 6;
    case Verdict::kKeyRevoked:
      return step == 7;
    case Verdict::kAuthentic:
      return step == 10;
  }
  return false;
}

TEST(VectorsTest, FilesAreAsMade) {
  EXPECT_EQ(ReadFile("tests/vectors/codes.json"), testing::MakeCodeVectors().dump(1) + "\n");
  EXPECT_EQ(ReadFile("tests/vectors/origins.json"), testing::MakeOriginVectors().dump(1) + "\n");
  EXPECT_EQ(ReadFile("tests/vectors/trust.json"), testing::MakeTrustVectors().dump(1) + "\n");
}

TEST(VectorsTest, VerifierGivesEachVerdict) {
  const auto file = ReadVectors("codes.json");
  const Verifier verifier(TrustOf(file));
  for (const auto& vector : file["vectors"]) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const auto judgement = verifier.Judge(vector["text"].get<std::string>());
    EXPECT_EQ(VerdictName(judgement.verdict), vector["verdict"].get<std::string>());
    EXPECT_TRUE(MayEndAt(vector["step"], judgement));
    EXPECT_EQ(CodeStateName(judgement.state), vector["state"].get<std::string>());
    EXPECT_EQ(judgement.foreign, vector["foreign"].get<bool>());
    EXPECT_EQ(judgement.refresh_trust, vector["refresh_trust"].get<bool>());
    EXPECT_EQ(judgement.origin_lost, vector["origin_lost"].get<bool>());
  }
  EXPECT_GT(file["vectors"].size(), 250u);
}

TEST(VectorsTest, JudgingKnowsTheShapeOfOrigins) {
  for (const auto& vector : ReadVectors("origins.json")) {
    const std::string text = vector["text"];
    EXPECT_EQ(SplitCodeText(text + "1").has_value(), vector["judged"].get<bool>()) << text;
    // What may be printed must be judged.
    if (vector["kind"] != "none") {
      EXPECT_TRUE(vector["judged"].get<bool>()) << text;
    }
  }
}

TEST(VectorsTest, TrustStoreTakesAndRefusesNotes) {
  const auto file = ReadVectors("trust.json");
  for (const auto& vector : file["cases"]) {
    TrustStore trust = TrustOf(file);
    const std::string note = vector["note"];
    const auto taken =
        vector["kind"] == "bundle" ? trust.AcceptBundle(note) : trust.AcceptList(note);
    EXPECT_EQ(taken ? "" : taken.error().reason, vector["refused"].get<std::string>())
        << vector["kind"] << ": " << vector["name"];
    if (!taken) {
      EXPECT_EQ(trust.bundle_note(), file["bundle"].get<std::string>());
      EXPECT_EQ(trust.list_note(), file["list"].get<std::string>());
    }
  }
  EXPECT_GT(file["cases"].size(), 60u);
}

TEST(VectorsTest, SpecificationShowsTheExampleAsMade) {
  const std::string specification = ReadFile("codegen/FORMAT.md");
  const auto shows = [&](const std::string& value) {
    EXPECT_NE(specification.find(value), std::string::npos) << value;
  };
  const auto file = ReadVectors("codes.json");
  for (const auto& [name, value] : file["example"].items()) {
    shows(value.is_string() && name != "signature" && name != "message" ? value.get<std::string>()
                                                                        : std::string(name));
  }
  shows(file["example"]["signature"].get<std::string>().substr(0, 64));
  shows(file["example"]["signature"].get<std::string>().substr(64));
  const std::string body = file["example"]["body"];
  for (size_t at = 1; at < body.size(); at += 17) shows("`" + body.substr(at, 17) + "`");
}

}  // namespace
}  // namespace yima
