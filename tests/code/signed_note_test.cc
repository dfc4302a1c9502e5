#include "codegen/code/signed_note.h"

#include <gtest/gtest.h>

#include "tests/code/test_key.h"

namespace yima {
namespace {

TEST(SignedNoteTest, SurvivesPrintingAndParsing) {
  SignedNote note{"a line\nanother\n", {}};
  note.Sign("example", Key(1));
  note.Sign("witness", Key(2));
  const auto parsed = SignedNote::Parse(note.ToString());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text, note.text);
  EXPECT_EQ(parsed->ToString(), note.ToString());
  EXPECT_TRUE(parsed->IsSignedBy(Key(1).public_key()));
  EXPECT_TRUE(parsed->IsSignedBy(Key(2).public_key()));
  EXPECT_FALSE(parsed->IsSignedBy(Key(3).public_key()));
}

TEST(SignedNoteTest, ChangedTextIsNotSigned) {
  SignedNote note{"epoch 1\n", {}};
  note.Sign("example", Key(1));
  note.text = "epoch 2\n";
  EXPECT_FALSE(SignedNote::Parse(note.ToString())->IsSignedBy(Key(1).public_key()));
}

TEST(SignedNoteTest, RefusesWhatIsNoNote) {
  SignedNote note{"text\n", {}};
  note.Sign("example", Key(1));
  const std::string good = note.ToString();
  const std::string cases[] = {"",
                               "text\n",
                               "text\n\n",
                               good.substr(0, good.size() - 1),
                               good + "no signature line\n",
                               "te\rxt\n\n" + good.substr(6),
                               "text\n\n\xE2\x80\x94 name !!!!\n",
                               "text\n\n\xE2\x80\x94 name AAAA\n"};
  for (const auto& text : cases) {
    EXPECT_EQ(SignedNote::Parse(text).error().reason, "NOTE_MALFORMED") << text;
  }
}

TEST(SignedNoteTest, AgreesWithTheSpecification) {
  // The example of c2sp.org/signed-note has text with an empty line in it.
  SignedNote note{"Ognuno sta solo sul cuor della terra\n\ned è subito sera.\n", {}};
  note.Sign("quasimodo.example/salvatore", Key(1));
  const auto parsed = SignedNote::Parse(note.ToString());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text, note.text);
  EXPECT_TRUE(parsed->IsSignedBy(Key(1).public_key()));
}

TEST(SignedNoteTest, AWrongSignatureOfAKnownKeySpoilsTheNote) {
  SignedNote note{"text\n", {}};
  note.Sign("a", Key(1));
  note.Sign("b", Key(1));
  EXPECT_TRUE(note.IsSignedBy(Key(1).public_key()));
  note.signatures[1].signature[63] ^= 1;
  EXPECT_FALSE(note.IsSignedBy(Key(1).public_key()));
  note.signatures[1].signature.pop_back();
  EXPECT_FALSE(note.IsSignedBy(Key(1).public_key()));
}

TEST(SignedNoteTest, TakesUtf8Only) {
  const auto parse = [](const std::string& text) {
    SignedNote note{text + "\n", {}};
    note.Sign("example", Key(1));
    return SignedNote::Parse(note.ToString()).has_value();
  };
  for (const auto text : {"", "a\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                          "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "城管"}) {
    EXPECT_TRUE(parse(text)) << text;
  }
  for (const auto text :
       {"\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE4\xB8",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(parse(text)) << text;
  }
  EXPECT_FALSE(parse(std::string("\0", 1)));
  EXPECT_FALSE(parse("\t"));
}

TEST(SignedNoteTest, TakesAtMost16Signatures) {
  SignedNote note{"text\n", {}};
  for (int i = 0; i < 16; ++i) note.Sign("n" + std::to_string(i), Key(1));
  EXPECT_TRUE(SignedNote::Parse(note.ToString()));
  note.Sign("n16", Key(1));
  EXPECT_FALSE(SignedNote::Parse(note.ToString()));
}

TEST(SignedNoteTest, RefusesNotesAboveTheLimit) {
  SignedNote note{"text\n", {}};
  note.Sign("example", Key(1));
  EXPECT_FALSE(SignedNote::Parse(note.ToString(), 10));
}

}  // namespace
}  // namespace yima
