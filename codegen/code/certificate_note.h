#ifndef YIMA_CODEGEN_CODE_CERTIFICATE_NOTE_H_
#define YIMA_CODEGEN_CODE_CERTIFICATE_NOTE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/day.h"
#include "codegen/code/facility_code.h"
#include "codegen/code/result.h"
#include "codegen/code/tree.h"

namespace yima {

/// What a record of a certificate's entry is. Names are those of LogEntry's fields.
enum class CertifiedKind : uint8_t {
  kFacility,
  kCode,
  kOrganization,
  kClaim,
  kNotice,
  kOrder,
  kRightsRules,
};
/// `facility`, `rights_rules` …
std::string_view CertifiedKindName(CertifiedKind kind);

/// The latest entry of one record that the tree holds, says who signs.
struct CertifiedEntry {
  CertifiedKind kind = CertifiedKind::kFacility;
  uint64_t id = 0;
  uint64_t index = 0;
  uint64_t revision = 0;
  TreeHash leaf{};  ///< RFC 6962 hash of the entry.
  bool operator==(const CertifiedEntry&) const = default;
};

/// The text of a certificate's note: which entries of the log are the latest that a facility's
/// rights rest on, at one size of the log. An inclusion proof cannot show that an entry is the
/// latest; who signs this says it, and a false one is proof of fraud to anybody with the log.
struct CertificateNote {
  static constexpr size_t kEntriesMax = 256;

  std::string registry;  ///< 32 lower-case hex digits.
  uint16_t epoch = 1;    ///< Of the log.
  uint64_t facility = 0;
  std::optional<FacilityCode> code;  ///< In force.
  uint64_t tree_size = 0;
  TreeHash checkpoint{};  ///< SHA-256 of the checkpoint's note, whole.
  TimeUs issued = 0;      ///< By the registry's clock.
  /// By rising index; one of them is the facility's, and no record stands twice.
  std::vector<CertifiedEntry> entries;

  /// One `name value` a line, in the order of CERTIFICATE.md.
  std::string ToText() const;
  /// Exactly that form; CERTIFICATE_NOTE_MALFORMED with line number in `field`.
  static Result<CertificateNote> ParseText(std::string_view text);
};

/// SHA-256 of bytes, as `checkpoint` holds it.
TreeHash Sha256(std::string_view bytes);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_CERTIFICATE_NOTE_H_
