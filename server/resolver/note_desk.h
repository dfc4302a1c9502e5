#ifndef YIMA_SERVER_RESOLVER_NOTE_DESK_H_
#define YIMA_SERVER_RESOLVER_NOTE_DESK_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "codegen/code/result.h"

namespace yima::server {

/// Makes trust notes for those who ask, one after the other on a thread of its own: a new note is
/// durable before it is handed out, and no handler may wait for that. Thread-safe.
class NoteDesk {
 public:
  using Maker = std::function<Result<std::string>()>;
  using Reply = std::function<void(Result<std::string>)>;

  /// Answers everybody who has asked before it ends.
  ~NoteDesk() = default;

  /// Returns at once; `reply` is called once, on the desk's thread, with what `make` gives.
  void Ask(Maker make, Reply reply);

 private:
  struct Question {
    Maker make;
    Reply reply;
  };
  void Run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::deque<Question> questions_;
  /// Last, so that it ends first.
  std::jthread thread_{[this](const std::stop_token& stop) { Run(stop); }};
};

}  // namespace yima::server

#endif  // YIMA_SERVER_RESOLVER_NOTE_DESK_H_
