#include "client/cli/usage.h"

#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "client/cli/session.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

/// The innermost command that the line got to.
const CLI::App* Reached(const CLI::App& app) {
  const CLI::App* reached = &app;
  while (!reached->get_subcommands().empty()) reached = reached->get_subcommands().back();
  return reached;
}

std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : FullName(*app.get_parent()) + " " + app.get_name();
}

/// CLI11's sentence, which names the option and the value, behind words for its kind.
std::string Sentence(const CLI::App& app, const CLI::ParseError& error) {
  const std::string kind = error.get_name();
  const auto left = app.remaining(true);
  if (kind == "RequiredError" && !left.empty()) {
    return fmt::format(fmt::runtime(T("没有命令 \"{}\"", "there is no command \"{}\"")),
                       left.front());
  }
  // Its name is the command's, by a slip of CLI11 2.1.
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    const std::string sentence = error.what();  // "The following argument was not expected: --x"
    return fmt::format(fmt::runtime(T("不认识 {}", "{} is not known here")),
                       sentence.substr(sentence.rfind(": ") + 2));
  }
  const char* words = T("命令行有误", "wrong use");
  if (kind == "RequiredError") words = T("缺少必需的参数", "something is missing");
  if (kind == "FileError") words = T("无法读取配置文件", "the configuration cannot be read");
  if (kind == "ConfigError") words = T("配置文件有误", "the configuration is wrong");
  if (kind == "ConversionError" || kind == "ValidationError") {
    words = T("取值有误", "wrong value");
  }
  return fmt::format(fmt::runtime(T("{}（{}）", "{}: {}")), words, error.what());
}

}  // namespace

void SetHelpWords(CLI::App& app) {
  app.option_defaults()->group(T("选项", "Options"));
  app.set_help_flag("-h,--help", T("显示帮助", "show this help"));
  const auto formatter = app.get_formatter();
  formatter->label("REQUIRED", T("（必填）", "(required)"));
  formatter->label("Env", T("环境变量", "environment"));
  if (std::string_view(T("zh", "en")) == "en") return;
  formatter->label("Usage", "用法");
  formatter->label("OPTIONS", "选项");
  formatter->label("SUBCOMMAND", "命令");
  formatter->label("Positionals", "参数");
  formatter->label("TEXT", "文字");
  formatter->label("INT", "整数");
  formatter->label("UINT", "整数");
}

int AnswerUsage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return static_cast<int>(Exit::kDone);
  }
  const CLI::App* reached = Reached(app);
  const std::string name = FullName(*reached);
  const bool half = std::string_view(error.get_name()) == "RequiredError" &&
                    !reached->get_subcommands({}).empty() && app.remaining(true).empty();
  if (half) {
    fmt::print(stderr, "{}", reached->help(reached->get_parent() == nullptr ? "" : "yima"));
  } else {
    fmt::print(stderr, "yima: {}\n{}{} --help\n", Printable(Sentence(app, error)),
               T("提示：", "hint: "), name);
  }
  return static_cast<int>(Exit::kWrongUse);
}

std::vector<std::string> WithEnvironment(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const auto& [option, variable] :
       {std::pair("--server", "YIMA_SERVER"), std::pair("--trust", "YIMA_TRUST")}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') all.push_back(fmt::format("{}={}", option, value));
  }
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

}  // namespace yima::cli
