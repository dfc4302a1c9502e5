#include "server/yimad/orders.h"

#include <fmt/format.h>

#include "server/yimad/data_folder.h"

namespace yima::server {
namespace {

std::string Text(const Order& order, const char* name) { return order.value(name, std::string()); }

/// Days as people write them; nothing when not given.
Result<std::optional<Day>> DayIn(const Order& order, const char* name) {
  const std::string text = Text(order, name);
  if (text.empty()) return std::nullopt;
  auto day = text == "today" ? DayOf(Now()) : ParseDay(text);
  if (day) return *day;
  return Invalid("DATE_MALFORMED", fmt::format("\"{}\" is not a day like 2026-11-24", text),
                 fmt::format("--{}", name));
}

std::string StateName(v1::OriginState state) {
  switch (state) {
    case v1::ORIGIN_STATE_CURRENT:
      return "current";
    case v1::ORIGIN_STATE_OLD:
      return "old";
    default:
      return "lost";
  }
}

Order ToOrder(const Custodian::KeyLine& key) {
  const bool is_code = !key.origin.empty();
  return {{"name", key.name},
          {"publicKey", key.public_key},
          {"origin", key.origin},
          {"firstDay", is_code ? FormatDay(key.first_day) : ""},
          {"lastDay", is_code ? FormatDay(key.last_day) : ""},
          {"revoked", key.revoked},
          {"published", key.published},
          {"held", key.held},
          {"signs", key.signs}};
}

Result<Order> List(const Custodian& custodian) {
  YIMA_ASSIGN_OR_RETURN(const auto all, custodian.List());
  Order answer = {{"bundleExpires", FormatTime(all.bundle_expires)},
                  {"bundleBehind", all.bundle_behind},
                  {"rootHere", all.root_here},
                  {"origins", Order::array()},
                  {"keys", Order::array()}};
  for (const auto& origin : all.origins) {
    answer["origins"].push_back({{"origin", origin.origin},
                                 {"state", StateName(origin.state)},
                                 {"published", origin.published}});
  }
  for (const auto& key : all.keys) answer["keys"].push_back(ToOrder(key));
  return answer;
}

Result<Order> AddKey(Custodian& custodian, const Order& order) {
  const std::string kind = Text(order, "kind");
  std::string name;
  if (kind == "code") {
    YIMA_ASSIGN_OR_RETURN(const auto first, DayIn(order, "from"));
    YIMA_ASSIGN_OR_RETURN(name, custodian.AddCodeKey(Text(order, "origin"), first));
    return Order{{"name", name}};
  }
  for (const auto known : kKeyKinds) {
    if (KindName(known) != kind) continue;
    YIMA_ASSIGN_OR_RETURN(name, custodian.AddKey(known));
    return Order{{"name", name}};
  }
  return Invalid("KIND_UNKNOWN",
                 fmt::format("kind \"{}\" is none of code, root, status, log, certificate", kind),
                 "--kind");
}

Result<Order> ChangeOrigin(Custodian& custodian, const std::string& what, const Order& order) {
  const std::string text = Text(order, "origin");
  if (what == "origin-add") {
    YIMA_ASSIGN_OR_RETURN(const auto origin, Origin::Parse(text, order.value("test", false)));
    YIMA_ASSIGN_OR_RETURN(const auto name, custodian.AddOrigin(origin));
    return Order{{"name", name}, {"origin", origin.ToString()}};
  }
  if (what == "origin-current") YIMA_RETURN_IF_ERROR(custodian.MakeCurrent(text));
  if (what == "origin-close") YIMA_RETURN_IF_ERROR(custodian.CloseOrigin(text));
  if (what == "origin-lost") YIMA_RETURN_IF_ERROR(custodian.LoseOrigin(text));
  return Order::object();
}

Result<Order> WorkOnRoot(Custodian& custodian, const std::string& what, const Order& order) {
  if (what == "root-draft") {
    YIMA_ASSIGN_OR_RETURN(const auto text, custodian.DraftBundle());
    return Order{{"text", text}};
  }
  if (what == "root-import") YIMA_RETURN_IF_ERROR(custodian.PublishBundle(Text(order, "note")));
  if (what == "root-seal") {
    YIMA_ASSIGN_OR_RETURN(const auto sealed, custodian.SealRoot(Text(order, "box")));
    return Order{{"sealed", sealed}};
  }
  if (what == "root-away") YIMA_RETURN_IF_ERROR(custodian.SendRootAway(Text(order, "key")));
  return Order::object();
}

}  // namespace

Result<Order> CarryOut(const OrderParts& parts, const Order& order) {
  Custodian& custodian = parts.custodian;
  const std::string what = Text(order, "do");
  if (what == "list") return List(custodian);
  if (what == "key-add") return AddKey(custodian, order);
  if (what == "key-close") {
    YIMA_ASSIGN_OR_RETURN(const auto last, DayIn(order, "last-day"));
    YIMA_RETURN_IF_ERROR(custodian.CloseKey(Text(order, "name"), last));
    return Order::object();
  }
  if (what == "key-revoke") {
    YIMA_RETURN_IF_ERROR(custodian.RevokeKey(Text(order, "name")));
    return Order::object();
  }
  if (what == "key-box") return Order{{"box", custodian.BoxKey()}};
  if (what == "key-import") {
    YIMA_ASSIGN_OR_RETURN(const auto name, custodian.ImportSealed(Text(order, "sealed")));
    return Order{{"name", name}};
  }
  if (what == "admin-token") {
    YIMA_ASSIGN_OR_RETURN(const auto principal, RenewAdminToken(parts.domain, parts.data));
    return Order{{"principal", principal}};
  }
  if (what.starts_with("origin-")) return ChangeOrigin(custodian, what, order);
  if (what.starts_with("root-")) return WorkOnRoot(custodian, what, order);
  return Invalid("ORDER_UNKNOWN", fmt::format("nothing is called \"{}\"", what.substr(0, 40)));
}

}  // namespace yima::server
