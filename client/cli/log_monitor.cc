#include "client/log/log_monitor.h"

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/facility_lines.h"
#include "client/cli/log_lines.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/log/entry_facts.h"
#include "codegen/code/day.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::cli {
namespace {

struct Names {
  std::vector<std::string> facilities;
  std::vector<std::string> organizations;
};

Result<LogWatch> WatchFor(const Names& names) {
  std::vector<v1::GetFacilityRequest> facilities;
  for (const auto& name : names.facilities) {
    YIMA_ASSIGN_OR_RETURN(facilities.emplace_back(), ParseFacilityName(name));
  }
  return LogWatch(std::move(facilities), names.organizations);
}

/// The entry, and which rights end with it.
Result<void> ShowWatched(Session& session, const WatchedEntry& entry) {
  session.Note(Exit::kChanged);
  Json left = Json::array();
  for (const auto& one : entry.left) {
    left.push_back({{"right", EnumName(v1::RightKind_descriptor(), one.kind)},
                    {"organization", fmt::to_string(one.organization)},
                    {"name", one.name}});
  }
  YIMA_RETURN_IF_ERROR(ShowEntry(session, entry.index, entry.bytes, {{"left", left}}));
  if (session.json) return {};
  for (const auto& one : entry.left) {
    session.Line(Printable(fmt::format(
        fmt::runtime(T("  不再属于单位 {} {}：{}", "  no longer of organization {} {}: {}")),
        one.organization, one.name, RightInWords(one.kind))));
  }
  return {};
}

void ShowReport(Session& session, const MonitorReport& report) {
  const uint64_t before = report.before ? report.before->size : 0;
  if (session.json) {
    session.Object({{"log", report.checkpoint.origin},
                    {"size", fmt::to_string(report.checkpoint.size)},
                    {"root", HexOf(report.checkpoint.root)},
                    {"before", report.before ? Json(fmt::to_string(before)) : Json(nullptr)},
                    {"beforeLog", report.before ? Json(report.before->origin) : Json(nullptr)},
                    {"lost", fmt::to_string(report.over.lost)},
                    {"lostFrom", fmt::to_string(report.over.kept)},
                    {"unsaid", fmt::to_string(report.over.unsaid)},
                    {"branched", report.over.branched}});
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
  if (report.before) TellWentOver(session, *report.before, report.over);
  if (!report.evidence.empty()) session.Tell(report.evidence);
  for (const auto& file : report.damaged) {
    session.Tell(
        fmt::format(fmt::runtime(T("提示：{} 已损坏，未参与比对",
                                   "note: {} is not as it was written, and was not compared with")),
                    file.string()));
  }
}

Result<void> Monitor(Session& session, const Names& names) {
  YIMA_ASSIGN_OR_RETURN(LogWatch watch, WatchFor(names));
  LogMonitor monitor(session.client(), session.trust);
  YIMA_RETURN_IF_ERROR(monitor.Look(
      &watch, [&](const WatchedEntry& entry) { return ShowWatched(session, entry); },
      [&](const MonitorReport& report) {
        ShowReport(session, report);
        return session.Flush();
      }));
  return {};
}

}  // namespace

void AddLogMonitor(CLI::App& log, Session& session) {
  const auto names = std::make_shared<Names>();
  auto* monitor = AddCommand(
      &log, session, "monitor",
      T("监督日志，供定时运行：与上次所见的检查点比对，并列出所关注对象的变更。退出码：0 一致，5 "
        "所关注者有变，6 日志不符、服务器拿不出证明、或恢复丢失条目（证据存入信任目录）",
        "watch the log, for cron: compares it with the checkpoint seen last, and lists changes of "
        "what is watched. Exit codes: 0 consistent, 5 something watched has changed, 6 the log is "
        "not the one seen before, the server gives no proof of it, or a restore lost entries "
        "(evidence is kept in the trust folder)"),
      {"yima log monitor",
       "yima log monitor --organization 城区排水公司 --facility uid:4294967297"},
      [&session, names] { return Monitor(session, *names); });
  monitor
      ->add_option("--facility", names->facilities,
                   T("关注的部件及其码，可重复；须审计员",
                     "a facility and its codes; may be repeated; for auditors"))
      ->allow_extra_args(false);
  monitor
      ->add_option("--organization", names->organizations,
                   T("关注的单位及其为权利人的部件，可重复；须审计员",
                     "an organization and the facilities it holds a right of; may be repeated; for "
                     "auditors"))
      ->allow_extra_args(false);
}

}  // namespace yima::cli
