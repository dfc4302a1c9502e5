#include "client/resolve_stream.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <thread>

#include "client/resume.h"

namespace yima {
namespace {

constexpr char kMethod[] = "yima.v1.ResolverService/StreamResolve";
/// Messages under way: enough to keep both sides busy, few enough to be kept.
constexpr size_t kAhead = 4;
constexpr std::string_view kOfMessage = "messages[";
constexpr std::string_view kOfText = "].requests[";

/// The text's place in its message, from `messages[7].requests[3].text`; -1 when none is named.
int TextNamed(std::string_view field) {
  const size_t at = field.find(kOfText);
  if (at == std::string_view::npos) return -1;
  int place = -1;
  std::from_chars(field.data() + at + kOfText.size(), field.data() + field.size(), place);
  return place;
}

/// What a Resolve of the one text would have named.
std::string FieldOfText(std::string_view field) {
  const size_t at = field.find(kOfText);
  if (at == std::string_view::npos) return {};
  const size_t end = field.find("].", at + kOfText.size());
  return end == std::string_view::npos ? std::string() : std::string(field.substr(end + 2));
}

}  // namespace

Result<void> ResolveStream::Run() {
  std::thread filler([this] { Fill(); });
  End(Resuming([this](const Progress& progress) { return Attempt(progress); }));
  filler.join();
  return *end_;
}

void ResolveStream::Fill() {
  std::vector<v1::ResolveRequest> texts;
  std::unique_lock lock(mutex_);
  while (!filled_) {
    changed_.wait(lock, [&] { return end_ || MayAskSource(); });
    if (end_) return;
    lock.unlock();
    texts.clear();
    const auto more = source_(texts);
    lock.lock();
    if (!more && !end_) end_ = tl::unexpected(more.error());
    filled_ = !more || !*more;
    gave_ = !filled_ && !texts.empty();
    if (gave_) {
      auto& message = unanswered_.emplace_back();
      for (auto& text : texts) *message.add_requests() = std::move(text);
    }
    changed_.notify_all();
  }
}

bool ResolveStream::MayAskSource() const {
  return unanswered_.empty() || (gave_ && unanswered_.size() < kAhead);
}

Result<void> ResolveStream::Attempt(const Progress& progress) {
  while (Begin()) YIMA_RETURN_IF_ERROR(After(Exchange(progress), progress));
  return {};
}

bool ResolveStream::Begin() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return end_ || filled_ || !unanswered_.empty(); });
  sent_ = 0;
  broken_ = false;
  return !end_ && !unanswered_.empty();
}

Result<void> ResolveStream::Exchange(const Progress& progress) {
  v1::StreamResolveRequest request;
  v1::StreamResolveResponse response;
  return connection_.Exchange(
      kMethod, request, [&] { return Next(request); }, response,
      [&]() -> Result<void> {
        YIMA_RETURN_IF_ERROR(Take(response));
        progress();
        return {};
      },
      [&] {
        const std::lock_guard lock(mutex_);
        broken_ = true;
        changed_.notify_all();
      });
}

Result<bool> ResolveStream::Next(v1::StreamResolveRequest& request) {
  std::unique_lock lock(mutex_);
  const auto may_send = [&] { return sent_ < std::min(unanswered_.size(), kAhead); };
  changed_.wait(lock, [&] {
    return end_ || broken_ || may_send() || (filled_ && sent_ == unanswered_.size());
  });
  if (end_ && !*end_) return tl::unexpected(end_->error());
  if (end_ || broken_ || !may_send()) return false;
  request = unanswered_[sent_++];
  return true;
}

Result<void> ResolveStream::Take(v1::StreamResolveResponse& response) {
  int asked = 0;
  {
    const std::lock_guard lock(mutex_);
    if (sent_ > 0) asked = unanswered_.front().requests_size();
  }
  if (asked == 0 || response.responses_size() != asked) {
    End(Fail(StatusCode::kInternal, "ANSWERS_MISSING",
             "the server answered " + std::to_string(response.responses_size()) + " of " +
                 std::to_string(asked) + " texts"));
    return *end_;
  }
  for (auto& each : *response.mutable_responses()) YIMA_RETURN_IF_ERROR(Tell(std::move(each)));
  AnswerFirst();
  return {};
}

Result<void> ResolveStream::Tell(const Result<v1::ResolveResponse>& answer) {
  auto taken = receiver_(answer);
  if (!taken) End(taken);
  return taken;
}

void ResolveStream::AnswerFirst() {
  const std::lock_guard lock(mutex_);
  unanswered_.pop_front();
  if (sent_ > 0) --sent_;
  changed_.notify_all();
}

Result<void> ResolveStream::After(const Result<void>& ended, const Progress& progress) {
  {
    const std::lock_guard lock(mutex_);
    if (end_) return {};
    if (unanswered_.empty()) return ended || IsBrokenOff(ended.error()) ? Result<void>() : ended;
  }
  if (ended) {
    return Fail(StatusCode::kInternal, "ANSWERS_MISSING",
                "the server ended the stream before it had answered all");
  }
  if (!ended.error().field.starts_with(kOfMessage)) return ended;
  Refused(ended.error());
  progress();
  return {};
}

void ResolveStream::Refused(Error error) {
  if (unanswered_.front().requests_size() > 1) return TakeApart(error);
  error.field = FieldOfText(error.field);
  if (Tell(tl::unexpected(std::move(error)))) AnswerFirst();
}

void ResolveStream::TakeApart(const Error& error) {
  const std::lock_guard lock(mutex_);
  v1::StreamResolveRequest whole = std::move(unanswered_.front());
  unanswered_.pop_front();
  const int size = whole.requests_size();
  const int named = TextNamed(error.field);
  // A text that is not named is found by halves.
  const bool is_named = named >= 0 && named < size;
  const int first = is_named ? named : size / 2;
  const int second = is_named ? named + 1 : first;
  const auto put_first = [&](int begin, int end) {
    if (begin == end) return;
    auto& part = unanswered_.emplace_front();
    for (int i = begin; i < end; ++i) {
      *part.add_requests() = std::move(*whole.mutable_requests(i));
    }
  };
  put_first(second, size);
  put_first(first, second);
  put_first(0, first);
}

void ResolveStream::End(const Result<void>& with) {
  const std::lock_guard lock(mutex_);
  if (!end_) end_ = with;
  changed_.notify_all();
}

}  // namespace yima
