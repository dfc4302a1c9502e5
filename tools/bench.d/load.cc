#include "tools/bench.d/load.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "tools/bench.d/line.h"
#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace yima::bench {
namespace {

using grpc::ByteBuffer;
using Stub = grpc::TemplatedGenericStub<ByteBuffer, ByteBuffer>;

constexpr size_t kChannels = 2;

ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

/// What all callers of one run share.
struct Shared {
  const std::string& method;
  const std::string& token;
  const std::function<std::string(uint64_t)>& request;
  const uint64_t calls;
  std::atomic<uint64_t> next = 0;
  std::atomic<uint64_t> reply_bytes = 0;
  std::mutex mutex;
  std::condition_variable ended;
  int running = 0;
  std::optional<grpc::Status> failure;

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
    if (i >= shared_.calls) return shared_.End(grpc::Status::OK);
    context_.emplace();
    if (!shared_.token.empty()) context_->AddMetadata("authorization", "Bearer " + shared_.token);
    request_ = ToBuffer(shared_.request(i));
    stub_.UnaryCall(&*context_, shared_.method, {}, &request_, &reply_,
                    [this](const grpc::Status& status) {
                      if (!status.ok()) return shared_.End(status);
                      shared_.reply_bytes.fetch_add(reply_.Length(), std::memory_order_relaxed);
                      Ask();
                    });
  }

 private:
  Shared& shared_;
  Stub& stub_;
  std::optional<grpc::ClientContext> context_;
  ByteBuffer request_;
  ByteBuffer reply_;
};

}  // namespace

struct Load::Channels {
  std::vector<std::unique_ptr<Stub>> stubs;
};

Load::Load(const std::string& address, std::string method, int callers, std::string token)
    : channels_(std::make_unique<Channels>()),
      method_(std::move(method)),
      callers_(callers),
      token_(std::move(token)) {
  for (size_t i = 0; i < kChannels; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own.
    channels_->stubs.push_back(std::make_unique<Stub>(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
}

Load::~Load() = default;

Result<Load::Measured> Load::Run(uint64_t n, const std::function<std::string(uint64_t)>& request,
                                 const Child& server) const {
  Shared shared{.method = method_,
                .token = token_,
                .request = request,
                .calls = n,
                .mutex = {},
                .ended = {},
                .failure = {}};
  shared.running = callers_;
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < callers_; ++i) {
    callers.push_back(
        std::make_unique<Caller>(shared, *channels_->stubs[static_cast<size_t>(i) % kChannels]));
  }
  const double cpu = server.CpuSecondsWithOwn();
  const double seconds = SecondsOf([&] {
    for (const auto& caller : callers) caller->Ask();
    std::unique_lock lock(shared.mutex);
    shared.ended.wait(lock, [&] { return shared.running == 0; });
  });
  if (shared.failure) {
    return Fail(StatusCode::kInternal, "CALL_FAILED",
                fmt::format("{}: {}", method_, shared.failure->error_message()));
  }
  const auto calls = static_cast<double>(n);
  return Measured{calls / seconds, static_cast<double>(shared.reply_bytes) / calls,
                  (server.CpuSecondsWithOwn() - cpu) * 1e6 / calls};
}

}  // namespace yima::bench
