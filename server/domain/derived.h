#ifndef YIMA_SERVER_DOMAIN_DERIVED_H_
#define YIMA_SERVER_DOMAIN_DERIVED_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/store/store.h"
#include "yima/v1/access.pb.h"
#include "yima/v1/batch.pb.h"
#include "yima/v1/blank_range.pb.h"
#include "yima/v1/claim.pb.h"
#include "yima/v1/code.pb.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/notice.pb.h"
#include "yima/v1/objection.pb.h"
#include "yima/v1/offer.pb.h"
#include "yima/v1/order.pb.h"
#include "yima/v1/organization.pb.h"
#include "yima/v1/registry.pb.h"
#include "yima/v1/rights_rules.pb.h"
#include "yima/v1/sighting.pb.h"
#include "yima/v1/stock_take.pb.h"

namespace yima::server {

/// One key of a unique index; the record it follows from holds it.
struct Key {
  store::Index index;
  std::string key;
  auto operator<=>(const Key&) const = default;
};

/// All that follows from a record and is stored beside it: unique keys, the terms under which it is
/// found, the place where it is found, and what it adds to counters. Writes apply the difference
/// between before and after, and `yimad check` compares the whole, so neither can forget one.
struct Derived {
  std::vector<Key> keys;
  std::vector<std::string> terms;
  std::vector<std::pair<std::string, int64_t>> counters;
  std::optional<store::Point> place;  ///< Of a facility whose position is known.
};

/// Of the counters, one at most follows from a facility: its CoverCounter.
Derived Derive(const v1::Facility& facility);
Derived Derive(const v1::Code& code);
Derived Derive(const v1::Organization& organization);
Derived Derive(const v1::FacilityClass& facility_class);
Derived Derive(const v1::Batch& batch);
Derived Derive(const v1::Registry& registry);
Derived Derive(const v1::Principal& principal);
/// What follows from a record as it is stored; nothing when it does not parse, or is of a kind
/// from which nothing follows.
std::optional<Derived> DeriveFrom(store::Kind kind, std::string_view bytes);
Derived Derive(const v1::BlankRange& range);
Derived Derive(const v1::StockTake& stock_take);
Derived Derive(const v1::StockFinding& finding);
Derived Derive(const v1::Sightings& sightings);
Derived Derive(const v1::Claim& claim);
Derived Derive(const v1::Notice& notice);
Derived Derive(const v1::Objection& objection);
Derived Derive(const v1::Offer& offer);
Derived Derive(const v1::Order& order);
Derived Derive(const v1::RightsRules& rules);

/// A scan in the wrong place is held against a code for this long, as its scans count the time.
constexpr uint32_t kSightingHours = 30 * 24;
bool IsSuspicious(const v1::Sightings& sightings);

/// Keys of unique indexes, as Derive makes them.
std::string FacilityCodeKey(uint32_t scheme, std::string_view digits);
std::string ExternalCodeKey(std::string_view name_space, std::string_view value);
std::string ActiveCodeKey(uint64_t facility);

/// Terms, as Derive makes them.
std::string DivisionTerm(std::string_view division);
std::string ClassTerm(std::string_view class_code);
/// Of facilities: those on which it has a right or claims one. Of open offers: those it may still
/// answer.
std::string OrganizationTerm(uint64_t organization);
std::string BatchTerm(uint64_t batch);
std::string LifeTerm(v1::Life life);              ///< Of facilities not IN_USE.
std::string ParentTerm(uint64_t facility);        ///< Of facilities: all parts of one.
std::string StandingPartTerm(uint64_t facility);  ///< Of those: what is not scrapped.
std::string InnerWholeTerm(uint64_t facility);    ///< Of those: what has had parts itself.
/// Of codes, claims, objections, offers and orders: all of one facility.
std::string FacilityTerm(uint64_t facility);
std::string CodeStateTerm(v1::CodeState state);  ///< Of codes not ACTIVE.
std::string FileTerm(std::string_view sha256);   ///< Of facilities: those that name a file.
std::string PrintedTerm();                       ///< Of codes that were printed.
/// Of ranges of blank plates, objections, offers and orders: those that are open.
std::string OpenTerm();
std::string NoticeTerm(uint64_t notice);  ///< Of claims and objections: all of one notice.
std::string SuspiciousTerm();             ///< Of sightings.
/// Of findings: what a stock-take's report lists beside the facilities that were seen as expected.
std::string StockRestTerm(uint64_t stock_take);
std::string StockSenderTerm(uint64_t stock_take, std::string_view principal);
/// Of findings: all of one facility, of one plate, of one text that leads to neither.
std::string StockFacilityTerm(uint64_t stock_take, uint64_t facility);
std::string StockPlateTerm(uint64_t stock_take, uint64_t serial);
std::string StockSeenTerm(uint64_t stock_take, std::string_view seen);
/// Count the claims of a notice by what has become of them, and its open objections.
std::string NoticeCounter(uint64_t notice, v1::ClaimState state);
std::string ObjectionCounter(uint64_t notice);
/// Counts the findings of a stock-take.
std::string StockCounter(uint64_t stock_take);

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_DERIVED_H_
