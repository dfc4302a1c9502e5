#include "server/attachments/image_strip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/attachments/pictures.h"

namespace yima::server::testing {
namespace {

using ::testing::HasSubstr;

const std::string kJfif = Segment(0xE0, std::string("JFIF\0\x01\x01\0\0\x48\0\x48\0\0", 14));
const std::string kExif("Exif\0\0", 6);

std::string Stripped(std::string_view bytes) {
  const auto stripped = StripMetadata(bytes);
  if (!stripped) {
    ADD_FAILURE() << stripped.error().message;
    return {};
  }
  const auto again = StripMetadata(*stripped);
  EXPECT_EQ(again.value_or(""), *stripped) << "stripping twice is stripping once";
  return *stripped;
}

std::string Refused(std::string_view bytes) {
  const auto stripped = StripMetadata(bytes);
  if (stripped) return "taken";
  EXPECT_EQ(stripped.error().reason, "FILE_DAMAGED");
  return stripped.error().message;
}

TEST(MediaTypeTest, IsWhatTheFirstBytesSay) {
  EXPECT_EQ(MediaTypeOf(Jpeg("")), "image/jpeg");
  EXPECT_EQ(MediaTypeOf(Png("")), "image/png");
  EXPECT_EQ(MediaTypeOf("%PDF-1.7\n"), "application/pdf");
  for (const char* other : {"", "\xFF\xD8", "GIF89a", " %PDF-1.7", "<html>", "\x89PNG\r\n"}) {
    EXPECT_EQ(MediaTypeOf(other), "") << other;
    EXPECT_EQ(StripMetadata(other).error().reason, "MEDIA_TYPE_UNKNOWN");
  }
}

TEST(StripJpegTest, KeepsPictureAndColour) {
  const std::string icc = Segment(0xE2, std::string("ICC_PROFILE\0\x01\x01profile", 21));
  const std::string adobe = Segment(0xEE, std::string("Adobe\0\x64\0\0\0\0\x01", 12));
  const std::string plain = Jpeg(kJfif + icc + adobe);
  EXPECT_EQ(Stripped(plain), plain);
  EXPECT_EQ(Stripped(Jpeg("")), Jpeg(""));
}

TEST(StripJpegTest, TakesOutWhatIsSaidBesideThePicture) {
  const std::string gps = Segment(0xE1, kExif + Exif(1, false));
  const std::string xmp = Segment(0xE1, "http://ns.adobe.com/xap/1.0/ where and who");
  const std::string iptc = Segment(0xED, "Photoshop 3.0 by whom");
  const std::string comment = Segment(0xFE, "taken by Zhang San");
  const std::string thumbnail = Segment(0xE0, std::string("JFXX\0\x10small", 11));
  const std::string several = Segment(0xE2, std::string("MPF\0more pictures", 17));
  EXPECT_EQ(Stripped(Jpeg(kJfif + gps + xmp + iptc + comment + thumbnail + several, "trailer")),
            Jpeg(kJfif));
}

TEST(StripJpegTest, TakesTheThumbnailOutOfTheHead) {
  const std::string with =
      Segment(0xE0, std::string("JFIF\0\x01\x01\0\0\x48\0\x48\x01\x01rgb", 17));
  EXPECT_EQ(Stripped(Jpeg(with)), Jpeg(kJfif));
}

TEST(StripJpegTest, KeepsWhichWayIsUpAndNothingElseOfExif) {
  for (const bool little : {false, true}) {
    for (uint8_t orientation = 2; orientation <= 8; ++orientation) {
      const std::string stripped =
          Stripped(Jpeg(kJfif + Segment(0xE1, kExif + Exif(orientation, little))));
      EXPECT_EQ(stripped.find("GPS!"), std::string::npos);
      const std::string tiff =
          std::string("MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) +
          static_cast<char>(orientation) + std::string(6, '\0');
      EXPECT_EQ(stripped, Jpeg(kJfif + Segment(0xE1, kExif + tiff)));
    }
    for (const int none : {0, 1, 9, 255}) {
      const std::string exif = Exif(static_cast<uint8_t>(none), little);
      EXPECT_EQ(Stripped(Jpeg(Segment(0xE1, kExif + exif))), Jpeg(""));
    }
  }
}

TEST(StripJpegTest, ExifThatLeadsNowhereSaysNothing) {
  const std::string sound = Exif(6, false);
  for (size_t size = 0; size < sound.size() - 6; ++size) {
    EXPECT_EQ(Stripped(Jpeg(Segment(0xE1, kExif + sound.substr(0, size)))), Jpeg("")) << size;
  }
  std::string far = sound;
  far.replace(4, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(Stripped(Jpeg(Segment(0xE1, kExif + far))), Jpeg(""));
}

TEST(StripJpegTest, RefusesWhatDoesNotGoOnAsAJpeg) {
  const std::string whole = Jpeg(kJfif);
  for (size_t size = 3; size < whole.size(); ++size) {
    EXPECT_NE(Refused(whole.substr(0, size)), "taken") << size;
  }
  EXPECT_THAT(Refused(Jpeg("\xFF\xD0")), HasSubstr("at byte 4"));
  EXPECT_NE(Refused("\xFF\xD8" + Segment(0xDB, "") + "x"), "taken");
  EXPECT_NE(Refused(std::string("\xFF\xD8\xFF\xE0\0\x01", 6)), "taken");
  EXPECT_NE(Refused(Jpeg(Segment(0xF0, "?"))), "taken");
  EXPECT_EQ(Refused("\xFF\xD8\xFF\xD9"), "the JPEG is damaged: it has no picture at byte 4");
}

TEST(StripPngTest, KeepsPictureAndColour) {
  const std::string plain =
      Png(Chunk("sRGB", std::string(1, '\0')) + Chunk("gAMA", "1234") + Chunk("PLTE", "rgb"));
  EXPECT_EQ(Stripped(plain), plain);
}

TEST(StripPngTest, TakesOutWhatIsSaidBesideThePicture) {
  const std::string said = Chunk("tEXt", "Author Zhang San") + Chunk("tIME", "2026") +
                           Chunk("eXIf", Exif(1, true)) + Chunk("zTXt", "x") +
                           Chunk("iTXt", "xmp") + Chunk("prVt", "private") + Chunk("acTL", "8");
  EXPECT_EQ(Stripped(Png(said, "trailer")), Png(""));
  const std::string turned = Stripped(Png(Chunk("eXIf", Exif(8, true))));
  EXPECT_EQ(turned.find("GPS!"), std::string::npos);
  EXPECT_NE(turned.find("eXIf"), std::string::npos);
}

TEST(StripPngTest, RefusesWhatDoesNotGoOnAsAPng) {
  const std::string whole = Png("");
  for (size_t size = 8; size < whole.size(); ++size) {
    EXPECT_NE(Refused(whole.substr(0, size)), "taken") << size;
  }
  std::string changed = whole;
  changed[20] = static_cast<char>(changed[20] ^ 1);
  EXPECT_EQ(Refused(changed), "the PNG is damaged: a chunk differs from its checksum at byte 8");
  EXPECT_NE(Refused(Png(Chunk("CgBI", "needed"))), "taken");
  EXPECT_NE(Refused(Png(PngHead().substr(8))), "taken") << "two headers";
  EXPECT_NE(Refused(PngHead() + Chunk("IEND", "")), "taken") << "no picture";
  EXPECT_NE(Refused("\x89PNG\r\n\x1A\n" + Chunk("IDAT", "first")), "taken");
}

TEST(StripPdfTest, KeepsADocumentAsItIs) {
  const std::string pdf = "%PDF-1.7\nsigned and sealed\n%%EOF";
  EXPECT_EQ(Stripped(pdf), pdf);
}

}  // namespace
}  // namespace yima::server::testing
