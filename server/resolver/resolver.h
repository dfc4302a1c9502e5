#ifndef YIMA_SERVER_RESOLVER_RESOLVER_H_
#define YIMA_SERVER_RESOLVER_RESOLVER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codegen/code/trust.h"
#include "codegen/code/verifier.h"
#include "server/domain/domain.h"
#include "server/domain/reach.h"
#include "server/resolver/shown.h"
#include "server/resolver/sightings.h"
#include "yima/v1/code.pb.h"
#include "yima/v1/resolver_service.pb.h"

namespace yima::server {

/// Answers what a scanned text stands for. Thread-safe; the domain must outlive it, and so must the
/// keeper of sightings, if there is one: it is told of scans with a position.
///
/// A text that equals one issued here is AUTHENTIC and costs a few point reads and no signature
/// check, whatever became of its key since; every other is judged as an offline verifier would that
/// holds what the registry's record says now.
class Resolver {
 public:
  explicit Resolver(const Domain& domain, SightingKeeper* sightings = nullptr);
  ~Resolver();

  /// A serialized v1::ResolveRequest to a serialized v1::ResolveResponse. REQUEST_MALFORMED,
  /// TEXT_EMPTY, TEXT_TOO_LONG, POSITION_INCOMPLETE, POSITION_OUT_OF_RANGE; RECORD_DAMAGED and
  /// RECORD_MISSING (DATA_LOSS).
  Result<std::string> ResolveBytes(std::string_view request, const store::Snapshot& snapshot,
                                   const Reach& reach) const;
  Result<v1::ResolveResponse> Resolve(const v1::ResolveRequest& request,
                                      const store::Snapshot& snapshot) const;
  /// The same for a v1::BatchResolveRequest, whole or not at all. BATCH_SIZE unless 1 to 1,000;
  /// errors name the request: `requests[3].text`.
  Result<std::string> BatchResolveBytes(std::string_view request, const store::Snapshot& snapshot,
                                        const Reach& reach) const;

  /// The same for one message of StreamResolve, which has the shape of a BatchResolveRequest.
  /// Errors name it, too: `messages[7].requests[3].text`.
  Result<std::string> ResolveMessageBytes(uint64_t message, std::string_view request,
                                          const store::Snapshot& snapshot,
                                          const Reach& reach) const;

  /// What is told of scans; null: nothing.
  SightingKeeper* sightings() const { return sightings_; }

  /// A serialized v1::LookupRequest to a serialized v1::LookupResponse, as who asks may see it.
  /// SHORT_NUMBER_MALFORMED, SHORT_NUMBER_CHECK; CODE_NOT_FOUND (NOT_FOUND).
  Result<std::string> LookupBytes(std::string_view request, const store::Snapshot& snapshot,
                                  const Reach& reach) const;

  /// Texts so far that were signed by a key of ours but stand in no record: each means that a key
  /// is stolen or that records are lost.
  uint64_t alarms() const { return alarms_.load(std::memory_order_relaxed); }

 private:
  // These append a serialized v1::ResolveResponse.
  Result<void> Answer(const v1::ResolveRequest& request, const store::Snapshot& snapshot,
                      const Reach& reach, std::string& answer) const;
  struct Issued;
  Result<void> AnswerIssued(const v1::ResolveRequest& request, const CodeParts& parts,
                            const Payload& payload, const Issued& record,
                            const store::Snapshot& snapshot, const Reach& reach,
                            std::string& answer) const;
  /// `lost`: what was published of a code whose record a restore did not bring back; UNSPECIFIED
  /// when nothing was.
  Result<void> AnswerJudged(std::string_view text, v1::CodeState lost, std::string& answer) const;
  struct Trust;
  /// What the registry's record says now. REGISTRY_MALFORMED (DATA_LOSS).
  Result<const Trust*> CurrentTrust() const;
  Result<FacilityAnswer> FindFacility(uint64_t uid, const store::Snapshot& snapshot,
                                      const Reach& reach) const;
  /// What it is a part of and its own parts, as fields of these numbers.
  static Result<void> AppendRelated(uint64_t uid, const FacilityAnswer& facility, int parent_number,
                                    int children_number, const store::Snapshot& snapshot,
                                    std::string& answer);
  /// The notices that list claims on its rights, as fields of this number.
  static Result<void> AppendNotices(const FacilityAnswer& facility, int number,
                                    const store::Snapshot& snapshot, std::string& answer);
  /// The holders and claimants of its rights, as fields of this number.
  Result<void> AppendOrganizations(const FacilityAnswer& facility, int number,
                                   const store::Snapshot& snapshot, std::string& answer) const;
  Result<void> AppendOrganization(uint64_t id, int number, uint64_t log_size,
                                  const store::Snapshot& snapshot, std::string& answer) const;

  const Domain& domain_;
  SightingKeeper* const sightings_;
  // Versions of the record are few and stay, and so do these: whoever reads takes no lock.
  mutable std::mutex trust_mutex_;
  mutable std::vector<std::unique_ptr<const Trust>> trusts_;
  mutable std::atomic<const Trust*> trust_ = nullptr;
  mutable std::atomic<uint64_t> alarms_ = 0;

  // Few organizations stand in the answers about very many codes. Every change of one makes the log
  // longer, so what was read at one size of the log is true for every snapshot of that size.
  mutable std::shared_mutex shown_mutex_;
  mutable uint64_t shown_log_size_ = 0;
  mutable std::unordered_map<uint64_t, std::string> shown_;
};

/// Metres between two places on a sphere of the earth's mean radius (IUGG: 6,371,008.8 m), in
/// degrees: some 0.3 % off at most, far below what phones know.
double DistanceMetres(double longitude_a, double latitude_a, double longitude_b, double latitude_b);

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_RESOLVER_H_
