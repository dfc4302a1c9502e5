#include "codegen/code/signed_note.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sodium.h>

namespace yima {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 EM DASH, space
constexpr size_t kSignaturesMax = 16;
constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

tl::unexpected<Error> Malformed(std::string_view what) {
  return Invalid("NOTE_MALFORMED", fmt::format("signed note: {}", what));
}

std::string EncodeBase64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const uint8_t*>(bytes.data()),
                    bytes.size(), kBase64);
  text.pop_back();  // the terminating 0
  return text;
}

Result<std::string> DecodeBase64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, &end, kBase64) != 0 ||
      end != text.data() + text.size()) {
    return Malformed("a signature is not base64");
  }
  bytes.resize(size);
  return bytes;
}

Result<NoteSignature> ParseSignature(std::string_view line) {
  if (!line.starts_with(kDash)) return Malformed("a signature line does not begin with a dash");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  if (space == std::string_view::npos || name.empty() || name.find('+') != std::string_view::npos) {
    return Malformed("a signature line is not \"name base64\"");
  }
  YIMA_ASSIGN_OR_RETURN(const std::string bytes, DecodeBase64(line.substr(space + 1)));
  if (bytes.size() < 5) return Malformed("a signature is too short");
  uint32_t hash = 0;
  for (size_t i = 0; i < 4; ++i) hash = hash << 8 | static_cast<uint8_t>(bytes[i]);
  return NoteSignature{std::string(name), hash, bytes.substr(4)};
}

Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// Bytes of the character that begins here; 0 when it is not UTF-8 as RFC 3629 has it.
size_t Utf8Size(std::string_view rest) {
  const auto at = [&](size_t i) { return i < rest.size() ? static_cast<uint8_t>(rest[i]) : 0u; };
  const auto tail = [&](size_t first, size_t count) {
    for (size_t i = first; i < count; ++i) {
      if ((at(i) & 0xC0u) != 0x80) return size_t{0};
    }
    return count;
  };
  const unsigned lead = at(0);
  const unsigned second = at(1);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0) return tail(1, 2);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
  if (lead < 0xF0) return tail(1, 3);
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  return tail(1, 4);
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = Utf8Size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace

uint32_t NoteKeyHash(std::string_view name, const PublicKey& key) {
  std::string hashed(name);
  hashed.append("\n\x01").append(reinterpret_cast<const char*>(key.data()), key.size());
  std::array<uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), AsBytes(hashed).data(), hashed.size());
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | hash[i];
  return value;
}

Result<SignedNote> SignedNote::Parse(std::string_view note, size_t size_max) {
  if (note.size() > size_max) {
    return Malformed(fmt::format("{} bytes, want at most {}", note.size(), size_max));
  }
  const bool controls =
      std::ranges::any_of(note, [](char c) { return c != '\n' && static_cast<uint8_t>(c) < 0x20; });
  if (controls) return Malformed("it holds control characters");
  if (!IsUtf8(note)) return Malformed("it is not UTF-8");
  const size_t split = note.rfind("\n\n");
  if (split == std::string_view::npos || !note.ends_with('\n')) {
    return Malformed("no empty line before the signatures, or none after it");
  }
  SignedNote parsed;
  parsed.text = note.substr(0, split + 1);
  std::string_view rest = note.substr(split + 2);
  while (!rest.empty()) {
    if (parsed.signatures.size() == kSignaturesMax) {
      return Malformed(fmt::format("more than {} signatures", kSignaturesMax));
    }
    const size_t end = rest.find('\n');
    YIMA_ASSIGN_OR_RETURN(auto signature, ParseSignature(rest.substr(0, end)));
    parsed.signatures.push_back(std::move(signature));
    rest.remove_prefix(end + 1);
  }
  if (parsed.signatures.empty()) return Malformed("it has no signature");
  return parsed;
}

std::string SignedNote::ToString() const {
  std::string note = text + "\n";
  for (const auto& signature : signatures) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>(signature.key_hash >> shift));
    }
    bytes.append(signature.signature);
    note.append(kDash).append(signature.name).append(" ").append(EncodeBase64(bytes)).append("\n");
  }
  return note;
}

void SignedNote::Sign(std::string_view name, const SigningKey& key) {
  const Signature signature = key.Sign(AsBytes(text));
  signatures.push_back({std::string(name), NoteKeyHash(name, key.public_key()),
                        std::string(signature.begin(), signature.end())});
}

bool SignedNote::IsSignedBy(const PublicKey& key) const {
  bool is_signed = false;
  for (const auto& candidate : signatures) {
    if (candidate.key_hash != NoteKeyHash(candidate.name, key)) continue;
    Signature signature{};
    if (candidate.signature.size() != signature.size()) return false;
    std::ranges::copy(candidate.signature, signature.begin());
    // The spec: a note with a wrong signature by a known key is to be refused whole.
    if (!VerifySignature(Algorithm::kEd25519, key, AsBytes(text), signature)) return false;
    is_signed = true;
  }
  return is_signed;
}

}  // namespace yima
