#include <fmt/format.h>

#include "client/cli/basis.h"
#include "client/cli/commands.h"
#include "client/cli/outcomes.h"
#include "client/cli/records.h"
#include "client/cli/rights_target.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct ConfirmOptions {
  RightsOptions rights;
  BasisOptions basis;
  std::string notice;
};

/// What both ways of confirming say, in the form of the other steps.
v1::RightsProgress ToProgress(const v1::ConfirmRightsResponse& response) {
  v1::RightsProgress progress;
  progress.set_batch(response.batch());
  progress.set_total(response.total());
  progress.set_done(response.done());
  progress.set_rights(response.confirmed());
  progress.set_unchanged(response.unchanged());
  progress.set_refused(response.refused());
  progress.set_moved(response.moved());
  progress.set_frozen_hash(response.frozen_hash());
  progress.set_frozen_log_size(response.frozen_log_size());
  *progress.mutable_facilities() = response.facilities();
  for (const uint64_t uid : response.moved_facilities()) {
    auto& moved = *progress.add_facilities();
    moved.set_facility(uid);
    moved.set_kind(v1::FACILITY_OUTCOME_KIND_MOVED);
  }
  return progress;
}

/// On a document's basis alone, without a claim.
Result<void> ConfirmDirectly(Session& session, const ConfirmOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto basis,
                        BasisFor(session, options.basis, options.rights.run.dry_run));
  uint64_t not_held = 0;
  uint64_t confirmed = 0;
  RightsStep step{
      .words = {T("确权", "confirming"), T("已确认", "confirmed"),
                T("将处理的权利", "rights that would be dealt with"),
                T("将凭此文件确认 {0} 项权利。继续吗？",
                  "{0} rights would be confirmed on this document. Go on?")},
      // It has never asked, and programs rely on that.
      .asks = false,
      .send =
          [&](const v1::RightsTarget& target, const v1::RightsRun& run, const auto& told) {
            v1::ConfirmRightsRequest request;
            request.set_request_id(run.request_id());
            if (target.has_facility()) request.set_facility(target.facility());
            if (target.has_filter()) *request.mutable_filter() = target.filter();
            *request.mutable_kinds() = target.kinds();
            *request.mutable_basis() = basis;
            request.set_dry_run(run.dry_run());
            request.set_frozen_hash(run.frozen_hash());
            request.set_frozen_log_size(run.frozen_log_size());
            return session.client().ConfirmRights(request,
                                                  [&](const v1::ConfirmRightsResponse& response) {
                                                    not_held = response.not_held();
                                                    confirmed = response.confirmed();
                                                    return told(ToProgress(response));
                                                  });
          },
      .more =
          [&] {
            return Json{{"confirmed", fmt::to_string(confirmed)},
                        {"notHeld", fmt::to_string(not_held)}};
          },
      .tell = [&] { ShowCount(session, T("无人持有", "not held"), not_held); }};
  return TakeStep(session, options.rights, step);
}

Result<void> ConfirmClaims(Session& session, const ConfirmOptions& options) {
  uint64_t notice = 0;
  if (!options.notice.empty()) {
    YIMA_ASSIGN_OR_RETURN(notice, ParseNumber(options.notice, "--notice"));
  }
  return TakeStep(
      session, options.rights,
      {.words = {T("确权", "confirming"), T("已确认", "confirmed"),
                 T("将处理的权利", "rights that would be dealt with"),
                 T("将确认 {1} 个部件的 {0} 项权利，拒绝 {2} 个部件。继续吗？",
                   "{0} rights of {1} facilities would be confirmed, {2} facilities refuse. Go "
                   "on?")},
       .send = [&](const v1::RightsTarget& target, const v1::RightsRun& run, const auto& told) {
         v1::ConfirmClaimsRequest request;
         *request.mutable_target() = target;
         *request.mutable_run() = run;
         request.set_notice(notice);
         return session.client().ConfirmClaims(
             request,
             [&](const v1::ConfirmClaimsResponse& response) { return told(response.progress()); });
       }});
}

Result<void> Confirm(Session& session, const ConfirmOptions& options) {
  if (options.basis.given()) return ConfirmDirectly(session, options);
  return ConfirmClaims(session, options);
}

void AddConfirm(CLI::App& group, Session& session) {
  const auto options = std::make_shared<ConfirmOptions>();
  auto* confirm = AddCommand(
      &group, session, "confirm",
      T("确权：公示期满的认领；给出文件时，凭文件直接确认已登记的权利",
        "confirm claims whose publicity is over; with a document, recorded rights on that alone"),
      {"yima rights confirm --where class=01001 --right owning --notice 4294967320",
       "yima rights confirm --facility 14050201001000001 --right owning,maintaining "
       "--basis-kind 批复 --basis-number 3号 --dry-run"},
      [&session, options] { return Confirm(session, *options); });
  AddRightsOptions(*confirm, options->rights);
  confirm->add_option("--notice", options->notice,
                      T("只确认此公示中的认领", "claims of this notice alone"));
  AddBasisOptions(*confirm, options->basis, false);
}

}  // namespace

void AddRights(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "rights",
                         T("主管、权属与养护：认领、公示、异议、确权",
                           "who supervises, owns, maintains: claims to confirmation"));
  AddRightsClaims(*group, session);
  AddConfirm(*group, session);
  AddNotices(*group, session);
  AddRightsOrders(*group, session);
  AddRightsOffers(*group, session);
  AddRightsUnresolved(*group, session);
  AddRightsRules(*group, session);
  AddRightsCertificate(*group, session);
}

}  // namespace yima::cli
