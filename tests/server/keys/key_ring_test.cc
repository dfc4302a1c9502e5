#include "server/keys/key_ring.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace yima::server {
namespace {

namespace fs = std::filesystem;

PublicKey KeyOf(const KeyRing& ring, KeyKind kind) { return ring.All(kind).front()->public_key(); }

class KeyRingTest : public ::testing::Test {
 protected:
  KeyRingTest() {
    std::string pattern = (fs::temp_directory_path() / "yima-keys-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~KeyRingTest() override { fs::remove_all(folder_); }

  fs::path keys() const { return folder_ / "keys"; }
  std::string ReadAll(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(keys() / name).rdbuf();
    return text.str();
  }
  void WriteAll(const std::string& name, const std::string& text) const {
    std::ofstream(keys() / name, std::ios::trunc) << text;
  }
  /// Why the folder does not open; empty when it does.
  std::string Reason(const std::optional<Secret>& passphrase = std::nullopt) const {
    const auto ring = KeyRing::Open(keys(), passphrase);
    return ring ? "" : ring.error().reason;
  }
  /// Replaces the hex digit in front of the end of the line with this name.
  void Damage(const std::string& file, const std::string& line) const {
    std::string text = ReadAll(file);
    const size_t end = text.find('\n', text.find("\n" + line + " ") + 1);
    text[end - 1] = text[end - 1] == '0' ? '1' : '0';
    WriteAll(file, text);
  }

  fs::path folder_;
};

TEST_F(KeyRingTest, OpensWhatItCreated) {
  const auto created = KeyRing::Create(keys(), std::nullopt);
  ASSERT_TRUE(created) << created.error().message;
  const auto opened = KeyRing::Open(keys(), std::nullopt);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(KeyOf(*opened, KeyKind::kRoot), KeyOf(*created, KeyKind::kRoot));
  EXPECT_EQ(KeyOf(*opened, KeyKind::kStatus), KeyOf(*created, KeyKind::kStatus));
  EXPECT_EQ(KeyOf(*opened, KeyKind::kLog), KeyOf(*created, KeyKind::kLog));
  EXPECT_EQ(KeyOf(*opened, KeyKind::kCertificate), KeyOf(*created, KeyKind::kCertificate));
  ASSERT_NE(opened->code(1), nullptr);
  EXPECT_EQ(opened->code(1)->public_key(), created->code(1)->public_key());
  EXPECT_EQ(opened->code(2), nullptr);
  EXPECT_EQ(opened->KeyedHash("request", "x"), created->KeyedHash("request", "x"));
}

TEST_F(KeyRingTest, NoKeyServesTwoUses) {
  const auto ring = KeyRing::Create(keys(), std::nullopt);
  ASSERT_TRUE(ring);
  const std::set<PublicKey> all = {KeyOf(*ring, KeyKind::kRoot), KeyOf(*ring, KeyKind::kStatus),
                                   KeyOf(*ring, KeyKind::kLog), KeyOf(*ring, KeyKind::kCertificate),
                                   ring->code(1)->public_key()};
  EXPECT_EQ(all.size(), 5);
}

TEST_F(KeyRingTest, IsForItsOwnerOnly) {
  ASSERT_TRUE(KeyRing::Create(keys(), std::nullopt));
  EXPECT_EQ(fs::status(keys()).permissions(), fs::perms(0700));
  for (const auto& file : fs::directory_iterator(keys())) {
    EXPECT_EQ(file.status().permissions(), fs::perms(0600)) << file.path();
  }
}

TEST_F(KeyRingTest, WritesNoSecretInTheClearUnderAPassphrase) {
  const auto ring = KeyRing::Create(keys(), "correct horse");
  ASSERT_TRUE(ring) << ring.error().message;
  const std::string text = ReadAll("code-1.key");
  EXPECT_NE(text.find("\nprotection argon2id\n"), std::string::npos);
  EXPECT_EQ(text.find(ToHex(ring->code(1)->ExportSecretSeed())), std::string::npos);
}

TEST_F(KeyRingTest, AsksForThePassphrase) {
  ASSERT_TRUE(KeyRing::Create(keys(), "correct horse"));
  EXPECT_EQ(Reason("correct horse"), "");
  EXPECT_EQ(Reason("battery staple"), "PASSPHRASE_WRONG");
  EXPECT_EQ(Reason(""), "PASSPHRASE_WRONG");
  EXPECT_EQ(Reason(), "PASSPHRASE_MISSING");
}

/// A passphrase that comes later seals what is new, and opens it again.
TEST_F(KeyRingTest, SealsNewKeysOfAPlainFolderUnderAPassphraseGivenLater) {
  ASSERT_TRUE(KeyRing::Create(keys(), std::nullopt));
  {
    auto ring = KeyRing::Open(keys(), "correct horse");
    ASSERT_TRUE(ring) << ring.error().message;
    ASSERT_TRUE(ring->PutCode(2, SecretSeed::Generate()));
  }
  EXPECT_EQ(Reason("correct horse"), "");
  EXPECT_EQ(Reason("battery staple"), "PASSPHRASE_WRONG");
}

TEST_F(KeyRingTest, RefusesAnEmptyPassphrase) {
  const auto ring = KeyRing::Create(keys(), "");
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().reason, "PASSPHRASE_MISSING");
  EXPECT_FALSE(fs::exists(keys()));
}

TEST_F(KeyRingTest, NeverWritesOverKeys) {
  ASSERT_TRUE(KeyRing::Create(keys(), std::nullopt));
  const std::string before = ReadAll("root.key");
  const auto again = KeyRing::Create(keys(), std::nullopt);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "KEYS_EXIST");
  EXPECT_EQ(ReadAll("root.key"), before);
}

TEST_F(KeyRingTest, SaysWhenTheFolderCannotBeMade) {
  const auto ring = KeyRing::Create(folder_ / "none" / "keys", std::nullopt);
  ASSERT_FALSE(ring);
  EXPECT_EQ(ring.error().reason, "FILE_UNWRITABLE");
}

TEST_F(KeyRingTest, MissesFiles) {
  EXPECT_EQ(Reason(), "KEY_FILE_MISSING");
  ASSERT_TRUE(KeyRing::Create(keys(), std::nullopt));
  const std::string text = ReadAll("code-1.key");
  fs::remove(keys() / "code-1.key");
  EXPECT_EQ(Reason(), "KEY_FILE_MISSING");
  WriteAll("code-1.key", text);
  EXPECT_EQ(Reason(), "");
  fs::remove(keys() / "hash.key");
  EXPECT_EQ(Reason(), "KEY_FILE_MISSING");
}

TEST_F(KeyRingTest, SeesDamage) {
  ASSERT_TRUE(KeyRing::Create(keys(), std::nullopt));
  const std::string whole = ReadAll("root.key");
  for (const std::string line : {"name", "public", "seed", "protection"}) {
    Damage("root.key", line);
    EXPECT_EQ(Reason(), "KEY_FILE_DAMAGED") << line;
    WriteAll("root.key", whole);
  }
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteAll("root.key", whole.substr(0, size));
    EXPECT_EQ(Reason(), "KEY_FILE_DAMAGED") << size;
  }
  WriteAll("root.key", whole + "x");
  EXPECT_EQ(Reason(), "KEY_FILE_DAMAGED");
  WriteAll("root.key", std::string(1 << 20, 'x'));
  EXPECT_EQ(Reason(), "KEY_FILE_DAMAGED");
  WriteAll("root.key", ReadAll("log.key"));
  EXPECT_EQ(Reason(), "KEY_FILE_DAMAGED");
}

TEST_F(KeyRingTest, RefusesToSpendWithoutLimitOnADamagedFile) {
  ASSERT_TRUE(KeyRing::Create(keys(), "correct horse"));
  std::string text = ReadAll("root.key");
  text.replace(text.find("\nmem "), 5, "\nmem 999999");
  WriteAll("root.key", text);
  EXPECT_EQ(Reason("correct horse"), "KEY_FILE_DAMAGED");
}

TEST_F(KeyRingTest, SealedBoxThatWasChangedDoesNotOpen) {
  ASSERT_TRUE(KeyRing::Create(keys(), "correct horse"));
  Damage("root.key", "sealed");
  EXPECT_EQ(Reason("correct horse"), "PASSPHRASE_WRONG");
}

TEST_F(KeyRingTest, OpensEveryCodeKey) {
  ASSERT_TRUE(KeyRing::Create(keys(), std::nullopt));
  const auto other = KeyRing::Create(folder_ / "other", std::nullopt);
  ASSERT_TRUE(other);
  fs::copy(folder_ / "other" / "code-1.key", keys() / "code-65535.key");
  std::string text = ReadAll("code-65535.key");
  WriteAll("code-65535.key", text.replace(text.find("code-1"), 6, "code-65535"));
  WriteAll("code-01.key", "not looked at");
  WriteAll("code-65536.key", "not looked at");
  const auto ring = KeyRing::Open(keys(), std::nullopt);
  ASSERT_TRUE(ring) << ring.error().message;
  ASSERT_NE(ring->code(65535), nullptr);
  EXPECT_EQ(ring->code(65535)->public_key(), other->code(1)->public_key());
}

TEST_F(KeyRingTest, KeyedHashDependsOnKeyPurposeAndBytes) {
  const auto ring = *KeyRing::Create(keys(), std::nullopt);
  const auto other = *KeyRing::Create(folder_ / "other", std::nullopt);
  const auto hash = ring.KeyedHash("request", "x");
  EXPECT_EQ(hash, ring.KeyedHash("request", "x"));
  EXPECT_NE(hash, ring.KeyedHash("request", "y"));
  EXPECT_NE(hash, ring.KeyedHash("page token", "x"));
  EXPECT_NE(ring.KeyedHash("ab", "c"), ring.KeyedHash("a", "bc"));
  EXPECT_NE(hash, other.KeyedHash("request", "x"));
}

}  // namespace
}  // namespace yima::server
