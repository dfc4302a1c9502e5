#include <fmt/format.h>

#include "client/cli/basis.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/rights_target.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/cli/writes.h"
#include "codegen/code/day.h"

namespace yima::cli {
namespace {

struct ClaimOptions {
  RightsOptions rights;
  std::string organization;
  BasisOptions basis;
  std::string valid_from;
  std::string valid_until;
};

/// The one that is named, else the caller's own.
Result<uint64_t> OwnOrganization(Session& session, const std::string& name) {
  if (!name.empty()) return FindOrganization(session, name);
  YIMA_ASSIGN_OR_RETURN(const auto caller, session.client().GetCaller());
  if (const uint64_t own = caller.principal().organization(); own != 0) return own;
  return Invalid("ORGANIZATION_NOT_OWN",
                 "you belong to no organization, so --organization must name one",
                 "--organization");
}

Result<void> Claim(Session& session, const ClaimOptions& options) {
  v1::ClaimRightsRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t organization,
                        OwnOrganization(session, options.organization));
  request.set_organization(organization);
  YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(),
                        BasisFor(session, options.basis, options.rights.run.dry_run));
  request.set_valid_from(options.valid_from);
  request.set_valid_until(options.valid_until);
  return TakeStep(
      session, options.rights,
      {.words = {T("认领", "claiming"), T("已认领", "claimed"),
                 T("将处理的权利", "rights that would be dealt with"),
                 T("将认领 {1} 个部件的 {0} 项权利，拒绝 {2} 个部件。继续吗？",
                   "{0} rights of {1} facilities would be claimed, {2} facilities refuse. Go on?")},
       .send = [&](const v1::RightsTarget& target, const v1::RightsRun& run, const auto& told) {
         *request.mutable_target() = target;
         *request.mutable_run() = run;
         return session.client().ClaimRights(request, [&](const v1::ClaimRightsResponse& response) {
           return told(response.progress());
         });
       }});
}

struct PublishOptions {
  RightsOptions rights;
  std::string title;
  std::vector<std::string> organizations;
};

Result<void> Publish(Session& session, const PublishOptions& options) {
  v1::PublishClaimsRequest request;
  request.set_title(options.title);
  for (const auto& name : options.organizations) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindOrganization(session, name));
    request.add_organizations(id);
  }
  v1::Notice notice;
  return TakeStep(
      session, options.rights,
      {.words = {T("公示", "publishing"), T("已公示", "published"),
                 T("将处理的权利", "rights that would be dealt with"),
                 T("将公示 {1} 个部件的 {0} 项认领，拒绝 {2} 个部件。继续吗？",
                   "{0} claims on {1} facilities would be published, {2} facilities refuse. Go "
                   "on?")},
       .send =
           [&](const v1::RightsTarget& target, const v1::RightsRun& run, const auto& told) {
             *request.mutable_target() = target;
             *request.mutable_run() = run;
             return session.client().PublishClaims(request,
                                                   [&](const v1::PublishClaimsResponse& response) {
                                                     if (response.has_notice())
                                                       notice = response.notice();
                                                     return told(response.progress());
                                                   });
           },
       .more =
           [&] {
             return Json{{"notice", notice.id() == 0 ? Json() : ToJson(notice)}};
           },
       .tell =
           [&] {
             if (notice.id() == 0) return;
             session.Line(fmt::format("{}: {}", T("公示编号", "notice"), notice.id()));
             session.Line(
                 fmt::format("{}: {}", T("公示至", "open until the end of"), notice.last_day()));
           }});
}

struct ObjectOptions {
  RightsOptions rights;
  std::string notice;
  std::string organization;
  std::string person;
  std::string contact;
  std::string reasons;
  std::string received_on;
  BasisOptions basis;
};

Result<void> Object(Session& session, const ObjectOptions& options) {
  v1::ObjectToClaimsRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t notice, ParseNumber(options.notice, "--notice"));
  request.set_notice(notice);
  if (options.person.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t own, OwnOrganization(session, options.organization));
    request.set_organization(own);
  }
  request.set_person(options.person);
  request.set_contact(options.contact);
  request.set_reasons(options.reasons);
  request.set_received_on(options.received_on);
  if (options.basis.given()) {
    YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(),
                          BasisFor(session, options.basis, options.rights.run.dry_run));
  }
  return TakeStep(
      session, options.rights,
      {.words = {T("异议", "objecting"), T("已提异议", "objected to"),
                 T("将处理的权利", "rights that would be dealt with"),
                 T("将对 {1} 个部件的 {0} 项认领提出异议，拒绝 {2} 个部件。继续吗？",
                   "{0} rights of {1} facilities would be objected to, {2} facilities refuse. Go "
                   "on?")},
       .send = [&](const v1::RightsTarget& target, const v1::RightsRun& run, const auto& told) {
         *request.mutable_target() = target;
         *request.mutable_run() = run;
         return session.client().ObjectToClaims(
             request,
             [&](const v1::ObjectToClaimsResponse& response) { return told(response.progress()); });
       }});
}

struct SettleOptions {
  std::string facility;
  std::string kind;
  std::string claim;
  std::string etag;
  bool uphold = false;
  std::string reason;
  BasisOptions basis;
  std::string request_id;
};

Result<void> Settle(Session& session, const SettleOptions& options) {
  v1::SettleClaimsRequest request;
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  request.set_facility(found.facility().uid());
  request.set_etag(options.etag);
  YIMA_ASSIGN_OR_RETURN(const auto kinds, ParseKinds({options.kind}));
  request.set_kind(kinds[0]);
  if (options.claim != "none") {
    YIMA_ASSIGN_OR_RETURN(const uint64_t claim, ParseNumber(options.claim, "--for"));
    request.set_claim(claim);
  }
  request.set_uphold_objections(options.uphold);
  request.set_reason(options.reason);
  if (options.basis.given()) {
    YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(), MakeKeptBasis(session, options.basis));
  }
  YIMA_ASSIGN_OR_RETURN(const auto response,
                        SendWrite(session, options.request_id, request, &Client::SettleClaims));
  Show(session, response.facility());
  return {};
}

struct WithdrawOptions {
  std::string id;
  std::string reason;
  std::string request_id;
};

Result<void> WithdrawClaim(Session& session, const WithdrawOptions& options) {
  v1::WithdrawClaimRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t claim, ParseNumber(options.id, "claim"));
  request.set_claim(claim);
  request.set_reason(options.reason);
  YIMA_ASSIGN_OR_RETURN(const auto response,
                        SendWrite(session, options.request_id, request, &Client::WithdrawClaim));
  Show(session, response.claim());
  return {};
}

Result<void> WithdrawObjection(Session& session, const WithdrawOptions& options) {
  v1::WithdrawObjectionRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t objection, ParseNumber(options.id, "objection"));
  request.set_objection(objection);
  request.set_reason(options.reason);
  YIMA_ASSIGN_OR_RETURN(const auto response, SendWrite(session, options.request_id, request,
                                                       &Client::WithdrawObjection));
  Show(session, response.objection());
  return {};
}

struct ListOptions {
  std::string facility;
  std::string organization;
  std::string notice;
  std::vector<std::string> states;
  bool open = false;
};

Result<void> ListClaims(Session& session, const ListOptions& options) {
  v1::ListClaimsRequest request;
  if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    request.set_facility(found.facility().uid());
  }
  if (!options.organization.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindOrganization(session, options.organization));
    request.set_organization(id);
  }
  for (const auto& state : options.states) {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::ClaimState_descriptor(), state, "--state"));
    request.add_states(static_cast<v1::ClaimState>(n));
  }
  return EachPage<v1::ListClaimsRequest, v1::ListClaimsResponse>(
      request, [&](const auto& page) { return session.client().ListClaims(page); },
      [&](const auto& page) {
        for (const auto& claim : page.claims()) {
          if (session.json) {
            session.Object(ToJson(claim));
            continue;
          }
          session.Line(fmt::format(
              "{}\t{}\tuid:{}\t{}\t{}\t{}\t{}", claim.id(),
              Gloss(EnumName(v1::ClaimState_descriptor(), claim.state())), claim.facility(),
              Gloss(EnumName(v1::RightKind_descriptor(), claim.kind())), claim.organization(),
              claim.notice(), FormatTime(claim.create_time_us())));
        }
        return session.Flush();
      });
}

Result<void> ListObjections(Session& session, const ListOptions& options) {
  v1::ListObjectionsRequest request;
  request.set_open(options.open);
  if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    request.set_facility(found.facility().uid());
  }
  if (!options.notice.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t notice, ParseNumber(options.notice, "--notice"));
    request.set_notice(notice);
  }
  return EachPage<v1::ListObjectionsRequest, v1::ListObjectionsResponse>(
      request, [&](const auto& page) { return session.client().ListObjections(page); },
      [&](const auto& page) {
        for (const auto& objection : page.objections()) {
          if (session.json) {
            session.Object(ToJson(objection));
            continue;
          }
          session.Line(fmt::format(
              "{}\t{}\tuid:{}\t{}\t{}\t{}\t{}", objection.id(),
              Gloss(EnumName(v1::ObjectionState_descriptor(), objection.state())),
              objection.facility(), Gloss(EnumName(v1::RightKind_descriptor(), objection.kind())),
              objection.notice(),
              objection.organization() != 0 ? fmt::to_string(objection.organization())
                                            : Printable(objection.person().value()),
              Printable(objection.reasons().value())));
        }
        return session.Flush();
      });
}

void AddClaim(CLI::App& group, Session& session) {
  const auto options = std::make_shared<ClaimOptions>();
  auto* claim = AddCommand(
      &group, session, "claim",
      T("认领：为本单位主张权利，须有文件", "claim rights for the own organization, on a document"),
      {"yima rights claim --where class=01001 division=140502 --right owning --basis-kind 移交协议 "
       "--basis-number 晋市移〔2026〕12号",
       "yima rights claim --from covers.csv --right owning,maintaining --basis-kind 竣工移交单 "
       "--basis-number 7 --rejects rejects.csv --yes"},
      [&session, options] { return Claim(session, *options); });
  AddRightsOptions(*claim, options->rights);
  AddBasisOptions(*claim, options->basis, true);
  claim->add_option("--organization", options->organization,
                    T("本单位；默认为调用者所属单位", "the own one; by default the caller's"));
  claim->add_option("--valid-from", options->valid_from, T("自 YYYY-MM-DD", "from YYYY-MM-DD"));
  claim->add_option("--valid-until", options->valid_until, T("至 YYYY-MM-DD", "until YYYY-MM-DD"));
}

void AddPublish(CLI::App& group, Session& session) {
  const auto options = std::make_shared<PublishOptions>();
  auto* publish = AddCommand(
      &group, session, "publish",
      T("公示尚未公示的认领：同一时刻开始，同一时刻结束",
        "publish claims that no notice lists yet: open and closed at one moment for all"),
      {"yima rights publish --where class=01001 --right owning --title 城区雨水井盖权属公示",
       "yima rights publish --from covers.csv --right owning,maintaining --title 第2号 --dry-run"},
      [&session, options] { return Publish(session, *options); });
  AddRightsOptions(*publish, options->rights);
  publish->add_option("--title", options->title, T("公示标题", "its title"))->required();
  publish
      ->add_option("--organization", options->organizations,
                   T("只公示这些单位的认领", "claims of these organizations alone"))
      ->delimiter(',');
}

void AddObject(CLI::App& group, Session& session) {
  const auto options = std::make_shared<ObjectOptions>();
  auto* object = AddCommand(
      &group, session, "object",
      T("异议：公示期内，由单位提出；书面来件由登记机关代录",
        "object within the period, for the own organization; registrars enter what came on paper"),
      {"yima rights object --facility 14050201001000001 --right owning --notice 4294967320 "
       "--reasons 2019年已移交我司",
       "yima rights object --facility 14050201001000001 --right owning --notice 4294967320 "
       "--person 张三 --contact 13800000000 --received-on 2026-12-01 --reasons 在我院内"},
      [&session, options] { return Object(session, *options); });
  AddRightsOptions(*object, options->rights);
  object->add_option("--notice", options->notice, T("公示编号", "number of the notice"))
      ->required();
  object->add_option("--reasons", options->reasons, T("理由", "why"))->required();
  object->add_option(
      "--organization", options->organization,
      T("提出的单位；默认为调用者所属单位", "who objects; by default the caller's own"));
  object->add_option("--person", options->person, T("书面提出人姓名", "who came with a paper"));
  object->add_option("--contact", options->contact, T("其联系方式", "how to reach that person"));
  object->add_option("--received-on", options->received_on,
                     T("来件日期 YYYY-MM-DD", "the day the paper came in, YYYY-MM-DD"));
  AddBasisOptions(*object, options->basis, false);
}

void AddSettle(CLI::App& group, Session& session) {
  const auto options = std::make_shared<SettleOptions>();
  auto* settle = AddCommand(
      &group, session, "settle",
      T("裁决一项权利上的全部认领和异议", "settle all claims and objections on one right"),
      {"yima rights settle 14050201001000001 --right owning --for 4294967330 --reason 有竣工资料",
       "yima rights settle 14050201001000001 --right owning --for none --uphold --reason 权属不明"},
      [&session, options] { return Settle(session, *options); });
  settle->add_option("facility", options->facility, T("部件", "the facility"))->required();
  settle->add_option("--right,--kind", options->kind, T("哪项权利", "which right"))->required();
  settle
      ->add_option("--for", options->claim,
                   T("支持哪个认领的编号，或 none", "the claim it is for, or none"))
      ->required();
  settle->add_flag("--uphold", options->uphold,
                   T("异议成立；默认驳回", "objections were right; else they are dismissed"));
  settle->add_option("--etag", options->etag,
                     T("部件的 etag；已变则拒绝", "the facility's: refuse when it has changed"));
  settle->add_option("--reason", options->reason, T("理由", "why"))->required();
  AddBasisOptions(*settle, options->basis, false);
  settle->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

void AddWithdrawals(CLI::App& group, Session& session) {
  const auto claim = std::make_shared<WithdrawOptions>();
  auto* withdraw = AddCommand(&group, session, "withdraw-claim",
                              T("撤回本单位的认领", "take back a claim of the own organization"),
                              {"yima rights withdraw-claim 4294967330",
                               "yima rights withdraw-claim 4294967330 --reason 误认"},
                              [&session, claim] { return WithdrawClaim(session, *claim); });
  withdraw->add_option("claim", claim->id, T("认领编号", "number of the claim"))->required();
  const auto objection = std::make_shared<WithdrawOptions>();
  auto* take_back =
      AddCommand(&group, session, "withdraw-objection",
                 T("撤回本单位的异议", "take back an objection of the own organization"),
                 {"yima rights withdraw-objection 4294967340",
                  "yima rights withdraw-objection 4294967340 --reason 已协商"},
                 [&session, objection] { return WithdrawObjection(session, *objection); });
  take_back->add_option("objection", objection->id, T("异议编号", "number of the objection"))
      ->required();
  for (const auto& [command, options] : {std::pair(withdraw, claim), {take_back, objection}}) {
    command->add_option("--reason", options->reason, T("理由", "why"));
    command->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  }
}

void AddLists(CLI::App& group, Session& session) {
  const auto claims = std::make_shared<ListOptions>();
  auto* list_claims = AddCommand(
      &group, session, "claims",
      T("列出认领：编号、状态、部件、权利、单位、公示、时间",
        "list claims: number, state, facility, right, organization, notice, time"),
      {"yima rights claims --facility 14050201001000001", "yima rights claims --state open --json"},
      [&session, claims] { return ListClaims(session, *claims); });
  list_claims->add_option("--facility", claims->facility, T("一个部件的", "of one facility"));
  list_claims->add_option("--organization", claims->organization,
                          T("一个单位的", "of one organization"));
  list_claims
      ->add_option("--state", claims->states, "open, confirmed, rejected, withdrawn, superseded")
      ->delimiter(',');
  const auto objections = std::make_shared<ListOptions>();
  auto* list_objections = AddCommand(
      &group, session, "objections",
      T("列出异议：编号、状态、部件、权利、公示、提出者、理由",
        "list objections: number, state, facility, right, notice, who, why"),
      {"yima rights objections --open", "yima rights objections --notice 4294967320 --json"},
      [&session, objections] { return ListObjections(session, *objections); });
  list_objections->add_option("--facility", objections->facility,
                              T("一个部件的", "of one facility"));
  list_objections->add_option("--notice", objections->notice, T("一次公示的", "of one notice"));
  list_objections->add_flag("--open", objections->open, T("未裁决的", "those not settled"));
}

}  // namespace

void AddRightsClaims(CLI::App& rights, Session& session) {
  AddClaim(rights, session);
  AddPublish(rights, session);
  AddObject(rights, session);
  AddSettle(rights, session);
  AddWithdrawals(rights, session);
  AddLists(rights, session);
}

}  // namespace yima::cli
