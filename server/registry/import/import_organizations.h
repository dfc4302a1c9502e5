#ifndef YIMA_SERVER_REGISTRY_IMPORT_IMPORT_ORGANIZATIONS_H_
#define YIMA_SERVER_REGISTRY_IMPORT_IMPORT_ORGANIZATIONS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/domain.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::server {

/// The organizations that a ledger names. One that the registry lacks has a stand-in id until it
/// is created. Use from one thread.
class LedgerOrganizations {
 public:
  explicit LedgerOrganizations(bool create) : create_(create) {}

  /// Id or stand-in, 0 for an empty text. ORGANIZATION_UNKNOWN when the registry lacks it and it is
  /// not to be created, or the text is a credit code; ORGANIZATION_ENDED; FIELD_TOO_LONG,
  /// FIELD_NOT_TEXT.
  /// ORGANIZATIONS_TOO_MANY (RESOURCE_EXHAUSTED) is of the ledger as a whole.
  Result<uint64_t> Find(const store::Snapshot& snapshot, std::string_view text,
                        std::string_view field);
  /// Whether what Find gave has a credit code; one that is still to be created has none.
  bool HasCreditCode(uint64_t id) const;
  /// Counts one row for an id or stand-in that Find gave, or takes it back.
  void Count(uint64_t id, int64_t rows);

  /// Creates what sound rows need, with the batch's own time. Doing it again creates the rest.
  Result<void> Create(const Domain& domain, const Call& call, const v1::Batch& batch);
  /// The real id of what Find gave; 0 while it is still to be created.
  uint64_t Real(uint64_t id) const;

  /// Lists those missing, or created by the batch if there is one.
  Result<void> Tell(const store::Snapshot& snapshot, const v1::Batch& batch,
                    v1::ImportReport& report) const;

 private:
  struct Named {
    std::string name;
    uint64_t id = 0;    ///< 0 while missing.
    int64_t rows = 0;   ///< Sound ones.
    int64_t asked = 0;  ///< Rows that were refused for its sake.
    bool has_credit_code = false;
  };
  Result<bool> CreateSome(const Domain& domain, const Call& call, const v1::Batch& batch);

  const bool create_;
  std::map<std::string, size_t, std::less<>> by_text_;
  std::map<uint64_t, size_t> by_id_;
  std::vector<Named> named_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_IMPORT_IMPORT_ORGANIZATIONS_H_
