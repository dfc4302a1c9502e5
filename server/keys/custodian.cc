#include "server/keys/custodian.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <sodium.h>

namespace yima::server {
namespace {

constexpr Day kCodeKeyDays = 365 * 5;
constexpr size_t kNameDigits = 16;
constexpr std::string_view kCodePrefix = "code-";

std::string HexOf(std::string_view bytes) {
  return ToHex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

tl::unexpected<Error> Refuse(std::string reason, std::string message) {
  return Fail(StatusCode::kFailedPrecondition, std::move(reason), std::move(message));
}

auto& KeysOf(v1::Registry& registry, KeyKind kind) {
  switch (kind) {
    case KeyKind::kRoot:
      return *registry.mutable_root_keys();
    case KeyKind::kStatus:
      return *registry.mutable_status_keys();
    case KeyKind::kLog:
      return *registry.mutable_log_keys();
    default:
      return *registry.mutable_certificate_keys();
  }
}

const std::vector<PublicKey>& PublishedOf(const TrustBundle& bundle, KeyKind kind) {
  switch (kind) {
    case KeyKind::kRoot:
      return bundle.roots;
    case KeyKind::kStatus:
      return bundle.status_keys;
    case KeyKind::kLog:
      return bundle.log_keys;
    default:
      return bundle.certificate_keys;
  }
}

bool Holds(const std::vector<PublicKey>& keys, const std::string& public_key) {
  return std::ranges::any_of(keys, [&](const auto& key) { return AsString(key) == public_key; });
}

std::string NameOf(KeyKind kind, std::string_view public_key) {
  return fmt::format("{}-{}", KindName(kind), HexOf(public_key).substr(0, kNameDigits));
}

std::string NameOf(const v1::RegistryKey& key) {
  return fmt::format("{}{}", kCodePrefix, key.key_id());
}

tl::unexpected<Error> KeyUnknown(std::string_view name) {
  return Fail(StatusCode::kNotFound, "KEY_UNKNOWN",
              fmt::format("no key is called \"{}\"", name.substr(0, 100)));
}

/// `code-2` or `2`; null when it names none.
v1::RegistryKey* FindCodeKey(v1::Registry& registry, std::string_view name) {
  if (name.starts_with(kCodePrefix)) name.remove_prefix(kCodePrefix.size());
  uint32_t key_id = 0;
  const auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), key_id);
  if (error != std::errc() || at != name.data() + name.size()) return nullptr;
  for (auto& key : *registry.mutable_code_keys()) {
    if (key.key_id() == key_id) return &key;
  }
  return nullptr;
}

Result<v1::RegistryOrigin*> FindOrigin(v1::Registry& registry, const std::string& text) {
  const auto parsed = Origin::Parse(text, true);
  for (auto& origin : *registry.mutable_origins()) {
    if (parsed && origin.origin() == parsed->ToString()) return &origin;
  }
  return Fail(StatusCode::kNotFound, "ORIGIN_UNKNOWN",
              fmt::format("\"{}\" is no origin of this registry", text.substr(0, 100)));
}

const v1::RegistryOrigin* Current(const v1::Registry& registry) {
  for (const auto& origin : registry.origins()) {
    if (origin.state() == v1::ORIGIN_STATE_CURRENT) return &origin;
  }
  return nullptr;
}

/// Whether another key, whose secret half is here, may go on signing for the origin from `day` on.
bool IsFollowed(const KeyRing& held, const v1::Registry& registry, const v1::RegistryKey& key,
                Day day, const TrustBundle* published) {
  return std::ranges::any_of(registry.code_keys(), [&](const v1::RegistryKey& other) {
    return other.key_id() != key.key_id() && other.origin() == key.origin() && !other.revoked() &&
           other.first_day() <= day + 1u && other.last_day() > day && published != nullptr &&
           held.code(static_cast<uint16_t>(other.key_id())) != nullptr &&
           Publishes(*published, other, std::max<Day>(day, static_cast<Day>(other.first_day())));
  });
}

Result<void> CheckNotCurrent(const v1::RegistryOrigin& origin) {
  if (origin.state() != v1::ORIGIN_STATE_CURRENT) return {};
  return Refuse(
      "ORIGIN_IS_CURRENT",
      fmt::format("new plates carry {}: make another origin current first", origin.origin()));
}

Result<void> CloseCodeKey(const KeyRing& held, v1::Registry& registry, v1::RegistryKey& key,
                          Day last, Day today, const TrustBundle* published) {
  if (key.revoked()) return Refuse("KEY_REVOKED", fmt::format("{} is revoked", NameOf(key)));
  if (last < today) {
    return Refuse("DAY_PAST", fmt::format("{} is before today, {}, and plates may have been signed "
                                          "since",
                                          FormatDay(last), FormatDay(today)));
  }
  if (last > key.last_day()) {
    return Refuse(
        "DAY_AFTER_LAST",
        fmt::format("{} is after {}, the last day of {}: closing makes it earlier", FormatDay(last),
                    FormatDay(static_cast<Day>(key.last_day())), NameOf(key)));
  }
  if (last < key.first_day()) {
    return Refuse("KEY_NOT_BEGUN",
                  fmt::format("{} may sign from {} on only: revoke it", NameOf(key),
                              FormatDay(static_cast<Day>(key.first_day()))));
  }
  const auto* current = Current(registry);
  if (current != nullptr && current->origin() == key.origin() &&
      !IsFollowed(held, registry, key, last, published)) {
    return Refuse("KEY_IS_LAST",
                  fmt::format("after {} no published key would sign for {}, which new plates carry",
                              NameOf(key), key.origin()));
  }
  key.set_last_day(last);
  return {};
}

}  // namespace

Result<Custodian::Overview> Custodian::List() const {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Registry>(*snapshot, kRegistryId));
  YIMA_ASSIGN_OR_RETURN(const auto published, PublishedBundle(*snapshot));
  YIMA_ASSIGN_OR_RETURN(const Day today, Today());
  Overview all;
  all.root_here = !keys_.All(KeyKind::kRoot).empty();
  v1::Registry registry = read ? read->record : *registry_;
  YIMA_ASSIGN_OR_RETURN(auto wanted, BundleOf(registry));
  if (published) {
    all.bundle_expires = published->expires;
    wanted.sequence = published->sequence;
    wanted.issued = published->issued;
    wanted.expires = published->expires;
  }
  all.bundle_behind = !published || wanted.ToText() != published->ToText();
  for (const auto& origin : registry.origins()) {
    all.origins.push_back(
        {origin.origin(), origin.state(), published && Publishes(*published, origin)});
  }
  std::string signs;
  if (const auto signer = Signer::For(domain_, today)) signs = fmt::to_string(signer->key_id());
  for (const auto& key : registry.code_keys()) {
    const auto first = static_cast<Day>(key.first_day());
    all.keys.push_back({NameOf(key), HexOf(key.public_key()), key.origin(), first,
                        static_cast<Day>(key.last_day()), key.revoked(),
                        published && std::ranges::any_of(published->keys,
                                                         [&](const CodeKey& known) {
                                                           return known.origin == key.origin() &&
                                                                  known.key_id == key.key_id();
                                                         }),
                        keys_.code(static_cast<uint16_t>(key.key_id())) != nullptr,
                        fmt::to_string(key.key_id()) == signs});
  }
  for (const auto kind : kKeyKinds) {
    for (const auto& key : KeysOf(registry, kind)) {
      KeyLine line;
      line.name = NameOf(kind, key);
      line.public_key = HexOf(key);
      line.published = published && Holds(PublishedOf(*published, kind), key);
      line.held = keys_.Find(kind, key) != nullptr;
      all.keys.push_back(std::move(line));
    }
  }
  return all;
}

Result<void> Custodian::Apply(std::string_view method, const Edit& edit) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Registry>(*domain_.store.Read(), kRegistryId));
  if (!read) return Fail(StatusCode::kDataLoss, "RECORD_MISSING", "the registry has no record");
  v1::Registry after = read->record;
  YIMA_RETURN_IF_ERROR(edit(after));
  if (after.SerializeAsString() != read->record.SerializeAsString()) {
    // What cannot become a bundle must not become the record either.
    YIMA_RETURN_IF_ERROR(TrustIn(after, domain_.now()));
    Call call;
    call.method = method;
    call.principal = "local";
    ChangeWriter writer(call, "");
    writer.Replace(kRegistryId, read->revision, read->record, after);
    const auto outcome = store::ApplyAndWait(domain_.store, writer.Take());
    YIMA_RETURN_IF_ERROR(Settled(outcome));
    registry_.Set(std::move(after));
  }
  return {};
}

Result<void> Custodian::Change(std::string_view method, const Edit& edit) {
  const std::lock_guard lock(mutex_);
  YIMA_RETURN_IF_ERROR(Apply(method, edit));
  YIMA_RETURN_IF_ERROR(notes_.Bundle());
  // Signed anew where its key is no longer in the bundle: the two are read together.
  YIMA_RETURN_IF_ERROR(notes_.List(*domain_.store.Read()));
  return {};
}

Result<void> Custodian::PutCodeKey(v1::Registry& registry, const std::string& origin, Day first,
                                   std::string& name) {
  uint32_t key_id = 0;
  for (const auto& key : registry.code_keys()) key_id = std::max(key_id, key.key_id());
  if (++key_id > UINT16_MAX) {
    return Fail(StatusCode::kResourceExhausted, "NUMBERS_USED_UP", "all 65,535 key ids are given");
  }
  const SecretSeed seed = SecretSeed::Generate();
  YIMA_RETURN_IF_ERROR(keys_.PutCode(static_cast<uint16_t>(key_id), seed));
  auto* key = registry.add_code_keys();
  key->set_origin(origin);
  key->set_key_id(key_id);
  key->set_algorithm(std::string(AlgorithmName(Algorithm::kEd25519)));
  key->set_public_key(AsString(SigningKey::FromSeed(seed.bytes()).public_key()));
  key->set_first_day(first);
  key->set_last_day(std::min<uint32_t>(first + uint32_t{kCodeKeyDays}, UINT16_MAX));
  name = NameOf(*key);
  return {};
}

Result<std::string> Custodian::AddCodeKey(const std::string& origin, std::optional<Day> first) {
  std::string name;
  const Edit edit = [&](v1::Registry& registry) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const Day today, Today());
    const auto* current = Current(registry);
    YIMA_ASSIGN_OR_RETURN(
        const auto* of,
        FindOrigin(registry, origin.empty() && current != nullptr ? current->origin() : origin));
    if (of->state() == v1::ORIGIN_STATE_LOST) {
      return Refuse("ORIGIN_IS_LOST", fmt::format("{} is lost for good", of->origin()));
    }
    const Day begin = first.value_or(static_cast<Day>(today + 1));
    if (begin < today) {
      return Refuse("DAY_PAST", fmt::format("{} is before today, {}: a new key signed nothing then",
                                            FormatDay(begin), FormatDay(today)));
    }
    return PutCodeKey(registry, of->origin(), begin, name);
  };
  YIMA_RETURN_IF_ERROR(Change("yimad/key-add", edit));
  return name;
}

Result<std::string> Custodian::AddKey(KeyKind kind) {
  const SecretSeed seed = SecretSeed::Generate();
  const std::string key = AsString(SigningKey::FromSeed(seed.bytes()).public_key());
  const Edit edit = [&](v1::Registry& registry) -> Result<void> {
    YIMA_RETURN_IF_ERROR(keys_.Put(kind, seed));
    *KeysOf(registry, kind).Add() = key;
    return {};
  };
  YIMA_RETURN_IF_ERROR(Change("yimad/key-add", edit));
  return NameOf(kind, key);
}

Result<void> Custodian::CloseKey(const std::string& name, std::optional<Day> last) {
  return Change("yimad/key-close", [&](v1::Registry& registry) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const auto published, PublishedBundle(*domain_.store.Read()));
    const TrustBundle* known = published ? &*published : nullptr;
    if (auto* key = FindCodeKey(registry, name)) {
      YIMA_ASSIGN_OR_RETURN(const Day today, Today());
      return CloseCodeKey(keys_, registry, *key, last.value_or(today), today, known);
    }
    for (const auto kind : kKeyKinds) {
      auto& keys = KeysOf(registry, kind);
      const auto found =
          std::ranges::find_if(keys, [&](const auto& key) { return NameOf(kind, key) == name; });
      if (found == keys.end()) continue;
      const bool followed = std::ranges::any_of(keys, [&](const std::string& other) {
        // A root may be kept elsewhere; the others sign here, or nothing does.
        const bool held = kind == KeyKind::kRoot || keys_.Find(kind, other) != nullptr;
        return other != *found && held && known != nullptr &&
               Holds(PublishedOf(*known, kind), other);
      });
      if (!followed) {
        return Refuse("KEY_IS_LAST",
                      fmt::format("no other {} key is published: readers would be left without",
                                  KindName(kind)));
      }
      keys.erase(found);
      return {};
    }
    return KeyUnknown(name);
  });
}

Result<void> Custodian::RevokeKey(const std::string& name) {
  return Change("yimad/key-revoke", [&](v1::Registry& registry) -> Result<void> {
    auto* key = FindCodeKey(registry, name);
    if (key == nullptr) return KeyUnknown(name);
    key->set_revoked(true);
    return {};
  });
}

Result<std::string> Custodian::AddOrigin(const Origin& origin) {
  std::string name;
  const Edit edit = [&](v1::Registry& registry) -> Result<void> {
    if (FindOrigin(registry, origin.ToString())) {
      return Fail(StatusCode::kAlreadyExists, "ORIGIN_EXISTS",
                  fmt::format("{} is an origin of this registry already", origin.ToString()));
    }
    auto* added = registry.add_origins();
    added->set_origin(origin.ToString());
    added->set_state(v1::ORIGIN_STATE_OLD);
    added->set_test(origin.IsTest());
    // It signs nothing before the origin is current, so it may begin at once.
    YIMA_ASSIGN_OR_RETURN(const Day today, Today());
    return PutCodeKey(registry, origin.ToString(), today, name);
  };
  YIMA_RETURN_IF_ERROR(Change("yimad/origin-add", edit));
  return name;
}

Result<void> Custodian::MakeCurrent(const std::string& text) {
  return Change("yimad/origin-current", [&](v1::Registry& registry) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(auto* origin, FindOrigin(registry, text));
    if (origin->state() == v1::ORIGIN_STATE_LOST) {
      return Refuse("ORIGIN_IS_LOST", fmt::format("{} is lost for good", origin->origin()));
    }
    for (auto& other : *registry.mutable_origins()) {
      if (other.state() == v1::ORIGIN_STATE_CURRENT) other.set_state(v1::ORIGIN_STATE_OLD);
    }
    origin->set_state(v1::ORIGIN_STATE_CURRENT);
    YIMA_ASSIGN_OR_RETURN(const Day today, Today());
    YIMA_RETURN_IF_ERROR(Signer::For(domain_, registry, today));
    return {};
  });
}

Result<void> Custodian::CloseOrigin(const std::string& text) {
  return Change("yimad/origin-close", [&](v1::Registry& registry) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const auto* origin, FindOrigin(registry, text));
    YIMA_RETURN_IF_ERROR(CheckNotCurrent(*origin));
    YIMA_ASSIGN_OR_RETURN(const Day today, Today());
    for (auto& key : *registry.mutable_code_keys()) {
      if (key.origin() != origin->origin() || key.last_day() <= today) continue;
      // One that has not begun has signed nothing; its one day is today.
      key.set_first_day(std::min<uint32_t>(key.first_day(), today));
      key.set_last_day(today);
    }
    return {};
  });
}

Result<void> Custodian::LoseOrigin(const std::string& text) {
  return Change("yimad/origin-lost", [&](v1::Registry& registry) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(auto* origin, FindOrigin(registry, text));
    YIMA_RETURN_IF_ERROR(CheckNotCurrent(*origin));
    origin->set_state(v1::ORIGIN_STATE_LOST);
    return {};
  });
}

Result<void> Custodian::PublishBundle(std::string_view note) {
  const std::lock_guard lock(mutex_);
  return notes_.Publish(note);
}

Result<std::shared_ptr<const SigningKey>> Custodian::OnlyRoot() const {
  const auto roots = keys_.All(KeyKind::kRoot);
  if (roots.empty()) return Refuse("ROOT_AWAY", "no root key is here");
  if (roots.size() == 1) return roots.front();
  return Refuse("ROOT_SEVERAL",
                fmt::format("{} root keys are here; close the old one, and remove its file once "
                            "all readers hold the new",
                            roots.size()));
}

Result<std::string> Custodian::SealRoot(std::string_view box_key_hex) const {
  YIMA_ASSIGN_OR_RETURN(const auto root, OnlyRoot());
  std::array<uint8_t, crypto_box_PUBLICKEYBYTES> box{};
  YIMA_RETURN_IF_ERROR(FromHex(box_key_hex, box));
  auto seed = root->ExportSecretSeed();
  std::array<uint8_t, seed.size() + crypto_box_SEALBYTES> sealed{};
  const int failed = crypto_box_seal(sealed.data(), seed.data(), seed.size(), box.data());
  sodium_memzero(seed.data(), seed.size());
  if (failed != 0) return Invalid("HEX_MALFORMED", "the box key is none");
  return ToHex(sealed);
}

Result<void> Custodian::SendRootAway(const std::string& public_key_hex) {
  const std::lock_guard lock(mutex_);
  // Asked again: another may have come since this one was sealed, and all are removed.
  YIMA_ASSIGN_OR_RETURN(const auto root, OnlyRoot());
  if (ToHex(root->public_key()) != public_key_hex) return KeyUnknown(public_key_hex);
  return keys_.SendRootsAway();
}

Result<std::string> Custodian::ImportKey(const SecretSeed& seed) {
  const std::lock_guard lock(mutex_);
  const std::string key = AsString(SigningKey::FromSeed(seed.bytes()).public_key());
  v1::Registry registry = *registry_;
  for (const auto& own : registry.code_keys()) {
    if (own.public_key() != key) continue;
    YIMA_RETURN_IF_ERROR(keys_.PutCode(static_cast<uint16_t>(own.key_id()), seed));
    return NameOf(own);
  }
  for (const auto kind : kKeyKinds) {
    const auto& keys = KeysOf(registry, kind);
    if (std::ranges::find(keys, key) == keys.end()) continue;
    // A second file of the same key would pass for a second key.
    if (keys_.Find(kind, key) == nullptr) YIMA_RETURN_IF_ERROR(keys_.Put(kind, seed));
    YIMA_RETURN_IF_ERROR(notes_.Bundle());
    return NameOf(kind, key);
  }
  return KeyUnknown(HexOf(key));
}

std::string Custodian::BoxKey() const {
  std::array<uint8_t, crypto_box_PUBLICKEYBYTES> box{};
  crypto_scalarmult_base(box.data(), box_.bytes().data());
  return ToHex(box);
}

Result<std::string> Custodian::ImportSealed(std::string_view sealed_hex) {
  std::array<uint8_t, 32 + crypto_box_SEALBYTES> sealed{};
  YIMA_RETURN_IF_ERROR(FromHex(sealed_hex, sealed));
  std::array<uint8_t, crypto_box_PUBLICKEYBYTES> box{};
  crypto_scalarmult_base(box.data(), box_.bytes().data());
  SecretSeed seed;
  if (crypto_box_seal_open(seed.bytes().data(), sealed.data(), sealed.size(), box.data(),
                           box_.bytes().data()) != 0) {
    return Invalid("KEY_FILE_DAMAGED", "the sealed key does not open");
  }
  return ImportKey(seed);
}

}  // namespace yima::server
