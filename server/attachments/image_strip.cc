#include "server/attachments/image_strip.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace yima::server {
namespace {

constexpr std::string_view kJpegMagic = "\xFF\xD8\xFF";
constexpr std::string_view kPngMagic("\x89PNG\r\n\x1A\n", 8);
constexpr std::string_view kPdfMagic = "%PDF-";
constexpr std::string_view kExifHead("Exif\0\0", 6);

uint8_t Byte(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

void AppendBigEndian(uint32_t value, int size, std::string& out) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

tl::unexpected<Error> Damaged(std::string_view format, std::string_view what, size_t at) {
  return Invalid("FILE_DAMAGED", fmt::format("the {} is damaged: {} at byte {}", format, what, at),
                 "part");
}

/// The EXIF orientation in a TIFF structure, 2 to 8; 0 when it is upright, or nothing says so.
/// EXIF 2.32, section 4.6.
uint8_t OrientationIn(std::string_view tiff) {
  constexpr size_t kHead = 8;
  constexpr size_t kEntry = 12;
  constexpr uint32_t kOrientation = 0x0112;
  constexpr uint32_t kShort = 3;
  if (tiff.size() < kHead) return 0;
  const bool little = tiff.starts_with("II");
  if (!little && !tiff.starts_with("MM")) return 0;
  const auto number = [&](size_t at, size_t size) {
    std::string bytes(tiff.substr(at, size));
    if (little) std::ranges::reverse(bytes);
    return BigEndian(bytes);
  };
  const size_t first = number(4, 4);
  if (number(2, 2) != 42 || first > tiff.size() || tiff.size() - first < 2) return 0;
  const size_t entries = number(first, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = first + 2 + i * kEntry;
    if (at + kEntry > tiff.size()) return 0;
    if (number(at, 2) != kOrientation) continue;
    const uint32_t value = number(at + 8, 2);
    const bool sound = number(at + 2, 2) == kShort && number(at + 4, 4) == 1;
    return sound && value >= 2 && value <= 8 ? static_cast<uint8_t>(value) : uint8_t{0};
  }
  return 0;
}

/// A TIFF structure that says this and nothing else.
std::string TiffOf(uint8_t orientation) {
  std::string tiff("MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19);
  tiff.push_back(static_cast<char>(orientation));
  tiff.append(6, '\0');  // The rest of the value, and no further directory.
  return tiff;
}

/// Takes a JPEG apart into its segments: ITU-T T.81, Annex B. Use once.
class JpegStrip {
 public:
  explicit JpegStrip(std::string_view in) : in_(in) {}

  Result<std::string> Run() {
    at_ = 2;
    bool ended = false;
    while (!ended) {
      YIMA_ASSIGN_OR_RETURN(const uint8_t marker, NextMarker());
      if (marker == kEnd) {
        ended = true;  // What lies behind it is no part of the picture.
      } else {
        YIMA_RETURN_IF_ERROR(TakeSegment(marker));
      }
    }
    if (!has_frame_ || !has_scan_) return Bad("it has no picture");
    std::string out("\xFF\xD8", 2);
    out += jfif_;
    if (orientation_ != 0) {
      AppendSegment(kApp0 + 1, std::string(kExifHead) + TiffOf(orientation_), out);
    }
    out += rest_;
    return out.append("\xFF\xD9", 2);
  }

 private:
  static constexpr uint8_t kHuffman = 0xC4;
  static constexpr uint8_t kReserved = 0xC8;
  static constexpr uint8_t kArithmetic = 0xCC;
  static constexpr uint8_t kRestart0 = 0xD0;
  static constexpr uint8_t kRestart7 = 0xD7;
  static constexpr uint8_t kEnd = 0xD9;
  static constexpr uint8_t kScan = 0xDA;
  static constexpr uint8_t kRestartInterval = 0xDD;
  static constexpr uint8_t kApp0 = 0xE0;
  static constexpr uint8_t kApp15 = 0xEF;
  static constexpr uint8_t kComment = 0xFE;

  tl::unexpected<Error> Bad(std::string_view what) const { return Damaged("JPEG", what, at_); }

  static void AppendSegment(int marker, std::string_view payload, std::string& out) {
    out.push_back('\xFF');
    out.push_back(static_cast<char>(marker));
    AppendBigEndian(static_cast<uint32_t>(payload.size() + 2), 2, out);
    out += payload;
  }

  Result<uint8_t> NextMarker() {
    if (at_ >= in_.size()) return Bad("it ends too early");
    if (Byte(in_, at_) != 0xFF) return Bad("no segment begins");
    while (at_ < in_.size() && Byte(in_, at_) == 0xFF) ++at_;  // Any number may fill.
    if (at_ >= in_.size()) return Bad("it ends too early");
    return Byte(in_, at_++);
  }

  Result<void> TakeSegment(uint8_t marker) {
    const size_t left = in_.size() - at_;
    const size_t size = left < 2 ? 0 : BigEndian(in_.substr(at_, 2));
    if (size < 2 || size > left) return Bad("a segment is cut short");
    const std::string_view payload = in_.substr(at_ + 2, size - 2);
    if (marker >= kApp0 && marker <= kApp15) {
      TakeApplication(marker, payload);
    } else if (IsPicture(marker)) {
      has_frame_ = has_frame_ || IsFrame(marker);
      AppendSegment(marker, payload, rest_);
    } else if (marker != kComment) {
      return Bad("an unknown segment");
    }
    at_ += size;
    return marker == kScan ? TakeScan() : Result<void>();
  }

  static bool IsFrame(uint8_t marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != kHuffman && marker != kReserved &&
           marker != kArithmetic;
  }
  /// Frames, tables, scans, the number of lines.
  static bool IsPicture(uint8_t marker) {
    return (marker >= 0xC0 && marker <= 0xCF && marker != kReserved) ||
           (marker >= kScan && marker <= kRestartInterval);
  }

  /// What programs add: kept are the pixels' shape, their colours, and which way is up.
  void TakeApplication(uint8_t marker, std::string_view payload) {
    constexpr size_t kJfifSize = 14;
    constexpr size_t kAdobeSize = 12;
    if (marker == kApp0 && payload.starts_with(std::string_view("JFIF\0", 5)) &&
        payload.size() >= kJfifSize && jfif_.empty()) {
      std::string head(payload.substr(0, kJfifSize - 2));
      AppendSegment(marker, head.append(2, '\0'), jfif_);  // Without its thumbnail.
    } else if (marker == kApp0 + 1 && payload.starts_with(kExifHead) && orientation_ == 0) {
      orientation_ = OrientationIn(payload.substr(kExifHead.size()));
    } else if (marker == kApp0 + 2 && payload.starts_with(std::string_view("ICC_PROFILE\0", 12))) {
      AppendSegment(marker, payload, rest_);
    } else if (marker == kApp0 + 14 && payload.starts_with("Adobe") &&
               payload.size() == kAdobeSize) {
      AppendSegment(marker, payload, rest_);  // Says what colours the numbers mean.
    }
  }

  /// The coded picture up to the next marker.
  Result<void> TakeScan() {
    has_scan_ = true;
    const size_t begin = at_;
    while (true) {
      const void* const found = std::memchr(in_.data() + at_, 0xFF, in_.size() - at_);
      if (found == nullptr) return Bad("its picture does not end");
      at_ = static_cast<size_t>(static_cast<const char*>(found) - in_.data());
      if (at_ + 1 >= in_.size()) return Bad("its picture does not end");
      const uint8_t next = Byte(in_, at_ + 1);
      if (next != 0 && !(next >= kRestart0 && next <= kRestart7)) break;
      at_ += 2;
    }
    rest_ += in_.substr(begin, at_ - begin);
    return {};
  }

  const std::string_view in_;
  size_t at_ = 0;
  std::string jfif_;
  uint8_t orientation_ = 0;
  std::string rest_;
  bool has_frame_ = false;
  bool has_scan_ = false;
};

/// ISO 3309, as PNG has it.
uint32_t Crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> made{};
    for (uint32_t n = 0; n < made.size(); ++n) {
      uint32_t crc = n;
      for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0xEDB88320U ^ crc >> 1 : crc >> 1;
      made[n] = crc;
    }
    return made;
  }();
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) crc = table[(crc ^ static_cast<uint8_t>(c)) & 0xFF] ^ crc >> 8;
  return ~crc;
}

/// Takes a PNG apart into its chunks: ISO/IEC 15948, section 5. Use once.
class PngStrip {
 public:
  explicit PngStrip(std::string_view in) : in_(in) {}

  Result<std::string> Run() {
    at_ = kPngMagic.size();
    while (!ended_) YIMA_RETURN_IF_ERROR(TakeChunk());
    if (!has_picture_) return Bad("it has no picture");
    std::string out(kPngMagic);
    out += header_;
    if (orientation_ != 0) AppendChunk("eXIf", TiffOf(orientation_), out);
    return out + rest_;
  }

 private:
  static constexpr size_t kAround = 12;  ///< A chunk's length, type and checksum.
  static constexpr size_t kHeaderSize = 13;

  tl::unexpected<Error> Bad(std::string_view what) const { return Damaged("PNG", what, at_); }

  static void AppendChunk(std::string_view type, std::string_view data, std::string& out) {
    AppendBigEndian(static_cast<uint32_t>(data.size()), 4, out);
    const size_t begin = out.size();
    out.append(type).append(data);
    AppendBigEndian(Crc32(std::string_view(out).substr(begin)), 4, out);
  }

  Result<void> TakeChunk() {
    const size_t left = in_.size() - at_;
    if (left < kAround) return Bad("it ends too early");
    const size_t size = BigEndian(in_.substr(at_, 4));
    if (size > left - kAround) return Bad("a chunk is cut short");
    const std::string_view type = in_.substr(at_ + 4, 4);
    const std::string_view data = in_.substr(at_ + 8, size);
    if (Crc32(in_.substr(at_ + 4, size + 4)) != BigEndian(in_.substr(at_ + 8 + size, 4))) {
      return Bad("a chunk differs from its checksum");
    }
    YIMA_RETURN_IF_ERROR(Take(type, data));
    at_ += size + kAround;
    return {};
  }

  Result<void> Take(std::string_view type, std::string_view data) {
    if (header_.empty()) {
      if (type != "IHDR" || data.size() != kHeaderSize) return Bad("no header begins it");
      AppendChunk(type, data, header_);
      return {};
    }
    if (type == "eXIf" && orientation_ == 0) orientation_ = OrientationIn(data);
    constexpr std::array<std::string_view, 10> kKept = {"PLTE", "IDAT", "IEND", "tRNS", "gAMA",
                                                        "cHRM", "sRGB", "iCCP", "sBIT", "cICP"};
    if (std::ranges::find(kKept, type) != kKept.end()) {
      AppendChunk(type, data, rest_);
    } else if (type[0] >= 'A' && type[0] <= 'Z') {
      return Bad("an unknown chunk");  // Without it there is no picture, says its name.
    }
    has_picture_ = has_picture_ || type == "IDAT";
    ended_ = type == "IEND";  // What lies behind it is no part of the picture.
    return {};
  }

  const std::string_view in_;
  size_t at_ = 0;
  std::string header_;
  uint8_t orientation_ = 0;
  std::string rest_;
  bool has_picture_ = false;
  bool ended_ = false;
};

}  // namespace

std::string_view MediaTypeOf(std::string_view bytes) {
  if (bytes.starts_with(kJpegMagic)) return kJpeg;
  if (bytes.starts_with(kPngMagic)) return kPng;
  if (bytes.starts_with(kPdfMagic)) return kPdf;
  return {};
}

Result<std::string> StripMetadata(std::string_view bytes) {
  const std::string_view type = MediaTypeOf(bytes);
  if (type == kJpeg) return JpegStrip(bytes).Run();
  if (type == kPng) return PngStrip(bytes).Run();
  if (type == kPdf) return std::string(bytes);
  return Invalid("MEDIA_TYPE_UNKNOWN", "the file is neither JPEG nor PNG nor PDF", "part");
}

}  // namespace yima::server
