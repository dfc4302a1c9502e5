#ifndef YIMA_SERVER_CHECK_CODE_PROOFS_H_
#define YIMA_SERVER_CHECK_CODE_PROOFS_H_

#include <string>
#include <utility>
#include <vector>

#include "codegen/code/verifier.h"
#include "server/check/findings.h"
#include "yima/v1/code.pb.h"
#include "yima/v1/registry.pb.h"

namespace yima::server {

/// Verifies stored codes as a reader of the plates would, some thousands at a time on all cores.
class CodeProofs {
 public:
  /// REGISTRY_MALFORMED, TRUST_BUNDLE_MALFORMED when the record cannot become a bundle.
  static Result<CodeProofs> ForKeysOf(const v1::Registry& registry);

  void Add(const v1::Code& code, Findings& findings);
  /// Verifies what waits.
  void Flush(Findings& findings);
  /// Codes of which the log's hash is left and no signature, as a registry made anew from its log
  /// has them.
  uint64_t erased() const { return erased_; }

 private:
  explicit CodeProofs(Verifier verifier) : verifier_(std::move(verifier)) {}

  struct Waiting {
    uint64_t serial = 0;
    std::string text;
    Verdict verdict = Verdict::kMalformed;
  };
  Verifier verifier_;
  std::vector<Waiting> waiting_;
  uint64_t erased_ = 0;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_CODE_PROOFS_H_
