#include "codegen/code/trust.h"

#include <functional>

#include <gtest/gtest.h>

#include "codegen/code/signed_note.h"
#include "tests/code/test_key.h"

namespace yima {
namespace {

TrustBundle Bundle() {
  TrustBundle bundle;
  bundle.registry = std::string(32, 'a');
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

RevocationList List() {
  RevocationList list;
  list.registry = std::string(32, 'a');
  list.sequence = 7;
  list.issued = *ParseTime("2026-11-24T00:00:00Z");
  list.next_update = *ParseTime("2026-11-25T00:00:00Z");
  list.revoked = {Serial(1, 5), Serial(1, 900)};
  return list;
}

std::string Signed(const std::string& text, uint8_t key) {
  SignedNote note{text, {}};
  note.Sign("test", Key(key));
  return note.ToString();
}

std::string BundleWith(const std::function<void(TrustBundle&)>& change, uint8_t key = 1) {
  TrustBundle bundle = Bundle();
  change(bundle);
  return Signed(bundle.ToText(), key);
}

class TrustStoreTest : public ::testing::Test {
 protected:
  TrustStoreTest() {
    EXPECT_TRUE(store_.AcceptBundle(Signed(Bundle().ToText(), 1)));
    EXPECT_TRUE(store_.AcceptList(Signed(List().ToText(), 2)));
  }
  std::string Refusal(const std::string& note) {
    const auto accepted = store_.AcceptBundle(note);
    return accepted ? "" : accepted.error().reason;
  }
  std::string ListRefusal(const std::string& note) {
    const auto accepted = store_.AcceptList(note);
    return accepted ? "" : accepted.error().reason;
  }
  TrustStore store_{{Key(1).public_key()}};
};

TEST(TrustBundleTest, SurvivesPrintingAndParsing) {
  TrustBundle bundle = Bundle();
  bundle.origins.push_back({"HTTPS://LOCALHOST/", OriginStatus::kLost, true});
  bundle.schemes = {{101, "一位"}};
  bundle.log_keys = {Key(3).public_key()};
  bundle.witnesses = {"witness.example+00000000+AAAA"};
  bundle.quorum = 1;
  bundle.certificate_keys = {Key(5).public_key()};
  const auto parsed = TrustBundle::ParseText(bundle.ToText());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->ToText(), bundle.ToText());
}

TEST(TrustBundleTest, SkipsExtensionsAndRefusesUnknownNames) {
  const std::string text = Bundle().ToText();
  EXPECT_TRUE(TrustBundle::ParseText("x-note hello\n" + text));
  const auto unknown = TrustBundle::ParseText(text + "colour red\n");
  EXPECT_EQ(unknown.error().reason, "TRUST_BUNDLE_MALFORMED");
  EXPECT_EQ(unknown.error().field, "line 10");
}

TEST(TrustBundleTest, NamesTheLineThatIsWrong) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = Bundle().ToText();
    text.replace(text.find(from), from.size(), to);
    return TrustBundle::ParseText(text);
  };
  EXPECT_EQ(with("epoch 1", "epoch 01").error().field, "line 2");
  EXPECT_EQ(with("epoch 1", "epoch 65536").error().field, "line 2");
  EXPECT_EQ(with("00:00Z", "00:60Z").error().field, "line 4");
  EXPECT_EQ(with(" current", " young").error().field, "line 7");
  EXPECT_EQ(with("ed25519", "SM2").error().field, "line 8");
  EXPECT_EQ(with(" valid", " maybe").error().field, "line 8");
  EXPECT_EQ(with("HTTPS://A.EXAMPLE/ current", "HTTPS://B.EXAMPLE/ current").error().field,
            "line 8");
  EXPECT_FALSE(with("registry ", "register "));
  EXPECT_FALSE(TrustBundle::ParseText(""));
  EXPECT_FALSE(TrustBundle::ParseText("registry\n"));
}

TEST(TrustBundleTest, KeepsKeysOfFormatsItDoesNotKnow) {
  TrustBundle bundle = Bundle();
  bundle.keys.push_back(bundle.keys[0]);
  bundle.keys[1].key_id = 2;
  bundle.keys[1].algorithm = Algorithm::kOther;
  bundle.keys[1].other = "sm2 04ff";
  const std::string text = bundle.ToText();
  EXPECT_NE(text.find("key HTTPS://A.EXAMPLE/ 2 sm2 04ff 2020-01-01 "), std::string::npos);
  const auto parsed = TrustBundle::ParseText(text);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->keys[1].algorithm, Algorithm::kOther);
  EXPECT_EQ(parsed->keys[1].PublicKeyHex(), "04ff");
  EXPECT_EQ(parsed->keys[0].PublicKeyHex(), ToHex(Key(4).public_key()));
  EXPECT_EQ(parsed->ToText(), text);
  for (const auto wrong : {"sm2 04f", "sm2 04FF", "sm_2 04ff", " 04ff", "sm2 "}) {
    bundle.keys[1].other = wrong;
    const auto refused = TrustBundle::ParseText(bundle.ToText());
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().field, "line 9") << wrong;
  }
}

TEST(RevocationListTest, DeltaCodesSerials) {
  RevocationList list = List();
  list.suspended = {Serial(1, 1), Serial(1, 2), Serial(1, 10)};
  EXPECT_NE(list.ToText().find("suspended 4294967297 1 8\n"), std::string::npos);
  const auto parsed = RevocationList::ParseText(list.ToText());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->suspended, list.suspended);
  EXPECT_EQ(parsed->revoked, list.revoked);
}

TEST(RevocationListTest, HoldsMoreSerialsThanALine) {
  RevocationList list = List();
  list.revoked.clear();
  for (uint32_t i = 1; i <= 2500; ++i) list.revoked.push_back(Serial(1, i * 3));
  EXPECT_EQ(RevocationList::ParseText(list.ToText())->revoked, list.revoked);
}

TEST(RevocationListTest, RefusesSerialsThatDoNotRise) {
  const auto parse = [](std::string_view line) {
    RevocationList list = List();
    list.revoked.clear();
    return RevocationList::ParseText(list.ToText().append(line));
  };
  EXPECT_FALSE(parse("revoked 5 0\n"));
  EXPECT_FALSE(parse("revoked 281474976710656\n"));
  EXPECT_FALSE(parse("revoked 281474976710655 1\n"));
  EXPECT_FALSE(parse("replaced 1\nrevoked 1\n"));
  EXPECT_FALSE(parse("suspended 1 \n"));
  EXPECT_FALSE(parse("revoked 1  1\n"));
}

TEST(RevocationListTest, ASerialHasOneState) {
  RevocationList list = List();
  list.suspended = {Serial(1, 4), Serial(1, 900)};
  EXPECT_EQ(RevocationList::ParseText(list.ToText()).error().message,
            "line 7: serial 4294968196 has two states");
  list.suspended = {};
  list.replaced = {Serial(1, 5)};
  EXPECT_EQ(RevocationList::ParseText(list.ToText()).error().field, "line 7");
}

TEST(RevocationListTest, FillsEveryLineButTheLast) {
  RevocationList list = List();
  list.revoked.clear();
  for (uint32_t i = 1; i <= 1000; ++i) list.revoked.push_back(Serial(0, i));
  EXPECT_TRUE(RevocationList::ParseText(list.ToText() + "revoked 1\n"));
  list.revoked.pop_back();
  EXPECT_FALSE(RevocationList::ParseText(list.ToText() + "revoked 1\n"));
}

TEST_F(TrustStoreTest, TakesTheSameNoteAgain) {
  EXPECT_EQ(Refusal(Signed(Bundle().ToText(), 1)), "");
  EXPECT_EQ(ListRefusal(Signed(List().ToText(), 2)), "");
}

TEST_F(TrustStoreTest, RefusesNotesOfUnknownRoots) {
  EXPECT_EQ(Refusal(BundleWith([](auto& b) { b.sequence = 101; }, 9)), "ROOT_UNKNOWN");
}

TEST_F(TrustStoreTest, NewRootsReplaceThoseHeld) {
  ASSERT_EQ(Refusal(BundleWith([](auto& b) {
              b.sequence = 101;
              b.roots = {Key(8).public_key()};
            })),
            "");
  EXPECT_EQ(Refusal(BundleWith([](auto& b) { b.sequence = 102; })), "ROOT_UNKNOWN");
  EXPECT_EQ(Refusal(BundleWith(
                [](auto& b) {
                  b.sequence = 103;
                  b.roots = {Key(8).public_key()};
                },
                8)),
            "");
}

TEST_F(TrustStoreTest, TakesTheNoteThatHandedOverToNewRootsAgain) {
  const std::string handover = BundleWith([](auto& b) {
    b.sequence = 101;
    b.roots = {Key(8).public_key()};
  });
  ASSERT_EQ(Refusal(handover), "");
  EXPECT_EQ(Refusal(handover), "");
  EXPECT_EQ(store_.roots(), std::vector{Key(8).public_key()});
}

TEST_F(TrustStoreTest, RefusedNotesChangeNothing) {
  const std::string bundle = store_.bundle_note();
  const std::string list = store_.list_note();
  EXPECT_NE(Refusal(BundleWith([](auto& b) { b.sequence = 99; })), "");
  EXPECT_NE(Refusal("not a note"), "");
  EXPECT_NE(ListRefusal("not a note"), "");
  EXPECT_EQ(store_.bundle_note(), bundle);
  EXPECT_EQ(store_.list_note(), list);
  EXPECT_EQ(store_.roots(), std::vector{Key(1).public_key()});
}

TEST_F(TrustStoreTest, AListOfAStatusKeyThatWasClosedIsRefused) {
  ASSERT_EQ(Refusal(BundleWith([](auto& b) {
              b.sequence = 101;
              b.status_keys = {Key(6).public_key()};
            })),
            "");
  RevocationList list = List();
  list.sequence = 8;
  EXPECT_EQ(ListRefusal(Signed(list.ToText(), 2)), "STATUS_KEY_UNKNOWN");
  EXPECT_EQ(ListRefusal(Signed(list.ToText(), 6)), "");
}

TEST_F(TrustStoreTest, RefusesLowerSequences) {
  EXPECT_EQ(Refusal(BundleWith([](auto& b) { b.sequence = 99; })), "SEQUENCE_LOWER");
  RevocationList list = List();
  list.sequence = 6;
  EXPECT_EQ(ListRefusal(Signed(list.ToText(), 2)), "SEQUENCE_LOWER");
}

TEST_F(TrustStoreTest, RefusesAnotherTextUnderTheSameSequence) {
  EXPECT_EQ(Refusal(BundleWith([](auto& b) { b.expires += 1'000'000; })), "SEQUENCE_CONFLICT");
  RevocationList list = List();
  list.revoked.pop_back();
  EXPECT_EQ(ListRefusal(Signed(list.ToText(), 2)), "SEQUENCE_CONFLICT");
}

TEST_F(TrustStoreTest, RefusesBundlesThatDropOrChangeWhatStood) {
  EXPECT_EQ(Refusal(BundleWith([](auto& b) {
              b.sequence = 101;
              b.keys[0].public_key = Key(9).public_key();
            })),
            "KEY_CHANGED");
  EXPECT_EQ(Refusal(BundleWith([](auto& b) {
              b.sequence = 101;
              b.keys[0].key_id = 2;
            })),
            "KEY_DROPPED");
  EXPECT_EQ(Refusal(BundleWith([](auto& b) {
              b.sequence = 101;
              b.origins[0].origin = b.keys[0].origin = "HTTPS://B.EXAMPLE/";
            })),
            "ORIGIN_DROPPED");
  EXPECT_EQ(store_.bundle()->sequence, 100u);
}

TEST_F(TrustStoreTest, TakesClosedKeysAndOrigins) {
  EXPECT_EQ(Refusal(BundleWith([](auto& b) {
              b.sequence = 101;
              b.keys[0].revoked = true;
              b.keys[0].last_day = 2000;
              b.origins[0].status = OriginStatus::kOld;
            })),
            "");
}

TEST_F(TrustStoreTest, RefusesAnotherRegistry) {
  EXPECT_EQ(Refusal(BundleWith([](auto& b) {
              b.sequence = 101;
              b.registry = std::string(32, 'b');
            })),
            "REGISTRY_CHANGED");
  RevocationList list = List();
  list.sequence = 8;
  list.registry = std::string(32, 'b');
  EXPECT_EQ(ListRefusal(Signed(list.ToText(), 2)), "REGISTRY_CHANGED");
}

TEST_F(TrustStoreTest, TakesListsOfStatusKeysOnly) {
  RevocationList list = List();
  list.sequence = 8;
  EXPECT_EQ(ListRefusal(Signed(list.ToText(), 1)), "STATUS_KEY_UNKNOWN");
  EXPECT_EQ(ListRefusal(Signed(list.ToText(), 2)), "");
  TrustStore empty{{Key(1).public_key()}};
  EXPECT_EQ(empty.AcceptList(Signed(list.ToText(), 2)).error().reason, "NO_TRUST");
}

TEST_F(TrustStoreTest, TwoRegistriesCannotShareAnOrigin) {
  TrustStore other{{Key(1).public_key()}};
  ASSERT_TRUE(other.AcceptBundle(BundleWith([](auto& b) { b.registry = std::string(32, 'b'); })));
  EXPECT_EQ(store_.CheckDisjoint(other).error().reason, "FOREIGN_ORIGIN");
  EXPECT_TRUE(store_.CheckDisjoint(store_));
}

}  // namespace
}  // namespace yima
