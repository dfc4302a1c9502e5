#include "server/backup/backup.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codegen/code/day.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

void Print(const BackupOptions& options, const BackupManifest& manifest) {
  uint64_t bytes = 0;
  for (const auto& file : manifest.files) bytes += file.size;
  if (options.json) {
    const nlohmann::ordered_json object = {
        {"folder", options.to.string()},  {"registry", manifest.registry},
        {"epoch", manifest.epoch},        {"time", FormatTime(manifest.time)},
        {"schema", manifest.schema},      {"logSize", fmt::to_string(manifest.log_size)},
        {"files", manifest.files.size()}, {"bytes", fmt::to_string(bytes)}};
    fmt::print("{}\n", object.dump());
    return;
  }
  fmt::print(fmt::runtime(Say("已备份到 {}：{} 个文件，{} 字节，日志 {} 条\n",
                              "backed up to {}: {} files, {} bytes, {} log entries\n")),
             options.to.string(), manifest.files.size(), bytes, manifest.log_size);
}

}  // namespace

int RunBackup(const BackupOptions& options) {
  if (const auto present = CheckPresent(options.data); !present) return Complain(present.error());
  const auto manifest = MakeBackup(options.data, options.to);
  if (!manifest) return Complain(manifest.error());
  Print(options, *manifest);
  return kDone;
}

}  // namespace yima::server
