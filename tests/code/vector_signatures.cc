// Signatures as an attacker or a careless signer could make them.
#include <algorithm>
#include <cstdlib>

#include <sodium.h>

#include "tests/code/vector_world.h"

namespace yima::testing {
namespace {

using Scalar = std::array<uint8_t, 32>;

Scalar Small(uint8_t value) { return {value}; }

CodeBytes Assemble(const Payload& payload, const Point& r, const Scalar& s) {
  CodeBytes bytes{};
  const auto head = EncodePayload(payload);
  std::copy(head.begin(), head.end(), bytes.begin());
  std::copy(r.begin(), r.end(), bytes.begin() + kPayloadSize);
  std::copy(s.begin(), s.end(), bytes.begin() + kPayloadSize + 32);
  return bytes;
}

/// k = SHA-512(R ‖ A ‖ message) mod L.
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

/// The scalar behind the public key of a seed, below L.
Scalar SecretScalar(uint8_t seed_byte) {
  const auto seed = Seed(seed_byte);
  std::array<uint8_t, 64> expanded{};
  crypto_hash_sha512(expanded.data(), seed.data(), seed.size());
  expanded[0] &= 248;
  expanded[31] = static_cast<uint8_t>((expanded[31] & 63) | 64);
  std::array<uint8_t, 64> wide{};
  std::copy_n(expanded.begin(), 32, wide.begin());
  Scalar a{};
  crypto_core_ed25519_scalar_reduce(a.data(), wide.data());
  return a;
}

/// S = r + k·a.
Scalar Response(const Scalar& r, const Scalar& k, uint8_t seed) {
  const Scalar a = SecretScalar(seed);
  Scalar product{};
  Scalar sum{};
  crypto_core_ed25519_scalar_mul(product.data(), k.data(), a.data());
  crypto_core_ed25519_scalar_add(sum.data(), r.data(), product.data());
  return sum;
}

Point TimesBase(const Scalar& scalar) {
  Point point{};
  if (crypto_scalarmult_ed25519_base_noclamp(point.data(), scalar.data()) != 0) std::abort();
  return point;
}

PublicKey GoodKey() { return SigningKey::FromSeed(Seed(1)).public_key(); }

/// R of small order and S = k·a: holds with cofactor, and for the identity without it too, if the
/// verifier does not look at R.
CodeBytes WithSmallOrderR(const Point& r) {
  const Payload payload = GoodPayload();
  return Assemble(payload, r, Response(Scalar{}, Challenge(r, GoodKey(), payload), 1));
}

/// R = r·B + T and S = r + k·a: holds only with cofactor.
CodeBytes WithMixedOrderR() {
  const Payload payload = GoodPayload();
  const Scalar r = Small(7);
  const Point base = TimesBase(r);
  const Point torsion = Points::Order2();
  Point mixed{};
  if (crypto_core_ed25519_add(mixed.data(), base.data(), torsion.data()) != 0) std::abort();
  return Assemble(payload, mixed, Response(r, Challenge(mixed, GoodKey(), payload), 1));
}

/// A of small order: with k a multiple of 8, (r·B, r) fulfils the equation without any secret.
CodeBytes WithSmallOrderA(uint16_t key_id, const Point& a) {
  Payload payload = GoodPayload();
  payload.key_id = key_id;
  for (uint8_t r = 1; r != 0; ++r) {
    const Point point = TimesBase(Small(r));
    if (Challenge(point, a, payload)[0] % 8 == 0) return Assemble(payload, point, Small(r));
  }
  std::abort();
}

/// A = a·B + T with T of order 2, signed by who knows a: holds without cofactor if k is even.
CodeBytes WithMixedOrderA(bool even) {
  Payload payload = GoodPayload();
  payload.key_id = kMixedOrderKey;
  for (uint8_t r = 1; r != 0; ++r) {
    const Point point = TimesBase(Small(r));
    const Scalar k = Challenge(point, Points::MixedOrder(1), payload);
    if ((k[0] % 2 == 0) == even) return Assemble(payload, point, Response(Small(r), k, 1));
  }
  std::abort();
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

/// A good payload under another key, with a signature that is well formed and not by it.
CodeBytes UnderKey(uint16_t key_id) {
  Payload payload = GoodPayload();
  payload.key_id = key_id;
  return Sign(1, kCurrent, payload);
}

void AddBitFlips(VectorList& vectors, const CodeBytes& good) {
  // One bit of each field and of each end of the signature; every single bit is flipped in a test.
  const std::tuple<const char*, size_t, Expected> flips[] = {
      {"bit flip in key_id", 1, UnknownKey()},          {"bit flip in serial", 7, Forged()},
      {"bit flip in issue_day", 9, Forged()},           {"bit flip in scheme", 10, Forged()},
      {"bit flip in facility_code", 18, Forged()},      {"bit flip in R", 19, Forged()},
      {"bit flip in the last byte of R", 50, Forged()}, {"bit flip in S", 51, Forged()},
      {"bit flip in the last byte", 82, Forged()}};
  for (const auto& [name, at, expected] : flips) {
    CodeBytes flipped = good;
    flipped[at] ^= 0x10;
    vectors.Add(name, std::string(kCurrent) + EncodeBody(flipped), expected);
  }
}

}  // namespace

void AddWrongSignatures(VectorList& vectors) {
  const CodeBytes good = Sign(1, kCurrent, GoodPayload());
  AddBitFlips(vectors, good);
  const auto add = [&](std::string_view name, const CodeBytes& bytes,
                       const Expected& expected = Forged()) {
    vectors.Add(name, std::string(kCurrent) + EncodeBody(bytes), expected);
  };
  CodeBytes zero = good;
  std::fill(zero.begin() + kPayloadSize, zero.end(), uint8_t{0});
  add("signature of zeros", zero);
  CodeBytes ones = good;
  std::fill(ones.begin() + kPayloadSize, ones.end(), uint8_t{0xff});
  add("signature of ones", ones);
  add("S + L", WithSPlusL(good));
  add("R of small order: the identity", WithSmallOrderR(Points::Identity()));
  add("R of small order: the identity, not canonical", WithSmallOrderR(Points::IdentityAboveP()));
  add("R of small order: the identity with a sign", WithSmallOrderR(Points::IdentityWithSign()));
  add("R of order 2", WithSmallOrderR(Points::Order2()));
  add("R of order 4", WithSmallOrderR(Points::Order4()));
  add("R of order 4, not canonical", WithSmallOrderR(Points::Order4AboveP()));
  add("R of order 8", WithSmallOrderR(Points::Order8()));
  add("R of order 8, the other", WithSmallOrderR(Points::OtherOrder8()));
  add("R of mixed order, holds only with cofactor", WithMixedOrderR());
  add("R not canonical", Assemble(GoodPayload(), Points::AboveP(), Small(7)));
  add("R not on the curve", Assemble(GoodPayload(), Points::OffCurve(), Small(7)));
  add("A of small order: the identity", WithSmallOrderA(kIdentityKey, Points::Identity()));
  add("A of small order: the identity, not canonical",
      WithSmallOrderA(kIdentityAbovePKey, Points::IdentityAboveP()));
  add("A of small order: the identity with a sign",
      WithSmallOrderA(kIdentityWithSignKey, Points::IdentityWithSign()));
  add("A of order 2", WithSmallOrderA(kOrder2Key, Points::Order2()));
  add("A of order 4", WithSmallOrderA(kOrder4Key, Points::Order4()));
  add("A of order 4, not canonical", WithSmallOrderA(kOrder4AbovePKey, Points::Order4AboveP()));
  add("A of order 8", WithSmallOrderA(kOrder8Key, Points::Order8()));
  add("A of order 8, the other", WithSmallOrderA(kOtherOrder8Key, Points::OtherOrder8()));
  add("A of mixed order, holds without cofactor", WithMixedOrderA(true), Authentic());
  add("A of mixed order, holds only with cofactor", WithMixedOrderA(false));
  add("A not canonical", UnderKey(kAbovePKey));
  add("A not on the curve", UnderKey(kOffCurveKey));
  add("signed by another key", Sign(2, kCurrent, GoodPayload()));
  add("signed for another origin", Sign(1, kUnknown, GoodPayload()));
  add("signed for a lower-case origin", [] {
    const Payload payload = GoodPayload();
    const std::string message = SignedMessage("https://qr.example.cn/", EncodePayload(payload));
    const Signature signature = SigningKey::FromSeed(Seed(1)).Sign(
        {reinterpret_cast<const uint8_t*>(message.data()), message.size()});
    CodeBytes bytes = Assemble(payload, {}, {});
    std::copy(signature.begin(), signature.end(), bytes.begin() + kPayloadSize);
    return bytes;
  }());
}

}  // namespace yima::testing
