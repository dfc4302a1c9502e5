#include "server/yimad/order_run.h"

#include "server/yimad/data_folder.h"
#include "server/yimad/orders.h"

namespace yima::server {

struct OrderRun::Opened {
  explicit Opened(std::unique_ptr<DataFolder> of)
      : folder(std::move(of)),
        notes(folder->domain()),
        custodian(folder->domain(), folder->registry(), folder->keys(), notes) {}

  std::unique_ptr<DataFolder> folder;
  TrustNotes notes;
  Custodian custodian;
};

OrderRun::OrderRun(std::filesystem::path data, std::unique_ptr<Opened> opened)
    : data_(std::move(data)), opened_(std::move(opened)) {}
OrderRun::OrderRun(OrderRun&&) noexcept = default;
OrderRun::~OrderRun() = default;

Result<OrderRun> OrderRun::Begin(const OrderPlace& place) {
  YIMA_ASSIGN_OR_RETURN(const auto passphrase, ReadPassphrase(place.passphrase_file));
  auto folder = DataFolder::Open(place.data, passphrase);
  if (folder) return OrderRun(place.data, std::make_unique<Opened>(*std::move(folder)));
  if (folder.error().reason != "STORE_LOCKED") return tl::unexpected(folder.error());
  return OrderRun(place.data, nullptr);
}

Result<Order> OrderRun::Run(const Order& order) const {
  return opened_ ? CarryOut({data_, opened_->folder->domain(), opened_->custodian}, order)
                 : Send(data_, order);
}

Result<Order> RunOrder(const OrderPlace& place, const Order& order) {
  YIMA_ASSIGN_OR_RETURN(const auto run, OrderRun::Begin(place));
  return run.Run(order);
}

}  // namespace yima::server
