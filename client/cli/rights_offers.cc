#include <fmt/format.h>

#include "client/cli/basis.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/rights_target.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/cli/writes.h"

namespace yima::cli {
namespace {

struct AnswerOptions {
  std::string offer;
  BasisOptions basis;
  std::string reason;
  std::string request_id;
};

struct OffersOptions {
  std::string facility;
  std::string organization;
  bool all = false;
};

Result<void> Offer(Session& session, const RightsOptions& options) {
  return TakeStep(
      session, options,
      {.words =
           {T("无主认领", "offering"), T("已推送", "offered"), T("将推送", "would offer"),
            T("将把 {1} 个无主部件推送给各候选单位，拒绝 {2} 个。继续吗？",
              "{1} ownerless facilities would be put to their candidates, {2} refuse. Go on?")},
       .send = [&](const v1::RightsTarget& target, const v1::RightsRun& run, const auto& told) {
         v1::OfferFacilitiesRequest request;
         *request.mutable_target() = target;
         *request.mutable_run() = run;
         return session.client().OfferFacilities(request,
                                                 [&](const v1::OfferFacilitiesResponse& response) {
                                                   return told(response.progress());
                                                 });
       }});
}

Result<void> Accept(Session& session, const AnswerOptions& options) {
  v1::AcceptOfferRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t offer, ParseNumber(options.offer, "offer"));
  request.set_offer(offer);
  YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(), MakeKeptBasis(session, options.basis));
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::AcceptOffer));
  Show(session, answer.offer());
  return {};
}

Result<void> Decline(Session& session, const AnswerOptions& options) {
  v1::DeclineOfferRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t offer, ParseNumber(options.offer, "offer"));
  request.set_offer(offer);
  request.set_reason(options.reason);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::DeclineOffer));
  Show(session, answer.offer());
  return {};
}

std::string CandidatesInWords(const v1::Offer& offer) {
  std::string words;
  for (const auto& candidate : offer.candidates()) {
    words += fmt::format("{}{}", words.empty() ? "" : " ", candidate.organization());
    const std::string answer = EnumName(v1::CandidateAnswer_descriptor(), candidate.answer());
    if (!answer.empty()) words += ":" + answer;
  }
  return words;
}

Result<void> List(Session& session, const OffersOptions& options) {
  v1::ListOffersRequest request;
  request.set_open(!options.all);
  if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    request.set_facility(found.facility().uid());
  }
  if (!options.organization.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindOrganization(session, options.organization));
    request.set_organization(id);
  }
  return EachPage<v1::ListOffersRequest, v1::ListOffersResponse>(
      request, [&](const auto& page) { return session.client().ListOffers(page); },
      [&](const auto& page) {
        for (const auto& offer : page.offers()) {
          if (session.json) {
            session.Object(ToJson(offer));
            continue;
          }
          session.Line(fmt::format("{}\tuid:{}\t{}\t{}\t{}", offer.id(), offer.facility(),
                                   Gloss(EnumName(v1::OfferState_descriptor(), offer.state())),
                                   offer.last_day(), CandidatesInWords(offer)));
        }
        return session.Flush();
      });
}

void AddOffer(CLI::App& rights, Session& session) {
  const auto options = std::make_shared<RightsOptions>();
  auto* offer =
      AddCommand(&rights, session, "offer",
                 T("无主认领：把无主部件同时推送给其小类的各候选单位",
                   "put ownerless facilities to all candidates of their class at once"),
                 {"yima rights offer --where right=owning right-state=ownerless --dry-run",
                  "yima rights offer --facility 14050201001000001 --yes"},
                 [&session, options] { return Offer(session, *options); });
  AddTargetOptions(*offer, *options);
}

CLI::App* AddAnswer(CLI::App& rights, Session& session, const char* name, const char* what,
                    const std::vector<std::string>& examples,
                    Result<void> (*run)(Session&, const AnswerOptions&),
                    const std::shared_ptr<AnswerOptions>& options) {
  auto* command = AddCommand(&rights, session, name, what, examples,
                             [&session, run, options] { return run(session, *options); });
  command->add_option("offer", options->offer, T("推送编号", "number of the offer"))->required();
  command->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  return command;
}

}  // namespace

void AddRightsOffers(CLI::App& rights, Session& session) {
  AddOffer(rights, session);
  const auto accepted = std::make_shared<AnswerOptions>();
  auto* accept =
      AddAnswer(rights, session, "accept",
                T("接收推送给本单位的无主部件，即提出认领",
                  "take an ownerless facility that is put to your organization: this claims it"),
                {"yima rights accept 4294967300 --basis-kind 竣工图 --basis-number 2026-17",
                 "yima rights accept 4294967300 --basis-kind 竣工图 --basis-number 2026-17 --json"},
                Accept, accepted);
  AddBasisOptions(*accept, accepted->basis, true);
  const auto declined = std::make_shared<AnswerOptions>();
  auto* decline =
      AddAnswer(rights, session, "decline",
                T("不接收推送给本单位的部件，须说明理由", "say why it is not your organization's"),
                {"yima rights decline 4294967300 --reason 非我单位建设",
                 "yima rights decline 4294967300 --reason 非我单位建设 --json"},
                Decline, declined);
  decline->add_option("--reason", declined->reason, T("理由，可消除", "why; it can be erased"))
      ->required();
  const auto listed = std::make_shared<OffersOptions>();
  auto* offers = AddCommand(
      &rights, session, "offers",
      T("列出推送：编号、部件、状态、截止日、候选单位及其答复",
        "list offers: number, facility, state, last day, candidates and their answers"),
      {"yima rights offers --organization 城区排水公司", "yima rights offers --all --json"},
      [&session, listed] { return List(session, *listed); });
  offers->add_option("--facility", listed->facility, T("一个部件", "one facility"));
  offers->add_option("--organization", listed->organization,
                     T("等候此单位答复的", "those that wait for this organization"));
  offers->add_flag("--all", listed->all, T("已结束的也列出", "those that have ended, too"));
}

}  // namespace yima::cli
