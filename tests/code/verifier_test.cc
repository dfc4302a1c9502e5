#include "codegen/code/verifier.h"

#include <thread>

#include <gtest/gtest.h>

#include "codegen/code/signed_note.h"
#include "tests/code/vector_world.h"
#include "tests/code/vectors.h"

namespace yima {
namespace {

class VerifierTest : public ::testing::Test {
 protected:
  static TrustStore Trust(const std::string& bundle) {
    PublicKey root{};
    EXPECT_TRUE(FromHex(Vectors()["root"].get<std::string>(), root));
    TrustStore trust({root});
    EXPECT_TRUE(trust.AcceptBundle(bundle));
    return trust;
  }
  static const nlohmann::ordered_json& Vectors() {
    static const auto vectors = testing::MakeCodeVectors();
    return vectors;
  }
  static std::string Good() { return Vectors()["example"]["text"]; }

  const TrustStore trust_ = Trust(Vectors()["bundle"]);
  const Verifier verifier_{trust_};
};

TEST_F(VerifierTest, NoFlippedBitIsEverAuthentic) {
  const std::string text = Good();
  const std::string origin = text.substr(0, text.size() - kBodyDigits);
  const CodeBytes good = *DecodeBody(text.substr(origin.size()));
  for (size_t bit = 0; bit < kCodeSize * 8; ++bit) {
    CodeBytes flipped = good;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_NE(verifier_.Judge(origin + EncodeBody(flipped)).verdict, Verdict::kAuthentic) << bit;
  }
}

TEST_F(VerifierTest, NoChangedDigitIsEverAuthentic) {
  const std::string text = Good();
  for (size_t at = text.size() - kBodyDigits; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>('0' + (changed[at] - '0' + 1) % 10);
    EXPECT_NE(verifier_.Judge(changed).verdict, Verdict::kAuthentic) << at;
  }
}

TEST_F(VerifierTest, SaysThatNoListIsHeld) {
  EXPECT_EQ(verifier_.Judge(Good()).state, CodeState::kNoList);
}

TEST_F(VerifierTest, JudgesByABundlePastItsEnd) {
  TrustBundle bundle = testing::MakeBundle();
  bundle.issued = *ParseTime("2020-01-01T00:00:00Z");
  bundle.expires = *ParseTime("2020-01-02T00:00:00Z");
  const TrustStore stale = Trust(testing::MakeNote(bundle.ToText(), testing::kRootSeed));
  EXPECT_LT(stale.bundle()->expires, Now());
  EXPECT_EQ(Verifier(stale).Judge(Good()).verdict, Verdict::kAuthentic);
  // A newer one is taken after it all the same.
  TrustStore next = stale;
  ++bundle.sequence;
  EXPECT_TRUE(next.AcceptBundle(testing::MakeNote(bundle.ToText(), testing::kRootSeed)));
}

TEST_F(VerifierTest, GivesTheSignedFields) {
  const auto judgement = verifier_.Judge(Good());
  ASSERT_TRUE(judgement.payload);
  EXPECT_EQ(judgement.payload->serial, Serial(1, 1));
  EXPECT_EQ(judgement.payload->facility_code, 14050201001000001u);
}

TEST_F(VerifierTest, WithoutTrustEveryOriginIsUnknown) {
  const Verifier empty(std::vector<TrustStore>{});
  EXPECT_EQ(empty.Judge(Good()).verdict, Verdict::kUnknownIssuer);
  EXPECT_FALSE(empty.Judge(Good()).foreign);
}

TEST_F(VerifierTest, AsksForNewerTrustWhenTheDayIsAfterTheBundle) {
  const auto day_after = *DayOf(trust_.bundle()->issued) + 1;
  Payload payload{9, Serial(1, 5), static_cast<Day>(day_after), 2, 14050201001000001};
  const auto key = SigningKey::Generate();
  const auto origin = *Origin::Parse("HTTPS://QR.EXAMPLE.CN/");
  auto judgement = verifier_.Judge(origin.ToString() + EncodeBody(SignCode(key, origin, payload)));
  EXPECT_EQ(judgement.verdict, Verdict::kUnknownKey);
  EXPECT_TRUE(judgement.refresh_trust);
  // Nothing that newer trust could answer: the bundle knew of that day.
  payload.issue_day = static_cast<Day>(day_after - 1);
  judgement = verifier_.Judge(origin.ToString() + EncodeBody(SignCode(key, origin, payload)));
  EXPECT_FALSE(judgement.refresh_trust);
}

TEST_F(VerifierTest, WarnsOfLostHosts) {
  for (const auto& vector : Vectors()["vectors"]) {
    const std::string text = vector["text"];
    if (!text.starts_with("HTTPS://LOST.")) continue;
    EXPECT_TRUE(verifier_.Judge(text).origin_lost) << vector["name"];
  }
  EXPECT_FALSE(verifier_.Judge(Good()).origin_lost);
}

TEST_F(VerifierTest, KeysOfOneOriginDoNotJudgeAnother) {
  // The same registry, the same key id, another origin: the key there is another one.
  Payload payload{1, Serial(1, 5), *ParseDay("2026-03-01"), 2, 14050201001000001};
  const auto kiosk = *Origin::Parse("HTTPS://KIOSK.EXAMPLE.CN/");
  const std::string body =
      EncodeBody(SignCode(SigningKey::FromSeed(testing::Seed(1)), kiosk, payload));
  EXPECT_EQ(verifier_.Judge(kiosk.ToString() + body).verdict, Verdict::kForged);
}

TEST_F(VerifierTest, JudgesByEachRegistrysOwnTrust) {
  TrustBundle bundle = *trust_.bundle();
  bundle.registry = std::string(32, 'c');
  bundle.origins = {{"HTTPS://OTHER.EXAMPLE.CN/", OriginStatus::kCurrent, false}};
  bundle.keys = {{"HTTPS://OTHER.EXAMPLE.CN/", 1, Algorithm::kEd25519,
                  SigningKey::FromSeed(testing::Seed(33)).public_key(), 0, UINT16_MAX, false}};
  TrustStore other({bundle.roots.front()});
  ASSERT_TRUE(other.AcceptBundle(testing::MakeNote(bundle.ToText(), testing::kRootSeed)));
  RevocationList list;
  list.registry = bundle.registry;
  list.revoked = {testing::GoodPayload().serial};
  ASSERT_TRUE(other.AcceptList(testing::MakeNote(list.ToText(), testing::kStatusSeed)));
  const Verifier both({trust_, other});
  EXPECT_EQ(both.Judge(Good()).state, CodeState::kNoList);
  const std::string text = testing::Text(33, "HTTPS://OTHER.EXAMPLE.CN/", testing::GoodPayload());
  EXPECT_EQ(both.Judge(text).verdict, Verdict::kAuthentic);
  EXPECT_EQ(both.Judge(text).state, CodeState::kRevoked);
  EXPECT_EQ(verifier_.Judge(text).verdict, Verdict::kUnknownIssuer);
}

TEST_F(VerifierTest, JudgesFromManyThreads) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        EXPECT_EQ(verifier_.Judge(Good()).verdict, Verdict::kAuthentic);
      }
    });
  }
}

TEST_F(VerifierTest, NamesVerdictsAndStates) {
  EXPECT_EQ(VerdictName(Verdict::kAuthentic), "AUTHENTIC");
  EXPECT_EQ(VerdictName(Verdict::kMalformed), "MALFORMED");
  EXPECT_EQ(CodeStateName(CodeState::kNoList), "NO_LIST");
  EXPECT_EQ(CodeStateName(CodeState::kUnspecified), "");
}

TEST_F(VerifierTest, NamesNothingThatIsNoVerdictOrState) {
  EXPECT_EQ(VerdictName(static_cast<Verdict>(0)), "");
  EXPECT_EQ(VerdictName(static_cast<Verdict>(8)), "");
  EXPECT_EQ(CodeStateName(static_cast<CodeState>(9)), "");
}

}  // namespace
}  // namespace yima
