#include "tests/code/vectors.h"

#include <array>
#include <string>

#include <sodium.h>

#include "codegen/code/code_text.h"
#include "codegen/code/signed_note.h"
#include "codegen/code/trust.h"

namespace yima::testing {
namespace {

using nlohmann::ordered_json;

using Point = std::array<uint8_t, 32>;
using Scalar = std::array<uint8_t, 32>;

constexpr std::string_view kCurrent = "HTTPS://QR.EXAMPLE.CN/";
constexpr std::string_view kOld = "HTTPS://OLD.EXAMPLE.CN:8443/M/CITY-1/";
constexpr std::string_view kLost = "HTTPS://LOST.EXAMPLE.CN/";
constexpr std::string_view kTest = "HTTPS://LOCALHOST/";
constexpr std::string_view kUnknown = "HTTPS://QR.EXAMPLE.COM/";

std::array<uint8_t, 32> Seed(uint8_t n) {
  std::array<uint8_t, 32> seed{};
  seed.fill(n);
  return seed;
}

Day DayAt(std::string_view date) { return *ParseDay(date); }

/// The identity, and the same point written with y = p + 1: both of small order.
Point Identity() { return {1}; }
Point IdentityNotCanonical() {
  Point point;
  point.fill(0xff);
  point[0] = 0xee;
  point[31] = 0x7f;
  return point;
}

TrustBundle Bundle() {
  TrustBundle bundle;
  bundle.registry = "0123456789abcdef0123456789abcdef";
  bundle.sequence = 1764000000;
  bundle.issued = *ParseTime("2026-11-24T00:00:00Z");
  bundle.expires = *ParseTime("2027-11-24T00:00:00Z");
  bundle.roots = {SigningKey::FromSeed(Seed(101)).public_key()};
  bundle.origins = {{std::string(kCurrent), OriginStatus::kCurrent, false},
                    {std::string(kOld), OriginStatus::kOld, false},
                    {std::string(kLost), OriginStatus::kLost, false},
                    {std::string(kTest), OriginStatus::kOld, true}};
  bundle.schemes = {{108, "城管八位码"}};
  const auto key = [](std::string_view origin, uint16_t id, const PublicKey& public_key,
                      std::string_view first, std::string_view last, bool revoked) {
    return CodeKey{std::string(origin), id,     Algorithm::kEd25519, public_key, DayAt(first),
                   DayAt(last),         revoked};
  };
  const auto made = [](uint8_t n) { return SigningKey::FromSeed(Seed(n)).public_key(); };
  bundle.keys = {key(kCurrent, 1, made(1), "2026-01-01", "2030-12-31", false),
                 key(kCurrent, 2, made(2), "2026-01-01", "2026-06-30", true),
                 key(kCurrent, 3, Identity(), "2026-01-01", "2030-12-31", false),
                 key(kCurrent, 4, IdentityNotCanonical(), "2026-01-01", "2030-12-31", false),
                 key(kOld, 1, made(5), "2020-01-01", "2025-12-31", false),
                 key(kLost, 1, made(6), "2020-01-01", "2025-12-31", false),
                 key(kTest, 1, made(7), "2020-01-01", "2030-12-31", false)};
  bundle.status_keys = {SigningKey::FromSeed(Seed(102)).public_key()};
  bundle.log_keys = {SigningKey::FromSeed(Seed(103)).public_key()};
  bundle.certificate_keys = {SigningKey::FromSeed(Seed(104)).public_key()};
  return bundle;
}

Payload GoodPayload(uint32_t number = 1) {
  return {1, Serial(1, number), DayAt("2026-11-24"), kSchemeGbt47678, 14050201001000001};
}

/// A signature by S and R of our choice, as an attacker or a careless signer could make it.
CodeBytes Assemble(const Payload& payload, const Point& r, const Scalar& s) {
  CodeBytes bytes{};
  const auto head = EncodePayload(payload);
  std::copy(head.begin(), head.end(), bytes.begin());
  std::copy(r.begin(), r.end(), bytes.begin() + kPayloadSize);
  std::copy(s.begin(), s.end(), bytes.begin() + kPayloadSize + 32);
  return bytes;
}

/// k = SHA-512(R ‖ A ‖ M) mod L.
Scalar Challenge(const Point& r, const PublicKey& a, const Payload& payload) {
  const std::string message = SignedMessage(kCurrent, EncodePayload(payload));
  std::string hashed(r.begin(), r.end());
  hashed.append(a.begin(), a.end()).append(message);
  std::array<uint8_t, 64> wide{};
  crypto_hash_sha512(wide.data(), reinterpret_cast<const uint8_t*>(hashed.data()), hashed.size());
  Scalar k{};
  crypto_core_ed25519_scalar_reduce(k.data(), wide.data());
  return k;
}

/// R of small order: S = k·a fulfils the cofactorless equation if the verifier does not look at R.
CodeBytes WithSmallOrderR(const Point& r) {
  const Payload payload = GoodPayload();
  const auto seed = Seed(1);
  std::array<uint8_t, 64> expanded{};
  crypto_hash_sha512(expanded.data(), seed.data(), seed.size());
  expanded[0] &= 248;
  expanded[31] = static_cast<uint8_t>((expanded[31] & 63) | 64);
  std::array<uint8_t, 64> wide{};
  std::copy_n(expanded.begin(), 32, wide.begin());
  Scalar a{};
  crypto_core_ed25519_scalar_reduce(a.data(), wide.data());
  const Scalar k = Challenge(r, SigningKey::FromSeed(seed).public_key(), payload);
  Scalar s{};
  crypto_core_ed25519_scalar_mul(s.data(), k.data(), a.data());
  return Assemble(payload, r, s);
}

/// A of small order (the identity): any (r·B, r) fulfils the equation for any message.
CodeBytes WithSmallOrderA(uint16_t key_id) {
  Payload payload = GoodPayload();
  payload.key_id = key_id;
  Scalar r{};
  r[0] = 7;
  Point point{};
  crypto_scalarmult_ed25519_base_noclamp(point.data(), r.data());
  return Assemble(payload, point, r);
}

/// S + L: the same signature to a verifier that does not ask S < L.
CodeBytes WithSPlusL(CodeBytes code) {
  constexpr std::array<uint8_t, 32> kL = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                          0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                          0,    0,    0,    0,    0,    0,    0,    0,
                                          0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    uint8_t& byte = code[kPayloadSize + 32 + i];
    carry += unsigned{byte} + kL[i];
    byte = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  return code;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

class Vectors {
 public:
  void Add(std::string_view name, const std::string& text, std::string_view verdict,
           std::string_view state = "", bool foreign = false) {
    list_.push_back({{"name", name},
                     {"text", text},
                     {"verdict", verdict},
                     {"state", state},
                     {"foreign", foreign}});
  }

  ordered_json Take() { return std::move(list_); }

 private:
  ordered_json list_ = ordered_json::array();
};

CodeBytes Sign(uint8_t seed, std::string_view origin, const Payload& payload) {
  return SignCode(SigningKey::FromSeed(Seed(seed)), *Origin::Parse(origin, true), payload);
}

std::string Text(uint8_t seed, std::string_view origin, const Payload& payload) {
  return std::string(origin) + EncodeBody(Sign(seed, origin, payload));
}

std::string Good() { return Text(1, kCurrent, GoodPayload()); }

void AddGenuine(Vectors& vectors) {
  vectors.Add("scheme 2, the default", Good(), "AUTHENTIC", "NOT_LISTED");
  Payload payload = GoodPayload(2);
  payload.scheme = kSchemeGbt30428;
  payload.facility_code = 1405020101000001;
  vectors.Add("scheme 1, 16 digits", Text(1, kCurrent, payload), "AUTHENTIC", "NOT_LISTED");
  for (int scheme = kSchemeOwnFirst; scheme <= kSchemeOwnLast; ++scheme) {
    payload.scheme = static_cast<Scheme>(scheme);
    payload.facility_code = 7;
    vectors.Add("the city's own scheme " + std::to_string(scheme), Text(1, kCurrent, payload),
                "AUTHENTIC", "NOT_LISTED");
  }
  payload = GoodPayload(3);
  payload.scheme = kSchemeBlank;
  payload.facility_code = 0;
  vectors.Add("blank plate", Text(1, kCurrent, payload), "AUTHENTIC", "NOT_LISTED");
  const std::string good = Good();
  vectors.Add("lower-case host", Lower(good), "AUTHENTIC", "NOT_LISTED");
  vectors.Add("mixed case", "hTtPs://Qr.ExAmple.cN/" + good.substr(kCurrent.size()), "AUTHENTIC",
              "NOT_LISTED");
  payload = GoodPayload(4);
  payload.issue_day = DayAt("2025-12-31");
  vectors.Add("closed origin with port and segments, last day of its key", Text(5, kOld, payload),
              "AUTHENTIC", "NOT_LISTED");
  vectors.Add("host that is lost", Text(6, kLost, payload), "AUTHENTIC", "NOT_LISTED");
  vectors.Add("test origin", Text(7, kTest, payload), "AUTHENTIC", "NOT_LISTED");
  vectors.Add("listed as suspended", Text(1, kCurrent, GoodPayload(1001)), "AUTHENTIC",
              "SUSPENDED");
  vectors.Add("listed as revoked", Text(1, kCurrent, GoodPayload(1002)), "AUTHENTIC", "REVOKED");
  vectors.Add("listed as replaced", Text(1, kCurrent, GoodPayload(1003)), "AUTHENTIC", "REPLACED");
  payload = GoodPayload(UINT32_MAX);
  payload.key_id = 1;
  payload.serial = *Serial::FromInteger(Serial::kMax);
  payload.facility_code = 99999999999999999;
  payload.issue_day = DayAt("2030-12-31");
  vectors.Add("highest serial, code and day", Text(1, kCurrent, payload), "AUTHENTIC",
              "NOT_LISTED");
}

void AddWrongOrigins(Vectors& vectors) {
  const std::string digits = Good().substr(kCurrent.size());
  vectors.Add("moved to a known host", std::string(kLost) + digits, "UNKNOWN_KEY");
  Payload payload = GoodPayload(5);
  payload.issue_day = DayAt("2025-06-01");
  vectors.Add("moved to a known host whose key covers the day",
              std::string(kLost) + EncodeBody(Sign(5, kOld, payload)), "FORGED");
  vectors.Add("moved to an unknown host", std::string(kUnknown) + digits, "UNKNOWN_ISSUER");
  vectors.Add("another path on the same host", std::string(kCurrent) + "A/" + digits,
              "UNKNOWN_ISSUER");
  vectors.Add("with a port", "HTTPS://QR.EXAMPLE.CN:8443/" + digits, "UNKNOWN_ISSUER");
  vectors.Add("address as host, unknown", "HTTPS://192.0.2.7/" + digits, "UNKNOWN_ISSUER");
  const std::pair<std::string_view, std::string_view> shapes[] = {
      {"http", "HTTP://QR.EXAMPLE.CN/"},
      {"no scheme", "QR.EXAMPLE.CN/"},
      {"empty host", "HTTPS:///"},
      {"empty label", "HTTPS://QR..EXAMPLE.CN/"},
      {"host ends in a dot", "HTTPS://QR.EXAMPLE.CN./"},
      {"underscore in host", "HTTPS://QR_1.EXAMPLE.CN/"},
      {"user information", "HTTPS://A@EXAMPLE.CN/"},
      {"port 0", "HTTPS://EXAMPLE.CN:0/"},
      {"port with leading zero", "HTTPS://EXAMPLE.CN:0443/"},
      {"port 443", "HTTPS://EXAMPLE.CN:443/"},
      {"port 65536", "HTTPS://EXAMPLE.CN:65536/"},
      {"empty port", "HTTPS://EXAMPLE.CN:/"},
      {"empty segment", "HTTPS://EXAMPLE.CN//"},
      {"segment of 17", "HTTPS://EXAMPLE.CN/ABCDEFGHIJKLMNOPQ/"},
      {"dot in segment", "HTTPS://EXAMPLE.CN/A.B/"},
      {"percent in segment", "HTTPS://EXAMPLE.CN/%41/"},
      {"query", "HTTPS://EXAMPLE.CN/?"},
      {"11 characters", "HTTPS://AB/"},
      {"65 characters", "HTTPS://ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVW.EXAMPLE/"},
      {"long s for S in the scheme", "HTTP\xC5\xBF://QR.EXAMPLE.CN/"},
      {"Kelvin sign for K in the host", "HTTPS://\xE2\x84\xAA.EXAMPLE.CN/"},
      {"full-width letters in the host", "HTTPS://\xEF\xBC\xB1R.EXAMPLE.CN/"}};
  for (const auto& [name, origin] : shapes) {
    vectors.Add("origin: " + std::string(name), std::string(origin) + digits, "MALFORMED", "",
                true);
  }
}

void AddWrongShapes(Vectors& vectors) {
  const std::string good = Good();
  const std::string digits = good.substr(kCurrent.size());
  const std::string origin(kCurrent);
  vectors.Add("202 digits", good.substr(0, good.size() - 1), "MALFORMED");
  vectors.Add("204 digits", good + "0", "MALFORMED");
  vectors.Add("format 2 at a known origin", origin + "2" + digits.substr(1), "UNSUPPORTED");
  vectors.Add("format 0 at a known origin", origin + "0" + digits.substr(1), "UNSUPPORTED");
  vectors.Add("format 9 and other length at a known origin", origin + "9", "UNSUPPORTED");
  vectors.Add("format 2 at an unknown origin", std::string(kUnknown) + "2" + digits.substr(1),
              "UNKNOWN_ISSUER");
  vectors.Add("202 digits at an unknown origin",
              std::string(kUnknown) + digits.substr(0, digits.size() - 1), "MALFORMED");
  std::string overflow = good;
  overflow.replace(origin.size() + 1, 17, "72057594037927936");  // 2^56
  vectors.Add("first block 2^56", overflow, "MALFORMED");
  overflow = good;
  overflow.replace(good.size() - 15, 15, "281474976710656");  // 2^48
  vectors.Add("last block 2^48", overflow, "MALFORMED");
  overflow = good;
  overflow.replace(origin.size() + 1, 17, "99999999999999999");
  vectors.Add("first block all nines", overflow, "MALFORMED");
  vectors.Add("empty text", "", "MALFORMED", "", true);
  vectors.Add("origin alone", origin, "MALFORMED");
  vectors.Add("trailing line break", good + "\n", "MALFORMED");
  vectors.Add("trailing text", good + "?a=1", "MALFORMED");
  vectors.Add("trailing slash", good + "/", "MALFORMED");
  vectors.Add("leading space", " " + good, "MALFORMED", "", true);
  vectors.Add("space among the digits", good.substr(0, 60) + " " + good.substr(61), "MALFORMED");
  vectors.Add("full-width digit", good.substr(0, good.size() - 1) + "\xEF\xBC\x91", "MALFORMED");
  vectors.Add("a letter among the digits", good.substr(0, good.size() - 1) + "A", "MALFORMED");
  vectors.Add("another city's symbol", "https://weixin.example.com/q/abc", "MALFORMED", "", true);
  vectors.Add(
      "one digit changed",
      [&] {
        std::string changed = good;
        char& digit = changed[good.size() - 1];
        digit = digit == '0' ? '1' : '0';
        return changed;
      }(),
      "FORGED");
}

void AddWrongFields(Vectors& vectors) {
  const auto with = [](auto change) {
    Payload payload = GoodPayload(6);
    change(payload);
    return Text(1, kCurrent, payload);
  };
  vectors.Add("blank with a code", with([](Payload& p) { p.scheme = kSchemeBlank; }), "MALFORMED");
  vectors.Add("unknown key", with([](Payload& p) { p.key_id = 9; }), "UNKNOWN_KEY");
  vectors.Add("key not yet valid that day",
              with([](Payload& p) { p.issue_day = DayAt("2025-12-31"); }), "UNKNOWN_KEY");
  vectors.Add("key no longer valid that day",
              with([](Payload& p) { p.issue_day = DayAt("2031-01-01"); }), "UNKNOWN_KEY");
  Payload payload = GoodPayload(7);
  payload.issue_day = DayAt("2026-01-01");
  vectors.Add("closed origin after its keys' days", Text(5, kOld, payload), "UNKNOWN_KEY");
  payload.key_id = 2;
  payload.issue_day = DayAt("2026-02-01");
  vectors.Add("revoked key", Text(2, kCurrent, payload), "KEY_REVOKED");
  vectors.Add("revoked key, forged", Text(1, kCurrent, payload), "FORGED");
  for (const int scheme : {3, 100, 119, 255}) {
    vectors.Add("unassigned scheme " + std::to_string(scheme),
                with([&](Payload& p) { p.scheme = static_cast<Scheme>(scheme); }), "UNSUPPORTED");
  }
  vectors.Add("code of 18 digits in scheme 2",
              with([](Payload& p) { p.facility_code = 100000000000000000; }), "MALFORMED");
  vectors.Add("code of 16 digits in scheme 2",
              with([](Payload& p) { p.facility_code = 1405020101000001; }), "MALFORMED");
  vectors.Add("code 0 in scheme 2", with([](Payload& p) { p.facility_code = 0; }), "MALFORMED");
  vectors.Add("code of 17 digits in scheme 1", with([](Payload& p) { p.scheme = kSchemeGbt30428; }),
              "MALFORMED");
  vectors.Add("code of 2 digits in scheme 101", with([](Payload& p) {
                p.scheme = kSchemeOwnFirst;
                p.facility_code = 10;
              }),
              "MALFORMED");
  vectors.Add("code of 19 digits in scheme 118", with([](Payload& p) {
                p.scheme = kSchemeOwnLast;
                p.facility_code = 1000000000000000000;
              }),
              "MALFORMED");
  vectors.Add("code above 2^63", with([](Payload& p) { p.facility_code = uint64_t{1} << 63; }),
              "MALFORMED");
}

void AddWrongSignatures(Vectors& vectors) {
  const CodeBytes good = Sign(1, kCurrent, GoodPayload());
  const std::string origin(kCurrent);
  const auto add = [&](std::string_view name, const CodeBytes& bytes, std::string_view verdict) {
    vectors.Add(name, origin + EncodeBody(bytes), verdict);
  };
  // One bit of each field and of each end of the signature; every single bit is flipped in a test.
  const std::tuple<const char*, size_t, const char*> flips[] = {
      {"bit flip in key_id", 1, "UNKNOWN_KEY"},
      {"bit flip in serial", 7, "FORGED"},
      {"bit flip in issue_day", 9, "FORGED"},
      {"bit flip in scheme", 10, "FORGED"},
      {"bit flip in facility_code", 18, "FORGED"},
      {"bit flip in R", 19, "FORGED"},
      {"bit flip in S", 51, "FORGED"},
      {"bit flip in the last byte", 82, "FORGED"}};
  for (const auto& [name, at, verdict] : flips) {
    CodeBytes flipped = good;
    flipped[at] ^= 0x10;
    add(name, flipped, verdict);
  }
  CodeBytes zero = good;
  std::fill(zero.begin() + kPayloadSize, zero.end(), uint8_t{0});
  add("signature of zeros", zero, "FORGED");
  add("S + L", WithSPlusL(good), "FORGED");
  add("R of small order", WithSmallOrderR(Identity()), "FORGED");
  add("R of small order, not canonical", WithSmallOrderR(IdentityNotCanonical()), "FORGED");
  add("A of small order", WithSmallOrderA(3), "FORGED");
  add("A of small order, not canonical", WithSmallOrderA(4), "FORGED");
  add("signed by another key", Sign(2, kCurrent, GoodPayload()), "FORGED");
  add("signed for another origin", Sign(1, kUnknown, GoodPayload()), "FORGED");
}

RevocationList List() {
  RevocationList list;
  list.registry = Bundle().registry;
  list.sequence = 1764000001;
  list.issued = Bundle().issued;
  list.next_update = *ParseTime("2026-11-25T00:00:00Z");
  list.suspended = {Serial(1, 1001)};
  list.revoked = {Serial(1, 500), Serial(1, 1002)};
  list.replaced = {Serial(1, 1003)};
  return list;
}

std::string Note(const std::string& text, uint8_t seed) {
  SignedNote note{text, {}};
  note.Sign("yima-0123456789abcdef0123456789abcdef", SigningKey::FromSeed(Seed(seed)));
  return note.ToString();
}

/// Every step of one code, for FORMAT.md and for those who write a verifier.
ordered_json Example() {
  const SigningKey key = SigningKey::FromSeed(Seed(1));
  const Payload payload = GoodPayload();
  const auto payload_bytes = EncodePayload(payload);
  const std::string message = SignedMessage(kCurrent, payload_bytes);
  const CodeBytes code = Sign(1, kCurrent, payload);
  const auto hex = [](Bytes bytes) { return ToHex(bytes); };
  return {{"seed", hex(Seed(1))},
          {"public_key", hex(key.public_key())},
          {"origin", kCurrent},
          {"key_id", payload.key_id},
          {"serial", payload.serial.ToString()},
          {"short_number", payload.serial.ShortNumber()},
          {"issue_day", payload.issue_day},
          {"issue_date", FormatDay(payload.issue_day)},
          {"scheme", payload.scheme},
          {"facility_code", std::to_string(payload.facility_code)},
          {"payload", hex(payload_bytes)},
          {"message", hex({reinterpret_cast<const uint8_t*>(message.data()), message.size()})},
          {"signature", hex(std::span(code).subspan(kPayloadSize))},
          {"body", EncodeBody(code)},
          {"text", Good()}};
}

}  // namespace

ordered_json MakeCodeVectors() {
  Vectors vectors;
  AddGenuine(vectors);
  AddWrongOrigins(vectors);
  AddWrongShapes(vectors);
  AddWrongFields(vectors);
  AddWrongSignatures(vectors);
  return {{"root", ToHex(SigningKey::FromSeed(Seed(101)).public_key())},
          {"bundle", Note(Bundle().ToText(), 101)},
          {"list", Note(List().ToText(), 102)},
          {"example", Example()},
          {"vectors", vectors.Take()}};
}

ordered_json MakeOriginVectors() {
  ordered_json list = ordered_json::array();
  const auto add = [&](std::string_view text, std::string_view kind) {
    list.push_back({{"text", text}, {"kind", kind}});
  };
  for (const auto text :
       {"HTTPS://QR.EXAMPLE.CN/", "https://qr.example.cn/", "HTTPS://A.B/", "HTTPS://A.CN/",
        "HTTPS://QR.EXAMPLE.CN:1/", "HTTPS://QR.EXAMPLE.CN:65535/", "HTTPS://1.2.3.4A/",
        "HTTPS://X-1.EXAMPLE.CN/A/B-2/", "HTTPS://EXAMPLE.CN/0123456789ABCDEF/",
        "HTTPS://XN--FIQS8S.CN/"}) {
    add(text, "origin");
  }
  for (const auto text : {"HTTPS://LOCALHOST/", "HTTPS://192.0.2.7/", "HTTPS://127.0.0.1:8341/",
                          "HTTPS://HOST/PATH/"}) {
    add(text, "test");
  }
  for (const auto text : {"",
                          "HTTPS://",
                          "HTTPS:///",
                          "HTTP://EXAMPLE.CN/",
                          "HTTPS://EXAMPLE.CN",
                          "HTTPS://A/",
                          "HTTPS://.B/",
                          "HTTPS://EXAMPLE.CN./",
                          "HTTPS://.EXAMPLE.CN/",
                          "HTTPS://EX..CN/",
                          "HTTPS://-EX.CN/",
                          "HTTPS://EX-.CN/",
                          "HTTPS://EX.-CN/",
                          "HTTPS://EX.CN-/",
                          "HTTPS://EX.123/",
                          "HTTPS://EX.0X1A/",
                          "HTTPS://1.2.3.256/",
                          "HTTPS://1.2.3/",
                          "HTTPS://01.2.3.4/",
                          "HTTPS://EX_A.CN/",
                          "HTTPS://EX AMPLE.CN/",
                          "HTTPS://EXAMPLE.CN:/",
                          "HTTPS://EXAMPLE.CN:0/",
                          "HTTPS://EXAMPLE.CN:080/",
                          "HTTPS://EXAMPLE.CN:443/",
                          "HTTPS://EXAMPLE.CN:65536/",
                          "HTTPS://EXAMPLE.CN:8A/",
                          "HTTPS://EXAMPLE.CN:80:80/",
                          "HTTPS://U@EXAMPLE.CN/",
                          "HTTPS://EXAMPLE.CN//",
                          "HTTPS://EXAMPLE.CN/A//",
                          "HTTPS://EXAMPLE.CN/A.B/",
                          "HTTPS://EXAMPLE.CN/A_B/",
                          "HTTPS://EXAMPLE.CN/A%20/",
                          "HTTPS://EXAMPLE.CN/0123456789ABCDEFG/",
                          "HTTPS://EXAMPLE.CN/?/",
                          "HTTPS://EXAMPLE.CN/#/",
                          "HTTPS://EXAMPLE.CN/$/",
                          "HTTPS://EXAMPLE.CN/ ",
                          " HTTPS://EXAMPLE.CN/",
                          "HTTPS://[2001:DB8::1]/",
                          "HTTPS://ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVW.EXAMPLE/",
                          "HTTPS://\xE2\x84\xAA.EXAMPLE.CN/",
                          "HTTP\xC5\xBF://EXAMPLE.CN/"}) {
    add(text, "none");
  }
  return list;
}

}  // namespace yima::testing
