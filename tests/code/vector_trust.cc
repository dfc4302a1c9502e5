// Bundles and lists offered to a verifier that holds one of each, and what it says of them.
#include <algorithm>
#include <functional>

#include "codegen/code/signed_note.h"
#include "tests/code/vector_world.h"
#include "tests/code/vectors.h"

namespace yima::testing {
namespace {

using nlohmann::ordered_json;

constexpr uint8_t kNextRootSeed = 105;

/// The bundle of the code vectors without the origins and keys that trust can be judged without.
TrustBundle HeldBundle() {
  TrustBundle bundle = MakeBundle();
  std::erase_if(bundle.origins, [](const TrustedOrigin& origin) {
    return origin.origin == kOld || origin.origin == kKiosk || origin.origin == kLongest;
  });
  std::erase_if(bundle.keys, [&](const CodeKey& key) {
    return (key.origin == kCurrent && key.key_id > kRevokedKey && key.key_id != kOtherFormatKey) ||
           std::ranges::find(bundle.origins, key.origin, &TrustedOrigin::origin) ==
               bundle.origins.end();
  });
  return bundle;
}

TrustBundle NextBundle() {
  TrustBundle bundle = HeldBundle();
  ++bundle.sequence;
  return bundle;
}

RevocationList NextList() {
  RevocationList list = MakeList();
  ++list.sequence;
  return list;
}

class Cases {
 public:
  void Bundle(std::string_view name, std::string_view refused, const std::string& note) {
    list_.push_back({{"name", name}, {"kind", "bundle"}, {"refused", refused}, {"note", note}});
  }
  /// The next bundle with a change.
  void Bundle(std::string_view name, std::string_view refused,
              const std::function<void(TrustBundle&)>& change, uint8_t seed = kRootSeed) {
    TrustBundle bundle = NextBundle();
    change(bundle);
    Bundle(name, refused, MakeNote(bundle.ToText(), seed));
  }
  /// The next bundle with its text changed.
  void BundleText(std::string_view name, std::string_view refused, std::string_view from,
                  std::string_view to) {
    std::string text = NextBundle().ToText();
    text.replace(text.find(from), from.size(), to);
    Bundle(name, refused, MakeNote(text, kRootSeed));
  }
  void List(std::string_view name, std::string_view refused, const std::string& note) {
    list_.push_back({{"name", name}, {"kind", "list"}, {"refused", refused}, {"note", note}});
  }
  void List(std::string_view name, std::string_view refused,
            const std::function<void(RevocationList&)>& change, uint8_t seed = kStatusSeed) {
    RevocationList list = NextList();
    change(list);
    List(name, refused, MakeNote(list.ToText(), seed));
  }
  /// The next list with these lines instead of its serials.
  void ListLines(std::string_view name, std::string_view refused, std::string_view lines) {
    RevocationList list = NextList();
    list.suspended = list.revoked = list.replaced = {};
    List(name, refused, MakeNote(list.ToText().append(lines), kStatusSeed));
  }
  ordered_json Take() { return std::move(list_); }

 private:
  ordered_json list_ = ordered_json::array();
};

void AddSignatures(Cases& cases) {
  const std::string text = NextBundle().ToText();
  cases.Bundle("newer", "", MakeNote(text, kRootSeed));
  cases.Bundle("no root held signed it", "ROOT_UNKNOWN", MakeNote(text, kNextRootSeed));
  cases.Bundle("signed by the status key", "ROOT_UNKNOWN", MakeNote(text, kStatusSeed));
  std::string changed = MakeNote(text, kRootSeed);
  changed.replace(changed.find("expires 2027"), 12, "expires 2037");
  cases.Bundle("text changed after signing", "ROOT_UNKNOWN", changed);
  SignedNote note{text, {}};
  for (uint8_t seed = 0; seed < 15; ++seed) {
    note.Sign("n" + std::to_string(seed), SigningKey::FromSeed(Seed(seed + 120)));
  }
  note.Sign("sixteenth", SigningKey::FromSeed(Seed(kRootSeed)));
  cases.Bundle("16 signatures, the last by a root", "", note.ToString());
  note.Sign("seventeenth", SigningKey::FromSeed(Seed(140)));
  cases.Bundle("17 signatures", "NOTE_MALFORMED", note.ToString());
  SignedNote two{text, {}};
  two.Sign("a", SigningKey::FromSeed(Seed(kRootSeed)));
  two.Sign("b", SigningKey::FromSeed(Seed(kRootSeed)));
  two.signatures[0].signature[40] ^= 1;
  cases.Bundle("a wrong signature by a root beside a right one", "ROOT_UNKNOWN", two.ToString());
  const std::string good = MakeNote(text, kRootSeed);
  cases.Bundle("no final newline", "NOTE_MALFORMED", good.substr(0, good.size() - 1));
  cases.Bundle("CR LF", "NOTE_MALFORMED", "x-a b\r\n" + good);
  cases.Bundle("text after the signatures", "NOTE_MALFORMED", good + "x-a b\n");
  cases.Bundle("no signature", "NOTE_MALFORMED", text + "\n");
}

void AddSequences(Cases& cases) {
  const std::string held = HeldBundle().ToText();
  cases.Bundle("the one held", "", MakeNote(held, kRootSeed));
  cases.Bundle("the text held, signed by others", "", MakeNote(held, kNextRootSeed));
  cases.Bundle("lower sequence", "SEQUENCE_LOWER", [](auto& b) { b.sequence -= 2; });
  cases.Bundle("equal sequence, another text", "SEQUENCE_CONFLICT", [](auto& b) {
    b.sequence -= 1;
    b.expires += 1'000'000;
  });
  cases.Bundle("equal sequence, an extension more", "SEQUENCE_CONFLICT",
               MakeNote("x-a b\n" + held, kRootSeed));
  cases.Bundle("another registry", "REGISTRY_CHANGED",
               [](auto& b) { b.registry = std::string(32, 'a'); });
  cases.Bundle("newer epoch", "", [](auto& b) { b.epoch = 2; });
  cases.Bundle("past its end: stale, and taken", "", [](auto& b) {
    b.issued = *ParseTime("2020-01-01T00:00:00Z");
    b.expires = *ParseTime("2020-01-02T00:00:00Z");
  });
}

void AddKeysAndOrigins(Cases& cases) {
  cases.Bundle("a key changed", "KEY_CHANGED",
               [](auto& b) { b.keys[0].public_key = b.keys[1].public_key; });
  cases.Bundle("a key of another format changed", "KEY_CHANGED", [](auto& b) {
    for (auto& key : b.keys) {
      if (key.algorithm == Algorithm::kOther) key.other.back() = '1';
    }
  });
  cases.Bundle("a key's algorithm changed", "KEY_CHANGED", [](auto& b) {
    b.keys[0].algorithm = Algorithm::kOther;
    b.keys[0].other = "sm2 " + ToHex(b.keys[0].public_key);
  });
  cases.Bundle("a key dropped", "KEY_DROPPED", [](auto& b) { b.keys.erase(b.keys.begin()); });
  cases.Bundle("an origin dropped with its keys", "ORIGIN_DROPPED", [](auto& b) {
    std::erase_if(b.keys, [](const CodeKey& key) { return key.origin == kShortest; });
    b.origins.pop_back();
  });
  cases.Bundle("keys and origins closed", "", [](auto& b) {
    b.keys[0].revoked = true;
    b.keys[0].last_day = b.keys[0].first_day;
    b.origins[0].status = OriginStatus::kLost;
  });
  cases.Bundle("a key and an origin added", "", [](auto& b) {
    b.origins.push_back({"HTTPS://NEW.EXAMPLE.CN/", OriginStatus::kCurrent, false});
    b.keys.push_back({"HTTPS://NEW.EXAMPLE.CN/", 1, Algorithm::kEd25519, b.keys[0].public_key, 0,
                      UINT16_MAX, false});
  });
  cases.Bundle("roots replaced", "",
               [](auto& b) { b.roots = {SigningKey::FromSeed(Seed(kNextRootSeed)).public_key()}; });
}

void AddBundleForms(Cases& cases) {
  constexpr std::string_view kBad = "TRUST_BUNDLE_MALFORMED";
  cases.BundleText("an extension in the middle", "", "epoch 1\n", "epoch 1\nx-colour red\n");
  cases.BundleText("an unknown name", kBad, "epoch 1\n", "epoch 1\ncolour red\n");
  cases.BundleText("names out of order", kBad, "certificate ", "root ");
  cases.BundleText("a name missing", kBad, "epoch 1\n", "");
  cases.BundleText("a name twice", kBad, "epoch 1\n", "epoch 1\nepoch 1\n");
  cases.BundleText("an empty line", kBad, "epoch 1\n", "epoch 1\n\n");
  cases.BundleText("two spaces", kBad, "epoch 1\n", "epoch  1\n");
  cases.BundleText("a space at the end", kBad, " current\n", " current \n");
  cases.BundleText("a number with leading zero", kBad, "epoch 1\n", "epoch 01\n");
  cases.BundleText("epoch 65536", kBad, "epoch 1\n", "epoch 65536\n");
  cases.BundleText("capitals in a key", kBad, "status 34b4d9", "status 34B4D9");
  cases.BundleText("a time with a fraction", kBad, "issued 2026-11-24T00:00:00Z",
                   "issued 2026-11-24T00:00:00.0Z");
  cases.BundleText("a time with an offset", kBad, "issued 2026-11-24T00:00:00Z",
                   "issued 2026-11-24T08:00:00+08:00");
  cases.BundleText("a date that is none", kBad, "2026-06-30", "2026-06-31");
  cases.BundleText("an origin in lower case", kBad, "HTTPS://A.B/", "https://a.b/");
  cases.BundleText("a test origin without its mark", kBad, " old test", " old");
  cases.BundleText("a mark without a test origin", kBad, " lost\n", " lost test\n");
  cases.BundleText("an unknown status of an origin", kBad, " lost\n", " stolen\n");
  cases.BundleText("an unknown status of a key", kBad, " revoked\n", " lost\n");
  cases.BundleText("last day before the first", kBad, "2026-01-01 2026-06-30",
                   "2026-07-01 2026-06-30");
  cases.BundleText("a scheme that is not a city's own", kBad, "scheme 108", "scheme 119");
  cases.BundleText("a scheme twice", kBad, "scheme 108", "scheme 108 A\nscheme 108");
  cases.BundleText("an origin twice", kBad, "origin HTTPS://A.B/ old\n",
                   "origin HTTPS://A.B/ old\norigin HTTPS://A.B/ old\n");
  cases.BundleText("a key of no origin here", kBad, "key HTTPS://A.B/", "key HTTPS://A.C/");
  cases.BundleText("a key id twice", kBad, "key HTTPS://QR.EXAMPLE.CN/ 2",
                   "key HTTPS://QR.EXAMPLE.CN/ 1");
}

void AddLists(Cases& cases) {
  constexpr std::string_view kBad = "REVOCATION_LIST_MALFORMED";
  cases.List("newer", "", [](auto& l) { l.revoked.push_back(Serial(1, 2000)); });
  cases.List("the one held", "", MakeNote(MakeList().ToText(), kStatusSeed));
  cases.List(
      "signed by the root", "STATUS_KEY_UNKNOWN", [](auto&) {}, kRootSeed);
  cases.List("lower sequence", "SEQUENCE_LOWER", [](auto& l) { l.sequence -= 2; });
  cases.List("equal sequence, another text", "SEQUENCE_CONFLICT", [](auto& l) {
    l.sequence -= 1;
    l.revoked.pop_back();
  });
  cases.List("another registry", "REGISTRY_CHANGED",
             [](auto& l) { l.registry = std::string(32, 'a'); });
  cases.ListLines("empty", "", "");
  cases.ListLines("highest serial", "", "revoked 281474976710655\n");
  cases.ListLines("a serial above the highest", kBad, "revoked 281474976710656\n");
  cases.ListLines("a sum above the highest", kBad, "revoked 281474976710655 1\n");
  cases.ListLines("a serial twice", kBad, "revoked 5 0\n");
  cases.ListLines("a serial with two states", kBad, "suspended 5\nrevoked 3 2\n");
  cases.ListLines("names out of order", kBad, "replaced 1\nrevoked 2\n");
  cases.ListLines("a line of no serial", kBad, "revoked \n");
  cases.ListLines("a line that is not full before another", kBad, "revoked 1\nrevoked 1\n");
  std::string full = "revoked";
  for (int i = 0; i < 1000; ++i) full += " 1";
  cases.ListLines("1,001 serials on two lines", "", full + "\nrevoked 1\n");
  cases.ListLines("1,001 serials on one line", kBad, full + " 1\n");
}

}  // namespace

ordered_json MakeTrustVectors() {
  Cases cases;
  AddSignatures(cases);
  AddSequences(cases);
  AddKeysAndOrigins(cases);
  AddBundleForms(cases);
  AddLists(cases);
  return {{"comment",
           "A verifier that was given this root and then took this bundle and this list is offered "
           "each note alone. refused is empty when it takes the note, else says why not."},
          {"root", ToHex(MakeBundle().roots.front())},
          {"bundle", MakeNote(HeldBundle().ToText(), kRootSeed)},
          {"list", MakeNote(MakeList().ToText(), kStatusSeed)},
          {"cases", cases.Take()}};
}

}  // namespace yima::testing
