#include "codegen/code/certificate_note.h"

#include <gtest/gtest.h>

namespace yima {
namespace {

CertificateNote MakeNote() {
  CertificateNote note;
  note.registry = std::string(32, 'a');
  note.epoch = 2;
  note.facility = 7;
  note.code = *FacilityCode::Parse(kSchemeGbt47678, "14050201001000001");
  note.tree_size = 40;
  note.checkpoint = Sha256("checkpoint");
  note.issued = 1'795'000'000'000'000;
  note.entries = {{CertifiedKind::kOrganization, 3, 0, 1, HashLeaf("a")},
                  {CertifiedKind::kFacility, 7, 12, 4, HashLeaf("b")},
                  {CertifiedKind::kRightsRules, 1, 39, 9, HashLeaf("c")}};
  return note;
}

/// Why the text with one part in place of another is refused; empty when it is not.
std::string Refusal(const std::string& part, const std::string& instead) {
  std::string text = MakeNote().ToText();
  const size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  text.replace(at, part.size(), instead);
  const auto parsed = CertificateNote::ParseText(text);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().reason, "CERTIFICATE_NOTE_MALFORMED");
  return parsed.error().message;
}

TEST(CertificateNoteTest, IsReadAsItWasWritten) {
  const CertificateNote note = MakeNote();
  const auto parsed = CertificateNote::ParseText(note.ToText());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->ToText(), note.ToText());
  EXPECT_EQ(parsed->entries, note.entries);
  EXPECT_EQ(parsed->code, note.code);
}

TEST(CertificateNoteTest, AFacilityMayHaveNoCode) {
  CertificateNote note = MakeNote();
  note.code.reset();
  const auto parsed = CertificateNote::ParseText(note.ToText());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_FALSE(parsed->code);
}

TEST(CertificateNoteTest, SkipsNamesToCome) {
  EXPECT_EQ(Refusal("issued", "x-court 5\nissued"), "");
  EXPECT_NE(Refusal("issued", "court 5\nissued"), "");
}

TEST(CertificateNoteTest, RefusesWhatIsNoneWithItsLine) {
  EXPECT_EQ(Refusal("yima-certificate v1", "yima-certificate v2"),
            "line 1: format \"v2\", want v1");
  EXPECT_NE(Refusal("registry aa", "registry AA"), "");
  EXPECT_NE(Refusal("facility 7\n", "facility 07\n"), "");
  EXPECT_NE(Refusal("code 2 1", "code 2 x"), "");
  EXPECT_NE(Refusal("code 2 ", "code  2 "), "");
  EXPECT_NE(Refusal("tree_size 40\n", ""), "");
  EXPECT_NE(Refusal("issued 2", "issued  2"), "");
  EXPECT_NE(Refusal("entry organization", "entry lamp"), "");
  EXPECT_NE(Refusal("entry organization 3 0 1", "entry organization 0 0 1"), "");
  EXPECT_NE(Refusal("entry organization 3 0 1", "entry organization 3 0 0"), "");
}

TEST(CertificateNoteTest, RefusesEntriesThatCannotBe) {
  EXPECT_EQ(Refusal("entry organization 3 0 1", "entry organization 3 12 1"),
            "line 10: entry 12 does not rise above the one before");
  EXPECT_EQ(Refusal("tree_size 40", "tree_size 39"),
            "line 11: entry 39 is not in a tree of 39 entries");
  EXPECT_EQ(Refusal("entry organization 3", "entry rights_rules 1"),
            "line 11: rights_rules 1 stands twice");
  EXPECT_EQ(Refusal("entry organization 3", "entry facility 3"),
            "line 9: facility 3 is not the one certified, 7");
  EXPECT_EQ(Refusal("entry facility 7", "entry claim 7"),
            "line 11: no entry of facility 7 is named");
}

TEST(CertificateNoteTest, RefusesMoreEntriesThanRightsCanRestOn) {
  CertificateNote note = MakeNote();
  note.tree_size = 1000;
  for (uint64_t i = 0; i < CertificateNote::kEntriesMax; ++i) {
    note.entries.push_back({CertifiedKind::kClaim, i + 1, 40 + i, 1, HashLeaf("d")});
  }
  EXPECT_FALSE(CertificateNote::ParseText(note.ToText()));
}

}  // namespace
}  // namespace yima
