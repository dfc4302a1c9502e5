#ifndef YIMA_SERVER_RESOLVER_TRUST_NOTES_H_
#define YIMA_SERVER_RESOLVER_TRUST_NOTES_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/trust.h"
#include "server/domain/domain.h"

namespace yima::server {

/// Makes and keeps what offline verifiers carry: the trust bundle, signed by the root keys, and the
/// revocation list, signed by the status key. A note is durable before anybody is given it, so that
/// sequences never fall back. Thread-safe; may wait for a commit; the domain must outlive it.
class TrustNotes {
 public:
  static constexpr uint64_t kBundleId = 1;  ///< Of the kNote record.
  static constexpr uint64_t kListId = 2;
  /// A bundle is renewed when half of it is over, or so long before its end by roots kept
  /// elsewhere.
  static constexpr TimeUs kWarnBefore = TimeUs{30} * 86'400 * 1'000'000;

  explicit TrustNotes(const Domain& domain) : domain_(domain) {}

  /// The bundle that the registry's record says, valid for a year; made anew when the record has
  /// changed or half of the year is over. While no root that readers hold is here, it stays as it
  /// was signed elsewhere. The store's errors; NOTE_MISSING.
  Result<std::string> Bundle();
  /// What the record says, as a bundle's text that is yet to be signed: for roots kept elsewhere.
  Result<std::string> Draft();
  /// Publishes a bundle that was signed elsewhere. BUNDLE_OUTDATED when the record says something
  /// else by now; what TrustStore refuses of a bundle that follows the one published.
  Result<void> Publish(std::string_view note);
  /// The serials that are suspended, revoked or replaced, to be renewed within a day; made anew
  /// when they have changed or half of the day is over. Never falls back to an older snapshot.
  Result<std::string> List(const store::Snapshot& snapshot);

 private:
  struct Note {
    bool loaded = false;
    uint64_t revision = 0;  ///< 0: none was ever made.
    std::string text;
  };
  Result<void> Load(Note& note, uint64_t id);
  Result<void> LoadList();
  Result<void> Keep(Note& note, uint64_t id, std::string text);
  /// The record's bundle; sequence and times are those published, 0 when none was.
  Result<TrustBundle> Wanted() const;
  /// Those that can sign a bundle which readers of the one published accept.
  std::vector<KeyRing::Key> Roots() const;
  /// The newest status key that is held and published.
  Result<KeyRing::Key> StatusKey() const;
  std::string Sign(std::string text, const std::vector<KeyRing::Key>& keys) const;

  const Domain& domain_;
  std::mutex mutex_;
  Note bundle_;
  Note list_;
  RevocationList listed_;       ///< What list_ says.
  KeyRing::Key list_signer_;    ///< Who signed it.
  uint64_t list_log_size_ = 0;  ///< Of the newest snapshot that the list was compared with.
};

/// The bundle that was handed out last; nothing before the first.
Result<std::optional<TrustBundle>> PublishedBundle(const store::Snapshot& snapshot);
/// Whether readers of the bundle know the origin; and that the key may sign for it on that day.
bool Publishes(const TrustBundle& bundle, const v1::RegistryOrigin& origin);
bool Publishes(const TrustBundle& bundle, const v1::RegistryKey& key, Day day);

/// What the registry's record says, as a bundle without sequence and times. REGISTRY_MALFORMED.
Result<TrustBundle> BundleOf(const v1::Registry& registry);

/// A trust that believes what the record says, under a root key made for this moment: for who
/// relies on the record itself. REGISTRY_MALFORMED.
Result<TrustStore> TrustIn(const v1::Registry& registry, TimeUs now = 0);

/// The codes that are suspended, revoked or replaced, lost ones too, as a list without the rest of
/// its header.
Result<RevocationList> ListOf(const store::Snapshot& snapshot);
/// Whether both name the same serials as suspended, revoked and replaced.
bool ListsTheSame(const RevocationList& a, const RevocationList& b);

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_TRUST_NOTES_H_
