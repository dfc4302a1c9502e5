// Origins that the grammar allows and forbids, alone and before a true body.
#include "tests/code/vector_world.h"
#include "tests/code/vectors.h"

namespace yima::testing {
namespace {

using nlohmann::ordered_json;

struct OriginVector {
  std::string_view text;
  /// `origin`: codes may be issued under it; `test`: only as a test origin; `none`.
  std::string_view kind;
  /// Whether a text that begins with it has the shape of a code.
  bool judged;
};

constexpr OriginVector kOrigins[] = {
    {"HTTPS://QR.EXAMPLE.CN/", "origin", true},
    {"https://qr.example.cn/", "origin", true},
    {"HTTPS://A.B/", "origin", true},
    {"HTTPS://A.CN/", "origin", true},
    {"HTTPS://QR.EXAMPLE.CN:1/", "origin", true},
    {"HTTPS://QR.EXAMPLE.CN:65535/", "origin", true},
    {"HTTPS://1.2.3.4A/", "origin", true},
    {"HTTPS://X-1.EXAMPLE.CN/A/B-2/", "origin", true},
    {"HTTPS://EXAMPLE.CN/0123456789ABCDEF/", "origin", true},
    {"HTTPS://EXAMPLE.CN/-/", "origin", true},
    {"HTTPS://XN--FIQS8S.CN/", "origin", true},
    {"HTTPS://LONG-1.EXAMPLE.CN:65535/ABCDEFGHIJKLMNOP/0123456789-ABC/", "origin", true},
    {"HTTPS://LOCALHOST/", "test", true},
    {"HTTPS://192.0.2.7/", "test", true},
    {"HTTPS://127.0.0.1:8341/", "test", true},
    {"HTTPS://255.255.255.255/", "test", true},
    {"HTTPS://HOST/PATH/", "test", true},
    {"HTTPS://-EX.CN/", "none", true},
    {"HTTPS://EX-.CN/", "none", true},
    {"HTTPS://EX.-CN/", "none", true},
    {"HTTPS://EX.CN-/", "none", true},
    {"HTTPS://LOCAL-/", "none", true},
    {"HTTPS://EX.123/", "none", true},
    {"HTTPS://EX.0X1A/", "none", true},
    {"HTTPS://1.2.3.256/", "none", true},
    {"HTTPS://1.2.3/", "none", true},
    {"HTTPS://01.2.3.4/", "none", true},
    {"HTTPS://2130706433/", "none", true},
    {"HTTPS://0X7F000001/", "none", true},
    {"", "none", false},
    {"HTTPS://", "none", false},
    {"HTTPS:///", "none", false},
    {"HTTPS:////EXAMPLE.CN/", "none", false},
    {"HTTPS:/EXAMPLE.CN/", "none", false},
    {"HTTPS:EXAMPLE.CN/", "none", false},
    {"HTTP://EXAMPLE.CN/", "none", false},
    {"EXAMPLE.CN/", "none", false},
    {"//EXAMPLE.CN/", "none", false},
    {"HTTPS://EXAMPLE.CN", "none", false},
    {"HTTPS://QR.EXAMPLE.CN", "none", false},
    {"HTTPS://A/", "none", false},
    {"HTTPS://AB/", "none", false},
    {"HTTPS://.B/", "none", false},
    {"HTTPS://EXAMPLE.CN./", "none", false},
    {"HTTPS://.EXAMPLE.CN/", "none", false},
    {"HTTPS://EX..CN/", "none", false},
    {"HTTPS://EX_A.CN/", "none", false},
    {"HTTPS://EX AMPLE.CN/", "none", false},
    {"HTTPS://EX%41.CN/", "none", false},
    {"HTTPS://EX*.CN/", "none", false},
    {"HTTPS://EX+.CN/", "none", false},
    {"HTTPS://EX$.CN/", "none", false},
    {"HTTPS://EXAMPLE.CN:/", "none", false},
    {"HTTPS://EXAMPLE.CN:0/", "none", false},
    {"HTTPS://EXAMPLE.CN:080/", "none", false},
    {"HTTPS://EXAMPLE.CN:443/", "none", false},
    {"HTTPS://EXAMPLE.CN:65536/", "none", false},
    {"HTTPS://EXAMPLE.CN:100000/", "none", false},
    {"HTTPS://EXAMPLE.CN:8A/", "none", false},
    {"HTTPS://EXAMPLE.CN:+80/", "none", false},
    {"HTTPS://EXAMPLE.CN:80:80/", "none", false},
    {"HTTPS://:80/A/", "none", false},
    {"HTTPS://U@EXAMPLE.CN/", "none", false},
    {"HTTPS://U:P@EXAMPLE.CN/", "none", false},
    {"HTTPS://EXAMPLE.CN//", "none", false},
    {"HTTPS://EXAMPLE.CN/A//", "none", false},
    {"HTTPS://EXAMPLE.CN/A.B/", "none", false},
    {"HTTPS://EXAMPLE.CN/./", "none", false},
    {"HTTPS://EXAMPLE.CN/../", "none", false},
    {"HTTPS://EXAMPLE.CN/A_B/", "none", false},
    {"HTTPS://EXAMPLE.CN/A%20/", "none", false},
    {"HTTPS://EXAMPLE.CN/A B/", "none", false},
    {"HTTPS://EXAMPLE.CN/A:B/", "none", false},
    {"HTTPS://EXAMPLE.CN/0123456789ABCDEFG/", "none", false},
    {"HTTPS://EXAMPLE.CN/?/", "none", false},
    {"HTTPS://EXAMPLE.CN/?A=/", "none", false},
    {"HTTPS://EXAMPLE.CN/#/", "none", false},
    {"HTTPS://EXAMPLE.CN/$/", "none", false},
    {"HTTPS://EXAMPLE.CN\\A/", "none", false},
    {"HTTPS:\\\\EXAMPLE.CN/", "none", false},
    {"HTTPS://EXAMPLE.CN/ ", "none", false},
    {" HTTPS://EXAMPLE.CN/", "none", false},
    {"HTTPS://EXAMPLE.CN /", "none", false},
    {"HTTPS://EX\tAMPLE.CN/", "none", false},
    {"HTTPS://[2001:DB8::1]/", "none", false},
    // 65 characters.
    {"HTTPS://ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUV.EXAMPLE/", "none", false},
    {"HTTPS://\xE2\x84\xAA.EXAMPLE.CN/", "none", false},   // Kelvin sign
    {"HTTP\xC5\xBF://EXAMPLE.CN/", "none", false},         // long s
    {"HTTPS://\xEF\xBC\xB1R.EXAMPLE.CN/", "none", false},  // full-width Q
    {"HTTPS://\xE5\x9F\x8E.EXAMPLE.CN/", "none", false},   // 城
    {"HTTPS://EXAMPLE\xE3\x80\x82"
     "CN/",
     "none", false},  // ideographic full stop
    {"HTTPS://EX\xC2\xAD"
     "AMPLE.CN/",
     "none", false},                                    // soft hyphen
    {"HTTPS\xEF\xBC\x9A//EXAMPLE.CN/", "none", false},  // full-width colon
};

}  // namespace

ordered_json MakeOriginVectors() {
  ordered_json list = ordered_json::array();
  for (const auto& vector : kOrigins) {
    list.push_back({{"text", vector.text}, {"kind", vector.kind}, {"judged", vector.judged}});
  }
  return list;
}

void AddWrongOrigins(VectorList& vectors) {
  const std::string digits = GoodText().substr(kCurrent.size());
  Expected lost = UnknownKey();
  lost.origin_lost = true;
  vectors.Add("moved to a known host", std::string(kLost) + digits, lost);
  Payload payload = GoodPayload(5);
  payload.issue_day = *ParseDay("2025-06-01");
  lost = Forged();
  lost.origin_lost = true;
  vectors.Add("moved to a known host whose key covers the day",
              std::string(kLost) + EncodeBody(Sign(5, kOld, payload)), lost);
  vectors.Add("moved to an unknown host", std::string(kUnknown) + digits, UnknownIssuer());
  vectors.Add("another path on the same host", std::string(kCurrent) + "A/" + digits,
              UnknownIssuer());
  vectors.Add("without its path on the same host",
              "HTTPS://OLD.EXAMPLE.CN:8443/M/" + Text(5, kOld, payload).substr(kOld.size()),
              UnknownIssuer());
  vectors.Add("with a port", "HTTPS://QR.EXAMPLE.CN:8443/" + digits, UnknownIssuer());
  for (const auto& vector : kOrigins) {
    if (vector.kind == "origin" || vector.text == kTest) continue;
    vectors.Add("origin \"" + std::string(vector.text) + "\"", std::string(vector.text) + digits,
                vector.judged ? UnknownIssuer() : Shape());
  }
  // Folding by Unicode would make these three AUTHENTIC.
  payload = GoodPayload(6);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = Text(8, kKiosk, payload);
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  vectors.Add("Kelvin sign for K in the host", with("KIOSK", "\xE2\x84\xAAIOSK"), Shape());
  vectors.Add("long s for S in the host", with("KIOSK", "KIO\xC5\xBFK"), Shape());
  vectors.Add("dotless i for I in the host", with("KIOSK", "K\xC4\xB1OSK"), Shape());
}

}  // namespace yima::testing
