#include "client/import/rejects.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace yima::ledger {
namespace {

void AppendField(std::string& line, std::string_view field, char delimiter) {
  const char special[] = {'"', '\n', '\r', delimiter};
  if (field.find_first_of(std::string_view(special, sizeof special)) == std::string_view::npos) {
    line += field;
    return;
  }
  line += '"';
  for (const char c : field) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

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
  writer.file_.reset(std::fopen(path.c_str(), "wb"));
  if (!writer.file_) return Unwritable(path);
  // Excel takes UTF-8 for the local encoding without the mark.
  if (std::fputs("\xEF\xBB\xBF", writer.file_.get()) == EOF) return Unwritable(path);
  YIMA_RETURN_IF_ERROR(writer.Write(reason_header, header));
  return writer;
}

Result<void> RejectsWriter::Write(std::string_view reason, const std::vector<std::string>& fields) {
  std::string line;
  AppendField(line, reason, delimiter_);
  for (const std::string& field : fields) {
    line += delimiter_;
    AppendField(line, field, delimiter_);
  }
  line += "\r\n";
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size()) {
    return Unwritable(path_);
  }
  return {};
}

Result<void> RejectsWriter::Close() {
  if (std::fclose(file_.release()) != 0) return Unwritable(path_);
  return {};
}

}  // namespace yima::ledger
