#ifndef YIMA_SERVER_DOMAIN_KNOWN_FIELDS_H_
#define YIMA_SERVER_DOMAIN_KNOWN_FIELDS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

namespace yima::server {

/// The fields of one message type, to look a serialized message over without reflection, which
/// takes longer than to parse it. Immutable, so thread-safe.
class KnownFields {
 public:
  /// Made at the first call for each type, and kept for ever.
  static const KnownFields& Of(const google::protobuf::Descriptor* type);

  /// True when the message and all messages in it have none but known fields. May be false for
  /// a message that has no others: one that writes a field in an unusual way.
  bool CoverAll(std::string_view message) const;

 private:
  struct Field {
    uint8_t wire_types = 0;                ///< Bit n: wire type n is this field's. 0: unknown.
    const KnownFields* message = nullptr;  ///< Of a message field.
  };

  std::vector<Field> fields_;  ///< By number.
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_KNOWN_FIELDS_H_
