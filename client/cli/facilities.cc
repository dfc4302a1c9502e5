#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

void ShowLine(Session& session, const v1::Facility& facility) {
  if (session.json) return session.Object(ToJson(facility));
  const std::string code = facility.codes().empty() ? "" : facility.codes().rbegin()->digits();
  session.Line(fmt::format("{}\t{}\t{}\t{}\t{}\t{}", facility.uid(), code, facility.division(),
                           facility.class_code(), Printable(facility.name()),
                           EnumName(v1::Condition_descriptor(), facility.condition())));
}

Result<void> List(Session& session, const std::vector<std::string>& where) {
  v1::ListFacilitiesRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, where));
  return EachPage<v1::ListFacilitiesRequest, v1::ListFacilitiesResponse>(
      request, [&](const auto& asked) { return session.client().ListFacilities(asked); },
      [&](const auto& page) {
        for (const auto& facility : page.facilities()) ShowLine(session, facility);
        return session.Flush();
      });
}

Result<void> ShowOne(Session& session, const std::string& name) {
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, name));
  if (session.json) {
    Json object = ToJson(found.facility());
    object["activeCode"] = fmt::to_string(found.active_code());
    session.Object(object);
    return {};
  }
  Show(session, found.facility());
  if (found.active_code() != 0) session.Line(fmt::format("activeCode: {}", found.active_code()));
  return {};
}

}  // namespace

void AddFacilities(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "facilities", T("部件", "facilities"));
  AddFacilitiesImport(*group, session);
  AddFacilitiesHistory(*group, session);
  AddFacilitiesNear(*group, session);
  const auto where = std::make_shared<std::vector<std::string>>();
  auto* list = AddCommand(group, session, "list",
                          T("列出部件：编号、代码、区划、小类、名称、状态",
                            "list facilities: number, code, division, class, name, condition"),
                          {"yima facilities list --where class=01001 coded=no",
                           "yima facilities list --where division=1405 --json"},
                          [&session, where] { return List(session, *where); });
  list->add_option("--where", *where, WhereHelp());
  AddFacilitiesErase(*group, session);
  const auto name = std::make_shared<std::string>();
  auto* show = AddCommand(
      group, session, "show", T("显示一个部件", "show one facility"),
      {"yima facilities show 14050201001000001", "yima facilities show ledger:W-000001 --json"},
      [&session, name] { return ShowOne(session, *name); });
  show->add_option("facility", *name,
                   T("代码、uid:N 或 命名空间:值", "its code, uid:N or NAMESPACE:VALUE"))
      ->required();
}

}  // namespace yima::cli
