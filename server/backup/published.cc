#include "server/backup/published.h"

#include <algorithm>

#include <fmt/format.h>

#include "codegen/code/signed_note.h"
#include "server/resolver/trust_notes.h"

namespace yima::server {

std::vector<PublicKey> KeysOf(const google::protobuf::RepeatedPtrField<std::string>& stored) {
  std::vector<PublicKey> keys;
  for (const auto& bytes : stored) {
    if (bytes.size() != PublicKey{}.size()) continue;
    std::ranges::copy(bytes, keys.emplace_back().begin());
  }
  return keys;
}

namespace {

/// Adds the keys that are not there yet.
void Join(const std::vector<PublicKey>& published,
          google::protobuf::RepeatedPtrField<std::string>& stored) {
  for (const auto& key : published) {
    if (std::ranges::find(stored, AsString(key)) == stored.end()) *stored.Add() = AsString(key);
  }
}

/// What was known already is no reason to refuse: verifiers hold the newer one.
Result<void> UnlessOlder(Result<void> accepted) {
  if (accepted || accepted.error().reason == "SEQUENCE_LOWER") return {};
  return accepted;
}

Result<void> CheckIsOf(std::string_view note, const std::string& registry) {
  YIMA_ASSIGN_OR_RETURN(const auto parsed, SignedNote::Parse(note));
  if (parsed.text.find(fmt::format("registry {}\n", registry)) != std::string::npos) return {};
  return Fail(StatusCode::kFailedPrecondition, "NOTE_FOREIGN",
              fmt::format("it is not of registry {}, which the backup is of", registry));
}

Result<void> Named(Result<void> result, const char* option) {
  if (!result) result.error().field = option;
  return result;
}

}  // namespace

Published::Published(const v1::Registry& registry)
    : registry_(registry.id()), own_roots_(KeysOf(registry.root_keys())), trust_(own_roots_) {}

Result<Published> Published::KeptIn(const store::Snapshot& snapshot, const v1::Registry& registry) {
  Published published(registry);
  YIMA_ASSIGN_OR_RETURN(const auto bundle, snapshot.Get(store::Kind::kNote, TrustNotes::kBundleId));
  YIMA_ASSIGN_OR_RETURN(const auto list, snapshot.Get(store::Kind::kNote, TrustNotes::kListId));
  if (bundle) {
    YIMA_RETURN_IF_ERROR(published.trust_.AcceptBundle(bundle->bytes));
    published.epoch_ = published.trust_.bundle()->epoch;
  }
  if (bundle && list) {
    YIMA_RETURN_IF_ERROR(published.trust_.AcceptList(list->bytes));
    published.epoch_ = std::max<uint32_t>(published.epoch_, published.trust_.list()->epoch);
  }
  return published;
}

Result<void> Published::Take(std::string_view bundle, std::string_view list) {
  YIMA_RETURN_IF_ERROR(Named(CheckIsOf(bundle, registry_), "--bundle"));
  YIMA_RETURN_IF_ERROR(Named(CheckIsOf(list, registry_), "--list"));
  YIMA_RETURN_IF_ERROR(Named(UnlessOlder(trust_.AcceptBundle(bundle)), "--bundle"));
  YIMA_RETURN_IF_ERROR(Named(UnlessOlder(trust_.AcceptList(list)), "--list"));
  epoch_ = std::max<uint32_t>(epoch_, trust_.bundle()->epoch);
  epoch_ = std::max<uint32_t>(epoch_, trust_.list()->epoch);
  const auto held = [&](const PublicKey& root) {
    return std::ranges::find(trust_.roots(), root) != trust_.roots().end();
  };
  if (std::ranges::any_of(own_roots_, held)) return {};
  return Fail(StatusCode::kFailedPrecondition, "ROOT_SUPERSEDED",
              "the bundle names no root key that the backup has: verifiers would refuse all that "
              "is signed with these; restore a backup made after the root key was changed",
              "--bundle");
}

v1::Registry Published::Merge(v1::Registry registry) const {
  if (!trust_.bundle()) return registry;
  const TrustBundle& bundle = *trust_.bundle();
  for (const auto& published : bundle.origins) {
    auto found = std::ranges::find(*registry.mutable_origins(), published.origin,
                                   [](const auto& origin) { return origin.origin(); });
    auto& origin = found == registry.mutable_origins()->end() ? *registry.add_origins() : *found;
    origin.set_origin(published.origin);
    origin.set_state(static_cast<v1::OriginState>(static_cast<int>(published.status) +
                                                  v1::ORIGIN_STATE_CURRENT));
    origin.set_test(published.test);
  }
  for (const auto& published : bundle.keys) {
    auto found = std::ranges::find_if(*registry.mutable_code_keys(), [&](const auto& key) {
      return key.origin() == published.origin && key.key_id() == published.key_id;
    });
    auto& key = found == registry.mutable_code_keys()->end() ? *registry.add_code_keys() : *found;
    key.set_origin(published.origin);
    key.set_key_id(published.key_id);
    key.set_algorithm(std::string(AlgorithmName(published.algorithm)));
    key.set_public_key(AsString(published.public_key));
    key.set_first_day(published.first_day);
    key.set_last_day(published.last_day);
    key.set_revoked(published.revoked);
  }
  registry.clear_root_keys();
  Join(bundle.roots, *registry.mutable_root_keys());
  Join(bundle.status_keys, *registry.mutable_status_keys());
  Join(bundle.log_keys, *registry.mutable_log_keys());
  Join(bundle.certificate_keys, *registry.mutable_certificate_keys());
  return registry;
}

}  // namespace yima::server
