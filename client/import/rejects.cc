#include "client/import/rejects.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "client/import/csv.h"

namespace yima::ledger {
namespace {

tl::unexpected<Error> Unwritable(const std::string& path) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("{}: {}", path, std::strerror(errno)), path);
}

}  // namespace

Result<RejectsWriter> RejectsWriter::Create(const std::string& path,
                                            const std::vector<std::string>& header,
                                            std::string_view reason_header, char delimiter) {
  RejectsWriter writer;
  writer.path_ = path;
  writer.delimiter_ = delimiter;
  std::error_code ignored;
  const bool there = std::filesystem::exists(path, ignored);
  if (!there || std::filesystem::is_regular_file(path, ignored)) {
    if (there) writer.path_ = std::filesystem::canonical(path, ignored).string();
    const std::filesystem::path whole(writer.path_);
    writer.hidden_path_ =
        (whole.parent_path() /
         fmt::format(".{}.{}.part", whole.filename().string(), static_cast<int>(::getpid())))
            .string();
  }
  // A device or a pipe takes what comes; there is nothing to keep.
  const std::string& opened = writer.hidden_path_.empty() ? path : writer.hidden_path_;
  writer.file_.reset(std::fopen(opened.c_str(), "wb"));
  if (!writer.file_) return Unwritable(path);
  // Excel takes UTF-8 for the local encoding without the mark.
  if (std::fputs("\xEF\xBB\xBF", writer.file_.get()) == EOF) return Unwritable(path);
  YIMA_RETURN_IF_ERROR(writer.Write(reason_header, header));
  return writer;
}

Result<void> RejectsWriter::Write(std::string_view reason, const std::vector<std::string>& fields) {
  std::string line;
  AppendCsvField(line, reason, delimiter_);
  for (const std::string& field : fields) {
    line += delimiter_;
    AppendCsvField(line, field, delimiter_);
  }
  line += "\r\n";
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size()) {
    return Unwritable(path_);
  }
  return {};
}

Result<void> RejectsWriter::Close() {
  const bool written = std::fflush(file_.get()) == 0 &&
                       (hidden_path_.empty() || ::fsync(::fileno(file_.get())) == 0);
  if (std::fclose(file_.release()) != 0 || !written) return Unwritable(path_);
  if (hidden_path_.empty()) return {};
  if (std::rename(hidden_path_.c_str(), path_.c_str()) != 0) return Unwritable(path_);
  hidden_path_.clear();
  return {};
}

RejectsWriter::RejectsWriter(RejectsWriter&& other) noexcept
    : path_(std::move(other.path_)),
      hidden_path_(std::exchange(other.hidden_path_, {})),
      delimiter_(other.delimiter_),
      file_(std::move(other.file_)) {}

RejectsWriter::~RejectsWriter() {
  file_.reset();
  if (!hidden_path_.empty()) ::unlink(hidden_path_.c_str());
}

}  // namespace yima::ledger
