#ifndef YIMA_CLIENT_LOG_LOG_WATCH_H_
#define YIMA_CLIENT_LOG_LOG_WATCH_H_

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "codegen/code/result.h"
#include "yima/v1/log_entry.pb.h"
#include "yima/v1/registry_service.pb.h"
#include "yima/v1/right.pb.h"

namespace yima {

/// Facilities and organizations that somebody watches. Whom a name means is taken from the log's
/// own entries, which are shown to it in order from the first on, and never asked of a server.
class LogWatch {
 public:
  /// Facilities by any of their names, organizations by a name, an alias, a credit code, or the id
  /// in digits. What a name has once meant stays watched.
  LogWatch(std::vector<v1::GetFacilityRequest> facilities, std::vector<std::string> organizations);
  LogWatch() = default;

  bool any() const { return !facility_names_.empty() || !organization_names_.empty(); }
  /// The same for the same names: what a state is kept under.
  std::string Key() const;

  /// A right that a watched organization held until an entry.
  struct Left {
    v1::RightKind kind = v1::RIGHT_KIND_UNSPECIFIED;
    uint64_t organization = 0;
    std::string name;
  };
  struct Told {
    /// Of a watched facility, the codes that it has or had until now, an organization, what it
    /// holds.
    bool concerns = false;
    std::vector<Left> left;
  };
  Told Take(const v1::LogEntry& entry);

  /// Whether something came to be watched of which entries may have been passed over: its record
  /// was older than the name. Then all is to be shown again, from the first entry.
  bool again() const { return again_; }
  /// Forgets who holds and has what, and keeps whom the names mean.
  void BeginAgain();

  /// WATCHED_UNKNOWN (NOT_FOUND) when no entry shown until now gives somebody the name.
  Result<void> CheckFound() const;

  /// As it is kept in a state file, and back; false when the bytes are not of that form.
  void AppendTo(std::string& bytes) const;
  bool TakeFrom(std::string_view& bytes);

 private:
  /// Supervising, owning, maintaining: the holder where he is watched, else 0.
  using Holders = std::array<uint64_t, 3>;

  Told TakeFacility(const v1::Facility& facility, uint64_t revision);
  bool TakeCode(const v1::Code& code);
  bool TakeOrganization(const v1::Organization& organization, uint64_t revision);

  std::vector<v1::GetFacilityRequest> facility_names_;
  std::vector<std::string> organization_names_;
  std::vector<bool> facility_found_;      ///< As facility_names_.
  std::vector<bool> organization_found_;  ///< As organization_names_.
  std::set<uint64_t> facilities_;
  std::set<uint64_t> codes_;                       ///< That watched facilities have, by serials.
  std::map<uint64_t, std::string> organizations_;  ///< With their names.
  std::unordered_map<uint64_t, Holders> held_;     ///< By facilities.
  bool again_ = false;
};

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_LOG_WATCH_H_
