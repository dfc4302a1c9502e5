#include <algorithm>

#include <fmt/format.h>

#include "codegen/code/signed_note.h"
#include "codegen/code/trust.h"

namespace yima {
namespace {

tl::unexpected<Error> Refuse(std::string reason, std::string message) {
  return Fail(StatusCode::kFailedPrecondition, std::move(reason), std::move(message));
}

/// The note holds this text, whoever signed it.
bool HoldsText(std::string_view note, std::string_view text) {
  return note.starts_with(text) && note.substr(text.size()).starts_with("\n\xE2\x80\x94 ");
}

/// True when the note is the one held already, so that there is nothing to do.
template <typename T>
Result<bool> CheckSequence(const T& held, std::string_view held_note, const T& offered,
                           std::string_view text) {
  if (offered.registry != held.registry) {
    return Refuse("REGISTRY_CHANGED", fmt::format("registry {} is not {}, which this trust is for",
                                                  offered.registry, held.registry));
  }
  if (offered.sequence < held.sequence) {
    return Refuse("SEQUENCE_LOWER", fmt::format("sequence {} is older than {}, which is held",
                                                offered.sequence, held.sequence));
  }
  if (offered.sequence > held.sequence) return false;
  if (HoldsText(held_note, text)) return true;
  return Refuse("SEQUENCE_CONFLICT",
                fmt::format("two different texts are signed under sequence {}: report this",
                            offered.sequence));
}

Result<void> CheckNothingLost(const TrustBundle& held, const TrustBundle& offered) {
  for (const auto& origin : held.origins) {
    if (std::ranges::find(offered.origins, origin.origin, &TrustedOrigin::origin) ==
        offered.origins.end()) {
      return Refuse("ORIGIN_DROPPED", fmt::format("origin {} is missing; origins are closed, never "
                                                  "removed",
                                                  origin.origin));
    }
  }
  for (const auto& key : held.keys) {
    const auto same = std::ranges::find_if(offered.keys, [&](const CodeKey& other) {
      return other.origin == key.origin && other.key_id == key.key_id;
    });
    if (same == offered.keys.end()) {
      return Refuse("KEY_DROPPED", fmt::format("key {} of {} is missing; keys are closed, never "
                                               "removed",
                                               key.key_id, key.origin));
    }
    if (same->public_key != key.public_key || same->algorithm != key.algorithm ||
        same->other != key.other) {
      return Refuse("KEY_CHANGED",
                    fmt::format("key {} of {} is another one now", key.key_id, key.origin));
    }
  }
  return {};
}

}  // namespace

Result<void> TrustStore::AcceptBundle(std::string_view note) {
  YIMA_ASSIGN_OR_RETURN(const auto signed_note, SignedNote::Parse(note));
  // The note that handed over to new roots may be signed by the old ones alone.
  if (bundle_ && HoldsText(bundle_note_, signed_note.text)) return {};
  if (std::ranges::none_of(roots_,
                           [&](const auto& root) { return signed_note.IsSignedBy(root); })) {
    return Refuse("ROOT_UNKNOWN", "no root key held has signed this trust bundle");
  }
  YIMA_ASSIGN_OR_RETURN(auto offered, TrustBundle::ParseText(signed_note.text));
  if (bundle_) {
    YIMA_ASSIGN_OR_RETURN(const bool same,
                          CheckSequence(*bundle_, bundle_note_, offered, signed_note.text));
    if (same) return {};
    YIMA_RETURN_IF_ERROR(CheckNothingLost(*bundle_, offered));
  }
  roots_ = offered.roots;
  bundle_ = std::move(offered);
  bundle_note_ = note;
  return {};
}

Result<void> TrustStore::AcceptList(std::string_view note) {
  if (!bundle_) return Refuse("NO_TRUST", "no trust bundle is held that could vouch for a list");
  YIMA_ASSIGN_OR_RETURN(const auto signed_note, SignedNote::Parse(note));
  if (std::ranges::none_of(bundle_->status_keys,
                           [&](const auto& key) { return signed_note.IsSignedBy(key); })) {
    return Refuse("STATUS_KEY_UNKNOWN", "no status key of the bundle has signed this list");
  }
  YIMA_ASSIGN_OR_RETURN(auto offered, RevocationList::ParseText(signed_note.text));
  if (offered.registry != bundle_->registry) {
    return Refuse("REGISTRY_CHANGED", fmt::format("the list is of registry {}, the bundle of {}",
                                                  offered.registry, bundle_->registry));
  }
  if (list_) {
    YIMA_ASSIGN_OR_RETURN(const bool same,
                          CheckSequence(*list_, list_note_, offered, signed_note.text));
    if (same) return {};
  }
  list_ = std::move(offered);
  list_note_ = note;
  return {};
}

Result<void> TrustStore::CheckDisjoint(const TrustStore& other) const {
  if (!bundle_ || !other.bundle_ || bundle_->registry == other.bundle_->registry) return {};
  for (const auto& origin : bundle_->origins) {
    if (std::ranges::find(other.bundle_->origins, origin.origin, &TrustedOrigin::origin) !=
        other.bundle_->origins.end()) {
      return Refuse("FOREIGN_ORIGIN",
                    fmt::format("origin {} belongs to registry {}, and {} claims it too",
                                origin.origin, other.bundle_->registry, bundle_->registry));
    }
  }
  return {};
}

}  // namespace yima
