#ifndef YIMA_TESTS_STORE_DUMP_H_
#define YIMA_TESTS_STORE_DUMP_H_

#include <string>
#include <vector>

#include "server/store/store.h"

namespace yima::store::testing {

/// Names a kept request, for Dump: the interface does not list them.
struct RequestName {
  std::string principal;
  std::string method;
  std::string request_id;
};

/// Everything that a snapshot holds, a line each: records, keys, terms, counters, the requests
/// asked for, and the log without its times. Two stores with equal dumps are equal. A read that
/// fails, a gap in the log, a time that falls are lines beginning with "FAULT".
std::vector<std::string> Dump(const Snapshot& snapshot, const std::vector<RequestName>& requests);

}  // namespace yima::store::testing

#endif  // YIMA_TESTS_STORE_DUMP_H_
