#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/facility_lines.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/table.h"
#include "client/cli/words.h"
#include "codegen/label/chart.h"
#include "codegen/label/output_file.h"

namespace yima::cli {
namespace {

struct CoverageOptions {
  std::string by;
  std::string right = "owning";
  std::vector<std::string> divisions;
  std::vector<std::string> classes;
  std::vector<std::string> organizations;
  std::string since;
  std::string svg;
};

const v1::RightCounts& CountsOf(const v1::Coverage& row, v1::RightKind right) {
  if (right == v1::RIGHT_KIND_SUPERVISING) return row.supervising();
  return right == v1::RIGHT_KIND_MAINTAINING ? row.maintaining() : row.owning();
}

/// Rounded down: 100 % is all, and nothing less.
std::string Percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{}.{}%", part * 100 / whole, part * 1000 / whole % 10);
}

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Result<v1::CoverageGroup> GroupOf(const std::string& by) {
  if (by.empty()) return v1::COVERAGE_GROUP_UNSPECIFIED;
  YIMA_ASSIGN_OR_RETURN(const int group, ParseEnum(v1::CoverageGroup_descriptor(), by, "--by"));
  return static_cast<v1::CoverageGroup>(group);
}

/// What stands for a group in table and chart.
class GroupNames {
 public:
  Result<void> Read(Session& session, const v1::GetCoverageRequest& request,
                    const v1::GetCoverageResponse& answer) {
    for (const auto& organization : answer.organizations()) {
      names_[fmt::to_string(organization.id())] = Printable(organization.name());
    }
    if (request.group() == v1::COVERAGE_GROUP_ORGANIZATION) names_["0"] = T("（无）", "(nobody)");
    if (request.group() != v1::COVERAGE_GROUP_CLASS) return {};
    YIMA_ASSIGN_OR_RETURN(const auto classes, session.client().ListFacilityClasses({}));
    for (const auto& each : classes.facility_classes()) {
      names_[each.code()] =
          fmt::format("{} {}", each.code(), T(each.name_zh().c_str(), each.name_en().c_str()));
    }
    return {};
  }
  std::string Of(const std::string& group) const {
    if (group.empty()) return T("合计", "total");
    const auto found = names_.find(group);
    return found == names_.end() ? Printable(group) : found->second;
  }

 private:
  std::map<std::string, std::string> names_;
};

Table MakeTable(const std::string& first) {
  return Table({first, T("部件", "facilities"), T("已赋码", "coded"), T("赋码率", "coded %"),
                T("已登记", "recorded"), T("认领中", "claimed"), T("公示率", "published %"),
                T("已确权", "confirmed"), T("确权率", "confirmed %"), T("无主", "ownerless"),
                T("未登记", "nobody")});
}

std::vector<std::string> Cells(std::string name, const v1::Coverage& row, v1::RightKind right) {
  const v1::RightCounts& counts = CountsOf(row, right);
  return {std::move(name),
          fmt::to_string(row.facilities()),
          fmt::to_string(row.coded()),
          Percent(row.coded(), row.facilities()),
          fmt::to_string(counts.recorded()),
          fmt::to_string(counts.claimed()),
          Percent(counts.published(), row.facilities()),
          fmt::to_string(counts.confirmed()),
          Percent(counts.confirmed(), row.facilities()),
          fmt::to_string(counts.ownerless()),
          fmt::to_string(counts.none())};
}

label::Chart MakeChart(v1::RightKind right, std::string subtitle) {
  label::Chart chart;
  chart.title = fmt::format(fmt::runtime(T("赋码确权进度（{}）", "Codes and rights ({})")),
                            RightInWords(right));
  chart.subtitle = std::move(subtitle);
  chart.series = {T("赋码率", "with a code"), T("公示率", "published"), T("确权率", "confirmed")};
  return chart;
}

label::Chart::Row ChartRow(std::string name, const v1::Coverage& row, v1::RightKind right) {
  const v1::RightCounts& counts = CountsOf(row, right);
  return {std::move(name),
          {Share(row.coded(), row.facilities()), Share(counts.published(), row.facilities()),
           Share(counts.confirmed(), row.facilities())},
          fmt::format(fmt::runtime(T("{} 个部件", "{} facilities")), row.facilities())};
}

Result<void> WriteSvg(const std::string& path, const std::string& svg) {
  YIMA_RETURN_IF_ERROR(label::CheckReplaceable(path, "<?xml"));
  YIMA_ASSIGN_OR_RETURN(auto file, label::OutputFile::Create(path));
  YIMA_RETURN_IF_ERROR(file.Write(svg));
  YIMA_RETURN_IF_ERROR(file.Close());
  return file.Publish();
}

Result<void> ShowNow(Session& session, const CoverageOptions& options, v1::RightKind right) {
  v1::GetCoverageRequest request;
  YIMA_ASSIGN_OR_RETURN(const v1::CoverageGroup group, GroupOf(options.by));
  request.set_group(group);
  request.set_role(right);
  for (const auto& division : options.divisions) request.add_divisions(division);
  for (const auto& each : options.classes) request.add_class_codes(each);
  for (const auto& text : options.organizations) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t id, FindOrganization(session, text));
    request.add_organizations(id);
  }
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().GetCoverage(request));
  GroupNames names;
  YIMA_RETURN_IF_ERROR(names.Read(session, request, answer));
  if (!options.svg.empty()) {
    label::Chart chart = MakeChart(right, fmt::format(fmt::runtime(T("{} 个部件", "{} facilities")),
                                                      answer.total().facilities()));
    for (const auto& row : answer.rows()) {
      chart.rows.push_back(ChartRow(names.Of(row.group()), row, right));
    }
    YIMA_ASSIGN_OR_RETURN(const std::string svg, label::BarChartSvg(chart));
    YIMA_RETURN_IF_ERROR(WriteSvg(options.svg, svg));
  }
  if (session.json) {
    session.Object(ToJson(answer));
    return {};
  }
  Table table = MakeTable(RightInWords(right));
  for (const auto& row : answer.rows()) table.Add(Cells(names.Of(row.group()), row, right));
  if (group != v1::COVERAGE_GROUP_UNSPECIFIED) {
    table.Add(Cells(names.Of(""), answer.total(), right));
  }
  for (const auto& line : table.Lines()) session.Line(line);
  return {};
}

Result<void> ShowDays(Session& session, const CoverageOptions& options, v1::RightKind right) {
  const bool narrowed = !options.by.empty() || !options.divisions.empty() ||
                        !options.classes.empty() || !options.organizations.empty();
  if (narrowed) {
    return Invalid("OPTIONS_CONFLICT",
                   "--since shows the totals of days: without --by, --division, --class and "
                   "--organization",
                   "--since");
  }
  v1::ListCoverageDaysRequest request;
  request.set_first_day(options.since);
  request.set_totals_only(true);
  label::Chart chart = MakeChart(right, "");
  Table table = MakeTable(RightInWords(right));
  YIMA_RETURN_IF_ERROR((EachPage<v1::ListCoverageDaysRequest, v1::ListCoverageDaysResponse>(
      request, [&](const auto& page) { return session.client().ListCoverageDays(page); },
      [&](const auto& page) -> Result<void> {
        for (const auto& day : page.days()) {
          if (session.json) session.Object(ToJson(day));
          table.Add(Cells(day.day(), day.total(), right));
          chart.rows.push_back(ChartRow(day.day(), day.total(), right));
        }
        return session.Flush();
      })));
  if (!options.svg.empty()) {
    // The newest, when there are more than one can tell apart.
    if (chart.rows.size() > label::kChartRowsMax) {
      chart.rows.erase(chart.rows.begin(), chart.rows.end() - label::kChartRowsMax);
    }
    if (!chart.rows.empty()) {
      chart.subtitle = fmt::format("{} – {}", chart.rows.front().label, chart.rows.back().label);
    }
    YIMA_ASSIGN_OR_RETURN(const std::string svg, label::LineChartSvg(chart));
    YIMA_RETURN_IF_ERROR(WriteSvg(options.svg, svg));
  }
  if (session.json) return {};
  for (const auto& line : table.Lines()) session.Line(line);
  return {};
}

Result<void> Coverage(Session& session, const CoverageOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const int kind,
                        ParseEnum(v1::RightKind_descriptor(), options.right, "--right"));
  const auto right = static_cast<v1::RightKind>(kind);
  return options.since.empty() ? ShowNow(session, options, right)
                               : ShowDays(session, options, right);
}

}  // namespace

void AddCoverage(CLI::App& app, Session& session) {
  const auto options = std::make_shared<CoverageOptions>();
  auto* coverage = AddCommand(
      &app, session, "coverage",
      T("赋码率、公示率、确权率：按区划、小类、单位，或逐日",
        "how far codes and rights have come: by division, class, organization, or day by day"),
      {"yima coverage --by division --right owning",
       "yima coverage --since 2026-01-01 --svg coverage.svg"},
      [&session, options] { return Coverage(session, *options); });
  coverage->add_option(
      "--by", options->by,
      T("分组：division、class 或 organization", "group by division, class or organization"));
  coverage
      ->add_option("--right", options->right,
                   T("哪种权利：supervising、owning 或 maintaining；也按它的持有单位分组",
                     "which right: supervising, owning or maintaining; organizations are told "
                     "apart by it too"))
      ->capture_default_str();
  coverage->add_option(
      "--division", options->divisions,
      T("只看这些区划：2、4 或 6 位数字", "only these divisions: 2, 4 or 6 digits"));
  coverage->add_option(
      "--class", options->classes,
      T("只看这些小类，或两位数字的大类", "only these classes, or groups of 2 digits"));
  coverage->add_option("--organization", options->organizations,
                       T("只看这些单位：编号、名称或统一社会信用代码",
                         "only these organizations: number, name or credit code"));
  coverage->add_option(
      "--since", options->since,
      T("从这一天起逐日列出（YYYY-MM-DD）", "day by day from this one on (YYYY-MM-DD)"));
  coverage->add_option(
      "--svg", options->svg,
      T("另画成图：按组为条形，逐日为折线", "draw it too: bars by group, lines by day"));
}

}  // namespace yima::cli
