#include "server/resolver/trust_notes.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "codegen/code/signed_note.h"
#include "server/domain/batch_items.h"
#include "server/resolver/lost_codes.h"

namespace yima::server {
namespace {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kBundleLife = 365 * 86'400 * kSecond;
constexpr TimeUs kListLife = 86'400 * kSecond;

/// Notes say whole seconds.
TimeUs WholeSeconds(TimeUs time) { return time - time % kSecond; }

uint64_t NextSequence(uint64_t last, TimeUs now) {
  return std::max(last + 1, static_cast<uint64_t>(std::max<TimeUs>(now / kSecond, 1)));
}

bool IsHalfOver(TimeUs begin, TimeUs end, TimeUs now) { return now >= begin + (end - begin) / 2; }

tl::unexpected<Error> Malformed(std::string_view what) {
  return Fail(StatusCode::kDataLoss, "REGISTRY_MALFORMED",
              fmt::format("the registry's record holds a malformed {}", what));
}

Result<std::vector<PublicKey>> PublicKeys(
    const google::protobuf::RepeatedPtrField<std::string>& stored) {
  std::vector<PublicKey> keys;
  for (const auto& bytes : stored) {
    if (bytes.size() != PublicKey{}.size()) return Malformed("public key");
    std::ranges::copy(bytes, keys.emplace_back().begin());
  }
  return keys;
}

Result<TrustedOrigin> OriginOf(const v1::RegistryOrigin& origin) {
  if (origin.state() < v1::ORIGIN_STATE_CURRENT || origin.state() > v1::ORIGIN_STATE_LOST) {
    return Malformed("origin state");
  }
  return TrustedOrigin{origin.origin(),
                       static_cast<OriginStatus>(origin.state() - v1::ORIGIN_STATE_CURRENT),
                       origin.test()};
}

Result<CodeKey> CodeKeyOf(const v1::RegistryKey& key) {
  const auto algorithm = ParseAlgorithm(key.algorithm());
  if (!algorithm || key.key_id() > UINT16_MAX || key.first_day() > UINT16_MAX ||
      key.last_day() > UINT16_MAX || key.public_key().size() != PublicKey{}.size()) {
    return Malformed("code key");
  }
  CodeKey made;
  made.origin = key.origin();
  made.key_id = static_cast<uint16_t>(key.key_id());
  made.algorithm = *algorithm;
  std::ranges::copy(key.public_key(), made.public_key.begin());
  made.first_day = static_cast<Day>(key.first_day());
  made.last_day = static_cast<Day>(key.last_day());
  made.revoked = key.revoked();
  return made;
}

Result<std::vector<Serial>> SerialsIn(const store::Snapshot& snapshot, v1::CodeState state) {
  std::vector<Serial> serials;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kCode, 0, {CodeStateTerm(state)},
                                     [&](uint64_t id, uint64_t, std::string_view) {
                                       if (const auto serial = Serial::FromInteger(id)) {
                                         serials.push_back(*serial);
                                       }
                                       return true;
                                     }));
  return serials;
}

Result<uint64_t> CodesIn(const store::Snapshot& snapshot, v1::CodeState state) {
  YIMA_ASSIGN_OR_RETURN(const int64_t n,
                        snapshot.Counter(fmt::format("codes/{}", static_cast<int>(state))));
  return static_cast<uint64_t>(n);
}

/// Whether the list certainly holds what the snapshot holds, told from counts alone. Revoked and
/// replaced codes stay so, hence equal numbers of them are equal sets; suspended ones may change
/// places.
Result<bool> IsSameByCounts(const RevocationList& list, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto suspended, CodesIn(snapshot, v1::CODE_STATE_SUSPENDED));
  YIMA_ASSIGN_OR_RETURN(const auto revoked, CodesIn(snapshot, v1::CODE_STATE_REVOKED));
  YIMA_ASSIGN_OR_RETURN(const auto replaced, CodesIn(snapshot, v1::CODE_STATE_REPLACED));
  RevocationList lost;
  YIMA_RETURN_IF_ERROR(AddLostCodes(snapshot, lost));
  return suspended == 0 && list.suspended.empty() &&
         list.revoked.size() == revoked + lost.revoked.size() &&
         list.replaced.size() == replaced + lost.replaced.size();
}

}  // namespace

Result<TrustBundle> BundleOf(const v1::Registry& registry) {
  if (registry.epoch() > UINT16_MAX) return Malformed("epoch");
  TrustBundle bundle;
  bundle.registry = registry.id();
  bundle.epoch = static_cast<uint16_t>(registry.epoch());
  for (const auto& origin : registry.origins()) {
    YIMA_ASSIGN_OR_RETURN(auto made, OriginOf(origin));
    bundle.origins.push_back(std::move(made));
  }
  std::set<uint32_t> key_ids;
  for (const auto& key : registry.code_keys()) {
    YIMA_ASSIGN_OR_RETURN(auto made, CodeKeyOf(key));
    // Even of two origins: the key files are named by it.
    if (!key_ids.insert(key.key_id()).second) return Malformed("second key of one key_id");
    bundle.keys.push_back(std::move(made));
  }
  YIMA_ASSIGN_OR_RETURN(bundle.roots, PublicKeys(registry.root_keys()));
  YIMA_ASSIGN_OR_RETURN(bundle.status_keys, PublicKeys(registry.status_keys()));
  YIMA_ASSIGN_OR_RETURN(bundle.log_keys, PublicKeys(registry.log_keys()));
  YIMA_ASSIGN_OR_RETURN(bundle.certificate_keys, PublicKeys(registry.certificate_keys()));
  return bundle;
}

Result<TrustStore> TrustIn(const v1::Registry& registry) {
  YIMA_ASSIGN_OR_RETURN(TrustBundle bundle, BundleOf(registry));
  const SigningKey root = SigningKey::Generate();
  bundle.roots = {root.public_key()};
  bundle.sequence = 1;
  SignedNote note{bundle.ToText(), {}};
  note.Sign("own", root);
  TrustStore trust(bundle.roots);
  YIMA_RETURN_IF_ERROR(trust.AcceptBundle(note.ToString()));
  return trust;
}

Result<RevocationList> ListOf(const store::Snapshot& snapshot) {
  RevocationList list;
  YIMA_ASSIGN_OR_RETURN(list.suspended, SerialsIn(snapshot, v1::CODE_STATE_SUSPENDED));
  YIMA_ASSIGN_OR_RETURN(list.revoked, SerialsIn(snapshot, v1::CODE_STATE_REVOKED));
  YIMA_ASSIGN_OR_RETURN(list.replaced, SerialsIn(snapshot, v1::CODE_STATE_REPLACED));
  YIMA_RETURN_IF_ERROR(AddLostCodes(snapshot, list));
  return list;
}

bool ListsTheSame(const RevocationList& a, const RevocationList& b) {
  return a.suspended == b.suspended && a.revoked == b.revoked && a.replaced == b.replaced;
}

Result<std::string> TrustNotes::Bundle() {
  const std::lock_guard lock(mutex_);
  YIMA_RETURN_IF_ERROR(Load(bundle_, kBundleId));
  YIMA_ASSIGN_OR_RETURN(const auto registry, Get<v1::Registry>(*domain_.store.Read(), kRegistryId));
  YIMA_ASSIGN_OR_RETURN(auto bundle, BundleOf(registry ? registry->record : domain_.registry));
  const TimeUs now = WholeSeconds(domain_.now());
  if (bundle_.revision != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto held, SignedNote::Parse(bundle_.text));
    YIMA_ASSIGN_OR_RETURN(const auto before, TrustBundle::ParseText(held.text));
    bundle.sequence = before.sequence;
    bundle.issued = before.issued;
    bundle.expires = before.expires;
    if (bundle.ToText() == held.text && !IsHalfOver(before.issued, before.expires, now) &&
        held.IsSignedBy(domain_.keys.root().public_key())) {
      return bundle_.text;
    }
  }
  bundle.sequence = NextSequence(bundle.sequence, now);
  bundle.issued = now;
  bundle.expires = now + kBundleLife;
  YIMA_RETURN_IF_ERROR(Keep(bundle_, kBundleId, Sign(bundle.ToText(), domain_.keys.root())));
  return bundle_.text;
}

Result<std::string> TrustNotes::List(const store::Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  YIMA_RETURN_IF_ERROR(LoadList());
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot.LogSize());
  const TimeUs now = WholeSeconds(domain_.now());
  const bool made = list_.revision != 0;
  // Who still reads from an older snapshot must not bring back a code that is revoked since.
  if (made && log_size < list_log_size_) return list_.text;
  const bool fresh = made && !IsHalfOver(listed_.issued, listed_.next_update, now);
  bool same = fresh && log_size == list_log_size_;
  if (fresh && !same) {
    YIMA_ASSIGN_OR_RETURN(same, IsSameByCounts(listed_, snapshot));
  }
  if (!same) {
    YIMA_ASSIGN_OR_RETURN(auto list, ListOf(snapshot));
    same = fresh && ListsTheSame(list, listed_);
    if (!same) {
      list.registry = domain_.registry.id();
      list.epoch = static_cast<uint16_t>(domain_.registry.epoch());
      list.sequence = NextSequence(listed_.sequence, now);
      list.issued = now;
      list.next_update = now + kListLife;
      YIMA_RETURN_IF_ERROR(Keep(list_, kListId, Sign(list.ToText(), domain_.keys.status())));
      listed_ = std::move(list);
    }
  }
  list_log_size_ = log_size;
  return list_.text;
}

Result<void> TrustNotes::LoadList() {
  if (list_.loaded) return {};
  YIMA_RETURN_IF_ERROR(Load(list_, kListId));
  if (list_.revision == 0) return {};
  // Until it is read whole, no other may be made: its sequence would be unknown.
  list_.loaded = false;
  YIMA_ASSIGN_OR_RETURN(const auto held, SignedNote::Parse(list_.text));
  YIMA_ASSIGN_OR_RETURN(listed_, RevocationList::ParseText(held.text));
  list_.loaded = true;
  // Of another status key than the one we have now, or of an epoch before a restore: to be made
  // anew, under a higher sequence.
  if (!held.IsSignedBy(domain_.keys.status().public_key()) ||
      listed_.epoch != domain_.registry.epoch()) {
    listed_.next_update = listed_.issued;
  }
  return {};
}

Result<void> TrustNotes::Load(Note& note, uint64_t id) {
  if (note.loaded) return {};
  YIMA_ASSIGN_OR_RETURN(auto stored, domain_.store.Read()->Get(store::Kind::kNote, id));
  if (stored) {
    note.revision = stored->revision;
    note.text = std::move(stored->bytes);
  }
  note.loaded = true;
  return {};
}

Result<void> TrustNotes::Keep(Note& note, uint64_t id, std::string text) {
  store::Change change;
  change.puts.push_back({store::Kind::kNote, id, note.revision, text, {}});
  const auto settled = Settled(store::ApplyAndWait(domain_.store, std::move(change)));
  if (!settled) {
    // Whoever moved it knows better; read again next time.
    note.loaded = false;
    return settled;
  }
  ++note.revision;
  note.text = std::move(text);
  return {};
}

std::string TrustNotes::Sign(std::string text, const SigningKey& key) const {
  SignedNote note{std::move(text), {}};
  note.Sign("yima-" + domain_.registry.id(), key);
  return note.ToString();
}

}  // namespace yima::server
