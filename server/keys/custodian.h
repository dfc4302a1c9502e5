#ifndef YIMA_SERVER_KEYS_CUSTODIAN_H_
#define YIMA_SERVER_KEYS_CUSTODIAN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/origin.h"
#include "server/domain/domain.h"
#include "server/issuance/signer.h"
#include "server/resolver/trust_notes.h"

namespace yima::server {

/// Changes keys and origins, one change after the other, and refuses what would cost a plate its
/// worth. Each is first durable as a key file, then as the registry's record (logged), then as a
/// published bundle where the root is here: cut off anywhere, the folder opens and the same step
/// can be done again. Waits for commits; thread-safe; what it is given must outlive it.
class Custodian {
 public:
  Custodian(const Domain& domain, RegistryNow& registry, KeyRing& keys, TrustNotes& notes)
      : domain_(domain), registry_(registry), keys_(keys), notes_(notes) {}

  /// A key as people see it.
  struct KeyLine {
    std::string name;  ///< `code-2`, `status-0123456789abcdef`.
    std::string public_key;
    std::string origin;  ///< Of code keys.
    Day first_day = 0;
    Day last_day = 0;
    bool revoked = false;
    bool published = false;  ///< Stands in the bundle that readers are given.
    bool held = false;       ///< Its secret half is here.
    bool signs = false;      ///< Signs codes today.
  };
  struct OriginLine {
    std::string origin;
    v1::OriginState state = v1::ORIGIN_STATE_UNSPECIFIED;
    bool published = false;
  };
  struct Overview {
    std::vector<OriginLine> origins;
    std::vector<KeyLine> keys;
    TimeUs bundle_expires = 0;
    bool bundle_behind = false;  ///< The record says more than the bundle: one is to be signed.
    bool root_here = false;
  };
  Result<Overview> List() const;

  /// A new code key for an origin (empty: the current one) that may sign from `first` (by default
  /// tomorrow, so that readers can hold its bundle by then) for five years. ORIGIN_UNKNOWN,
  /// ORIGIN_IS_LOST, DAY_PAST, NUMBERS_USED_UP.
  Result<std::string> AddCodeKey(const std::string& origin, std::optional<Day> first);
  /// A new root, status, log or certificate key beside those there are. Gives its name.
  Result<std::string> AddKey(KeyKind kind);
  /// Ends a key in good order: a code key signs until its last day (by default today), others are
  /// dropped from the bundle. KEY_UNKNOWN, KEY_REVOKED, KEY_IS_LAST, DAY_PAST, DAY_AFTER_LAST,
  /// KEY_NOT_BEGUN.
  Result<void> CloseKey(const std::string& name, std::optional<Day> last);
  /// Whoever has stolen a code key can back-date: all that it ever signed is no longer believed.
  /// KEY_UNKNOWN.
  Result<void> RevokeKey(const std::string& name);

  /// Adds a host for plates to come, with a code key of its own; it is not current yet.
  /// ORIGIN_EXISTS.
  Result<std::string> AddOrigin(const Origin& origin);
  /// From now on new plates carry it. ORIGIN_UNKNOWN, ORIGIN_IS_LOST, ORIGIN_NOT_PUBLISHED,
  /// KEY_NOT_PUBLISHED, NO_VALID_KEY.
  Result<void> MakeCurrent(const std::string& origin);
  /// Its plates stand, its keys sign nothing after today. ORIGIN_IS_CURRENT.
  Result<void> CloseOrigin(const std::string& origin);
  /// The host is no longer ours: readers warn against its links. ORIGIN_IS_CURRENT.
  Result<void> LoseOrigin(const std::string& origin);

  /// For roots kept elsewhere: see TrustNotes.
  Result<std::string> DraftBundle() { return notes_.Draft(); }
  Result<void> PublishBundle(std::string_view note);
  /// The root's seed, sealed to a box key (libsodium's sealed box), in hex. ROOT_AWAY,
  /// ROOT_SEVERAL.
  Result<std::string> SealRoot(std::string_view box_key_hex) const;
  /// Removes the root from the folder; `public_key` in hex says which is kept elsewhere now.
  Result<void> SendRootAway(const std::string& public_key_hex);
  /// Puts back the secret half of a key that the record names. KEY_UNKNOWN.
  Result<std::string> ImportKey(const SecretSeed& seed);
  /// The same with a seed that was sealed to BoxKey(), both in hex.
  Result<std::string> ImportSealed(std::string_view sealed_hex);
  std::string BoxKey() const;

 private:
  /// The root, when just one is here. ROOT_AWAY, ROOT_SEVERAL.
  Result<std::shared_ptr<const SigningKey>> OnlyRoot() const;
  using Edit = std::function<Result<void>(v1::Registry&)>;
  /// Applies an edit to the record and publishes what it says, as far as the root is here.
  Result<void> Change(std::string_view method, const Edit& edit);
  Result<void> Apply(std::string_view method, const Edit& edit);
  Result<Day> Today() const { return DayOf(domain_.now()); }
  Result<void> PutCodeKey(v1::Registry& registry, const std::string& origin, Day first,
                          std::string& name);

  const Domain& domain_;
  RegistryNow& registry_;
  KeyRing& keys_;
  TrustNotes& notes_;
  std::mutex mutex_;
  SecretSeed box_ = SecretSeed::Generate();
};

}  // namespace yima::server

#endif  // YIMA_SERVER_KEYS_CUSTODIAN_H_
