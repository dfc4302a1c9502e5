#ifndef YIMA_CLIENT_CERTIFICATE_CERTIFICATE_H_
#define YIMA_CLIENT_CERTIFICATE_CERTIFICATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/certificate_note.h"
#include "codegen/code/checkpoint.h"
#include "codegen/code/result.h"
#include "codegen/code/trust.h"
#include "yima/v1/claim.pb.h"
#include "yima/v1/code.pb.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/notice.pb.h"
#include "yima/v1/order.pb.h"
#include "yima/v1/organization.pb.h"
#include "yima/v1/rights_rules.pb.h"

namespace yima {

/// What a certificate 确权证书 says: a facility's record with all that its rights rest on, as the
/// log had them when it was `note.tree_size` entries long.
struct Certificate {
  CertificateNote note;
  Checkpoint checkpoint;
  v1::Facility facility;
  CertifiedEntry facility_entry;  ///< Where the facility's record stands in the log.
  std::map<uint64_t, v1::Organization> organizations;
  std::map<uint64_t, v1::Claim> claims;
  std::map<uint64_t, v1::Notice> notices;
  std::map<uint64_t, v1::Order> orders;
  std::optional<v1::Code> code;  ///< Active; its signature is withheld.
  std::optional<v1::RightsRules> rules;
  /// The log went on as another epoch since, after a restore: of this one nothing new is signed.
  bool earlier_epoch = false;
};

constexpr size_t kCertificateSizeMax = size_t{1} << 20;

/// Judges a certificate, offline: that it is the one file of its contents, that a certificate key
/// of the bundle signed the note and a log key the checkpoint, that the log holds each entry, that
/// the entries are those that the note names and the rights rest on, all of the one facility. What
/// it cannot show: that the entries are the latest, which is the word of who signed. Thread-safe.
/// Errors: CERTIFICATE_MALFORMED, CERTIFICATE_NOT_CANONICAL, NOTE_MALFORMED,
/// CERTIFICATE_NOTE_MALFORMED, CHECKPOINT_MALFORMED (INVALID_ARGUMENT);
/// CERTIFICATE_OF_ANOTHER_REGISTRY, EPOCH_AHEAD, CHECKPOINT_OF_ANOTHER_LOG (FAILED_PRECONDITION);
/// CERTIFICATE_UNSIGNED, CHECKPOINT_UNSIGNED (PERMISSION_DENIED); CERTIFICATE_CHECKPOINT_OTHER,
/// CERTIFICATE_PROOF_WRONG, CERTIFICATE_ENTRY_CHANGED, CERTIFICATE_ENTRY_OTHER,
/// CERTIFICATE_ENTRY_MISSING, CERTIFICATE_ENTRY_UNNAMED (DATA_LOSS), which name the entry.
Result<Certificate> VerifyCertificate(std::string_view bytes, const TrustBundle& bundle);

/// The same by the trust that is kept of its registry. TRUST_MISSING when none is kept at all.
Result<Certificate> VerifyCertificate(std::string_view bytes,
                                      const std::vector<TrustStore>& stores);

/// What it says, without asking who signed it and whether the log holds it: for drawing the page of
/// one that a server has just given. Errors as above, of shape alone.
Result<Certificate> ReadCertificate(std::string_view bytes);

/// A facility's right, of the three kinds.
const v1::Right& RightOf(const v1::Facility& facility, v1::RightKind kind);

}  // namespace yima

#endif  // YIMA_CLIENT_CERTIFICATE_CERTIFICATE_H_
