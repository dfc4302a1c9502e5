#ifndef YIMA_TESTS_CODE_VECTOR_WORLD_H_
#define YIMA_TESTS_CODE_VECTOR_WORLD_H_

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "codegen/code/code_text.h"
#include "codegen/code/trust.h"

namespace yima::testing {

// The registry that the vectors are of. Every key is made from a seed of one repeated byte.
constexpr std::string_view kCurrent = "HTTPS://QR.EXAMPLE.CN/";
constexpr std::string_view kOld = "HTTPS://OLD.EXAMPLE.CN:8443/M/CITY-1/";
constexpr std::string_view kLost = "HTTPS://LOST.EXAMPLE.CN/";
constexpr std::string_view kTest = "HTTPS://LOCALHOST/";
/// Letters that Unicode folds other characters to: K, S and I.
constexpr std::string_view kKiosk = "HTTPS://KIOSK.EXAMPLE.CN/";
constexpr std::string_view kShortest = "HTTPS://A.B/";
constexpr std::string_view kLongest =
    "HTTPS://LONG-1.EXAMPLE.CN:65535/ABCDEFGHIJKLMNOP/0123456789-ABC/";
constexpr std::string_view kUnknown = "HTTPS://QR.EXAMPLE.COM/";

using Point = std::array<uint8_t, 32>;

/// Seeds of the registry's keys that do not sign codes.
constexpr uint8_t kRootSeed = 101;
constexpr uint8_t kStatusSeed = 102;

/// Key ids of kCurrent beside 1, the good one.
enum KeyId : uint16_t {
  kRevokedKey = 2,
  kIdentityKey = 3,
  kIdentityAbovePKey = 4,
  kOrder2Key = 5,
  kOrder4Key = 6,
  kOrder8Key = 7,
  kOrder4AbovePKey = 8,
  kUnknownKey = 9,
  kMixedOrderKey = 10,
  kAbovePKey = 11,
  kOffCurveKey = 12,
  kOtherFormatKey = 13,
  kIdentityWithSignKey = 14,
  kOtherOrder8Key = 15,
};

/// Points that a verifier must refuse, whatever equation they fulfil; MixedOrder is allowed as A.
struct Points {
  static Point Identity();
  static Point IdentityAboveP();    ///< y = p + 1.
  static Point IdentityWithSign();  ///< x = 0 with its sign bit set.
  static Point Order2();
  static Point Order4();
  static Point Order4AboveP();  ///< y = p.
  static Point Order8();
  static Point OtherOrder8();  ///< Of the other y; both stand with either sign.
  static Point AboveP();       ///< y = p + 3, of large order.
  static Point OffCurve();     ///< y = 2.
  /// The public key of the seed plus the point of order 2.
  static Point MixedOrder(uint8_t seed);
};

std::array<uint8_t, 32> Seed(uint8_t n);
TrustBundle MakeBundle();
RevocationList MakeList();
/// A note signed by the key of the seed, after a signature by a key that nobody knows.
std::string MakeNote(const std::string& text, uint8_t seed);

/// A payload of key 1 and scheme 2, dated 2026-11-24.
Payload GoodPayload(uint32_t number = 1);
CodeBytes Sign(uint8_t seed, std::string_view origin, const Payload& payload);
std::string Text(uint8_t seed, std::string_view origin, const Payload& payload);
/// The code of the worked example.
std::string GoodText();

/// What is to be said of a text. `step` is that of FORMAT.md's order of judgement.
struct Expected {
  int step = 10;
  std::string_view verdict = "AUTHENTIC";
  std::string_view state = "NOT_LISTED";
  bool foreign = false;
  bool refresh_trust = false;
  bool origin_lost = false;
};

// The steps, in their order. States are empty but for AUTHENTIC.
Expected Shape(bool foreign = true);
Expected OtherFormatKnown();
Expected OtherFormatUnknown();
Expected Body();
Expected UnknownIssuer();
Expected UnknownKey(bool refresh_trust = false);
Expected Forged();
Expected KeyRevoked();
Expected UnassignedScheme();
Expected CodeOutOfRange();
Expected Authentic(std::string_view state = "NOT_LISTED");

class VectorList {
 public:
  void Add(std::string_view name, const std::string& text, const Expected& expected);
  nlohmann::ordered_json Take() { return std::move(list_); }

 private:
  nlohmann::ordered_json list_ = nlohmann::ordered_json::array();
};

// The parts of tests/vectors/codes.json.
void AddGenuine(VectorList& vectors);
void AddWrongOrigins(VectorList& vectors);
void AddWrongShapes(VectorList& vectors);
void AddWrongFields(VectorList& vectors);
void AddWrongSignatures(VectorList& vectors);

}  // namespace yima::testing

#endif  // YIMA_TESTS_CODE_VECTOR_WORLD_H_
