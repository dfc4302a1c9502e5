#include "codegen/code/signature.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace yima {
namespace {

std::string Unhex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  EXPECT_TRUE(FromHex(hex, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
  return bytes;
}

template <size_t N>
std::array<uint8_t, N> UnhexTo(std::string_view hex) {
  std::array<uint8_t, N> bytes{};
  EXPECT_TRUE(FromHex(hex, bytes));
  return bytes;
}

Bytes AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Rfc8032Vector {
  const char* seed;
  const char* key;
  const char* message;
  const char* signature;
};

/// RFC 8032, section 7.1: TEST 1 to 3.
constexpr Rfc8032Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6594a7c15e9716ed28dc027beceea1ec40a"}};

TEST(SignatureTest, AgreesWithRfc8032) {
  for (const auto& vector : kRfc8032) {
    const auto key = SigningKey::FromSeed(UnhexTo<32>(vector.seed));
    EXPECT_EQ(ToHex(key.public_key()), vector.key);
    EXPECT_EQ(key.ExportSecretSeed(), UnhexTo<32>(vector.seed));
    const std::string message = Unhex(vector.message);
    const Signature signature = key.Sign(AsBytes(message));
    EXPECT_EQ(ToHex(signature), vector.signature);
    EXPECT_TRUE(
        VerifySignature(Algorithm::kEd25519, key.public_key(), AsBytes(message), signature));
  }
}

TEST(SignatureTest, RefusesAnyFlippedBit) {
  const auto key = SigningKey::FromSeed(UnhexTo<32>(kRfc8032[2].seed));
  std::string message = Unhex(kRfc8032[2].message);
  const Signature good = key.Sign(AsBytes(message));
  for (size_t bit = 0; bit < 512; ++bit) {
    Signature flipped = good;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(VerifySignature(Algorithm::kEd25519, key.public_key(), AsBytes(message), flipped));
  }
}

TEST(SignatureTest, KnowsUnacceptableKeys) {
  PublicKey identity{1};
  EXPECT_FALSE(IsAcceptableKey(Algorithm::kEd25519, identity));
  PublicKey above_p;
  above_p.fill(0xff);
  EXPECT_FALSE(IsAcceptableKey(Algorithm::kEd25519, above_p));
  EXPECT_TRUE(IsAcceptableKey(Algorithm::kEd25519, SigningKey::Generate().public_key()));
}

TEST(SignatureTest, MovedKeyStillSigns) {
  auto key = SigningKey::Generate();
  const PublicKey expected = key.public_key();
  const SigningKey moved = std::move(key);
  EXPECT_EQ(moved.public_key(), expected);
  const std::string message = "m";
  EXPECT_TRUE(VerifySignature(Algorithm::kEd25519, expected, AsBytes(message),
                              moved.Sign(AsBytes(message))));
}

TEST(HexTest, TakesExactLength) {
  std::array<uint8_t, 2> out{};
  EXPECT_TRUE(FromHex("00fF", out));
  EXPECT_EQ(ToHex(out), "00ff");
  for (const auto text : {"", "00f", "00ff0", "00fg", "00ff00", " 0ff"}) {
    EXPECT_EQ(FromHex(text, out).error().reason, "HEX_MALFORMED") << text;
  }
}

TEST(SignatureTest, AgreesWithWycheproof) {
  const char* folder = std::getenv("YIMA_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "YIMA_TEST_DATA is not set";
  std::ifstream file(std::string(folder) + "/vectors/ed25519/wycheproof/ed25519_test.json");
  if (!file) GTEST_SKIP() << "no Wycheproof vectors there";
  const auto suite = nlohmann::json::parse(file);
  int seen = 0;
  for (const auto& group : suite["testGroups"]) {
    const auto& named = group.contains("publicKey") ? group["publicKey"] : group["key"];
    const auto key = UnhexTo<32>(named["pk"].get<std::string>());
    for (const auto& vector : group["tests"]) {
      const std::string message = Unhex(vector["msg"].get<std::string>());
      const std::string bytes = Unhex(vector["sig"].get<std::string>());
      Signature signature{};
      const bool right_size = bytes.size() == signature.size();
      if (right_size) std::copy(bytes.begin(), bytes.end(), signature.begin());
      const bool accepted =
          right_size && VerifySignature(Algorithm::kEd25519, key, AsBytes(message), signature);
      EXPECT_EQ(accepted, vector["result"] == "valid") << vector["tcId"];
      ++seen;
    }
  }
  EXPECT_GT(seen, 100);
}

}  // namespace
}  // namespace yima
