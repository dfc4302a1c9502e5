#include "codegen/code/code_text.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace yima {
namespace {

constexpr size_t kBlockBytes = 7;
constexpr size_t kBlockDigits = 17;
constexpr size_t kBlocks = kCodeSize / kBlockBytes;                       // 11
constexpr size_t kLastBytes = kCodeSize - kBlocks * kBlockBytes;          // 6
constexpr size_t kLastDigits = kBodyDigits - 1 - kBlocks * kBlockDigits;  // 15
static_assert(kLastBytes == 6 && kLastDigits == 15);

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Eight digits at a time: 203 of them stand in every code, and are looked at with every scan.

constexpr size_t kEight = 8;

/// The first in the lowest byte.
uint64_t ReadEight(const char* text) {
  uint64_t eight = 0;
  std::memcpy(&eight, text, kEight);
  return std::endian::native == std::endian::big ? __builtin_bswap64(eight) : eight;
}

/// Each byte is 0x30 to 0x39: its high half is 3, and still is when 6 is added.
bool AreDigits(uint64_t eight) {
  constexpr uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0;
  constexpr uint64_t kThrees = 0x3030303030303030;
  return (eight & kHighHalves) == kThrees &&
         ((eight + 0x0606060606060606) & kHighHalves) == kThrees;
}

/// Of eight digits: pairs first, then pairs of pairs (D. Lemire, "Quickly parsing eight digits",
/// 2018).
uint64_t ValueOfEight(uint64_t eight) {
  constexpr uint64_t kPairs = 0x000000FF000000FF;
  eight -= 0x3030303030303030;
  eight = eight * 10 + (eight >> 8);
  return ((eight & kPairs) * (100 + (uint64_t{1'000'000} << 32)) +
          (eight >> 16 & kPairs) * (1 + (uint64_t{10'000} << 32))) >>
         32;
}

bool AllDigits(std::string_view text) {
  for (; text.size() >= kEight; text.remove_prefix(kEight)) {
    if (!AreDigits(ReadEight(text.data()))) return false;
  }
  return std::ranges::all_of(text, IsDigit);
}

/// Of at most 19 digits.
uint64_t ValueOf(std::string_view digits) {
  uint64_t value = 0;
  for (; digits.size() >= kEight; digits.remove_prefix(kEight)) {
    value = value * 100'000'000 + ValueOfEight(ReadEight(digits.data()));
  }
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

char Fold(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool IsLabelChar(char c) {
  c = Fold(c);
  return IsDigit(c) || (c >= 'A' && c <= 'Z') || c == '-';
}

template <typename Byte>
void WriteBigEndian(uint64_t value, Byte* out, size_t size) {
  for (size_t i = size; i-- > 0; value >>= 8) out[i] = static_cast<Byte>(value);
}

uint64_t ReadBigEndian(const uint8_t* bytes, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  return value;
}

void WriteDigits(uint64_t value, char* out, size_t size) {
  for (size_t i = size; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

PayloadBytes EncodePayload(const Payload& payload) {
  PayloadBytes bytes{};
  WriteBigEndian(payload.key_id, &bytes[0], 2);
  WriteBigEndian(payload.serial.value(), &bytes[2], 6);
  WriteBigEndian(payload.issue_day, &bytes[8], 2);
  bytes[10] = payload.scheme;
  WriteBigEndian(payload.facility_code, &bytes[11], 8);
  return bytes;
}

Payload DecodePayload(std::span<const uint8_t, kPayloadSize> bytes) {
  const uint64_t serial = ReadBigEndian(&bytes[2], 6);
  Payload payload;
  payload.key_id = static_cast<uint16_t>(ReadBigEndian(&bytes[0], 2));
  payload.serial = Serial(static_cast<uint16_t>(serial >> 32), static_cast<uint32_t>(serial));
  payload.issue_day = static_cast<Day>(ReadBigEndian(&bytes[8], 2));
  payload.scheme = bytes[10];
  payload.facility_code = ReadBigEndian(&bytes[11], 8);
  return payload;
}

std::string SignedMessage(std::string_view origin, const PayloadBytes& payload) {
  std::string message("yima-code-v1\0", 13);
  message.append(origin).push_back('\0');
  message.append(reinterpret_cast<const char*>(payload.data()), payload.size());
  return message;
}

CodeBytes SignCode(const SigningKey& key, const Origin& origin, const Payload& payload) {
  const PayloadBytes signed_bytes = EncodePayload(payload);
  const std::string message = SignedMessage(origin.ToString(), signed_bytes);
  const Signature signature =
      key.Sign({reinterpret_cast<const uint8_t*>(message.data()), message.size()});
  CodeBytes code{};
  std::ranges::copy(signed_bytes, code.begin());
  std::ranges::copy(signature, code.begin() + kPayloadSize);
  return code;
}

std::string EncodeBody(const CodeBytes& bytes) {
  std::string digits(kBodyDigits, '1');
  for (size_t i = 0; i < kBlocks; ++i) {
    WriteDigits(ReadBigEndian(&bytes[i * kBlockBytes], kBlockBytes), &digits[1 + i * kBlockDigits],
                kBlockDigits);
  }
  WriteDigits(ReadBigEndian(&bytes[kBlocks * kBlockBytes], kLastBytes),
              &digits[1 + kBlocks * kBlockDigits], kLastDigits);
  return digits;
}

std::optional<CodeBytes> DecodeBody(std::string_view digits) {
  if (digits.size() != kBodyDigits || digits[0] != '1' || !AllDigits(digits)) {
    return std::nullopt;
  }
  CodeBytes bytes{};
  for (size_t i = 0; i <= kBlocks; ++i) {
    const bool last = i == kBlocks;
    const size_t size = last ? kLastBytes : kBlockBytes;
    const uint64_t value =
        ValueOf(digits.substr(1 + i * kBlockDigits, last ? kLastDigits : kBlockDigits));
    if (value >> (8 * size) != 0) return std::nullopt;
    WriteBigEndian(value, &bytes[i * kBlockBytes], size);
  }
  return bytes;
}

namespace {

/// Labels of [0-9A-Za-z-] joined by dots, none empty: what judging asks of a host.
bool IsHost(std::string_view host) {
  char before = '.';
  for (const char c : host) {
    if (c == '.' ? before == '.' : !IsLabelChar(c)) return false;
    before = c;
  }
  return before != '.';
}

bool IsPort(std::string_view port) {
  if (port.empty() || port.size() > 5 || port[0] == '0') return false;
  if (!AllDigits(port)) return false;
  int value = 0;
  for (const char c : port) value = value * 10 + (c - '0');
  return value <= 65535 && value != 443;
}

/// `segment/segment/…/`, or nothing at all.
bool IsPath(std::string_view path) {
  constexpr size_t kSegmentMax = 16;
  while (!path.empty()) {
    const size_t size = path.find('/');
    if (size == 0 || size > kSegmentMax) return false;
    if (!std::ranges::all_of(path.substr(0, size), IsLabelChar)) return false;
    path.remove_prefix(size + 1);
  }
  return true;
}

bool IsOrigin(std::string_view origin) {
  constexpr std::string_view kPrefix = "HTTPS://";
  if (origin.size() < 12 || origin.size() > 64) return false;
  for (size_t i = 0; i < kPrefix.size(); ++i) {
    if (Fold(origin[i]) != kPrefix[i]) return false;
  }
  const std::string_view rest = origin.substr(kPrefix.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view authority = rest.substr(0, slash);
  const size_t colon = authority.find(':');
  const bool port_sound = colon == std::string_view::npos || IsPort(authority.substr(colon + 1));
  return port_sound && IsHost(authority.substr(0, colon)) && IsPath(rest.substr(slash + 1));
}

}  // namespace

std::optional<CodeParts> SplitCodeText(std::string_view text) {
  const size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const CodeParts parts{text.substr(0, slash + 1), text.substr(slash + 1)};
  if (parts.digits.empty() || !AllDigits(parts.digits)) return std::nullopt;
  if (!IsOrigin(parts.origin)) return std::nullopt;
  return parts;
}

std::string FoldOrigin(std::string_view origin) {
  std::string folded(origin);
  std::ranges::transform(folded, folded.begin(), Fold);
  return folded;
}

}  // namespace yima
