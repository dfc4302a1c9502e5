// Genuine codes, and those that are wrong in shape or fields.
#include "tests/code/vector_world.h"

namespace yima::testing {
namespace {

Day DayAt(std::string_view date) { return *ParseDay(date); }

uint64_t PowerOfTen(int exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// Signed by the good key of kCurrent, with a change.
template <typename Change>
std::string With(Change change) {
  Payload payload = GoodPayload(6);
  change(payload);
  return Text(1, kCurrent, payload);
}

std::string WithCode(Scheme scheme, uint64_t code) {
  return With([&](Payload& p) {
    p.scheme = scheme;
    p.facility_code = code;
  });
}

/// Lowest and highest code of every scheme, and the integers beside them.
void AddSchemes(VectorList& vectors) {
  const auto add = [&](Scheme scheme, uint64_t lowest) {
    const std::string name = "scheme " + std::to_string(scheme) + ", ";
    const uint64_t beyond = PowerOfTen(*SchemeWidth(scheme));
    vectors.Add(name + "lowest code", WithCode(scheme, lowest), Authentic());
    vectors.Add(name + "highest code", WithCode(scheme, beyond - 1), Authentic());
    vectors.Add(name + "code above the highest", WithCode(scheme, beyond), CodeOutOfRange());
    if (lowest == 0) return;
    vectors.Add(name + "code below the lowest", WithCode(scheme, lowest - 1), CodeOutOfRange());
    vectors.Add(name + "code 0", WithCode(scheme, 0), CodeOutOfRange());
  };
  add(kSchemeGbt30428, PowerOfTen(15));
  add(kSchemeGbt47678, PowerOfTen(16));
  for (int scheme = kSchemeOwnFirst; scheme <= kSchemeOwnLast; ++scheme) {
    add(static_cast<Scheme>(scheme), 0);
  }
}

void AddSerialsAndDays(VectorList& vectors) {
  const auto serial = [](uint64_t value) {
    return With([&](Payload& p) { p.serial = *Serial::FromInteger(value); });
  };
  const auto day = [](std::string_view date) {
    return With([&](Payload& p) { p.issue_day = DayAt(date); });
  };
  vectors.Add("serial 0", serial(0), Authentic());
  vectors.Add("highest serial", serial(Serial::kMax), Authentic());
  // 4294967297 + 24 leaves 32 mod 37: '*', which is never printed; verifiers do not ask.
  vectors.Add("serial whose check symbol is not printed", serial(4294967321), Authentic());
  vectors.Add("first day of the key", day("2026-01-01"), Authentic());
  vectors.Add("last day of the key, after the bundle was issued", day("2030-12-31"), Authentic());
  vectors.Add("key not yet valid that day", day("2025-12-31"), UnknownKey());
  vectors.Add("day 0", day("2020-01-01"), UnknownKey());
  vectors.Add("key no longer valid that day", day("2031-01-01"), UnknownKey(true));
  vectors.Add("highest day", day("2199-06-06"), UnknownKey(true));
}

}  // namespace

void AddGenuine(VectorList& vectors) {
  const std::string good = GoodText();
  vectors.Add("scheme 2, the default", good, Authentic());
  vectors.Add("scheme 1, 16 digits", WithCode(kSchemeGbt30428, 1405020101000001), Authentic());
  vectors.Add("blank plate", WithCode(kSchemeBlank, 0), Authentic());
  AddSchemes(vectors);
  AddSerialsAndDays(vectors);
  vectors.Add("lower-case host", Lower(good), Authentic());
  vectors.Add("mixed case", "hTtPs://Qr.ExAmple.cN/" + good.substr(kCurrent.size()), Authentic());
  Payload payload = GoodPayload(4);
  payload.issue_day = DayAt("2025-12-31");
  const std::string old = Text(5, kOld, payload);
  vectors.Add("closed origin with port and segments, last day of its key", old, Authentic());
  vectors.Add("port and segments in lower case", Lower(old), Authentic());
  payload.issue_day = DayAt("2020-01-01");
  vectors.Add("closed origin, day 0, first day of its key", Text(5, kOld, payload), Authentic());
  Expected lost = Authentic();
  lost.origin_lost = true;
  vectors.Add("host that is lost", Text(6, kLost, payload), lost);
  vectors.Add("test origin", Text(7, kTest, payload), Authentic());
  payload = GoodPayload(5);
  vectors.Add("origin of 12 characters", Text(9, kShortest, payload), Authentic());
  payload.issue_day = UINT16_MAX;
  vectors.Add("origin of 64 characters, highest day", Text(10, kLongest, payload), Authentic());
  vectors.Add("listed as suspended", Text(1, kCurrent, GoodPayload(1001)), Authentic("SUSPENDED"));
  vectors.Add("listed as revoked, first of two", Text(1, kCurrent, GoodPayload(500)),
              Authentic("REVOKED"));
  vectors.Add("listed as revoked", Text(1, kCurrent, GoodPayload(1002)), Authentic("REVOKED"));
  vectors.Add("listed as replaced", Text(1, kCurrent, GoodPayload(1003)), Authentic("REPLACED"));
}

void AddWrongShapes(VectorList& vectors) {
  const std::string good = GoodText();
  const std::string origin(kCurrent);
  const std::string digits = good.substr(origin.size());
  const std::string unknown(kUnknown);
  vectors.Add("202 digits", good.substr(0, good.size() - 1), Body());
  vectors.Add("204 digits", good + "0", Body());
  vectors.Add("204 digits, a zero before the last block",
              good.substr(0, good.size() - 15) + "0" + good.substr(good.size() - 15), Body());
  vectors.Add("one digit", origin + "1", Body());
  vectors.Add("202 digits at an unknown origin", unknown + digits.substr(0, 202), Body());
  vectors.Add("format 2 at a known origin", origin + "2" + digits.substr(1), OtherFormatKnown());
  vectors.Add("format 0 at a known origin", origin + "0" + digits.substr(1), OtherFormatKnown());
  vectors.Add("format 9 and other length at a known origin", origin + "9", OtherFormatKnown());
  vectors.Add("format 2 at a known origin in lower case", Lower(origin) + "2" + digits.substr(1),
              OtherFormatKnown());
  vectors.Add("format 2 at an unknown origin", unknown + "2" + digits.substr(1),
              OtherFormatUnknown());
  vectors.Add("format 2 and other length at an unknown origin", unknown + "2",
              OtherFormatUnknown());
  for (size_t block = 0; block < 12; ++block) {
    const size_t at = origin.size() + 1 + block * 17;
    const std::string name = "block " + std::to_string(block + 1);
    const bool last = block == 11;
    std::string overflow = good;
    overflow.replace(at, 17, last ? "281474976710656" : "72057594037927936");
    vectors.Add(name + (last ? " is 2^48" : " is 2^56"), overflow, Body());
    overflow.replace(at, 17, std::string(last ? 15 : 17, '9'));
    vectors.Add(name + " is all nines", overflow, Body());
  }
  vectors.Add("block overflow at an unknown origin",
              unknown + "1" + std::string(17, '9') + digits.substr(18), Body());
  vectors.Add("empty text", "", Shape());
  vectors.Add("digits alone", digits, Shape());
  vectors.Add("origin alone", origin, Shape(false));
  vectors.Add("trailing line break", good + "\n", Shape(false));
  vectors.Add("trailing CR LF", good + "\r\n", Shape(false));
  vectors.Add("trailing space", good + " ", Shape(false));
  vectors.Add("trailing zero byte", good + std::string(1, '\0'), Shape(false));
  vectors.Add("trailing query", good + "?a=1", Shape(false));
  vectors.Add("trailing fragment", good + "#1", Shape(false));
  vectors.Add("trailing slash", good + "/", Shape(false));
  vectors.Add("two texts", good + good, Shape(false));
  vectors.Add("known origin before something else", Lower(origin) + "about", Shape(false));
  vectors.Add("leading space", " " + good, Shape());
  vectors.Add("leading line break", "\n" + good, Shape());
  vectors.Add("leading byte order mark", "\xEF\xBB\xBF" + good, Shape());
  vectors.Add("leading URL:", "URL:" + good, Shape());
  const auto within = [&](std::string_view what) {
    return good.substr(0, 60).append(what) + good.substr(61);
  };
  vectors.Add("space among the digits", within(" "), Shape(false));
  vectors.Add("no-break space among the digits", within("\xC2\xA0"), Shape(false));
  vectors.Add("ideographic space among the digits", within("\xE3\x80\x80"), Shape(false));
  vectors.Add("line break among the digits", within("\n"), Shape(false));
  vectors.Add("full-width digit", within("\xEF\xBC\x91"), Shape(false));
  vectors.Add("Arabic-Indic digit", within("\xD9\xA1"), Shape(false));
  vectors.Add("superscript digit", within("\xC2\xB2"), Shape(false));
  vectors.Add("full-width first digit", origin + "\xEF\xBC\x91" + digits.substr(1), Shape(false));
  vectors.Add("a letter among the digits", within("A"), Shape(false));
  vectors.Add("a sign before the digits", origin + "+" + digits, Shape(false));
  vectors.Add("another symbol", "https://weixin.example.com/q/abc", Shape());
  std::string changed = good;
  changed.back() = changed.back() == '0' ? '1' : '0';
  vectors.Add("one digit changed", changed, Forged());
}

void AddWrongFields(VectorList& vectors) {
  vectors.Add("blank with a code", WithCode(kSchemeBlank, 14050201001000001), Body());
  vectors.Add("blank with code 1", WithCode(kSchemeBlank, 1), Body());
  const std::string blank = WithCode(kSchemeBlank, 1).substr(kCurrent.size());
  vectors.Add("blank with a code at an unknown origin", std::string(kUnknown) + blank, Body());
  vectors.Add("unknown key", With([](Payload& p) { p.key_id = kUnknownKey; }), UnknownKey());
  vectors.Add("unknown key, day after the bundle was issued", With([](Payload& p) {
                p.key_id = kUnknownKey;
                p.issue_day = DayAt("2026-11-25");
              }),
              UnknownKey(true));
  vectors.Add("key 65535", With([](Payload& p) { p.key_id = UINT16_MAX; }), UnknownKey());
  vectors.Add("key 0", With([](Payload& p) { p.key_id = 0; }), UnknownKey());
  vectors.Add("key of another format", With([](Payload& p) { p.key_id = kOtherFormatKey; }),
              UnknownKey());
  Payload payload = GoodPayload(7);
  payload.issue_day = DayAt("2026-01-01");
  vectors.Add("closed origin after its keys' days", Text(5, kOld, payload), UnknownKey());
  payload.key_id = kRevokedKey;
  vectors.Add("revoked key", Text(2, kCurrent, payload), KeyRevoked());
  vectors.Add("revoked key, forged", Text(1, kCurrent, payload), Forged());
  payload.issue_day = DayAt("2026-07-01");
  vectors.Add("revoked key, not valid that day", Text(2, kCurrent, payload), UnknownKey());
  payload.issue_day = DayAt("2026-06-30");
  payload.scheme = 3;
  vectors.Add("revoked key, unassigned scheme", Text(2, kCurrent, payload), KeyRevoked());
  payload.scheme = kSchemeOwnFirst;
  vectors.Add("revoked key, code out of range", Text(2, kCurrent, payload), KeyRevoked());
  payload = GoodPayload(1002);
  payload.key_id = kRevokedKey;
  payload.issue_day = DayAt("2026-06-30");
  vectors.Add("revoked key, listed as revoked", Text(2, kCurrent, payload), KeyRevoked());
  for (const int scheme : {3, 100, 119, 255}) {
    const std::string name = "unassigned scheme " + std::to_string(scheme);
    vectors.Add(name, WithCode(static_cast<Scheme>(scheme), 1), UnassignedScheme());
  }
  payload = GoodPayload(8);
  payload.scheme = 3;
  vectors.Add("unassigned scheme, forged", Text(2, kCurrent, payload), Forged());
  vectors.Add("unassigned scheme, code above 2^63", WithCode(3, UINT64_MAX), UnassignedScheme());
  payload.scheme = kSchemeOwnFirst;
  vectors.Add("code out of range, forged", Text(2, kCurrent, payload), Forged());
  vectors.Add("code of 16 digits in scheme 2", WithCode(kSchemeGbt47678, 1405020101000001),
              CodeOutOfRange());
  vectors.Add("code of 17 digits in scheme 1", WithCode(kSchemeGbt30428, 14050201001000001),
              CodeOutOfRange());
  vectors.Add("code 2^63", WithCode(kSchemeGbt47678, uint64_t{1} << 63), CodeOutOfRange());
  vectors.Add("highest integer as code", WithCode(kSchemeOwnLast, UINT64_MAX), CodeOutOfRange());
}

}  // namespace yima::testing
