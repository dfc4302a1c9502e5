#include "tools/bench.d/benches.h"
#include "tools/bench.d/load.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/sqlite_floor.h"
#include <fmt/format.h>

namespace yima::bench {
namespace {

constexpr double kTransactionsLeast = 4'200;
constexpr int kCallers = 64;

Result<std::vector<uint64_t>> BlankSerials(Registry& registry, uint64_t n) {
  std::vector<uint64_t> serials;
  v1::IssueCodesRequest request;
  request.set_blank(n);
  YIMA_RETURN_IF_ERROR(registry.Issue(
      request, [&](const v1::IssuedCode& code) { serials.push_back(code.serial()); }));
  return serials;
}

Result<std::vector<uint64_t>> FacilitiesOf(const Registry& registry, uint64_t batch) {
  std::vector<uint64_t> uids;
  v1::ListFacilitiesRequest request;
  request.mutable_filter()->set_batch(batch);
  request.set_page_size(1000);
  do {
    YIMA_ASSIGN_OR_RETURN(const auto page, registry.client().ListFacilities(request));
    for (const auto& facility : page.facilities()) uids.push_back(facility.uid());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return uids;
}

}  // namespace

Result<Line> BenchSingleWrite(const Options& options) {
  const uint64_t binds = options.quick ? 1'000 : 20'000;
  const double floor_seconds = options.quick ? 0.1 : 1;
  const int rounds = options.quick ? 1 : 5;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "single_write"));
  const uint64_t all = binds * static_cast<uint64_t>(rounds);
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(all));
  YIMA_ASSIGN_OR_RETURN(const auto uids, FacilitiesOf(*registry, ledger.batch));
  YIMA_ASSIGN_OR_RETURN(const auto serials, BlankSerials(*registry, all));

  const Load binding(registry->TargetOf("/yima.v1.IssuanceService/BindCode", registry->token()),
                     kCallers);
  uint64_t bound = 0;
  const auto request = [&](uint64_t i) {
    v1::BindCodeRequest asked;
    asked.set_request_id(fmt::format("bench-{}", bound + i));
    asked.set_serial(serials[bound + i]);
    asked.set_facility(uids[bound + i]);
    return asked.SerializeAsString();
  };
  Line line{.bench = "single_write", .unit = "binds/s", .floor_unit = "SQLite transactions/s"};
  line.bar = 3;
  return MedianOfRounds(line, rounds, kTransactionsLeast, [&]() -> Result<Round> {
    YIMA_ASSIGN_OR_RETURN(const double before,
                          DurableTransactions(registry->data() / "plain.db", floor_seconds));
    YIMA_ASSIGN_OR_RETURN(const auto figure, binding.Run(binds, request, registry->server()));
    bound += binds;
    YIMA_ASSIGN_OR_RETURN(const double after,
                          DurableTransactions(registry->data() / "plain.db", floor_seconds));
    return Round{figure.per_second, (before + after) / 2, figure.cpu_us, 2e6 / (before + after)};
  });
}

}  // namespace yima::bench
