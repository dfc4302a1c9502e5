#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/facility_lines.h"
#include "client/cli/judging.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/cli/writes.h"

namespace yima::cli {
namespace {

struct LifeOptions {
  std::string plate;
  std::string reason;
  std::string blank;
  std::string request_id;
};

Result<void> Suspend(Session& session, const LifeOptions& options) {
  v1::SuspendCodeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(options.plate));
  request.set_serial(serial);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::SuspendCode));
  ShowCode(session, answer.code());
  return {};
}

Result<void> Resume(Session& session, const LifeOptions& options) {
  v1::ResumeCodeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(options.plate));
  request.set_serial(serial);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::ResumeCode));
  ShowCode(session, answer.code());
  return {};
}

/// Prints the new code: it is the one to be printed on a plate. `codes show` tells of the old one.
Result<void> Replace(Session& session, const LifeOptions& options) {
  v1::ReplaceCodeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(options.plate));
  request.set_serial(serial);
  YIMA_ASSIGN_OR_RETURN(const int reason,
                        ParseEnum(v1::RevocationReason_descriptor(), options.reason, "--reason"));
  request.set_reason(static_cast<v1::RevocationReason>(reason));
  if (!options.blank.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t blank, ParsePlate(options.blank));
    request.set_blank(blank);
  }
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::ReplaceCode));
  ShowCode(session, answer.code());
  return {};
}

Exit ExitOf(const v1::LookupResponse& answer) {
  Judgement judgement;
  // Nothing was verified; only what has become of the code is told.
  judgement.verdict = Verdict::kAuthentic;
  judgement.state = static_cast<CodeState>(answer.state());
  return ExitFor(judgement);
}

void ShowFound(Session& session, const v1::LookupResponse& answer) {
  session.Line(fmt::format("{}\t{}\t{}",
                           Gloss(EnumName(v1::CodeState_descriptor(), answer.state())),
                           answer.short_number(), answer.serial()));
  if (answer.successor() != 0) {
    session.Line(fmt::format("  {}: {}", T("现用码", "successor"), answer.successor()));
  }
  if (answer.has_facility()) ShowFacility(session, answer.facility(), answer.organizations());
  ShowRelated(session, answer.has_parent() ? &answer.parent() : nullptr, answer.children());
  session.Tell(T("注意：短号不能证明铭牌为真，只有扫码核验才能",
                 "note: a short number proves nothing about the plate; only scanning it does"));
}

Result<void> Lookup(Session& session, const std::string& short_number) {
  v1::LookupRequest request;
  request.set_short_number(short_number);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().Lookup(request));
  session.Note(ExitOf(answer));
  if (!session.json) {
    ShowFound(session, answer);
    return {};
  }
  Json object = ToJson(static_cast<const google::protobuf::Message&>(answer));
  object["rights"] = answer.has_facility() ? RightsToJson(answer.facility(), answer.organizations())
                                           : Json::object();
  session.Object(object);
  return {};
}

/// A command that changes one plate.
CLI::App* AddChange(CLI::App& codes, Session& session, const char* name, const char* what,
                    const std::vector<std::string>& examples,
                    Result<void> (*run)(Session&, const LifeOptions&),
                    const std::shared_ptr<LifeOptions>& options) {
  auto* command = AddCommand(&codes, session, name, what, examples,
                             [&session, run, options] { return run(session, *options); });
  command->add_option("plate", options->plate, PlateHelp())->required();
  command->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  return command;
}

void AddReplace(CLI::App& codes, Session& session) {
  const auto options = std::make_shared<LifeOptions>();
  auto* replace = AddChange(
      codes, session, "replace",
      T("换牌：签发新码或绑定空白码，旧码同时失效",
        "put a new code, or a blank plate, in the place of one that ends at the same moment"),
      {"yima codes replace 00040-00001-8 --reason damaged",
       "yima codes replace 4294967297 --reason lost --blank 00040-00002-9 --json"},
      Replace, options);
  replace->add_option("--reason", options->reason, "lost, damaged, stolen, moved, reprinted")
      ->required();
  replace->add_option(
      "--blank", options->blank,
      T("接替的空白码；缺省签发新码", "blank plate that takes its place; else a code is signed"));
}

}  // namespace

void AddCodesLife(CLI::App& codes, Session& session) {
  AddChange(codes, session, "suspend", T("停用码，可恢复", "take a code out of use for a while"),
            {"yima codes suspend 00040-00001-8", "yima codes suspend 4294967297 --json"}, Suspend,
            std::make_shared<LifeOptions>());
  AddChange(codes, session, "resume", T("恢复停用的码", "put a suspended code into use again"),
            {"yima codes resume 00040-00001-8", "yima codes resume 4294967297 --json"}, Resume,
            std::make_shared<LifeOptions>());
  AddReplace(codes, session);
  const auto short_number = std::make_shared<std::string>();
  auto* lookup = AddCommand(
      &codes, session, "lookup",
      T("按短号查部件（不证明真伪）", "find a record by its short number, which proves nothing"),
      {"yima codes lookup 00040-00001-8", "yima codes lookup \"ooo4o ooooi 8\" --json"},
      [&session, short_number] { return Lookup(session, *short_number); });
  lookup
      ->add_option("number", *short_number,
                   T("铭牌上的短号，大小写、连字符不限",
                     "as printed under the symbol, in any case, with or without hyphens"))
      ->required();
}

}  // namespace yima::cli
