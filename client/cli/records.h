#ifndef YIMA_CLIENT_CLI_RECORDS_H_
#define YIMA_CLIENT_CLI_RECORDS_H_

#include <string>

#include <google/protobuf/message.h>

#include "client/cli/session.h"

namespace yima::cli {

/// A message as the JSON that `--json` prints: lowerCamelCase names, no field left out but an unset
/// message (null), 64-bit integers as digit strings, bytes in hex, enums without their type's
/// prefix ("" for unspecified), a withheld value as its text ("" once it was erased).
Json ToJson(const google::protobuf::Message& message);

/// `ACTIVE` of CODE_STATE_ACTIVE; "" for the unspecified and for numbers not known.
std::string EnumName(const google::protobuf::EnumDescriptor* type, int number);

/// The number of `active` or `ACTIVE`; ENUM_UNKNOWN names `place` and the values there are.
Result<int> ParseEnum(const google::protobuf::EnumDescriptor* type, std::string_view text,
                      const std::string& place);

/// Prints a message as one JSON object, or as `name: value` lines for people.
void Show(Session& session, const google::protobuf::Message& message);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_RECORDS_H_
