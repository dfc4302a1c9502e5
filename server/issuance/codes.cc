#include "server/issuance/codes.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "codegen/code/code_text.h"
#include "codegen/code/serial.h"
#include "server/domain/batch_items.h"
#include "server/domain/page_scan.h"
#include "server/issuance/reclaim.h"
#include "server/registry/filter.h"
#include "server/registry/life.h"

namespace yima::server {
namespace {

constexpr int kStatesMax = 1000;

/// Never more than fits, whatever a damaged record holds; CheckSound tells of those.
CodeBytes BytesOf(const v1::Code& record) {
  const std::string whole = record.payload() + record.signature().value();
  CodeBytes bytes{};
  std::copy_n(whole.begin(), std::min(whole.size(), bytes.size()), bytes.begin());
  return bytes;
}

/// The serial of the plate that a request names; a text must be the one issued, to the byte.
Result<uint64_t> PlateSerial(const v1::BindCodeRequest& request, const store::Snapshot& snapshot) {
  if (request.plate_case() == v1::BindCodeRequest::kSerial) return request.serial();
  if (request.plate_case() != v1::BindCodeRequest::kText) {
    return Invalid("PLATE_MISSING", "neither serial nor text names the plate", "plate");
  }
  const auto parts = SplitCodeText(request.text());
  const auto bytes = parts ? DecodeBody(parts->digits) : std::nullopt;
  if (!bytes) {
    return Invalid("PLATE_NOT_AUTHENTIC", "the plate's text is not a code of this format", "text");
  }
  const auto payload = DecodePayload(std::span(*bytes).first<kPayloadSize>());
  YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Code>(snapshot, payload.serial.value()));
  if (read) {
    YIMA_RETURN_IF_ERROR(CheckSound(read->record, payload.serial.value()));
  }
  if (!read || BytesOf(read->record) != *bytes ||
      FoldOrigin(read->record.origin()) != FoldOrigin(parts->origin)) {
    return Invalid("PLATE_NOT_AUTHENTIC", "the plate's text is not one that was issued here",
                   "text");
  }
  return payload.serial.value();
}

/// Answers of writes show the code as it is now, with the revision at hand.
Result<v1::IssuedCode> Shown(const Domain& domain, const std::vector<RecordRef>& results,
                             const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindCode(snapshot, results.at(0).id));
  return ToIssued(domain, read.record, read.revision);
}

}  // namespace

Result<Read<v1::Code>> FindCode(const store::Snapshot& snapshot, uint64_t serial,
                                std::string_view field) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Code>(snapshot, serial));
  if (!read) {
    return Fail(StatusCode::kNotFound, "CODE_NOT_FOUND",
                fmt::format("no code has serial {}", serial), std::string(field));
  }
  YIMA_RETURN_IF_ERROR(CheckSound(read->record, serial));
  return *std::move(read);
}

RecordRef RefTo(const Read<v1::Code>& read, uint64_t revisions_later) {
  return {store::Kind::kCode, read.record.serial(), read.revision + revisions_later};
}

Result<void> CheckSound(const v1::Code& record, uint64_t serial) {
  if (record.payload().size() == kPayloadSize &&
      record.signature().value().size() == kCodeSize - kPayloadSize) {
    return {};
  }
  return Fail(
      StatusCode::kDataLoss, "RECORD_DAMAGED",
      fmt::format("code {} has a payload of {} bytes and a signature of {}; run yimad check",
                  serial, record.payload().size(), record.signature().value().size()));
}

v1::IssuedCode ToIssued(const Domain& domain, const v1::Code& record, uint64_t revision) {
  const CodeBytes bytes = BytesOf(record);
  const Payload payload = DecodePayload(std::span(bytes).first<kPayloadSize>());
  v1::IssuedCode issued;
  issued.set_serial(record.serial());
  issued.set_text(record.origin() + EncodeBody(bytes));
  issued.set_scheme(payload.scheme);
  if (const auto code = FacilityCode::FromInteger(payload.scheme, payload.facility_code)) {
    issued.set_facility_code(code->ToString());
  }
  issued.set_short_number(payload.serial.ShortNumber());
  issued.set_batch(record.batch());
  issued.set_state(record.state());
  issued.set_facility(record.facility());
  issued.set_reason(record.reason());
  issued.set_successor(record.successor());
  issued.set_issue_time_us(record.issue_time_us());
  issued.set_bind_time_us(record.bind_time_us());
  issued.set_prints(record.prints());
  issued.set_print_time_us(record.print_time_us());
  issued.set_reprint_reason(record.reprint_reason());
  issued.set_etag(Etag(domain, revision));
  return issued;
}

Result<void> CheckReachOfCode(const Call& call, const store::Snapshot& snapshot,
                              const v1::Code& code, std::string_view field) {
  if (call.reach->everywhere()) return {};
  if (code.facility() != 0) {
    YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot, code.facility()));
    if (facility) return CheckReach(call, facility->record, field);
  }
  YIMA_ASSIGN_OR_RETURN(const auto batch, Get<v1::Batch>(snapshot, code.batch()));
  return CheckReachOfBatch(call, batch ? batch->record.principal() : "", field);
}

Result<Planned> PlanBindCode(const Domain& domain, const Call& call,
                             const v1::BindCodeRequest& request, const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, PlateSerial(request, snapshot));
  YIMA_ASSIGN_OR_RETURN(const auto code, FindCode(snapshot, serial));
  YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot, request.facility()));
  if (!facility) {
    return Fail(StatusCode::kNotFound, "FACILITY_NOT_FOUND",
                fmt::format("no facility has uid {}", request.facility()), "facility");
  }
  YIMA_RETURN_IF_ERROR(CheckReach(call, facility->record, "facility"));
  YIMA_RETURN_IF_ERROR(CheckNotEnded(facility->record, "facility"));
  // Who gives its whole text has the plate in his hand; a serial can be guessed.
  if (request.plate_case() == v1::BindCodeRequest::kSerial) {
    YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, code.record, "plate"));
  }
  if (code.record.state() == v1::CODE_STATE_ACTIVE &&
      code.record.facility() == request.facility()) {
    return Planned{{}, {RefTo(code, 0)}};
  }
  if (code.record.state() == v1::CODE_STATE_ACTIVE) {
    return Fail(StatusCode::kFailedPrecondition, "CODE_BOUND",
                fmt::format("plate {} is bound to facility {}", serial, code.record.facility()),
                "plate");
  }
  if (code.record.state() != v1::CODE_STATE_BLANK) {
    return Fail(StatusCode::kFailedPrecondition, "CODE_REVOKED",
                fmt::format("plate {} is no longer valid; take another", serial), "plate");
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t active, snapshot.Holder(store::Index::kActiveCode,
                                                               ActiveCodeKey(request.facility())));
  if (active != 0) {
    return Fail(StatusCode::kFailedPrecondition, "FACILITY_HAS_CODE",
                fmt::format("facility {} has active code {}", request.facility(), active),
                "facility");
  }
  // A plate that was reclaimed without a facility may say one itself.
  if (!IsSignedFor(code.record, facility->record)) {
    return Fail(StatusCode::kFailedPrecondition, "FACILITY_DIFFERS",
                fmt::format("plate {} is signed for a facility code that facility {} never had",
                            serial, request.facility()),
                "facility");
  }
  v1::Code bound = code.record;
  bound.set_state(v1::CODE_STATE_ACTIVE);
  bound.set_facility(request.facility());
  bound.set_bind_time_us(domain.now());
  ChangeWriter writer(call, request.request_id());
  writer.CheckFacility(facility->record, facility->revision);
  writer.Replace(serial, code.revision, code.record, bound);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {RefTo(code, 1)}};
}

Result<v1::BindCodeResponse> AnswerBindCode(const Domain& domain,
                                            const std::vector<RecordRef>& results,
                                            const store::Snapshot& snapshot) {
  v1::BindCodeResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_code(), Shown(domain, results, snapshot));
  return response;
}

Result<Planned> PlanRevokeCode(const Domain&, const Call& call,
                               const v1::RevokeCodeRequest& request,
                               const store::Snapshot& snapshot) {
  if (!v1::RevocationReason_IsValid(request.reason()) ||
      request.reason() == v1::REVOCATION_REASON_UNSPECIFIED) {
    return Invalid(
        "REVOCATION_REASON_MISSING",
        fmt::format("reason {} is none of the known ones", static_cast<int>(request.reason())),
        "reason");
  }
  YIMA_ASSIGN_OR_RETURN(const auto code, FindCode(snapshot, request.serial()));
  YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, code.record, "serial"));
  if (code.record.state() == v1::CODE_STATE_REVOKED ||
      code.record.state() == v1::CODE_STATE_REPLACED) {
    return Planned{{}, {RefTo(code, 0)}};
  }
  if (request.reason() == v1::REVOCATION_REASON_SPOILED && code.record.facility() != 0) {
    return Fail(StatusCode::kFailedPrecondition, "CODE_BOUND",
                fmt::format("plate {} is bound to facility {}, and only blank ones are SPOILED",
                            request.serial(), code.record.facility()),
                "reason");
  }
  v1::Code revoked = code.record;
  revoked.set_state(v1::CODE_STATE_REVOKED);
  revoked.set_reason(request.reason());
  ChangeWriter writer(call, request.request_id());
  writer.Replace(request.serial(), code.revision, code.record, revoked);
  YIMA_ASSIGN_OR_RETURN(auto change, writer.Take(snapshot));
  return Planned{std::move(change), {RefTo(code, 1)}};
}

Result<v1::RevokeCodeResponse> AnswerRevokeCode(const Domain& domain,
                                                const std::vector<RecordRef>& results,
                                                const store::Snapshot& snapshot) {
  v1::RevokeCodeResponse response;
  YIMA_ASSIGN_OR_RETURN(*response.mutable_code(), Shown(domain, results, snapshot));
  return response;
}

Result<v1::GetCodeResponse> GetCode(const Domain& domain, const Call& call,
                                    const v1::GetCodeRequest& request,
                                    const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const auto read, FindCode(snapshot, request.serial()));
  YIMA_RETURN_IF_ERROR(CheckReachOfCode(call, snapshot, read.record, "serial"));
  v1::GetCodeResponse response;
  *response.mutable_code() = ToIssued(domain, read.record, read.revision);
  return response;
}

namespace {

/// One page of codes being filled.
class Page {
 public:
  Page(const Domain& domain, const Call& call, const v1::CodeFilter& filter,
       const store::Snapshot& snapshot, size_t size, uint64_t after)
      : domain_(domain),
        call_(call),
        filter_(filter),
        snapshot_(snapshot),
        scan_(call, size, after) {}

  const Call& call() const { return call_; }

  /// Before each place, whatever stands there; false once the page has ended.
  bool Look(uint64_t place) { return scan_.Look(place); }

  /// The code at the place looked at; false once the page is full. Codes that the caller may not
  /// see are passed over.
  bool Offer(const v1::Code& code, uint64_t revision) {
    if (!Asks(code.state()) || !AsksPrints(code.prints())) return true;
    const auto seen = CheckReachOfCode(call_, snapshot_, code, "");
    if (!seen && seen.error().reason == "SCOPE_EXCEEDED") return true;
    if (!seen) failure_ = seen;
    if (!seen) return false;
    v1::IssuedCode issued = ToIssued(domain_, code, revision);
    if (!scan_.Take(issued.ByteSizeLong())) return false;
    *response_.add_codes() = std::move(issued);
    return true;
  }
  bool Asks(v1::CodeState state) const {
    return filter_.states().empty() ||
           std::ranges::find(filter_.states(), state) != filter_.states().end();
  }
  bool AsksPrints(uint32_t prints) const {
    return filter_.printed() == v1::PRINTED_FILTER_UNSPECIFIED ||
           (filter_.printed() == v1::PRINTED_FILTER_PRINTED) == (prints > 0);
  }

  Result<v1::ListCodesResponse> Finish(std::string_view filter) {
    YIMA_RETURN_IF_ERROR(failure_);
    YIMA_ASSIGN_OR_RETURN(*response_.mutable_next_page_token(), scan_.NextToken(domain_, filter));
    return std::move(response_);
  }

 private:
  const Domain& domain_;
  const Call& call_;
  const v1::CodeFilter& filter_;
  const store::Snapshot& snapshot_;
  PageScan scan_;
  v1::ListCodesResponse response_;
  Result<void> failure_;
};

/// Places are 1-based positions in the batch's list.
Result<void> ListBatch(const store::Snapshot& snapshot, uint64_t batch, uint64_t after,
                       Page& page) {
  YIMA_ASSIGN_OR_RETURN(const auto record, Get<v1::Batch>(snapshot, batch));
  if (!record) {
    return Fail(StatusCode::kNotFound, "BATCH_NOT_FOUND", fmt::format("no batch has id {}", batch),
                "filter.batch");
  }
  for (uint64_t chunk = after / kBatchChunk; chunk < kBatchChunksMax; ++chunk) {
    YIMA_ASSIGN_OR_RETURN(const auto stored,
                          snapshot.Get(store::Kind::kBatchItems, BatchItemsId(batch, chunk)));
    if (!stored) return {};
    const std::vector<BatchItem> items = DecodeItems(stored->bytes);
    for (size_t i = 0; i < items.size(); ++i) {
      const uint64_t place = chunk * kBatchChunk + i + 1;
      if (place <= after) continue;
      if (!page.Look(place)) return {};
      if (items[i].serial == 0) continue;
      YIMA_ASSIGN_OR_RETURN(const auto read, FindCode(snapshot, items[i].serial));
      if (!page.Offer(read.record, read.revision)) return {};
    }
  }
  return {};
}

/// Active codes, by rising uid.
Result<void> ListByFacilities(const store::Snapshot& snapshot, const FacilityMatcher& matcher,
                              uint64_t after, Page& page) {
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(matcher.Scan(
      snapshot, after, [&](uint64_t uid) { return page.Look(uid); },
      [&](uint64_t, const v1::Facility& facility) {
        const auto serial =
            snapshot.Holder(store::Index::kActiveCode, ActiveCodeKey(facility.uid()));
        if (!serial) failure = tl::unexpected(serial.error());
        if (!serial || *serial == 0) return serial.has_value();
        const auto read = FindCode(snapshot, *serial);
        if (!read) failure = tl::unexpected(read.error());
        return read && page.Offer(read->record, read->revision);
      }));
  return failure;
}

/// By rising serial; with a matcher, those whose facility it finds.
Result<void> ListBySerial(const store::Snapshot& snapshot, const v1::CodeFilter& filter,
                          const FacilityMatcher* matcher, uint64_t after, Page& page) {
  std::vector<std::string> terms;
  if (filter.facility() != 0) terms.push_back(FacilityTerm(filter.facility()));
  if (filter.states_size() == 1 && filter.states(0) != v1::CODE_STATE_ACTIVE) {
    terms.push_back(CodeStateTerm(filter.states(0)));
  }
  if (filter.printed() == v1::PRINTED_FILTER_PRINTED) terms.push_back(PrintedTerm());
  Result<void> failure;
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kCode, after, terms,
                    [&](uint64_t serial, uint64_t revision, std::string_view bytes) {
                      if (!page.Look(serial)) return false;
                      v1::Code code;
                      code.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                      if (matcher != nullptr) {
                        if (code.facility() == 0 || !page.Asks(code.state())) return true;
                        const auto found = matcher->Finds(snapshot, code.facility());
                        if (!found) failure = tl::unexpected(found.error());
                        if (!found || !*found) return found.has_value();
                      }
                      return page.Offer(code, revision);
                    }));
  return failure;
}

/// Codes of facilities: the active ones, unless other states are asked for too.
Result<void> ListOfFacilities(const store::Snapshot& snapshot, const v1::CodeFilter& filter,
                              uint64_t after, Page& page) {
  YIMA_ASSIGN_OR_RETURN(const auto matcher, FacilityMatcher::Parse(page.call(), filter.facilities(),
                                                                   "filter.facilities"));
  const bool only_active = std::ranges::all_of(
      filter.states(), [](int state) { return state == v1::CODE_STATE_ACTIVE; });
  if (only_active) return ListByFacilities(snapshot, matcher, after, page);
  return ListBySerial(snapshot, filter, &matcher, after, page);
}

}  // namespace

Result<v1::ListCodesResponse> ListCodes(const Domain& domain, const Call& call,
                                        const v1::ListCodesRequest& request,
                                        const store::Snapshot& snapshot) {
  const v1::CodeFilter& filter = request.filter();
  const int targets = (filter.batch() != 0) + (filter.facility() != 0) + filter.has_facilities();
  if (targets > 1) {
    return Invalid("FILTER_AMBIGUOUS", "batch, facility and facilities exclude one another",
                   "filter");
  }
  if (filter.states_size() > kStatesMax) {
    return Invalid("TOO_MANY_VALUES",
                   fmt::format("{} states, want at most {}", filter.states_size(), kStatesMax),
                   "filter.states");
  }
  for (int i = 0; i < filter.states_size(); ++i) {
    if (filter.states(i) < v1::CODE_STATE_ACTIVE || filter.states(i) > v1::CODE_STATE_REPLACED) {
      return Invalid("CODE_STATE_UNKNOWN",
                     fmt::format("state {} is none that a record can have",
                                 static_cast<int>(filter.states(i))),
                     fmt::format("filter.states[{}]", i));
    }
  }
  if (!v1::PrintedFilter_IsValid(filter.printed())) {
    return Invalid("ENUM_UNKNOWN",
                   fmt::format("{} is no known value", static_cast<int>(filter.printed())),
                   "filter.printed");
  }
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  const std::string sealed = filter.SerializeAsString();
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, sealed, request.page_token()));
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  Page page(domain, call, filter, snapshot, size, after);
  if (filter.batch() != 0) {
    YIMA_RETURN_IF_ERROR(ListBatch(snapshot, filter.batch(), after, page));
  } else if (filter.has_facilities()) {
    YIMA_RETURN_IF_ERROR(ListOfFacilities(snapshot, filter, after, page));
  } else {
    YIMA_RETURN_IF_ERROR(ListBySerial(snapshot, filter, nullptr, after, page));
  }
  return page.Finish(sealed);
}

}  // namespace yima::server
