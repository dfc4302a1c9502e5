#include <cmath>

#include <fmt/format.h>

#include "codegen/label/png.h"
#include "codegen/label/symbol.h"

namespace yima::label {
namespace {

constexpr int kModulePxMax = 100;

/// One closed box for each horizontal run of dark modules, in modules from the quiet zone's corner.
std::string DarkRuns(const Symbol& symbol) {
  std::string path;
  for (int y = 0; y < symbol.size; ++y) {
    for (int x = 0; x < symbol.size; ++x) {
      if (!symbol.Dark(x, y)) continue;
      const int begin = x;
      while (x < symbol.size && symbol.Dark(x, y)) ++x;
      fmt::format_to(std::back_inserter(path), "M{} {}h{}v1h-{}z", begin + kQuietModulesMin,
                     y + kQuietModulesMin, x - begin, x - begin);
    }
  }
  return path;
}

}  // namespace

Result<std::string> SymbolPng(const Symbol& symbol, int module_px) {
  if (module_px < 1 || module_px > kModulePxMax)
    return Fail(StatusCode::kOutOfRange, "MODULE_PX_OUT_OF_RANGE",
                fmt::format("{} pixels a module, want 1 to {}", module_px, kModulePxMax),
                "module_px");
  const int side_px = (symbol.size + 2 * kQuietModulesMin) * module_px;
  const size_t stride = (static_cast<size_t>(side_px) + 7) / 8;
  std::vector<uint8_t> rows(stride * static_cast<size_t>(side_px), 0xFF);
  for (int py = 0; py < side_px; ++py) {
    const int y = py / module_px - kQuietModulesMin;
    if (y < 0 || y >= symbol.size) continue;
    for (int px = 0; px < side_px; ++px) {
      const int x = px / module_px - kQuietModulesMin;
      if (x < 0 || x >= symbol.size || !symbol.Dark(x, y)) continue;
      uint8_t& byte = rows[static_cast<size_t>(py) * stride + static_cast<size_t>(px) / 8];
      byte = static_cast<uint8_t>(byte & ~(0x80 >> (px % 8)));
    }
  }
  return EncodePng({side_px, side_px, 1, stride, rows.data(), 0});
}

Result<std::string> SymbolSvg(const Symbol& symbol, double module_mm) {
  if (!std::isfinite(module_mm) || module_mm <= 0 || module_mm > 1000)
    return Fail(StatusCode::kOutOfRange, "MODULE_MM_OUT_OF_RANGE",
                fmt::format("{} mm a module, want more than 0 and at most 1000", module_mm),
                "module_mm");
  const int modules = symbol.size + 2 * kQuietModulesMin;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.6g}mm\" height=\"{0:.6g}mm\" "
      "viewBox=\"0 0 {1} {1}\" shape-rendering=\"crispEdges\">\n"
      "<rect width=\"{1}\" height=\"{1}\" fill=\"#fff\"/>\n<path d=\"{2}\"/>\n</svg>\n",
      modules * module_mm, modules, DarkRuns(symbol));
}

}  // namespace yima::label
