#include "tools/bench.d/load.h"

#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace yima::bench {
namespace {

using grpc::ByteBuffer;
using Stub = grpc::TemplatedGenericStub<ByteBuffer, ByteBuffer>;
using Requests = std::function<std::string(uint64_t)>;

constexpr size_t kChannels = 2;

ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

}  // namespace

struct Channels {
  explicit Channels(const Target& target) {
    const auto credentials = target.ca.empty() ? grpc::InsecureChannelCredentials()
                                               : grpc::SslCredentials({target.ca, "", ""});
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own.
    for (size_t i = 0; i < kChannels; ++i) {
      stubs.push_back(std::make_unique<Stub>(
          grpc::CreateCustomChannel(target.address, credentials, arguments)));
    }
  }
  std::vector<std::unique_ptr<Stub>> stubs;
};

namespace {

/// What all callers of one run share.
struct Shared {
  const Target& target;
  const Requests& request;
  const bool refusals_end = true;
  std::atomic<uint64_t> calls;
  std::atomic<uint64_t> next = 0;
  std::atomic<uint64_t> answered = 0;
  std::atomic<uint64_t> refused = 0;
  std::atomic<uint64_t> reply_bytes = 0;
  std::mutex mutex = {};
  std::condition_variable ended = {};
  int running = 0;
  std::optional<grpc::Status> failure = {};

  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex);
    if (!status.ok() && !failure) failure = status;
    if (--running == 0) ended.notify_all();
  }
};

/// One caller: asks again as soon as it is answered.
class Caller {
 public:
  Caller(Shared& shared, Stub& stub) : shared_(shared), stub_(stub) {}

  void Ask() {
    const uint64_t i = shared_.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= shared_.calls.load(std::memory_order_relaxed)) return shared_.End(grpc::Status::OK);
    const Target& target = shared_.target;
    context_.emplace();
    if (!target.token.empty()) context_->AddMetadata("authorization", "Bearer " + target.token);
    request_ = ToBuffer(shared_.request(i));
    stub_.UnaryCall(&*context_, target.method, {}, &request_, &reply_,
                    [this](const grpc::Status& status) { Take(status); });
  }

 private:
  void Take(const grpc::Status& status) {
    if (!status.ok() && shared_.refusals_end) return shared_.End(status);
    (status.ok() ? shared_.answered : shared_.refused).fetch_add(1, std::memory_order_relaxed);
    shared_.reply_bytes.fetch_add(reply_.Length(), std::memory_order_relaxed);
    Ask();
  }

  Shared& shared_;
  Stub& stub_;
  std::optional<grpc::ClientContext> context_;
  ByteBuffer request_;
  ByteBuffer reply_;
};

/// All callers of one run, from their first calls on.
class Callers {
 public:
  Callers(Shared& shared, const Channels& channels, int number) : shared_(shared) {
    shared_.running = number;
    for (int i = 0; i < number; ++i) {
      callers_.push_back(
          std::make_unique<Caller>(shared, *channels.stubs[static_cast<size_t>(i) % kChannels]));
    }
    for (const auto& caller : callers_) caller->Ask();
  }
  void Wait() {
    std::unique_lock lock(shared_.mutex);
    shared_.ended.wait(lock, [&] { return shared_.running == 0; });
  }

 private:
  Shared& shared_;
  std::vector<std::unique_ptr<Caller>> callers_;
};

}  // namespace

Load::Load(Target target, int callers)
    : target_(std::move(target)),
      channels_(std::make_unique<Channels>(target_)),
      callers_(callers) {}

Load::~Load() = default;

Result<Load::Measured> Load::Run(uint64_t n, const Requests& request, const Child& server) const {
  Shared shared{.target = target_, .request = request, .calls = n};
  std::optional<Callers> callers;
  const double cpu = server.CpuSecondsWithOwn();
  const double seconds = SecondsOf([&] {
    callers.emplace(shared, *channels_, callers_);
    callers->Wait();
  });
  if (shared.failure) {
    return Fail(StatusCode::kInternal, "CALL_FAILED",
                fmt::format("{}: {}", target_.method, shared.failure->error_message()));
  }
  const auto calls = static_cast<double>(n);
  return Measured{calls / seconds, static_cast<double>(shared.reply_bytes) / calls,
                  (server.CpuSecondsWithOwn() - cpu) * 1e6 / calls};
}

struct Flood::Parts {
  Parts(Target of, int callers, std::string bytes)
      : target(std::move(of)),
        request([asked = std::move(bytes)](uint64_t) { return asked; }),
        channels(target),
        shared{.target = target,
               .request = request,
               .refusals_end = false,
               .calls = std::numeric_limits<uint64_t>::max()},
        all(shared, channels, callers) {}

  const Target target;
  const Requests request;
  const Channels channels;
  Shared shared;
  Callers all;
};

Flood::Flood(Target target, int callers, std::string request)
    : parts_(std::make_unique<Parts>(std::move(target), callers, std::move(request))) {}

Flood::~Flood() {
  parts_->shared.calls = 0;
  parts_->all.Wait();
}

uint64_t Flood::answered() const { return parts_->shared.answered; }
uint64_t Flood::refused() const { return parts_->shared.refused; }

}  // namespace yima::bench
