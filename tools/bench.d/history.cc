#include <algorithm>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>

namespace yima::bench {
namespace {

constexpr int kEntries = 100;
constexpr double kMillisecondsMost = 20;

/// A code issued and taken out of force and back so often that its facility has a hundred entries.
Result<uint64_t> MakeLongHistory(const Registry& registry, uint64_t serial) {
  v1::GetCodeRequest asked;
  asked.set_serial(serial);
  YIMA_ASSIGN_OR_RETURN(const auto code, registry.client().GetCode(asked));
  // Two entries stand already: the facility's and the code's.
  for (int i = 2; i < kEntries; ++i) {
    if (i % 2 == 0) {
      v1::SuspendCodeRequest request;
      request.set_request_id(NewRequestId());
      request.set_serial(serial);
      YIMA_RETURN_IF_ERROR(registry.client().SuspendCode(request));
    } else {
      v1::ResumeCodeRequest request;
      request.set_request_id(NewRequestId());
      request.set_serial(serial);
      YIMA_RETURN_IF_ERROR(registry.client().ResumeCode(request));
    }
  }
  return code.code().facility();
}

}  // namespace

Result<Line> BenchHistory(const Options& options) {
  const uint64_t facilities = options.quick ? 1'000 : 100'000;
  const int asks = options.quick ? 20 : 200;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "history"));
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(facilities));
  v1::IssueCodesRequest issue;
  issue.mutable_filter()->set_batch(ledger.batch);
  uint64_t serial = 0;
  YIMA_RETURN_IF_ERROR(
      registry->Issue(issue, [&](const v1::IssuedCode& code) { serial = code.serial(); }));
  YIMA_ASSIGN_OR_RETURN(const uint64_t uid, MakeLongHistory(*registry, serial));

  v1::GetFacilityHistoryRequest request;
  request.set_uid(uid);
  request.set_page_size(kEntries);
  std::vector<double> seconds;
  for (int i = 0; i < asks; ++i) {
    Result<v1::GetFacilityHistoryResponse> answer;
    seconds.push_back(SecondsOf([&] { answer = registry->client().GetFacilityHistory(request); }));
    if (!answer) return tl::unexpected(answer.error());
    if (answer->entries_size() != kEntries) {
      return Fail(StatusCode::kInternal, "HISTORY_SHORT",
                  fmt::format("{} entries, want {}", answer->entries_size(), kEntries));
    }
  }
  std::ranges::sort(seconds);
  Line line{.bench = "history", .value = seconds[seconds.size() / 2] * 1000, .unit = "ms"};
  line.bar = kMillisecondsMost;
  line.better = Better::kMin;
  line.met = line.value <= line.bar;
  return line;
}

}  // namespace yima::bench
