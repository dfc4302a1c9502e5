#include "client/trust_dir.h"

#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <unistd.h>

#include "codegen/code/signed_note.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

SigningKey Key(uint8_t n) {
  std::array<uint8_t, 32> seed{};
  seed.fill(n);
  return SigningKey::FromSeed(seed);
}

std::string Signed(const std::string& text, uint8_t key) {
  SignedNote note{text, {}};
  note.Sign("test", Key(key));
  return note.ToString();
}

TrustBundle Bundle(char registry = 'a') {
  TrustBundle bundle;
  bundle.registry = std::string(32, registry);
  bundle.sequence = 100;
  bundle.issued = *ParseTime("2026-11-24T00:00:00Z");
  bundle.expires = *ParseTime("2027-11-24T00:00:00Z");
  bundle.roots = {Key(1).public_key()};
  bundle.origins = {{"HTTPS://A.EXAMPLE/", OriginStatus::kCurrent, false}};
  bundle.keys = {
      {"HTTPS://A.EXAMPLE/", 1, Algorithm::kEd25519, Key(4).public_key(), 0, 9999, false}};
  bundle.status_keys = {Key(2).public_key()};
  return bundle;
}

std::string List(char registry = 'a') {
  RevocationList list;
  list.registry = std::string(32, registry);
  list.sequence = 7;
  list.issued = *ParseTime("2026-11-24T00:00:00Z");
  list.next_update = *ParseTime("2026-11-25T00:00:00Z");
  return Signed(list.ToText(), 2);
}

class TrustDirTest : public ::testing::Test {
 protected:
  TrustDirTest() {
    fs::remove_all(path_);
    EXPECT_EQ(Refusal(Signed(Bundle().ToText(), 1), List(), Key(1).public_key()), "");
  }
  ~TrustDirTest() override { fs::remove_all(path_); }

  std::string Refusal(const std::string& bundle, const std::string& list,
                      std::optional<PublicKey> root = {}) {
    const auto taken = dir_.Accept(bundle, list, root);
    return taken ? "" : taken.error().reason;
  }
  std::string Kept(const std::string& name) {
    return *ReadWholeFile(path_ / std::string(32, 'a') / name);
  }

  const fs::path path_ = fs::path(::testing::TempDir()) /
                         (std::string("trust_dir_test_") + std::to_string(::getpid()) + "_" +
                          ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const TrustDir dir_{path_};
};

TEST_F(TrustDirTest, KeepsWhatItTook) {
  const auto stores = dir_.Load();
  ASSERT_TRUE(stores);
  ASSERT_EQ(stores->size(), 1u);
  EXPECT_EQ(stores->front().bundle_note(), Signed(Bundle().ToText(), 1));
  EXPECT_EQ(stores->front().list_note(), List());
}

TEST_F(TrustDirTest, TakesANewRegistryOnlyWithItsRoot) {
  TrustBundle other = Bundle('b');
  other.origins[0].origin = other.keys[0].origin = "HTTPS://B.EXAMPLE/";
  const std::string note = Signed(other.ToText(), 1);
  EXPECT_EQ(Refusal(note, List('b')), "ROOT_MISSING");
  EXPECT_EQ(Refusal(note, List('b'), Key(9).public_key()), "ROOT_UNKNOWN");
  EXPECT_EQ(Refusal(note, List('b'), Key(1).public_key()), "");
  EXPECT_EQ(dir_.Load()->size(), 2u);
}

TEST_F(TrustDirTest, RefusesAnotherRegistrysOrigin) {
  EXPECT_EQ(Refusal(Signed(Bundle('b').ToText(), 1), List('b'), Key(1).public_key()),
            "FOREIGN_ORIGIN");
  EXPECT_EQ(dir_.Load()->size(), 1u);
}

TEST_F(TrustDirTest, RefusesAnotherRootForARegistryThatIsHeld) {
  EXPECT_EQ(Refusal(Signed(Bundle().ToText(), 1), List(), Key(9).public_key()), "ROOT_CHANGED");
}

TEST_F(TrustDirTest, HandsOverToNewRootsAndTakesThatNoteAgain) {
  TrustBundle next = Bundle();
  next.sequence = 101;
  next.roots = {Key(8).public_key()};
  const std::string handover = Signed(next.ToText(), 1);
  EXPECT_EQ(Refusal(handover, List()), "");
  EXPECT_EQ(Refusal(handover, List()), "");
  ASSERT_TRUE(dir_.Load());
  EXPECT_EQ(dir_.Load()->front().roots(), std::vector{Key(8).public_key()});
  next.sequence = 102;
  EXPECT_EQ(Refusal(Signed(next.ToText(), 1), List()), "ROOT_UNKNOWN");
  EXPECT_EQ(Refusal(Signed(next.ToText(), 8), List()), "");
  EXPECT_TRUE(dir_.Load());
}

TEST_F(TrustDirTest, KeepsTheNoteHeldWhenAStrangerSignedItsTextAgain) {
  EXPECT_EQ(Refusal(Signed(Bundle().ToText(), 9), List()), "");
  EXPECT_EQ(Kept("bundle"), Signed(Bundle().ToText(), 1));
  EXPECT_TRUE(dir_.Load());
}

TEST_F(TrustDirTest, RefusedNotesChangeNoFile) {
  TrustBundle older = Bundle();
  older.sequence = 99;
  EXPECT_EQ(Refusal(Signed(older.ToText(), 1), List()), "SEQUENCE_LOWER");
  TrustBundle next = Bundle();
  next.sequence = 101;
  EXPECT_EQ(Refusal(Signed(next.ToText(), 1), "no list"), "NOTE_MALFORMED");
  EXPECT_EQ(Kept("bundle"), Signed(Bundle().ToText(), 1));
  EXPECT_EQ(Kept("list"), List());
}

TEST_F(TrustDirTest, NamesTheFileThatIsDamaged) {
  std::ofstream(path_ / std::string(32, 'a') / "bundle") << "damaged";
  const auto stores = dir_.Load();
  ASSERT_FALSE(stores);
  EXPECT_EQ(stores.error().reason, "TRUST_DAMAGED");
}

TEST_F(TrustDirTest, PassesOverFoldersThatAreNoRegistrys) {
  fs::create_directories(path_ / "lost+found" / "bundle");
  const auto stores = dir_.Load();
  ASSERT_TRUE(stores) << stores.error().message;
  EXPECT_EQ(stores->size(), 1u);
}

}  // namespace
}  // namespace yima
