#include "server/access/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/access/token_text.h"
#include "tests/server/access/callers.h"

namespace yima::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr StatusCode kUnknown = StatusCode::kUnauthenticated;

class GateTest : public ::testing::Test {
 protected:
  World world_;
  /// Principal and token of the refusal that was noted last.
  std::pair<uint64_t, uint64_t> LastNoted() {
    EXPECT_TRUE(callers_.audit.Keep());
    const auto all = ListRefusals(world_.domain(), world_.call("list"), {}, *world_.Read());
    if (!all || all->refusals().empty()) return {};
    return {all->refusals(0).principal(), all->refusals(0).token()};
  }

  Callers callers_{world_};
};

TEST_F(GateTest, LetsAKnownCallerInWithItsRolesAndReach) {
  const auto principal = callers_.Make({GrantOf(v1::ROLE_MANAGER, "140502")});
  const auto token = callers_.TokenFor(principal.id());
  for (int again = 0; again < 2; ++again) {
    const auto call = callers_.Enter(token.text(), kManagers);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->principal, std::to_string(principal.id()));
    EXPECT_EQ(call->token, token.token().id());
    EXPECT_FALSE(call->is_public);
    v1::Facility facility;
    facility.set_division("140502");
    EXPECT_TRUE(call->reach->Covers(facility));
    facility.set_division("140521");
    EXPECT_FALSE(call->reach->Covers(facility));
  }
}

TEST_F(GateTest, ReachIsThatOfTheRolesAskedForAlone) {
  const auto principal =
      callers_.Make({GrantOf(v1::ROLE_MANAGER, "140502"), GrantOf(v1::ROLE_AUDITOR)});
  const std::string token = callers_.TokenFor(principal.id()).text();
  EXPECT_FALSE(callers_.Enter(token, kManagers)->reach->everywhere());
  EXPECT_TRUE(callers_.Enter(token, kAuditors)->reach->everywhere());
  EXPECT_TRUE(callers_.Enter(token, kReaders)->reach->everywhere());
}

TEST_F(GateTest, WithoutATokenOnlyWhatIsPublic) {
  const auto call = callers_.Enter("", kPublic);
  ASSERT_TRUE(call);
  EXPECT_TRUE(call->is_public);
  EXPECT_EQ(call->principal, "public");
  EXPECT_FALSE(call->reach->Covers(v1::Facility()));
  EXPECT_EQ(RefusalOf(callers_.Enter("", kCallers)), (Refusal{kUnknown, "TOKEN_MISSING", ""}));
}

TEST_F(GateTest, RefusesARoleThatIsNotHeld) {
  const std::string token = callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id()).text();
  EXPECT_TRUE(callers_.Enter(token, kCrews));
  EXPECT_TRUE(callers_.Enter(token, kPublic));
  EXPECT_TRUE(callers_.Enter(token, kCallers));
  EXPECT_EQ(RefusalOf(callers_.Enter(token, kManagers)),
            (Refusal{StatusCode::kPermissionDenied, "ROLE_MISSING", ""}));
}

TEST_F(GateTest, RefusesTokensThatAreNone) {
  const std::string token = callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id()).text();
  std::string other_secret = token;
  other_secret.back() = other_secret.back() == '0' ? '1' : '0';
  const std::pair<std::string, std::string> tried[] = {
      {token.substr(0, token.size() - 1), "TOKEN_MALFORMED"},
      {token + "0", "TOKEN_MALFORMED"},
      {"yima_1", "TOKEN_MALFORMED"},
      {"https://example.cn/?token=" + token, "TOKEN_MALFORMED"},
      {std::string(1 << 20, 'x'), "TOKEN_MALFORMED"},
      {other_secret, "TOKEN_UNKNOWN"},
      {TokenText::Make(7).ToString(), "TOKEN_UNKNOWN"},
      {TokenText::Make(UINT64_MAX).ToString(), "TOKEN_UNKNOWN"}};
  for (const auto& [text, reason] : tried) {
    const auto refused = callers_.Enter(text, kCrews);
    EXPECT_EQ(RefusalOf(refused), (Refusal{kUnknown, reason, ""})) << text.substr(0, 40);
    EXPECT_THAT(refused.error().message, Not(HasSubstr(token.substr(token.size() - 20))));
  }
}

TEST_F(GateTest, RefusesATokenOfAnotherRegistry) {
  World other;
  Callers others(other);
  const std::string token = others.TokenFor(others.Make({GrantOf(v1::ROLE_CREW)}).id()).text();
  callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id());
  EXPECT_EQ(RefusalOf(callers_.Enter(token, kCrews)), (Refusal{kUnknown, "TOKEN_UNKNOWN", ""}));
}

TEST_F(GateTest, RevokedFromTheMomentItIsAnswered) {
  const auto token = callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id());
  ASSERT_TRUE(callers_.Enter(token.text(), kCrews));
  v1::RevokeTokenRequest revoke;
  revoke.set_request_id("revoke");
  revoke.set_id(token.token().id());
  ASSERT_TRUE(callers_.methods.Unary<v1::RevokeTokenResponse>("AccessService/RevokeToken", revoke));
  EXPECT_EQ(RefusalOf(callers_.Enter(token.text(), kCrews)),
            (Refusal{kUnknown, "TOKEN_REVOKED", ""}));
  EXPECT_EQ(LastNoted(), std::pair(token.token().principal(), token.token().id()));
  // Who knows the id alone is nobody known.
  EXPECT_FALSE(callers_.Enter(TokenText::Make(token.token().id()).ToString(), kCrews));
  EXPECT_EQ(LastNoted(), std::pair(uint64_t{0}, uint64_t{0}));
}

TEST_F(GateTest, RunsOutToTheMicrosecond) {
  const TimeUs before = world_now;
  const auto token = callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id(), 60);
  world_now = before + 60'000'000 - 1;
  EXPECT_TRUE(callers_.Enter(token.text(), kCrews));
  world_now = before + 60'000'000;
  EXPECT_EQ(RefusalOf(callers_.Enter(token.text(), kCrews)),
            (Refusal{kUnknown, "TOKEN_EXPIRED", ""}));
  world_now = before;
}

TEST_F(GateTest, ADisabledPrincipalIsOutAndAChangedOneHasItsNewRoles) {
  auto principal = callers_.Make({GrantOf(v1::ROLE_CREW)});
  const std::string token = callers_.TokenFor(principal.id()).text();
  ASSERT_TRUE(callers_.Enter(token, kCrews));
  v1::UpdatePrincipalRequest update;
  update.set_request_id("disable");
  *update.mutable_principal() = principal;
  update.mutable_principal()->clear_create_time_us();
  update.mutable_principal()->clear_update_time_us();
  update.mutable_principal()->set_disabled(true);
  const auto& unary = "AccessService/UpdatePrincipal";
  ASSERT_TRUE(callers_.methods.Unary<v1::UpdatePrincipalResponse>(unary, update));
  EXPECT_EQ(RefusalOf(callers_.Enter(token, kCrews)),
            (Refusal{kUnknown, "PRINCIPAL_DISABLED", ""}));
  EXPECT_EQ(LastNoted().first, principal.id());
  update.set_request_id("enable");
  update.mutable_principal()->clear_etag();
  update.mutable_principal()->set_disabled(false);
  update.mutable_principal()->clear_grants();
  *update.mutable_principal()->add_grants() = GrantOf(v1::ROLE_REGISTRAR);
  ASSERT_TRUE(callers_.methods.Unary<v1::UpdatePrincipalResponse>(unary, update));
  EXPECT_TRUE(callers_.Enter(token, kRegistrars));
  EXPECT_FALSE(callers_.Enter(token, kCrews));
}

TEST_F(GateTest, StrangersAreSlowedDownByAddressAndToldWhenToComeAgain) {
  int let_in = 0;
  Result<Call> last;
  for (int i = 0; i < 1000; ++i) {
    last = callers_.Enter("", kPublic, "2001:db8::" + std::to_string(i % 9));
    let_in += last.has_value();
  }
  EXPECT_GE(let_in, 200);
  EXPECT_LT(let_in, 1000);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().reason, "RATE_EXCEEDED");
  EXPECT_GT(last.error().retry_after_ms, 0);
  EXPECT_TRUE(callers_.Enter("", kPublic, "192.0.2.77"));
  // A known caller behind the same address is not kept out.
  const std::string neighbour =
      callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id()).text();
  EXPECT_TRUE(callers_.Enter(neighbour, kCrews, "2001:db8::1"));
  const std::string token = callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id()).text();
  EXPECT_TRUE(callers_.Enter(token, kPublic, "192.0.2.77"));
}

TEST_F(GateTest, WhoTriesSecretsIsSlowedDownToo) {
  Result<Call> last;
  for (int i = 0; i < 1000; ++i) last = callers_.Enter(TokenText::Make(7).ToString(), kCrews);
  EXPECT_EQ(last.error().reason, "RATE_EXCEEDED");
}

/// A stream that was let in by a token, and may be asked whether it would be still.
class Stream {
 public:
  Stream(Callers& callers, const std::string& token)
      : gate_(callers.gate),
        authorization_("Bearer " + token),
        changes_(gate_.changes()),
        call_(callers.Enter(token, kManagers)) {
    shown_.authorization = authorization_;
    shown_.address = [] { return std::string("192.0.2.1"); };
  }

  /// Empty while it may go on.
  std::string Ended() {
    if (!call_) return call_.error().reason;
    const auto still = gate_.AdmitStill(*call_, changes_, "m", kManagers, shown_);
    return still ? "" : still.error().reason;
  }

 private:
  Gate& gate_;
  const std::string authorization_;
  uint64_t changes_;
  const Result<Call> call_;
  Credentials shown_;
};

TEST_F(GateTest, AStreamDoesNotGoOnWithinOtherBounds) {
  auto principal = callers_.Make({GrantOf(v1::ROLE_MANAGER, "140502")});
  Stream stream(callers_, callers_.TokenFor(principal.id()).text());
  EXPECT_EQ(stream.Ended(), "");
  callers_.Make({});  // Another's change is none of this one's.
  EXPECT_EQ(stream.Ended(), "");
  v1::UpdatePrincipalRequest update;
  update.set_request_id("closer");
  *update.mutable_principal() = principal;
  *update.mutable_principal()->mutable_grants(0) = GrantOf(v1::ROLE_MANAGER, "140521");
  ASSERT_TRUE(
      callers_.methods.Unary<v1::UpdatePrincipalResponse>("AccessService/UpdatePrincipal", update));
  EXPECT_EQ(stream.Ended(), "BOUNDS_CHANGED");
}

TEST_F(GateTest, AStreamEndsWithItsToken) {
  const TimeUs before = world_now;
  const auto principal = callers_.Make({GrantOf(v1::ROLE_MANAGER)});
  const auto revoked = callers_.TokenFor(principal.id(), 60);
  Stream of_revoked(callers_, revoked.text());
  Stream of_expired(callers_, callers_.TokenFor(principal.id(), 60).text());
  v1::RevokeTokenRequest revoke;
  revoke.set_request_id("revoke");
  revoke.set_id(revoked.token().id());
  ASSERT_TRUE(callers_.methods.Unary<v1::RevokeTokenResponse>("AccessService/RevokeToken", revoke));
  EXPECT_EQ(of_revoked.Ended(), "TOKEN_REVOKED");
  EXPECT_EQ(of_expired.Ended(), "");
  world_now += 61'000'000;
  EXPECT_EQ(of_expired.Ended(), "TOKEN_EXPIRED");
  world_now = before;
}

TEST_F(GateTest, ACertificatesNameStandsForItsPrincipal) {
  auto request = PrincipalNamed("with-certificate", {GrantOf(v1::ROLE_AUDITOR)});
  request.mutable_principal()->add_certificate_names("board.example.cn");
  const auto made =
      callers_.methods.Unary<v1::CreatePrincipalResponse>("AccessService/CreatePrincipal", request);
  ASSERT_TRUE(made) << made.error().message;
  Credentials shown;
  shown.certificate = "board.example.cn";
  shown.address = [] { return std::string("192.0.2.1"); };
  Call call;
  ASSERT_TRUE(callers_.gate.Admit("m", kAuditors, shown, call));
  EXPECT_EQ(call.principal_id, made->principal().id());
  EXPECT_EQ(call.token, 0u);
  shown.certificate = "other.example.cn";
  EXPECT_EQ(RefusalOf(callers_.gate.Admit("m", kAuditors, shown, call)),
            (Refusal{kUnknown, "CERTIFICATE_UNKNOWN", ""}));
}

TEST_F(GateTest, NotesTheLastUseToTheHour) {
  const auto token = callers_.TokenFor(callers_.Make({GrantOf(v1::ROLE_CREW)}).id());
  const auto last_use = [&] {
    const auto stored = world_.Read()->Get(store::Kind::kToken, token.token().id());
    v1::Token read;
    read.ParseFromString((*stored)->bytes);
    return read.last_use_time_us();
  };
  EXPECT_EQ(last_use(), 0);
  ASSERT_TRUE(callers_.Enter(token.text(), kCrews));
  callers_.Make({});  // A commit behind it.
  EXPECT_EQ(last_use(), world_now);
}

}  // namespace
}  // namespace yima::server::testing
