#ifndef YIMA_CLIENT_CLI_PRINTING_H_
#define YIMA_CLIENT_CLI_PRINTING_H_

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "client/cli/session.h"

namespace yima::cli {

/// Which plates a command has said to be printed, kept until it has said all: in a file of one
/// server and command line under XDG_STATE_HOME/yima/printed, a line for each call, written before
/// the call is made. So the same command again says the same once more, which counts nothing twice,
/// and goes on with the others, whatever they are by then. One process at a time.
class PrintRun {
 public:
  /// RUN_BUSY when the same command runs here; FILE_UNWRITABLE, FILE_UNREADABLE.
  static Result<PrintRun> Open(const Session& session);
  PrintRun(PrintRun&& other) noexcept;
  PrintRun& operator=(PrintRun&&) = delete;
  ~PrintRun();

  /// Whether an earlier run of the command, which broke off, has spoken of the plate.
  bool Holds(uint64_t serial) const { return serials_.contains(serial); }

  /// Says to the registry that these were printed, a thousand a call. `reprint`: why once more, as
  /// in --reprint; may be empty. `request_id`: from which the calls' ids follow; empty: none.
  /// ENUM_UNKNOWN, ALREADY_PRINTED.
  Result<void> Mark(Session& session, const std::vector<uint64_t>& serials,
                    const std::string& reprint, const std::string& request_id);

 private:
  /// One call.
  struct Saying {
    std::string request_id;
    std::vector<uint64_t> serials;
  };
  explicit PrintRun(std::filesystem::path file) : file_(std::move(file)) {}
  Result<void> Load();
  static bool Parse(const std::string& line, Saying& saying);
  Result<void> Append(const Saying& saying);
  /// Strikes out a call of which nothing came.
  Result<void> Strike(size_t said);
  /// The whole line on the disk, or nothing of it.
  Result<void> Write(const std::string& line);
  Result<void> CutTo(size_t size);
  Result<uint64_t> Say(Session& session, const Saying& saying, v1::ReprintReason reason);
  Result<void> Finish();

  std::filesystem::path file_;
  int descriptor_ = -1;
  size_t size_ = 0;   ///< Of the file.
  size_t calls_ = 0;  ///< That were said, those struck out too: none has another's id.
  std::vector<Saying> said_;
  std::set<uint64_t> serials_;
};

/// What --reprint may say, for --help.
const char* ReprintHelp();
/// What the same command again does, for --help.
const char* PrintedAgainHelp();

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_PRINTING_H_
