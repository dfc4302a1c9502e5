#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct EraseOptions {
  std::string target;
  std::vector<std::string> values;
  std::string request_id;
};

Result<void> Erase(Session& session, const EraseOptions& options, v1::EraseValuesRequest request) {
  for (const auto& value : options.values) request.add_values(value);
  v1::EraseValuesResponse answer;
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  YIMA_RETURN_IF_ERROR(
      UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
        request.set_request_id(id);
        YIMA_ASSIGN_OR_RETURN(answer, session.client().EraseValues(request));
        return {};
      }));
  if (session.json) {
    session.Object(ToJson(answer));
  } else if (answer.has_facility()) {
    Show(session, answer.facility());
  } else {
    Show(session, answer.organization());
  }
  if (answer.still_in_files()) {
    session.Tell(T("注意：有程序正在读取旧数据，服务器随后自动清除；稍后可重复本命令查看",
                   "note: a program still reads the data as it was; the server clears its files by "
                   "itself as soon as that has ended, and the same command tells"));
  }
  session.Tell(T("注意：此前的备份和来源台账中仍有该内容，须另行删除",
                 "note: backups made before, and the ledger it came from, still hold it"));
  return {};
}

Result<void> EraseOfFacility(Session& session, const EraseOptions& options) {
  v1::EraseValuesRequest request;
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.target));
  request.set_facility(found.facility().uid());
  return Erase(session, options, request);
}

Result<void> EraseOfOrganization(Session& session, const EraseOptions& options) {
  v1::GetOrganizationRequest name;
  name.set_text(options.target);
  // Names of digits alone are numbers of ours, but for credit codes, which are longer.
  if (const auto id = ParseNumber(options.target, "organization");
      id && options.target.size() < 18) {
    name.set_id(*id);
  }
  YIMA_ASSIGN_OR_RETURN(const auto found, session.client().GetOrganization(name));
  v1::EraseValuesRequest request;
  request.set_organization(found.organization().id());
  return Erase(session, options, request);
}

void AddErase(CLI::App& group, Session& session, const std::vector<std::string>& examples,
              const char* target, const char* target_help, const char* values_help,
              Result<void> (*run)(Session&, const EraseOptions&)) {
  const auto options = std::make_shared<EraseOptions>();
  auto* erase =
      AddCommand(&group, session, "erase",
                 T("删除个人信息，不可恢复；记录与日志只留其哈希",
                   "erase personal values for ever; record and log keep their hashes alone"),
                 examples, [&session, options, run] { return run(session, *options); });
  erase->add_option(target, options->target, target_help)->required();
  erase->add_option("--value", options->values, values_help)->required();
  erase->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace

void AddFacilitiesErase(CLI::App& facilities, Session& session) {
  AddErase(
      facilities, session,
      {"yima facilities erase 14050201001000001 --value remark",
       "yima facilities erase uid:4294967297 --value 'personal[contact]' --value last_step.note"},
      "facility", T("代码、uid:N 或 命名空间:值", "its code, uid:N or NAMESPACE:VALUE"),
      T("哪些：remark、personal[名称]、last_step.note、hand_over.note",
        "which: remark, personal[NAME], last_step.note, hand_over.note"),
      EraseOfFacility);
}

void AddOrganizationsErase(CLI::App& organizations, Session& session) {
  AddErase(organizations, session,
           {"yima organizations erase 4294967297 --value contact_name",
            "yima organizations erase 91350100M000100Y43 --value contact_name --value "
            "contact_telephone"},
           "organization", T("编号、名称或统一社会信用代码", "its number, name or credit code"),
           T("哪些：contact_name、contact_telephone", "which: contact_name, contact_telephone"),
           EraseOfOrganization);
}

}  // namespace yima::cli
