#ifndef YIMA_SERVER_ISSUANCE_SIGNER_H_
#define YIMA_SERVER_ISSUANCE_SIGNER_H_

#include <optional>
#include <vector>

#include "codegen/code/code_text.h"
#include "server/domain/batch_items.h"
#include "server/domain/domain.h"
#include "yima/v1/code.pb.h"

namespace yima::server {

/// The origin that new plates carry, and the key that signs for it on a day. Immutable, so
/// thread-safe; the domain must outlive it.
class Signer {
 public:
  /// NO_VALID_KEY (FAILED_PRECONDITION) when no key of the current origin covers the day.
  static Result<Signer> For(const Domain& domain, Day today);

  /// The whole record of a code for an item that has its serial: ACTIVE for a facility, BLANK
  /// without one.
  v1::Code Sign(const BatchItem& item, uint64_t batch, TimeUs now) const;
  Day day() const { return day_; }

 private:
  Signer(Origin origin, const SigningKey& key, uint16_t key_id, Day day)
      : origin_(std::move(origin)), key_(&key), key_id_(key_id), day_(day) {}

  Origin origin_;
  const SigningKey* key_;
  uint16_t key_id_;
  Day day_;
};

/// The day that codes signed now carry. CLOCK_AHEAD (FAILED_PRECONDITION), OUT_OF_RANGE.
Result<Day> SigningDay(const Domain& domain);

/// CLOCK_BACKWARDS (FAILED_PRECONDITION) when codes were signed on a later day than today already.
Result<void> CheckIssueDay(const store::Snapshot& snapshot, Day today);

/// Makes today the last day on which codes were signed, durably. CLOCK_BACKWARDS. Waits for the
/// store.
Result<void> KeepIssueDay(const Domain& domain, const Call& call, Day today);

/// The same within a change that signs: nothing has to be waited for.
Result<void> PutIssueDay(const store::Snapshot& snapshot, Day today, ChangeWriter& writer);

/// What would be signed for a facility: the newest of its codes. Nothing for one without.
std::optional<BatchItem> ItemOf(const v1::Facility& facility, uint64_t revision);

/// n serials whose check symbol is printable, rising. NUMBERS_USED_UP.
Result<std::vector<Serial>> TakeSerials(const Domain& domain, size_t n);

}  // namespace yima::server

#endif  // YIMA_SERVER_ISSUANCE_SIGNER_H_
