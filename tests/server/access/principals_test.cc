#include "server/access/principals.h"

#include <gtest/gtest.h>

#include "tests/server/access/callers.h"

namespace yima::server::testing {
namespace {

constexpr StatusCode kInvalid = StatusCode::kInvalidArgument;

class PrincipalsTest : public ::testing::Test {
 protected:
  Refusal Create(const std::function<void(v1::Principal&)>& change) {
    auto request = PrincipalNamed("create-" + std::to_string(++asked_), {});
    change(*request.mutable_principal());
    return RefusalOf(callers_.methods.Unary<v1::CreatePrincipalResponse>(
        "AccessService/CreatePrincipal", request));
  }
  Result<v1::UpdatePrincipalResponse> Update(v1::Principal principal) {
    v1::UpdatePrincipalRequest request;
    request.set_request_id("update-" + std::to_string(++asked_));
    *request.mutable_principal() = std::move(principal);
    return callers_.methods.Unary<v1::UpdatePrincipalResponse>("AccessService/UpdatePrincipal",
                                                               request);
  }

  World world_;
  Callers callers_{world_};
  int asked_ = 0;
};

TEST_F(PrincipalsTest, RefusesWhatIsNotSound) {
  const std::string state = world_.State();
  const Refusal kTooMany{kInvalid, "TOO_MANY_VALUES", "principal.grants"};
  EXPECT_EQ(Create([](auto& p) { p.clear_kind(); }),
            (Refusal{kInvalid, "PRINCIPAL_KIND_UNKNOWN", "principal.kind"}));
  EXPECT_EQ(Create([](auto& p) { p.set_kind(static_cast<v1::PrincipalKind>(9)); }),
            (Refusal{kInvalid, "PRINCIPAL_KIND_UNKNOWN", "principal.kind"}));
  EXPECT_EQ(Create([](auto& p) { p.clear_name(); }).field, "principal.name.value");
  EXPECT_EQ(Create([](auto& p) { p.mutable_name()->set_value(std::string(65, 'x')); }).reason,
            "FIELD_TOO_LONG");
  EXPECT_EQ(Create([](auto& p) { p.set_id(7); }),
            (Refusal{kInvalid, "FIELD_OUTPUT_ONLY", "principal.id"}));
  EXPECT_EQ(Create([](auto& p) { p.set_organization(7); }),
            (Refusal{StatusCode::kNotFound, "ORGANIZATION_UNKNOWN", "principal.organization"}));
  EXPECT_EQ(Create([](auto& p) { p.add_grants(); }),
            (Refusal{kInvalid, "ROLE_UNKNOWN", "principal.grants[0].role"}));
  EXPECT_EQ(Create([](auto& p) { *p.add_grants() = GrantOf(v1::ROLE_CREW, "14050"); }),
            (Refusal{kInvalid, "DIVISION_MALFORMED", "principal.grants[0].divisions[0]"}));
  EXPECT_EQ(Create([](auto& p) {
              for (int i = 0; i < 17; ++i) p.add_grants();
            }),
            kTooMany);
  EXPECT_EQ(Create([](auto& p) { *p.add_grants() = GrantOf(v1::ROLE_ADMIN, "140502"); }),
            (Refusal{kInvalid, "ROLE_WITHOUT_BOUNDS", "principal.grants[0].role"}));
  EXPECT_EQ(world_.State(), state);
}

TEST_F(PrincipalsTest, CertificateNamesBelongToOne) {
  EXPECT_EQ(Create([](auto& p) { p.add_certificate_names("a.cn"); }).reason, "");
  EXPECT_EQ(Create([](auto& p) { p.add_certificate_names("a.cn"); }),
            (Refusal{StatusCode::kAlreadyExists, "CERTIFICATE_NAME_TAKEN",
                     "principal.certificate_names[0]"}));
}

TEST_F(PrincipalsTest, TheNameIsKeptApartFromTheLog) {
  const auto made = callers_.Make({});
  bool found = false;
  static_cast<void>(world_.Read()->ScanLog(0, [&](const store::LogRecord& entry) {
    found = found || entry.entry.find("王师傅") != std::string_view::npos;
    return true;
  }));
  EXPECT_FALSE(found);
  EXPECT_EQ(made.name().value(), "王师傅");
  EXPECT_TRUE(made.name().salt().empty());
}

TEST_F(PrincipalsTest, RefusesAnEtagThatIsNotThePresentOne) {
  auto principal = callers_.Make({});
  principal.mutable_name()->set_value("李师傅");
  ASSERT_TRUE(Update(principal));
  principal.mutable_name()->set_value("张师傅");
  EXPECT_EQ(RefusalOf(Update(principal)),
            (Refusal{StatusCode::kAborted, "ETAG_MISMATCH", "principal.etag"}));
}

TEST_F(PrincipalsTest, TheSameAgainChangesNothing) {
  auto principal = callers_.Make({GrantOf(v1::ROLE_CREW)});
  const auto before = *world_.Read()->LogSize();
  const auto updated = Update(principal);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_EQ(*world_.Read()->LogSize(), before);
  EXPECT_EQ(updated->principal().etag(), principal.etag());
}

TEST_F(PrincipalsTest, TheLastAdministratorStays) {
  auto first = callers_.Make({GrantOf(v1::ROLE_ADMIN)});
  first.set_disabled(true);
  const Refusal kLast{StatusCode::kFailedPrecondition, "LAST_ADMIN", "principal"};
  EXPECT_EQ(RefusalOf(Update(first)), kLast);
  first.set_disabled(false);
  first.clear_grants();
  EXPECT_EQ(RefusalOf(Update(first)), kLast);
  callers_.Make({GrantOf(v1::ROLE_ADMIN)});
  EXPECT_TRUE(Update(first));
}

/// Each is planned while the other is still an administrator.
TEST_F(PrincipalsTest, TwoAdministratorsCannotRemoveEachOther) {
  auto a = callers_.Make({GrantOf(v1::ROLE_ADMIN)});
  auto b = callers_.Make({GrantOf(v1::ROLE_ADMIN)});
  const auto plan = [&](v1::Principal principal) {
    v1::UpdatePrincipalRequest request;
    principal.clear_grants();
    *request.mutable_principal() = principal;
    return PlanUpdatePrincipal(world_.domain(), world_.call("update"), request, *world_.Read());
  };
  auto removing_a = plan(a);
  auto removing_b = plan(b);
  ASSERT_TRUE(removing_a && removing_b);
  EXPECT_TRUE(std::holds_alternative<store::Committed>(
      store::ApplyAndWait(world_.store(), std::move(removing_a->change))));
  EXPECT_TRUE(std::holds_alternative<store::MovedRecord>(
      store::ApplyAndWait(world_.store(), std::move(removing_b->change))));
  EXPECT_EQ(RefusalOf(plan(b)).reason, "LAST_ADMIN");
}

}  // namespace
}  // namespace yima::server::testing
