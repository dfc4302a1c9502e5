#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/load.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "yima/v1/resolver_service.pb.h"

namespace yima::bench {
namespace {

constexpr int kCallers = 64;
constexpr int kStreamsAConnection = 200;
constexpr double kResolvesLeast = 10'000;

/// Streams that are opened, told where the log stands, and then rest. They end with the object.
class Watchers {
 public:
  Watchers(const Target& target, int streams) {
    for (int i = 0; i < streams; ++i) {
      if (i % kStreamsAConnection == 0) Connect(target);
      watchers_.emplace_back(*this, *stubs_.back(), target);
    }
  }
  ~Watchers() {
    for (auto& watcher : watchers_) watcher.context.TryCancel();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ == watchers_.size(); });
  }

  /// Until each was told where the log stands; WATCH_BROKEN when one has ended.
  Result<void> WaitUntilBegun() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ + ended_ >= watchers_.size(); });
    return StillThere();
  }
  Result<void> CheckStillThere() {
    const std::lock_guard lock(mutex_);
    return StillThere();
  }

 private:
  struct Watcher final : grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
    Watcher(Watchers& all, grpc::GenericStub& stub, const Target& target) : all_(all) {
      if (!target.token.empty()) context.AddMetadata("authorization", "Bearer " + target.token);
      stub.PrepareBidiStreamingCall(&context, target.method, {}, this);
      // An empty message asks for all that changes from now on.
      const grpc::Slice nothing;
      request_ = grpc::ByteBuffer(&nothing, 1);
      StartWriteLast(&request_, {});
      StartRead(&answer_);
      StartCall();
    }
    void OnReadDone(bool ok) override {
      if (!ok) return;
      if (!std::exchange(begun_, true)) all_.Count(all_.begun_);
      StartRead(&answer_);
    }
    void OnDone(const grpc::Status&) override { all_.Count(all_.ended_); }

    grpc::ClientContext context;

   private:
    Watchers& all_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer answer_;
    bool begun_ = false;
  };

  void Connect(const Target& target) {
    grpc::ChannelArguments own;
    // A connection of its own each, and not one for all.
    own.SetInt("yima.bench.connection", static_cast<int>(stubs_.size()));
    stubs_.push_back(std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(target.address, grpc::InsecureChannelCredentials(), own)));
  }
  void Count(size_t& what) {
    const std::lock_guard lock(mutex_);
    ++what;
    changed_.notify_all();
  }
  Result<void> StillThere() const {
    if (ended_ == 0) return {};
    return Fail(StatusCode::kInternal, "WATCH_BROKEN", fmt::format("{} watches ended", ended_));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t begun_ = 0;
  size_t ended_ = 0;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::deque<Watcher> watchers_;
};

Result<std::vector<std::string>> Texts(Registry& registry, uint64_t n) {
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry.Import(n));
  v1::IssueCodesRequest request;
  request.mutable_filter()->set_batch(ledger.batch);
  std::vector<std::string> texts;
  YIMA_RETURN_IF_ERROR(
      registry.Issue(request, [&](const v1::IssuedCode& code) { texts.push_back(code.text()); }));
  return texts;
}

}  // namespace

Result<Line> BenchWatch(const Options& options) {
  const int streams = options.quick ? 100 : 1'000;
  const uint64_t calls = options.quick ? 5'000 : 100'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "watch"));
  YIMA_ASSIGN_OR_RETURN(const auto texts, Texts(*registry, options.quick ? 2'000 : 100'000));
  YIMA_RETURN_IF_ERROR(registry->Restart());
  const auto request = [&](uint64_t i) {
    v1::ResolveRequest asked;
    asked.set_text(texts[i * 7919 % texts.size()]);
    return asked.SerializeAsString();
  };
  const Load resolver(registry->TargetOf("/yima.v1.ResolverService/Resolve", ""), kCallers);
  const Target watch = registry->TargetOf("/yima.v1.RegistryService/Watch", registry->token());
  YIMA_RETURN_IF_ERROR(resolver.Run(calls, request, registry->server()));

  Line line{.bench = "watch", .unit = "resolves/s", .floor_unit = "resolves/s"};
  line.bar = 0.95;
  return MedianOfRounds(line, options.quick ? 1 : 7, kResolvesLeast, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const auto alone, resolver.Run(calls, request, registry->server()));
    const double before = registry->server().megabytes();
    Watchers watchers(watch, streams);
    YIMA_RETURN_IF_ERROR(watchers.WaitUntilBegun());
    const double kilobytes = (registry->server().megabytes() - before) * 1000 / streams;
    YIMA_ASSIGN_OR_RETURN(const auto beside, resolver.Run(calls, request, registry->server()));
    YIMA_RETURN_IF_ERROR(watchers.CheckStillThere());
    Note(fmt::format("{} watches at rest, {:.1f} KB each in the server", streams, kilobytes));
    return Round{beside.per_second, alone.per_second, beside.cpu_us, alone.cpu_us};
  });
}

}  // namespace yima::bench
