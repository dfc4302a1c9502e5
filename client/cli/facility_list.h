#ifndef YIMA_CLIENT_CLI_FACILITY_LIST_H_
#define YIMA_CLIENT_CLI_FACILITY_LIST_H_

#include <string>
#include <vector>

#include "client/cli/session.h"

namespace yima::cli {

/// A line that leads to no facility.
struct LostLine {
  uint64_t line = 0;
  std::string text;
  Error error;
};

/// The facilities that a file lists, each once.
struct FacilityList {
  std::vector<uint64_t> uids;
  std::vector<LostLine> lost;
};

/// Reads a file, or "-" for standard input: UTF-8 or GBK, a facility a line by any of its names, in
/// the first column when there are several, below a header or without one. Looks them up, many at
/// a time. FILE_*, and what ends every call.
Result<FacilityList> ReadFacilityList(Session& session, const std::string& path);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_FACILITY_LIST_H_
