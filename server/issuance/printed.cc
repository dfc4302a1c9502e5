#include "server/issuance/printed.h"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "server/issuance/codes.h"

namespace yima::server {
namespace {

constexpr int kSerialsMax = 1000;
constexpr size_t kNamedMax = 10;

Result<void> CheckRequest(const v1::MarkPrintedRequest& request) {
  if (request.serials().empty() || request.serials_size() > kSerialsMax) {
    return Invalid("BATCH_SIZE",
                   fmt::format("{} serials, want 1 to {}", request.serials_size(), kSerialsMax),
                   "serials");
  }
  if (!v1::ReprintReason_IsValid(request.reprint_reason())) {
    return Invalid("ENUM_UNKNOWN",
                   fmt::format("{} is no known value", static_cast<int>(request.reprint_reason())),
                   "reprint_reason");
  }
  std::set<uint64_t> seen;
  for (int i = 0; i < request.serials_size(); ++i) {
    if (seen.insert(request.serials(i)).second) continue;
    return Invalid("PLATE_REPEATED", fmt::format("serial {} stands twice", request.serials(i)),
                   fmt::format("serials[{}]", i));
  }
  return {};
}

/// The first of them, and how many there are.
tl::unexpected<Error> AlreadyPrinted(const std::vector<uint64_t>& serials) {
  const std::vector<uint64_t> named(
      serials.begin(), serials.begin() + static_cast<long>(std::min(serials.size(), kNamedMax)));
  const std::string others = serials.size() > named.size()
                                 ? fmt::format(" and {} others", serials.size() - named.size())
                                 : "";
  return Fail(StatusCode::kFailedPrecondition, "ALREADY_PRINTED",
              fmt::format("printed already: {}{}; printing once more needs a reason",
                          fmt::join(named, ", "), others),
              "reprint_reason");
}

}  // namespace

Result<Planned> PlanMarkPrinted(const Domain& domain, const Call& call,
                                const v1::MarkPrintedRequest& request,
                                const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckRequest(request));
  const TimeUs now = domain.now();
  std::vector<uint64_t> printed_before;
  std::vector<RecordRef> results;
  ChangeWriter writer(call, request.request_id());
  for (int i = 0; i < request.serials_size(); ++i) {
    const std::string field = fmt::format("serials[{}]", i);
    YIMA_ASSIGN_OR_RETURN(const auto code, FindCode(snapshot, request.serials(i), field));
    YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, code.record, field));
    if (code.record.state() == v1::CODE_STATE_REVOKED ||
        code.record.state() == v1::CODE_STATE_REPLACED) {
      return Fail(StatusCode::kFailedPrecondition, "CODE_REVOKED",
                  fmt::format("plate {} has ended: it must not be printed", request.serials(i)),
                  field);
    }
    v1::Code printed = code.record;
    if (code.record.prints() > 0) {
      printed_before.push_back(request.serials(i));
      printed.set_reprint_reason(request.reprint_reason());
    }
    printed.set_prints(code.record.prints() + 1);
    printed.set_print_time_us(now);
    writer.Replace(request.serials(i), code.revision, code.record, printed);
    results.push_back(RefTo(code, 1));
  }
  if (!printed_before.empty() && request.reprint_reason() == v1::REPRINT_REASON_UNSPECIFIED) {
    return AlreadyPrinted(printed_before);
  }
  return Planned{writer.Take(), std::move(results)};
}

Result<v1::MarkPrintedResponse> AnswerMarkPrinted(const Domain&,
                                                  const std::vector<RecordRef>& results,
                                                  const store::Snapshot&) {
  v1::MarkPrintedResponse response;
  response.set_marked(static_cast<uint32_t>(results.size()));
  return response;
}

}  // namespace yima::server
