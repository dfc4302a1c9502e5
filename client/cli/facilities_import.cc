#include <map>
#include <mutex>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/import/ledger_reader.h"
#include "client/import/rejects.h"

namespace yima::cli {
namespace {

constexpr size_t kRowsAMessage = 1000;
constexpr uint64_t kProblemsShownMax = 20;

struct ImportOptions {
  std::string file;
  std::vector<std::string> mappings;
  ledger::LedgerOptions ledger;
  uint32_t scheme = kSchemeGbt47678;
  std::string rejects;
  std::string request_id;
  bool dry_run = false;
  bool keep_going = false;
  bool update = false;
  bool create_organizations = false;
};

/// What is wrong with rows, found here or by the server. Thread-safe: rows are read in one thread
/// while answers come in another.
class Problems {
 public:
  Problems(Session& session, std::string file) : session_(session), file_(std::move(file)) {}

  void Add(const v1::ImportProblem& problem) {
    const std::lock_guard lock(mutex_);
    const std::string place = fmt::format("{}:{}", file_, problem.line());
    const bool placed =
        problem.message().find(fmt::format(":{}: ", problem.line())) != std::string::npos;
    const std::string message =
        placed ? problem.message() : fmt::format("{}: {}", place, problem.message());
    reasons_.emplace(problem.line(), message);
    if (!problem.conflict()) ++bad_;
    if (session_.json) {
      Json object = ToJson(problem);
      object["file"] = file_;
      session_.Object(object);
    } else if (reasons_.size() <= kProblemsShownMax) {
      session_.Tell(Printable(message));
    }
  }

  /// Sound rows that disagree with what stands are no bad rows.
  uint64_t bad() const {
    const std::lock_guard lock(mutex_);
    return bad_;
  }

  /// By line; call when no more are added.
  const std::map<uint64_t, std::string>& reasons() const { return reasons_; }

 private:
  Session& session_;
  const std::string file_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::string> reasons_;
  uint64_t bad_ = 0;
};

/// Asks for the catalogue once, and only when a ledger names its classes in words.
ledger::ClassesByName CatalogueOf(Session& session) {
  using Names = std::multimap<std::string, std::string>;
  const auto names = std::make_shared<std::optional<Names>>();
  return [&session, names](std::string_view name) {
    if (!*names) {
      names->emplace();
      const auto answer = session.client().ListFacilityClasses({});
      if (answer) {
        for (const auto& row : answer->facility_classes()) {
          (*names)->emplace(row.name_zh(), row.code());
          if (!row.name_en().empty()) (*names)->emplace(row.name_en(), row.code());
        }
      }
    }
    std::vector<std::string> codes;
    const auto [first, last] = (*names)->equal_range(std::string(name));
    for (auto it = first; it != last; ++it) codes.push_back(it->second);
    return codes;
  };
}

v1::ImportProblem ProblemOf(const ledger::LedgerRow& row) {
  v1::ImportProblem problem;
  problem.set_line(row.line);
  problem.set_reason(row.problem->reason);
  problem.set_field(row.problem->field);
  problem.set_message(row.problem->message);
  return problem;
}

/// Rows for one message. When the file ends with bad rows in it that nobody wants to go past, the
/// stream is broken off: the server writes nothing before it has seen the end.
Result<bool> FillRows(ledger::LedgerReader& reader, const ImportOptions& options,
                      Problems& problems, std::vector<v1::ImportRow>& rows) {
  ledger::LedgerRow row;
  while (rows.size() < kRowsAMessage) {
    YIMA_ASSIGN_OR_RETURN(const bool more, reader.Next(row));
    if (!more) break;
    if (row.problem) {
      problems.Add(ProblemOf(row));
    } else {
      rows.push_back(std::move(row.row));
    }
  }
  if (!rows.empty()) return true;
  if (problems.bad() > 0 && !options.keep_going && !options.dry_run) {
    return Invalid("BAD_ROWS", fmt::format("{} bad rows: nothing was imported", problems.bad()),
                   options.file);
  }
  return false;
}

v1::ImportHeader MakeHeader(const ImportOptions& options, const ledger::LedgerReader& reader,
                            const std::string& request_id) {
  v1::ImportHeader header;
  header.set_request_id(request_id);
  header.set_source(std::filesystem::path(options.file).filename().string());
  header.set_dry_run(options.dry_run);
  header.set_keep_going(options.keep_going);
  header.set_update(options.update);
  header.set_create_organizations(options.create_organizations);
  header.set_key_namespace(reader.key_namespace());
  header.set_assign_codes(!reader.key_namespace().empty());
  return header;
}

/// A second look at the file, so that rejects stand in its order with all their cells.
Result<void> WriteRejects(const ImportOptions& options, const Problems& problems) {
  YIMA_ASSIGN_OR_RETURN(auto reader, ledger::LedgerReader::Open(options.file, options.ledger));
  YIMA_ASSIGN_OR_RETURN(auto writer,
                        ledger::RejectsWriter::Create(options.rejects, reader.header(),
                                                      T("原因", "reason"), reader.delimiter()));
  ledger::LedgerRow row;
  while (true) {
    const auto more = reader.Next(row);
    if (!more || !*more) break;  // What cannot be read was said the first time.
    const auto reason = problems.reasons().find(row.line);
    if (reason == problems.reasons().end()) continue;
    YIMA_RETURN_IF_ERROR(writer.Write(reason->second, row.cells));
  }
  return writer.Close();
}

void ShowReport(Session& session, const ImportOptions& options, const v1::ImportReport& report,
                uint64_t bad_rows) {
  if (session.json) {
    Json object = ToJson(report);
    object["rejected"] = fmt::to_string(bad_rows);
    object["dryRun"] = options.dry_run;
    return session.Object(object);
  }
  session.Line(fmt::format(
      fmt::runtime(T("{} 行：新建 {}，更新 {}，不变 {}，冲突 {}，拒收 {}{}",
                     "{} rows: {} created, {} updated, {} unchanged, {} conflicts, {} rejected{}")),
      report.rows(), report.created(), report.updated(), report.unchanged(), report.conflicts(),
      bad_rows, options.dry_run ? T("（试运行，未写入）", " (dry run: nothing written)") : ""));
  if (report.batch() != 0) {
    session.Line(fmt::format(fmt::runtime(T("批次 {}", "batch {}")), report.batch()));
  } else if (!options.dry_run && report.created() + report.updated() == 0) {
    session.Line(T("没有新内容", "nothing new"));
  }
  for (const auto& missing : report.missing_organizations()) {
    session.Line(fmt::format(fmt::runtime(T("登记库中没有的单位：{}（{} 行）",
                                            "organization not in the registry: {} ({} rows)")),
                             Printable(missing.name()), missing.rows()));
  }
  if (report.organizations_created() != 0) {
    session.Line(fmt::format(fmt::runtime(T("新建单位 {}", "{} organizations created")),
                             report.organizations_created()));
  }
  for (const auto& missing : report.missing_attributes()) {
    session.Line(fmt::format(
        fmt::runtime(T("缺少标准属性 {}：{} 行", "attribute {} of the standard missing: {} rows")),
        missing.attribute(), missing.rows()));
  }
}

/// One whole stream; fills the report when the server gave one.
Result<void> SendLedger(Session& session, const ImportOptions& options, const std::string& id,
                        Problems& problems, v1::ImportReport& report) {
  YIMA_ASSIGN_OR_RETURN(auto reader, ledger::LedgerReader::Open(options.file, options.ledger));
  for (const auto& column : reader.unknown_columns()) {
    session.Tell(
        fmt::format(fmt::runtime(T("未导入的列：{}", "column left out: {}")), Printable(column)));
  }
  Progress progress(T("导入", "importing"));
  return session.client().ImportFacilities(
      MakeHeader(options, reader, id),
      [&](std::vector<v1::ImportRow>& rows) { return FillRows(reader, options, problems, rows); },
      [&](const v1::ImportFacilitiesResponse& response) -> Result<void> {
        for (const auto& problem : response.problems()) problems.Add(problem);
        if (response.has_report()) report = response.report();
        progress.Show(response.done(), response.total());
        return {};
      });
}

Result<void> Import(Session& session, ImportOptions options) {
  for (const auto& text : options.mappings) {
    YIMA_ASSIGN_OR_RETURN(auto mapping, ledger::ParseMapping(text));
    options.ledger.mappings.push_back(std::move(mapping));
  }
  options.ledger.scheme = static_cast<Scheme>(options.scheme);
  options.ledger.classes_by_name = CatalogueOf(session);
  if (options.file == "-" && !options.rejects.empty()) {
    return Invalid("REJECTS_FROM_STDIN", "rejects need a file that can be read twice", "--rejects");
  }
  std::unique_ptr<Problems> problems;
  v1::ImportReport report;
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  const auto done = UnderRequestId(memory, options.request_id, [&](const std::string& id) {
    problems = std::make_unique<Problems>(session, options.file);
    report.Clear();
    return SendLedger(session, options, id, *problems, report);
  });
  if (problems && problems->reasons().size() > kProblemsShownMax && !session.json) {
    session.Tell(fmt::format(fmt::runtime(T("……另有 {} 处", "… and {} more")),
                             problems->reasons().size() - kProblemsShownMax));
  }
  if (problems && !options.rejects.empty() && (done || done.error().reason == "BAD_ROWS")) {
    YIMA_RETURN_IF_ERROR(WriteRejects(options, *problems));
  }
  if (!done) return done;
  ShowReport(session, options, report, problems->bad());
  if (report.stopped()) {
    return Invalid("BAD_ROWS", fmt::format("{} bad rows: nothing was imported", problems->bad()),
                   options.file);
  }
  if (report.conflicts() > 0 && !options.keep_going) session.Note(Exit::kFailed);
  if (problems->bad() > 0 && !options.keep_going) session.Note(Exit::kWrongUse);
  return {};
}

void AddLedgerOptions(CLI::App* import, ImportOptions& options) {
  import->add_option("file", options.file, T("CSV 台账，- 为标准输入", "CSV ledger, - for stdin"))
      ->required();
  import->add_option("--map", options.mappings,
                     T("列名=字段，如 extra:名称、personal:名称",
                       "COLUMN=field; also extra:NAME and personal:NAME"));
  import->add_option("--key", options.ledger.key_column,
                     T("标识每行的列，存为外部编码", "column that identifies a row"));
  import->add_option("--ledger", options.ledger.key_namespace,
                     T("该列编码的命名空间，缺省为文件名",
                       "namespace of that column's values; the file's name when left out"));
  import->add_option("--code-from", options.ledger.code_column,
                     T("部件代码所在列", "column with the facility code"));
  import->add_option("--scheme", options.scheme, T("编码方案", "coding scheme of the codes"))
      ->check(CLI::Range(0, 255))
      ->capture_default_str();
  import->add_option("--division", options.ledger.division, T("缺省区划", "division, if missing"));
  import->add_option("--class", options.ledger.class_code, T("缺省小类", "class, if missing"));
  import->add_option("--supervisor", options.ledger.supervisor,
                     T("缺省主管部门", "supervising department, if missing"));
  import->add_option("--owner", options.ledger.owner, T("缺省权属单位", "owner, if missing"));
  import->add_option("--maintainer", options.ledger.maintainer,
                     T("缺省养护单位", "maintainer, if missing"));
  import->add_option("--epsg", options.ledger.epsg,
                     T("坐标系 EPSG 号", "EPSG code of the positions"));
  import->add_option("--blank-position", options.ledger.blank_position,
                     T("表示无坐标的读数，如 0,0", "a reading that stands for none, like 0,0"));
}

}  // namespace

void AddFacilitiesImport(CLI::App& facilities, Session& session) {
  const auto options = std::make_shared<ImportOptions>();
  auto* import = AddCommand(
      &facilities, session, "import",
      T("导入台账；中断后同一命令接着做",
        "import a ledger; after a break the same command goes on"),
      {"yima facilities import 井盖.csv --key 编号 --division 140502 --create-organizations",
       "yima facilities import lamps.csv --code-from 部件标识码 --rejects bad.csv --keep-going"},
      [&session, options] { return Import(session, *options); });
  AddLedgerOptions(import, *options);
  import->add_flag(
      "--create-organizations", options->create_organizations,
      T("新建台账中出现而登记库没有的单位", "make the organizations that are missing"));
  import->add_flag("--update", options->update,
                   T("更新有变化的行，否则报冲突", "change rows that differ, else conflicts"));
  import->add_flag("--dry-run", options->dry_run, T("只说会做什么", "say what would be done"));
  import->add_flag("--keep-going", options->keep_going, T("略过坏行", "go on past bad rows"));
  import->add_option("--rejects", options->rejects,
                     T("坏行及原因写入此文件", "file that takes bad rows with their reasons"));
  import->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
