#include <fmt/format.h>

#include "server/yimad/command_line.h"
#include "server/yimad/order_run.h"
#include "server/yimad/symbol.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

struct OriginOptions {
  OrderPlace place;
  std::string origin;
  bool allow_test = false;
};

Result<Order> Origins(const OriginOptions& options) {
  YIMA_ASSIGN_OR_RETURN(Order all, RunOrder(options.place, {{"do", "list"}}));
  return all["origins"];
}

Result<void> List(const OriginOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const Order origins, Origins(options));
  for (const auto& origin : origins) {
    fmt::print("{}\t{}\t{}\n", origin.value("origin", ""), origin.value("state", ""),
               origin.value("published", false) ? "" : Say("尚未发布", "not published"));
  }
  return {};
}

/// Without a test flag where none is wanted, the order says what is wrong with the origin.
Result<void> Add(const OriginOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto run, OrderRun::Begin(options.place));
  YIMA_ASSIGN_OR_RETURN(
      const Order done,
      run.Run({{"do", "origin-add"}, {"origin", options.origin}, {"test", options.allow_test}}));
  const std::string added = done.value("origin", "");
  fmt::print("{}\n{}\n", added, done.value("name", ""));
  PrintSymbol(added);
  YIMA_ASSIGN_OR_RETURN(const Order all, run.Run({{"do", "list"}}));
  for (const auto& origin : all["origins"]) {
    if (origin.value("state", "") == "current")
      PrintSymbolChange(origin.value("origin", ""), added);
  }
  fmt::print(
      fmt::runtime(Say("下一步：使 {} 指向本服务器，用手机打开确认；再运行 yimad origin current\n",
                       "next: make {} lead to this server, open it on a phone; then yimad "
                       "origin current\n")),
      added);
  return {};
}

template <char const* kOrder>
Result<void> Change(const OriginOptions& options) {
  YIMA_RETURN_IF_ERROR(RunOrder(options.place, {{"do", kOrder}, {"origin", options.origin}}));
  return List(options);
}
constexpr char kCurrent[] = "origin-current";
constexpr char kClose[] = "origin-close";
constexpr char kLost[] = "origin-lost";

void AddTo(CLI::App& group, int& exit_code, const char* name, const char* what,
           const std::string& examples, Result<void> (*run)(const OriginOptions&)) {
  const auto options = std::make_shared<OriginOptions>();
  auto* command = AddCommand(group, name, what, examples.c_str());
  AddData(command, options->place.data);
  AddPassphrase(command, options->place.passphrase_file);
  if (run != List) {
    command->add_option("origin", options->origin, Say("网址", "origin"))->required();
  }
  if (run == Add) {
    command->add_flag("--allow-test-origin", options->allow_test,
                      Say("允许测试地址（IP 或单段主机名）", "allow an address or one-label host"));
  }
  command->callback([options, run, &exit_code] {
    const auto done = run(*options);
    exit_code = done ? kDone : Complain(done.error());
  });
}

std::string Examples(const std::string& name, const std::string& argument) {
  return fmt::format(
      "\n  yimad origin {0} --data /var/lib/yima {1}\n  yimad origin {0} --data demo {1}", name,
      argument);
}

}  // namespace

void AddOriginCommands(CLI::App& app, int& exit_code) {
  auto* group =
      AddCommand(app, "origin", Say("网址：增加、启用、关闭", "origins: add, use, close"), "");
  group->require_subcommand(1);
  const std::string text = "HTTPS://CODE.EXAMPLE.CN/";
  AddTo(*group, exit_code, "list", Say("列出网址", "list origins"), Examples("list", ""), List);
  AddTo(*group, exit_code, "add",
        Say("增加网址及其密钥，尚不启用", "add a host and its key, not to be printed yet"),
        Examples("add", text), Add);
  AddTo(*group, exit_code, "current", Say("此后新码使用该网址", "from now on new plates carry it"),
        Examples("current", text), Change<kCurrent>);
  AddTo(*group, exit_code, "close",
        Say("不再签发，已发的码仍然有效", "sign nothing more for it; its plates stay good"),
        Examples("close", text), Change<kClose>);
  AddTo(*group, exit_code, "lost",
        Say("域名已不属本库：码仍可核验，读者提醒勿打开链接",
            "the host is no longer ours: codes verify, readers warn against the link"),
        Examples("lost", text), Change<kLost>);
}

}  // namespace yima::server
