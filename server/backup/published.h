#ifndef YIMA_SERVER_BACKUP_PUBLISHED_H_
#define YIMA_SERVER_BACKUP_PUBLISHED_H_

#include <string>
#include <string_view>

#include "codegen/code/trust.h"
#include "server/store/store.h"
#include "yima/v1/registry.pb.h"

namespace yima::server {

/// As a record holds them; what is none is left out.
std::vector<PublicKey> KeysOf(const google::protobuf::RepeatedPtrField<std::string>& stored);

/// What verifiers may hold of a registry: the newest notes there are, whether kept in a backup or
/// published since.
class Published {
 public:
  /// What the store of a backup holds. REGISTRY_MALFORMED, whatever the store says.
  static Result<Published> KeptIn(const store::Snapshot& snapshot, const v1::Registry& registry);

  /// Takes the notes published last, by the rules of a verifier that holds what was kept; older
  /// ones than those are known already. The reasons of TrustStore, and NOTE_FOREIGN when they are
  /// of another registry; ROOT_SUPERSEDED when the bundle has given up every root of the backup, so
  /// that nothing signed with its keys would be believed.
  Result<void> Take(std::string_view bundle, std::string_view list);

  const TrustStore& trust() const { return trust_; }
  /// The highest epoch that any of them names; 0 without notes.
  uint32_t epoch() const { return epoch_; }
  /// The registry's record with all that was published: origins and keys that a backup does not
  /// know yet, keys closed or revoked since. A verifier would refuse a bundle without these.
  v1::Registry Merge(v1::Registry registry) const;

 private:
  explicit Published(const v1::Registry& registry);

  std::string registry_;
  std::vector<PublicKey> own_roots_;
  TrustStore trust_;
  uint32_t epoch_ = 0;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_PUBLISHED_H_
