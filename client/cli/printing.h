#ifndef YIMA_CLIENT_CLI_PRINTING_H_
#define YIMA_CLIENT_CLI_PRINTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/session.h"

namespace yima::cli {

/// Says to the registry that these plates were printed, a thousand a call, each under an id of its
/// own that follows from `request_id`: the same again goes on where it stopped. `reprint`: why once
/// more, as in --reprint; may be empty. ENUM_UNKNOWN, ALREADY_PRINTED.
Result<void> MarkPrinted(Session& session, const std::vector<uint64_t>& serials,
                         const std::string& reprint, const std::string& request_id);

/// What --reprint may say, for --help.
const char* ReprintHelp();

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_PRINTING_H_
