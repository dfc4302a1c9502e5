#include "client/log/log_monitor.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/log_lines.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/log/entry_facts.h"
#include "codegen/code/day.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::cli {
namespace {

struct Watched {
  std::vector<std::string> facility_names;
  std::vector<std::string> organization_names;
  std::set<uint64_t> facilities;
  std::set<uint64_t> organizations;

  bool any() const { return !facility_names.empty() || !organization_names.empty(); }
};

/// Whom `--facility` and `--organization` name, looked up on the server.
Result<void> LookUp(Session& session, Watched& watched) {
  for (const auto& name : watched.facility_names) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, name));
    watched.facilities.insert(found.facility().uid());
  }
  for (const auto& name : watched.organization_names) {
    YIMA_ASSIGN_OR_RETURN(const auto filter, ParseWhere(session, {"organization=" + name}));
    for (const uint64_t id : filter.organizations()) watched.organizations.insert(id);
  }
  return {};
}

bool Concerns(const Watched& watched, const v1::LogEntry& entry) {
  const auto of_watched = [&](const v1::Right& right) {
    return watched.organizations.contains(right.holder());
  };
  switch (entry.record_case()) {
    case v1::LogEntry::kFacility: {
      const v1::Facility& facility = entry.facility();
      return watched.facilities.contains(facility.uid()) || of_watched(facility.supervising()) ||
             of_watched(facility.owning()) || of_watched(facility.maintaining());
    }
    case v1::LogEntry::kCode:
      return watched.facilities.contains(entry.code().facility());
    case v1::LogEntry::kOrganization:
      return watched.organizations.contains(entry.organization().id());
    default:
      return false;
  }
}

void ShowReport(Session& session, const MonitorReport& report) {
  const uint64_t before = report.before ? report.before->size : 0;
  if (session.json) {
    session.Object({{"log", report.checkpoint.origin},
                    {"size", fmt::to_string(report.checkpoint.size)},
                    {"root", HexOf(report.checkpoint.root)},
                    {"before", report.before ? Json(fmt::to_string(before)) : Json(nullptr)},
                    {"beforeLog", report.before ? Json(report.before->origin) : Json(nullptr)},
                    {"lost", fmt::to_string(report.lost)},
                    {"branched", report.branched}});
  } else if (!report.before) {
    session.Line(fmt::format(fmt::runtime(T("日志 {}：{} 条；首次查看，由此开始监督",
                                            "log {}: {} entries; the first look, from which on it "
                                            "is watched")),
                             report.checkpoint.origin, report.checkpoint.size));
  } else {
    session.Line(fmt::format(fmt::runtime(T("日志 {}：{} 条，此前 {} 条，历史一致",
                                            "log {}: {} entries, {} before, one history")),
                             report.checkpoint.origin, report.checkpoint.size, before));
  }
  TellRestores(session, report.restores);
  if (report.lost == 0 && !report.branched) return;
  session.Note(Exit::kChanged);
  const std::string after = FormatTime(static_cast<TimeUs>(report.lost_after_us));
  session.Tell(report.branched
                   ? fmt::format(fmt::runtime(T("此前所见的日志在 {} 之后的部分已随恢复放弃",
                                                "of the log seen before, all of after {} was given "
                                                "up by a restore")),
                                 after)
                   : fmt::format(fmt::runtime(T("此前所见的 {} 条日志（{} 之后）因恢复而丢失",
                                                "{} entries that were seen, of after {}, were lost "
                                                "by a restore")),
                                 report.lost, after));
}

Result<void> Monitor(Session& session, Watched& watched) {
  YIMA_RETURN_IF_ERROR(LookUp(session, watched));
  LogMonitor monitor(session.client(), session.trust);
  EntryVisitor visit;
  if (watched.any()) {
    visit = [&](uint64_t index, std::string_view bytes) -> Result<void> {
      v1::LogEntry entry;
      if (entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
          !Concerns(watched, entry)) {
        return {};
      }
      session.Note(Exit::kChanged);
      return ShowEntry(session, index, bytes);
    };
  }
  YIMA_ASSIGN_OR_RETURN(const auto report, monitor.Look(visit));
  ShowReport(session, report);
  return {};
}

}  // namespace

void AddLogMonitor(CLI::App& log, Session& session) {
  const auto watched = std::make_shared<Watched>();
  auto* monitor = AddCommand(
      &log, session, "monitor",
      T("监督日志，供定时运行：与上次所见的检查点比对，并列出所关注对象的变更。退出码：0 一致，5 "
        "所关注者有变或恢复丢失条目，6 日志不符（证据存入信任目录）",
        "watch the log, for cron: compares it with the checkpoint seen last, and lists changes of "
        "what is watched. Exit codes: 0 consistent, 5 something watched has changed or a restore "
        "lost entries, 6 the log is not the one seen before (evidence is kept in the trust "
        "folder)"),
      {"yima log monitor",
       "yima log monitor --organization 城区排水公司 --facility uid:4294967297"},
      [&session, watched] { return Monitor(session, *watched); });
  monitor
      ->add_option("--facility", watched->facility_names,
                   T("关注的部件及其码，可重复；须审计员",
                     "a facility and its codes; may be repeated; for auditors"))
      ->allow_extra_args(false);
  monitor
      ->add_option("--organization", watched->organization_names,
                   T("关注的单位及其为权利人的部件，可重复；须审计员",
                     "an organization and the facilities it holds a right of; may be repeated; for "
                     "auditors"))
      ->allow_extra_args(false);
}

}  // namespace yima::cli
