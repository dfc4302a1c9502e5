#ifndef YIMA_CLIENT_RESUME_H_
#define YIMA_CLIENT_RESUME_H_

#include <functional>

#include "codegen/code/result.h"

namespace yima {

/// Whether a stream that ended so may be begun again where it stopped: the server is gone or stops
/// (UNAVAILABLE), or it cut off this side, which took or sent nothing for long (STREAM_TOO_SLOW,
/// MESSAGE_LATE) and is here again.
bool IsBrokenOff(const Error& error);

/// Runs a stream on over connections that break. `attempt` begins the stream where the last one
/// stopped and waits for its end; it calls `progress` whenever it is done with something new, which
/// the next attempt leaves out. Begun again while IsBrokenOff: until something came, five times in
/// some 1.5 seconds, as other calls; afterwards for 30 seconds without anything new. Gives the end
/// that is final.
///
/// An Error of the caller's own (a receiver's, say) must not look like a broken connection: attempt
/// keeps it and gives success.
Result<void> Resuming(
    const std::function<Result<void>(const std::function<void()>& progress)>& attempt);

}  // namespace yima

#endif  // YIMA_CLIENT_RESUME_H_
