#include <fmt/format.h>

#include "client/cli/basis.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/cli/writes.h"

namespace yima::cli {
namespace {

struct ProposalOptions {
  std::string facility;
  std::string right;
  std::string to;
  bool by_order = false;
  BasisOptions basis;
  std::string valid_from;
  std::string valid_until;
  std::string reason;
  std::string etag;
  std::string request_id;
};

struct StepOptions {
  std::string order;
  bool refuse = false;
  std::string request_id;
};

struct OrdersOptions {
  std::string facility;
  bool all = false;
};

/// What all proposals say.
template <typename Request>
Result<Request> MakeProposal(Session& session, const ProposalOptions& options) {
  Request request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(), MakeKeptBasis(session, options.basis));
  request.set_reason(options.reason);
  request.set_etag(options.etag);
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  request.set_facility(found.facility().uid());
  return request;
}

template <typename Request>
Result<void> SetKind(const ProposalOptions& options, Request& request) {
  YIMA_ASSIGN_OR_RETURN(const int kind,
                        ParseEnum(v1::RightKind_descriptor(), options.right, "--right"));
  request.set_kind(static_cast<v1::RightKind>(kind));
  return {};
}

/// Who is to be the holder, and for how long.
template <typename Request>
Result<void> SetHolder(Session& session, const ProposalOptions& options, Request& request) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t to, FindOrganization(session, options.to));
  request.set_to(to);
  request.set_valid_from(options.valid_from);
  request.set_valid_until(options.valid_until);
  return {};
}

Result<void> Transfer(Session& session, const ProposalOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto request, MakeProposal<v1::TransferRightRequest>(session, options));
  YIMA_RETURN_IF_ERROR(SetKind(options, request));
  YIMA_RETURN_IF_ERROR(SetHolder(session, options, request));
  request.set_by_order(options.by_order);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::TransferRight));
  Show(session, answer.order());
  return {};
}

Result<void> Correct(Session& session, const ProposalOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto request, MakeProposal<v1::CorrectRightRequest>(session, options));
  YIMA_RETURN_IF_ERROR(SetKind(options, request));
  YIMA_RETURN_IF_ERROR(SetHolder(session, options, request));
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::CorrectRight));
  Show(session, answer.order());
  return {};
}

Result<void> Revoke(Session& session, const ProposalOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto request, MakeProposal<v1::RevokeRightRequest>(session, options));
  YIMA_RETURN_IF_ERROR(SetKind(options, request));
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::RevokeRight));
  Show(session, answer.order());
  return {};
}

Result<void> Assign(Session& session, const ProposalOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto request, MakeProposal<v1::AssignCustodianRequest>(session, options));
  YIMA_RETURN_IF_ERROR(SetHolder(session, options, request));
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::AssignCustodian));
  Show(session, answer.order());
  return {};
}

Result<void> Agree(Session& session, const StepOptions& options) {
  v1::AgreeToOrderRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t order, ParseNumber(options.order, "order"));
  request.set_order(order);
  request.set_refuse(options.refuse);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::AgreeToOrder));
  Show(session, answer.order());
  return {};
}

/// The order, and under it the notice that publishes a correction.
Result<void> Countersign(Session& session, const StepOptions& options) {
  v1::CountersignOrderRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t order, ParseNumber(options.order, "order"));
  request.set_order(order);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::CountersignOrder));
  if (session.json) {
    session.Object(ToJson(answer));
    return {};
  }
  Show(session, answer.order());
  if (answer.has_notice()) {
    session.Line(fmt::format("{}: {} ({} {})", T("公示", "notice"),
                             Printable(answer.notice().title()), T("至", "until"),
                             answer.notice().last_day()));
  }
  return {};
}

Result<void> Withdraw(Session& session, const StepOptions& options) {
  v1::WithdrawOrderRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t order, ParseNumber(options.order, "order"));
  request.set_order(order);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::WithdrawOrder));
  Show(session, answer.order());
  return {};
}

Result<void> List(Session& session, const OrdersOptions& options) {
  v1::ListOrdersRequest request;
  request.set_open(!options.all);
  if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    request.set_facility(found.facility().uid());
  }
  return EachPage<v1::ListOrdersRequest, v1::ListOrdersResponse>(
      request, [&](const auto& page) { return session.client().ListOrders(page); },
      [&](const auto& page) {
        for (const auto& order : page.orders()) {
          if (session.json) {
            session.Object(ToJson(order));
            continue;
          }
          session.Line(fmt::format("{}\t{}\tuid:{}\t{}\t{}\t{} → {}", order.id(),
                                   EnumName(v1::OrderKind_descriptor(), order.kind()),
                                   order.facility(),
                                   EnumName(v1::RightKind_descriptor(), order.right()),
                                   Gloss(EnumName(v1::OrderState_descriptor(), order.state())),
                                   order.from(), order.to()));
        }
        return session.Flush();
      });
}

using Propose = Result<void> (*)(Session&, const ProposalOptions&);

CLI::App* AddProposal(CLI::App& rights, Session& session, const char* name, const char* what,
                      const std::vector<std::string>& examples, Propose run,
                      const std::shared_ptr<ProposalOptions>& options) {
  auto* command = AddCommand(&rights, session, name, what, examples,
                             [&session, run, options] { return run(session, *options); });
  command
      ->add_option("facility", options->facility,
                   T("代码、uid:N 或 命名空间:值", "its code, uid:N or NAMESPACE:VALUE"))
      ->required();
  AddBasisOptions(*command, options->basis, true);
  command->add_option("--reason", options->reason, T("理由，可消除", "why; it can be erased"));
  command->add_option("--etag", options->etag,
                      T("部件自读出后若有改动则拒绝", "refuse if the facility changed since"));
  command->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  return command;
}

void AddKind(CLI::App& command, ProposalOptions& options) {
  command
      .add_option("--right", options.right,
                  T("哪项权利：supervising、owning、maintaining",
                    "which: supervising, owning, maintaining"))
      ->required();
}

void AddHolder(CLI::App& command, ProposalOptions& options) {
  command.add_option("--to", options.to, T("给哪个单位", "to which organization"))->required();
  command.add_option("--valid-from", options.valid_from,
                     T("生效日 YYYY-MM-DD", "from which day, YYYY-MM-DD"));
  command.add_option("--valid-until", options.valid_until,
                     T("截止日 YYYY-MM-DD", "until which day, YYYY-MM-DD"));
}

void AddProposals(CLI::App& rights, Session& session) {
  const auto moved = std::make_shared<ProposalOptions>();
  auto* transfer = AddProposal(
      rights, session, "transfer",
      T("提出变更：双方同意后生效；--by-order 时由另一确权员会签",
        "propose that a right goes to another: when both sides agree, or by order"),
      {"yima rights transfer 14050201001000001 --right owning --to 城区排水公司 --basis-kind "
       "移交协议 --basis-number 12号",
       "yima rights transfer ledger:W-000001 --right maintaining --to 城区排水公司 --by-order "
       "--reason 机构改革 --basis-kind 批复 --basis-number 3号"},
      Transfer, moved);
  AddKind(*transfer, *moved);
  AddHolder(*transfer, *moved);
  transfer->add_flag(
      "--by-order", moved->by_order,
      T("不经双方同意，由另一确权员会签", "countersigned by another registrar, not agreed to"));

  const auto mended = std::make_shared<ProposalOptions>();
  auto* correct = AddProposal(
      rights, session, "correct",
      T("提出更正错误的确权：会签后另行公示",
        "propose to correct a wrong confirmation: once countersigned it is published"),
      {"yima rights correct 14050201001000001 --right owning --to 城区排水公司 --reason "
       "原确权有误 --basis-kind 判决书 --basis-number 17号",
       "yima rights correct uid:4294967297 --right owning --to 城区排水公司 --reason "
       "原确权有误 --basis-kind 判决书 --basis-number 17号 --json"},
      Correct, mended);
  AddKind(*correct, *mended);
  AddHolder(*correct, *mended);

  const auto undone = std::make_shared<ProposalOptions>();
  auto* revoke = AddProposal(
      rights, session, "revoke",
      T("提出撤销确权：会签后恢复为登记", "propose to revoke a confirmation: it is recorded again"),
      {"yima rights revoke 14050201001000001 --right owning --reason 证据系伪造 --basis-kind "
       "决定书 --basis-number 5号",
       "yima rights revoke uid:4294967297 --right owning --reason 证据系伪造 --basis-kind 决定书 "
       "--basis-number 5号 --json"},
      Revoke, undone);
  AddKind(*revoke, *undone);

  const auto given = std::make_shared<ProposalOptions>();
  auto* assign = AddProposal(
      rights, session, "assign",
      T("提出为无主部件指定管护单位，须会签",
        "propose a custodian for what nobody owns: countersigned by another"),
      {"yima rights assign 14050201001000001 --to 城区排水公司 --reason 按用途 --basis-kind 批复 "
       "--basis-number 8号",
       "yima rights assign uid:4294967297 --to 城区排水公司 --reason 按用途 --basis-kind 批复 "
       "--basis-number 8号 --json"},
      Assign, given);
  AddHolder(*assign, *given);
}

CLI::App* AddStep(CLI::App& rights, Session& session, const char* name, const char* what,
                  const std::vector<std::string>& examples,
                  Result<void> (*run)(Session&, const StepOptions&),
                  const std::shared_ptr<StepOptions>& options) {
  auto* command = AddCommand(&rights, session, name, what, examples,
                             [&session, run, options] { return run(session, *options); });
  command->add_option("order", options->order, T("决定编号", "number of the order"))->required();
  command->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  return command;
}

}  // namespace

void AddRightsOrders(CLI::App& rights, Session& session) {
  AddProposals(rights, session);
  const auto agreed = std::make_shared<StepOptions>();
  auto* agree = AddStep(rights, session, "agree",
                        T("以变更一方的身份同意或拒绝", "agree to a transfer as a side of it"),
                        {"yima rights agree 4294967300", "yima rights agree 4294967300 --refuse"},
                        Agree, agreed);
  agree->add_flag("--refuse", agreed->refuse, T("拒绝", "refuse instead"));
  AddStep(rights, session, "countersign",
          T("会签另一确权员提出的决定，即予执行",
            "countersign what another registrar proposed: this carries it out"),
          {"yima rights countersign 4294967300", "yima rights countersign 4294967300 --json"},
          Countersign, std::make_shared<StepOptions>());
  AddStep(rights, session, "withdraw-order", T("撤回自己提出的决定", "withdraw what you proposed"),
          {"yima rights withdraw-order 4294967300", "yima rights withdraw-order 4294967300 --json"},
          Withdraw, std::make_shared<StepOptions>());
  const auto listed = std::make_shared<OrdersOptions>();
  auto* orders = AddCommand(
      &rights, session, "orders",
      T("列出待办的变更、更正、撤销与指定：编号、种类、部件、权利、状态、由谁到谁",
        "list orders: number, kind, facility, right, state, from whom to whom"),
      {"yima rights orders", "yima rights orders --facility 14050201001000001 --all --json"},
      [&session, listed] { return List(session, *listed); });
  orders->add_option("--facility", listed->facility, T("一个部件", "one facility"));
  orders->add_flag("--all", listed->all, T("已结束的也列出", "those that have ended, too"));
}

}  // namespace yima::cli
