#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include <sodium.h>

#include "codegen/code/code_text.h"

namespace yima::bench {
namespace {

constexpr double kSignsLeast = 41'000;

/// One core's Ed25519 signatures a second over what a code signs, by libsodium itself.
double SignsPerSecond(int n) {
  std::array<uint8_t, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<uint8_t, crypto_sign_SECRETKEYBYTES> secret_key{};
  crypto_sign_keypair(public_key.data(), secret_key.data());
  std::string message = SignedMessage("HTTPS://QR.EXAMPLE.CN/", PayloadBytes{});
  std::array<uint8_t, crypto_sign_BYTES> signature{};
  const double seconds = SecondsOf([&] {
    for (int i = 0; i < n; ++i) {
      message.back() = static_cast<char>(i);
      crypto_sign_detached(signature.data(), nullptr,
                           reinterpret_cast<const uint8_t*>(message.data()), message.size(),
                           secret_key.data());
    }
  });
  return n / seconds;
}

}  // namespace

Result<Line> BenchIssue(const Options& options) {
  const double codes = options.quick ? 10'000 : 100'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "issue"));
  Line line{.bench = "issue", .unit = "codes/s", .floor_unit = "signatures/s of a core"};
  line.bar = 0.75;
  return MedianOfRounds(line, options.quick ? 1 : 5, kSignsLeast, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(static_cast<uint64_t>(codes)));
    v1::IssueCodesRequest request;
    request.mutable_filter()->set_batch(ledger.batch);
    const double before = SignsPerSecond(options.quick ? 5'000 : 40'000);
    const double cpu = registry->server().CpuSecondsWithOwn();
    YIMA_ASSIGN_OR_RETURN(const double seconds, registry->Issue(request));
    const double cpu_us = (registry->server().CpuSecondsWithOwn() - cpu) * 1e6 / codes;
    const double after = SignsPerSecond(options.quick ? 5'000 : 40'000);
    return Round{codes / seconds, (before + after) / 2, cpu_us, 2e6 / (before + after)};
  });
}

}  // namespace yima::bench
