#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"

namespace yima::cli {
namespace {

struct PrincipalWords {
  std::string id;
  std::string kind = "person";
  std::string name;
  std::string organization;
  std::vector<std::string> grants;
  std::vector<std::string> certificates;
  bool no_grants = false;
  bool no_certificates = false;
  bool disable = false;
  bool enable = false;
};

struct TokenWords {
  std::string id;
  std::string principal;
  std::string label;
  int days = 90;
  std::string replaces;
  int overlap_hours = 24;
};

/// `manager`, `manager:140502,1405`, `crew:140502,org=4294967297`.
Result<v1::Grant> ParseGrant(const std::string& text) {
  v1::Grant grant;
  const size_t colon = text.find(':');
  YIMA_ASSIGN_OR_RETURN(const int role,
                        ParseEnum(v1::Role_descriptor(), text.substr(0, colon), "--grant"));
  grant.set_role(static_cast<v1::Role>(role));
  if (colon == std::string::npos) return grant;
  std::string rest = text.substr(colon + 1);
  if (rest.empty()) {
    // Bounds that a script left empty must not mean none.
    return Invalid("DIVISION_MALFORMED",
                   fmt::format("\"{}\" names no bounds behind its colon", text), "--grant");
  }
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string item = rest.substr(0, comma);
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
    if (item.starts_with("org=")) {
      YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(item.substr(4), "--grant"));
      grant.add_organizations(id);
    } else {
      grant.add_divisions(item);
    }
  }
  return grant;
}

std::string InWords(const v1::Grant& grant) {
  std::string words = EnumName(v1::Role_descriptor(), grant.role());
  std::string where;
  for (const auto& division : grant.divisions()) where += "," + division;
  for (const auto id : grant.organizations()) where += fmt::format(",org={}", id);
  if (!where.empty()) where[0] = ':';
  return words + where;
}

void ShowLine(Session& session, const v1::Principal& principal) {
  if (session.json) return session.Object(ToJson(principal));
  std::string grants;
  for (const auto& grant : principal.grants()) {
    grants += (grants.empty() ? "" : " ") + InWords(grant);
  }
  session.Line(fmt::format("{}\t{}\t{}\t{}\t{}", principal.id(),
                           EnumName(v1::PrincipalKind_descriptor(), principal.kind()),
                           principal.disabled() ? T("已停用", "disabled") : T("启用", "enabled"),
                           Printable(principal.name().value()), grants));
}

void ShowLine(Session& session, const v1::Token& token) {
  if (session.json) return session.Object(ToJson(token));
  session.Line(fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}", token.id(), token.principal(), FormatTime(token.expire_time_us()),
      token.last_use_time_us() != 0 ? FormatTime(token.last_use_time_us()) : "-",
      token.revoke_time_us() != 0 ? T("已吊销", "revoked") : T("有效", "holds"),
      Printable(token.label())));
}

Result<void> WhoAmI(Session& session) {
  YIMA_ASSIGN_OR_RETURN(const auto caller, session.client().GetCaller());
  ShowLine(session, caller.principal());
  return {};
}

Result<void> ListPrincipals(Session& session) {
  return EachPage<v1::ListPrincipalsRequest, v1::ListPrincipalsResponse>(
      {}, [&](const auto& request) { return session.client().ListPrincipals(request); },
      [&](const auto& page) -> Result<void> {
        for (const auto& principal : page.principals()) ShowLine(session, principal);
        return session.Flush();
      });
}

/// Lays what the command line says over a principal.
Result<void> Take(const PrincipalWords& words, v1::Principal& principal) {
  YIMA_ASSIGN_OR_RETURN(const int kind,
                        ParseEnum(v1::PrincipalKind_descriptor(), words.kind, "--kind"));
  if (principal.kind() == v1::PRINCIPAL_KIND_UNSPECIFIED) {
    principal.set_kind(static_cast<v1::PrincipalKind>(kind));
  }
  if (!words.name.empty()) principal.mutable_name()->set_value(words.name);
  if (!words.organization.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(words.organization, "--organization"));
    principal.set_organization(id);
  }
  if (words.no_grants || !words.grants.empty()) principal.clear_grants();
  for (const auto& text : words.grants) {
    YIMA_ASSIGN_OR_RETURN(*principal.add_grants(), ParseGrant(text));
  }
  if (words.no_certificates || !words.certificates.empty()) principal.clear_certificate_names();
  for (const auto& name : words.certificates) principal.add_certificate_names(name);
  if (words.disable) principal.set_disabled(true);
  if (words.enable) principal.set_disabled(false);
  return {};
}

Result<void> CreatePrincipal(Session& session, const PrincipalWords& words) {
  v1::CreatePrincipalRequest request;
  request.set_request_id(NewRequestId());
  YIMA_RETURN_IF_ERROR(Take(words, *request.mutable_principal()));
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().CreatePrincipal(request));
  ShowLine(session, answer.principal());
  return {};
}

Result<void> UpdatePrincipal(Session& session, const PrincipalWords& words) {
  v1::GetPrincipalRequest find;
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(words.id, "principal"));
  find.set_id(id);
  YIMA_ASSIGN_OR_RETURN(const auto found, session.client().GetPrincipal(find));
  v1::UpdatePrincipalRequest request;
  request.set_request_id(NewRequestId());
  *request.mutable_principal() = found.principal();
  request.mutable_principal()->clear_create_time_us();
  request.mutable_principal()->clear_update_time_us();
  YIMA_RETURN_IF_ERROR(Take(words, *request.mutable_principal()));
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().UpdatePrincipal(request));
  ShowLine(session, answer.principal());
  return {};
}

Result<void> CreateToken(Session& session, const TokenWords& words) {
  v1::CreateTokenRequest request;
  request.set_request_id(NewRequestId());
  request.set_label(words.label);
  request.set_lifetime_seconds(int64_t{words.days} * 86'400);
  if (!words.principal.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(words.principal, "--principal"));
    request.set_principal(id);
  }
  if (!words.replaces.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(words.replaces, "--replaces"));
    request.set_replaces(id);
    request.set_overlap_seconds(int64_t{words.overlap_hours} * 3600);
  }
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().CreateToken(request));
  if (answer.text().empty()) {
    return Fail(StatusCode::kAborted, "TOKEN_TEXT_LOST",
                fmt::format("token {} was made, but the answer with its text was lost",
                            answer.token().id()));
  }
  if (session.json) {
    Json object = ToJson(answer.token());
    object["text"] = answer.text();
    session.Object(object);
  } else {
    session.Line(answer.text());
  }
  session.Tell(T("只显示这一次，请妥善保存", "it is shown this once: keep it"));
  return {};
}

Result<void> RevokeToken(Session& session, const TokenWords& words) {
  v1::RevokeTokenRequest request;
  request.set_request_id(NewRequestId());
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(words.id, "token"));
  request.set_id(id);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().RevokeToken(request));
  ShowLine(session, answer.token());
  return {};
}

Result<void> ListTokens(Session& session, const TokenWords& words) {
  v1::ListTokensRequest first;
  if (!words.principal.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(words.principal, "--principal"));
    first.set_principal(id);
  }
  return EachPage<v1::ListTokensRequest, v1::ListTokensResponse>(
      first, [&](const auto& request) { return session.client().ListTokens(request); },
      [&](const auto& page) -> Result<void> {
        for (const auto& token : page.tokens()) ShowLine(session, token);
        return session.Flush();
      });
}

Result<void> Audit(Session& session) {
  return EachPage<v1::ListRefusalsRequest, v1::ListRefusalsResponse>(
      {}, [&](const auto& request) { return session.client().ListRefusals(request); },
      [&](const auto& page) -> Result<void> {
        for (const auto& refusal : page.refusals()) {
          if (session.json) {
            session.Object(ToJson(refusal));
            continue;
          }
          session.Line(fmt::format("{}\t{}×\t{}\t{}\t{}\t{}\t{}", FormatTime(refusal.time_us()),
                                   refusal.count(), refusal.principal(), refusal.peer(),
                                   refusal.method(), refusal.reason(),
                                   Printable(refusal.message())));
        }
        return session.Flush();
      });
}

void AddSaid(CLI::App* command, PrincipalWords& words) {
  command->add_option("--name", words.name, T("名称", "what people call it"));
  command->add_option("--organization", words.organization,
                      T("所属单位编号", "number of its organization"));
  command->add_option(
      "--grant", words.grants,
      T("角色[:区划,…,org=单位]，可重复；角色为 crew manager registrar auditor admin",
        "ROLE[:DIVISION,…,org=ID], may be repeated; a role is crew, manager, registrar, auditor "
        "or admin"));
  command->add_option("--certificate", words.certificates,
                      T("TLS 客户端证书名，可重复", "common name of a client certificate"));
}

void AddPrincipals(CLI::App& access, Session& session) {
  auto* group = AddGroup(access, "principals", T("主体：人与系统", "people and systems that call"));
  AddCommand(group, session, "list",
             T("列出主体：编号、种类、状态、名称、角色",
               "list principals: number, kind, state, name, grants"),
             {"yima access principals list", "yima access principals list --json"},
             [&session] { return ListPrincipals(session); });
  const auto words = std::make_shared<PrincipalWords>();
  auto* create =
      AddCommand(group, session, "create", T("新建主体", "make a principal"),
                 {"yima access principals create --name 城区养护队 --grant crew:140502",
                  "yima access principals create --kind system --name 一网统管 --grant auditor"},
                 [&session, words] { return CreatePrincipal(session, *words); });
  create->add_option("--kind", words->kind, T("person 或 system", "person or system"))
      ->capture_default_str();
  AddSaid(create, *words);
  const auto changed = std::make_shared<PrincipalWords>();
  auto* update = AddCommand(group, session, "update", T("修改主体", "change a principal"),
                            {"yima access principals update 4294967298 --grant manager:140502",
                             "yima access principals update 4294967298 --disable"},
                            [&session, changed] { return UpdatePrincipal(session, *changed); });
  update->add_option("principal", changed->id, T("主体编号", "number of the principal"))
      ->required();
  AddSaid(update, *changed);
  update->add_flag("--no-grants", changed->no_grants, T("取消全部角色", "take all roles away"));
  update->add_flag("--no-certificates", changed->no_certificates,
                   T("取消全部证书名", "take all certificate names away"));
  update->add_flag("--disable", changed->disable, T("停用", "refuse its calls"));
  update->add_flag("--enable", changed->enable, T("恢复", "allow them again"));
}

void AddTokens(CLI::App& access, Session& session) {
  auto* group = AddGroup(access, "tokens", T("令牌", "secrets by which callers are known"));
  const auto listed = std::make_shared<TokenWords>();
  auto* list = AddCommand(group, session, "list",
                          T("列出令牌：编号、主体、到期、上次使用、状态、用途",
                            "list tokens: number, principal, expiry, last use, state, label"),
                          {"yima access tokens list", "yima access tokens list --json"},
                          [&session, listed] { return ListTokens(session, *listed); });
  list->add_option("--principal", listed->principal, T("只列该主体的", "of this principal only"));
  const auto made = std::make_shared<TokenWords>();
  auto* create =
      AddCommand(group, session, "create", T("新建令牌，只显示一次", "make a token, shown once"),
                 {"yima access tokens create --principal 4294967298 --label 巡查手机 --days 30",
                  "yima access tokens create --replaces 4294967299 --overlap-hours 48"},
                 [&session, made] { return CreateToken(session, *made); });
  create->add_option("--principal", made->principal, T("主体；缺省为自己", "whose; one's own"));
  create->add_option("--label", made->label, T("用途", "what it is for"));
  create->add_option("--days", made->days, T("有效天数", "days until it runs out"))
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  create->add_option("--replaces", made->replaces, T("所替换的令牌", "the token that it follows"));
  create
      ->add_option("--overlap-hours", made->overlap_hours,
                   T("旧令牌还可用的小时数", "hours for which that one still holds"))
      ->check(CLI::Range(0, 720))
      ->capture_default_str();
  const auto ended = std::make_shared<TokenWords>();
  auto* revoke = AddCommand(
      group, session, "revoke", T("吊销令牌", "end a token at once"),
      {"yima access tokens revoke 4294967299", "yima access tokens revoke 4294967299 --json"},
      [&session, ended] { return RevokeToken(session, *ended); });
  revoke->add_option("token", ended->id, T("令牌编号", "number of the token"))->required();
}

}  // namespace

void AddAccess(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "access", T("谁可以做什么", "who may do what"));
  AddCommand(group, session, "whoami", T("本人身份与角色", "who the server takes one for"),
             {"yima access whoami", "yima access whoami --json"},
             [&session] { return WhoAmI(session); });
  AddPrincipals(*group, session);
  AddTokens(*group, session);
  AddCommand(group, session, "audit",
             T("被拒绝的调用，新的在前：时间、次数、主体、地址、方法、原因、说明",
               "refused calls, newest first: time, count, principal, address, method, reason"),
             {"yima access audit", "yima access audit --json"},
             [&session] { return Audit(session); });
}

}  // namespace yima::cli
