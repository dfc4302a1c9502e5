#include "server/access/tokens.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/access/principals.h"
#include "server/access/roles.h"
#include "server/domain/batch_items.h"
#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

constexpr size_t kLabelMax = 64;
constexpr std::string_view kAdminLabel = "admin-token";
constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kLifetimeMin = 60;
constexpr int64_t kLifetimeMax = int64_t{10} * 365 * 86'400;
constexpr int64_t kLifetimeUsual = int64_t{90} * 86'400;
/// So many are read where a token is shown for the first time.
constexpr int kFamilyDepthMax = 16;
constexpr int64_t kOverlapMax = int64_t{30} * 86'400;

struct StoredToken {
  uint64_t revision = 0;
  v1::Token token;
};

Result<StoredToken> FindToken(const store::Snapshot& snapshot, uint64_t id,
                              std::string_view field) {
  std::optional<store::Record> stored;
  if (id <= INT64_MAX) {
    YIMA_ASSIGN_OR_RETURN(stored, snapshot.Get(store::Kind::kToken, id));
  }
  if (!stored) {
    return Fail(StatusCode::kNotFound, "TOKEN_NOT_FOUND", fmt::format("no token has id {}", id),
                std::string(field));
  }
  StoredToken found{stored->revision, {}};
  if (found.token.ParseFromString(stored->bytes)) return found;
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED", fmt::format("token {} does not parse", id));
}

store::Put PutToken(const v1::Token& token, uint64_t revision) {
  return {store::Kind::kToken, token.id(), revision, token.SerializeAsString(), {}};
}

v1::Token ShownToken(v1::Token token) {
  token.clear_secret_hash();
  return token;
}

Result<void> CheckMayDealWith(const Call& call, uint64_t principal) {
  if (principal == call.principal_id || (call.roles & kAdmins) != 0) return {};
  return Fail(StatusCode::kPermissionDenied, "ROLE_MISSING",
              "only an administrator deals with the tokens of others", "principal");
}

/// Administrators, and auditors whose grant has no bounds.
Result<bool> SeesAllTokens(const Call& call, const store::Snapshot& snapshot) {
  if ((call.roles & kAdmins) != 0) return true;
  if ((call.roles & kAuditors) == 0) return false;
  YIMA_ASSIGN_OR_RETURN(const auto caller, Get<v1::Principal>(snapshot, call.principal_id));
  return caller && std::ranges::any_of(caller->record.grants(), [](const v1::Grant& grant) {
           return grant.role() == v1::ROLE_AUDITOR && grant.divisions().empty() &&
                  grant.organizations().empty();
         });
}

/// Tokens that made one another, the first of which an administrator made.
Result<int> FamilyDepth(const store::Snapshot& snapshot, uint64_t id) {
  int depth = 0;
  while (id != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindToken(snapshot, id, ""));
    id = found.token.made_by();
    ++depth;
  }
  return depth;
}

/// Of a token that its holder makes for itself: it ends with the one shown. Nobody prolongs what
/// was lent to him, and a stolen one takes those it made along.
Result<void> TieToShown(const Call& call, const store::Snapshot& snapshot, v1::Token& token) {
  if (call.token == 0) {
    return Fail(StatusCode::kPermissionDenied, "TOKEN_BY_CERTIFICATE",
                "who calls by a certificate gets a token from an administrator, since it would "
                "outlive the certificate");
  }
  YIMA_ASSIGN_OR_RETURN(const int depth, FamilyDepth(snapshot, call.token));
  if (depth >= kFamilyDepthMax) {
    return Fail(StatusCode::kFailedPrecondition, "TOKEN_FAMILY_DEEP",
                fmt::format("{} tokens made one another up to this one, as many as may; begin "
                            "with an earlier one",
                            depth),
                "principal");
  }
  token.set_expire_time_us(std::min<int64_t>(token.expire_time_us(), call.valid_until_us));
  token.set_made_by(call.token);
  return {};
}

Result<void> CheckTimes(const v1::CreateTokenRequest& request) {
  const int64_t lifetime = request.lifetime_seconds();
  if (lifetime != 0 && (lifetime < kLifetimeMin || lifetime > kLifetimeMax)) {
    return Invalid(
        "LIFETIME_OUT_OF_RANGE",
        fmt::format("a lifetime of {} s, want {} to {}", lifetime, kLifetimeMin, kLifetimeMax),
        "lifetime_seconds");
  }
  if (request.overlap_seconds() < 0 || request.overlap_seconds() > kOverlapMax) {
    return Invalid(
        "OVERLAP_OUT_OF_RANGE",
        fmt::format("an overlap of {} s, want 0 to {}", request.overlap_seconds(), kOverlapMax),
        "overlap_seconds");
  }
  return {};
}

/// The one that is followed ends after the overlap, unless it does so sooner.
Result<void> EndReplaced(const Domain& domain, const v1::CreateTokenRequest& request,
                         uint64_t principal, const store::Snapshot& snapshot,
                         store::Change& change) {
  if (request.replaces() == 0) return {};
  YIMA_ASSIGN_OR_RETURN(auto replaced, FindToken(snapshot, request.replaces(), "replaces"));
  if (replaced.token.principal() != principal) {
    return Fail(StatusCode::kNotFound, "TOKEN_NOT_FOUND",
                fmt::format("token {} is another principal's", request.replaces()), "replaces");
  }
  const TimeUs end = domain.now() + request.overlap_seconds() * kSecond;
  if (replaced.token.expire_time_us() > end) replaced.token.set_expire_time_us(end);
  change.puts.push_back(PutToken(replaced.token, replaced.revision));
  return {};
}

v1::Token NewToken(const Domain& domain, uint64_t id, uint64_t principal, int64_t lifetime,
                   std::string_view label) {
  v1::Token token;
  token.set_id(id);
  token.set_principal(principal);
  token.set_label(std::string(label));
  token.set_create_time_us(domain.now());
  token.set_expire_time_us(domain.now() + (lifetime != 0 ? lifetime : kLifetimeUsual) * kSecond);
  return token;
}

/// Not stored yet; its text is kept.
Result<v1::Token> NewAdminToken(const Domain& domain, uint64_t id, uint64_t principal,
                                const std::function<Result<void>(std::string_view)>& keep) {
  v1::Token token = NewToken(domain, id, principal, kLifetimeMax, kAdminLabel);
  const TokenText text = TokenText::Make(id);
  token.set_secret_hash(SecretHash(domain.keys, text));
  YIMA_RETURN_IF_ERROR(keep(text.ToString()));
  return token;
}

Result<Read<v1::Principal>> FirstAdministrator(const store::Snapshot& snapshot) {
  std::optional<Read<v1::Principal>> found;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kPrincipal, 0, {}, [&](uint64_t, uint64_t revision, std::string_view bytes) {
        v1::Principal principal;
        if (principal.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
            IsAdmin(principal)) {
          found.emplace();
          found->revision = revision;
          found->record = std::move(principal);
        }
        return !found;
      }));
  if (found) return *std::move(found);
  return Fail(StatusCode::kFailedPrecondition, "ADMIN_MISSING", "nobody is administrator");
}

}  // namespace

Result<TimeUs> RevokedAt(const store::Snapshot& snapshot, const v1::Token& token) {
  TimeUs at = token.revoke_time_us();
  for (uint64_t maker = token.made_by(); at == 0 && maker != 0;) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindToken(snapshot, maker, ""));
    at = found.token.revoke_time_us();
    maker = found.token.made_by();
  }
  return at;
}

Result<Planned> PlanCreateToken(const Domain& domain, const Call& call,
                                const v1::CreateTokenRequest& request,
                                const store::Snapshot& snapshot,
                                const std::function<void(std::string)>& made) {
  const uint64_t principal = request.principal() != 0 ? request.principal() : call.principal_id;
  YIMA_RETURN_IF_ERROR(CheckMayDealWith(call, principal));
  YIMA_RETURN_IF_ERROR(CheckTimes(request));
  YIMA_RETURN_IF_ERROR(CheckText(request.label(), kLabelMax, "label"));
  std::optional<Read<v1::Principal>> holder;
  if (principal <= INT64_MAX) {
    YIMA_ASSIGN_OR_RETURN(holder, Get<v1::Principal>(snapshot, principal));
  }
  if (!holder) {
    return Fail(StatusCode::kNotFound, "PRINCIPAL_NOT_FOUND",
                fmt::format("no principal has id {}", principal), "principal");
  }
  store::Change change;
  change.checks.push_back({store::Kind::kPrincipal, principal, holder->revision});
  YIMA_RETURN_IF_ERROR(EndReplaced(domain, request, principal, snapshot, change));
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kToken));
  v1::Token token = NewToken(domain, id, principal, request.lifetime_seconds(), request.label());
  if ((call.roles & kAdmins) == 0) YIMA_RETURN_IF_ERROR(TieToShown(call, snapshot, token));
  const TokenText text = TokenText::Make(id);
  token.set_secret_hash(SecretHash(domain.keys, text));
  change.puts.push_back(PutToken(token, 0));
  made(text.ToString());
  return Planned{std::move(change), {{store::Kind::kToken, id, 1}}};
}

Result<v1::CreateTokenResponse> AnswerCreateToken(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  domain.access_changes->fetch_add(1, std::memory_order_release);
  YIMA_ASSIGN_OR_RETURN(auto found, FindToken(snapshot, results.at(0).id, ""));
  v1::CreateTokenResponse response;
  *response.mutable_token() = ShownToken(std::move(found.token));
  return response;
}

Result<Planned> PlanRevokeToken(const Domain& domain, const Call& call,
                                const v1::RevokeTokenRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(auto found, FindToken(snapshot, request.id(), "id"));
  YIMA_RETURN_IF_ERROR(CheckMayDealWith(call, found.token.principal()));
  const RecordRef ref{store::Kind::kToken, request.id(), found.revision};
  if (found.token.revoke_time_us() != 0) return Planned{{}, {ref}};
  found.token.set_revoke_time_us(domain.now());
  store::Change change;
  change.puts.push_back(PutToken(found.token, found.revision));
  return Planned{std::move(change), {{ref.kind, ref.id, ref.revision + 1}}};
}

Result<v1::RevokeTokenResponse> AnswerRevokeToken(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  domain.access_changes->fetch_add(1, std::memory_order_release);
  YIMA_ASSIGN_OR_RETURN(auto found, FindToken(snapshot, results.at(0).id, "id"));
  v1::RevokeTokenResponse response;
  *response.mutable_token() = ShownToken(std::move(found.token));
  return response;
}

Result<v1::ListTokensResponse> ListTokens(const Domain& domain, const Call& call,
                                          const v1::ListTokensRequest& request,
                                          const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const bool all, SeesAllTokens(call, snapshot));
  const uint64_t of = request.principal() != 0 || all ? request.principal() : call.principal_id;
  if (!all) YIMA_RETURN_IF_ERROR(CheckMayDealWith(call, of));
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  const std::string filter = fmt::format("{}", of);
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  v1::ListTokensResponse response;
  PageScan page(call, size, after);
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kToken, after, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (!page.Look(id)) return false;
        v1::Token token;
        if (!token.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
          failure = Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                         fmt::format("token {} does not parse", id));
          return false;
        }
        if (of != 0 && token.principal() != of) return true;
        if (!page.Take(bytes.size())) return false;
        auto revoked = RevokedAt(snapshot, token);
        if (!revoked) {
          failure = tl::unexpected(std::move(revoked).error());
          return false;
        }
        token.set_revoke_time_us(*revoked);
        *response.add_tokens() = ShownToken(std::move(token));
        return true;
      }));
  YIMA_RETURN_IF_ERROR(failure);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, filter));
  return response;
}

Result<void> MakeFirstAdministrator(const Domain& domain,
                                    const std::function<Result<void>(std::string_view)>& keep) {
  bool any = false;
  YIMA_RETURN_IF_ERROR(domain.store.Read()->Scan(store::Kind::kPrincipal, 0, {},
                                                 [&](uint64_t, uint64_t, std::string_view) {
                                                   any = true;
                                                   return false;
                                                 }));
  if (any) return {};
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, domain.numbers.NewId(store::Kind::kPrincipal));
  v1::Principal principal;
  principal.set_id(id);
  principal.set_kind(v1::PRINCIPAL_KIND_PERSON);
  *principal.mutable_name() = Withhold("admin");
  // A small city begins with one person who does everything, and takes roles away as it grows.
  for (const auto role : {v1::ROLE_ADMIN, v1::ROLE_MANAGER, v1::ROLE_REGISTRAR, v1::ROLE_AUDITOR}) {
    principal.add_grants()->set_role(role);
  }
  principal.set_create_time_us(domain.now());
  principal.set_update_time_us(principal.create_time_us());
  YIMA_ASSIGN_OR_RETURN(const uint64_t token_id, domain.numbers.NewId(store::Kind::kToken));
  YIMA_ASSIGN_OR_RETURN(const auto token, NewAdminToken(domain, token_id, id, keep));
  Call call;
  call.method = "yimad";
  call.principal = "local";
  ChangeWriter writer(call, "");
  writer.Create(id, principal);
  store::Change change = writer.Take();
  change.puts.push_back(PutToken(token, 0));
  YIMA_RETURN_IF_ERROR(Settled(store::ApplyAndWait(domain.store, std::move(change))));
  domain.access_changes->fetch_add(1, std::memory_order_release);
  return {};
}

namespace {

struct Renewal {
  uint64_t principal = 0;
  store::Change change;
};

Result<Renewal> PlanRenewal(const Domain& domain, const Call& call, const store::Snapshot& snapshot,
                            const std::function<Result<void>(std::string_view)>& keep) {
  YIMA_ASSIGN_OR_RETURN(const auto admin, FirstAdministrator(snapshot));
  const uint64_t principal = admin.record.id();
  YIMA_ASSIGN_OR_RETURN(const uint64_t token_id, domain.numbers.NewId(store::Kind::kToken));
  YIMA_ASSIGN_OR_RETURN(const auto token, NewAdminToken(domain, token_id, principal, keep));
  v1::Principal noted = admin.record;
  noted.set_update_time_us(domain.now());
  ChangeWriter writer(call, "");
  // Tokens are not in the log, so its holder's record tells of it.
  writer.Replace(principal, admin.revision, admin.record, noted);
  store::Change change = writer.Take();
  change.puts.push_back(PutToken(token, 0));
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kToken, 0, {}, [&](uint64_t, uint64_t revision, std::string_view bytes) {
        v1::Token old;
        old.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        if (old.principal() != principal || old.label() != kAdminLabel ||
            old.revoke_time_us() != 0) {
          return true;
        }
        old.set_revoke_time_us(domain.now());
        change.puts.push_back(PutToken(old, revision));
        return change.puts.size() < store::Change::kRecordsMax;
      }));
  return Renewal{principal, std::move(change)};
}

}  // namespace

Result<uint64_t> RenewAdminToken(const Domain& domain, const Call& call,
                                 const std::function<Result<void>(std::string_view)>& keep) {
  constexpr int kRoundsMax = 10;
  for (int round = 1;; ++round) {
    YIMA_ASSIGN_OR_RETURN(auto renewal, PlanRenewal(domain, call, *domain.store.Read(), keep));
    const auto outcome = store::ApplyAndWait(domain.store, std::move(renewal.change));
    // The server goes on serving meanwhile: whose record moved is looked at again.
    if (std::holds_alternative<store::MovedRecord>(outcome) && round < kRoundsMax) continue;
    YIMA_RETURN_IF_ERROR(Settled(outcome));
    domain.access_changes->fetch_add(1, std::memory_order_release);
    return renewal.principal;
  }
}

}  // namespace yima::server
