#include "server/access/tokens.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "server/domain/change_writer.h"
#include "tests/server/access/callers.h"
#include "tests/server/watched_store.h"

namespace yima::server::testing {
namespace {

class TokensTest : public ::testing::Test {
 protected:
  Result<v1::CreateTokenResponse> Create(v1::CreateTokenRequest request,
                                         const std::string& request_id) {
    request.set_request_id(request_id);
    return callers_.methods.Unary<v1::CreateTokenResponse>("AccessService/CreateToken", request);
  }

  World world_;
  Callers callers_{world_};
  uint64_t principal_ = callers_.Make({GrantOf(v1::ROLE_CREW)}).id();
};

TEST_F(TokensTest, TextComesOnceAndIsNowhereInTheStore) {
  v1::CreateTokenRequest request;
  request.set_principal(principal_);
  const auto made = Create(request, "once");
  ASSERT_TRUE(made);
  const auto text = TokenText::Parse(made->text());
  ASSERT_TRUE(text);
  EXPECT_EQ(text->id, made->token().id());
  EXPECT_TRUE(made->token().secret_hash().empty());
  const auto again = Create(request, "once");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->token().id(), made->token().id());
  EXPECT_EQ(again->text(), "");
  const auto stored = world_.Read()->Get(store::Kind::kToken, made->token().id());
  EXPECT_EQ((*stored)->bytes.find(text->secret), std::string::npos);
}

TEST_F(TokensTest, RefusesTimesOutOfRange) {
  v1::CreateTokenRequest request;
  request.set_principal(principal_);
  for (const int64_t seconds : {int64_t{-1}, int64_t{59}, int64_t{315'360'001}}) {
    request.set_lifetime_seconds(seconds);
    EXPECT_EQ(RefusalOf(Create(request, "lifetime")).reason, "LIFETIME_OUT_OF_RANGE");
  }
  request.set_lifetime_seconds(0);
  request.set_overlap_seconds(2'592'001);
  EXPECT_EQ(RefusalOf(Create(request, "overlap")).reason, "OVERLAP_OUT_OF_RANGE");
}

TEST_F(TokensTest, TheOneThatIsFollowedHoldsForTheOverlap) {
  const auto old = callers_.TokenFor(principal_, 86'400);
  v1::CreateTokenRequest request;
  request.set_principal(principal_);
  request.set_replaces(old.token().id());
  request.set_overlap_seconds(600);
  const auto made = Create(request, "rotate");
  ASSERT_TRUE(made);
  EXPECT_TRUE(callers_.Enter(old.text(), kCrews));
  EXPECT_TRUE(callers_.Enter(made->text(), kCrews));
  const TimeUs before = world_now;
  world_now += 601'000'000;
  EXPECT_EQ(RefusalOf(callers_.Enter(old.text(), kCrews)).reason, "TOKEN_EXPIRED");
  EXPECT_TRUE(callers_.Enter(made->text(), kCrews));
  world_now = before;
}

TEST_F(TokensTest, OthersTokensAreAnAdministratorsBusiness) {
  const auto other = callers_.TokenFor(principal_);
  Call call = world_.call("yima.v1.AccessService/CreateToken");
  call.principal_id = callers_.Make({}).id();
  call.roles = kCrews;
  v1::CreateTokenRequest create;
  create.set_principal(principal_);
  EXPECT_EQ(RefusalOf(PlanCreateToken(world_.domain(), call, create, *world_.Read(),
                                      [](const std::string&) {}))
                .reason,
            "ROLE_MISSING");
  v1::RevokeTokenRequest revoke;
  revoke.set_id(other.token().id());
  EXPECT_EQ(RefusalOf(PlanRevokeToken(world_.domain(), call, revoke, *world_.Read())).reason,
            "ROLE_MISSING");
  v1::ListTokensRequest list;
  const auto own = ListTokens(world_.domain(), call, list, *world_.Read());
  ASSERT_TRUE(own);
  EXPECT_EQ(own->tokens_size(), 0);
  list.set_principal(principal_);
  EXPECT_EQ(RefusalOf(ListTokens(world_.domain(), call, list, *world_.Read())).reason,
            "ROLE_MISSING");
}

/// A token that the holder of another makes for itself.
Result<std::string> MakeOwn(World& world, Callers& callers, const std::string& shown) {
  const auto call = callers.Enter(shown, kCallers);
  if (!call) return tl::unexpected(call.error());
  v1::CreateTokenRequest request;
  request.set_lifetime_seconds(315'360'000);
  std::string text;
  auto planned = PlanCreateToken(world.domain(), *call, request, *world.Read(),
                                 [&](std::string made) { text = std::move(made); });
  if (!planned) return tl::unexpected(planned.error());
  store::ApplyAndWait(world.store(), std::move(planned->change));
  return text;
}

TEST_F(TokensTest, NobodyProlongsHisOwnAndItsChildrenEndWithIt) {
  const auto lent = callers_.TokenFor(principal_, 3600);
  const auto child = MakeOwn(world_, callers_, lent.text());
  ASSERT_TRUE(child) << child.error().message;
  const auto grandchild = MakeOwn(world_, callers_, *child);
  ASSERT_TRUE(grandchild) << grandchild.error().message;
  const auto entered = callers_.Enter(*grandchild, kCrews);
  ASSERT_TRUE(entered) << entered.error().message;
  EXPECT_EQ(entered->valid_until_us, lent.token().expire_time_us());
  v1::RevokeTokenRequest revoke;
  revoke.set_request_id("revoke-parent");
  revoke.set_id(lent.token().id());
  ASSERT_TRUE(callers_.methods.Unary<v1::RevokeTokenResponse>("AccessService/RevokeToken", revoke));
  EXPECT_EQ(RefusalOf(callers_.Enter(*child, kCrews)).reason, "TOKEN_REVOKED");
  EXPECT_EQ(RefusalOf(callers_.Enter(*grandchild, kCrews)).reason, "TOKEN_REVOKED");
  v1::ListTokensRequest list;
  list.set_principal(principal_);
  const auto listed =
      callers_.methods.Unary<v1::ListTokensResponse>("AccessService/ListTokens", list);
  ASSERT_TRUE(listed);
  for (const auto& token : listed->tokens()) EXPECT_NE(token.revoke_time_us(), 0) << token.id();
}

TEST_F(TokensTest, FamiliesAreNotDeep) {
  std::string token = callers_.TokenFor(principal_).text();
  for (int i = 1; i < 16; ++i) {
    const auto next = MakeOwn(world_, callers_, token);
    ASSERT_TRUE(next) << i << next.error().message;
    token = *next;
  }
  EXPECT_EQ(RefusalOf(MakeOwn(world_, callers_, token)),
            (Refusal{StatusCode::kFailedPrecondition, "TOKEN_FAMILY_DEEP", "principal"}));
}

TEST_F(TokensTest, WhoComesByACertificateMakesNone) {
  Call call = *callers_.Enter(callers_.TokenFor(principal_).text(), kCallers);
  call.token = 0;
  EXPECT_EQ(RefusalOf(PlanCreateToken(world_.domain(), call, {}, *world_.Read(),
                                      [](std::string) { FAIL(); })),
            (Refusal{StatusCode::kPermissionDenied, "TOKEN_BY_CERTIFICATE", ""}));
}

TEST_F(TokensTest, OnlyWhoHasNoBoundsSeesOthers) {
  const auto own = callers_.TokenFor(principal_);
  const auto listed = [&](const std::vector<v1::Grant>& grants, uint64_t of) -> std::string {
    const auto token = callers_.TokenFor(callers_.Make(grants).id());
    const auto call = callers_.Enter(token.text(), kCallers);
    v1::ListTokensRequest request;
    request.set_principal(of);
    const auto page = ListTokens(world_.domain(), *call, request, *world_.Read());
    if (!page) return page.error().reason;
    const bool others = std::ranges::any_of(page->tokens(), [&](const v1::Token& one) {
      return one.principal() != call->principal_id;
    });
    return others ? "others" : "own";
  };
  EXPECT_EQ(listed({GrantOf(v1::ROLE_ADMIN)}, 0), "others");
  EXPECT_EQ(listed({GrantOf(v1::ROLE_AUDITOR)}, principal_), "others");
  // Neither with bounds, nor by another role that has none.
  EXPECT_EQ(listed({GrantOf(v1::ROLE_AUDITOR, "140502"), GrantOf(v1::ROLE_CREW)}, 0), "own");
  EXPECT_EQ(listed({GrantOf(v1::ROLE_AUDITOR, "140502")}, principal_), "ROLE_MISSING");
}

TEST_F(TokensTest, AFirstAdministratorIsMadeOnceAndAnewAfterACrash) {
  World fresh;
  std::vector<std::string> kept;
  const auto crash = [&](std::string_view) -> Result<void> {
    return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE", "");
  };
  const auto keep = [&](std::string_view token) -> Result<void> {
    kept.emplace_back(token);
    return {};
  };
  EXPECT_FALSE(MakeFirstAdministrator(fresh.domain(), crash));
  EXPECT_TRUE(MakeFirstAdministrator(fresh.domain(), keep));
  EXPECT_TRUE(MakeFirstAdministrator(fresh.domain(), keep));
  ASSERT_EQ(kept.size(), 1u);
  Callers callers(fresh);
  EXPECT_TRUE(callers.Enter(kept[0], kAdmins));
}

/// Others go on writing while an administrator's token is made anew.
class AdminTokenTest : public ::testing::Test {
 protected:
  AdminTokenTest() { static_cast<void>(MakeFirstAdministrator(world_.domain(), keep_)); }

  Result<uint64_t> RenewWhileItsHolderMoves(int times) {
    watched_->before_apply = [&](store::Store& below, const store::Change& change) {
      for (const auto& put : change.puts) {
        if (put.kind == store::Kind::kPrincipal && times-- > 0) Move(below, put.id);
      }
    };
    auto renewed = RenewAdminToken(world_.domain(), world_.call("yimad/admin-token"), keep_);
    watched_->before_apply = {};
    return renewed;
  }

  bool Holds(const std::string& token) { return Callers(world_).Enter(token, kAdmins).has_value(); }

  WatchedStore* watched_ = new WatchedStore;
  World world_{std::unique_ptr<store::Store>(watched_)};
  std::string kept_;
  const std::function<Result<void>(std::string_view)> keep_ =
      [this](std::string_view token) -> Result<void> {
    kept_ = token;
    return {};
  };

 private:
  void Move(store::Store& below, uint64_t id) {
    const auto now = *below.Read()->Get(store::Kind::kPrincipal, id);
    v1::Principal holder;
    holder.ParseFromString(std::string(now->bytes));
    v1::Principal moved = holder;
    moved.set_update_time_us(holder.update_time_us() + 1);
    ChangeWriter writer(world_.call("test"), "");
    writer.Replace(id, now->revision, holder, moved);
    store::ApplyAndWait(below, writer.Take());
  }
};

TEST_F(AdminTokenTest, IsMadeAnewThoughItsHolderMoves) {
  const std::string first = kept_;
  ASSERT_TRUE(RenewWhileItsHolderMoves(3));
  EXPECT_TRUE(Holds(kept_));
  EXPECT_FALSE(Holds(first));
}

TEST_F(AdminTokenTest, IsGivenUpWhenItsHolderMovesOnAndOn) {
  const std::string first = kept_;
  EXPECT_FALSE(RenewWhileItsHolderMoves(1000));
  EXPECT_TRUE(Holds(first));
  EXPECT_FALSE(Holds(kept_));
}

}  // namespace
}  // namespace yima::server::testing
