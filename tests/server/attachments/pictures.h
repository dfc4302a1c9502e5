#ifndef YIMA_TESTS_SERVER_ATTACHMENTS_PICTURES_H_
#define YIMA_TESTS_SERVER_ATTACHMENTS_PICTURES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace yima::server::testing {

inline std::string Number(uint32_t value, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(value >> shift));
  }
  return bytes;
}

inline std::string Segment(int marker, std::string_view payload) {
  return std::string{'\xFF', static_cast<char>(marker)} +
         Number(static_cast<uint32_t>(payload.size() + 2), 2) + std::string(payload);
}

/// What a JPEG's picture is made of, shaped as such: tables, a frame, a scan with a stuffed byte
/// and a restart marker. No decoder is asked.
inline std::string JpegPicture() {
  return Segment(0xDB, std::string(65, 'q')) +
         Segment(0xC0, std::string("\x08\0\x01\0\x01\x01\x01\x11\0", 9)) +
         Segment(0xC4, std::string(20, 'h')) + Segment(0xDA, std::string("\x01\x01\0\0\x3F\0", 6)) +
         std::string("scan\xFF\0more\xFF\xD0rest", 15);
}

inline std::string Jpeg(std::string_view between, std::string_view after = {}) {
  return "\xFF\xD8" + std::string(between) + JpegPicture() + "\xFF\xD9" + std::string(after);
}

/// An EXIF structure with an orientation, and a maker in front of it.
inline std::string Exif(uint8_t orientation, bool little) {
  const auto number = [&](uint32_t value, int size) {
    std::string bytes = Number(value, size);
    return little ? std::string(bytes.rbegin(), bytes.rend()) : bytes;
  };
  return (little ? "II" : "MM") + number(42, 2) + number(8, 4) + number(2, 2) + number(0x010F, 2) +
         number(2, 2) + number(4, 4) + "GPS!" + number(0x0112, 2) + number(3, 2) + number(1, 4) +
         number(orientation, 2) + number(0, 2) + number(0, 4);
}

inline uint32_t Crc(std::string_view bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
  }
  return ~crc;
}

inline std::string Chunk(std::string_view type, std::string_view data) {
  const std::string covered = std::string(type) + std::string(data);
  return Number(static_cast<uint32_t>(data.size()), 4) + covered + Number(Crc(covered), 4);
}

inline std::string PngHead() {
  return "\x89PNG\r\n\x1A\n" + Chunk("IHDR", std::string("\0\0\0\x01\0\0\0\x01\x08\0\0\0\0", 13));
}

inline std::string Png(std::string_view between, std::string_view after = {}) {
  return PngHead() + std::string(between) + Chunk("IDAT", "picture") + Chunk("IEND", "") +
         std::string(after);
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_ATTACHMENTS_PICTURES_H_
