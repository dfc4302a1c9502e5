#ifndef YIMA_CLIENT_LOG_STATE_BYTES_H_
#define YIMA_CLIENT_LOG_STATE_BYTES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace yima {

// How a state file holds numbers and texts: 8 bytes big-endian; a length, then the text. Taking
// gives false when the bytes are over, and leaves what was taken undefined.

inline void AppendNumber(std::string& bytes, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
}

inline void AppendText(std::string& bytes, std::string_view text) {
  AppendNumber(bytes, text.size());
  bytes += text;
}

inline bool TakeNumber(std::string_view& bytes, uint64_t& number) {
  if (bytes.size() < 8) return false;
  number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  bytes.remove_prefix(8);
  return true;
}

inline bool TakeText(std::string_view& bytes, std::string& text) {
  uint64_t size = 0;
  if (!TakeNumber(bytes, size) || size > bytes.size()) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_STATE_BYTES_H_
