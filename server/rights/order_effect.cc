#include "server/rights/order_effect.h"

#include <fmt/format.h>

#include "server/registry/life.h"
#include "server/rights/duties.h"
#include "server/rights/notices.h"
#include "server/rights/right_of.h"
#include "server/rights/standing.h"

namespace yima::server {
namespace {

/// Nothing of what was decided before stands behind the right any more.
void DecideBy(const v1::Order& order, const Rules& rules, v1::Right& right) {
  right.clear_decided_claim();
  right.clear_decided_notice();
  right.set_decided_order(order.id());
  right.set_rules(rules.version);
}

void GiveTo(const v1::Order& order, v1::Right& right) {
  right.set_holder(order.to());
  right.set_state(v1::RIGHT_STATE_CONFIRMED);
  *right.mutable_basis() = order.basis();
  right.set_valid_from(order.valid_from());
  right.set_valid_until(order.valid_until());
}

/// Whom the ledger names stays, and with him nothing that was confirmed of him.
void Revoke(v1::Right& right) {
  right.set_state(v1::RIGHT_STATE_RECORDED);
  right.clear_basis();
  right.clear_valid_from();
  right.clear_valid_until();
  right.clear_by_order();
}

const char* InWords(v1::RightKind kind) {
  return kind == v1::RIGHT_KIND_SUPERVISING ? "主管"
         : kind == v1::RIGHT_KIND_OWNING    ? "权属"
                                            : "养护";
}

Result<v1::Notice> NoticeOf(const v1::Order& order, const v1::Facility& facility,
                            const Rules& rules, TimeUs moment) {
  v1::Notice notice;
  notice.set_id(order.notice());
  notice.set_kind(v1::NOTICE_KIND_CORRECTION);
  const std::string code = facility.codes().empty() ? fmt::to_string(facility.uid())
                                                    : facility.codes().rbegin()->digits();
  notice.set_title(fmt::format("{} {} {}更正公示", facility.name(), code, InWords(order.right())));
  notice.set_source(fmt::format("facility {}", facility.uid()));
  notice.set_facilities(1);
  notice.set_claims(1);
  notice.set_days(rules.PublicityDays(facility.class_code()));
  YIMA_RETURN_IF_ERROR(OpenNotice(rules, moment, notice));
  notice.set_principal(order.countersigned().principal());
  notice.set_create_time_us(moment);
  return notice;
}

/// Who is to be the holder claims it, in the name of who proposed the correction.
v1::Claim ClaimOf(const v1::Order& order, const Rules& rules, TimeUs moment) {
  v1::Claim claim;
  claim.set_id(order.claim());
  claim.set_facility(order.facility());
  claim.set_kind(order.right());
  claim.set_organization(order.to());
  *claim.mutable_basis() = order.basis();
  claim.set_valid_from(order.valid_from());
  claim.set_valid_until(order.valid_until());
  claim.set_state(v1::CLAIM_STATE_OPEN);
  claim.set_notice(order.notice());
  claim.set_order(order.id());
  claim.set_principal(order.proposed().principal());
  claim.set_principal_organization(order.proposed().organization());
  claim.set_rules(rules.version);
  claim.set_create_time_us(moment);
  return claim;
}

/// The confirmation stands until its correction is confirmed; its notice opens now.
Result<void> Publish(const Domain& domain, const Rules& rules, TimeUs moment,
                     const v1::Facility& facility, v1::Order& order, v1::Right& right,
                     ChangeWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t notice, domain.numbers.NewId(store::Kind::kBatch));
  YIMA_ASSIGN_OR_RETURN(const uint64_t claim, domain.numbers.NewId(store::Kind::kClaim));
  order.set_notice(notice);
  order.set_claim(claim);
  const v1::Claim claimed = ClaimOf(order, rules, moment);
  YIMA_ASSIGN_OR_RETURN(const auto opened, NoticeOf(order, facility, rules, moment));
  writer.Create(notice, opened);
  writer.Create(claim, claimed);
  StandClaim(claimed, right);
  return {};
}

/// Whatever could have decided the right meanwhile is refused while an order is proposed; what a
/// rule of tomorrow may let through is seen here.
Result<void> CheckAsProposed(const v1::Order& order, const v1::Right& right) {
  const bool by_right = right.state() == v1::RIGHT_STATE_CONFIRMED && !right.by_order();
  const bool as_proposed = order.kind() == v1::ORDER_KIND_ASSIGNMENT
                               ? !by_right
                               : right.state() == v1::RIGHT_STATE_CONFIRMED;
  if (as_proposed && right.order() == order.id() && right.holder() == order.from() &&
      right.claims().empty()) {
    return {};
  }
  return Fail(StatusCode::kFailedPrecondition, "ORDER_ENDED",
              fmt::format("the right that order {} is on was decided another way", order.id()),
              "order");
}

Result<void> CheckStillOwnerless(const store::Snapshot& snapshot, TimeUs moment,
                                 v1::Facility& facility, ChangeWriter& writer) {
  if (facility.owning().state() == v1::RIGHT_STATE_OWNERLESS) {
    return EndOfferGoneBy(snapshot, moment, *facility.mutable_owning(), writer, "order");
  }
  return Fail(StatusCode::kFailedPrecondition, "RIGHT_NOT_OWNERLESS",
              fmt::format("facility {} is no longer known to be ownerless", facility.uid()),
              "order");
}

}  // namespace

Result<void> CarryOut(const Domain& domain, const store::Snapshot& snapshot, const Rules& rules,
                      TimeUs moment, v1::Order& order, v1::Facility& facility,
                      ChangeWriter& writer) {
  YIMA_RETURN_IF_ERROR(CheckNotEnded(facility, "order"));
  YIMA_RETURN_IF_ERROR(CheckAsProposed(order, RightOf(facility, order.right())));
  if (order.kind() != v1::ORDER_KIND_REVOCATION) {
    YIMA_ASSIGN_OR_RETURN(const auto taker, FindActing(snapshot, order.to(), "order"));
    writer.Check(store::Kind::kOrganization, order.to(), taker.revision);
  }
  v1::Right& right = MutableRightOf(facility, order.right());
  switch (order.kind()) {
    case v1::ORDER_KIND_CORRECTION:
      YIMA_RETURN_IF_ERROR(Publish(domain, rules, moment, facility, order, right, writer));
      break;
    case v1::ORDER_KIND_REVOCATION:
      Revoke(right);
      DecideBy(order, rules, right);
      break;
    case v1::ORDER_KIND_ASSIGNMENT:
      YIMA_RETURN_IF_ERROR(CheckStillOwnerless(snapshot, moment, facility, writer));
      GiveTo(order, right);
      DecideBy(order, rules, right);
      right.set_by_order(true);
      break;
    default:
      GiveTo(order, right);
      DecideBy(order, rules, right);
      break;
  }
  order.set_state(v1::ORDER_STATE_DONE);
  right.clear_order();
  return {};
}

}  // namespace yima::server
