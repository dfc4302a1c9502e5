#ifndef YIMA_CLIENT_SCAN_APART_H_
#define YIMA_CLIENT_SCAN_APART_H_

#include <functional>
#include <string>
#include <vector>

#include "client/scan/scanner.h"
#include "codegen/code/result.h"

namespace yima::scan {

/// The symbols in a picture's file, looked for in a process of its own. The decoder may be built
/// with its assertions, as Debian's is, and a picture over which one fails then ends that process
/// alone. Costs a fork, some milliseconds. DECODER_FAILED (INVALID_ARGUMENT) when that process did
/// not come to its end; PROCESS_REFUSED (RESOURCE_EXHAUSTED) when none can be made; LoadImage's
/// errors. Messages begin with the path. Thread-safe.
Result<std::vector<ScannedSymbol>> ScanFileApart(const std::string& path);

/// The same of whatever reads the picture, which must not throw and must use nothing but memory and
/// files: no other thread of the program is there.
Result<std::vector<ScannedSymbol>> RunApart(
    const std::function<std::vector<ScannedSymbol>()>& scan);

}  // namespace yima::scan

#endif  // YIMA_CLIENT_SCAN_APART_H_
