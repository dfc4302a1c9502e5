#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"

namespace yima::cli {
namespace {

struct RangeOptions {
  std::string range;
  std::string contractor;
  std::string first;
  std::string last;
  std::string reference;
  std::string issued;
  std::string request_id;
  bool open = false;
  bool missing = false;
};

void ShowRange(Session& session, const v1::BlankRange& range) {
  if (session.json) return session.Object(ToJson(range));
  session.Line(fmt::format("{}\t{}\t{}\t{}-{}\t{}\t{}\t{}", range.id(),
                           EnumName(v1::BlankRangeState_descriptor(), range.state()),
                           range.contractor(), range.first(), range.last(), range.plates(),
                           FormatTime(range.create_time_us()), Printable(range.reference())));
}

void ShowAccount(Session& session, const v1::BlankRange& range,
                 const v1::BlankRangeAccount& account) {
  if (session.json) {
    return session.Object({{"blankRange", ToJson(range)}, {"account", ToJson(account)}});
  }
  ShowRange(session, range);
  session.Line(fmt::format(
      fmt::runtime(
          T("  发出 {}：已绑定 {}，损毁 {}，遗失 {}，在外 {}；已印 {}",
            "  {} handed out: {} bound, {} spoiled, {} missing, {} still out; {} printed")),
      account.issued(), account.bound(), account.spoiled(), account.missing(), account.out(),
      account.printed()));
}

/// Id, name or credit code.
Result<uint64_t> FindContractor(Session& session, const std::string& text) {
  v1::GetOrganizationRequest request;
  if (const auto id = ParseNumber(text, "--contractor"); id && text.size() < 16) {
    request.set_id(*id);
  } else {
    request.set_text(text);
  }
  YIMA_ASSIGN_OR_RETURN(const auto found, session.client().GetOrganization(request));
  return found.organization().id();
}

Result<void> CreateRange(Session& session, const RangeOptions& options) {
  v1::CreateBlankRangeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t contractor, FindContractor(session, options.contractor));
  YIMA_ASSIGN_OR_RETURN(const uint64_t first, ParsePlate(options.first));
  YIMA_ASSIGN_OR_RETURN(const uint64_t last, ParsePlate(options.last));
  request.set_contractor(contractor);
  request.set_first(first);
  request.set_last(last);
  request.set_reference(options.reference);
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  return UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().CreateBlankRange(request));
    ShowRange(session, answer.blank_range());
    return {};
  });
}

Result<v1::GetBlankRangeResponse> Find(Session& session, const std::string& range) {
  v1::GetBlankRangeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(range, "range"));
  request.set_range(id);
  return session.client().GetBlankRange(request);
}

Result<void> ShowOneRange(Session& session, const RangeOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto found, Find(session, options.range));
  ShowAccount(session, found.blank_range(), found.account());
  return {};
}

Result<void> ListRanges(Session& session, const RangeOptions& options) {
  v1::ListBlankRangesRequest request;
  request.set_open(options.open);
  return EachPage<v1::ListBlankRangesRequest, v1::ListBlankRangesResponse>(
      request, [&](const auto& asked) { return session.client().ListBlankRanges(asked); },
      [&](const auto& page) -> Result<void> {
        for (const auto& range : page.blank_ranges()) ShowRange(session, range);
        return session.Flush();
      });
}

/// Revoking is for good, so plates that are still out are not declared missing by accident.
Result<void> CloseRange(Session& session, const RangeOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto found, Find(session, options.range));
  if (found.account().out() > 0 && !options.missing) {
    return Fail(StatusCode::kFailedPrecondition, "PLATES_OUT",
                fmt::format("{} plates are still out, and closing revokes them as lost",
                            found.account().out()),
                "range");
  }
  v1::CloseBlankRangeRequest request;
  request.set_range(found.blank_range().id());
  if (!options.issued.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t issued, ParseNumber(options.issued, "--issued"));
    request.set_expected_issued(issued);
  }
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  return UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    Progress progress(T("注销", "revoking"));
    return session.client().CloseBlankRange(
        request, [&](const v1::CloseBlankRangeResponse& response) -> Result<void> {
          progress.Show(response.revoked(), found.account().out());
          if (response.has_blank_range()) {
            ShowAccount(session, response.blank_range(), response.account());
          }
          return {};
        });
  });
}

void AddCreate(CLI::App* group, Session& session) {
  const auto options = std::make_shared<RangeOptions>();
  auto* create = AddCommand(
      group, session, "create",
      T("登记交给承包方的一段空白码", "write down which blank plates a contractor takes along"),
      {"yima ranges create 00040-00001-8 00040-000ZZ-C --contractor 安装公司 --reference 2026-17",
       "yima ranges create 4294967297 4294967796 --contractor 4294967299 --json"},
      [&session, options] { return CreateRange(session, *options); });
  create->add_option("first", options->first, T("第一块铭牌", "first plate"))->required();
  create->add_option("last", options->last, T("最后一块铭牌", "last plate"))->required();
  create
      ->add_option("--contractor", options->contractor,
                   T("承包方：编号、名称或信用代码", "organization: id, name or credit code"))
      ->required();
  create->add_option("--reference", options->reference,
                     T("单据号", "what the paper says: an order, a delivery note"));
  create->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace

void AddRanges(CLI::App& app, Session& session) {
  auto* group =
      AddGroup(app, "ranges", T("交给承包方的空白码", "blank plates handed to contractors"));
  AddCreate(group, session);
  const auto showing = std::make_shared<RangeOptions>();
  auto* show = AddCommand(group, session, "show",
                          T("一段空白码的账目", "what has become of the plates of a range"),
                          {"yima ranges show 4294967297", "yima ranges show 4294967297 --json"},
                          [&session, showing] { return ShowOneRange(session, *showing); });
  show->add_option("range", showing->range, T("编号", "its number"))->required();

  const auto listing = std::make_shared<RangeOptions>();
  auto* list = AddCommand(
      group, session, "list",
      T("列出各段，新的在前：编号、状态、承包方、起止、块数、时间、单据",
        "list ranges, newest first: number, state, contractor, serials, plates, time, reference"),
      {"yima ranges list", "yima ranges list --open --json"},
      [&session, listing] { return ListRanges(session, *listing); });
  list->add_flag("--open", listing->open, T("只列未结清的", "only those that are open"));

  const auto closing = std::make_shared<RangeOptions>();
  auto* close =
      AddCommand(group, session, "close",
                 T("结清一段；仍在外的铭牌按遗失注销",
                   "close a range; plates that are still out are revoked as lost"),
                 {"yima ranges close 4294967297", "yima ranges close 4294967297 --missing --json"},
                 [&session, closing] { return CloseRange(session, *closing); });
  close->add_option("range", closing->range, T("编号", "its number"))->required();
  close->add_flag("--missing", closing->missing,
                  T("确认仍在外的铭牌已遗失", "yes, what is still out is missing"));
  close->add_option("--issued", closing->issued,
                    T("账目中的块数，与发出时不同时须写明",
                      "plates of the range by its account, when they are others than handed out"));
  close->add_option("--request-id", closing->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
