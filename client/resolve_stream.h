#ifndef YIMA_CLIENT_RESOLVE_STREAM_H_
#define YIMA_CLIENT_RESOLVE_STREAM_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "client/client.h"
#include "client/connection.h"

namespace yima {

/// One Client::StreamResolve from its first text to its last answer, over as many connections as it
/// takes. Messages are kept until they are answered, a few at a time: what a broken stream left
/// unanswered is sent again, first of all, by the next one.
class ResolveStream {
 public:
  ResolveStream(const Connection& connection, const Client::TextSource& source,
                const Client::AnswerReceiver& receiver)
      : connection_(connection), source_(source), receiver_(receiver) {}

  Result<void> Run();

 private:
  // The source's thread.
  void Fill();
  bool MayAskSource() const;

  // The caller's thread.
  using Progress = std::function<void()>;
  /// Streams from the first unanswered text on; success when there is no more to do.
  Result<void> Attempt(const Progress& progress);
  /// Waits until there is something to ask; false when there is no more to do. So no stream stands
  /// idle: a server that is away is no news while nothing is asked of it.
  bool Begin();
  Result<void> Exchange(const Progress& progress);
  Result<void> Take(v1::StreamResolveResponse& response);
  Result<void> Tell(const Result<v1::ResolveResponse>& answer);
  /// What a stream's end means for the unanswered: an Error when it is not for them to go on.
  Result<void> After(const Result<void>& ended, const Progress& progress);
  /// The server refused the first of the unanswered: taken apart until the text is alone that is to
  /// blame, and that is told as its answer.
  void Refused(Error error);
  void TakeApart(const Error& error);
  void AnswerFirst();
  void End(const Result<void>& with);

  // The sending thread of a stream.
  Result<bool> Next(v1::StreamResolveRequest& request);

  const Connection& connection_;
  const Client::TextSource& source_;
  const Client::AnswerReceiver& receiver_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::StreamResolveRequest> unanswered_;
  size_t sent_ = 0;      ///< Of the unanswered, on the stream of now.
  bool gave_ = true;     ///< The source, when it was last asked.
  bool filled_ = false;  ///< The source has no more.
  bool broken_ = false;  ///< The stream of now takes no more.
  /// Set once it is decided, whatever is under way.
  std::optional<Result<void>> end_;
};

}  // namespace yima

#endif  // YIMA_CLIENT_RESOLVE_STREAM_H_
