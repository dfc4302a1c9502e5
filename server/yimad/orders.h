#ifndef YIMA_SERVER_YIMAD_ORDERS_H_
#define YIMA_SERVER_YIMAD_ORDERS_H_

#include "server/keys/custodian.h"
#include "server/yimad/control.h"

namespace yima::server {

/// What orders act on: a data folder that this process holds.
struct OrderParts {
  const std::filesystem::path& data;
  const Domain& domain;
  Custodian& custodian;
};

/// Carries out an order of `yimad key`, `yimad root`, `yimad origin` or `yimad admin-token`, named
/// by its `do`: the same for a folder that this process has opened and for one that a server holds.
/// ORDER_UNKNOWN; what the custodian refuses.
Result<Order> CarryOut(const OrderParts& parts, const Order& order);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_ORDERS_H_
