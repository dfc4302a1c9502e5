#ifndef YIMA_SERVER_YIMAD_ORDERS_H_
#define YIMA_SERVER_YIMAD_ORDERS_H_

#include "server/keys/custodian.h"
#include "server/yimad/control.h"

namespace yima::server {

/// Carries out an order of `yimad key`, `yimad root` or `yimad origin`, named by its `do`: the same
/// for a folder that this process has opened and for one that a server holds. ORDER_UNKNOWN; what
/// the custodian refuses.
Result<Order> CarryOut(Custodian& custodian, const Order& order);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_ORDERS_H_
