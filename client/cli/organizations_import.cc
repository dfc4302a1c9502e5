#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/words.h"
#include "client/import/csv.h"

namespace yima::cli {
namespace {

constexpr int kInputsMax = 1000;

struct ImportOptions {
  std::string file;
  std::string request_id;
  bool dry_run = false;
};

enum Column : size_t { kName, kAliases, kCreditCode, kTelephone, kContact, kContactTelephone };

/// Headers that name each column; the first is how it is called in messages.
const std::vector<std::vector<std::string>> kHeaders = {
    {"名称", "单位名称", "全称", "name"},
    {"简称", "别名", "aliases", "alias"},
    {"统一社会信用代码", "信用代码", "credit_code", "credit code"},
    {"电话", "telephone", "phone"},
    {"联系人", "contact_name", "contact"},
    {"联系电话", "contact_telephone", "contact telephone", "contact phone"}};

using Columns = std::array<std::optional<size_t>, 6>;

std::string Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string Lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

Result<Columns> FindColumns(Session& session, const ledger::CsvRecord& head,
                            const std::string& file) {
  Columns columns;
  for (size_t at = 0; at < head.fields.size(); ++at) {
    const std::string header = Lower(Trimmed(head.fields[at]));
    size_t column = 0;
    while (column < kHeaders.size() && std::find(kHeaders[column].begin(), kHeaders[column].end(),
                                                 header) == kHeaders[column].end()) {
      ++column;
    }
    if (column == kHeaders.size()) {
      session.Tell(
          fmt::format(fmt::runtime(T("未导入的列：{}", "column left out: {}")), Printable(header)));
    } else if (columns[column]) {
      return Invalid("COLUMN_TWICE", fmt::format("two columns are called {}", header),
                     fmt::format("{}:{}", file, head.line));
    } else {
      columns[column] = at;
    }
  }
  if (columns[kName]) return columns;
  return Invalid("COLUMN_MISSING", "no column is called 名称 or name",
                 fmt::format("{}:{}", file, head.line));
}

/// Everyday names are written with 、, ； or ; between them.
std::vector<std::string> SplitAliases(std::string_view text) {
  std::vector<std::string> aliases;
  std::string rest(text);
  for (const std::string separator : {"、", "；"}) {
    for (size_t at = rest.find(separator); at != std::string::npos; at = rest.find(separator, at)) {
      rest.replace(at, separator.size(), ";");
    }
  }
  for (size_t start = 0; start <= rest.size();) {
    const size_t end = std::min(rest.find(';', start), rest.size());
    std::string alias = Trimmed(std::string_view(rest).substr(start, end - start));
    if (!alias.empty()) aliases.push_back(std::move(alias));
    start = end + 1;
  }
  return aliases;
}

Result<v1::OrganizationInput> MakeInput(const ledger::CsvRecord& record, const Columns& columns,
                                        const std::string& place) {
  if (record.problem) {
    return Fail(record.problem->code, record.problem->reason, record.problem->message, place);
  }
  const auto value = [&](Column column) {
    const auto at = columns[column];
    return at && *at < record.fields.size() ? Trimmed(record.fields[*at]) : std::string();
  };
  v1::OrganizationInput input;
  auto& organization = *input.mutable_organization();
  organization.set_name(value(kName));
  if (organization.name().empty()) return Invalid("NAME_MISSING", "the name is empty", place);
  for (auto& alias : SplitAliases(value(kAliases))) organization.add_aliases(std::move(alias));
  organization.set_credit_code(value(kCreditCode));
  organization.set_telephone(value(kTelephone));
  input.set_contact_name(value(kContact));
  input.set_contact_telephone(value(kContactTelephone));
  return input;
}

/// As messages call the file.
std::string NameOf(const std::string& file) {
  return file == "-" ? file : std::filesystem::path(file).filename().string();
}

struct Ledger {
  std::vector<v1::OrganizationInput> inputs;
  std::vector<uint64_t> lines;
};

Result<Ledger> ReadLedger(Session& session, const std::string& file) {
  YIMA_ASSIGN_OR_RETURN(auto source, ledger::TextSource::Open(file));
  const std::string name = NameOf(file);
  ledger::CsvReader reader(std::move(source), name);
  ledger::CsvRecord record;
  Ledger rows;
  YIMA_ASSIGN_OR_RETURN(const bool headed, reader.Next(record));
  if (!headed) return Invalid("FILE_EMPTY", "the file has only empty lines", name);
  YIMA_ASSIGN_OR_RETURN(const Columns columns, FindColumns(session, record, name));
  while (true) {
    YIMA_ASSIGN_OR_RETURN(const bool more, reader.Next(record));
    if (!more) return rows;
    YIMA_ASSIGN_OR_RETURN(auto input,
                          MakeInput(record, columns, fmt::format("{}:{}", name, record.line)));
    rows.inputs.push_back(std::move(input));
    rows.lines.push_back(record.line);
  }
}

/// "inputs[17].name" of a refusal as the place in the file.
Error PlacedInFile(Error error, const Ledger& rows, size_t first, const std::string& file) {
  constexpr std::string_view kPrefix = "inputs[";
  if (!error.field.starts_with(kPrefix)) return error;
  const size_t index = first + std::strtoul(error.field.c_str() + kPrefix.size(), nullptr, 10);
  if (index < rows.lines.size()) error.field = fmt::format("{}:{}", file, rows.lines[index]);
  return error;
}

Result<void> Import(Session& session, const ImportOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const Ledger rows, ReadLedger(session, options.file));
  uint64_t created = 0;
  uint64_t updated = 0;
  uint64_t unchanged = 0;
  Progress progress(T("导入单位", "importing organizations"));
  for (size_t first = 0; first < rows.inputs.size(); first += kInputsMax) {
    v1::ImportOrganizationsRequest request;
    request.set_dry_run(options.dry_run);
    const size_t end = std::min(rows.inputs.size(), first + kInputsMax);
    for (size_t i = first; i < end; ++i) *request.add_inputs() = rows.inputs[i];
    auto words = session.words;
    words.push_back(fmt::to_string(first));
    const std::string given =
        options.request_id.empty() ? "" : fmt::format("{}.{}", options.request_id, first);
    const RequestMemory memory(RequestMemory::Default(), session.server, words);
    const auto done = UnderRequestId(memory, given, [&](const std::string& id) -> Result<void> {
      request.set_request_id(id);
      YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().ImportOrganizations(request));
      created += answer.created();
      updated += answer.updated();
      unchanged += answer.unchanged();
      return {};
    });
    if (!done) return tl::unexpected(PlacedInFile(done.error(), rows, first, NameOf(options.file)));
    progress.Show(end, rows.inputs.size());
  }
  if (session.json) {
    session.Object({{"rows", rows.inputs.size()},
                    {"created", created},
                    {"updated", updated},
                    {"unchanged", unchanged},
                    {"dryRun", options.dry_run}});
    return {};
  }
  session.Line(
      fmt::format(fmt::runtime(T("{} 行：新建 {}，补全 {}，不变 {}{}",
                                 "{} rows: {} created, {} completed, {} unchanged{}")),
                  rows.inputs.size(), created, updated, unchanged,
                  options.dry_run ? T("（试运行，未写入）", " (dry run: nothing written)") : ""));
  return {};
}

}  // namespace

void AddOrganizationsImport(CLI::App& organizations, Session& session) {
  const auto options = std::make_shared<ImportOptions>();
  auto* import = AddCommand(
      &organizations, session, "import",
      T("从 CSV 导入单位：名称、简称、统一社会信用代码、电话、联系人、联系电话",
        "import organizations from a CSV: name, aliases, credit_code, telephone, contact_name, "
        "contact_telephone"),
      {"yima organizations import 单位.csv --dry-run", "yima organizations import owners.csv"},
      [&session, options] { return Import(session, *options); });
  import->add_option("file", options->file, T("CSV 文件", "the CSV file"))->required();
  import->add_flag("--dry-run", options->dry_run, T("只说会做什么", "say what would be done"));
  import->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
