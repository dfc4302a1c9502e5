#ifndef YIMA_SERVER_RESOLVER_SIGHTINGS_H_
#define YIMA_SERVER_RESOLVER_SIGHTINGS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/sighting.pb.h"

namespace yima::server {

/// Adds what was seen in one place to a code's sightings: counts, keeps the newest 8 places of 30
/// days, and notes whether this one lies too far from the facility's or from another for the time
/// between. `place.count` is of the new scans alone.
void AddSighting(v1::Sightings& sightings, const v1::CoarsePlace& place);

/// Gathers where codes are scanned, and writes it behind: a scan costs a look into a map and no
/// write. Coarse on purpose: squares of a hundredth of a degree and whole hours, nothing of who
/// scans. What was gathered since the last Keep() is lost in a crash. Thread-safe.
class SightingKeeper {
 public:
  /// Codes that may wait to be written; scans of others are then forgotten, so that a flood takes
  /// neither memory nor disk.
  static constexpr size_t kWaitingMax = 10'000;
  /// Farther from its facility than this is suspicious.
  static constexpr double kFarMetres = 1000;

  explicit SightingKeeper(const Domain& domain) : domain_(domain) {}

  /// Reads which codes are suspicious; at the start.
  Result<void> Load();
  /// Remembers a scan of now; `distance_metres` is from the facility's place, 0 when that is
  /// unknown.
  void Note(uint64_t serial, double longitude, double latitude, double distance_metres);
  /// The same of a scan that was told of later.
  void Note(uint64_t serial, double longitude, double latitude, double distance_metres,
            TimeUs time);
  /// Whether the code was seen where it should not be, as of the last Keep(). One look into a small
  /// table for all others.
  bool IsSuspicious(uint64_t serial) const;
  /// Writes what was noted since. Waits for the store, so not for handlers. What could not be
  /// written is tried again the next time; but what belongs to a damaged record is forgotten, and
  /// that is what this says when all else was written.
  Result<void> Keep();

 private:
  using Waiting = std::unordered_map<uint64_t, std::vector<v1::CoarsePlace>>;
  /// Under mutex_.
  void Gather(uint64_t serial, const v1::CoarsePlace& place);
  /// What was written is taken out.
  Result<void> Write(Waiting& waiting);
  /// Into one change; `damaged` when a record before does not parse, which is left out.
  Result<void> PutTogether(const store::Snapshot& snapshot, Waiting& waiting, ChangeWriter& writer,
                           std::vector<std::pair<uint64_t, bool>>& written, Result<void>& damaged);
  void Mark(uint64_t serial, bool suspicious);
  static size_t BitOf(uint64_t serial);

  const Domain& domain_;
  std::mutex keeping_;  ///< One Keep() at a time.
  mutable std::mutex mutex_;
  Waiting waiting_;

  // A bit for each suspicious serial, and for some others: most answers need no lock.
  static constexpr size_t kBits = 1 << 16;
  std::array<std::atomic<uint64_t>, kBits / 64> bits_{};
  mutable std::shared_mutex suspicious_mutex_;
  std::unordered_set<uint64_t> suspicious_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_SIGHTINGS_H_
