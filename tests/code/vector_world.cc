#include "tests/code/vector_world.h"

#include <cstdlib>

#include <sodium.h>

#include "codegen/code/signed_note.h"

namespace yima::testing {
namespace {

Day DayAt(std::string_view date) { return *ParseDay(date); }

PublicKey PublicKeyOf(uint8_t seed) { return SigningKey::FromSeed(Seed(seed)).public_key(); }

/// p = 2^255 - 19, little-endian, with the lowest byte of our choice: 0xed is p itself.
Point NearP(uint8_t lowest) {
  Point point;
  point.fill(0xff);
  point[0] = lowest;
  point[31] = 0x7f;
  return point;
}

}  // namespace

std::array<uint8_t, 32> Seed(uint8_t n) {
  std::array<uint8_t, 32> seed{};
  seed.fill(n);
  return seed;
}

Point Points::Identity() { return {1}; }
Point Points::IdentityAboveP() { return NearP(0xee); }
Point Points::IdentityWithSign() {
  Point point{1};
  point[31] = 0x80;
  return point;
}
Point Points::Order2() { return NearP(0xec); }
Point Points::Order4() { return {}; }
Point Points::Order4AboveP() { return NearP(0xed); }
Point Points::Order8() {
  Point point{};
  (void)FromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", point);
  return point;
}
Point Points::OtherOrder8() {
  Point point{};
  (void)FromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", point);
  return point;
}
Point Points::AboveP() { return NearP(0xf0); }
Point Points::OffCurve() { return {2}; }

Point Points::MixedOrder(uint8_t seed) {
  const Point torsion = Order2();
  const PublicKey key = PublicKeyOf(seed);
  Point sum{};
  if (crypto_core_ed25519_add(sum.data(), key.data(), torsion.data()) != 0) std::abort();
  return sum;
}

TrustBundle MakeBundle() {
  TrustBundle bundle;
  bundle.registry = "0123456789abcdef0123456789abcdef";
  bundle.sequence = 1764000000;
  bundle.issued = *ParseTime("2026-11-24T00:00:00Z");
  bundle.expires = *ParseTime("2027-11-24T00:00:00Z");
  bundle.roots = {PublicKeyOf(kRootSeed)};
  const auto origin = [&](std::string_view text, OriginStatus status, bool test = false) {
    bundle.origins.push_back({std::string(text), status, test});
  };
  origin(kCurrent, OriginStatus::kCurrent);
  origin(kOld, OriginStatus::kOld);
  origin(kLost, OriginStatus::kLost);
  origin(kTest, OriginStatus::kOld, true);
  origin(kKiosk, OriginStatus::kOld);
  origin(kShortest, OriginStatus::kOld);
  origin(kLongest, OriginStatus::kOld);
  bundle.schemes = {{108, "城管八位码"}};
  const auto key = [&](std::string_view at, uint16_t id, const PublicKey& public_key,
                       std::string_view first = "2026-01-01", std::string_view last = "2030-12-31",
                       bool revoked = false) {
    bundle.keys.push_back(
        {std::string(at), id, Algorithm::kEd25519, public_key, DayAt(first), DayAt(last), revoked});
  };
  key(kCurrent, 1, PublicKeyOf(1));
  key(kCurrent, kRevokedKey, PublicKeyOf(2), "2026-01-01", "2026-06-30", true);
  key(kCurrent, kIdentityKey, Points::Identity());
  key(kCurrent, kIdentityAbovePKey, Points::IdentityAboveP());
  key(kCurrent, kOrder2Key, Points::Order2());
  key(kCurrent, kOrder4Key, Points::Order4());
  key(kCurrent, kOrder8Key, Points::Order8());
  key(kCurrent, kOrder4AbovePKey, Points::Order4AboveP());
  key(kCurrent, kMixedOrderKey, Points::MixedOrder(1));
  key(kCurrent, kAbovePKey, Points::AboveP());
  key(kCurrent, kOffCurveKey, Points::OffCurve());
  bundle.keys.push_back({std::string(kCurrent),
                         kOtherFormatKey,
                         Algorithm::kOther,
                         {},
                         DayAt("2026-01-01"),
                         DayAt("2030-12-31"),
                         false,
                         "sm2 " + ToHex(Seed(11)) + ToHex(Seed(12))});
  key(kCurrent, kIdentityWithSignKey, Points::IdentityWithSign());
  key(kCurrent, kOtherOrder8Key, Points::OtherOrder8());
  key(kOld, 1, PublicKeyOf(5), "2020-01-01", "2025-12-31");
  key(kLost, 1, PublicKeyOf(6), "2020-01-01", "2025-12-31");
  key(kTest, 1, PublicKeyOf(7), "2020-01-01", "2030-12-31");
  key(kKiosk, 1, PublicKeyOf(8));
  key(kShortest, 1, PublicKeyOf(9));
  key(kLongest, 1, PublicKeyOf(10), "2020-01-01", "2199-06-06");
  bundle.status_keys = {PublicKeyOf(kStatusSeed)};
  bundle.log_keys = {PublicKeyOf(103)};
  bundle.certificate_keys = {PublicKeyOf(104)};
  return bundle;
}

RevocationList MakeList() {
  RevocationList list;
  list.registry = MakeBundle().registry;
  list.sequence = 1764000001;
  list.issued = MakeBundle().issued;
  list.next_update = *ParseTime("2026-11-25T00:00:00Z");
  list.suspended = {Serial(1, 1001)};
  list.revoked = {Serial(1, 500), Serial(1, 1002)};
  list.replaced = {Serial(1, 1003)};
  return list;
}

std::string MakeNote(const std::string& text, uint8_t seed) {
  SignedNote note{text, {}};
  note.Sign("witness.example", SigningKey::FromSeed(Seed(200)));
  note.Sign("yima-0123456789abcdef0123456789abcdef", SigningKey::FromSeed(Seed(seed)));
  return note.ToString();
}

Payload GoodPayload(uint32_t number) {
  return {1, Serial(1, number), DayAt("2026-11-24"), kSchemeGbt47678, 14050201001000001};
}

CodeBytes Sign(uint8_t seed, std::string_view origin, const Payload& payload) {
  return SignCode(SigningKey::FromSeed(Seed(seed)), *Origin::Parse(origin, true), payload);
}

std::string Text(uint8_t seed, std::string_view origin, const Payload& payload) {
  return std::string(origin) + EncodeBody(Sign(seed, origin, payload));
}

std::string GoodText() { return Text(1, kCurrent, GoodPayload()); }

Expected Shape(bool foreign) { return {1, "MALFORMED", "", foreign}; }
Expected OtherFormatKnown() { return {2, "UNSUPPORTED", ""}; }
Expected OtherFormatUnknown() { return {2, "UNKNOWN_ISSUER", ""}; }
Expected Body() { return {3, "MALFORMED", ""}; }
Expected UnknownIssuer() { return {4, "UNKNOWN_ISSUER", ""}; }
Expected UnknownKey(bool refresh_trust) { return {5, "UNKNOWN_KEY", "", false, refresh_trust}; }
Expected Forged() { return {6, "FORGED", ""}; }
Expected KeyRevoked() { return {7, "KEY_REVOKED", ""}; }
Expected UnassignedScheme() { return {8, "UNSUPPORTED", ""}; }
Expected CodeOutOfRange() { return {9, "MALFORMED", ""}; }
Expected Authentic(std::string_view state) { return {10, "AUTHENTIC", state}; }

void VectorList::Add(std::string_view name, const std::string& text, const Expected& expected) {
  list_.push_back({{"name", name},
                   {"text", text},
                   {"step", expected.step},
                   {"verdict", expected.verdict},
                   {"state", expected.state},
                   {"foreign", expected.foreign},
                   {"refresh_trust", expected.refresh_trust},
                   {"origin_lost", expected.origin_lost}});
}

}  // namespace yima::testing
