#include "server/registry/nearby.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "codegen/code/wire_walk.h"
#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"
#include "server/registry/filter.h"
#include "server/resolver/resolver.h"

namespace yima::server {
namespace {

constexpr double kFirstMetres = 30;
/// Of the sphere that distances are measured on, a little less, so that boxes are never too small.
constexpr double kMetresADegree = 111'100;
constexpr size_t kLooksBetweenAsking = 1024;

/// How near a facility is, before its record was read: somewhere in a box.
struct Candidate {
  double least_metres = 0;
  uint64_t uid = 0;
  auto operator<=>(const Candidate&) const = default;
};

/// A facility that matches, and where it stands in the order of the answer.
struct Found {
  double metres = 0;
  uint64_t uid = 0;
  uint64_t revision = 0;
  std::string bytes;  ///< The record.

  bool IsBefore(const Found& other) const {
    return metres != other.metres ? metres < other.metres : uid < other.uid;
  }
};

/// Where a page ends: all up to there was told or does not match.
struct Place {
  double metres = -1;
  uint64_t uid = 0;
};

/// What a search looks for in a record, without parsing it.
struct Glance {
  bool has_place = false;
  store::Point place;
  bool has_withheld = false;
};

double DegreesOf(const WireField& field) {
  double degrees = 0;
  static_assert(sizeof degrees == sizeof field.value);
  std::memcpy(&degrees, &field.value, sizeof degrees);
  return degrees;
}

/// Nothing when the bytes are damaged.
std::optional<Glance> GlanceAt(std::string_view record) {
  Glance glance;
  bool has_longitude = false;
  bool has_latitude = false;
  bool sound = true;
  const auto look_at_position = [&](const WireField& field) {
    if (field.number == v1::Position::kLongitudeFieldNumber) {
      has_longitude = true;
      glance.place.longitude = DegreesOf(field);
    } else if (field.number == v1::Position::kLatitudeFieldNumber) {
      has_latitude = true;
      glance.place.latitude = DegreesOf(field);
    }
  };
  sound = WalkFields(record,
                     [&](const WireField& field) {
                       if (field.number == v1::Facility::kPositionFieldNumber) {
                         sound = WalkFields(field.bytes, look_at_position) && sound;
                       }
                       glance.has_withheld |= field.number == v1::Facility::kRemarkFieldNumber ||
                                              field.number == v1::Facility::kPersonalFieldNumber ||
                                              field.number == v1::Facility::kLastStepFieldNumber ||
                                              field.number == v1::Facility::kHandOverFieldNumber;
                     }) &&
          sound;
  if (!sound) return std::nullopt;
  glance.has_place = has_longitude && has_latitude;
  return glance;
}

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void AppendPart(std::string& out, int number, std::string_view bytes) {
  AppendVarint(out, static_cast<uint64_t>(number) << 3 | 2);
  AppendVarint(out, bytes.size());
  out.append(bytes);
}

double Middle(double a, double b) { return (a + b) / 2; }

/// Boxes that hold all within so many metres: one, or two where it lies across the 180th meridian.
std::vector<store::Box> BoxesAround(const store::Point& point, double metres) {
  const double degrees = metres / kMetresADegree;
  store::Box box;
  box.south = std::max(-90.0, point.latitude - degrees);
  box.north = std::min(90.0, point.latitude + degrees);
  // All meridians meet in a pole.
  if (box.south == -90 || box.north == 90) return {box};
  // The widest lies at the latitude nearer to a pole.
  const double widest = std::max(std::abs(box.south), std::abs(box.north));
  const double across = degrees / std::cos(widest * std::numbers::pi / 180);
  if (across >= 180) return {box};
  box.west = point.longitude - across;
  box.east = point.longitude + across;
  if (box.west < -180) {
    return {{-180, box.south, box.east, box.north}, {box.west + 360, box.south, 180, box.north}};
  }
  if (box.east > 180) {
    return {{box.west, box.south, 180, box.north}, {-180, box.south, box.east - 360, box.north}};
  }
  return {box};
}

tl::unexpected<Error> Damaged(uint64_t uid) {
  return Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
              fmt::format("facility {} does not parse; run yimad check", uid));
}

class Search {
 public:
  Search(const Call& call, const v1::SearchNearbyRequest& request, const FacilityMatcher& matcher,
         const store::Snapshot& snapshot, const Place& after)
      : call_(call),
        point_{request.longitude(), request.latitude()},
        radius_(request.radius_metres()),
        takes_all_(call.reach->everywhere() && request.filter().ByteSizeLong() == 0),
        matcher_(matcher),
        snapshot_(snapshot),
        after_(after) {}

  /// The next `size` after the place, and whether there may be more. CALLER_GONE.
  Result<bool> Run(size_t size, std::vector<Found>& page, Place& end) {
    // One more than asked for tells whether this page is the last.
    const size_t wanted = size + 1;
    for (double metres = std::min(radius_, std::max(kFirstMetres, 2 * after_.metres));;
         metres = std::min(radius_, 2 * metres)) {
      YIMA_RETURN_IF_ERROR(Collect(metres));
      if (metres < radius_ && candidates_.size() < wanted) continue;
      YIMA_ASSIGN_OR_RETURN(const bool ended, Read(metres, wanted, page, end));
      // Few of those that lie so near match: look further, unless enough was looked at.
      if (page.size() >= wanted || ended || metres == radius_) {
        const bool more = page.size() >= wanted || ended;
        if (page.size() >= wanted) {
          page.resize(size);
          end = {page.back().metres, page.back().uid};
        }
        return more;
      }
    }
  }

 private:
  /// All whose box begins within so many metres, but for those that lie before the place.
  Result<void> Collect(double metres) {
    candidates_.clear();
    size_t looks = 0;
    bool gone = false;
    for (const auto& box : BoxesAround(point_, metres)) {
      YIMA_RETURN_IF_ERROR(snapshot_.ScanPlaces(box, [&](uint64_t uid, const store::Box& around) {
        gone = looks++ % kLooksBetweenAsking == 0 && call_.cancelled();
        const double slack =
            (around.east - around.west + around.north - around.south) * 112'000 + 0.001;
        const double middle =
            DistanceMetres(point_.longitude, point_.latitude, Middle(around.west, around.east),
                           Middle(around.south, around.north));
        if (middle + slack >= after_.metres && middle - slack <= metres) {
          candidates_.push_back({std::max(0.0, middle - slack), uid});
        }
        return !gone;
      }));
      if (gone) return CallerGone();
    }
    std::ranges::sort(candidates_);
    return {};
  }

  /// Reads the nearest until enough are known to be the nearest that match. True when the page ends
  /// before that, at `end`, because enough was looked at.
  Result<bool> Read(double metres, size_t wanted, std::vector<Found>& page, Place& end) {
    page.clear();
    size_t looks = 0;
    size_t bytes = 0;
    std::vector<Found> read;  // Not yet known to come next: a heap, the nearest first.
    const auto later = [](const Found& a, const Found& b) { return b.IsBefore(a); };
    const auto take_until = [&](double certain) {
      while (!read.empty() && page.size() < wanted && read.front().metres < certain) {
        std::ranges::pop_heap(read, later);
        page.push_back(std::move(read.back()));
        read.pop_back();
      }
    };
    for (const Candidate& candidate : candidates_) {
      take_until(candidate.least_metres);
      if (page.size() >= wanted) return false;
      // At one spot all are looked at, or no page would come past it.
      const bool enough = looks >= PageScan::kLooksMax || bytes >= PageScan::kBytesMax;
      if (enough && candidate.least_metres > std::max(0.0, after_.metres)) {
        end = {candidate.least_metres, 0};
        return true;
      }
      if (looks++ % kLooksBetweenAsking == 0 && call_.cancelled()) return CallerGone();
      YIMA_ASSIGN_OR_RETURN(auto found, Look(candidate.uid));
      if (!found || found->metres > metres || !IsAfterPlace(*found)) continue;
      bytes += found->bytes.size();
      read.push_back(*std::move(found));
      std::ranges::push_heap(read, later);
    }
    take_until(INFINITY);
    return false;
  }

  bool IsAfterPlace(const Found& found) const {
    return found.metres != after_.metres ? found.metres > after_.metres : found.uid > after_.uid;
  }

  /// Nothing when it does not match.
  Result<std::optional<Found>> Look(uint64_t uid) const {
    YIMA_ASSIGN_OR_RETURN(auto stored, snapshot_.Get(store::Kind::kFacility, uid));
    if (!stored) return std::nullopt;
    const auto glance = GlanceAt(stored->bytes);
    if (!glance) return Damaged(uid);
    if (!glance->has_place) return std::nullopt;
    if (!takes_all_) {
      v1::Facility facility;
      if (!facility.ParseFromString(stored->bytes)) return Damaged(uid);
      YIMA_ASSIGN_OR_RETURN(const bool matches, matcher_.Takes(snapshot_, facility));
      if (!matches) return std::nullopt;
    }
    const double metres = DistanceMetres(point_.longitude, point_.latitude, glance->place.longitude,
                                         glance->place.latitude);
    return Found{metres, uid, stored->revision, std::move(stored->bytes)};
  }

  const Call& call_;
  const store::Point point_;
  const double radius_;
  const bool takes_all_;  ///< No filter and no bounds: records need not be looked into.
  const FacilityMatcher& matcher_;
  const store::Snapshot& snapshot_;
  const Place after_;
  std::vector<Candidate> candidates_;
};

Result<void> CheckCircle(const v1::SearchNearbyRequest& request) {
  const auto within = [](double value, double bound) { return std::abs(value) <= bound; };
  if (!within(request.longitude(), 180)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("longitude {}, want -180 to 180", request.longitude()), "longitude");
  }
  if (!within(request.latitude(), 90)) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("latitude {}, want -90 to 90", request.latitude()), "latitude");
  }
  if (request.radius_metres() > 0 && request.radius_metres() <= kNearbyMetresMax) return {};
  return Invalid("RADIUS_OUT_OF_RANGE",
                 fmt::format("a radius of {} m, want above 0 and at most {}",
                             request.radius_metres(), kNearbyMetresMax),
                 "radius_metres");
}

/// The facility as callers see it, serialized.
Result<std::string> Shown(const Domain& domain, Found& found) {
  const auto glance = GlanceAt(found.bytes);
  if (!glance) return Damaged(found.uid);
  if (!glance->has_withheld) {
    AppendPart(found.bytes, v1::Facility::kEtagFieldNumber, Etag(domain, found.revision));
    return std::move(found.bytes);
  }
  v1::Facility facility;
  if (!facility.ParseFromString(found.bytes)) return Damaged(found.uid);
  return ShownFacility(domain, facility, found.revision).SerializeAsString();
}

void AppendNearby(std::string& response, std::string_view facility, double metres) {
  v1::NearbyFacility distance;
  distance.set_distance_metres(metres);
  std::string nearby;
  nearby.reserve(facility.size() + 24);
  AppendPart(nearby, v1::NearbyFacility::kFacilityFieldNumber, facility);
  distance.AppendToString(&nearby);
  AppendPart(response, v1::SearchNearbyResponse::kFacilitiesFieldNumber, nearby);
}

/// Both to the last bit: `%a` and decimal digits.
std::string Encode(const Place& place) { return fmt::format("{:a} {}", place.metres, place.uid); }

Place Decode(const std::string& text) {
  if (text.empty()) return {};
  size_t read = 0;
  const double metres = std::stod(text, &read);
  return {metres, std::stoull(text.substr(read + 1))};
}

}  // namespace

Result<std::string> SearchNearby(const Domain& domain, const Call& call,
                                 const v1::SearchNearbyRequest& request,
                                 const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckCircle(request));
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(call, request.filter()));
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  v1::SearchNearbyRequest asked = request;
  asked.clear_page_size();
  asked.clear_page_token();
  const std::string filter = asked.SerializeAsString();
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  std::vector<Found> page;
  Place end;
  YIMA_ASSIGN_OR_RETURN(
      const bool more,
      Search(call, request, matcher, snapshot, Decode(place)).Run(size, page, end));
  std::string response;
  for (Found& found : page) {
    YIMA_ASSIGN_OR_RETURN(const std::string shown, Shown(domain, found));
    AppendNearby(response, shown, found.metres);
  }
  if (more) {
    AppendPart(response, v1::SearchNearbyResponse::kNextPageTokenFieldNumber,
               SealPageToken(domain, call.method, filter, Encode(end)));
  }
  return response;
}

}  // namespace yima::server
