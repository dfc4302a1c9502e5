#ifndef YIMA_SERVER_ACCESS_TOKENS_H_
#define YIMA_SERVER_ACCESS_TOKENS_H_

#include <functional>
#include <string>
#include <vector>

#include "server/access/token_text.h"
#include "server/domain/domain.h"
#include "yima/v1/access_service.pb.h"

namespace yima::server {

/// Plans a token and hands its text to `made`, which is called once a round and never for a
/// request that was done before. ROLE_MISSING for another principal's without the role of an
/// administrator, PRINCIPAL_NOT_FOUND, LIFETIME_OUT_OF_RANGE, OVERLAP_OUT_OF_RANGE, TOKEN_NOT_FOUND
/// (the one replaced), TOKEN_BY_CERTIFICATE, TOKEN_FAMILY_DEEP.
Result<Planned> PlanCreateToken(const Domain& domain, const Call& call,
                                const v1::CreateTokenRequest& request,
                                const store::Snapshot& snapshot,
                                const std::function<void(std::string)>& made);
Result<v1::CreateTokenResponse> AnswerCreateToken(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

/// Those that it made are revoked with it, since each is looked at with its makers.
/// TOKEN_NOT_FOUND, ROLE_MISSING.
Result<Planned> PlanRevokeToken(const Domain& domain, const Call& call,
                                const v1::RevokeTokenRequest& request,
                                const store::Snapshot& snapshot);
Result<v1::RevokeTokenResponse> AnswerRevokeToken(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot);

/// When the token, or one of those that made it, was revoked; 0 while it holds.
Result<TimeUs> RevokedAt(const store::Snapshot& snapshot, const v1::Token& token);

/// But for administrators, and auditors without bounds: the caller's own.
Result<v1::ListTokensResponse> ListTokens(const Domain& domain, const Call& call,
                                          const v1::ListTokensRequest& request,
                                          const store::Snapshot& snapshot);

/// Makes a principal with all roles everywhere, and a token for it, when the registry has no
/// principal yet. `keep` takes the token's text before anything is stored: after a crash between
/// the two, the next start makes another. Waits for the store.
Result<void> MakeFirstAdministrator(const Domain& domain,
                                    const std::function<Result<void>(std::string_view)>& keep);

/// A new token for the first of the administrators, by its id, in place of those that this function
/// and MakeFirstAdministrator have made for it, which are revoked. The log tells who did it. `keep`
/// as above; waits for the store. Gives whose it is. ADMIN_MISSING when nobody is administrator.
Result<uint64_t> RenewAdminToken(const Domain& domain, const Call& call,
                                 const std::function<Result<void>(std::string_view)>& keep);

}  // namespace yima::server

#endif  // YIMA_SERVER_ACCESS_TOKENS_H_
