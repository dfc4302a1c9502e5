#include <map>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/history_words.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"
#include "codegen/code/serial.h"

namespace yima::cli {
namespace {

constexpr size_t kHexMax = 16;  ///< Of bytes, as people compare them.

/// Tells a history to people: one entry a paragraph, each change a line.
class Story {
 public:
  explicit Story(Session& session) : session_(session) {}

  void Tell(const v1::HistoryEntry& entry) {
    session_.Line(fmt::format(fmt::runtime(T("{0}  {1}  {2}（日志第 {3} 条，修订 {4}）",
                                             "{0}  {1}  {2} (log {3}, revision {4})")),
                              FormatTime(entry.time_us()), MethodInWords(entry.method()),
                              Who(entry), entry.index(), entry.revision()));
    if (entry.code() != 0) {
      session_.Line(fmt::format("  {}: {}", T("码", "code"), ShortNumber(entry.code())));
    }
    if (entry.batch() != 0) {
      session_.Line(fmt::format("  {}: {}", T("批次", "batch"), entry.batch()));
    }
    for (const auto& change : entry.changes()) {
      // The batch that made it was told already.
      if (change.path() != "batch" || entry.batch() == 0) TellChange(change);
    }
    session_.Line("");
  }

 private:
  static std::string Who(const v1::HistoryEntry& entry) {
    if (!entry.principal_name().empty()) return Printable(entry.principal_name());
    if (entry.principal() == "local") return T("服务器管理员", "the operator");
    return Printable(entry.principal());
  }

  static std::string ShortNumber(uint64_t serial) {
    const auto known = Serial::FromInteger(serial);
    return known ? known->ShortNumber() : fmt::to_string(serial);
  }

  void TellChange(const v1::FieldChange& change) {
    const std::string path = PathInWords(change.path());
    const std::string before = Value(change.path(), change.before());
    const std::string after = Value(change.path(), change.after());
    if (change.before().empty()) {
      session_.Line(fmt::format("  {}: {}", path, after));
    } else if (change.after().empty()) {
      session_.Line(fmt::format("  {}: {} → {}", path, before, T("无", "none")));
    } else {
      session_.Line(fmt::format("  {}: {} → {}", path, before, after));
    }
  }

  std::string Value(const std::string& path, const std::string& value) {
    if (value.empty()) return value;
    if (path.ends_with(".holder") || path.ends_with("_organization") ||
        path.ends_with(".organization")) {
      return Organization(value);
    }
    if (path == "successor") return ShortNumber(ParseNumber(value, path).value_or(0));
    if (path == "payload" || path.ends_with("sha256")) return value.substr(0, kHexMax) + "…";
    return Printable(ValueInWords(value));
  }

  /// Its name, asked for once; its number where that is not to be had.
  const std::string& Organization(const std::string& id) {
    const auto [name, is_new] = organizations_.try_emplace(id, id);
    if (!is_new) return name->second;
    v1::GetOrganizationRequest request;
    const auto number = ParseNumber(id, "organization");
    if (!number) return name->second;
    request.set_id(*number);
    if (const auto found = session_.client().GetOrganization(request)) {
      name->second = Printable(found->organization().name());
    }
    return name->second;
  }

  Session& session_;
  std::map<std::string, std::string> organizations_;
};

Result<void> History(Session& session, const std::string& name) {
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, name));
  v1::GetFacilityHistoryRequest request;
  request.set_uid(found.facility().uid());
  Story story(session);
  do {
    YIMA_ASSIGN_OR_RETURN(const auto page, session.client().GetFacilityHistory(request));
    for (const auto& entry : page.entries()) {
      if (session.json) {
        session.Object(ToJson(entry));
      } else {
        story.Tell(entry);
      }
    }
    YIMA_RETURN_IF_ERROR(session.Flush());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return {};
}

}  // namespace

void AddFacilitiesHistory(CLI::App& facilities, Session& session) {
  const auto name = std::make_shared<std::string>();
  auto* history = AddCommand(
      &facilities, session, "history",
      T("一个部件与其码的全部变更，新的在前：何时、何人、何事、前后值",
        "all changes of a facility and its codes, newest first: when, who, what, before and after"),
      {"yima facilities history 14050201001000001",
       "yima facilities history ledger:W-000001 --json"},
      [&session, name] { return History(session, *name); });
  history
      ->add_option("facility", *name,
                   T("代码、uid:N 或 命名空间:值", "its code, uid:N or NAMESPACE:VALUE"))
      ->required();
}

}  // namespace yima::cli
