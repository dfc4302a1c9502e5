#include "client/cli/printing.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"

namespace yima::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRequestIdMax = 64;
/// Begins a line that strikes out the call of this request id.
constexpr char kStruck = '-';

tl::unexpected<Error> Unwritable(const fs::path& file) {
  return Fail(StatusCode::kFailedPrecondition, "FILE_UNWRITABLE",
              fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)),
              file.string());
}

/// Of the call that it answers.
bool NothingCameOf(const Error& error) {
  switch (error.code) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kOutOfRange:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kPermissionDenied:
    case StatusCode::kUnauthenticated:
      return true;
    default:
      return false;
  }
}

}  // namespace

const char* ReprintHelp() {
  return T("重印原因：misprint、spoiled、lost、worn",
           "why plates are printed once more: misprint, spoiled, lost, worn");
}

const char* PrintedAgainHelp() {
  return T(
      "标记中断后再运行同一命令即接着标记，不会重复计数；完成之后再运行则为新的一次",
      "when marking broke off, the same command goes on and counts no print twice; after it has "
      "finished, the same command is another print");
}

Result<PrintRun> PrintRun::Open(const Session& session) {
  const fs::path requests = RequestMemory::Default();
  PrintRun run(
      RequestMemory(requests.parent_path() / "printed", session.server, session.words).file());
  std::error_code error;
  fs::create_directories(run.file_.parent_path(), error);
  constexpr mode_t kMode = 0600;
  run.descriptor_ = ::open(run.file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
  if (run.descriptor_ < 0) return Unwritable(run.file_);
  if (::flock(run.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return Fail(StatusCode::kFailedPrecondition, "RUN_BUSY",
                fmt::format("the same command runs here and holds {}", run.file_.string()),
                run.file_.string());
  }
  YIMA_RETURN_IF_ERROR(run.Load());
  return run;
}

PrintRun::PrintRun(PrintRun&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      calls_(other.calls_),
      said_(std::move(other.said_)),
      serials_(std::move(other.serials_)) {}

PrintRun::~PrintRun() {
  if (descriptor_ < 0) return;
  // Nothing was said, or all was.
  if (said_.empty()) ::unlink(file_.c_str());
  ::close(descriptor_);
}

Result<void> PrintRun::Load() {
  YIMA_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file_));
  while (size_ < text.size()) {
    const size_t end = text.find('\n', size_);
    // Half a line is one of a process that was killed before it made the call.
    if (end == std::string::npos) break;
    const std::string line = text.substr(size_, end - size_);
    Saying saying;
    if (line.starts_with(kStruck)) {
      std::erase_if(said_, [&](const Saying& said) {
        return said.request_id == std::string_view(line).substr(1);
      });
    } else if (Parse(line, saying)) {
      ++calls_;
      said_.push_back(std::move(saying));
    } else {
      break;
    }
    size_ = end + 1;
  }
  for (const auto& said : said_) serials_.insert(said.serials.begin(), said.serials.end());
  return CutTo(size_);
}

bool PrintRun::Parse(const std::string& line, Saying& saying) {
  const char* const end = line.data() + line.size();
  const char* at = std::find(line.data(), end, ' ');
  saying.request_id.assign(line.data(), at);
  while (at != end) {
    uint64_t serial = 0;
    const auto [next, error] = std::from_chars(at + 1, end, serial);
    if (error != std::errc() || (next != end && *next != ' ')) return false;
    saying.serials.push_back(serial);
    at = next;
  }
  return !saying.request_id.empty() && !saying.serials.empty();
}

Result<void> PrintRun::Append(const Saying& saying) {
  YIMA_RETURN_IF_ERROR(
      Write(fmt::format("{} {}\n", saying.request_id, fmt::join(saying.serials, " "))));
  ++calls_;
  said_.push_back(saying);
  serials_.insert(saying.serials.begin(), saying.serials.end());
  return {};
}

Result<void> PrintRun::Strike(size_t said) {
  YIMA_RETURN_IF_ERROR(Write(fmt::format("{}{}\n", kStruck, said_[said].request_id)));
  said_.erase(said_.begin() + static_cast<long>(said));
  return {};
}

Result<void> PrintRun::Write(const std::string& line) {
  const ssize_t written = ::write(descriptor_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()) || ::fdatasync(descriptor_) != 0) {
    const auto failed = Unwritable(file_);
    static_cast<void>(CutTo(size_));
    return failed;
  }
  size_ += line.size();
  return {};
}

Result<void> PrintRun::CutTo(size_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return Unwritable(file_);
  size_ = size;
  return {};
}

Result<uint64_t> PrintRun::Say(Session& session, const Saying& saying, v1::ReprintReason reason) {
  v1::MarkPrintedRequest request;
  request.set_request_id(saying.request_id);
  for (const uint64_t serial : saying.serials) request.add_serials(serial);
  request.set_reprint_reason(reason);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().MarkPrinted(request));
  return answer.marked();
}

Result<void> PrintRun::Mark(Session& session, const std::vector<uint64_t>& serials,
                            const std::string& reprint, const std::string& request_id) {
  constexpr size_t kSerialsACall = 1000;
  constexpr size_t kNumberMax = 8;
  if (request_id.size() + kNumberMax > kRequestIdMax) {
    return Invalid(
        "REQUEST_ID_MALFORMED",
        fmt::format("request id of {} characters, want at most {}: each call appends its "
                    "number",
                    request_id.size(), kRequestIdMax - kNumberMax),
        "--request-id");
  }
  v1::ReprintReason reason = v1::REPRINT_REASON_UNSPECIFIED;
  if (!reprint.empty()) {
    YIMA_ASSIGN_OR_RETURN(const int n,
                          ParseEnum(v1::ReprintReason_descriptor(), reprint, "--reprint"));
    reason = static_cast<v1::ReprintReason>(n);
  }
  std::vector<uint64_t> rest;
  std::ranges::copy_if(serials, std::back_inserter(rest),
                       [&](uint64_t serial) { return !Holds(serial); });
  uint64_t marked = 0;
  Progress progress(T("标记已印", "marking"));
  // Once more what was said before: whether the last of it was heard is not known.
  for (size_t i = 0; i < said_.size(); ++i) {
    const auto counted = Say(session, said_[i], reason);
    if (!counted && NothingCameOf(counted.error())) YIMA_RETURN_IF_ERROR(Strike(i));
    YIMA_RETURN_IF_ERROR(counted);
    marked += *counted;
    progress.Show(marked, marked + rest.size());
  }
  for (size_t first = 0; first < rest.size(); first += kSerialsACall) {
    const size_t end = std::min(rest.size(), first + kSerialsACall);
    Saying saying;
    saying.request_id =
        request_id.empty() ? NewRequestId() : fmt::format("{}.{}", request_id, calls_);
    saying.serials.assign(rest.begin() + static_cast<long>(first),
                          rest.begin() + static_cast<long>(end));
    YIMA_RETURN_IF_ERROR(Append(saying));
    const auto counted = Say(session, saying, reason);
    if (!counted && NothingCameOf(counted.error())) YIMA_RETURN_IF_ERROR(Strike(said_.size() - 1));
    YIMA_RETURN_IF_ERROR(counted);
    marked += *counted;
    progress.Show(marked, marked + rest.size() - end);
  }
  YIMA_RETURN_IF_ERROR(Finish());
  session.Tell(
      fmt::format(fmt::runtime(T("{} 枚铭牌已标记为已印", "{} plates marked as printed")), marked));
  return {};
}

Result<void> PrintRun::Finish() {
  YIMA_RETURN_IF_ERROR(CutTo(0));
  calls_ = 0;
  said_.clear();
  serials_.clear();
  return {};
}

}  // namespace yima::cli
