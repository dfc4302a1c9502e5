#ifndef YIMA_SERVER_RESOLVER_SHOWN_H_
#define YIMA_SERVER_RESOLVER_SHOWN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"

namespace yima::server {

/// Who reads an answer: callers that are known, or everybody, who are shown a place to a thousandth
/// of a degree (a hundred metres) and no raw reading.
enum class Audience { kKnown, kEverybody };

/// A stored facility as anybody may see it: its bytes as they are, with remark and personal fields
/// cut out and the etag added. Parsing and serializing it again would cost more than reading it.
struct FacilityAnswer {
  std::string bytes;                    ///< A serialized v1::Facility.
  std::vector<uint64_t> organizations;  ///< Holders of its rights, each once.
  std::optional<double> longitude;      ///< Degrees.
  std::optional<double> latitude;
};

/// RECORD_DAMAGED (DATA_LOSS).
Result<FacilityAnswer> ShowFacility(std::string_view stored, std::string_view etag,
                                    Audience audience = Audience::kKnown);
/// The same for an organization, without its contact person; a serialized v1::Organization.
Result<std::string> ShowOrganization(std::string_view stored, std::string_view etag);

/// Appends a field of bytes, such as a serialized message, to a serialized message.
void AppendField(std::string& message, int number, std::string_view bytes);

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_SHOWN_H_
