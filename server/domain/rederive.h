#ifndef YIMA_SERVER_DOMAIN_REDERIVE_H_
#define YIMA_SERVER_DOMAIN_REDERIVE_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "server/store/store.h"

namespace yima::server {

/// By which rules this program derives what is stored beside records. Raise it with each release
/// that derives more than the one before from records that may stand already.
constexpr uint64_t kDerivedRules = 3;

/// Told now and then what is being done, and how much of it.
using RederiveProgress = std::function<void(std::string_view what, uint64_t done)>;

/// Adds what an older program did not yet derive from the records that stand: terms, places,
/// counters, and the histories of records. Looks at one record and does nothing when that was done.
/// To be called before anything else is written to a store that may be of an older program; after a
/// crash the same call begins again. Holds no snapshot for long, and little memory.
Result<void> Rederive(store::Store& store, const RederiveProgress& progress);

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_REDERIVE_H_
