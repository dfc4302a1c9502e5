#ifndef YIMA_SERVER_ACCESS_AUDIT_TRAIL_H_
#define YIMA_SERVER_ACCESS_AUDIT_TRAIL_H_

#include <map>
#include <mutex>
#include <tuple>

#include "server/domain/domain.h"
#include "yima/v1/access_service.pb.h"

namespace yima::server {

/// Refused attempts, kept beside the log: the last 100,000. Equal ones within a minute share a
/// record that counts them, and of a flood only so many kinds a minute are kept, so that it can
/// neither fill the disk nor slow writes down. Thread-safe.
class AuditTrail {
 public:
  static constexpr uint64_t kKept = 100'000;
  static constexpr size_t kKindsAMinute = 200;

  explicit AuditTrail(const Domain& domain) : domain_(domain) {}

  /// Remembers a refusal, or as many equal ones as it counts; `refusal` has no time. Quick, writes
  /// nothing.
  void Note(v1::Refusal refusal);
  /// Remembers that a caller that had been let in was refused, so often; errors other than refusals
  /// are ignored.
  void NoteIfRefused(const Call& call, const Error& error, uint64_t times = 1);
  /// Writes what was noted since. Waits for the store, so not for handlers. What could not be
  /// written is tried again the next time.
  Result<void> Keep();
  /// All refusals so far, kept or not: for metrics.
  uint64_t count() const;

 private:
  using Sort = std::tuple<uint64_t, uint64_t, std::string, std::string, std::string>;
  struct Noted {
    v1::Refusal refusal;
    uint64_t place = 0;     ///< In the trail, from 1; 0: not written yet.
    uint64_t revision = 0;  ///< Of its record.
    bool changed = true;
  };
  Result<store::Change> Plan(std::map<Sort, Noted>& noted, uint64_t& next) const;

  const Domain& domain_;
  mutable std::mutex mutex_;
  std::map<Sort, Noted> noted_;
  uint64_t count_ = 0;
};

/// Newest first.
Result<v1::ListRefusalsResponse> ListRefusals(const Domain& domain, const Call& call,
                                              const v1::ListRefusalsRequest& request,
                                              const store::Snapshot& snapshot);

}  // namespace yima::server

#endif  // YIMA_SERVER_ACCESS_AUDIT_TRAIL_H_
