#include "server/resolver/sightings.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/resolver/resolver.h"

namespace yima::server {
namespace {

constexpr int kPlacesMax = 8;
constexpr double kCellsPerDegree = 100;
/// A plate is screwed to its facility, so it goes nowhere at all: this leaves room for positions
/// that phones get wrong and for facilities that are moved.
constexpr double kMetresPerHour = 10'000;
constexpr TimeUs kHour = TimeUs{3600} * 1'000'000;

int32_t CellOf(double degrees) {
  return static_cast<int32_t>(std::floor(degrees * kCellsPerDegree));
}

bool IsSamePlace(const v1::CoarsePlace& a, const v1::CoarsePlace& b) {
  return a.east() == b.east() && a.north() == b.north();
}

double MetresBetween(const v1::CoarsePlace& a, const v1::CoarsePlace& b) {
  return DistanceMetres(a.east() / kCellsPerDegree, a.north() / kCellsPerDegree,
                        b.east() / kCellsPerDegree, b.north() / kCellsPerDegree);
}

bool AreTooFarApart(const v1::CoarsePlace& a, const v1::CoarsePlace& b) {
  const uint32_t hours = std::max(a.hour(), b.hour()) - std::min(a.hour(), b.hour());
  return MetresBetween(a, b) > kMetresPerHour * (hours + 1.0);
}

void Merge(v1::CoarsePlace& same, const v1::CoarsePlace& place) {
  same.set_count(same.count() + place.count());
  if (place.hour() < same.hour()) return;
  same.set_far(place.far() || (same.far() && same.hour() == place.hour()));
  same.set_hour(place.hour());
}

}  // namespace

void AddSighting(v1::Sightings& sightings, const v1::CoarsePlace& place) {
  sightings.set_count(sightings.count() + place.count());
  auto& places = *sightings.mutable_places();
  if (std::ranges::any_of(places, [&](const auto& kept) { return AreTooFarApart(kept, place); })) {
    sightings.set_apart_hour(std::max(sightings.apart_hour(), place.hour()));
  }
  if (place.far()) sightings.set_far_hour(std::max(sightings.far_hour(), place.hour()));
  const auto same =
      std::ranges::find_if(places, [&](const auto& kept) { return IsSamePlace(kept, place); });
  same == places.end() ? void(*places.Add() = place) : Merge(*same, place);
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.hour() > b.hour(); });
  const uint32_t newest = places[0].hour();
  int kept = 0;
  while (kept < std::min(places.size(), kPlacesMax) &&
         places[kept].hour() + kSightingHours >= newest) {
    ++kept;
  }
  places.DeleteSubrange(kept, places.size() - kept);
}

size_t SightingKeeper::BitOf(uint64_t serial) {
  constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;
  constexpr int kShift = 48;
  return static_cast<size_t>(serial * kGolden >> kShift) % kBits;
}

Result<void> SightingKeeper::Load() {
  return domain_.store.Read()->Scan(store::Kind::kSighting, 0, {SuspiciousTerm()},
                                    [&](uint64_t serial, uint64_t, std::string_view) {
                                      Mark(serial, true);
                                      return true;
                                    });
}

void SightingKeeper::Note(uint64_t serial, double longitude, double latitude,
                          double distance_metres) {
  Note(serial, longitude, latitude, distance_metres, domain_.now());
}

void SightingKeeper::Note(uint64_t serial, double longitude, double latitude,
                          double distance_metres, TimeUs time) {
  v1::CoarsePlace place;
  place.set_east(CellOf(longitude));
  place.set_north(CellOf(latitude));
  place.set_hour(static_cast<uint32_t>(time / kHour));
  place.set_count(1);
  place.set_far(distance_metres > kFarMetres);
  const std::lock_guard lock(mutex_);
  Gather(serial, place);
}

void SightingKeeper::Gather(uint64_t serial, const v1::CoarsePlace& place) {
  if (waiting_.size() >= kWaitingMax && !waiting_.contains(serial)) return;
  auto& places = waiting_[serial];
  // A square may lie partly near the facility: what was seen far from it stays a scan of its own.
  const auto same = std::ranges::find_if(places, [&](const auto& kept) {
    return IsSamePlace(kept, place) && kept.far() == place.far();
  });
  if (same != places.end()) return Merge(*same, place);
  if (places.size() < kPlacesMax) return places.push_back(place);
  // Of too many places those that say something are kept.
  const auto near = std::ranges::find_if(places, [](const auto& kept) { return !kept.far(); });
  if (place.far() && near != places.end()) *near = place;
}

void SightingKeeper::Mark(uint64_t serial, bool suspicious) {
  const std::unique_lock lock(suspicious_mutex_);
  if (!suspicious) {
    suspicious_.erase(serial);
    return;
  }
  suspicious_.insert(serial);
  // Never taken back: another code may share it.
  bits_[BitOf(serial) / 64].fetch_or(uint64_t{1} << BitOf(serial) % 64, std::memory_order_release);
}

bool SightingKeeper::IsSuspicious(uint64_t serial) const {
  const size_t bit = BitOf(serial);
  if ((bits_[bit / 64].load(std::memory_order_acquire) >> bit % 64 & 1) == 0) return false;
  const std::shared_lock lock(suspicious_mutex_);
  return suspicious_.contains(serial);
}

Result<void> SightingKeeper::PutTogether(const store::Snapshot& snapshot, Waiting& waiting,
                                         ChangeWriter& writer,
                                         std::vector<std::pair<uint64_t, bool>>& written,
                                         Result<void>& damaged) {
  constexpr size_t kAtOnce = 500;
  for (auto at = waiting.begin(); at != waiting.end() && written.size() < kAtOnce;) {
    const auto& [serial, places] = *at;
    const auto before = Get<v1::Sightings>(snapshot, serial);
    if (!before && before.error().reason == "RECORD_DAMAGED") {
      // One that cannot be read must not hold up all others; `yimad check` names it.
      damaged = tl::unexpected(before.error());
      at = waiting.erase(at);
      continue;
    }
    YIMA_RETURN_IF_ERROR(before);
    v1::Sightings after = *before ? (*before)->record : v1::Sightings();
    after.set_serial(serial);
    for (const auto& place : places) AddSighting(after, place);
    writer.ReplaceUnlogged(serial, *before ? (*before)->revision : 0,
                           *before ? (*before)->record : v1::Sightings(), after);
    written.emplace_back(serial, server::IsSuspicious(after));
    ++at;
  }
  return {};
}

Result<void> SightingKeeper::Write(Waiting& waiting) {
  Result<void> damaged;
  while (!waiting.empty()) {
    ChangeWriter writer({}, "");
    std::vector<std::pair<uint64_t, bool>> written;
    YIMA_RETURN_IF_ERROR(PutTogether(*domain_.store.Read(), waiting, writer, written, damaged));
    if (written.empty()) break;
    YIMA_RETURN_IF_ERROR(Settled(store::ApplyAndWait(domain_.store, writer.Take())));
    for (const auto& [serial, suspicious] : written) {
      waiting.erase(serial);
      Mark(serial, suspicious);
    }
  }
  return damaged;
}

Result<void> SightingKeeper::Keep() {
  const std::lock_guard keeping(keeping_);
  Waiting taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(waiting_);
  }
  const auto kept = Write(taken);
  if (kept) return {};
  const std::lock_guard lock(mutex_);
  for (auto& [serial, places] : taken) {
    for (const auto& place : places) Gather(serial, place);
  }
  return kept;
}

}  // namespace yima::server
