#include "server/stock/stock_scan.h"

#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "codegen/code/serial.h"
#include "server/issuance/codes.h"
#include "server/registry/facilities.h"
#include "server/registry/facility_rules.h"
#include "server/resolver/shown.h"
#include "server/stock/findings.h"
#include "server/stock/stock_takes.h"

namespace yima::server {
namespace {

constexpr int kSightingsMax = 1000;
constexpr size_t kCrewMax = 64;
constexpr size_t kSeenMax = 512;
constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
/// Stands in a kept reply for "seen alike before", where a revision would stand.
constexpr uint64_t kAgain = 0;

Result<void> CheckPosition(const v1::StockSighting& sighting, const std::string& at) {
  if (sighting.has_longitude() != sighting.has_latitude()) {
    return Invalid("POSITION_INCOMPLETE", "longitude and latitude belong together",
                   at + (sighting.has_latitude() ? ".longitude" : ".latitude"));
  }
  // Written so that NaN is refused too.
  if (!(std::abs(sighting.longitude()) <= 180)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("longitude {} is not -180 to 180", sighting.longitude()),
                   at + ".longitude");
  }
  if (!(std::abs(sighting.latitude()) <= 90)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("latitude {} is not -90 to 90", sighting.latitude()),
                   at + ".latitude");
  }
  return {};
}

Result<void> CheckTime(TimeUs time, TimeUs now, const std::string& at) {
  if (time >= 0 && time <= now + kDay) return {};
  return Invalid("TIME_OUT_OF_RANGE",
                 fmt::format("time {} is neither 0 nor from 1970 to tomorrow", time),
                 at + ".time_us");
}

/// A facility's name as people write it.
std::string NameOf(const v1::GetFacilityRequest& name) {
  switch (name.name_case()) {
    case v1::GetFacilityRequest::kUid:
      return fmt::format("uid:{}", name.uid());
    case v1::GetFacilityRequest::kCode:
      return fmt::format("{}:{}", name.code().scheme(), name.code().digits());
    case v1::GetFacilityRequest::kExternalCode:
      return fmt::format("{}:{}", name.external_code().namespace_(), name.external_code().value());
    default:
      return {};
  }
}

/// What was seen, in words; empty when nothing was said.
std::string SeenIn(const v1::StockSighting& sighting) {
  switch (sighting.seen_case()) {
    case v1::StockSighting::kText:
      return sighting.text();
    case v1::StockSighting::kSerial:
      return fmt::to_string(sighting.serial());
    case v1::StockSighting::kShortNumber:
      return sighting.short_number();
    case v1::StockSighting::kFacility:
      return NameOf(sighting.facility());
    default:
      return {};
  }
}

Result<void> CheckSighting(const v1::StockSighting& sighting, TimeUs now, const std::string& at) {
  const std::string seen = SeenIn(sighting);
  if (seen.empty()) {
    return Invalid("SIGHTING_MISSING", "neither a plate nor a facility is named", at + ".seen");
  }
  if (seen.size() > kSeenMax) {
    return Invalid("TEXT_TOO_LONG",
                   fmt::format("text of {} bytes, want at most {}", seen.size(), kSeenMax),
                   at + ".seen");
  }
  YIMA_RETURN_IF_ERROR(CheckPosition(sighting, at));
  return CheckTime(sighting.time_us(), now, at);
}

/// To a hundredth of a degree, some kilometre.
double VeryCoarse(double degrees) { return std::round(degrees * 100) / 100; }

/// A clock that is wrong must not tell of what cannot have been.
TimeUs TimeOf(const v1::StockSighting& sighting, const v1::StockTake& stock_take, TimeUs now) {
  if (sighting.time_us() == 0) return now;
  return std::min(std::max(sighting.time_us(), stock_take.create_time_us()), now);
}

/// As Resolve tells it, to who sees the place coarsely.
std::optional<double> DistanceTo(const v1::Facility& facility, bool coarse,
                                 const v1::StockSighting& from) {
  const auto& place = facility.position();
  if (!from.has_longitude() || !place.has_longitude() || !place.has_latitude()) return {};
  const auto seen = [coarse](double degrees) { return coarse ? Coarse(degrees) : degrees; };
  return DistanceMetres(from.longitude(), from.latitude(), seen(place.longitude()),
                        seen(place.latitude()));
}

bool IsRefusal(const Error& error) {
  return error.code == StatusCode::kNotFound || error.code == StatusCode::kPermissionDenied ||
         error.code == StatusCode::kInvalidArgument;
}

/// Turns sightings into findings.
class Judging {
 public:
  Judging(const Domain& domain, const Resolver& resolver, const Call& call,
          const v1::StockTake& stock_take, const store::Snapshot& snapshot)
      : domain_(domain),
        resolver_(resolver),
        call_(call),
        stock_take_(stock_take),
        snapshot_(snapshot),
        list_(snapshot, stock_take) {}

  Result<v1::StockFinding> Judge(const v1::StockSighting& sighting, const std::string& at) {
    v1::StockFinding finding;
    finding.set_stock_take(stock_take_.id());
    metres_off_ = 0;
    switch (sighting.seen_case()) {
      case v1::StockSighting::kText:
        YIMA_RETURN_IF_ERROR(ByText(sighting, finding, at));
        break;
      case v1::StockSighting::kFacility:
        YIMA_RETURN_IF_ERROR(ByName(sighting, finding));
        break;
      default:
        YIMA_RETURN_IF_ERROR(BySerial(sighting, finding));
    }
    if (finding.facility() != 0) {
      YIMA_ASSIGN_OR_RETURN(const bool expected, list_.Holds(finding.facility()));
      finding.set_expected(expected);
    }
    finding.set_outcome(OutcomeOf(finding));
    if (Leads(finding)) {
      finding.clear_seen();
    } else {
      finding.set_seen(SeenIn(sighting));
    }
    if (sighting.has_longitude()) {
      finding.set_longitude(VeryCoarse(sighting.longitude()));
      finding.set_latitude(VeryCoarse(sighting.latitude()));
    }
    finding.set_time_us(TimeOf(sighting, stock_take_, domain_.now()));
    finding.set_principal(call_.principal);
    return finding;
  }

 private:
  /// To a facility or a plate of the registry.
  static bool Leads(const v1::StockFinding& finding) {
    return finding.outcome() != v1::STOCK_OUTCOME_NOT_AUTHENTIC &&
           finding.outcome() != v1::STOCK_OUTCOME_UNKNOWN;
  }

  v1::StockOutcome OutcomeOf(const v1::StockFinding& finding) const {
    if (finding.verdict() != v1::VERDICT_UNSPECIFIED &&
        (finding.verdict() != v1::VERDICT_AUTHENTIC || finding.serial() == 0)) {
      return v1::STOCK_OUTCOME_NOT_AUTHENTIC;
    }
    if (finding.serial() == 0 && finding.facility() == 0) return v1::STOCK_OUTCOME_UNKNOWN;
    if (finding.state() == v1::CODE_STATE_BLANK) return v1::STOCK_OUTCOME_PLATE_BLANK;
    if (finding.serial() != 0 && finding.state() != v1::CODE_STATE_ACTIVE) {
      return v1::STOCK_OUTCOME_PLATE_ENDED;
    }
    if (finding.has_distance_metres() &&
        finding.distance_metres() > stock_take_.wrong_place_metres() + metres_off_) {
      return v1::STOCK_OUTCOME_WRONG_PLACE;
    }
    return finding.expected() ? v1::STOCK_OUTCOME_FOUND : v1::STOCK_OUTCOME_UNEXPECTED;
  }

  /// As a scan is answered; only the sound text of a code issued here leads to anything. Where it
  /// was scanned is not told to the resolver: this may be planned again.
  Result<void> ByText(const v1::StockSighting& sighting, v1::StockFinding& finding,
                      const std::string& at) {
    v1::ResolveRequest request;
    request.set_text(sighting.text());
    auto bytes = resolver_.ResolveBytes(request.SerializeAsString(), snapshot_, *call_.reach);
    if (!bytes) {
      Error error = std::move(bytes).error();
      error.field = error.field.empty() ? at : fmt::format("{}.{}", at, error.field);
      return tl::unexpected(std::move(error));
    }
    v1::ResolveResponse answer;
    if (!answer.ParseFromString(*bytes)) {
      return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                  "a stored facility or organization does not parse; run yimad check");
    }
    finding.set_verdict(answer.verdict());
    finding.set_state(answer.state());
    if (answer.verdict() != v1::VERDICT_AUTHENTIC) return {};
    // A lost code and one that was never issued have no record.
    YIMA_ASSIGN_OR_RETURN(const auto code, Get<v1::Code>(snapshot_, answer.serial()));
    if (!code) return {};
    finding.set_serial(answer.serial());
    return TakeFacility(answer.facility().uid(), sighting, finding);
  }

  Result<void> BySerial(const v1::StockSighting& sighting, v1::StockFinding& finding) {
    uint64_t serial = sighting.serial();
    if (sighting.seen_case() == v1::StockSighting::kShortNumber) {
      const auto parsed = Serial::ParseShortNumber(sighting.short_number());
      if (!parsed) return {};
      serial = parsed->value();
    }
    YIMA_ASSIGN_OR_RETURN(const auto code, Get<v1::Code>(snapshot_, serial));
    if (!code) return {};
    const auto seen = CheckReachOfCode(call_, snapshot_, code->record, "");
    if (!seen) return IsRefusal(seen.error()) ? Result<void>() : seen;
    finding.set_serial(serial);
    finding.set_state(code->record.state());
    return TakeFacility(code->record.facility(), sighting, finding);
  }

  Result<void> ByName(const v1::StockSighting& sighting, v1::StockFinding& finding) {
    const auto found = GetFacility(domain_, call_, sighting.facility(), snapshot_);
    if (!found) {
      return IsRefusal(found.error()) ? Result<void>() : tl::unexpected(found.error());
    }
    return TakeFacility(found->facility().uid(), sighting, finding);
  }

  Result<void> TakeFacility(uint64_t uid, const v1::StockSighting& sighting,
                            v1::StockFinding& finding) {
    if (uid == 0) return {};
    YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot_, uid));
    if (!facility) return {};
    finding.set_facility(uid);
    const bool coarse = !call_.reach->Covers(facility->record);
    if (coarse) metres_off_ = kCoarseMetresOffMax;
    if (const auto distance = DistanceTo(facility->record, coarse, sighting)) {
      finding.set_distance_metres(static_cast<uint32_t>(std::lround(*distance)));
    }
    return {};
  }

  const Domain& domain_;
  const Resolver& resolver_;
  const Call& call_;
  const v1::StockTake& stock_take_;
  const store::Snapshot& snapshot_;
  FrozenList list_;
  double metres_off_ = 0;  ///< By which the distance of the finding of now may be too large.
};

/// Blank plates travel to where they are mounted, and those that have ended to the workshop.
bool IsNoted(const v1::StockSighting& sighting, const v1::StockFinding& finding) {
  return sighting.has_longitude() && finding.serial() != 0 &&
         finding.state() == v1::CODE_STATE_ACTIVE && finding.facility() != 0;
}

/// The finding that says the same of the same thing; without an id when there is none yet.
Result<v1::StockFinding> FindAlike(const store::Snapshot& snapshot,
                                   const v1::StockFinding& finding) {
  v1::StockFinding alike;
  YIMA_RETURN_IF_ERROR(
      EachFinding(snapshot, 0, ThingTerm(finding), [&](const v1::StockFinding& kept) {
        if (kept.outcome() == finding.outcome()) alike = kept;
        return alike.id() == 0;
      }));
  return alike;
}

/// Coarsely: a copy of a plate may say the same of its facility somewhere else.
bool IsSamePlace(const v1::StockFinding& a, const v1::StockFinding& b) {
  return a.has_longitude() == b.has_longitude() && a.longitude() == b.longitude() &&
         a.latitude() == b.latitude();
}

}  // namespace

Result<Planned> PlanScanStockTake(const Domain& domain, const Resolver& resolver, const Call& call,
                                  const v1::ScanStockTakeRequest& request,
                                  const store::Snapshot& snapshot, std::vector<SeenPlate>& seen) {
  seen.clear();
  if (request.sightings().empty() || request.sightings_size() > kSightingsMax) {
    return Invalid(
        "BATCH_SIZE",
        fmt::format("{} sightings, want 1 to {}", request.sightings_size(), kSightingsMax),
        "sightings");
  }
  YIMA_RETURN_IF_ERROR(CheckText(request.crew(), kCrewMax, "crew"));
  const TimeUs now = domain.now();
  for (int i = 0; i < request.sightings_size(); ++i) {
    YIMA_RETURN_IF_ERROR(CheckSighting(request.sightings(i), now, fmt::format("sightings[{}]", i)));
  }
  YIMA_ASSIGN_OR_RETURN(const auto stock_take, FindStockTake(snapshot, request.stock_take()));
  if (stock_take.record.state() != v1::STOCK_TAKE_STATE_OPEN) {
    return Fail(
        StatusCode::kFailedPrecondition, "STOCK_TAKE_ENDED",
        fmt::format("stock-take {} has ended and takes no more sightings", request.stock_take()),
        "stock_take");
  }
  Judging judging(domain, resolver, call, stock_take.record, snapshot);
  YIMA_ASSIGN_OR_RETURN(uint64_t next,
                        domain.numbers.NewIds(store::Kind::kStockFinding,
                                              static_cast<uint64_t>(request.sightings_size())));
  ChangeWriter writer(call, request.request_id());
  writer.Check(store::Kind::kStockTake, request.stock_take(), stock_take.revision);
  std::map<std::pair<std::string, int>, v1::StockFinding> seen_here;
  std::vector<RecordRef> results;
  for (int i = 0; i < request.sightings_size(); ++i) {
    YIMA_ASSIGN_OR_RETURN(auto finding,
                          judging.Judge(request.sightings(i), fmt::format("sightings[{}]", i)));
    v1::StockFinding& alike = seen_here[{ThingTerm(finding), finding.outcome()}];
    if (alike.id() == 0) {
      YIMA_ASSIGN_OR_RETURN(alike, FindAlike(snapshot, finding));
    }
    const auto& sighting = request.sightings(i);
    if (IsNoted(sighting, finding) && (alike.id() == 0 || !IsSamePlace(alike, finding))) {
      seen.push_back({finding.serial(), sighting.longitude(), sighting.latitude(),
                      static_cast<double>(finding.distance_metres()), finding.time_us()});
    }
    if (alike.id() != 0) {
      results.push_back({store::Kind::kStockFinding, alike.id(), kAgain});
      continue;
    }
    finding.set_id(next++);
    finding.set_crew(request.crew());
    writer.ReplaceUnlogged(finding.id(), 0, v1::StockFinding(), finding);
    results.push_back({store::Kind::kStockFinding, finding.id(), 1});
    alike = std::move(finding);
  }
  return Planned{writer.Take(), std::move(results)};
}

Result<v1::ScanStockTakeResponse> AnswerScanStockTake(const std::vector<RecordRef>& results,
                                                      const store::Snapshot& snapshot) {
  v1::ScanStockTakeResponse response;
  for (const auto& ref : results) {
    YIMA_ASSIGN_OR_RETURN(const auto finding, Get<v1::StockFinding>(snapshot, ref.id));
    if (!finding) return RecordMissing("finding", ref.id);
    auto& answer = *response.add_answers();
    answer.set_outcome(finding->record.outcome());
    answer.set_facility(finding->record.facility());
    answer.set_serial(finding->record.serial());
    answer.set_verdict(finding->record.verdict());
    answer.set_state(finding->record.state());
    if (finding->record.has_distance_metres()) {
      answer.set_distance_metres(finding->record.distance_metres());
    }
    answer.set_again(ref.revision == kAgain);
  }
  return response;
}

}  // namespace yima::server
