#ifndef YIMA_SERVER_RESOLVER_SHOWN_H_
#define YIMA_SERVER_RESOLVER_SHOWN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"

namespace yima::server {

/// Who reads an answer: callers within whose reach the facility lies, or everybody. Everybody sees
/// what it is, who answers for it and how sure that is, and its place to a thousandth of a degree
/// (a hundred metres); not the bases of rights, external codes, fields of a ledger or raw readings.
enum class Audience { kWithinReach, kEverybody };

/// Degrees as everybody sees them; off by at most so many metres.
double Coarse(double degrees);
constexpr double kCoarseMetresOffMax = 79;

/// A stored facility as its reader may see it: its bytes as they are, with remark and personal
/// fields cut out and the etag added. Parsing and serializing it again would cost more than reading
/// it.
struct FacilityAnswer {
  std::string bytes;                    ///< A serialized v1::Facility.
  std::vector<uint64_t> organizations;  ///< Holders and claimants of its rights, each once.
  std::vector<uint64_t> notices;        ///< Those that list claims on its rights, each once.
  uint64_t parent = 0;                  ///< 0: it is no part of another.
  bool has_parts = false;               ///< Whether others may be parts of it.
  std::optional<double> longitude;      ///< Degrees.
  std::optional<double> latitude;
};

/// RECORD_DAMAGED (DATA_LOSS).
Result<FacilityAnswer> ShowFacility(std::string_view stored, std::string_view etag,
                                    Audience audience);
/// The same for an organization, without its contact person; a serialized v1::Organization.
Result<std::string> ShowOrganization(std::string_view stored, std::string_view etag);

/// Appends a field of bytes, such as a serialized message, to a serialized message.
void AppendField(std::string& message, int number, std::string_view bytes);

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_SHOWN_H_
