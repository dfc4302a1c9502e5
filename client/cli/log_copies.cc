#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/log_lines.h"
#include "client/cli/words.h"
#include "client/log/log_export.h"
#include "client/log/log_verify.h"

namespace yima::cli {
namespace {

struct CopyOptions {
  std::string folder;
  std::string state;
  bool hashes_only = false;
};

Result<void> Export(Session& session, const CopyOptions& wanted) {
  const ServerLog source(session.client());
  YIMA_ASSIGN_OR_RETURN(const auto log, ServedLog(session, source));
  Progress bar(T("导出日志", "exporting"));
  ExportOptions options;
  options.hashes_only = wanted.hashes_only;
  options.progress = [&bar](uint64_t done, uint64_t total) { bar.Show(done, total); };
  YIMA_ASSIGN_OR_RETURN(const auto report, ExportLog(source, log, wanted.folder, options));
  if (session.json) {
    session.Object({{"folder", wanted.folder},
                    {"begun", fmt::to_string(report.begun)},
                    {"size", fmt::to_string(report.size)},
                    {"root", HexOf(log.checkpoint.root)}});
    return {};
  }
  session.Line(
      fmt::format(fmt::runtime(T("{}：{} 条，新增 {} 条", "{}: {} entries, {} of them new")),
                  wanted.folder, report.size, report.size - report.begun));
  return {};
}

Result<void> ShowVerified(Session& session, const KnownLog& log, const VerifyReport& report) {
  if (session.json) {
    session.Object({{"log", log.checkpoint.origin},
                    {"begun", fmt::to_string(report.begun)},
                    {"size", fmt::to_string(report.size)},
                    {"root", HexOf(log.checkpoint.root)},
                    {"before", report.before ? Json(fmt::to_string(report.before->size)) : Json()},
                    {"beforeLog", report.before ? Json(report.before->origin) : Json()},
                    {"lost", fmt::to_string(report.over.lost)},
                    {"branched", report.over.branched}});
  } else {
    session.Line(fmt::format(
        fmt::runtime(T("日志 {}：{} 条全部属实，本次核验 {} 条",
                       "log {}: all {} entries are as signed, {} of them looked at now")),
        log.checkpoint.origin, report.size, report.size - report.begun));
  }
  TellRestores(session, report.restores);
  if (report.before) TellWentOver(session, *report.before, report.over);
  return session.Flush();
}

Result<void> Verify(Session& session, const CopyOptions& wanted) {
  const bool folder = !wanted.folder.empty();
  const std::unique_ptr<LogSource> source =
      folder ? std::unique_ptr<LogSource>(std::make_unique<FolderLog>(wanted.folder))
             : std::make_unique<ServerLog>(session.client(), session.server);
  YIMA_ASSIGN_OR_RETURN(const auto log, folder ? NewestLog(session, *source)
                                               : ServedLog(session, ServerLog(session.client())));
  Progress bar(T("核验日志", "verifying"));
  VerifyOptions options;
  options.state = wanted.state;
  options.hashes_only = wanted.hashes_only;
  options.progress = [&bar](uint64_t done, uint64_t total) { bar.Show(done, total); };
  options.report = [&](const VerifyReport& report) { return ShowVerified(session, log, report); };
  YIMA_RETURN_IF_ERROR(VerifyLog(*source, log, options));
  return {};
}

}  // namespace

void AddLogCopies(CLI::App& log, Session& session) {
  const auto copy = std::make_shared<CopyOptions>();
  auto* copying = AddCommand(
      &log, session, "export",
      T("将日志导出到目录（C2SP tlog-tiles 布局），可中断续传，可由任何静态网站发布",
        "write the log to a folder in the layout of C2SP tlog-tiles, which any web server of files "
        "can publish; the same command again goes on, and adds what is new"),
      {"yima log export ./log", "yima log export /srv/www/log --hashes-only"},
      [&session, copy] { return Export(session, *copy); });
  copying->add_option("folder", copy->folder, T("目录", "the folder"))->required();
  copying->add_flag("--hashes-only", copy->hashes_only,
                    T("不含条目，供公开镜像", "no entries: a mirror for everybody"));

  const auto checked = std::make_shared<CopyOptions>();
  auto* verifying = AddCommand(
      &log, session, "verify",
      T("从条目重算整个日志并逐块比对：目录，或不写目录则为服务器（须审计员）",
        "make the whole log anew from its entries and compare every part: of a folder, or of the "
        "server (for auditors) without one"),
      {"yima log verify ./log", "yima log verify --state ~/yima-log.state"},
      [&session, checked] { return Verify(session, *checked); });
  verifying->add_option("folder", checked->folder, T("导出的目录", "a folder that was exported"));
  verifying->add_option(
      "--state", checked->state,
      T("记录所核验检查点与进度的文件：中断后续核；下次只核新增部分，且须由此延续",
        "file that keeps the checkpoint verified last and how far a run came: "
        "goes on after a break; the next time looks only at what is new, which "
        "must go on from there"));
  verifying->add_flag("--hashes-only", checked->hashes_only,
                      T("只核哈希，不看条目", "hashes alone, not the entries"));
}

}  // namespace yima::cli
