#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/code_text.h"

namespace yima::cli {

void ShowCode(Session& session, const v1::IssuedCode& code) {
  if (session.json) return session.Object(ToJson(code));
  session.Line(fmt::format("{}\t{}\t{}\t{}\t{}", code.serial(),
                           EnumName(v1::CodeState_descriptor(), code.state()), code.facility_code(),
                           code.short_number(), code.text()));
}

Result<v1::CodeFilter> MakeFilter(Session& session, const CodeSelection& selection) {
  v1::CodeFilter filter;
  if (!selection.batch.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t batch, ParseNumber(selection.batch, "--batch"));
    filter.set_batch(batch);
  }
  if (!selection.where.empty()) {
    YIMA_ASSIGN_OR_RETURN(*filter.mutable_facilities(), ParseWhere(session, selection.where));
  }
  return filter;
}

const char* PlateHelp() {
  return T("序列号、短号或整个码文", "serial, short number or the whole text");
}

namespace {

struct ListOptions {
  CodeSelection selection;
  std::vector<std::string> states;
  std::string facility;
};

struct BindOptions {
  std::string plate;
  std::string facility;
  std::string request_id;
};

struct RevokeOptions {
  std::string plate;
  std::string reason;
  std::string request_id;
};

Result<void> List(Session& session, const ListOptions& options) {
  v1::ListCodesRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), MakeFilter(session, options.selection));
  for (const auto& state : options.states) {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::CodeState_descriptor(), state, "--state"));
    request.mutable_filter()->add_states(static_cast<v1::CodeState>(n));
  }
  if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    request.mutable_filter()->set_facility(found.facility().uid());
  }
  return EachPage<v1::ListCodesRequest, v1::ListCodesResponse>(
      request, [&](const auto& asked) { return session.client().ListCodes(asked); },
      [&](const auto& page) {
        for (const auto& code : page.codes()) ShowCode(session, code);
        return session.Flush();
      });
}

Result<void> ShowOne(Session& session, const std::string& plate) {
  v1::GetCodeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(plate));
  request.set_serial(serial);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().GetCode(request));
  Show(session, answer.code());
  return {};
}

Result<void> Bind(Session& session, const BindOptions& options) {
  v1::BindCodeRequest request;
  if (SplitCodeText(options.plate)) {
    request.set_text(options.plate);  // The server verifies it too.
  } else {
    YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(options.plate));
    request.set_serial(serial);
  }
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  request.set_facility(found.facility().uid());
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  return UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().BindCode(request));
    ShowCode(session, answer.code());
    return {};
  });
}

Result<void> Revoke(Session& session, const RevokeOptions& options) {
  v1::RevokeCodeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(options.plate));
  request.set_serial(serial);
  YIMA_ASSIGN_OR_RETURN(const int reason,
                        ParseEnum(v1::RevocationReason_descriptor(), options.reason, "--reason"));
  request.set_reason(static_cast<v1::RevocationReason>(reason));
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  return UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().RevokeCode(request));
    ShowCode(session, answer.code());
    return {};
  });
}

void AddList(CLI::App* group, Session& session) {
  const auto options = std::make_shared<ListOptions>();
  auto* list = AddCommand(group, session, "list",
                          T("列出码：序列号、状态、部件代码、短号、码文",
                            "list codes: serial, state, facility code, short number, text"),
                          {"yima codes list --batch 4294967298 --json",
                           "yima codes list --where class=01001 --state active"},
                          [&session, options] { return List(session, *options); });
  list->add_option("--batch", options->selection.batch, T("发码批次", "batch they were issued in"));
  list->add_option("--where", options->selection.where, WhereHelp());
  list->add_option("--state", options->states, T("状态", "states, like active,revoked"))
      ->delimiter(',');
  list->add_option("--facility", options->facility,
                   T("一个部件现有与曾有的码", "codes that this facility has or had"));
}

void AddBindAndRevoke(CLI::App* group, Session& session) {
  const auto binding = std::make_shared<BindOptions>();
  auto* bind = AddCommand(group, session, "bind", T("把空白码绑定到部件", "bind a blank plate"),
                          {"yima codes bind 00040-00001-8 14050201001000001",
                           "yima codes bind 4294967297 ledger:W-000001"},
                          [&session, binding] { return Bind(session, *binding); });
  bind->add_option("plate", binding->plate, PlateHelp())->required();
  bind->add_option(
          "facility", binding->facility,
          T("部件：代码、uid:N 或 命名空间:值", "facility: its code, uid:N or NAMESPACE:VALUE"))
      ->required();
  bind->add_option("--request-id", binding->request_id, T("请求号", "id of the request"));

  const auto revoking = std::make_shared<RevokeOptions>();
  auto* revoke = AddCommand(group, session, "revoke", T("注销码", "end a code for good"),
                            {"yima codes revoke 00040-00001-8 --reason lost",
                             "yima codes revoke 4294967297 --reason damaged --json"},
                            [&session, revoking] { return Revoke(session, *revoking); });
  revoke->add_option("plate", revoking->plate, PlateHelp())->required();
  revoke
      ->add_option("--reason", revoking->reason,
                   "lost, damaged, stolen, moved, reprinted, scrapped, misissued")
      ->required();
  revoke->add_option("--request-id", revoking->request_id, T("请求号", "id of the request"));
}

}  // namespace

void AddCodes(CLI::App& app, Session& session) {
  auto* group = AddGroup(
      app, "codes",
      T("码：发放、绑定、停用、更换、注销", "codes: issue, bind, suspend, replace, revoke"));
  AddCodesIssue(*group, session);
  AddList(group, session);
  const auto plate = std::make_shared<std::string>();
  auto* show = AddCommand(group, session, "show", T("显示一个码", "show one code"),
                          {"yima codes show 00040-00001-8", "yima codes show 4294967297 --json"},
                          [&session, plate] { return ShowOne(session, *plate); });
  show->add_option("plate", *plate, PlateHelp())->required();
  AddBindAndRevoke(group, session);
  AddCodesLife(*group, session);
  AddCodesReclaim(*group, session);
}

}  // namespace yima::cli
