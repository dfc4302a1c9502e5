#include "server/resolver/trust_notes.h"

#include <gtest/gtest.h>

#include "codegen/code/signed_note.h"
#include "tests/server/plates.h"
#include "tests/server/world.h"

namespace yima::server::testing {
namespace {

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;
constexpr TimeUs kDay = 86'400'000'000;

class TrustNotesTest : public ::testing::Test {
 protected:
  TrustNotesTest() { world_now = *ParseTime("2026-11-24T08:00:00Z"); }
  ~TrustNotesTest() override { world_now = *ParseTime("2026-11-24T08:00:00Z"); }

  /// The newest bundle and list, each as a verifier that held the ones before accepts it.
  const TrustBundle& Bundle() {
    const auto note = notes_.Bundle();
    EXPECT_TRUE(note) << note.error().message;
    if (note) {
      const auto accepted = trust_.AcceptBundle(*note);
      EXPECT_TRUE(accepted) << accepted.error().message;
    }
    return *trust_.bundle();
  }
  const RevocationList& List() {
    const auto note = notes_.List(*world_.Read());
    EXPECT_TRUE(note) << note.error().message;
    if (note) {
      const auto accepted = trust_.AcceptList(*note);
      EXPECT_TRUE(accepted) << accepted.error().message;
    }
    return *trust_.list();
  }
  void SetState(uint64_t serial, v1::CodeState state) {
    EXPECT_TRUE(Edit<v1::Code>(world_, serial, [&](v1::Code& code) { code.set_state(state); }));
  }

  World world_;
  TrustStore trust_{{world_.keys().All(KeyKind::kRoot).front()->public_key()}};
  TrustNotes notes_{world_.domain()};
};

TEST_F(TrustNotesTest, BundleSaysWhatTheRegistrySays) {
  const TrustBundle& bundle = Bundle();
  EXPECT_EQ(bundle.registry, world_.domain().registry->id());
  EXPECT_EQ(bundle.epoch, 1);
  EXPECT_EQ(bundle.issued, world_now);
  EXPECT_EQ(bundle.expires, world_now + 365 * kDay);
  EXPECT_EQ(bundle.sequence, static_cast<uint64_t>(world_now / 1'000'000));
  EXPECT_EQ(bundle.origins, world_.trust().bundle()->origins);
  EXPECT_EQ(bundle.keys, world_.trust().bundle()->keys);
  ASSERT_EQ(bundle.log_keys.size(), 1);
  EXPECT_EQ(bundle.log_keys[0], world_.keys().All(KeyKind::kLog).front()->public_key());
}

TEST_F(TrustNotesTest, NoteIsSignedUnderTheRegistrysName) {
  const auto note = SignedNote::Parse(*notes_.Bundle());
  ASSERT_TRUE(note);
  ASSERT_EQ(note->signatures.size(), 1);
  EXPECT_EQ(note->signatures[0].name, "yima-" + world_.domain().registry->id());
}

TEST_F(TrustNotesTest, BundleStaysUntilHalfItsLifeIsOver) {
  const std::string first = *notes_.Bundle();
  world_now += 182 * kDay;
  EXPECT_EQ(*notes_.Bundle(), first);
  const uint64_t sequence = Bundle().sequence;
  world_now += kDay;
  EXPECT_NE(*notes_.Bundle(), first);
  EXPECT_GT(Bundle().sequence, sequence);
}

TEST_F(TrustNotesTest, BundleFollowsTheRegistrysRecord) {
  const uint64_t sequence = Bundle().sequence;
  world_.ChangeRegistry(
      [](v1::Registry& registry) { registry.mutable_code_keys(0)->set_revoked(true); });
  // Within the same second, and the clock an hour back: the sequence rises all the same.
  world_now -= 3'600'000'000;
  EXPECT_TRUE(Bundle().keys[0].revoked);
  EXPECT_EQ(Bundle().sequence, sequence + 1);
}

TEST_F(TrustNotesTest, SequencesGoOnAfterARestart) {
  Bundle();
  List();
  const std::string bundle = *notes_.Bundle();
  const std::string list = *notes_.List(*world_.Read());
  TrustNotes restarted(world_.domain());
  EXPECT_EQ(*restarted.Bundle(), bundle);
  EXPECT_EQ(*restarted.List(*world_.Read()), list);
  AddPlate(world_, kSerial, 0, v1::CODE_STATE_REVOKED);
  world_now -= 3'600'000'000;
  const uint64_t sequence = trust_.list()->sequence;
  ASSERT_TRUE(trust_.AcceptList(*restarted.List(*world_.Read())));
  EXPECT_EQ(trust_.list()->sequence, sequence + 1);
}

TEST_F(TrustNotesTest, ListNamesWhatIsNotToBeTrusted) {
  Bundle();
  EXPECT_TRUE(List().revoked.empty());
  AddPlate(world_, kSerial, 0);
  AddPlate(world_, kSerial + 1, 0, v1::CODE_STATE_SUSPENDED);
  AddPlate(world_, kSerial + 3, 0, v1::CODE_STATE_REVOKED);
  AddPlate(world_, kSerial + 2, 0, v1::CODE_STATE_REVOKED);
  AddPlate(world_, kSerial + 4, 0, v1::CODE_STATE_REPLACED, kSerial);
  const RevocationList& list = List();
  EXPECT_EQ(list.suspended, (std::vector{*Serial::FromInteger(kSerial + 1)}));
  EXPECT_EQ(list.revoked,
            (std::vector{*Serial::FromInteger(kSerial + 2), *Serial::FromInteger(kSerial + 3)}));
  EXPECT_EQ(list.replaced, (std::vector{*Serial::FromInteger(kSerial + 4)}));
  EXPECT_EQ(list.issued, world_now);
  EXPECT_EQ(list.next_update, world_now + kDay);
}

TEST_F(TrustNotesTest, ListStaysWhileNothingOnItChanges) {
  AddPlate(world_, kSerial, 0, v1::CODE_STATE_SUSPENDED);
  AddPlate(world_, kSerial + 1, 0, v1::CODE_STATE_REVOKED);
  const std::string first = *notes_.List(*world_.Read());
  world_.AddOrganization("城管局");
  AddPlate(world_, kSerial + 2, 0);
  world_now += kDay / 2 - 1'000'000;
  EXPECT_EQ(*notes_.List(*world_.Read()), first);
  world_now += 1'000'000;
  EXPECT_NE(*notes_.List(*world_.Read()), first);
}

TEST_F(TrustNotesTest, ListSeesSuspensionsThatChangePlaces) {
  Bundle();
  AddPlate(world_, kSerial, 0, v1::CODE_STATE_SUSPENDED);
  AddPlate(world_, kSerial + 1, 0);
  EXPECT_EQ(List().suspended[0].value(), kSerial);
  SetState(kSerial, v1::CODE_STATE_BLANK);
  SetState(kSerial + 1, v1::CODE_STATE_SUSPENDED);
  ASSERT_EQ(List().suspended.size(), 1);
  EXPECT_EQ(List().suspended[0].value(), kSerial + 1);
}

TEST_F(TrustNotesTest, OlderSnapshotDoesNotBringACodeBack) {
  AddPlate(world_, kSerial, 0);
  const auto before = world_.Read();
  SetState(kSerial, v1::CODE_STATE_REVOKED);
  const std::string list = *notes_.List(*world_.Read());
  EXPECT_EQ(*notes_.List(*before), list);
}

TEST_F(TrustNotesTest, DamagedNoteIsNotWrittenOver) {
  ChangeWriter writer(world_.call("test"), "");
  writer.PutUnlogged(store::Kind::kNote, TrustNotes::kListId, 0, "damaged");
  writer.PutUnlogged(store::Kind::kNote, TrustNotes::kBundleId, 1, "damaged");
  ASSERT_TRUE(Apply(world_, writer));
  EXPECT_FALSE(notes_.Bundle());
  EXPECT_FALSE(notes_.List(*world_.Read()));
  EXPECT_FALSE(notes_.List(*world_.Read()));
}

TEST(BundleOfTest, RefusesWhatCannotBeATrustBundle) {
  v1::Registry registry;
  registry.add_root_keys("short");
  EXPECT_EQ(BundleOf(registry).error().reason, "REGISTRY_MALFORMED");
  registry.Clear();
  registry.add_origins();
  EXPECT_EQ(BundleOf(registry).error().reason, "REGISTRY_MALFORMED");
  registry.Clear();
  registry.add_code_keys()->set_algorithm("rot13");
  EXPECT_EQ(BundleOf(registry).error().reason, "REGISTRY_MALFORMED");
  registry.Clear();
  // Key files are named by the key_id alone, whatever the origin.
  for (const char* origin : {"HTTPS://QR.EXAMPLE.CN/", "HTTPS://OLD.EXAMPLE.CN/"}) {
    auto* key = registry.add_code_keys();
    key->set_origin(origin);
    key->set_key_id(1);
    key->set_algorithm("ed25519");
    key->set_public_key(std::string(32, origin[8]));
  }
  EXPECT_EQ(BundleOf(registry).error().reason, "REGISTRY_MALFORMED");
  registry.mutable_code_keys(1)->set_key_id(2);
  EXPECT_TRUE(BundleOf(registry));
  registry.Clear();
  registry.set_epoch(65536);
  EXPECT_EQ(BundleOf(registry).error().reason, "REGISTRY_MALFORMED");
}

}  // namespace
}  // namespace yima::server::testing
