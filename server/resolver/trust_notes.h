#ifndef YIMA_SERVER_RESOLVER_TRUST_NOTES_H_
#define YIMA_SERVER_RESOLVER_TRUST_NOTES_H_

#include <cstdint>
#include <mutex>
#include <string>

#include "codegen/code/trust.h"
#include "server/domain/domain.h"

namespace yima::server {

/// Makes and keeps what offline verifiers carry: the trust bundle, signed by the root key, and the
/// revocation list, signed by the status key. A note is durable before anybody is given it, so that
/// sequences never fall back. Thread-safe; may wait for a commit; the domain must outlive it.
class TrustNotes {
 public:
  static constexpr uint64_t kBundleId = 1;  ///< Of the kNote record.
  static constexpr uint64_t kListId = 2;

  explicit TrustNotes(const Domain& domain) : domain_(domain) {}

  /// The bundle that the registry's record says, valid for a year; made anew when the record has
  /// changed or half of the year is over. The store's errors.
  Result<std::string> Bundle();
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
  std::string Sign(std::string text, const SigningKey& key) const;

  const Domain& domain_;
  std::mutex mutex_;
  Note bundle_;
  Note list_;
  RevocationList listed_;       ///< What list_ says.
  uint64_t list_log_size_ = 0;  ///< Of the newest snapshot that the list was compared with.
};

/// What the registry's record says, as a bundle without sequence and times. REGISTRY_MALFORMED.
Result<TrustBundle> BundleOf(const v1::Registry& registry);

/// A trust that believes what the record says, under a root key made for this moment: for who
/// relies on the record itself. REGISTRY_MALFORMED.
Result<TrustStore> TrustIn(const v1::Registry& registry);

/// The codes that are suspended, revoked or replaced, lost ones too, as a list without the rest of
/// its header.
Result<RevocationList> ListOf(const store::Snapshot& snapshot);
/// Whether both name the same serials as suspended, revoked and replaced.
bool ListsTheSame(const RevocationList& a, const RevocationList& b);

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_TRUST_NOTES_H_
