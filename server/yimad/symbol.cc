#include "server/yimad/symbol.h"

#include <fmt/format.h>

#include "server/yimad/words.h"

namespace yima::server {
namespace {

/// Symbol versions that an origin of so many characters gives: codegen/FORMAT.md's table.
int VersionAtM(size_t origin) { return origin <= 29 ? 6 : origin <= 52 ? 7 : 8; }
int VersionAtQ(size_t origin) { return origin <= 32 ? 8 : 9; }
int Modules(int version) { return 17 + 4 * version; }

}  // namespace

void PrintSymbol(const std::string& origin) {
  const int m = VersionAtM(origin.size());
  const int q = VersionAtQ(origin.size());
  fmt::print(fmt::runtime(
                 Say("码制：QR 版本 {}（{}×{} 模块，纠错 Q，铭牌默认）或版本 {}（{}×{}，纠错 M）\n",
                     "symbol: QR version {} ({}×{} modules, level Q, plates) or version {} ({}×{}, "
                     "level M)\n")),
             q, Modules(q), Modules(q), m, Modules(m), Modules(m));
}

void PrintSymbolChange(const std::string& before, const std::string& after) {
  const struct {
    char level;
    int old_version;
    int new_version;
  } changes[] = {{'Q', VersionAtQ(before.size()), VersionAtQ(after.size())},
                 {'M', VersionAtM(before.size()), VersionAtM(after.size())}};
  for (const auto& change : changes) {
    if (change.new_version <= change.old_version) continue;
    fmt::print(
        fmt::runtime(Say("纠错 {} 的码由版本 {}（{} 模块）变为版本 {}（{} "
                         "模块）：为原码制设计的标牌模板须重新核对（yima labels --check all）\n",
                         "level {} grows from version {} ({} modules) to version {} ({} "
                         "modules): templates made to fit the old one fit no longer, see "
                         "yima labels --check all\n")),
        change.level, change.old_version, Modules(change.old_version), change.new_version,
        Modules(change.new_version));
  }
}

}  // namespace yima::server
