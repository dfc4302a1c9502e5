#include "server/registry/erase.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "server/registry/facility_rules.h"

namespace yima::server {
namespace {

constexpr int kValuesMax = 100;

/// Paths of values that may be erased in one kind of record; of those in a list, as in
/// "personal[NAME]", with what stands for the one.
using Paths = std::span<const std::string_view>;

Paths ErasableIn(const v1::EraseValuesRequest& request) {
  using enum v1::EraseValuesRequest::TargetCase;
  static constexpr std::string_view kOfFacility[] = {"remark", "personal[NAME]", "last_step.note",
                                                     "hand_over.note"};
  static constexpr std::string_view kOfOrganization[] = {"contact_name", "contact_telephone"};
  static constexpr std::string_view kOfClaim[] = {"decision.reason"};
  static constexpr std::string_view kOfObjection[] = {"person", "contact", "reasons",
                                                      "decision.reason"};
  static constexpr std::string_view kOfNotice[] = {"withdrawal.reason"};
  static constexpr std::string_view kOfOffer[] = {"candidates[ORGANIZATION].reason"};
  static constexpr std::string_view kOfOrder[] = {"reason"};
  switch (request.target_case()) {
    case kOrganization:
      return kOfOrganization;
    case kClaim:
      return kOfClaim;
    case kObjection:
      return kOfObjection;
    case kNotice:
      return kOfNotice;
    case kOffer:
      return kOfOffer;
    case kOrder:
      return kOfOrder;
    default:
      return kOfFacility;
  }
}

bool Fits(std::string_view path, std::string_view shape) {
  const size_t open = shape.find('[');
  if (open == std::string_view::npos) return path == shape;
  const std::string_view head = shape.substr(0, open + 1);
  const std::string_view tail = shape.substr(shape.find(']'));
  return path.size() > head.size() + tail.size() && path.starts_with(head) && path.ends_with(tail);
}

Result<void> CheckRequest(const v1::EraseValuesRequest& request) {
  if (request.target_case() == v1::EraseValuesRequest::TARGET_NOT_SET) {
    return Invalid("TARGET_MISSING", "no record is named whose values these are", "target");
  }
  if (request.values().empty()) return Invalid("VALUE_MISSING", "no value is named", "values");
  if (request.values_size() > kValuesMax) {
    return Invalid("VALUES_TOO_MANY",
                   fmt::format("{} values, want at most {}", request.values_size(), kValuesMax),
                   "values");
  }
  const Paths shapes = ErasableIn(request);
  for (int i = 0; i < request.values_size(); ++i) {
    const std::string& path = request.values(i);
    if (std::ranges::any_of(shapes, [&](const auto shape) { return Fits(path, shape); })) continue;
    return Invalid(
        "VALUE_UNKNOWN",
        fmt::format("\"{}\" is none of {}", path.substr(0, 100), fmt::join(shapes, ", ")),
        fmt::format("values[{}]", i));
  }
  return {};
}

/// True when anything was still there.
template <typename R>
Result<bool> Erase(const v1::EraseValuesRequest& request, R& record) {
  // By hash, which the salt makes a value's own: whatever else holds the same value holds it too.
  std::set<std::string> hashes;
  for (int i = 0; i < request.values_size(); ++i) {
    bool found = false;
    EachErasable(record, [&](std::string_view path, const v1::Withheld& value) {
      if (path != request.values(i)) return;
      found = true;
      hashes.insert(value.hash());
    });
    if (found) continue;
    return Fail(StatusCode::kNotFound, "VALUE_NOT_FOUND",
                fmt::format("the record has no {}", request.values(i)),
                fmt::format("values[{}]", i));
  }
  bool erased = false;
  EachErasable(record, [&](std::string_view, v1::Withheld& value) {
    if (!hashes.contains(value.hash())) return;
    erased = erased || !value.value().empty() || !value.salt().empty();
    value.clear_salt();
    value.clear_value();
  });
  return erased;
}

template <typename R>
Result<Planned> PlanErasing(const Domain& domain, const Call& call,
                            const v1::EraseValuesRequest& request, uint64_t id,
                            const Read<R>& read) {
  const store::Kind kind = ChangeWriter::KindOf(read.record);
  R after = read.record;
  YIMA_ASSIGN_OR_RETURN(const bool erased, Erase(request, after));
  ChangeWriter writer(call, request.request_id());
  if (erased) {
    if constexpr (requires { after.set_update_time_us(0); }) {
      after.set_update_time_us(domain.now());
    }
    writer.Replace(id, read.revision, read.record, after);
  }
  return Planned{writer.Take(), {{kind, id, read.revision + (erased ? 1 : 0)}}};
}

/// A record of a kind, CLAIM_NOT_FOUND and the like when there is none. `name` is its field in the
/// request.
template <typename R>
Result<Read<R>> Find(const store::Snapshot& snapshot, uint64_t id, std::string_view name) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<R>(snapshot, id));
  if (read) return *std::move(read);
  std::string reason(name);
  std::ranges::transform(reason, reason.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return Fail(StatusCode::kNotFound, reason + "_NOT_FOUND",
              fmt::format("no {} has id {}", name, id), std::string(name));
}

/// Of what stands on a facility: within the reach of whom that is.
template <typename R>
Result<Planned> PlanErasingOn(const Domain& domain, const Call& call,
                              const v1::EraseValuesRequest& request, uint64_t id,
                              const store::Snapshot& snapshot, std::string_view name) {
  YIMA_ASSIGN_OR_RETURN(const auto read, Find<R>(snapshot, id, name));
  YIMA_ASSIGN_OR_RETURN(const auto facility,
                        Find<v1::Facility>(snapshot, read.record.facility(), "facility"));
  YIMA_RETURN_IF_ERROR(CheckReach(call, facility.record, name));
  return PlanErasing(domain, call, request, id, read);
}

/// Of what is the whole registry's.
template <typename R>
Result<Planned> PlanErasingForAll(const Domain& domain, const Call& call,
                                  const v1::EraseValuesRequest& request, uint64_t id,
                                  const store::Snapshot& snapshot, std::string_view name) {
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  YIMA_ASSIGN_OR_RETURN(const auto read, Find<R>(snapshot, id, name));
  return PlanErasing(domain, call, request, id, read);
}

}  // namespace

void EachErasable(v1::Facility& facility, const WithheldVisitor& visit) {
  if (facility.has_remark()) visit("remark", *facility.mutable_remark());
  for (auto& field : *facility.mutable_personal()) {
    visit(fmt::format("personal[{}]", field.name()), *field.mutable_value());
  }
  if (facility.last_step().has_note()) {
    visit("last_step.note", *facility.mutable_last_step()->mutable_note());
  }
  if (facility.hand_over().has_note()) {
    visit("hand_over.note", *facility.mutable_hand_over()->mutable_note());
  }
}

void EachErasable(v1::Organization& organization, const WithheldVisitor& visit) {
  if (organization.has_contact_name()) visit("contact_name", *organization.mutable_contact_name());
  if (organization.has_contact_telephone()) {
    visit("contact_telephone", *organization.mutable_contact_telephone());
  }
}

void EachErasable(v1::Claim& claim, const WithheldVisitor& visit) {
  if (claim.decision().has_reason()) {
    visit("decision.reason", *claim.mutable_decision()->mutable_reason());
  }
}

void EachErasable(v1::Objection& objection, const WithheldVisitor& visit) {
  if (objection.has_person()) visit("person", *objection.mutable_person());
  if (objection.has_contact()) visit("contact", *objection.mutable_contact());
  if (objection.has_reasons()) visit("reasons", *objection.mutable_reasons());
  if (objection.decision().has_reason()) {
    visit("decision.reason", *objection.mutable_decision()->mutable_reason());
  }
}

void EachErasable(v1::Notice& notice, const WithheldVisitor& visit) {
  if (notice.withdrawal().has_reason()) {
    visit("withdrawal.reason", *notice.mutable_withdrawal()->mutable_reason());
  }
}

void EachErasable(v1::Offer& offer, const WithheldVisitor& visit) {
  for (auto& candidate : *offer.mutable_candidates()) {
    if (!candidate.has_reason()) continue;
    visit(fmt::format("candidates[{}].reason", candidate.organization()),
          *candidate.mutable_reason());
  }
}

void EachErasable(v1::Order& order, const WithheldVisitor& visit) {
  if (order.has_reason()) visit("reason", *order.mutable_reason());
}

Result<Planned> PlanEraseValues(const Domain& domain, const Call& call,
                                const v1::EraseValuesRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  switch (request.target_case()) {
    case v1::EraseValuesRequest::kOrganization:
      // As their contacts are shown to.
      return PlanErasingForAll<v1::Organization>(domain, call, request, request.organization(),
                                                 snapshot, "organization");
    case v1::EraseValuesRequest::kNotice:
      return PlanErasingForAll<v1::Notice>(domain, call, request, request.notice(), snapshot,
                                           "notice");
    case v1::EraseValuesRequest::kClaim:
      return PlanErasingOn<v1::Claim>(domain, call, request, request.claim(), snapshot, "claim");
    case v1::EraseValuesRequest::kObjection:
      return PlanErasingOn<v1::Objection>(domain, call, request, request.objection(), snapshot,
                                          "objection");
    case v1::EraseValuesRequest::kOffer:
      return PlanErasingOn<v1::Offer>(domain, call, request, request.offer(), snapshot, "offer");
    case v1::EraseValuesRequest::kOrder:
      return PlanErasingOn<v1::Order>(domain, call, request, request.order(), snapshot, "order");
    default:
      break;
  }
  const uint64_t uid = request.facility();
  YIMA_ASSIGN_OR_RETURN(const auto read, Find<v1::Facility>(snapshot, uid, "facility"));
  YIMA_RETURN_IF_ERROR(CheckReach(call, read.record, "facility"));
  return PlanErasing(domain, call, request, uid, read);
}

Result<v1::EraseValuesResponse> AnswerEraseValues(const Domain& domain,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot& snapshot) {
  v1::EraseValuesResponse response;
  const RecordRef& ref = results.at(0);
  /// As who may erase sees it: values alone, without what is the log's.
  const auto show = [&]<typename R>(R* shown, std::string_view name) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(auto read, Find<R>(snapshot, ref.id, name));
    *shown = std::move(read.record);
    EachErasable(*shown, [](std::string_view, v1::Withheld& value) {
      value.clear_hash();
      value.clear_salt();
    });
    if constexpr (requires { shown->set_etag(""); }) shown->set_etag(Etag(domain, read.revision));
    return {};
  };
  Result<void> found;
  switch (ref.kind) {
    case store::Kind::kOrganization:
      found = show(response.mutable_organization(), "organization");
      break;
    case store::Kind::kClaim:
      found = show(response.mutable_claim(), "claim");
      break;
    case store::Kind::kObjection:
      found = show(response.mutable_objection(), "objection");
      break;
    case store::Kind::kNotice:
      found = show(response.mutable_notice(), "notice");
      break;
    case store::Kind::kOffer:
      found = show(response.mutable_offer(), "offer");
      break;
    case store::Kind::kOrder:
      found = show(response.mutable_order(), "order");
      break;
    default:
      found = show(response.mutable_facility(), "facility");
  }
  YIMA_RETURN_IF_ERROR(found);
  return response;
}

}  // namespace yima::server
