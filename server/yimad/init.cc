#include <fmt/format.h>

#include "server/resolver/trust_notes.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/own_certificate.h"
#include "server/yimad/symbol.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

Result<void> Init(const InitOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto origin,
                        Origin::Parse(options.origin, options.allow_test_origin));
  YIMA_ASSIGN_OR_RETURN(const auto passphrase, ReadPassphrase(options.passphrase_file));
  YIMA_ASSIGN_OR_RETURN(const auto folder, DataFolder::Create(options.data, origin, passphrase));
  const Domain& domain = folder->domain();
  YIMA_RETURN_IF_ERROR(KeepAdminToken(domain, options.data));
  TrustNotes notes(domain);
  YIMA_RETURN_IF_ERROR(notes.Bundle());
  YIMA_RETURN_IF_ERROR(notes.List(*domain.store.Read()));

  fmt::print("registry: {}\n", domain.registry->id());
  fmt::print("origin: {}{}\n", origin.ToString(), origin.IsTest() ? " (test)" : "");
  fmt::print("root: {}\n", ToHex(domain.keys.All(KeyKind::kRoot).front()->public_key()));
  PrintSymbol(origin.ToString());
  fmt::print("admin token: {}\n", (options.data / "admin-token").string());
  if (options.self_signed) {
    YIMA_RETURN_IF_ERROR(KeepOwnCertificate(options.data, *domain.registry, {}));
  }
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
