#include "server/resolver/note_desk.h"

#include <exception>
#include <utility>

namespace yima::server {
namespace {

Result<std::string> Make(const NoteDesk::Maker& make) {
  try {
    return make();
  } catch (const std::exception& exception) {
    return Fail(StatusCode::kInternal, "EXCEPTION", exception.what());
  }
}

}  // namespace

void NoteDesk::Ask(Maker make, Reply reply) {
  const std::lock_guard lock(mutex_);
  questions_.push_back({std::move(make), std::move(reply)});
  asked_.notify_one();
}

void NoteDesk::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  // Once stopped, it still waits for nothing and is true until all are answered.
  while (asked_.wait(lock, stop, [&] { return !questions_.empty(); })) {
    const Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    question.reply(Make(question.make));
    lock.lock();
  }
}

}  // namespace yima::server
