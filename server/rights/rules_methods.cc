#include "server/rights/rules_methods.h"

#include <optional>

#include <fmt/format.h>

#include "server/domain/entry_view.h"
#include "server/registry/facility_rules.h"
#include "server/rights/rules.h"
#include "server/rights/rules_check.h"

namespace yima::server {
namespace {

/// What holds where the city has set no rules.
v1::RightsRules OwnRules() {
  const Rules none;
  v1::RightsRules rules;
  rules.set_publicity_days(none.PublicityDays(""));
  rules.set_offer_days(none.OfferDays());
  rules.set_day_count(v1::DAY_COUNT_NATURAL);
  return rules;
}

/// As the log keeps them; nothing when there was no such version.
Result<std::optional<v1::RightsRules>> FromHistory(const store::Snapshot& snapshot,
                                                   uint64_t version) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t size, snapshot.LogSize());
  std::optional<v1::RightsRules> rules;
  YIMA_RETURN_IF_ERROR(snapshot.ScanHistory(
      store::Kind::kRightsRules, kRightsRulesId, size, [&](const store::LogRecord& record) {
        const auto view = ViewEntry(record.entry);
        if (!view || view->revision != version) return !view || view->revision > version;
        rules.emplace().ParseFromArray(view->record.data(), static_cast<int>(view->record.size()));
        return false;
      }));
  return rules;
}

/// RULES_VERSION_NOT_FOUND.
Result<v1::RightsRules> RulesAt(const Domain& domain, const store::Snapshot& snapshot,
                                uint64_t version) {
  YIMA_ASSIGN_OR_RETURN(Rules now, ReadRules(snapshot));
  if (version == 0 && now.version == 0) return OwnRules();
  if (version == now.version) {
    now.record.set_etag(Etag(domain, version));
    return std::move(now.record);
  }
  YIMA_ASSIGN_OR_RETURN(auto then, FromHistory(snapshot, version));
  if (then) return *std::move(then);
  return Fail(StatusCode::kNotFound, "RULES_VERSION_NOT_FOUND",
              fmt::format("the rules have no version {}, the newest is {}", version, now.version),
              "version");
}

bool SaysTheSame(v1::RightsRules given, v1::RightsRules stands) {
  given.clear_update_time_us();
  stands.clear_update_time_us();
  return given.SerializeAsString() == stands.SerializeAsString();
}

}  // namespace

Result<v1::GetRightsRulesResponse> GetRightsRules(const Domain& domain, const Call&,
                                                  const v1::GetRightsRulesRequest& request,
                                                  const store::Snapshot& snapshot) {
  v1::GetRightsRulesResponse response;
  response.set_version(request.version());
  if (request.version() == 0) {
    YIMA_ASSIGN_OR_RETURN(const Rules now, ReadRules(snapshot));
    response.set_version(now.version);
  }
  YIMA_ASSIGN_OR_RETURN(*response.mutable_rules(), RulesAt(domain, snapshot, response.version()));
  return response;
}

Result<Planned> PlanSetRightsRules(const Domain& domain, const Call& call,
                                   const v1::SetRightsRulesRequest& request,
                                   const store::Snapshot& snapshot) {
  YIMA_RETURN_IF_ERROR(CheckEverywhere(call));
  YIMA_RETURN_IF_ERROR(CheckRules(snapshot, request.rules()));
  YIMA_ASSIGN_OR_RETURN(const Rules stands, ReadRules(snapshot));
  YIMA_RETURN_IF_ERROR(CheckEtag(domain, request.rules().etag(), stands.version, "rules.etag"));
  v1::RightsRules after = request.rules();
  after.clear_etag();
  after.set_id(kRightsRulesId);
  Planned planned;
  planned.dry_run = request.dry_run();
  planned.results = {{store::Kind::kRightsRules, kRightsRulesId, stands.version}};
  const bool same = stands.version != 0 && SaysTheSame(after, stands.record);
  if (same || planned.dry_run) return planned;
  after.set_update_time_us(domain.now());
  ChangeWriter writer(call, request.request_id());
  if (stands.version == 0) {
    writer.Create(kRightsRulesId, after);
  } else {
    writer.Replace(kRightsRulesId, stands.version, stands.record, after);
  }
  planned.change = writer.Take();
  planned.results[0].revision = stands.version + 1;
  return planned;
}

Result<v1::SetRightsRulesResponse> AnswerSetRightsRules(const Domain& domain,
                                                        const std::vector<RecordRef>& results,
                                                        const store::Snapshot& snapshot) {
  v1::SetRightsRulesResponse response;
  response.set_version(results.at(0).revision);
  YIMA_ASSIGN_OR_RETURN(*response.mutable_rules(), RulesAt(domain, snapshot, response.version()));
  return response;
}

}  // namespace yima::server
