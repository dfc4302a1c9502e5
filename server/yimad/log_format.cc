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

#include "server/methods/call_log.h"

namespace yima::server {
namespace {

class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    using std::chrono::microseconds;
    const auto since = std::chrono::duration_cast<microseconds>(message.time.time_since_epoch());
    const auto seconds = static_cast<std::time_t>(since.count() / 1'000'000);
    const auto level = spdlog::level::to_string_view(message.level);
    nlohmann::ordered_json object = {
        {"time", fmt::format("{:%FT%T}.{:06}Z", fmt::gmtime(seconds), since.count() % 1'000'000)},
        {"level", std::string(level.data(), level.size())}};
    const std::string_view said(message.payload.data(), message.payload.size());
    const std::string_view logger(message.logger_name.data(), message.logger_name.size());
    if (logger == kCallLog) {
      object.update(nlohmann::ordered_json::parse(said));
    } else {
      object["message"] = said;
    }
    const std::string text =
        object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    line.append(text.data(), text.data() + text.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonLines>();
  }
};

}  // namespace

void SetLog(const std::string& format, const std::string& level) {
  spdlog::drop_all();
  spdlog::sink_ptr sink;
  if (format == "json") {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_formatter(std::make_unique<JsonLines>());
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  }
  for (const char* name : {kCallLog, "yimad"}) {
    auto logger = std::make_shared<spdlog::logger>(name, sink);
    logger->set_level(spdlog::level::from_str(level));
    spdlog::register_logger(logger);
    if (name != kCallLog) spdlog::set_default_logger(std::move(logger));
  }
}

}  // namespace yima::server
