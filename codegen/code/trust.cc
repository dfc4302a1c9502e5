#include "codegen/code/trust.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "codegen/code/note_lines.h"

namespace yima {
namespace {

/// Serials a line: keeps lines of a long list readable by tools that read line by line.
constexpr size_t kSerialsPerLine = 1000;
/// Of the name of an algorithm that this build does not know, and of its keys.
constexpr size_t kAlgorithmNameMax = 32;
constexpr size_t kOtherKeyDigitsMax = 512;

constexpr std::array<std::string_view, 3> kStatusNames = {"current", "old", "lost"};

Result<TrustedOrigin> ParseOrigin(std::string_view value) {
  const auto words = NoteWords(value, 3);
  const bool test = words.size() == 3 && words[2] == "test";
  if (words.size() != 2 && !test) {
    return Invalid("ORIGIN_LINE", fmt::format("origin \"{}\", want URL, status and perhaps test",
                                              value.substr(0, 100)));
  }
  YIMA_ASSIGN_OR_RETURN(const auto origin, Origin::Parse(words[0], test));
  if (origin.ToString() != words[0] || origin.IsTest() != test) {
    return Invalid("ORIGIN_LINE", fmt::format("origin \"{}\" is not as printed", words[0]));
  }
  const auto status = std::ranges::find(kStatusNames, words[1]);
  if (status == kStatusNames.end()) {
    return Invalid("ORIGIN_LINE",
                   fmt::format("status \"{}\" is none of current, old, lost", words[1]));
  }
  return TrustedOrigin{origin.ToString(), static_cast<OriginStatus>(status - kStatusNames.begin()),
                       test};
}

Result<OwnScheme> ParseScheme(std::string_view value) {
  const size_t space = value.find(' ');
  YIMA_ASSIGN_OR_RETURN(const uint64_t number, ParseNoteNumber(value.substr(0, space), UINT8_MAX));
  if (number < kSchemeOwnFirst || number > kSchemeOwnLast || space == std::string_view::npos ||
      space + 1 == value.size()) {
    return Invalid("SCHEME_LINE",
                   fmt::format("scheme \"{}\", want 101 to 118 and a name", value.substr(0, 100)));
  }
  return OwnScheme{static_cast<Scheme>(number), std::string(value.substr(space + 1))};
}

/// A key of a later format: readers that do not know it go on judging the formats they know.
Result<std::string> ParseOtherKey(std::string_view algorithm, std::string_view key) {
  const auto among = [](std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
  };
  if (algorithm.empty() || algorithm.size() > kAlgorithmNameMax ||
      !among(algorithm, "abcdefghijklmnopqrstuvwxyz0123456789-")) {
    return Invalid("KEY_LINE", fmt::format("algorithm \"{}\", want 1 to {} of a-z, 0-9 and -",
                                           algorithm.substr(0, 40), kAlgorithmNameMax));
  }
  if (key.empty() || key.size() % 2 != 0 || key.size() > kOtherKeyDigitsMax ||
      !among(key, "0123456789abcdef")) {
    return Invalid("KEY_LINE", fmt::format("key \"{}\", want 1 to {} bytes in lower-case hex",
                                           key.substr(0, 40), kOtherKeyDigitsMax / 2));
  }
  return fmt::format("{} {}", algorithm, key);
}

Result<CodeKey> ParseCodeKey(std::string_view value) {
  const auto words = NoteWords(value, 7);
  if (words.size() != 7 || (words[6] != "valid" && words[6] != "revoked")) {
    return Invalid("KEY_LINE",
                   "want origin, key id, algorithm, key, first day, last day, valid or revoked");
  }
  CodeKey key;
  key.origin = words[0];
  YIMA_ASSIGN_OR_RETURN(const uint64_t key_id, ParseNoteNumber(words[1], UINT16_MAX));
  key.key_id = static_cast<uint16_t>(key_id);
  key.algorithm = ParseAlgorithm(words[2]).value_or(Algorithm::kOther);
  if (key.algorithm == Algorithm::kOther) {
    YIMA_ASSIGN_OR_RETURN(key.other, ParseOtherKey(words[2], words[3]));
  } else {
    YIMA_ASSIGN_OR_RETURN(key.public_key, ParseNoteKey(words[3]));
  }
  YIMA_ASSIGN_OR_RETURN(key.first_day, ParseDay(words[4]));
  YIMA_ASSIGN_OR_RETURN(key.last_day, ParseDay(words[5]));
  if (key.last_day < key.first_day) return Invalid("KEY_LINE", "the last day is before the first");
  key.revoked = words[6] == "revoked";
  return key;
}

std::vector<PublicKey> TakeKeys(LineReader& lines, std::string_view name) {
  std::vector<PublicKey> keys;
  while (const auto value = lines.Take(name)) keys.push_back(lines.Keep(ParseNoteKey(*value)));
  return keys;
}

/// No origin, scheme or (origin, key id) stands twice, and keys name origins of the bundle.
void CheckReferences(const TrustBundle& bundle, LineReader& lines) {
  std::set<std::string_view> origins;
  for (const auto& origin : bundle.origins) {
    if (!origins.insert(origin.origin).second) {
      lines.RefuseTaken(fmt::format("origin {} stands twice", origin.origin));
    }
  }
  std::set<Scheme> schemes;
  for (const auto& scheme : bundle.schemes) {
    if (!schemes.insert(scheme.scheme).second) {
      lines.RefuseTaken(fmt::format("scheme {} stands twice", scheme.scheme));
    }
  }
  std::set<std::pair<std::string_view, uint16_t>> keys;
  for (const auto& key : bundle.keys) {
    if (!origins.contains(key.origin)) {
      lines.RefuseTaken(fmt::format("key {} names an origin that is not here", key.key_id));
    }
    if (!keys.emplace(key.origin, key.key_id).second) {
      lines.RefuseTaken(fmt::format("key {} of {} stands twice", key.key_id, key.origin));
    }
  }
}

/// Each number is the distance from the one before, the first from 0. Every line but the last of
/// a name is full, so that a list has one text.
std::vector<Serial> TakeSerials(LineReader& lines, std::string_view name) {
  std::vector<Serial> serials;
  uint64_t last = 0;
  while (auto value = lines.Take(name)) {
    if (serials.size() % kSerialsPerLine != 0) {
      lines.RefuseTaken(
          fmt::format("the line before holds fewer than {} serials, and is not the "
                      "last of its name",
                      kSerialsPerLine));
      return serials;
    }
    const size_t full = serials.size() + kSerialsPerLine;
    if (value->ends_with(' ')) lines.RefuseTaken("the line ends in a space");
    while (!value->empty()) {
      const uint64_t delta = lines.Keep(ParseNoteNumber(NextNoteWord(*value), Serial::kMax));
      if (delta == 0 || last + delta > Serial::kMax || serials.size() == full) {
        lines.RefuseTaken(fmt::format("serials do not rise, leave their range, or are more than {}",
                                      kSerialsPerLine));
        return serials;
      }
      last += delta;
      serials.push_back(*Serial::FromInteger(last));
    }
  }
  return serials;
}

/// A serial has one state. `taken` stands before `serials` in the list.
void CheckApart(const std::vector<Serial>& taken, const std::vector<Serial>& serials,
                LineReader& lines) {
  auto at = taken.begin();
  for (const auto serial : serials) {
    while (at != taken.end() && *at < serial) ++at;
    if (at == taken.end() || *at != serial) continue;
    return lines.RefuseTaken(fmt::format("serial {} has two states", serial.ToString()));
  }
}

std::string SerialLines(std::string_view name, const std::vector<Serial>& serials) {
  std::string text;
  uint64_t last = 0;
  for (size_t i = 0; i < serials.size(); ++i) {
    if (i % kSerialsPerLine == 0) {
      if (i > 0) text.push_back('\n');
      text.append(name);
    }
    text.append(fmt::format(" {}", serials[i].value() - last));
    last = serials[i].value();
  }
  if (!serials.empty()) text.push_back('\n');
  return text;
}

}  // namespace

std::string CodeKey::PublicKeyHex() const {
  return algorithm == Algorithm::kOther ? other.substr(other.find(' ') + 1) : ToHex(public_key);
}

std::string TrustBundle::ToText() const {
  std::string text =
      fmt::format("registry {}\nepoch {}\nsequence {}\nissued {}\nexpires {}\n", registry, epoch,
                  sequence, FormatTime(issued), FormatTime(expires));
  const auto append_keys = [&](std::string_view name, const std::vector<PublicKey>& list) {
    for (const auto& key : list) text.append(fmt::format("{} {}\n", name, ToHex(key)));
  };
  append_keys("root", roots);
  for (const auto& origin : origins) {
    text.append(fmt::format("origin {} {}{}\n", origin.origin,
                            kStatusNames[static_cast<size_t>(origin.status)],
                            origin.test ? " test" : ""));
  }
  for (const auto& scheme : schemes) {
    text.append(fmt::format("scheme {} {}\n", scheme.scheme, scheme.name));
  }
  for (const auto& key : keys) {
    const std::string how =
        key.algorithm == Algorithm::kOther
            ? key.other
            : fmt::format("{} {}", AlgorithmName(key.algorithm), ToHex(key.public_key));
    text.append(fmt::format("key {} {} {} {} {} {}\n", key.origin, key.key_id, how,
                            FormatDay(key.first_day), FormatDay(key.last_day),
                            key.revoked ? "revoked" : "valid"));
  }
  append_keys("status", status_keys);
  append_keys("log", log_keys);
  for (const auto& witness : witnesses) text.append(fmt::format("witness {}\n", witness));
  if (quorum) text.append(fmt::format("quorum {}\n", *quorum));
  append_keys("certificate", certificate_keys);
  return text;
}

Result<TrustBundle> TrustBundle::ParseText(std::string_view text) {
  LineReader lines(text, "TRUST_BUNDLE_MALFORMED");
  TrustBundle bundle;
  bundle.registry = lines.Keep(ParseRegistryId(lines.Require("registry")));
  bundle.epoch = lines.Keep(ParseNoteEpoch(lines.Require("epoch")));
  bundle.sequence = lines.Keep(ParseNoteNumber(lines.Require("sequence"), INT64_MAX));
  bundle.issued = lines.Keep(ParseTime(lines.Require("issued")));
  bundle.expires = lines.Keep(ParseTime(lines.Require("expires")));
  bundle.roots.push_back(lines.Keep(ParseNoteKey(lines.Require("root"))));
  std::ranges::move(TakeKeys(lines, "root"), std::back_inserter(bundle.roots));
  bundle.origins.push_back(lines.Keep(ParseOrigin(lines.Require("origin"))));
  while (const auto value = lines.Take("origin")) {
    bundle.origins.push_back(lines.Keep(ParseOrigin(*value)));
  }
  while (const auto value = lines.Take("scheme")) {
    bundle.schemes.push_back(lines.Keep(ParseScheme(*value)));
  }
  bundle.keys.push_back(lines.Keep(ParseCodeKey(lines.Require("key"))));
  while (const auto value = lines.Take("key")) {
    bundle.keys.push_back(lines.Keep(ParseCodeKey(*value)));
  }
  CheckReferences(bundle, lines);
  bundle.status_keys.push_back(lines.Keep(ParseNoteKey(lines.Require("status"))));
  std::ranges::move(TakeKeys(lines, "status"), std::back_inserter(bundle.status_keys));
  bundle.log_keys = TakeKeys(lines, "log");
  while (const auto value = lines.Take("witness")) bundle.witnesses.emplace_back(*value);
  if (const auto value = lines.Take("quorum")) {
    bundle.quorum = static_cast<uint32_t>(lines.Keep(ParseNoteNumber(*value, UINT32_MAX)));
  }
  bundle.certificate_keys = TakeKeys(lines, "certificate");
  YIMA_RETURN_IF_ERROR(lines.Finish());
  return bundle;
}

std::string RevocationList::ToText() const {
  return fmt::format("registry {}\nepoch {}\nsequence {}\nissued {}\nnext_update {}\n", registry,
                     epoch, sequence, FormatTime(issued), FormatTime(next_update)) +
         SerialLines("suspended", suspended) + SerialLines("revoked", revoked) +
         SerialLines("replaced", replaced);
}

Result<RevocationList> RevocationList::ParseText(std::string_view text) {
  LineReader lines(text, "REVOCATION_LIST_MALFORMED");
  RevocationList list;
  list.registry = lines.Keep(ParseRegistryId(lines.Require("registry")));
  list.epoch = lines.Keep(ParseNoteEpoch(lines.Require("epoch")));
  list.sequence = lines.Keep(ParseNoteNumber(lines.Require("sequence"), INT64_MAX));
  list.issued = lines.Keep(ParseTime(lines.Require("issued")));
  list.next_update = lines.Keep(ParseTime(lines.Require("next_update")));
  list.suspended = TakeSerials(lines, "suspended");
  list.revoked = TakeSerials(lines, "revoked");
  CheckApart(list.suspended, list.revoked, lines);
  list.replaced = TakeSerials(lines, "replaced");
  CheckApart(list.suspended, list.replaced, lines);
  CheckApart(list.revoked, list.replaced, lines);
  YIMA_RETURN_IF_ERROR(lines.Finish());
  return list;
}

}  // namespace yima
