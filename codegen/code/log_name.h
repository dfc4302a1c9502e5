#ifndef YIMA_CODEGEN_CODE_LOG_NAME_H_
#define YIMA_CODEGEN_CODE_LOG_NAME_H_

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yima {

/// Which log a checkpoint's origin names: `<registry>/<epoch>`.
struct LogName {
  std::string registry;  ///< 32 lower-case hex digits.
  uint16_t epoch = 0;    ///< From 1 on.

  bool operator==(const LogName&) const = default;

  std::string ToString() const { return registry + "/" + std::to_string(epoch); }
  /// Nothing for an origin of any other form: the log is none of ours.
  static std::optional<LogName> Parse(std::string_view origin);
};

inline std::optional<LogName> LogName::Parse(std::string_view origin) {
  constexpr size_t kRegistry = 32;
  if (origin.size() < kRegistry + 2 || origin[kRegistry] != '/') return std::nullopt;
  LogName name;
  name.registry = origin.substr(0, kRegistry);
  if (name.registry.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  const char* const end = origin.data() + origin.size();
  const auto [at, error] = std::from_chars(origin.data() + kRegistry + 1, end, name.epoch);
  if (error != std::errc() || at != end || origin[kRegistry + 1] == '0') return std::nullopt;
  return name;
}

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_LOG_NAME_H_
