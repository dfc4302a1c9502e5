#include <ctime>

#include <fmt/format.h>

#include "client/cli/basis.h"
#include "client/cli/changes.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/cli/writes.h"

namespace yima::cli {
namespace {

struct UpdateOptions {
  std::string facility;
  std::vector<std::string> changes;
  std::string request_id;
};

struct StepOptions {
  std::string facility;
  std::string step;
  std::string date;
  BasisOptions basis;
  std::string from;
  std::string to;
  std::string position;
  std::string note;
  std::string request_id;
};

/// The date where the user sits.
std::string Today() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[16];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%d", &local)};
}

Result<void> Update(Session& session, const UpdateOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  const v1::Facility& stands = found.facility();
  v1::UpdateFacilityRequest request;
  request.mutable_facility()->set_uid(stands.uid());
  *request.mutable_facility()->mutable_extra() = stands.extra();
  for (const auto& field : stands.personal()) {
    auto* kept = request.add_personal();
    kept->set_name(field.name());
    kept->set_value(field.value().value());
  }
  YIMA_RETURN_IF_ERROR(ParseChanges(session, options.changes, request));
  for (const auto& path : request.update_mask()) {
    // Made of what was read, so it must still be so.
    if (path == "extra" || path == "personal") request.mutable_facility()->set_etag(stands.etag());
  }
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::UpdateFacility));
  Show(session, answer.facility());
  return {};
}

template <typename Response>
void ShowStep(Session& session, const Response& answer) {
  if (session.json) {
    Json object = ToJson(answer.facility());
    object["revokedCodes"] = Json::array();
    for (const uint64_t serial : answer.revoked_codes()) {
      object["revokedCodes"].push_back(fmt::to_string(serial));
    }
    return session.Object(object);
  }
  Show(session, answer.facility());
  for (const uint64_t serial : answer.revoked_codes()) {
    session.Line(fmt::format("{}: {}", T("已注销的码", "revoked code"), serial));
  }
}

Result<void> AddOrganizations(Session& session, const StepOptions& options, v1::LifeStep& step) {
  if (!options.from.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t from, FindOrganization(session, options.from));
    step.set_from_organization(from);
  }
  if (!options.to.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t to, FindOrganization(session, options.to));
    step.set_to_organization(to);
  }
  return {};
}

/// Steps that crews may record too, as they see them.
bool IsSeenThere(v1::LifeStepKind kind) {
  return kind == v1::LIFE_STEP_KIND_DAMAGE || kind == v1::LIFE_STEP_KIND_LOSE ||
         kind == v1::LIFE_STEP_KIND_REPAIR;
}

Result<void> Report(Session& session, const StepOptions& options,
                    const v1::RecordLifeStepRequest& step) {
  v1::ReportConditionRequest request;
  request.set_facility(step.facility());
  request.set_kind(step.step().kind());
  request.set_date(step.step().date());
  request.set_note(step.note());
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::ReportCondition));
  v1::RecordLifeStepResponse recorded;
  *recorded.mutable_facility() = answer.facility();
  ShowStep(session, recorded);
  return {};
}

Result<void> RecordStep(Session& session, const StepOptions& options) {
  v1::RecordLifeStepRequest request;
  v1::LifeStep& step = *request.mutable_step();
  YIMA_ASSIGN_OR_RETURN(const int kind,
                        ParseEnum(v1::LifeStepKind_descriptor(), options.step, "step"));
  step.set_kind(static_cast<v1::LifeStepKind>(kind));
  step.set_date(options.date.empty() ? Today() : options.date);
  if (options.basis.given()) {
    YIMA_ASSIGN_OR_RETURN(*step.mutable_basis(), MakeBasis(options.basis));
  }
  YIMA_RETURN_IF_ERROR(AddOrganizations(session, options, step));
  request.set_note(options.note);
  if (!options.position.empty()) {
    v1::UpdateFacilityRequest moved;
    YIMA_RETURN_IF_ERROR(ParseChanges(session, {"position=" + options.position}, moved));
    *request.mutable_position() = moved.facility().position();
  }
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  request.set_facility(found.facility().uid());
  const bool plain = !step.has_basis() && step.from_organization() == 0 &&
                     step.to_organization() == 0 && !request.has_position();
  if (plain && IsSeenThere(step.kind())) return Report(session, options, request);
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::RecordLifeStep));
  ShowStep(session, answer);
  return {};
}

Result<void> Retire(Session& session, const StepOptions& options) {
  v1::RetireFacilityRequest request;
  request.set_date(options.date.empty() ? Today() : options.date);
  YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(), MakeBasis(options.basis));
  request.set_note(options.note);
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
  request.set_facility(found.facility().uid());
  YIMA_ASSIGN_OR_RETURN(const auto answer,
                        SendWrite(session, options.request_id, request, &Client::RetireFacility));
  ShowStep(session, answer);
  return {};
}

/// A command about one facility and what was done to it.
CLI::App* AddStep(CLI::App& facilities, Session& session, const char* name, const char* what,
                  const std::vector<std::string>& examples,
                  Result<void> (*run)(Session&, const StepOptions&),
                  const std::shared_ptr<StepOptions>& options) {
  auto* command = AddCommand(&facilities, session, name, what, examples,
                             [&session, run, options] { return run(session, *options); });
  command
      ->add_option("facility", options->facility,
                   T("代码、uid:N 或 命名空间:值", "its code, uid:N or NAMESPACE:VALUE"))
      ->required();
  command->add_option("--date", options->date,
                      T("哪一天，YYYY-MM-DD；缺省今天", "the day, YYYY-MM-DD; today by default"));
  command->add_option("--note", options->note, T("说明，可消除", "a note, which can be erased"));
  command->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  return command;
}

void AddParties(CLI::App& command, StepOptions& options) {
  command.add_option("--from", options.from, T("移交单位", "who hands it over"));
  command.add_option("--to", options.to, T("接收单位", "who takes it"));
}

void AddUpdate(CLI::App& facilities, Session& session) {
  const auto options = std::make_shared<UpdateOptions>();
  auto* update = AddCommand(
      &facilities, session, "update", T("改动一个部件的字段", "change fields of one facility"),
      {"yima facilities update 14050201001000001 address=黄华街297号 owner=城区排水公司",
       "yima facilities update ledger:W-000001 parent=uid:4294967297 --json"},
      [&session, options] { return Update(session, *options); });
  update
      ->add_option("facility", options->facility,
                   T("代码、uid:N 或 命名空间:值", "its code, uid:N or NAMESPACE:VALUE"))
      ->required();
  update->add_option("changes", options->changes, ChangesHelp())->required();
  update->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace

void AddFacilitiesChange(CLI::App& facilities, Session& session) {
  AddUpdate(facilities, session);
  const auto life = std::make_shared<StepOptions>();
  auto* step = AddStep(facilities, session, "life",
                       T("登记部件一生中的一步：开工、移交、投用、破损、修复等",
                         "record a step of a facility's life"),
                       {"yima facilities life 14050201001000001 damage --date 2026-11-20",
                        "yima facilities life ledger:W-000001 move --position 112.85,35.49"},
                       RecordStep, life);
  step->add_option(
          "step", life->step,
          "begin-construction, hand-over, put-in-use, damage, lose, repair, move, abandon, "
          "remove, scrap")
      ->required();
  AddBasisOptions(*step, life->basis, false);
  AddParties(*step, *life);
  step->add_option("--position", life->position,
                   T("迁移后的位置：经度,纬度", "where it stands after a move: LON,LAT"));

  const auto handed = std::make_shared<StepOptions>();
  handed->step = "hand-over";
  auto* handover = AddStep(
      facilities, session, "handover",
      T("登记移交：由谁交给谁，凭什么文件", "record who handed it over to whom, on what document"),
      {"yima facilities handover 14050201001000001 --from 市政建设公司 --to 城区排水公司 "
       "--basis-kind 移交协议 --basis-number 12号",
       "yima facilities handover ledger:W-000001 --basis-kind 移交协议 --basis-number 12号 "
       "--json"},
      RecordStep, handed);
  AddBasisOptions(*handover, handed->basis, true);
  AddParties(*handover, *handed);

  const auto retired = std::make_shared<StepOptions>();
  auto* retire = AddStep(
      facilities, session, "retire",
      T("报废部件，同时注销其码", "scrap a facility; its codes are revoked at the same moment"),
      {"yima facilities retire 14050201001000001 --basis-kind 批复 --basis-number 3号",
       "yima facilities retire ledger:W-000001 --basis-kind 批复 --basis-number 3号 --json"},
      Retire, retired);
  AddBasisOptions(*retire, retired->basis, true);
}

}  // namespace yima::cli
