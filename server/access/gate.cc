#include "server/access/gate.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sodium.h>

#include "server/access/token_text.h"
#include "server/access/tokens.h"

namespace yima::server {
namespace {

constexpr size_t kKnownMax = 10'000;
constexpr TimeUs kHour = TimeUs{3600} * 1'000'000;
/// What rows of the method table ask for; another set is put together at the call.
constexpr std::array kCommonRoles = {kCrews,  kManagers, kRegistrars, kAuditors,
                                     kAdmins, kReaders,  kCallers,    kPublic};

tl::unexpected<Error> Unknown(std::string reason, std::string message) {
  return Fail(StatusCode::kUnauthenticated, std::move(reason), std::move(message));
}

/// The text after "Bearer ", of which HTTP folds the case.
Result<std::string_view> TokenIn(std::string_view authorization) {
  constexpr std::string_view kBearer = "bearer ";
  const auto same = [](char wanted, char given) { return wanted == (given | 0x20); };
  if (authorization.size() > kBearer.size() &&
      std::equal(kBearer.begin(), kBearer.end(), authorization.begin(), same)) {
    return authorization.substr(kBearer.size());
  }
  return Unknown("TOKEN_MALFORMED", "authorization is not of the shape Bearer yima_…");
}

std::shared_ptr<const Reach> Union(const v1::Principal& principal, Roles roles) {
  auto reach = std::make_shared<Reach>();
  for (const auto& grant : principal.grants()) {
    if ((RoleBit(grant.role()) & roles) != 0) reach->Add(grant);
  }
  return reach;
}

}  // namespace

struct Gate::Caller {
  v1::Principal principal;
  std::string id_text;
  v1::Token token;  ///< Id 0 when a certificate stands for it.
  Roles roles = 0;
  std::array<std::shared_ptr<const Reach>, kCommonRoles.size()> reaches;
  mutable std::atomic<TimeUs> noted_use = 0;

  std::shared_ptr<const Reach> ReachAs(Roles asked) const {
    for (size_t i = 0; i < kCommonRoles.size(); ++i) {
      if (kCommonRoles[i] == asked) return reaches[i];
    }
    return Union(principal, asked);
  }
};

Gate::Gate(const Domain& domain, AuditTrail& audit, const Options& options)
    : domain_(domain),
      audit_(audit),
      public_rate_(options.public_calls_a_second, options.public_burst),
      tries_(options.public_calls_a_second, options.public_burst) {
  randombytes_buf(proof_key_.data(), proof_key_.size());
}

Result<void> Gate::AdmitStill(const Call& call, uint64_t& changes, std::string_view method,
                              Roles roles, const Credentials& shown) {
  const uint64_t now = this->changes();
  if (now == changes && domain_.now() < call.valid_until_us) return {};
  Call again;
  YIMA_RETURN_IF_ERROR(Admit(method, roles, shown, again));
  if (again.roles != call.roles || again.reach->Fingerprint() != call.reach->Fingerprint()) {
    return Fail(StatusCode::kAborted, "BOUNDS_CHANGED",
                "the caller's roles or bounds are others than when this was begun");
  }
  changes = now;
  return {};
}

Result<void> Gate::Admit(std::string_view method, Roles roles, const Credentials& shown,
                         Call& call) {
  if (shown.authorization.empty() && shown.certificate.empty()) {
    if ((roles & 1) == 0) {
      if (auto slow = CheckRate(tries_, shown); !slow) {
        return Refuse(method, {}, shown, std::move(slow).error());
      }
      return Refuse(method, {}, shown,
                    {StatusCode::kUnauthenticated,
                     "TOKEN_MISSING",
                     fmt::format("{} needs a token", method),
                     {}});
    }
    if (auto slow = CheckRate(public_rate_, shown); !slow) {
      return Refuse(method, {}, shown, std::move(slow).error());
    }
    static const auto kNowhere = std::make_shared<const Reach>();
    call.principal = "public";
    call.is_public = true;
    call.roles = 1;
    call.reach = kNowhere;
    return {};
  }
  Whose whose;
  auto known = CallerOf(shown, whose);
  if (!known) return Refuse(method, whose, shown, std::move(known).error());
  const Caller& caller = **known;
  const auto refuse = [&](Error error) {
    return Refuse(method, {caller.principal.id(), caller.token.id()}, shown, std::move(error));
  };
  if (caller.token.id() != 0 && caller.token.expire_time_us() <= domain_.now()) {
    if (auto slow = CheckRate(tries_, shown); !slow) return refuse(std::move(slow).error());
    return refuse({StatusCode::kUnauthenticated,
                   "TOKEN_EXPIRED",
                   fmt::format("token {} has run out", caller.token.id()),
                   {}});
  }
  // Any caller may do what everybody may.
  if ((roles & 1) == 0 && roles != kCallers && (caller.roles & roles) == 0) {
    return refuse({StatusCode::kPermissionDenied,
                   "ROLE_MISSING",
                   fmt::format("principal {} has no role that may call {}", caller.id_text, method),
                   {}});
  }
  call.principal = caller.id_text;
  call.principal_id = caller.principal.id();
  call.token = caller.token.id();
  call.roles = caller.roles;
  // Where nothing of a facility is asked for, or anyone may ask, what one may read counts.
  call.reach = caller.ReachAs((roles & 1) != 0 || roles == kCallers ? kReaders : roles);
  call.valid_until_us = caller.token.id() != 0 ? caller.token.expire_time_us() : INT64_MAX;
  if ((roles & 1) == 0) call.peer = shown.address();
  NoteUse(caller);
  return {};
}

tl::unexpected<Error> Gate::Refuse(std::string_view method, Whose whose, const Credentials& shown,
                                   Error error) {
  v1::Refusal refusal;
  refusal.set_principal(whose.principal);
  refusal.set_token(whose.token);
  refusal.set_peer(shown.address());
  refusal.set_method(std::string(method));
  refusal.set_reason(error.reason);
  refusal.set_message(error.message);
  audit_.Note(std::move(refusal));
  return tl::unexpected(std::move(error));
}

Result<void> Gate::CheckRate(RateLimit& rate, const Credentials& shown) {
  const auto wait = rate.Take(RateKey(shown.address()));
  if (wait.count() == 0) return {};
  Error error{
      StatusCode::kResourceExhausted,
      "RATE_EXCEEDED",
      fmt::format("too many calls without a token that is known, from one address; again in {} ms",
                  wait.count()),
      {}};
  error.retry_after_ms = wait.count();
  return tl::unexpected(std::move(error));
}

/// A keyed hash of what is shown, so that a caller seen before is known again without its secret
/// being kept. SipHash under a key that nobody knows cannot be forged.
Gate::Proof Gate::ProofOf(const Credentials& shown) const {
  const std::string_view text =
      shown.authorization.empty() ? shown.certificate : shown.authorization;
  Proof proof;
  static_assert(sizeof proof == crypto_shorthash_siphashx24_BYTES);
  crypto_shorthash_siphashx24(reinterpret_cast<uint8_t*>(proof.data()),
                              reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                              proof_key_.data());
  // A certificate's name is no token's text, whatever it says.
  if (shown.authorization.empty()) proof[0] = ~proof[0];
  return proof;
}

Result<std::shared_ptr<const Gate::Caller>> Gate::CallerOf(const Credentials& shown, Whose& whose) {
  const Proof proof = ProofOf(shown);
  // Read before the store is: what changes meanwhile makes what was read too old to be kept.
  const uint64_t changes = domain_.access_changes->load(std::memory_order_acquire);
  {
    const std::shared_lock lock(mutex_);
    if (known_at_ == changes) {
      const auto found = known_.find(proof);
      if (found != known_.end()) return found->second;
    }
  }
  auto verified = Verify(shown, whose);
  if (!verified) {
    // Whoever tries secrets is slowed down, and keeps nobody out who knows one.
    if (verified.error().code == StatusCode::kUnauthenticated) {
      YIMA_RETURN_IF_ERROR(CheckRate(tries_, shown));
    }
    return tl::unexpected(std::move(verified).error());
  }
  std::shared_ptr<const Caller> caller = *std::move(verified);
  const std::unique_lock lock(mutex_);
  if (known_at_ < changes || known_.size() >= kKnownMax) known_.clear();
  if (known_at_ <= changes) {
    known_at_ = changes;
    known_[proof] = caller;
  }
  return caller;
}

Result<std::shared_ptr<const Gate::Caller>> Gate::Verify(const Credentials& shown,
                                                         Whose& whose) const {
  const auto snapshot = domain_.store.Read();
  v1::Token token;
  uint64_t principal = 0;
  if (!shown.authorization.empty()) {
    YIMA_ASSIGN_OR_RETURN(const std::string_view text, TokenIn(shown.authorization));
    YIMA_ASSIGN_OR_RETURN(principal, PrincipalOfToken(*snapshot, text, token));
  } else {
    YIMA_ASSIGN_OR_RETURN(principal,
                          snapshot->Holder(store::Index::kCertificateName, shown.certificate));
    if (principal == 0) {
      return Unknown("CERTIFICATE_UNKNOWN", "no principal has the certificate's name");
    }
  }
  whose = {principal, token.id()};
  YIMA_ASSIGN_OR_RETURN(const TimeUs revoked, RevokedAt(*snapshot, token));
  if (revoked != 0) {
    return Unknown("TOKEN_REVOKED", fmt::format("token {} was revoked", token.id()));
  }
  return MakeCaller(*snapshot, principal, token);
}

Result<uint64_t> Gate::PrincipalOfToken(const store::Snapshot& snapshot, std::string_view text,
                                        v1::Token& token) const {
  YIMA_ASSIGN_OR_RETURN(const TokenText parsed, TokenText::Parse(text));
  const auto unknown = [] { return Unknown("TOKEN_UNKNOWN", "no such token is known here"); };
  if (parsed.id > INT64_MAX) return unknown();
  YIMA_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(store::Kind::kToken, parsed.id));
  const std::string hash = SecretHash(domain_.keys, parsed);
  if (!stored) return unknown();
  if (!token.ParseFromString(stored->bytes) || token.secret_hash().size() != hash.size()) {
    return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                fmt::format("token {} does not parse", parsed.id));
  }
  if (sodium_memcmp(hash.data(), token.secret_hash().data(), hash.size()) != 0) return unknown();
  return token.principal();
}

Result<std::shared_ptr<const Gate::Caller>> Gate::MakeCaller(const store::Snapshot& snapshot,
                                                             uint64_t principal,
                                                             const v1::Token& token) const {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Principal>(snapshot, principal));
  if (!read) return RecordMissing("principal", principal);
  if (read->record.disabled()) {
    return Unknown("PRINCIPAL_DISABLED", fmt::format("principal {} is disabled", principal));
  }
  auto caller = std::make_shared<Caller>();
  caller->principal = std::move(read->record);
  caller->id_text = fmt::format("{}", principal);
  caller->token = token;
  caller->noted_use = token.last_use_time_us();
  for (const auto& grant : caller->principal.grants()) caller->roles |= RoleBit(grant.role());
  for (size_t i = 0; i < kCommonRoles.size(); ++i) {
    caller->reaches[i] = Union(caller->principal, kCommonRoles[i]);
  }
  return caller;
}

/// To the hour, so that a busy caller's token is not written at each call. Nobody waits for it, and
/// when the token moves meanwhile the next call notes it.
void Gate::NoteUse(const Caller& caller) {
  if (caller.token.id() == 0) return;
  const TimeUs now = domain_.now();
  TimeUs noted = caller.noted_use.load(std::memory_order_relaxed);
  if (noted + kHour > now || !caller.noted_use.compare_exchange_strong(noted, now)) return;
  const auto stored = domain_.store.Read()->Get(store::Kind::kToken, caller.token.id());
  v1::Token token;
  if (!stored || !*stored || !token.ParseFromString((*stored)->bytes)) return;
  token.set_last_use_time_us(now);
  store::Change change;
  change.puts.push_back(
      {store::Kind::kToken, token.id(), (*stored)->revision, token.SerializeAsString(), {}});
  domain_.store.Apply(std::move(change), [](const store::Outcome&) {});
}

}  // namespace yima::server
