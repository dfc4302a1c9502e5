#include "server/domain/derived.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "server/domain/cover.h"

namespace yima::server {
namespace {

std::string BigEndian(uint64_t value) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  return bytes;
}

/// Nothing when it is unknown, and of a facility whose creation was taken back.
std::optional<store::Point> PlaceOf(const v1::Facility& facility) {
  const v1::Position& position = facility.position();
  if (!position.has_longitude() || !position.has_latitude()) return std::nullopt;
  if (facility.life() == v1::LIFE_WITHDRAWN) return std::nullopt;
  // A record that holds another was not made by our rules, and must not keep a store from opening.
  if (!(std::abs(position.longitude()) <= 180 && std::abs(position.latitude()) <= 90)) {
    return std::nullopt;
  }
  return store::Point{position.longitude(), position.latitude()};
}

/// Once, though several rights ask for it.
void AddTerm(Derived& derived, std::string term) {
  if (std::ranges::find(derived.terms, term) != derived.terms.end()) return;
  derived.terms.push_back(std::move(term));
}

template <typename R>
std::optional<Derived> DeriveParsed(std::string_view bytes) {
  R record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return Derive(record);
}

}  // namespace

std::string FacilityCodeKey(uint32_t scheme, std::string_view digits) {
  std::string key(1, static_cast<char>(scheme));
  return key.append(digits);
}

std::string ExternalCodeKey(std::string_view name_space, std::string_view value) {
  std::string key(name_space);
  key.push_back('\0');
  return key.append(value);
}

std::string ActiveCodeKey(uint64_t facility) { return BigEndian(facility); }
std::string DivisionTerm(std::string_view division) { return fmt::format("d{}", division); }
std::string ClassTerm(std::string_view class_code) { return fmt::format("c{}", class_code); }
std::string OrganizationTerm(uint64_t organization) { return "o" + BigEndian(organization); }
std::string BatchTerm(uint64_t batch) { return "b" + BigEndian(batch); }
std::string LifeTerm(v1::Life life) { return fmt::format("l{}", static_cast<int>(life)); }
std::string ParentTerm(uint64_t facility) { return "p" + BigEndian(facility); }
std::string StandingPartTerm(uint64_t facility) { return "t" + BigEndian(facility); }
std::string InnerWholeTerm(uint64_t facility) { return "h" + BigEndian(facility); }
std::string FacilityTerm(uint64_t facility) { return "f" + BigEndian(facility); }
std::string CodeStateTerm(v1::CodeState state) {
  return fmt::format("s{}", static_cast<int>(state));
}
std::string PrintedTerm() { return "p"; }
std::string OpenTerm() { return "open"; }
std::string NoticeTerm(uint64_t notice) { return "n" + BigEndian(notice); }
std::string NoticeCounter(uint64_t notice, v1::ClaimState state) {
  return fmt::format("notice/{}/{}", notice, static_cast<int>(state));
}
std::string ObjectionCounter(uint64_t notice) {
  return fmt::format("notice/{}/objections", notice);
}
std::string SuspiciousTerm() { return "suspicious"; }
std::string StockRestTerm(uint64_t stock_take) { return "r" + BigEndian(stock_take); }
std::string StockSenderTerm(uint64_t stock_take, std::string_view principal) {
  return ("w" + BigEndian(stock_take)).append(principal);
}
std::string StockFacilityTerm(uint64_t stock_take, uint64_t facility) {
  return "f" + BigEndian(stock_take) + BigEndian(facility);
}
std::string StockPlateTerm(uint64_t stock_take, uint64_t serial) {
  return "s" + BigEndian(stock_take) + BigEndian(serial);
}
std::string StockSeenTerm(uint64_t stock_take, std::string_view seen) {
  return ("x" + BigEndian(stock_take)).append(seen);
}
std::string StockCounter(uint64_t stock_take) { return fmt::format("stock/{}", stock_take); }

std::string FileTerm(std::string_view sha256) { return std::string("a").append(sha256); }

Derived Derive(const v1::Facility& facility) {
  Derived derived;
  if (facility.life() == v1::LIFE_WITHDRAWN) return derived;  // As if it had never been.
  for (const auto& code : facility.codes()) {
    derived.keys.push_back(
        {store::Index::kFacilityCode, FacilityCodeKey(code.scheme(), code.digits())});
  }
  for (const auto& code : facility.external_codes()) {
    derived.keys.push_back(
        {store::Index::kExternalCode, ExternalCodeKey(code.namespace_(), code.value())});
  }
  derived.terms.push_back(DivisionTerm(facility.division()));
  derived.terms.push_back(ClassTerm(facility.class_code()));
  if (facility.batch() != 0) derived.terms.push_back(BatchTerm(facility.batch()));
  for (const auto& file : facility.files()) derived.terms.push_back(FileTerm(file.sha256()));
  // Nearly all are in use, so a term for these would cost each of them and find nothing faster.
  if (facility.life() != v1::LIFE_IN_USE) derived.terms.push_back(LifeTerm(facility.life()));
  if (facility.parent() != 0) {
    derived.terms.push_back(ParentTerm(facility.parent()));
    if (facility.life() != v1::LIFE_SCRAPPED) {
      derived.terms.push_back(StandingPartTerm(facility.parent()));
    }
    if (facility.has_parts()) derived.terms.push_back(InnerWholeTerm(facility.parent()));
  }
  for (const v1::Right* right :
       {&facility.supervising(), &facility.owning(), &facility.maintaining()}) {
    if (right->holder() != 0) AddTerm(derived, OrganizationTerm(right->holder()));
    for (const auto& claim : right->claims()) {
      AddTerm(derived, OrganizationTerm(claim.organization()));
    }
  }
  if (std::string cover = CoverCounter(facility); !cover.empty()) {
    derived.counters.emplace_back(std::move(cover), 1);
  }
  derived.place = PlaceOf(facility);
  return derived;
}

Derived Derive(const v1::Code& code) {
  Derived derived;
  if (code.state() == v1::CODE_STATE_ACTIVE) {
    derived.keys.push_back({store::Index::kActiveCode, ActiveCodeKey(code.facility())});
  } else {
    derived.terms.push_back(CodeStateTerm(code.state()));
  }
  if (code.facility() != 0) derived.terms.push_back(FacilityTerm(code.facility()));
  if (code.prints() > 0) derived.terms.push_back(PrintedTerm());
  derived.counters.emplace_back(fmt::format("codes/{}", static_cast<int>(code.state())), 1);
  return derived;
}

Derived Derive(const v1::Organization& organization) {
  Derived derived;
  derived.keys.push_back({store::Index::kOrganizationName, organization.name()});
  for (const auto& alias : organization.aliases()) {
    derived.keys.push_back({store::Index::kOrganizationName, alias});
  }
  for (const auto& former : organization.former_names()) {
    derived.keys.push_back({store::Index::kOrganizationName, former.name()});
  }
  if (!organization.credit_code().empty()) {
    derived.keys.push_back({store::Index::kCreditCode, organization.credit_code()});
  }
  derived.counters.emplace_back("organizations", 1);
  return derived;
}

Derived Derive(const v1::FacilityClass& facility_class) {
  Derived derived;
  derived.keys.push_back({store::Index::kClassCode, facility_class.code()});
  return derived;
}

Derived Derive(const v1::Batch&) { return {}; }
Derived Derive(const v1::Registry&) { return {}; }
Derived Derive(const v1::StockTake&) { return {}; }

Derived Derive(const v1::Principal& principal) {
  Derived derived;
  for (const auto& name : principal.certificate_names()) {
    derived.keys.push_back({store::Index::kCertificateName, name});
  }
  return derived;
}

std::optional<Derived> DeriveFrom(store::Kind kind, std::string_view bytes) {
  switch (kind) {
    case store::Kind::kFacility:
      return DeriveParsed<v1::Facility>(bytes);
    case store::Kind::kCode:
      return DeriveParsed<v1::Code>(bytes);
    case store::Kind::kOrganization:
      return DeriveParsed<v1::Organization>(bytes);
    case store::Kind::kFacilityClass:
      return DeriveParsed<v1::FacilityClass>(bytes);
    case store::Kind::kBatch:
      return DeriveParsed<v1::Batch>(bytes);
    case store::Kind::kRegistry:
      return DeriveParsed<v1::Registry>(bytes);
    case store::Kind::kPrincipal:
      return DeriveParsed<v1::Principal>(bytes);
    case store::Kind::kBlankRange:
      return DeriveParsed<v1::BlankRange>(bytes);
    case store::Kind::kStockTake:
      return DeriveParsed<v1::StockTake>(bytes);
    case store::Kind::kClaim:
      return DeriveParsed<v1::Claim>(bytes);
    case store::Kind::kNotice:
      return DeriveParsed<v1::Notice>(bytes);
    case store::Kind::kObjection:
      return DeriveParsed<v1::Objection>(bytes);
    case store::Kind::kOffer:
      return DeriveParsed<v1::Offer>(bytes);
    case store::Kind::kOrder:
      return DeriveParsed<v1::Order>(bytes);
    case store::Kind::kRightsRules:
      return DeriveParsed<v1::RightsRules>(bytes);
    case store::Kind::kStockFinding:
      return DeriveParsed<v1::StockFinding>(bytes);
    case store::Kind::kSighting:
      return DeriveParsed<v1::Sightings>(bytes);
    default:
      return std::nullopt;
  }
}

Derived Derive(const v1::BlankRange& range) {
  Derived derived;
  if (range.state() == v1::BLANK_RANGE_STATE_OPEN) derived.terms.push_back(OpenTerm());
  return derived;
}

Derived Derive(const v1::StockFinding& finding) {
  Derived derived;
  const uint64_t stock_take = finding.stock_take();
  const bool as_expected =
      finding.expected() && (finding.outcome() == v1::STOCK_OUTCOME_FOUND ||
                             finding.outcome() == v1::STOCK_OUTCOME_WRONG_PLACE);
  if (!as_expected) derived.terms.push_back(StockRestTerm(stock_take));
  derived.terms.push_back(StockSenderTerm(stock_take, finding.principal()));
  if (finding.facility() != 0) {
    derived.terms.push_back(StockFacilityTerm(stock_take, finding.facility()));
  }
  if (finding.serial() != 0) {
    derived.terms.push_back(StockPlateTerm(stock_take, finding.serial()));
  }
  if (!finding.seen().empty()) {
    derived.terms.push_back(StockSeenTerm(stock_take, finding.seen()));
  }
  derived.counters.emplace_back(StockCounter(stock_take), 1);
  return derived;
}

Derived Derive(const v1::Notice&) { return {}; }
Derived Derive(const v1::RightsRules&) { return {}; }

Derived Derive(const v1::Claim& claim) {
  Derived derived;
  derived.terms.push_back(FacilityTerm(claim.facility()));
  if (claim.notice() != 0) {
    derived.terms.push_back(NoticeTerm(claim.notice()));
    derived.counters.emplace_back(NoticeCounter(claim.notice(), claim.state()), 1);
  }
  return derived;
}

Derived Derive(const v1::Objection& objection) {
  Derived derived;
  derived.terms.push_back(FacilityTerm(objection.facility()));
  derived.terms.push_back(NoticeTerm(objection.notice()));
  if (objection.state() == v1::OBJECTION_STATE_OPEN) {
    derived.terms.push_back(OpenTerm());
    derived.counters.emplace_back(ObjectionCounter(objection.notice()), 1);
  }
  return derived;
}

Derived Derive(const v1::Offer& offer) {
  Derived derived;
  derived.terms.push_back(FacilityTerm(offer.facility()));
  if (offer.state() != v1::OFFER_STATE_OPEN) return derived;
  derived.terms.push_back(OpenTerm());
  for (const auto& candidate : offer.candidates()) {
    if (candidate.answer() == v1::CANDIDATE_ANSWER_UNSPECIFIED) {
      AddTerm(derived, OrganizationTerm(candidate.organization()));
    }
  }
  return derived;
}

Derived Derive(const v1::Order& order) {
  Derived derived;
  derived.terms.push_back(FacilityTerm(order.facility()));
  if (order.state() == v1::ORDER_STATE_PROPOSED) derived.terms.push_back(OpenTerm());
  return derived;
}

bool IsSuspicious(const v1::Sightings& sightings) {
  const uint32_t newest = sightings.places_size() > 0 ? sightings.places(0).hour() : 0;
  const auto lately = [&](uint32_t hour) { return hour != 0 && hour + kSightingHours >= newest; };
  return lately(sightings.apart_hour()) || lately(sightings.far_hour());
}

Derived Derive(const v1::Sightings& sightings) {
  Derived derived;
  if (IsSuspicious(sightings)) derived.terms.push_back(SuspiciousTerm());
  return derived;
}

}  // namespace yima::server
