#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/cli/commands.h"
#include "client/cli/import_problems.h"
#include "client/cli/records.h"
#include "client/cli/renamed_ledger.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/import/ledger_reader.h"
#include "client/import/rejects.h"

namespace yima::cli {
namespace {

constexpr size_t kRowsAMessage = 1000;

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

/// As messages and the batch call the file.
std::string NameOf(const std::string& file) {
  return file == "-" ? file : std::filesystem::path(file).filename().string();
}

/// Asks for the catalogue once, and only when a ledger names its classes in words.
class Catalogue {
 public:
  explicit Catalogue(Session& session) : session_(session) {}

  std::vector<std::string> CodesOf(std::string_view name) {
    if (!asked_) fetched_ = Fetch();
    std::vector<std::string> codes;
    const auto [first, last] = codes_by_name_.equal_range(name);
    for (auto it = first; it != last; ++it) codes.push_back(it->second);
    return codes;
  }

  /// Why no class has a name, if that is so: the rows are not to blame.
  const Result<void>& fetched() const { return fetched_; }

 private:
  Result<void> Fetch() {
    asked_ = true;
    YIMA_ASSIGN_OR_RETURN(const auto answer, session_.client().ListFacilityClasses({}));
    for (const auto& row : answer.facility_classes()) {
      codes_by_name_.emplace(row.name_zh(), row.code());
      if (!row.name_en().empty()) codes_by_name_.emplace(row.name_en(), row.code());
    }
    return {};
  }

  Session& session_;
  bool asked_ = false;
  Result<void> fetched_;
  std::multimap<std::string, std::string, std::less<>> codes_by_name_;
};

/// Rows for one message. A row that cannot be read goes with nothing but its line: the server
/// refuses it, and so counts all rows, and stops before anything is written if it is to stop.
Result<bool> FillRows(ledger::LedgerReader& reader, const Catalogue& catalogue,
                      ImportProblems& problems, std::vector<v1::ImportRow>& rows) {
  ledger::LedgerRow row;
  while (rows.size() < kRowsAMessage) {
    YIMA_ASSIGN_OR_RETURN(const bool more, reader.Next(row));
    if (!more) break;
    YIMA_RETURN_IF_ERROR(catalogue.fetched());
    if (row.problem) {
      problems.Add(row);
      rows.emplace_back().set_line(row.line);
    } else {
      rows.push_back(std::move(row.row));
    }
  }
  return !rows.empty();
}

v1::ImportHeader MakeHeader(const ImportOptions& options, const ledger::LedgerReader& reader,
                            const std::string& request_id) {
  v1::ImportHeader header;
  header.set_request_id(request_id);
  header.set_source(NameOf(options.file));
  header.set_dry_run(options.dry_run);
  header.set_keep_going(options.keep_going);
  header.set_update(options.update);
  header.set_create_organizations(options.create_organizations);
  header.set_key_namespace(reader.key_namespace());
  header.set_assign_codes(!reader.key_namespace().empty());
  return header;
}

/// The file for rejects, before anything is sent: a folder that is not there is no news to come
/// after the work.
Result<std::optional<ledger::RejectsWriter>> OpenRejects(const ImportOptions& options) {
  if (options.rejects.empty()) return std::nullopt;
  if (options.file == "-") {
    return Invalid("REJECTS_FROM_STDIN", "rejects need a ledger that can be read twice",
                   "--rejects");
  }
  std::error_code ignored;
  if (std::filesystem::equivalent(options.file, options.rejects, ignored)) {
    return Invalid("REJECTS_IS_LEDGER", "the rejects would replace the ledger", "--rejects");
  }
  YIMA_ASSIGN_OR_RETURN(const auto reader,
                        ledger::LedgerReader::Open(options.file, options.ledger));
  return ledger::RejectsWriter::Create(options.rejects, reader.header(), T("原因", "reason"),
                                       reader.delimiter());
}

/// A second look at the file, so that rejects stand in its order with all their cells.
Result<void> WriteRejects(Session& session, const ImportOptions& options,
                          const ImportProblems& problems, ledger::RejectsWriter& writer) {
  YIMA_ASSIGN_OR_RETURN(auto reader, ledger::LedgerReader::Open(options.file, options.ledger));
  ledger::LedgerRow row;
  while (true) {
    const auto more = reader.Next(row);
    if (!more || !*more) break;  // What cannot be read was said the first time.
    const auto reason = problems.reasons().find(row.line);
    if (reason == problems.reasons().end()) continue;
    YIMA_RETURN_IF_ERROR(writer.Write(reason->second, row.cells));
  }
  YIMA_RETURN_IF_ERROR(writer.Close());
  if (problems.reasons().empty()) return {};
  // Under another name it would be another ledger, whose rows are other facilities.
  const std::string named =
      reader.key_namespace().empty() ? "" : fmt::format(" --ledger {}", reader.key_namespace());
  session.Tell(fmt::format(
      fmt::runtime(T("{} 行及原因已写入 {}；改正后用相同选项导入该文件{}",
                     "{} rows with their reasons are in {}; once mended, import that file with the "
                     "same options{}")),
      problems.reasons().size(), Printable(options.rejects),
      named.empty() ? "" : T("，并加", " and") + named));
  return {};
}

void ShowOrganizations(Session& session, const ImportOptions& options,
                       const v1::ImportReport& report) {
  const char* words =
      !options.create_organizations
          ? T("登记库中没有的单位：{}（{} 行）", "organization not in the registry: {} ({} rows)")
      : options.dry_run ? T("将新建单位：{}（{} 行）", "organization to be created: {} ({} rows)")
                        : T("已新建单位：{}（{} 行）", "organization created: {} ({} rows)");
  for (const auto& missing : report.missing_organizations()) {
    session.Line(fmt::format(fmt::runtime(words), Printable(missing.name()), missing.rows()));
  }
}

void ShowReport(Session& session, const ImportOptions& options, const v1::ImportReport& report) {
  if (session.json) {
    Json object = ToJson(report);
    object["dryRun"] = options.dry_run;
    return session.Object(object);
  }
  session.Line(fmt::format(
      fmt::runtime(T("{} 行：新建 {}，更新 {}，不变 {}，冲突 {}，拒收 {}{}",
                     "{} rows: {} created, {} updated, {} unchanged, {} conflicts, {} rejected{}")),
      report.rows(), report.created(), report.updated(), report.unchanged(), report.conflicts(),
      report.rejected(),
      options.dry_run ? T("（试运行，未写入）", " (dry run: nothing written)") : ""));
  if (report.batch() != 0) {
    session.Line(fmt::format(fmt::runtime(T("批次 {}", "batch {}")), report.batch()));
  } else if (!options.dry_run && !report.stopped()) {
    session.Line(T("没有新内容，未改动任何记录", "nothing new: no record was changed"));
  }
  ShowOrganizations(session, options, report);
  for (const auto& missing : report.missing_attributes()) {
    session.Line(fmt::format(
        fmt::runtime(T("缺少标准属性 {}：{} 行", "attribute {} of the standard missing: {} rows")),
        missing.attribute(), missing.rows()));
  }
}

/// What was decided for the user, and how to decide it otherwise.
void TellOfReading(Session& session, const ImportOptions& options,
                   const ledger::LedgerReader& reader) {
  if (!reader.key_namespace().empty() && options.ledger.key_namespace.empty()) {
    session.Tell(Printable(fmt::format(
        fmt::runtime(
            T("行的编号记在台账名“{0}”之下；同一台账换了文件名再导入，须加 --ledger \"{0}\"，"
              "否则全部另建一份",
              "keys of the rows are kept under the ledger name \"{0}\": for the same "
              "ledger in a file of another name add --ledger \"{0}\", or everything is made a "
              "second time")),
        reader.key_namespace())));
  }
  if (reader.keeps_positions_raw()) {
    session.Tell(T("坐标列 X、Y 未说明坐标系：只存读数，位置未知；若为经纬度，加 --epsg 4490",
                   "columns X and Y name no reference system: readings are kept, places are "
                   "unknown; if they are degrees, add --epsg 4490"));
  }
}

/// One whole stream; fills the report when the server gave one.
Result<void> SendLedger(Session& session, const ImportOptions& options, const std::string& id,
                        const Catalogue& catalogue, ImportProblems& problems,
                        v1::ImportReport& report) {
  YIMA_ASSIGN_OR_RETURN(auto reader, ledger::LedgerReader::Open(options.file, options.ledger));
  auto unknown = reader.unknown_columns();
  // Of a rejects file that was mended.
  std::erase_if(unknown, [](const auto& name) { return name == "原因" || name == "reason"; });
  if (!unknown.empty()) {
    session.Tell(Printable(fmt::format(fmt::runtime(T("未导入的列：{}", "columns left out: {}")),
                                       fmt::join(unknown, T("、", ", ")))));
  }
  TellOfReading(session, options, reader);
  Progress progress(T("导入", "importing"));
  return session.client().ImportFacilities(
      MakeHeader(options, reader, id),
      [&](std::vector<v1::ImportRow>& rows) { return FillRows(reader, catalogue, problems, rows); },
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
  Catalogue catalogue(session);
  options.ledger.classes_by_name = [&](std::string_view name) { return catalogue.CodesOf(name); };
  YIMA_RETURN_IF_ERROR(RefuseRenamedLedger(session, options.file, options.ledger));
  YIMA_ASSIGN_OR_RETURN(auto rejects, OpenRejects(options));
  ImportProblems problems(session, NameOf(options.file));
  v1::ImportReport report;
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  const auto done = UnderRequestId(memory, options.request_id, [&](const std::string& id) {
    report.Clear();
    return SendLedger(session, options, id, catalogue, problems, report);
  });
  problems.Conclude();
  if (!done) return done;
  ShowReport(session, options, report);
  if (rejects) YIMA_RETURN_IF_ERROR(WriteRejects(session, options, problems, *rejects));
  if (report.stopped()) {
    return Invalid("BAD_ROWS",
                   fmt::format("{} bad rows: nothing {} imported", report.rejected(),
                               options.dry_run ? "would be" : "was"),
                   NameOf(options.file));
  }
  if (options.keep_going) return {};
  if (report.conflicts() > 0) session.Note(Exit::kFailed);
  if (report.rejected() > 0) session.Note(Exit::kWrongUse);
  return {};
}

void AddLedgerOptions(CLI::App* import, ImportOptions& options) {
  import->add_option("file", options.file, T("CSV 台账，- 为标准输入", "CSV ledger, - for stdin"))
      ->required();
  import->add_option("--map", options.mappings,
                     T("列名=字段，如 extra:名称、personal:名称、parent:台账",
                       "COLUMN=field; also extra:NAME, personal:NAME and parent:LEDGER"));
  import->add_option("--key", options.ledger.key_column,
                     T("标识每行的列，存为外部编码", "column that identifies a row"));
  import->add_option("--ledger", options.ledger.key_namespace,
                     T("该列编码的命名空间，缺省为文件名",
                       "namespace of that column's values; the file's name when left out"));
  import->add_option("--code-from", options.ledger.code_column,
                     T("部件代码所在列", "column with the facility code"));
  import->add_option("--scheme", options.scheme, T("编码方案", "coding scheme of the codes"))
      ->check(CLI::Range(0, 255))
      ->option_text(T("编号（缺省 2）", "NUMBER (2)"));
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
  import->footer(import->get_footer() + fmt::format("\n{}{}, extra:{}, personal:{}, parent:{}",
                                                    T("--map 的字段：", "Fields of --map: "),
                                                    fmt::join(ledger::FieldNames(), ", "),
                                                    T("名称", "NAME"), T("名称", "NAME"),
                                                    T("上级部件所在台账", "LEDGER of the whole")));
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
