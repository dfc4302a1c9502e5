#include <algorithm>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"

namespace yima::cli {
namespace {

const char* StatusName(OriginStatus status) {
  switch (status) {
    case OriginStatus::kCurrent:
      return "current";
    case OriginStatus::kOld:
      return "old";
    case OriginStatus::kLost:
      return "lost";
  }
  return "";
}

int64_t AgeSeconds(TimeUs issued) {
  constexpr TimeUs kSecond = 1'000'000;
  return std::max<TimeUs>((Now() - issued) / kSecond, 0);
}

/// Hours of the first two days, then days.
std::string Age(TimeUs issued) {
  constexpr int64_t kHour = 3600;
  const int64_t hours = AgeSeconds(issued) / kHour;
  if (hours < 48) return fmt::format(fmt::runtime(T("{} 小时前签发", "{} hours old")), hours);
  return fmt::format(fmt::runtime(T("{} 天前签发", "{} days old")), hours / 24);
}

std::string CurrentOrigin(const TrustBundle& bundle) {
  for (const auto& origin : bundle.origins) {
    if (origin.status == OriginStatus::kCurrent) return origin.origin;
  }
  return {};
}

Json KeyToJson(const CodeKey& key) {
  return {{"origin", key.origin},      {"keyId", key.key_id},     {"publicKey", key.PublicKeyHex()},
          {"firstDay", key.first_day}, {"lastDay", key.last_day}, {"revoked", key.revoked}};
}

Json ToJson(const TrustStore& store) {
  const TrustBundle& bundle = *store.bundle();
  Json object = {{"registry", bundle.registry}, {"origin", CurrentOrigin(bundle)}};
  object["origins"] = Json::array();
  for (const auto& origin : bundle.origins) object["origins"].push_back(origin.origin);
  object["keys"] = Json::array();
  for (const auto& key : bundle.keys) object["keys"].push_back(KeyToJson(key));
  object["roots"] = Json::array();
  for (const auto& root : store.roots()) object["roots"].push_back(ToHex(root));
  object["epoch"] = bundle.epoch;
  object["sequence"] = fmt::to_string(bundle.sequence);
  object["issued"] = FormatTime(bundle.issued);
  object["expires"] = FormatTime(bundle.expires);
  object["ageSeconds"] = AgeSeconds(bundle.issued);
  object["listIssued"] = store.list() ? Json(FormatTime(store.list()->issued)) : Json(nullptr);
  object["listNextUpdate"] =
      store.list() ? Json(FormatTime(store.list()->next_update)) : Json(nullptr);
  object["listAgeSeconds"] = store.list() ? Json(AgeSeconds(store.list()->issued)) : Json(nullptr);
  return object;
}

void ShowStore(Session& session, const TrustStore& store) {
  if (session.json) return session.Object(ToJson(store));
  const TrustBundle& bundle = *store.bundle();
  session.Line("registry: " + bundle.registry);
  for (const auto& root : store.roots()) session.Line("root: " + ToHex(root));
  for (const auto& origin : bundle.origins) {
    session.Line(fmt::format("origin: {} {}{}", origin.origin, StatusName(origin.status),
                             origin.test ? " test" : ""));
  }
  for (const auto& key : bundle.keys) {
    session.Line(fmt::format("key: {} {} {} {} {} {}", key.origin, key.key_id, key.PublicKeyHex(),
                             FormatDay(key.first_day), FormatDay(key.last_day),
                             key.revoked ? "revoked" : "valid"));
  }
  session.Line(fmt::format("bundle: {} {} .. {} ({})", bundle.sequence, FormatTime(bundle.issued),
                           FormatTime(bundle.expires), Age(bundle.issued)));
  if (!store.list()) return session.Line("list: none");
  const RevocationList& list = *store.list();
  session.Line(fmt::format("list: {} {} .. {} ({})", list.sequence, FormatTime(list.issued),
                           FormatTime(list.next_update), Age(list.issued)));
}

Result<void> ShowTrust(Session& session) {
  YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(session.trust).Load());
  if (stores.empty()) {
    return Fail(StatusCode::kFailedPrecondition, "TRUST_MISSING",
                fmt::format("no trust is kept in {}", session.trust.string()), "--trust");
  }
  for (const auto& store : stores) ShowStore(session, store);
  return {};
}

Result<void> FetchTrust(Session& session, const std::string& root_hex) {
  std::optional<PublicKey> root;
  if (!root_hex.empty()) {
    root.emplace();
    if (!FromHex(root_hex, *root)) {
      return Invalid("ROOT_MALFORMED", fmt::format("root \"{}\" is not 64 hex digits", root_hex),
                     "--root");
    }
    if (!IsAcceptableKey(Algorithm::kEd25519, *root)) {
      return Invalid("ROOT_MALFORMED", fmt::format("root {} is no Ed25519 key", root_hex),
                     "--root");
    }
  }
  YIMA_ASSIGN_OR_RETURN(const auto bundle, session.client().GetTrustBundle());
  YIMA_ASSIGN_OR_RETURN(const auto list, session.client().GetRevocationList());
  YIMA_ASSIGN_OR_RETURN(const auto store,
                        TrustDir(session.trust).Accept(bundle.note(), list.note(), root));
  ShowStore(session, store);
  return {};
}

}  // namespace

void AddTrust(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "trust", T("验码所凭的公钥与吊销清单", "what codes are judged by"));
  AddCommand(group, session, "show", T("显示所保存的信任", "show the trust kept"),
             {"yima trust show", "yima trust show --trust ./trust --json"},
             [&session] { return ShowTrust(session); });
  const auto root = std::make_shared<std::string>();
  auto* fetch = AddCommand(
      group, session, "fetch",
      T("从服务器获取信任包与吊销清单；首次须给出根公钥",
        "fetch bundle and revocation list; the first time with the root key"),
      {"yima trust fetch --root 64HEXDIGITS", "yima trust fetch --server 127.0.0.1:8340"},
      [&session, root] { return FetchTrust(session, *root); });
  fetch->add_option("--root", *root,
                    T("根公钥，64 位十六进制，由登记库当面给出",
                      "root public key in 64 hex digits, had by hand from the registry"));
}

}  // namespace yima::cli
