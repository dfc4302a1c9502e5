#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/judging.h"
#include "client/cli/words.h"
#include "client/scan/apart.h"

namespace yima::cli {
namespace {

struct ScanOptions {
  std::vector<std::string> files;
  bool offline = true;
};

/// What is said of one symbol. Without trust, and of foreign symbols, there is no verdict.
struct Finding {
  std::string text;
  bool foreign = false;
  std::string verdict;
  std::string state;
  bool origin_lost = false;
  bool refresh_trust = false;
  std::string stale_since;  ///< Empty when the server judged, or nothing is stale.
  std::string words;
  Exit exit = Exit::kDone;
};

void Fill(Finding& finding, const Judgement& judgement) {
  finding.verdict = VerdictName(judgement.verdict);
  finding.state = CodeStateName(judgement.state);
  finding.origin_lost = judgement.origin_lost;
  finding.refresh_trust = judgement.refresh_trust;
  finding.words = Words(judgement);
  finding.exit = ExitFor(judgement);
}

Finding JudgeOffline(const Judge& judge, const std::string& text) {
  const Judgement judgement = judge.verifier.Judge(text);
  Finding finding;
  finding.text = text;
  finding.foreign = judgement.foreign;
  if (finding.foreign || !judge.trusted) return finding;
  Fill(finding, judgement);
  finding.stale_since = judge.StaleSince(text);
  return finding;
}

Result<Finding> AskServer(Session& session, const Judge& judge, const std::string& text) {
  Finding finding = JudgeOffline(judge, text);
  if (finding.foreign) return finding;
  v1::ResolveRequest request;
  request.set_text(text);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().Resolve(request));
  Judgement judgement;
  judgement.verdict = static_cast<Verdict>(answer.verdict());
  judgement.state = static_cast<CodeState>(answer.state());
  judgement.origin_lost = answer.origin_lost();
  Fill(finding, judgement);
  finding.refresh_trust = answer.refresh_trust();
  finding.stale_since.clear();
  if (!answer.short_number().empty()) {
    finding.words += fmt::format("\t{}\t{}", answer.short_number(), answer.facility_code());
  }
  return finding;
}

Json CornersOf(const scan::ScannedSymbol& symbol) {
  Json corners = Json::array();
  for (const auto& corner : symbol.corners) corners.push_back({corner.x, corner.y});
  return corners;
}

void ShowFinding(Session& session, const std::string& file, const scan::ScannedSymbol& symbol,
                 const Finding& finding) {
  session.Note(finding.exit);
  if (session.json) {
    return session.Object({{"file", file},
                           {"text", finding.text},
                           {"foreign", finding.foreign},
                           {"verdict", finding.verdict},
                           {"state", finding.state},
                           {"originLost", finding.origin_lost},
                           {"refreshTrust", finding.refresh_trust},
                           {"staleSince", finding.stale_since},
                           {"corners", CornersOf(symbol)}});
  }
  const std::string words =
      finding.foreign ? T("外来码，非一码所发", "foreign: no code of a registry") : finding.words;
  session.Line(fmt::format("{}\t{}\t{}", file, Printable(finding.text), words));
}

Result<void> ScanFile(Session& session, const ScanOptions& options, const Judge& judge,
                      const std::string& file) {
  YIMA_ASSIGN_OR_RETURN(const auto symbols, scan::ScanFileApart(file));
  if (symbols.empty()) {
    return Fail(StatusCode::kNotFound, "NO_SYMBOL", fmt::format("{}: no symbol found", file), file);
  }
  for (const auto& symbol : symbols) {
    Finding finding = JudgeOffline(judge, symbol.text);
    if (!options.offline) {
      YIMA_ASSIGN_OR_RETURN(finding, AskServer(session, judge, symbol.text));
    }
    ShowFinding(session, file, symbol, finding);
  }
  return session.Flush();
}

Result<void> Scan(Session& session, const ScanOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const Judge judge, LoadJudge(session));
  if (!judge.trusted && options.offline) {
    session.Tell(T("提示：没有信任包，只读出码文；先运行 yima trust fetch --root 公钥",
                   "note: no trust is kept, so texts are read and not judged: yima trust fetch "
                   "--root KEY"));
  }
  Progress progress(T("识读", "scanning"));
  for (size_t i = 0; i < options.files.size(); ++i) {
    const auto scanned = ScanFile(session, options, judge, options.files[i]);
    if (!scanned) session.Complain(scanned.error());
    progress.Show(i + 1, options.files.size());
  }
  return {};
}

}  // namespace

void AddScan(CLI::App& app, Session& session) {
  const auto options = std::make_shared<ScanOptions>();
  auto* scan = AddCommand(&app, session, "scan",
                          T("识读图片中的码并核验（PNG、JPEG、PNM）",
                            "read the codes in pictures and judge them (PNG, JPEG, PNM)"),
                          {"yima scan photo.jpg", "yima scan --json --online labels/*.png"},
                          [&session, options] { return Scan(session, *options); });
  scan->add_option("file", options->files, T("图片文件", "pictures"))->required();
  scan->add_flag("--offline,!--online", options->offline,
                 T("仅凭本机信任包核验（缺省）；--online 则询问服务器",
                   "judge by the trust kept alone, the default; --online asks the server"));
}

}  // namespace yima::cli
