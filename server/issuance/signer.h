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
/// thread-safe.
class Signer {
 public:
  /// Both must stand in the bundle that was published last, so that readers know them.
  /// FAILED_PRECONDITION: NO_VALID_KEY when no key of the current origin covers the day;
  /// KEY_NOT_PUBLISHED, ORIGIN_NOT_PUBLISHED when only the bundle is missing.
  static Result<Signer> For(const Domain& domain, Day today);
  /// The same if the registry's record said this.
  static Result<Signer> For(const Domain& domain, const v1::Registry& registry, Day today,
                            uint64_t revision = 0);

  /// The whole record of a code for an item that has its serial: ACTIVE for a facility, BLANK
  /// without one.
  v1::Code Sign(const BatchItem& item, uint64_t batch, TimeUs now) const;
  Day day() const { return day_; }
  uint16_t key_id() const { return key_id_; }
  /// Of the registry's record that it was chosen by. Changes that sign check it: what was revoked
  /// meanwhile signs nothing more.
  uint64_t registry_revision() const { return registry_revision_; }

 private:
  Signer(Origin origin, KeyRing::Key key, uint16_t key_id, Day day, uint64_t registry_revision)
      : origin_(std::move(origin)),
        key_(std::move(key)),
        key_id_(key_id),
        day_(day),
        registry_revision_(registry_revision) {}

  Origin origin_;
  KeyRing::Key key_;
  uint16_t key_id_;
  Day day_;
  uint64_t registry_revision_;
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
