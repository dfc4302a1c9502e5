#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

/// What it was called before, and what became of it.
std::string PastOf(const v1::Organization& organization) {
  std::string past;
  for (const auto& former : organization.former_names()) {
    past += fmt::format("{}{} {} ({} {})", past.empty() ? "" : ", ", T("曾用名", "formerly"),
                        Printable(former.name()), T("至", "until"), former.until());
  }
  if (organization.state() == v1::ORGANIZATION_STATE_UNSPECIFIED) return past;
  return fmt::format("{}{}{} {}", past, past.empty() ? "" : ", ",
                     organization.state() == v1::ORGANIZATION_STATE_MERGED
                         ? T("已并入他单位", "merged")
                         : T("已撤销", "dissolved"),
                     organization.ended_on());
}

Result<void> List(Session& session) {
  return EachPage<v1::ListOrganizationsRequest, v1::ListOrganizationsResponse>(
      {}, [&](const auto& request) { return session.client().ListOrganizations(request); },
      [&](const auto& page) {
        for (const auto& organization : page.organizations()) {
          if (session.json) {
            session.Object(ToJson(organization));
            continue;
          }
          session.Line(fmt::format("{}\t{}\t{}\t{}\t{}", organization.id(),
                                   Printable(organization.name()), organization.credit_code(),
                                   Printable(organization.telephone()), PastOf(organization)));
        }
        return session.Flush();
      });
}

}  // namespace

void AddOrganizations(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "organizations",
                         T("主管部门、权属单位、养护单位", "supervisors, owners, maintainers"));
  AddOrganizationsImport(*group, session);
  AddOrganizationsErase(*group, session);
  AddOrganizationsReorganize(*group, session);
  AddCommand(group, session, "list",
             T("列出单位：编号、名称、统一社会信用代码、电话、曾用名与存续",
               "list organizations: number, name, credit code, telephone, former names and end"),
             {"yima organizations list", "yima organizations list --json"},
             [&session] { return List(session); });
}

}  // namespace yima::cli
