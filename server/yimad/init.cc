#include <fmt/format.h>

#include "server/resolver/trust_notes.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

/// Symbol versions that an origin of so many characters gives: codegen/FORMAT.md's table.
int VersionAtM(size_t origin) { return origin <= 29 ? 6 : origin <= 52 ? 7 : 8; }
int VersionAtQ(size_t origin) { return origin <= 32 ? 8 : 9; }
int Modules(int version) { return 17 + 4 * version; }

void PrintSymbol(const std::string& origin) {
  const int m = VersionAtM(origin.size());
  const int q = VersionAtQ(origin.size());
  fmt::print(fmt::runtime(
                 Say("码制：QR 版本 {}（{}×{} 模块，纠错 Q，铭牌默认）或版本 {}（{}×{}，纠错 M）\n",
                     "symbol: QR version {} ({}×{} modules, level Q, plates) or version {} ({}×{}, "
                     "level M)\n")),
             q, Modules(q), Modules(q), m, Modules(m), Modules(m));
}

Result<void> Init(const InitOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto origin,
                        Origin::Parse(options.origin, options.allow_test_origin));
  YIMA_ASSIGN_OR_RETURN(const auto passphrase, ReadPassphrase(options.passphrase_file));
  YIMA_ASSIGN_OR_RETURN(const auto folder, DataFolder::Create(options.data, origin, passphrase));
  const Domain& domain = folder->domain();
  TrustNotes notes(domain);
  YIMA_RETURN_IF_ERROR(notes.Bundle());
  YIMA_RETURN_IF_ERROR(notes.List(*domain.store.Read()));

  fmt::print("registry: {}\n", domain.registry.id());
  fmt::print("origin: {}{}\n", origin.ToString(), origin.IsTest() ? " (test)" : "");
  fmt::print("root: {}\n", ToHex(domain.keys.root().public_key()));
  PrintSymbol(origin.ToString());
  if (!passphrase) {
    fmt::print("{}\n", Say("注意：未给口令，密钥以明文存于 keys/（权限 0600）。",
                           "warning: no passphrase was given, so the keys lie unencrypted in keys/ "
                           "(mode 0600)."));
  }
  return {};
}

}  // namespace

int RunInit(const InitOptions& options) {
  const auto done = Init(options);
  return done ? kDone : Complain(done.error());
}

}  // namespace yima::server
