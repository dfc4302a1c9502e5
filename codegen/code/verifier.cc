#include "codegen/code/verifier.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace yima {
namespace {

struct ListedSerial {
  uint64_t serial = 0;
  CodeState state = CodeState::kNotListed;
};

/// What is known of one origin: keys of format 1 only, since a key belongs to one format.
struct OriginTable {
  std::string origin;
  bool lost = false;
  TimeUs bundle_issued = 0;
  size_t registry = 0;        ///< Index of its list.
  std::vector<CodeKey> keys;  ///< By rising key_id.
};

struct ListTable {
  bool held = false;
  std::vector<ListedSerial> serials;  ///< By rising serial.
};

char Fold(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// The text begins with the origin, in either case.
bool BeginsWith(std::string_view text, std::string_view origin) {
  return text.size() >= origin.size() && std::equal(origin.begin(), origin.end(), text.begin(),
                                                    [](char o, char t) { return o == Fold(t); });
}

ListTable MakeList(const TrustStore& store) {
  ListTable table;
  if (!store.list()) return table;
  table.held = true;
  const auto add = [&](const std::vector<Serial>& serials, CodeState state) {
    for (const auto serial : serials) table.serials.push_back({serial.value(), state});
  };
  add(store.list()->revoked, CodeState::kRevoked);
  add(store.list()->replaced, CodeState::kReplaced);
  add(store.list()->suspended, CodeState::kSuspended);
  std::ranges::sort(table.serials, {}, &ListedSerial::serial);
  return table;
}

CodeState StateOf(const ListTable& list, uint64_t serial) {
  if (!list.held) return CodeState::kNoList;
  const auto found = std::ranges::lower_bound(list.serials, serial, {}, &ListedSerial::serial);
  if (found == list.serials.end() || found->serial != serial) return CodeState::kNotListed;
  return found->state;
}

/// The signed message is at most 13 + 64 + 1 + 19 bytes: no need to allocate.
bool IsSigned(const CodeKey& key, const CodeBytes& code) {
  constexpr std::string_view kContext("yima-code-v1\0", 13);
  std::array<uint8_t, 128> message;
  uint8_t* end = std::copy(kContext.begin(), kContext.end(), message.data());
  end = std::copy(key.origin.begin(), key.origin.end(), end);
  *end++ = 0;
  end = std::copy_n(code.begin(), kPayloadSize, end);
  Signature signature;
  std::copy_n(code.begin() + kPayloadSize, signature.size(), signature.begin());
  return VerifySignature(key.algorithm, key.public_key,
                         {message.data(), static_cast<size_t>(end - message.data())}, signature);
}

}  // namespace

struct Verifier::Tables {
  std::vector<OriginTable> origins;
  std::vector<ListTable> lists;

  void Add(const TrustStore& store) {
    if (!store.bundle()) return;
    for (const auto& origin : store.bundle()->origins) {
      OriginTable table{origin.origin,
                        origin.status == OriginStatus::kLost,
                        store.bundle()->issued,
                        lists.size(),
                        {}};
      std::ranges::copy_if(
          store.bundle()->keys, std::back_inserter(table.keys), [&](const CodeKey& key) {
            return key.origin == origin.origin && key.algorithm == Algorithm::kEd25519;
          });
      std::ranges::sort(table.keys, {}, &CodeKey::key_id);
      origins.push_back(std::move(table));
    }
    lists.push_back(MakeList(store));
  }

  const OriginTable* Find(std::string_view origin) const {
    const auto found = std::ranges::find_if(origins, [&](const OriginTable& table) {
      return table.origin.size() == origin.size() && BeginsWith(origin, table.origin);
    });
    return found == origins.end() ? nullptr : &*found;
  }

  bool BeginsWithAny(std::string_view text) const {
    return std::ranges::any_of(
        origins, [&](const OriginTable& table) { return BeginsWith(text, table.origin); });
  }
};

Verifier::Verifier(const std::vector<TrustStore>& stores) {
  auto tables = std::make_unique<Tables>();
  for (const auto& store : stores) tables->Add(store);
  tables_ = std::move(tables);
}

Verifier::Verifier(const TrustStore& store) {
  auto tables = std::make_unique<Tables>();
  tables->Add(store);
  tables_ = std::move(tables);
}

Verifier::~Verifier() = default;
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;

Judgement Verifier::Judge(std::string_view text) const {
  Judgement judgement;
  const auto verdict = [&](Verdict reached) {
    judgement.verdict = reached;
    return judgement;
  };

  const auto parts = SplitCodeText(text);
  if (!parts) {
    judgement.foreign = !tables_->BeginsWithAny(text);
    return verdict(Verdict::kMalformed);
  }
  const OriginTable* origin = tables_->Find(parts->origin);
  if (origin != nullptr) judgement.origin_lost = origin->lost;
  if (parts->digits[0] != '1') {
    return verdict(origin != nullptr ? Verdict::kUnsupported : Verdict::kUnknownIssuer);
  }

  const auto code = DecodeBody(parts->digits);
  if (!code) return verdict(Verdict::kMalformed);
  const Payload payload = DecodePayload(std::span(*code).first<kPayloadSize>());
  judgement.payload = payload;
  if (payload.scheme == kSchemeBlank && payload.facility_code != 0) {
    return verdict(Verdict::kMalformed);
  }
  if (origin == nullptr) return verdict(Verdict::kUnknownIssuer);

  const auto key = std::ranges::lower_bound(origin->keys, payload.key_id, {}, &CodeKey::key_id);
  if (key == origin->keys.end() || key->key_id != payload.key_id ||
      payload.issue_day < key->first_day || payload.issue_day > key->last_day) {
    const auto bundle_day = DayOf(origin->bundle_issued);
    judgement.refresh_trust = bundle_day && payload.issue_day > *bundle_day;
    return verdict(Verdict::kUnknownKey);
  }
  if (!IsSigned(*key, *code)) return verdict(Verdict::kForged);
  if (key->revoked) return verdict(Verdict::kKeyRevoked);

  if (!SchemeWidth(payload.scheme)) return verdict(Verdict::kUnsupported);
  if (payload.scheme != kSchemeBlank &&
      !FacilityCode::FromInteger(payload.scheme, payload.facility_code)) {
    return verdict(Verdict::kMalformed);
  }
  judgement.state = StateOf(tables_->lists[origin->registry], payload.serial.value());
  return verdict(Verdict::kAuthentic);
}

std::string_view VerdictName(Verdict verdict) {
  constexpr std::string_view kNames[] = {"AUTHENTIC",   "FORGED",      "UNKNOWN_ISSUER",
                                         "UNKNOWN_KEY", "KEY_REVOKED", "UNSUPPORTED",
                                         "MALFORMED"};
  const size_t at = static_cast<size_t>(verdict) - 1;
  return at < std::size(kNames) ? kNames[at] : std::string_view();
}

std::string_view CodeStateName(CodeState state) {
  constexpr std::string_view kNames[] = {"",           "ACTIVE",     "BLANK",
                                         "SUSPENDED",  "REVOKED",    "REPLACED",
                                         "NOT_ISSUED", "NOT_LISTED", "NO_LIST"};
  const auto at = static_cast<size_t>(state);
  return at < std::size(kNames) ? kNames[at] : std::string_view();
}

}  // namespace yima
