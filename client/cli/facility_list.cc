#include "client/cli/facility_list.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

#include <fmt/format.h>

#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/import/csv.h"
#include "client/import/values.h"

namespace yima::cli {
namespace {

constexpr int kUnderWayMax = 64;

/// Names on their way to the server, in the order of the file.
class Lookups {
 public:
  explicit Lookups(const Client& client) : client_(client) {}
  ~Lookups() { Wait(0); }

  void Begin(uint64_t line, std::string text, const v1::GetFacilityRequest& request) {
    Wait(kUnderWayMax - 1);
    auto found = std::make_shared<Found>(Found{line, std::move(text), {}});
    {
      const std::lock_guard lock(mutex_);
      ++under_way_;
    }
    found_.push_back(found);
    client_.GetFacilityAsync(request, [this, found](Result<v1::GetFacilityResponse> answer) {
      if (answer) {
        found->uid = answer->facility().uid();
      } else {
        found->uid = tl::unexpected(std::move(answer).error());
      }
      const std::lock_guard lock(mutex_);
      --under_way_;
      changed_.notify_all();
    });
  }

  /// What belongs to one line is told; what ends every call ends the list.
  Result<FacilityList> Finish() {
    Wait(0);
    FacilityList list;
    std::unordered_set<uint64_t> seen;
    for (const auto& found : found_) {
      if (found->uid) {
        if (seen.insert(*found->uid).second) list.uids.push_back(*found->uid);
        continue;
      }
      const Error& error = found->uid.error();
      const bool of_line = error.code == StatusCode::kNotFound ||
                           error.code == StatusCode::kInvalidArgument ||
                           error.reason == "SCOPE_EXCEEDED";
      if (!of_line) return tl::unexpected(error);
      list.lost.push_back({found->line, found->text, error});
    }
    return list;
  }

 private:
  struct Found {
    uint64_t line;
    std::string text;
    Result<uint64_t> uid;
  };

  void Wait(int left) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ <= left; });
  }

  const Client& client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int under_way_ = 0;
  std::vector<std::shared_ptr<Found>> found_;
};

}  // namespace

Result<FacilityList> ReadFacilityList(Session& session, const std::string& path) {
  YIMA_ASSIGN_OR_RETURN(auto source, ledger::TextSource::Open(path));
  ledger::CsvReader reader(std::move(source), path);
  ledger::CsvRecord record;
  std::vector<LostLine> malformed;
  Progress progress(T("查找部件", "looking up"));
  Lookups lookups(session.client());
  for (uint64_t lines = 0;; ++lines) {
    YIMA_ASSIGN_OR_RETURN(const bool more, reader.Next(record));
    if (!more) break;
    const std::string text = ledger::FoldFullWidth(record.fields.empty() ? "" : record.fields[0]);
    const auto request = ParseFacilityName(text);
    if (request && !record.problem) {
      lookups.Begin(record.line, text, *request);
    } else if (lines == 0 && !record.problem) {
      session.Tell(fmt::format(fmt::runtime(T("{}：第一行“{}”当作表头",
                                              "{}: the first line, \"{}\", is taken for a header")),
                               path, Printable(text)));
    } else {
      malformed.push_back({record.line, text, record.problem ? *record.problem : request.error()});
    }
    progress.Show(lines, 0);
  }
  YIMA_ASSIGN_OR_RETURN(auto list, lookups.Finish());
  list.lost.insert(list.lost.end(), malformed.begin(), malformed.end());
  return list;
}

}  // namespace yima::cli
