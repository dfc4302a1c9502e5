#include "client/scan/image.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "client/scan/scanner.h"
#include "tests/scan/picture.h"

namespace yima::scan {
namespace {

constexpr std::string_view kText = "HTTPS://YIMA.EXAMPLE/1234567890";

std::string ReasonOf(std::string_view bytes) {
  const auto image = DecodeImage(bytes);
  return image ? "" : image.error().reason;
}

// A PNG's first chunk with these sides and nothing behind it but an end.
std::string PngOfSize(uint32_t width, uint32_t height) {
  const auto number = [](uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const auto chunk = [&](std::string body) {
    const auto check =
        crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return number(static_cast<uint32_t>(body.size() - 4)) + body +
           number(static_cast<uint32_t>(check));
  };
  using std::string_literals::operator""s;
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR" + number(width) + number(height) + "\x08\0\0\0\0"s) +
         chunk("IDATx") + chunk("IEND");
}

TEST(ImageTest, ReadsEveryFormatToTheSameGray) {
  const Image image = Symbol(kText, 4);
  for (const std::string& bytes : {ToPng(image), ToPgm(image), ToTransparentPng(image)}) {
    const auto read = DecodeImage(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->width, image.width);
    EXPECT_EQ(read->pixels, image.pixels);
  }
}

TEST(ImageTest, ReadsSymbolsFromPalettesJpegAndCmyk) {
  const Image image = Symbol(kText, 4);
  for (const std::string& bytes : {ToPalettePng(image), ToJpeg(image), ToJpeg(image, true)}) {
    const auto read = DecodeImage(bytes);
    ASSERT_TRUE(read) << read.error().message;
    const auto symbols = Scanner().Scan(*read);
    ASSERT_EQ(symbols.size(), 1u);
    EXPECT_EQ(symbols[0].text, kText);
    EXPECT_GT(read->at(0, 0), 200) << "paper is white";
  }
}

TEST(ImageTest, RefusesWhatIsNoImage) {
  for (const std::string_view bytes : {"", "hello", "%PDF-1.7", "GIF89a", "PK\x03\x04", "P"}) {
    EXPECT_EQ(ReasonOf(bytes), "IMAGE_FORMAT_UNKNOWN") << bytes;
  }
}

TEST(ImageTest, RefusesTruncatedFilesWhereverTheyEnd) {
  const Image image = Symbol(kText, 4);
  for (const std::string& bytes : {ToPng(image), ToJpeg(image), ToPgm(image)}) {
    for (size_t size = 16; size < bytes.size() - 16; size += bytes.size() / 23 + 1) {
      EXPECT_EQ(ReasonOf(std::string_view(bytes).substr(0, size)), "IMAGE_DAMAGED")
          << bytes.substr(1, 3) << " cut at " << size << " of " << bytes.size();
    }
  }
}

TEST(ImageTest, RefusesBombsByTheirHeader) {
  EXPECT_EQ(ReasonOf(PngOfSize(40'000, 40'000)), "IMAGE_TOO_LARGE");
  EXPECT_EQ(ReasonOf("P5 40000 40000 255 "), "IMAGE_TOO_LARGE");
  EXPECT_EQ(ReasonOf("P6 999999999 999999999 255 "), "IMAGE_TOO_LARGE");
  std::string jpeg = ToJpeg(Blank(16, 16));
  const size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  // 40,000 is 0x9C40; height and width stand 5 bytes behind the marker.
  jpeg.replace(frame + 5, 4, "\x9C\x40\x9C\x40");
  EXPECT_EQ(ReasonOf(jpeg), "IMAGE_TOO_LARGE");
  EXPECT_EQ(DecodeImage(jpeg).error().message,
            "the image is 40000 × 40000 pixels, at most 100 million");
}

TEST(ImageTest, RefusesMalformedPnmHeaders) {
  for (const std::string_view bytes : {"P5", "P5 4", "P5 0 4 255 ", "P5 4 4 65535 ", "P5 -4 4 255 ",
                                       "P5 #", "P5 9999999999 1 255 "}) {
    EXPECT_EQ(ReasonOf(bytes), "IMAGE_DAMAGED") << bytes;
  }
}

TEST(ImageTest, NamesAFileThatIsNotThere) {
  const auto image = LoadImage("/nowhere/label.png");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().reason, "FILE_UNREADABLE");
  EXPECT_EQ(image.error().field, "/nowhere/label.png");
}

}  // namespace
}  // namespace yima::scan
