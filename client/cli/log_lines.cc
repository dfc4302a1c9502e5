#include "client/cli/log_lines.h"

#include <fmt/format.h>

#include "client/cli/records.h"
#include "client/cli/words.h"
#include "client/log/entry_facts.h"
#include "client/trust_dir.h"
#include "codegen/code/day.h"
#include "codegen/code/signature.h"
#include "yima/v1/log_entry.pb.h"

namespace yima::cli {

Result<KnownLog> NewestLog(Session& session, const LogSource& source) {
  YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(session.trust).Load());
  YIMA_ASSIGN_OR_RETURN(std::string note, source.Checkpoint());
  return OpenKnownLog(std::move(note), stores);
}

Result<KnownLog> ServedLog(Session& session, const ServerLog& source) {
  YIMA_ASSIGN_OR_RETURN(auto log, NewestLog(session, source));
  if (log.name.epoch >= log.bundle.epoch) return log;
  return Fail(StatusCode::kFailedPrecondition, "EPOCH_BEHIND",
              fmt::format("the server goes on with the log of epoch {}, the trust bundle is of "
                          "epoch {}",
                          log.name.epoch, log.bundle.epoch));
}

std::string HexOf(const TreeHash& hash) { return ToHex(hash); }

Result<void> ShowEntry(Session& session, uint64_t index, std::string_view entry, const Json& more) {
  const auto facts = EntryFacts::Of(entry);
  v1::LogEntry parsed;
  if (!facts || !parsed.ParseFromArray(entry.data(), static_cast<int>(entry.size()))) {
    return Fail(StatusCode::kFailedPrecondition, "LOG_DIFFERS",
                fmt::format("entry {} is no LogEntry", index));
  }
  if (session.json) {
    Json object = {{"index", fmt::to_string(index)}};
    object.update(ToJson(parsed));
    if (!more.is_null()) object.update(more);
    session.Object(object);
    return {};
  }
  session.Line(Printable(
      fmt::format("{} {} {} {} {} {}", index, FormatTime(static_cast<TimeUs>(facts->time_us)),
                  facts->principal, facts->method, RecordWords(*facts), facts->revision)));
  return {};
}

void TellRestores(Session& session, const std::vector<RestoreSeen>& restores) {
  for (const auto& restore : restores) {
    const std::string time = FormatTime(static_cast<TimeUs>(restore.time_us));
    const std::string until = FormatTime(static_cast<TimeUs>(restore.kept_until_us));
    if (session.json) {
      session.Object({{"restore", restore.epoch},
                      {"index", fmt::to_string(restore.index)},
                      {"time", time},
                      {"restored", fmt::to_string(restore.kept)},
                      {"restoredUntil", until},
                      {"lost", fmt::to_string(restore.lost)}});
      continue;
    }
    session.Tell(
        fmt::format(fmt::runtime(T("提示：{} 从备份恢复，开启纪元 {}，恢复 {} 条日志",
                                   "note: at {} a restore opened epoch {} with {} entries")),
                    time, restore.epoch, restore.kept));
    if (restore.lost == 0) continue;
    session.Tell(fmt::format(
        fmt::runtime(T("提示：{} 之后的 {} 条日志丢失", "note: it lost {1} entries, of after {0}")),
        until, restore.lost));
  }
}

void TellWentOver(Session& session, const Checkpoint& before, const WentOver& over) {
  if (over.lost == 0 && !over.branched) return;
  session.Note(Exit::kFalseLog);
  const std::string after = FormatTime(static_cast<TimeUs>(over.kept_until_us));
  if (over.branched) {
    session.Tell(fmt::format(
        fmt::runtime(T("警报：此前所见的日志 {} 在 {} 之后的部分已随恢复放弃",
                       "alarm: of log {}, seen before, all of after {} was given up by a restore")),
        before.origin, after));
    return;
  }
  session.Tell(fmt::format(
      fmt::runtime(T("警报：此前所见日志 {} 的 {} 条（第 {} 至 {} 条，{} 之后）因恢复而丢失",
                     "alarm: {1} entries of log {0} that were seen, {2} to {3}, of after {4}, were "
                     "lost by a restore")),
      before.origin, over.lost, over.kept, over.known - 1, after));
  if (over.unsaid == 0) return;
  session.Tell(
      fmt::format(fmt::runtime(T("警报：其中 {} 条（第 {} 至 {} 条）恢复记录并未承认",
                                 "alarm: the restore does not own up to {} of them, {} to {}")),
                  over.unsaid, over.known - over.unsaid, over.known - 1));
}

}  // namespace yima::cli
