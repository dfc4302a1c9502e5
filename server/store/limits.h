#ifndef YIMA_SERVER_STORE_LIMITS_H_
#define YIMA_SERVER_STORE_LIMITS_H_

#include <optional>

#include "server/store/store.h"

namespace yima::store {

/// An entry with its time, as tlog-tiles bounds it.
constexpr size_t kEntrySizeMax = 65'535;

/// What every store refuses before it looks at its records: CHANGE_TOO_LARGE, ENTRY_TOO_LARGE,
/// CHANGE_MALFORMED (one record or key twice, a kind or id that cannot be, a logged record without
/// its entry).
std::optional<Error> LimitBroken(const Change& change);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_LIMITS_H_
