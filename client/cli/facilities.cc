#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/facility_lines.h"
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

struct ListOptions {
  std::vector<std::string> where;
  bool not_handed_over = false;
};

Result<void> List(Session& session, const ListOptions& options) {
  v1::ListFacilitiesRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  if (options.not_handed_over) request.mutable_filter()->set_not_handed_over(true);
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
    object["whole"] = found.has_parent() ? ToJson(found.parent()) : Json();
    object["parts"] = Json::array();
    for (const auto& part : found.children()) object["parts"].push_back(ToJson(part));
    session.Object(object);
    return {};
  }
  Show(session, found.facility());
  if (found.active_code() != 0) session.Line(fmt::format("activeCode: {}", found.active_code()));
  if (found.has_parent()) session.Line("whole: " + Glance(found.parent()));
  for (const auto& part : found.children()) session.Line("part: " + Glance(part));
  return {};
}

}  // namespace

void AddFacilities(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "facilities", T("部件", "facilities"));
  AddFacilitiesImport(*group, session);
  AddFacilitiesHistory(*group, session);
  AddFacilitiesNear(*group, session);
  AddFacilitiesChange(*group, session);
  AddFacilitiesSet(*group, session);
  const auto options = std::make_shared<ListOptions>();
  auto* list = AddCommand(group, session, "list",
                          T("列出部件：编号、代码、区划、小类、名称、状态",
                            "list facilities: number, code, division, class, name, condition"),
                          {"yima facilities list --where class=01001 coded=no",
                           "yima facilities list --not-handed-over --json"},
                          [&session, options] { return List(session, *options); });
  list->add_option("--where", options->where, WhereHelp());
  list->add_flag("--not-handed-over", options->not_handed_over,
                 T("只列在建或在用而从未移交的",
                   "those under construction or in use that were never handed over"));
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
