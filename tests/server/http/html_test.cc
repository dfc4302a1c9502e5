#include "server/http/html.h"

#include <gtest/gtest.h>

namespace yima::server {
namespace {

std::string Shown(std::string_view words) { return Html().Text(words).markup(); }

TEST(HtmlTest, EscapesWhatMarkupIsMadeOf) {
  EXPECT_EQ(Shown("<script>alert('a') && \"b\"</script>"),
            "&lt;script&gt;alert(&#39;a&#39;) &amp;&amp; &quot;b&quot;&lt;/script&gt;");
}

TEST(HtmlTest, KeepsWordsOfAllLanguages) {
  EXPECT_EQ(Shown("晋城市 Straße 𠀀 مرحبا"), "晋城市 Straße 𠀀 مرحبا");
}

TEST(HtmlTest, LeavesOutCharactersThatHideOrTurnOthers) {
  EXPECT_EQ(Shown("a\u202Eb\u2066c\u200Fd\uFEFFe\u200Bf\x01g\x7Fh\u061Ci\u2028j"), "abcdefghij");
  EXPECT_EQ(Shown(std::string_view("a\0b", 3)), "ab");
}

TEST(HtmlTest, ShowsBrokenBytesAsSuch) {
  const std::string broken = "\uFFFD";
  EXPECT_EQ(Shown("a\xFF"
                  "b"),
            "a" + broken + "b");
  EXPECT_EQ(Shown("\xE6\x99"), broken + broken);  // Cut short.
  EXPECT_EQ(Shown("\xC0\xBC"), broken + broken);  // `<` in two bytes.
  EXPECT_EQ(Shown("\xE0\x80\xBC"), broken + broken + broken);
  EXPECT_EQ(Shown("\xED\xA0\x80"), broken + broken + broken);  // Half a surrogate pair.
  EXPECT_EQ(Shown("\xF4\x90\x80\x80"), broken + broken + broken + broken);
  EXPECT_EQ(Shown("\xF5<"), broken + "&lt;");
}

}  // namespace
}  // namespace yima::server
