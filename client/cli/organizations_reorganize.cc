#include <ctime>

#include <fmt/format.h>

#include "client/cli/basis.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/rights_run.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct ReorganizeOptions {
  std::string organization;
  std::string to;
  std::string new_name;
  std::vector<std::string> where;
  std::string date;
  BasisOptions basis;
  RunOptions run;
};

RunWords WordsFor(v1::ReorganizationKind kind) {
  const char* done = T("已随之变更的权利、认领与决定", "rights, claims and orders that followed");
  const char* would =
      T("将随之变更的权利、认领与决定", "rights, claims and orders that would follow");
  if (kind == v1::REORGANIZATION_KIND_RENAME) {
    return {T("更名", "renaming"), done, would,
            T("单位将更名，旧名仍可查到它。继续吗？",
              "the organization would be renamed; its old name still leads to it. Go on?")};
  }
  return {T("机构变动", "following"), done, would,
          T("{1} 个部件上的 {0} 项权利、认领与决定将随之变更，拒绝 {2} 个部件。继续吗？",
            "{0} rights, claims and orders of {1} facilities would follow, {2} facilities refuse. "
            "Go on?")};
}

Result<void> Reorganize(Session& session, const ReorganizeOptions& options,
                        v1::ReorganizationKind kind) {
  v1::ReorganizeRequest request;
  request.set_kind(kind);
  request.set_new_name(options.new_name);
  request.set_date(options.date);
  YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(),
                        BasisFor(session, options.basis, options.run.dry_run));
  YIMA_ASSIGN_OR_RETURN(const uint64_t organization,
                        FindOrganization(session, options.organization));
  request.set_organization(organization);
  if (!options.to.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t to, FindOrganization(session, options.to));
    request.set_to(to);
  }
  if (!options.where.empty()) {
    YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  }
  YIMA_ASSIGN_OR_RETURN(const auto answer, RunOverRights(session, options.run, WordsFor(kind),
                                                         request, &Client::Reorganize));
  // One object a line, and the progress is one already.
  if (!session.json && !options.run.dry_run) Show(session, answer.organization());
  return {};
}

CLI::App* AddOne(CLI::App& organizations, Session& session, const char* name, const char* what,
                 const std::vector<std::string>& examples, v1::ReorganizationKind kind,
                 const std::shared_ptr<ReorganizeOptions>& options) {
  auto* command =
      AddCommand(&organizations, session, name, what, examples,
                 [&session, kind, options] { return Reorganize(session, *options, kind); });
  command
      ->add_option(
          "organization", options->organization,
          T("编号、名称、别名或统一社会信用代码", "its number, name, alias or credit code"))
      ->required();
  command
      ->add_option("--date", options->date, T("自哪天起 YYYY-MM-DD", "from which day, YYYY-MM-DD"))
      ->required();
  AddBasisOptions(*command, options->basis, true);
  AddRunOptions(*command, options->run);
  return command;
}

void AddRename(CLI::App& organizations, Session& session) {
  const auto options = std::make_shared<ReorganizeOptions>();
  auto* rename =
      AddOne(organizations, session, "rename",
             T("单位更名；旧名仍可查到它",
               "give an organization another name; the old one still leads to it"),
             {"yima organizations rename 城区排水公司 --new-name 城区水务集团 --date 2026-12-01 "
              "--basis-kind 批复 --basis-number 30号",
              "yima organizations rename 4294967298 --new-name 城区水务集团 --date 2026-12-01 "
              "--basis-kind "
              "批复 --basis-number 30号 --yes"},
             v1::REORGANIZATION_KIND_RENAME, options);
  rename->add_option("--new-name", options->new_name, T("新名称", "the new name"))->required();
}

void AddMerge(CLI::App& organizations, Session& session) {
  const auto options = std::make_shared<ReorganizeOptions>();
  auto* merge = AddOne(
      organizations, session, "merge",
      T("单位并入另一单位，权利随之转移", "merge an organization into another: its rights follow"),
      {"yima organizations merge 北城排水公司 --into 城区排水公司 --date 2026-12-01 --basis-kind "
       "批复 "
       "--basis-number 30号",
       "yima organizations merge 4294967298 --into 4294967299 --date 2026-12-01 --basis-kind 批复 "
       "--basis-number 30号 --dry-run"},
      v1::REORGANIZATION_KIND_MERGE, options);
  merge->add_option("--into", options->to, T("并入哪个单位", "into which organization"))
      ->required();
}

void AddSplit(CLI::App& organizations, Session& session) {
  const auto options = std::make_shared<ReorganizeOptions>();
  auto* split = AddOne(
      organizations, session, "split",
      T("单位分立：筛选出的部件归另一单位，原单位继续存在",
        "split an organization: what a filter finds goes to another, and both go on"),
      {"yima organizations split 城区排水公司 --to 北城排水公司 --where division=140521 --date "
       "2026-12-01 --basis-kind 批复 --basis-number 30号",
       "yima organizations split 4294967298 --to 4294967299 --where class=01003 --date 2026-12-01 "
       "--basis-kind 批复 --basis-number 30号 --yes --json"},
      v1::REORGANIZATION_KIND_SPLIT, options);
  split->add_option("--to", options->to, T("归哪个单位", "to which organization"))->required();
  split->add_option("--where", options->where, WhereHelp())->required();
}

void AddDissolve(CLI::App& organizations, Session& session) {
  const auto options = std::make_shared<ReorganizeOptions>();
  auto* dissolve = AddOne(
      organizations, session, "dissolve",
      T("撤销单位：权利归接续单位；不指明时，其所有的部件成为无主",
        "dissolve an organization: its rights go to who follows, or what it owned is ownerless"),
      {"yima organizations dissolve 北城排水公司 --to 城区排水公司 --date 2026-12-01 --basis-kind "
       "批复 "
       "--basis-number 30号",
       "yima organizations dissolve 4294967298 --date 2026-12-01 --basis-kind 批复 --basis-number "
       "30号 --dry-run"},
      v1::REORGANIZATION_KIND_DISSOLVE, options);
  dissolve->add_option("--to", options->to, T("接续单位", "who follows"));
}

}  // namespace

void AddOrganizationsReorganize(CLI::App& organizations, Session& session) {
  AddRename(organizations, session);
  AddMerge(organizations, session);
  AddSplit(organizations, session);
  AddDissolve(organizations, session);
  const auto name = std::make_shared<std::string>();
  auto* show = AddCommand(
      &organizations, session, "show",
      T("显示一个单位，可用其旧名", "show one organization, also by a former name"),
      {"yima organizations show 城区排水公司", "yima organizations show 4294967298 --json"},
      [&session, name]() -> Result<void> {
        v1::GetOrganizationRequest request;
        YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindOrganization(session, *name));
        request.set_id(id);
        YIMA_ASSIGN_OR_RETURN(const auto found, session.client().GetOrganization(request));
        Show(session, found.organization());
        return {};
      });
  show->add_option(
          "organization", *name,
          T("编号、名称、别名或统一社会信用代码", "its number, name, alias or credit code"))
      ->required();
}

}  // namespace yima::cli
