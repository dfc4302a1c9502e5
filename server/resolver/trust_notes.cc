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

Result<std::optional<TrustBundle>> PublishedBundle(const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kNote, TrustNotes::kBundleId));
  if (!stored) return std::nullopt;
  YIMA_ASSIGN_OR_RETURN(const auto note, SignedNote::Parse(stored->bytes));
  return TrustBundle::ParseText(note.text);
}

bool Publishes(const TrustBundle& bundle, const v1::RegistryOrigin& origin) {
  return std::ranges::find(bundle.origins, origin.origin(), &TrustedOrigin::origin) !=
         bundle.origins.end();
}

bool Publishes(const TrustBundle& bundle, const v1::RegistryKey& key, Day day) {
  return std::ranges::any_of(bundle.keys, [&](const CodeKey& known) {
    return known.origin == key.origin() && known.key_id == key.key_id() && !known.revoked &&
           AsString(known.public_key) == key.public_key() && known.first_day <= day &&
           day <= known.last_day;
  });
}

Result<TrustStore> TrustIn(const v1::Registry& registry, TimeUs now) {
  YIMA_ASSIGN_OR_RETURN(TrustBundle bundle, BundleOf(registry));
  // Who judges by the record need not hold a root: one made for this moment turns it into trust.
  const SigningKey root = SigningKey::Generate();
  bundle.roots = {root.public_key()};
  bundle.sequence = 1;
  bundle.issued = WholeSeconds(now);
  bundle.expires = bundle.issued + kBundleLife;
  SignedNote note{bundle.ToText(), {}};
  note.Sign("record", root);
  TrustStore trust(bundle.roots);
  YIMA_RETURN_IF_ERROR(trust.AcceptBundle(note.ToString()));
  return trust;
}

Result<TrustBundle> TrustNotes::Wanted() const {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto registry, Get<v1::Registry>(*snapshot, kRegistryId));
  YIMA_ASSIGN_OR_RETURN(auto bundle, BundleOf(registry ? registry->record : *domain_.registry));
  if (bundle_.revision == 0) return bundle;
  YIMA_ASSIGN_OR_RETURN(const auto held, SignedNote::Parse(bundle_.text));
  YIMA_ASSIGN_OR_RETURN(const auto before, TrustBundle::ParseText(held.text));
  bundle.sequence = before.sequence;
  bundle.issued = before.issued;
  bundle.expires = before.expires;
  return bundle;
}

std::vector<KeyRing::Key> TrustNotes::Roots() const {
  auto roots = domain_.keys.All(KeyKind::kRoot);
  const auto note = SignedNote::Parse(bundle_.text);
  const auto published = note ? TrustBundle::ParseText(note->text) : tl::unexpected(note.error());
  // Before the first bundle, whoever is given a root by hand holds one of these.
  if (!published) return roots;
  const bool known = std::ranges::any_of(roots, [&](const KeyRing::Key& root) {
    return std::ranges::find(published->roots, root->public_key()) != published->roots.end();
  });
  return known ? roots : std::vector<KeyRing::Key>();
}

Result<std::string> TrustNotes::Bundle() {
  const std::lock_guard lock(mutex_);
  YIMA_RETURN_IF_ERROR(Load(bundle_, kBundleId));
  YIMA_ASSIGN_OR_RETURN(auto bundle, Wanted());
  const TimeUs now = WholeSeconds(domain_.now());
  const auto roots = Roots();
  if (bundle_.revision != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto held, SignedNote::Parse(bundle_.text));
    const bool by_all = std::ranges::all_of(
        roots, [&](const KeyRing::Key& root) { return held.IsSignedBy(root->public_key()); });
    const bool fresh =
        bundle.ToText() == held.text && !IsHalfOver(bundle.issued, bundle.expires, now) && by_all;
    if (fresh || roots.empty()) return bundle_.text;
  }
  if (roots.empty()) {
    return Fail(StatusCode::kFailedPrecondition, "NOTE_MISSING",
                "no trust bundle was ever published, and no root key is here to sign one");
  }
  bundle.sequence = NextSequence(bundle.sequence, now);
  bundle.issued = now;
  bundle.expires = now + kBundleLife;
  // Also by roots that are closed: readers who hold no newer one are handed over by them.
  YIMA_RETURN_IF_ERROR(Keep(bundle_, kBundleId, Sign(bundle.ToText(), roots)));
  return bundle_.text;
}

Result<std::string> TrustNotes::Draft() {
  const std::lock_guard lock(mutex_);
  YIMA_RETURN_IF_ERROR(Load(bundle_, kBundleId));
  YIMA_ASSIGN_OR_RETURN(auto bundle, Wanted());
  const TimeUs now = WholeSeconds(domain_.now());
  bundle.sequence = NextSequence(bundle.sequence, now);
  bundle.issued = now;
  bundle.expires = now + kBundleLife;
  return bundle.ToText();
}

Result<void> TrustNotes::Publish(std::string_view note) {
  const std::lock_guard lock(mutex_);
  YIMA_RETURN_IF_ERROR(Load(bundle_, kBundleId));
  YIMA_ASSIGN_OR_RETURN(auto wanted, Wanted());
  // Who has followed so far holds these.
  std::vector<PublicKey> roots = wanted.roots;
  if (bundle_.revision != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto held, SignedNote::Parse(bundle_.text));
    YIMA_ASSIGN_OR_RETURN(const auto before, TrustBundle::ParseText(held.text));
    roots = before.roots;
  }
  TrustStore reader(roots);
  if (bundle_.revision != 0) {
    if (!reader.AcceptBundle(bundle_.text)) reader = TrustStore(roots);
  }
  YIMA_RETURN_IF_ERROR(reader.AcceptBundle(note));
  wanted.sequence = reader.bundle()->sequence;
  wanted.issued = reader.bundle()->issued;
  wanted.expires = reader.bundle()->expires;
  if (reader.bundle()->ToText() != wanted.ToText()) {
    return Fail(StatusCode::kFailedPrecondition, "BUNDLE_OUTDATED",
                "keys or origins were changed since this bundle was drafted");
  }
  if (reader.bundle_note() == bundle_.text) return {};
  return Keep(bundle_, kBundleId, std::string(note));
}

Result<KeyRing::Key> TrustNotes::StatusKey() const {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto published, PublishedBundle(*snapshot));
  KeyRing::Key newest;
  for (const auto& public_key : domain_.registry->status_keys()) {
    const auto key = domain_.keys.Find(KeyKind::kStatus, public_key);
    const bool known =
        !published || (key && std::ranges::find(published->status_keys, key->public_key()) !=
                                  published->status_keys.end());
    if (key && known) newest = key;
  }
  if (newest) return newest;
  return Fail(StatusCode::kFailedPrecondition, "KEY_NOT_PUBLISHED",
              "no status key of the published bundle is here to sign the revocation list");
}

Result<std::string> TrustNotes::List(const store::Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  YIMA_RETURN_IF_ERROR(LoadList());
  YIMA_ASSIGN_OR_RETURN(const uint64_t log_size, snapshot.LogSize());
  YIMA_ASSIGN_OR_RETURN(const auto key, StatusKey());
  const TimeUs now = WholeSeconds(domain_.now());
  const bool made = list_.revision != 0;
  // Who still reads from an older snapshot must not bring back a code that is revoked since.
  if (made && log_size < list_log_size_) return list_.text;
  const bool fresh =
      made && !IsHalfOver(listed_.issued, listed_.next_update, now) && list_signer_ == key;
  bool same = fresh && log_size == list_log_size_;
  if (fresh && !same) {
    YIMA_ASSIGN_OR_RETURN(same, IsSameByCounts(listed_, snapshot));
  }
  if (!same) {
    YIMA_ASSIGN_OR_RETURN(auto list, ListOf(snapshot));
    same = fresh && ListsTheSame(list, listed_);
    if (!same) {
      list.registry = domain_.registry->id();
      list.epoch = static_cast<uint16_t>(domain_.registry->epoch());
      list.sequence = NextSequence(listed_.sequence, now);
      list.issued = now;
      list.next_update = now + kListLife;
      YIMA_RETURN_IF_ERROR(Keep(list_, kListId, Sign(list.ToText(), {key})));
      list_signer_ = key;
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
  for (const auto& key : domain_.keys.All(KeyKind::kStatus)) {
    if (held.IsSignedBy(key->public_key())) list_signer_ = key;
  }
  // Of an epoch before a restore: to be made anew, under a higher sequence.
  if (listed_.epoch != domain_.registry->epoch()) listed_.next_update = listed_.issued;
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

std::string TrustNotes::Sign(std::string text, const std::vector<KeyRing::Key>& keys) const {
  SignedNote note{std::move(text), {}};
  for (const auto& key : keys) note.Sign("yima-" + domain_.registry->id(), *key);
  return note.ToString();
}

}  // namespace yima::server
