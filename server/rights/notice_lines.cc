#include "server/rights/notice_lines.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "codegen/code/serial.h"
#include "server/domain/page_scan.h"
#include "server/registry/facility_rules.h"
#include "server/registry/wholes.h"
#include "server/rights/notices.h"
#include "server/rights/right_of.h"
#include "server/rights/shown_rights.h"

namespace yima::server {
namespace {

constexpr size_t kQueryMax = 100;

/// What is looked for: a facility by its code, or by the short number on its plate; or words, each
/// of which its code, its name or its place holds.
class Query {
 public:
  static Result<Query> Parse(const std::string& text, const store::Snapshot& snapshot) {
    YIMA_RETURN_IF_ERROR(CheckText(text, kQueryMax, "query"));
    Query query;
    std::istringstream words(text);
    for (std::string word; words >> word;) query.words_.push_back(std::move(word));
    if (const auto serial = Serial::ParseShortNumber(text); serial) {
      YIMA_ASSIGN_OR_RETURN(const auto code, Get<v1::Code>(snapshot, serial->value()));
      if (code) query.facility_ = code->record.facility();
    }
    return query;
  }

  bool Takes(const v1::Facility& facility) const {
    if (facility_ != 0 && facility.uid() == facility_) return true;
    std::string text =
        fmt::format("{}\n{}\n{}\n{}\n{}", facility.name(), facility.division(),
                    facility.subdistrict_name(), facility.community_name(), facility.address());
    for (const auto& code : facility.codes()) text.append("\n").append(code.digits());
    return std::ranges::all_of(
        words_, [&](const std::string& word) { return text.find(word) != std::string::npos; });
  }

 private:
  std::vector<std::string> words_;
  uint64_t facility_ = 0;  ///< On which the plate with that short number stands.
};

/// Names of organizations, each read once.
class Names {
 public:
  explicit Names(const store::Snapshot& snapshot) : snapshot_(snapshot) {}

  Result<std::string> Of(uint64_t organization) {
    if (organization == 0) return std::string();
    auto found = names_.find(organization);
    if (found == names_.end()) {
      YIMA_ASSIGN_OR_RETURN(const auto read, Get<v1::Organization>(snapshot_, organization));
      found = names_.emplace(organization, read ? read->record.name() : std::string()).first;
    }
    return found->second;
  }

 private:
  const store::Snapshot& snapshot_;
  std::map<uint64_t, std::string> names_;
};

Result<v1::NoticeLine> LineOf(const v1::Claim& claim, const v1::Facility& facility, Names& names) {
  v1::NoticeLine line;
  *line.mutable_claim() = PublicClaim(claim);
  *line.mutable_facility() = Glance(facility);
  line.set_division(facility.division());
  line.set_address(facility.address());
  const v1::Right& right = RightOf(facility, claim.kind());
  YIMA_ASSIGN_OR_RETURN(*line.mutable_claimant(), names.Of(claim.organization()));
  YIMA_ASSIGN_OR_RETURN(*line.mutable_recorded(), names.Of(right.holder()));
  line.set_objections(right.objections());
  return line;
}

}  // namespace

Result<v1::ListNoticeClaimsResponse> ListNoticeClaims(const Domain& domain, const Call& call,
                                                      const v1::ListNoticeClaimsRequest& request,
                                                      const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(FindNoticeFor(call, snapshot, request.notice()));
  YIMA_ASSIGN_OR_RETURN(const Query query, Query::Parse(request.query(), snapshot));
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  v1::ListNoticeClaimsRequest asked = request;
  asked.clear_page_size();
  asked.clear_page_token();
  const std::string filter = asked.SerializeAsString();
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter, request.page_token()));
  const uint64_t after = place.empty() ? 0 : std::stoull(place);
  PageScan page(call, size, after);
  Names names(snapshot);
  v1::ListNoticeClaimsResponse response;
  Result<void> failure;
  const auto take = [&](const v1::Claim& claim) -> Result<bool> {
    YIMA_ASSIGN_OR_RETURN(const auto facility, Get<v1::Facility>(snapshot, claim.facility()));
    if (!facility || !query.Takes(facility->record)) return true;
    YIMA_ASSIGN_OR_RETURN(v1::NoticeLine line, LineOf(claim, facility->record, names));
    if (!page.Take(line.ByteSizeLong())) return false;
    *response.add_lines() = std::move(line);
    return true;
  };
  YIMA_RETURN_IF_ERROR(
      snapshot.Scan(store::Kind::kClaim, after, {NoticeTerm(request.notice())},
                    [&](uint64_t id, uint64_t, std::string_view bytes) {
                      if (!page.Look(id)) return false;
                      v1::Claim claim;
                      if (!claim.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
                        failure = Fail(StatusCode::kDataLoss, "RECORD_DAMAGED",
                                       fmt::format("claim {} does not parse; run yimad check", id));
                        return false;
                      }
                      const auto more = take(claim);
                      if (!more) failure = tl::unexpected(more.error());
                      return more.value_or(false);
                    }));
  YIMA_RETURN_IF_ERROR(failure);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, filter));
  return response;
}

}  // namespace yima::server
