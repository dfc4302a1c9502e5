#ifndef YIMA_CLIENT_RESUME_H_
#define YIMA_CLIENT_RESUME_H_

#include <chrono>
#include <functional>

#include "codegen/code/result.h"

namespace yima {

/// Whether a stream that ended so may be begun again where it stopped: the server is gone or stops
/// (UNAVAILABLE) or serves too many (TOO_MANY_STREAMS); it cut off this side, which took or sent
/// nothing for long (STREAM_TOO_SLOW, WATCH_TOO_SLOW, MESSAGE_LATE) and is here again; or it let
/// this side in within bounds that are others now (BOUNDS_CHANGED).
bool IsBrokenOff(const Error& error);

struct Resumption {
  /// Lets the time before another attempt pass, once the last one has ended as `broken`; an Error
  /// that it gives is the end. Without one the thread sleeps.
  std::function<Result<void>(const Error& broken, std::chrono::milliseconds pause)> pause = {};
  /// For as long as `pause` says, rather than for so many attempts or seconds.
  bool for_ever = false;
};

/// Runs a stream on over connections that break. `attempt` begins the stream where the last one
/// stopped and waits for its end; it calls `progress` whenever it is done with something new, which
/// the next attempt leaves out. Begun again while IsBrokenOff: until something came, five times in
/// some 1.5 seconds, as other calls; afterwards for 30 seconds without anything new. Gives the end
/// that is final.
///
/// An Error of the caller's own (a receiver's, say) must not look like a broken connection: attempt
/// keeps it and gives success.
Result<void> Resuming(
    const std::function<Result<void>(const std::function<void()>& progress)>& attempt,
    const Resumption& resumption = {});

}  // namespace yima

#endif  // YIMA_CLIENT_RESUME_H_
