#ifndef YIMA_CODEGEN_CODE_VERIFIER_H_
#define YIMA_CODEGEN_CODE_VERIFIER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/code_text.h"
#include "codegen/code/trust.h"

namespace yima {

/// What verification says of a text. Values are those of yima.v1.Verdict.
enum class Verdict : uint8_t {
  kAuthentic = 1,
  kForged = 2,
  kUnknownIssuer = 3,
  kUnknownKey = 4,
  kKeyRevoked = 5,
  kUnsupported = 6,
  kMalformed = 7,
};

/// What has become of an authentic code. Values are those of yima.v1.CodeState.
enum class CodeState : uint8_t {
  kUnspecified = 0,  ///< The verdict is not AUTHENTIC: nothing can be said.
  kActive = 1,
  kBlank = 2,
  kSuspended = 3,
  kRevoked = 4,
  kReplaced = 5,
  kNotIssued = 6,
  kNotListed = 7,  ///< Offline: the list held does not name it.
  kNoList = 8,     ///< Offline: no list held.
};

/// `AUTHENTIC`, `FORGED`, … ; empty for a number that is none of them, as a newer server may send.
std::string_view VerdictName(Verdict verdict);
/// `ACTIVE`, … ; empty for kUnspecified and for numbers not known.
std::string_view CodeStateName(CodeState state);

struct Judgement {
  Verdict verdict = Verdict::kMalformed;
  /// Offline state; kUnspecified unless the verdict is AUTHENTIC.
  CodeState state = CodeState::kUnspecified;
  /// The payload's fields, when the text could be taken apart that far. Only those of AUTHENTIC
  /// texts are to be believed.
  std::optional<Payload> payload;
  /// The text has not the shape of a code and does not begin with an origin of a bundle either: it
  /// is none of ours.
  bool foreign = false;
  /// UNKNOWN_KEY for a day after the bundle was issued: fetching newer trust may answer better.
  bool refresh_trust = false;
  /// The origin's host is no longer the registry's: do not follow the link.
  bool origin_lost = false;
};

/// Judges code texts by one or more trust stores, in the order of FORMAT.md. Immutable after
/// construction, so thread-safe; the good path allocates nothing.
class Verifier {
 public:
  /// Copies what it needs. Stores without a bundle are passed over.
  explicit Verifier(const std::vector<TrustStore>& stores);
  explicit Verifier(const TrustStore& store);
  ~Verifier();
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;

  Judgement Judge(std::string_view text) const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_VERIFIER_H_
