#include <thread>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/load.h"
#include <fmt/format.h>

#include "server/access/gate.h"
#include "server/access/tokens.h"
#include "server/registry/classes.h"
#include "server/store/memory_store.h"

namespace yima::bench {
namespace {

constexpr int kCallers = 64;
constexpr double kEchoNanosecondsMost = 65'000;
/// As many as `resolve` is answered on average.
constexpr uint64_t kReplyBytes = 500;
constexpr const char* kMethod = "yima.v1.RegistryService/GetFacility";

/// A gate before a registry that holds its first administrator and nothing else: a known caller is
/// let in without a read of the store.
class GateAlone {
 public:
  static Result<std::unique_ptr<GateAlone>> Make(const Options& options) {
    const auto keys = options.work / "gate-keys";
    std::filesystem::remove_all(keys);
    YIMA_ASSIGN_OR_RETURN(auto ring, server::KeyRing::Create(keys, std::nullopt));
    std::filesystem::remove_all(keys);
    std::unique_ptr<GateAlone> made(new GateAlone(std::move(ring)));
    YIMA_RETURN_IF_ERROR(
        server::MakeFirstAdministrator(made->domain_, [&](std::string_view token) -> Result<void> {
          made->authorization_ = fmt::format("Bearer {}", token);
          return {};
        }));
    return made;
  }

  /// As a transport asks, for a method whose refusals tell the peer.
  Result<void> Ask() {
    server::Credentials shown;
    shown.authorization = authorization_;
    shown.address = [] { return std::string("192.0.2.1"); };
    server::Call call;
    return gate_.Admit(kMethod, server::kAdmins, shown, call);
  }

 private:
  explicit GateAlone(server::KeyRing keys) : keys_(std::move(keys)) {}

  const std::unique_ptr<store::Store> store_ = store::OpenMemoryStore();
  server::Numbers numbers_{*store_, 1};
  const server::KeyRing keys_;
  const server::ClassCatalogue classes_;
  const server::RegistryNow registry_{v1::Registry()};
  const server::Domain domain_{*store_, numbers_, keys_, classes_, registry_, {}};
  server::AuditTrail audit_{domain_};
  server::Gate gate_{domain_, audit_, {}};
  std::string authorization_;
};

/// Nanoseconds of processor time that a check takes while every core makes them.
Result<double> CheckNanoseconds(GateAlone& gate, int checks) {
  YIMA_RETURN_IF_ERROR(gate.Ask());
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::vector<double> seconds(cores);
  std::vector<std::jthread> askers;
  for (auto& taken : seconds) {
    askers.emplace_back([&gate, &taken, checks] {
      taken = CoreSecondsOf([&] {
        for (int i = 0; i < checks; ++i) static_cast<void>(gate.Ask());
      });
    });
  }
  askers.clear();
  double sum = 0;
  for (const double taken : seconds) sum += taken;
  return sum * 1e9 / static_cast<double>(checks) / static_cast<double>(cores);
}

}  // namespace

Result<Line> BenchAccess(const Options& options) {
  const uint64_t calls = options.quick ? 5'000 : 50'000;
  const int checks = options.quick ? 50'000 : 1'000'000;
  YIMA_ASSIGN_OR_RETURN(const auto gate, GateAlone::Make(options));
  YIMA_ASSIGN_OR_RETURN(const Echo echo, Echo::Start(options, kReplyBytes));
  const Load echoing({echo.address, "/yima.bench.Echo/Echo"}, kCallers);
  const auto request = [](uint64_t) { return std::string(140, 'x'); };
  YIMA_RETURN_IF_ERROR(echoing.Run(calls, request, *echo.program));
  Line line{.bench = "access", .unit = "ns a check", .floor_unit = "ns an echo"};
  line.bar = 0.02;
  line.better = Better::kMin;
  return MedianOfRounds(line, options.quick ? 1 : 7, kEchoNanosecondsMost, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const auto floor, echoing.Run(calls, request, *echo.program));
    YIMA_ASSIGN_OR_RETURN(const double figure, CheckNanoseconds(*gate, checks));
    return Round{figure, floor.cpu_us * 1000};
  });
}

}  // namespace yima::bench
