#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/history_words.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"

namespace yima::cli {
namespace {

struct WatchOptions {
  std::vector<std::string> where;
  std::string from;
  bool once = false;
};

const char* WatchWhereHelp() { return "division= class= organization= kind="; }

/// As ParseWhere, for what a watch can be told to leave out.
Result<v1::WatchFilter> ParseWatchWhere(Session& session, const std::vector<std::string>& where) {
  constexpr std::string_view kKind = "kind=";
  v1::WatchFilter filter;
  std::vector<std::string> of_facilities;
  for (const auto& condition : where) {
    const std::string_view key = std::string_view(condition).substr(0, condition.find('='));
    if (key == "division" || key == "class" || key == "organization") {
      of_facilities.push_back(condition);
      continue;
    }
    if (!condition.starts_with(kKind)) {
      return Invalid("WHERE_MALFORMED",
                     fmt::format("--where \"{}\": want {}", condition, WatchWhereHelp()),
                     "--where");
    }
    for (std::string_view rest = std::string_view(condition).substr(kKind.size());;) {
      const size_t comma = rest.find(',');
      YIMA_ASSIGN_OR_RETURN(const int kind,
                            ParseEnum(v1::RecordKind_descriptor(), rest.substr(0, comma), "kind"));
      filter.add_kinds(static_cast<v1::RecordKind>(kind));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  YIMA_ASSIGN_OR_RETURN(auto facilities, ParseWhere(session, of_facilities));
  filter.mutable_divisions()->Swap(facilities.mutable_divisions());
  filter.mutable_class_codes()->Swap(facilities.mutable_class_codes());
  filter.mutable_organizations()->Swap(facilities.mutable_organizations());
  return filter;
}

/// Follows the log over broken connections and restarts of the server.
class Watch {
 public:
  Watch(Session& session, v1::WatchRequest request, bool once)
      : session_(session), request_(std::move(request)), once_(once) {}

  Result<void> Run() {
    const auto take = [this](const v1::WatchResponse& message) { return Take(message); };
    const auto tell = [this](const Error& broken) { return Broken(broken); };
    const auto ended =
        session_.client().Watch(request_, take, once_ ? Client::BreakReceiver() : tell);
    if (!caught_up_) return ended;
    session_.Tell(fmt::format(
        fmt::runtime(T("已到最新；接着看：--from {}", "that is all by now; to go on: --from {}")),
        caught_up_->next()));
    return {};
  }

 private:
  Result<void> Take(const v1::WatchResponse& message) {
    told_of_break_ = false;
    const std::string epoch = message.next().substr(0, message.next().find('-'));
    for (const auto& change : message.changes()) {
      Show(change, fmt::format("{}-{}", epoch, change.index() + 1));
    }
    // Only what was printed counts as seen.
    YIMA_RETURN_IF_ERROR(session_.Flush());
    if (!once_ || !message.caught_up()) return {};
    caught_up_ = message;
    return tl::unexpected(Error{StatusCode::kCancelled, {}, {}, {}});
  }

  void Show(const v1::WatchChange& change, const std::string& token) {
    if (session_.json) {
      Json object = ToJson(change);
      object["token"] = token;
      return session_.Object(object);
    }
    session_.Line(fmt::format("{}\t{}\t{}\t{}\t{}\t{}{}", token, FormatTime(change.time_us()),
                              EnumName(v1::RecordKind_descriptor(), change.kind()),
                              change.has_facility_class()
                                  ? Printable(change.facility_class().code())
                                  : fmt::to_string(change.id()),
                              MethodInWords(change.method()), Printable(change.principal()),
                              change.left() ? T("\t已不在范围内", "\tleft the filter") : ""));
  }

  Result<void> Broken(const Error& error) {
    if (!std::exchange(told_of_break_, true)) {
      session_.Tell(
          fmt::format(fmt::runtime(T("连接中断（{}），重新连接", "cut off ({}), connecting again")),
                      error.message));
    }
    return {};
  }

  Session& session_;
  const v1::WatchRequest request_;
  const bool once_;
  bool told_of_break_ = false;
  std::optional<v1::WatchResponse> caught_up_;
};

Result<void> Run(Session& session, const WatchOptions& options) {
  v1::WatchRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWatchWhere(session, options.where));
  request.set_after(options.from);
  return Watch(session, std::move(request), options.once).Run();
}

}  // namespace

void AddWatch(CLI::App& app, Session& session) {
  const auto options = std::make_shared<WatchOptions>();
  auto* watch =
      AddCommand(&app, session, "watch",
                 T("跟随登记库的变更，每条一行：续读标记、时间、种类、编号、何事、何人",
                   "follow what changes, a line each: token, time, kind, number, what, who"),
                 {"yima watch --from 1-0 --once --json",
                  "yima watch --where division=1405 kind=facility,code"},
                 [&session, options] { return Run(session, *options); });
  watch->add_option("--where", options->where, WatchWhereHelp());
  watch->add_option("--from", options->from,
                    T("从此标记之后看起（1-0 为从头）；缺省从现在起",
                      "begin after this token (1-0: from the beginning); by default from now on"));
  watch->add_flag("--once", options->once,
                  T("看到最新为止", "end when all that there is was told"));
}

}  // namespace yima::cli
