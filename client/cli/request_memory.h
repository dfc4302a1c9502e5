#ifndef YIMA_CLIENT_CLI_REQUEST_MEMORY_H_
#define YIMA_CLIENT_CLI_REQUEST_MEMORY_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "codegen/code/result.h"

namespace yima::cli {

/// Keeps the request id of a command that has begun and not yet finished, one for each server and
/// command line, under XDG_STATE_HOME/yima/requests: so the same command again goes on where the
/// first was cut off, instead of doing the work twice.
class RequestMemory {
 public:
  /// XDG_STATE_HOME/yima/requests, else ~/.local/state/yima/requests.
  static std::filesystem::path Default();

  /// `words`: the command line without what changes only how results are shown.
  RequestMemory(std::filesystem::path dir, const std::string& server,
                const std::vector<std::string>& words);

  /// The id kept, or a new one that is durable before this returns. FILE_UNWRITABLE.
  Result<std::string> Recall() const;
  /// The command has finished: the same line again is new work.
  void Forget() const;
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
};

/// Runs a write under an id: `given` by the user, else the one remembered. It is forgotten once the
/// work was done or refused for good, and kept while the outcome is unknown. When the id kept turns
/// out to stand for another request (the command's files changed meanwhile), a new one is taken.
Result<void> UnderRequestId(const RequestMemory& memory, const std::string& given,
                            const std::function<Result<void>(const std::string&)>& work);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_REQUEST_MEMORY_H_
