#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/sqlite_floor.h"
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/sync_stream.h>

#include "yima/v1/resolver_service.pb.h"

namespace yima::bench {
namespace {

using grpc::ByteBuffer;

/// Two threads of a quiet machine read some 600 thousand records a second.
constexpr double kCodesLeast = 100'000;
constexpr int kTextsAMessage = 100;
constexpr int kStreams = 2;
constexpr int kAhead = 8;
constexpr unsigned kReaders = 2;

/// A code, and which records a resolve of it reads.
struct Point {
  std::string text;
  int64_t serial = 0;
  int64_t facility = 0;
};

Result<std::vector<Point>> MakePoints(Registry& registry, uint64_t n) {
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry.Import(n));
  v1::IssueCodesRequest request;
  request.mutable_filter()->set_batch(ledger.batch);
  std::vector<Point> points;
  YIMA_RETURN_IF_ERROR(registry.Issue(request, [&](const v1::IssuedCode& code) {
    points.push_back(
        {code.text(), static_cast<int64_t>(code.serial()), static_cast<int64_t>(code.facility())});
  }));
  return points;
}

/// Serialized messages of 100 texts each.
std::vector<std::string> MessagesOf(const std::vector<const Point*>& points) {
  std::vector<std::string> messages;
  v1::StreamResolveRequest message;
  for (const Point* point : points) {
    message.add_requests()->set_text(point->text);
    if (message.requests_size() < kTextsAMessage) continue;
    messages.push_back(message.SerializeAsString());
    message.Clear();
  }
  return messages;
}

/// One stream of many, bytes in and bytes out, with few messages under way.
class Stream {
 public:
  Stream(const Target& target, const std::vector<std::string>& messages, std::atomic<size_t>& next,
         std::atomic<uint64_t>& answers)
      : messages_(messages), next_(next), answers_(answers) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ =
        grpc::CreateCustomChannel(target.address, grpc::InsecureChannelCredentials(), arguments);
    context_.AddMetadata("authorization", "Bearer " + target.token);
    const grpc::internal::RpcMethod method(target.method.c_str(),
                                           grpc::internal::RpcMethod::BIDI_STREAMING, channel_);
    stream_.reset(grpc::internal::ClientReaderWriterFactory<ByteBuffer, ByteBuffer>::Create(
        channel_.get(), method, &context_));
  }

  /// Until no message is left.
  grpc::Status Run() {
    std::thread sender([this] { Send(); });
    ByteBuffer answer;
    while (stream_->Read(&answer)) {
      ++answers_;
      const std::lock_guard lock(mutex_);
      --under_way_;
      changed_.notify_one();
    }
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      changed_.notify_one();
    }
    sender.join();
    return stream_->Finish();
  }

 private:
  void Send() {
    for (size_t i = next_++; i < messages_.size(); i = next_++) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return under_way_ < kAhead || ended_; });
        if (ended_) return;
        ++under_way_;
      }
      const grpc::Slice slice(messages_[i].data(), messages_[i].size(), grpc::Slice::STATIC_SLICE);
      if (!stream_->Write(ByteBuffer(&slice, 1))) return;
    }
    stream_->WritesDone();
  }

  const std::vector<std::string>& messages_;
  std::atomic<size_t>& next_;
  std::atomic<uint64_t>& answers_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<ByteBuffer, ByteBuffer>> stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int under_way_ = 0;
  bool ended_ = false;
};

/// Seconds until all messages are answered.
Result<double> StreamAll(const Target& target, const std::vector<std::string>& messages) {
  std::atomic<size_t> next = 0;
  std::atomic<uint64_t> answers = 0;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back(std::make_unique<Stream>(target, messages, next, answers));
  }
  std::mutex mutex;
  grpc::Status failure;
  const double seconds = SecondsOf([&] {
    std::vector<std::jthread> threads;
    for (const auto& stream : streams) {
      threads.emplace_back([&] {
        const auto status = stream->Run();
        const std::lock_guard lock(mutex);
        if (!status.ok()) failure = status;
      });
    }
  });
  if (failure.ok() && answers == messages.size()) return seconds;
  return Fail(StatusCode::kInternal, "CALL_FAILED",
              fmt::format("{} of {} messages answered: {}", answers.load(), messages.size(),
                          failure.error_message()));
}

/// The floor's share of one thread: code and facility of each point, and a look at their bytes.
Result<void> ReadPoints(const std::filesystem::path& file, std::span<const Point* const> points) {
  YIMA_ASSIGN_OR_RETURN(const auto database, RawDatabase::Open(file, true));
  YIMA_RETURN_IF_ERROR(database->Execute("PRAGMA mmap_size = 2147418112; BEGIN"));
  sqlite3_stmt* const code = database->Prepare("SELECT revision, bytes FROM record2 WHERE id = ?");
  sqlite3_stmt* const facility =
      database->Prepare("SELECT revision, bytes FROM record1 WHERE id = ?");
  const auto read = [](sqlite3_stmt* statement, int64_t id) {
    sqlite3_bind_int64(statement, 1, id);
    const bool found =
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_blob(statement, 1) != nullptr;
    return sqlite3_reset(statement) == SQLITE_OK && found;
  };
  for (const Point* point : points) {
    if (!read(code, point->serial) || !read(facility, point->facility)) {
      return database->Failure();
    }
  }
  return {};
}

Result<double> ReadAll(const std::filesystem::path& file, const std::vector<const Point*>& points) {
  Result<void> read[kReaders];
  const double seconds = SecondsOf([&] {
    std::vector<std::jthread> threads;
    const size_t share = points.size() / kReaders;
    for (unsigned i = 0; i < kReaders; ++i) {
      threads.emplace_back(
          [&, i] { read[i] = ReadPoints(file, std::span(points).subspan(i * share, share)); });
    }
  });
  for (const auto& each : read) YIMA_RETURN_IF_ERROR(each);
  return seconds;
}

/// Every one is found before speed means anything.
Result<void> CheckSome(const Registry& registry, const std::vector<Point>& points) {
  size_t next = 0;
  size_t authentic = 0;
  YIMA_RETURN_IF_ERROR(registry.client().StreamResolve(
      [&](std::vector<v1::ResolveRequest>& asked) -> Result<bool> {
        for (; next < points.size() && asked.size() < kTextsAMessage; next += 97) {
          asked.emplace_back().set_text(points[next].text);
        }
        return !asked.empty();
      },
      [&](const Result<v1::ResolveResponse>& answer) -> Result<void> {
        if (answer && answer->verdict() == v1::VERDICT_AUTHENTIC && answer->has_facility()) {
          ++authentic;
        }
        return {};
      }));
  if (authentic == (points.size() + 96) / 97) return {};
  return Fail(StatusCode::kInternal, "NOT_RESOLVED", fmt::format("{} authentic", authentic));
}

}  // namespace

Result<Line> BenchResolveStream(const Options& options) {
  const uint64_t codes = options.quick ? 20'000 : 200'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "resolve_stream"));
  YIMA_ASSIGN_OR_RETURN(const auto points, MakePoints(*registry, codes));
  YIMA_RETURN_IF_ERROR(registry->Restart());
  YIMA_RETURN_IF_ERROR(CheckSome(*registry, points));

  std::vector<const Point*> scattered;
  for (const Point& point : points) scattered.push_back(&point);
  std::ranges::shuffle(scattered, std::mt19937_64(1));
  const auto messages = MessagesOf(scattered);
  const Target target =
      registry->TargetOf("/yima.v1.ResolverService/StreamResolve", registry->token());
  YIMA_RETURN_IF_ERROR(StreamAll(target, messages));
  YIMA_RETURN_IF_ERROR(ReadAll(registry->database(), scattered));

  Line line{.bench = "resolve_stream", .unit = "codes/s", .floor_unit = "codes read/s"};
  line.bar = 0.6;
  const auto count = static_cast<double>(messages.size() * kTextsAMessage);
  return MedianOfRounds(line, options.quick ? 1 : 7, kCodesLeast, [&]() -> Result<Round> {
    const double cpu_begun = registry->server().CpuSecondsWithOwn();
    YIMA_ASSIGN_OR_RETURN(const double read, ReadAll(registry->database(), scattered));
    const double cpu_between = registry->server().CpuSecondsWithOwn();
    YIMA_ASSIGN_OR_RETURN(const double streamed, StreamAll(target, messages));
    const double cpu_ended = registry->server().CpuSecondsWithOwn();
    return Round{count / streamed, count / read, (cpu_ended - cpu_between) * 1e6 / count,
                 (cpu_between - cpu_begun) * 1e6 / count};
  });
}

}  // namespace yima::bench
