#ifndef YIMA_SERVER_CHECK_CHECK_H_
#define YIMA_SERVER_CHECK_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/store/store.h"
#include "yima/v1/registry.pb.h"

namespace yima::server {

/// Told now and then what is being looked at and how much of it is done.
using CheckProgress = std::function<void(std::string_view what, uint64_t done)>;

/// The work of `yimad check`: compares everything that is stored with everything it follows from.
/// Records with the log, word for word, and the log with itself (indexes, times, revisions); hashes
/// of withheld values; references; histories of records; signatures of all codes, by the keys of
/// `registry`; unique keys, terms, places and counters, both ways; lists and cursors of batches;
/// ranges of blank plates, stock-takes and sightings; the log's tree and its checkpoint.
///
/// Gives what is wrong, in words, at most 1,000 findings; none when all is sound. An Error means
/// that the store could not be read. Uses all cores, and some 30 bytes of memory a record.
///
/// `notes`, if it is not null, gets what could not be looked at and is no damage: signatures that
/// are erased, of a registry that was made anew from its log.
Result<std::vector<std::string>> CheckRegistry(const store::Snapshot& snapshot,
                                               const v1::Registry& registry,
                                               const CheckProgress& progress,
                                               std::vector<std::string>* notes = nullptr);

}  // namespace yima::server

#endif  // YIMA_SERVER_CHECK_CHECK_H_
