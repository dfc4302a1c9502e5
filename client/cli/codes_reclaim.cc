#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/manifest.h"
#include "client/cli/reasons.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

constexpr size_t kPlatesMax = 500;

struct ReclaimOptions {
  std::string file;
  std::string request_id;
  bool blank = false;
};

struct Tally {
  uint64_t entered = 0;
  uint64_t stood = 0;
  uint64_t refused = 0;
  uint64_t without_facility = 0;  ///< Named one that is not there, and so entered as blank.
};

/// Turns what manifests call a facility into its uid, asking for each once.
class Facilities {
 public:
  explicit Facilities(Session& session) : session_(session) {}

  /// 0 when there is none of that name.
  Result<uint64_t> Find(const std::string& name) {
    if (name.empty()) return 0;
    const auto known = found_.find(name);
    if (known != found_.end()) return known->second;
    const auto answer = FindFacility(session_, name);
    // A facility without a code is called by its name, which leads nowhere.
    const bool unknown = !answer && (answer.error().code == StatusCode::kNotFound ||
                                     answer.error().code == StatusCode::kInvalidArgument);
    if (!answer && !unknown) return tl::unexpected(answer.error());
    return found_[name] = answer ? answer->facility().uid() : 0;
  }

 private:
  Session& session_;
  std::map<std::string, uint64_t> found_;
};

void Report(Session& session, const ManifestPlate& plate, const v1::ReclaimOutcome& outcome,
            Tally& tally) {
  const bool stood = outcome.reason() == "CODE_STANDS";
  ++(outcome.entered() ? tally.entered : stood ? tally.stood : tally.refused);
  if (session.json) {
    Json object = ToJson(outcome);
    object["line"] = plate.line;
    session.Object(object);
  } else if (!outcome.entered() && !stood) {
    session.Line(fmt::format("{}\t{}\t{}", plate.line, outcome.serial(), outcome.reason()));
  }
  if (!outcome.entered() && !stood) session.Note(Exit::kFailed);
}

/// Sends plates [first, end) as one request, under an id of their own.
Result<void> SendChunk(Session& session, const ReclaimOptions& options,
                       const std::vector<ManifestPlate>& plates, size_t first, size_t end,
                       Facilities& facilities, Tally& tally) {
  v1::ReclaimCodesRequest request;
  for (size_t i = first; i < end; ++i) {
    auto* plate = request.add_plates();
    plate->set_text(plates[i].text);
    if (options.blank || plates[i].facility.empty()) continue;
    YIMA_ASSIGN_OR_RETURN(const uint64_t uid, facilities.Find(plates[i].facility));
    plate->set_facility(uid);
    if (uid == 0) ++tally.without_facility;
  }
  auto words = session.words;
  words.push_back(fmt::to_string(first));
  const std::string given =
      options.request_id.empty() ? "" : fmt::format("{}.{}", options.request_id, first);
  const RequestMemory memory(RequestMemory::Default(), session.server, words);
  return UnderRequestId(memory, given, [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().ReclaimCodes(request));
    for (int i = 0; i < answer.outcomes_size() && first + static_cast<size_t>(i) < end; ++i) {
      Report(session, plates[first + static_cast<size_t>(i)], answer.outcomes(i), tally);
    }
    return session.Flush();
  });
}

Result<void> Reclaim(Session& session, const ReclaimOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto plates, ReadManifest(options.file));
  Facilities facilities(session);
  Tally tally;
  {
    Progress progress(T("补录", "reclaiming"));
    for (size_t first = 0; first < plates.size(); first += kPlatesMax) {
      const size_t end = std::min(plates.size(), first + kPlatesMax);
      YIMA_RETURN_IF_ERROR(SendChunk(session, options, plates, first, end, facilities, tally));
      progress.Show(end, plates.size());
    }
  }
  session.Tell(fmt::format(
      fmt::runtime(T("{} 行：补录 {}，原有 {}，未补录 {}；{} 个因部件不在而作空白码",
                     "{} lines: {} entered, {} stood already, {} not entered; {} named a facility "
                     "that is not there and count as blank")),
      plates.size(), tally.entered, tally.stood, tally.refused, tally.without_facility));
  return {};
}

}  // namespace

void AddCodesReclaim(CLI::App& codes, Session& session) {
  const auto options = std::make_shared<ReclaimOptions>();
  auto* reclaim = AddCommand(
      &codes, session, "reclaim",
      T("从备份恢复之后，按标签清单补录丢失的码；打印未补录的行",
        "after a restore, enter lost codes again from a manifest of labels; prints the lines that "
        "were not entered"),
      {"yima codes reclaim labels.manifest.csv", "yima codes reclaim plates.csv --blank --json"},
      [&session, options] { return Reclaim(session, *options); });
  reclaim
      ->add_option("manifest", options->file,
                   T("yima labels 写的清单（列 text 与 facility）",
                     "manifest that yima labels wrote (columns text and facility)"))
      ->required();
  reclaim->add_flag("--blank", options->blank,
                    T("一律作空白码，不绑定部件", "enter all as blank plates, bound to nothing"));
  reclaim->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
