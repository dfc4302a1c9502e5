#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/input_lines.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"

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
  std::vector<std::string> of_facilities;
  for (const auto& condition : selection.where) {
    if (!condition.starts_with("printed=")) {
      of_facilities.push_back(condition);
    } else if (condition == "printed=yes") {
      filter.set_printed(v1::PRINTED_FILTER_PRINTED);
    } else if (condition == "printed=no") {
      filter.set_printed(v1::PRINTED_FILTER_UNPRINTED);
    } else {
      return Invalid("WHERE_MALFORMED",
                     fmt::format("--where {}: want printed=yes or printed=no", condition),
                     "--where");
    }
  }
  if (!of_facilities.empty()) {
    YIMA_ASSIGN_OR_RETURN(*filter.mutable_facilities(), ParseWhere(session, of_facilities));
  }
  return filter;
}

std::string CodesWhereHelp() { return WhereHelp() + " printed=yes|no"; }

const char* PlateHelp() {
  return T("序列号、短号或整个码文", "serial, short number or the whole text");
}

namespace {

void ShowSuspicious(Session& session, const v1::SuspiciousCode& code) {
  if (session.json) return session.Object(ToJson(code));
  constexpr TimeUs kHour = TimeUs{3600} * 1'000'000;
  std::string why;
  if (code.sightings().far_hour() != 0) why = T("远离登记位置", "far from its place");
  if (code.sightings().apart_hour() != 0) {
    why += (why.empty() ? "" : ", ") + std::string(T("两处相距过远", "two places too far apart"));
  }
  std::string places;
  for (const auto& place : code.sightings().places()) {
    places +=
        fmt::format("{}{:.2f},{:.2f} {:.13}h ×{}", places.empty() ? "" : "; ", place.east() / 100.0,
                    place.north() / 100.0, FormatTime(kHour * place.hour()), place.count());
  }
  session.Line(fmt::format("{}\t{}\t{}\t{}\t{}\t{}", code.code().serial(),
                           EnumName(v1::CodeState_descriptor(), code.code().state()),
                           code.code().short_number(), why, code.sightings().count(), places));
}

struct ListOptions {
  CodeSelection selection;
  std::vector<std::string> states;
  std::string facility;
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

Result<void> ListSuspicious(Session& session) {
  return EachPage<v1::ListSuspiciousCodesRequest, v1::ListSuspiciousCodesResponse>(
      {}, [&](const auto& request) { return session.client().ListSuspiciousCodes(request); },
      [&](const auto& page) -> Result<void> {
        for (const auto& code : page.codes()) ShowSuspicious(session, code);
        return session.Flush();
      });
}

/// Plates from stdin, a line each. One that is refused holds up no other, and revoking one twice is
/// the same, so the same lines again go on where they stopped.
Result<void> RevokeLines(Session& session, v1::RevokeCodeRequest& request) {
  uint64_t number = 0;
  uint64_t revoked = 0;
  Progress progress(T("注销", "revoking"));
  InputLines lines;
  while (const auto line = lines.Next(true)) {
    const std::string place = fmt::format("-:{}", ++number);
    Result<v1::RevokeCodeResponse> answer;
    if (const auto serial = ParsePlate(*line)) {
      request.set_serial(*serial);
      request.set_request_id(NewRequestId());
      answer = session.client().RevokeCode(request);
    } else {
      answer = tl::unexpected(serial.error());
    }
    if (answer) {
      ++revoked;
      ShowCode(session, answer->code());
      progress.Show(revoked, 0);
      continue;
    }
    Error error = answer.error();
    error.field = place;
    // What follows is not revoked either; the same lines again do it.
    if (error.code == StatusCode::kUnavailable) return tl::unexpected(std::move(error));
    session.Complain(error);
  }
  if (!lines.any()) return Invalid("PLATE_MISSING", "no plate on the standard input", "plate");
  session.Tell(fmt::format(fmt::runtime(T("{} 个码已注销，{} 个未注销", "{} revoked, {} not")),
                           revoked, number - revoked));
  return {};
}

Result<void> Revoke(Session& session, const RevokeOptions& options) {
  v1::RevokeCodeRequest request;
  YIMA_ASSIGN_OR_RETURN(const int reason,
                        ParseEnum(v1::RevocationReason_descriptor(), options.reason, "--reason"));
  request.set_reason(static_cast<v1::RevocationReason>(reason));
  if (options.plate == "-") return RevokeLines(session, request);
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(options.plate));
  request.set_serial(serial);
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
                           "yima codes list --where class=01001 printed=no --state active"},
                          [&session, options] { return List(session, *options); });
  list->add_option("--batch", options->selection.batch, T("发码批次", "batch they were issued in"));
  list->add_option("--where", options->selection.where, CodesWhereHelp());
  list->add_option("--state", options->states, T("状态", "states, like active,revoked"))
      ->delimiter(',');
  list->add_option("--facility", options->facility,
                   T("一个部件现有与曾有的码", "codes that this facility has or had"));
}

void AddRevokeAndSuspicious(CLI::App* group, Session& session) {
  const auto revoking = std::make_shared<RevokeOptions>();
  auto* revoke = AddCommand(group, session, "revoke", T("注销码", "end codes for good"),
                            {"yima codes revoke 00040-00001-8 --reason lost",
                             "yima codes revoke - --reason spoiled < spoiled.txt"},
                            [&session, revoking] { return Revoke(session, *revoking); });
  revoke
      ->add_option("plate", revoking->plate,
                   fmt::format("{}{}", PlateHelp(),
                               T("；- 为从标准输入逐行读取", "; -: from stdin, a line each")))
      ->required();
  revoke
      ->add_option("--reason", revoking->reason,
                   "lost, damaged, stolen, moved, reprinted, scrapped, misissued, spoiled")
      ->required();
  revoke->add_option("--request-id", revoking->request_id, T("请求号", "id of the request"));

  AddCommand(
      group, session, "suspicious",
      T("列出在不该在的地方被扫到的码：序列号、状态、短号、缘由、扫描次数、近来的地点",
        "list codes that were scanned where they should not be: serial, state, short number, "
        "why, scans, places of late"),
      {"yima codes suspicious", "yima codes suspicious --json"},
      [&session] { return ListSuspicious(session); });
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
  AddCodesBind(*group, session);
  AddRevokeAndSuspicious(group, session);
  AddCodesPrinted(*group, session);
  AddCodesLife(*group, session);
  AddCodesReclaim(*group, session);
}

}  // namespace yima::cli
