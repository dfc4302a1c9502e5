#include "server/yimad/log_format.h"

#include <chrono>
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace yima::server {
namespace {

class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    using std::chrono::microseconds;
    const auto since = std::chrono::duration_cast<microseconds>(message.time.time_since_epoch());
    const auto seconds = static_cast<std::time_t>(since.count() / 1'000'000);
    const auto level = spdlog::level::to_string_view(message.level);
    const nlohmann::ordered_json object = {
        {"time", fmt::format("{:%FT%T}.{:06}Z", fmt::gmtime(seconds), since.count() % 1'000'000)},
        {"level", std::string(level.data(), level.size())},
        {"message", std::string(message.payload.data(), message.payload.size())}};
    const std::string text =
        object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    line.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonLines>();
  }
};

}  // namespace

void SetLogFormat(const std::string& format) {
  spdlog::drop("yimad");
  if (format == "json") {
    auto logger = spdlog::stderr_logger_mt("yimad");
    logger->set_formatter(std::make_unique<JsonLines>());
    return spdlog::set_default_logger(std::move(logger));
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("yimad"));
}

}  // namespace yima::server
