#ifndef YIMA_SERVER_ACCESS_GATE_H_
#define YIMA_SERVER_ACCESS_GATE_H_

#include <array>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/access/audit_trail.h"
#include "server/access/rate_limit.h"
#include "server/access/roles.h"
#include "server/domain/domain.h"

namespace yima::server {

/// What a caller shows of itself, whatever transport brought it. Views that live as long as the
/// call to Admit.
struct Credentials {
  std::string_view authorization;  ///< "Bearer yima_…"; empty when there is none.
  std::string_view certificate;    ///< Common name of a verified client certificate; or empty.
  /// Gives the caller's address, without its port. Asked only when it matters.
  std::function<std::string()> address;
};

/// The one place where callers are let in: who they are, whether they may call this method, and how
/// often. What it refuses goes to the audit trail. Thread-safe; a known caller costs some hundred
/// nanoseconds and no read of the store.
class Gate {
 public:
  struct Options {
    double public_calls_a_second = 50;  ///< By address, of callers without a token; 0: no limit.
    double public_burst = 200;
  };

  Gate(const Domain& domain, AuditTrail& audit, const Options& options);

  /// Fills in who calls and where it may do this. UNAUTHENTICATED: TOKEN_MISSING, TOKEN_MALFORMED,
  /// TOKEN_UNKNOWN, TOKEN_EXPIRED, TOKEN_REVOKED, PRINCIPAL_DISABLED, CERTIFICATE_UNKNOWN;
  /// PERMISSION_DENIED: ROLE_MISSING; RESOURCE_EXHAUSTED: RATE_EXCEEDED with a delay.
  Result<void> Admit(std::string_view method, Roles roles, const Credentials& shown, Call& call);

  /// For the audit trail: what was refused to a caller that had been let in.
  void NoteIfRefused(const Call& call, const Error& error) { audit_.NoteIfRefused(call, error); }

  /// Grows with each change of a principal or a token.
  uint64_t changes() const { return domain_.access_changes->load(std::memory_order_acquire); }
  /// As Admit, for a call that was let in when `changes` was what it says, which is brought up to
  /// date; BOUNDS_CHANGED (ABORTED) when it would be let in within other bounds. For streams: cheap
  /// while nothing has changed.
  Result<void> AdmitStill(const Call& call, uint64_t& changes, std::string_view method, Roles roles,
                          const Credentials& shown);

 private:
  struct Caller;
  /// Of a refusal; 0 where nobody is known.
  struct Whose {
    uint64_t principal = 0;
    uint64_t token = 0;
  };
  using Proof = std::array<uint64_t, 2>;
  struct HashProof {
    size_t operator()(const Proof& proof) const { return proof[0]; }
  };

  /// `whose` gets who has proved to be the caller, also when it is refused.
  Result<std::shared_ptr<const Caller>> CallerOf(const Credentials& shown, Whose& whose);
  Result<std::shared_ptr<const Caller>> Verify(const Credentials& shown, Whose& whose) const;
  Result<uint64_t> PrincipalOfToken(const store::Snapshot& snapshot, std::string_view text,
                                    v1::Token& token) const;
  Result<std::shared_ptr<const Caller>> MakeCaller(const store::Snapshot& snapshot,
                                                   uint64_t principal,
                                                   const v1::Token& token) const;
  Proof ProofOf(const Credentials& shown) const;
  static Result<void> CheckRate(RateLimit& rate, const Credentials& shown);
  void NoteUse(const Caller& caller);
  tl::unexpected<Error> Refuse(std::string_view method, Whose whose, const Credentials& shown,
                               Error error);

  const Domain& domain_;
  AuditTrail& audit_;
  RateLimit public_rate_;
  RateLimit tries_;  ///< Of tokens that are none.
  std::array<uint8_t, 16> proof_key_;

  std::shared_mutex mutex_;
  std::unordered_map<Proof, std::shared_ptr<const Caller>, HashProof> known_;
  uint64_t known_at_ = 0;  ///< What access_changes said when known_ was begun.
};

}  // namespace yima::server

#endif  // YIMA_SERVER_ACCESS_GATE_H_
