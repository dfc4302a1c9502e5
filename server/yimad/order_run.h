#ifndef YIMA_SERVER_YIMAD_ORDER_RUN_H_
#define YIMA_SERVER_YIMAD_ORDER_RUN_H_

#include <filesystem>
#include <memory>

#include "server/yimad/control.h"

namespace yima::server {

/// Where the commands act: the folder, and the passphrase for when no server holds it.
struct OrderPlace {
  std::filesystem::path data;
  std::filesystem::path passphrase_file;
};

/// Carries out orders on one folder: by the server that holds it, else by opening it.
class OrderRun {
 public:
  /// What opening a data folder refuses; CONTROL_UNREACHABLE when another process than a server
  /// holds it.
  static Result<OrderRun> Begin(const OrderPlace& place);
  OrderRun(OrderRun&&) noexcept;
  ~OrderRun();

  Result<Order> Run(const Order& order) const;

 private:
  struct Opened;
  OrderRun(std::filesystem::path data, std::unique_ptr<Opened> opened);

  std::filesystem::path data_;
  std::unique_ptr<Opened> opened_;  ///< Null: a server has it.
};

/// The same for one order.
Result<Order> RunOrder(const OrderPlace& place, const Order& order);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_ORDER_RUN_H_
