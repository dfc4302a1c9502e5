#ifndef YIMA_CODEGEN_CODE_TRUST_H_
#define YIMA_CODEGEN_CODE_TRUST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/code/day.h"
#include "codegen/code/facility_code.h"
#include "codegen/code/origin.h"
#include "codegen/code/result.h"
#include "codegen/code/serial.h"
#include "codegen/code/signature.h"

namespace yima {

enum class OriginStatus : uint8_t {
  kCurrent,  ///< New plates carry it.
  kOld,      ///< Plates stand, none is issued any more.
  kLost,     ///< The host is no longer ours: codes still verify, readers warn against the link.
};

struct TrustedOrigin {
  std::string origin;  ///< Upper case, with the final '/'.
  OriginStatus status = OriginStatus::kCurrent;
  bool test = false;
  bool operator==(const TrustedOrigin&) const = default;
};

/// Signs codes of one origin and one format. Keys of formats that this build does not know are
/// kept, so that their change is noticed, and judge nothing.
struct CodeKey {
  std::string origin;
  uint16_t key_id = 0;
  Algorithm algorithm = Algorithm::kEd25519;
  PublicKey public_key{};  ///< Zeros when the algorithm is kOther.
  Day first_day = 0;
  Day last_day = 0;  ///< Inclusive.
  bool revoked = false;
  std::string other = {};  ///< Of kOther: algorithm and public key as the bundle writes them.

  /// The public key in lower-case hex, whatever its algorithm.
  std::string PublicKeyHex() const;
  bool operator==(const CodeKey&) const = default;
};

struct OwnScheme {
  Scheme scheme = 0;
  std::string name;  ///< For people; verdicts do not depend on it.
  bool operator==(const OwnScheme&) const = default;
};

/// Everything a verifier needs to judge codes of one registry, signed by a root key.
struct TrustBundle {
  std::string registry;  ///< 32 lower-case hex digits.
  uint16_t epoch = 1;
  uint64_t sequence = 0;
  TimeUs issued = 0;
  TimeUs expires = 0;
  std::vector<PublicKey> roots;
  std::vector<TrustedOrigin> origins;
  std::vector<OwnScheme> schemes;
  std::vector<CodeKey> keys;
  std::vector<PublicKey> status_keys;
  std::vector<PublicKey> log_keys;
  std::vector<std::string> witnesses;  ///< C2SP vkeys.
  std::optional<uint32_t> quorum;
  std::vector<PublicKey> certificate_keys;

  /// The text that is signed: one `name value` a line, in the order of FORMAT.md.
  std::string ToText() const;
  /// Exactly that form; TRUST_BUNDLE_MALFORMED with line number in `field`.
  static Result<TrustBundle> ParseText(std::string_view text);
};

/// Serials that are not to be trusted, signed by a status key. A serial stands once.
struct RevocationList {
  std::string registry;
  uint16_t epoch = 1;
  uint64_t sequence = 0;
  TimeUs issued = 0;
  TimeUs next_update = 0;
  std::vector<Serial> suspended;  ///< Each sorted, without repeats.
  std::vector<Serial> revoked;
  std::vector<Serial> replaced;

  std::string ToText() const;
  /// Exactly that form; REVOCATION_LIST_MALFORMED with line number in `field`.
  static Result<RevocationList> ParseText(std::string_view text);
};

/// What a verifier holds of one registry: the newest bundle and list it has accepted, and the
/// rules by which it accepts newer ones. A plain value; guard it yourself when shared.
class TrustStore {
 public:
  /// `roots`: the keys given by hand or build, never by the network.
  explicit TrustStore(std::vector<PublicKey> roots) : roots_(std::move(roots)) {}

  /// Takes a bundle note if a held root signed it and it contradicts nothing accepted before; its
  /// `root` lines then replace the roots held. The text held, again, changes nothing. Errors:
  /// NOTE_MALFORMED, TRUST_BUNDLE_MALFORMED, ROOT_UNKNOWN, SEQUENCE_LOWER, SEQUENCE_CONFLICT (equal
  /// sequence, other text: report it), KEY_CHANGED, KEY_DROPPED, ORIGIN_DROPPED, REGISTRY_CHANGED.
  Result<void> AcceptBundle(std::string_view note);
  /// Takes a list note signed by a status key of the held bundle. Errors: NOTE_MALFORMED,
  /// REVOCATION_LIST_MALFORMED, NO_TRUST, STATUS_KEY_UNKNOWN, SEQUENCE_LOWER, SEQUENCE_CONFLICT,
  /// REGISTRY_CHANGED.
  Result<void> AcceptList(std::string_view note);

  const std::optional<TrustBundle>& bundle() const { return bundle_; }
  const std::optional<RevocationList>& list() const { return list_; }
  const std::string& bundle_note() const { return bundle_note_; }
  const std::string& list_note() const { return list_note_; }
  const std::vector<PublicKey>& roots() const { return roots_; }

  /// FOREIGN_ORIGIN when an origin of `other` is claimed here too: two registries cannot share one.
  Result<void> CheckDisjoint(const TrustStore& other) const;

 private:
  std::vector<PublicKey> roots_;
  std::optional<TrustBundle> bundle_;
  std::optional<RevocationList> list_;
  std::string bundle_note_;
  std::string list_note_;
};

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_TRUST_H_
