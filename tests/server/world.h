#ifndef YIMA_TESTS_SERVER_WORLD_H_
#define YIMA_TESTS_SERVER_WORLD_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/trust.h"
#include "server/domain/domain.h"
#include "server/registry/classes.h"
#include "server/store/memory_store.h"
#include "server/store/store.h"
#include "yima/v1/facility.pb.h"
#include "yima/v1/organization.pb.h"

namespace yima::server::testing {

/// A registry in memory for tests of the rules: a store, keys, the built-in classes, an origin
/// HTTPS://QR.EXAMPLE.CN/ with code key 1 valid from 2020 to 2099, a bundle that is published, and
/// a folder of its own for keys and spools.
class World {
 public:
  explicit World(std::unique_ptr<store::Store> with = store::OpenMemoryStore());
  ~World();

  /// Closes the store and goes on, with the same keys, on what `open` gives: a server started anew.
  void Reopen(const std::function<std::unique_ptr<store::Store>()>& open);

  const Domain& domain() const { return *domain_; }
  store::Store& store() { return *store_; }
  std::unique_ptr<store::Snapshot> Read() const { return store_->Read(); }
  Call call(std::string_view method) const;
  /// Who call() says asks, and where it lets that act.
  std::string principal = "local";
  uint64_t principal_id = 0;  ///< Of its record; 0: it has none.
  std::shared_ptr<const Reach> reach = Reach::Everywhere();
  /// A bundle and no list, accepted: for verifying what was issued.
  TrustStore trust() const;

  KeyRing& keys() { return keys_; }
  RegistryNow& registry() { return registry_; }
  /// Puts the registry's record as `change` makes it, without the rules for that; nothing is
  /// published.
  void ChangeRegistry(const std::function<void(v1::Registry&)>& change);

  /// Plans and applies, waiting for what Execute says.
  Result<std::vector<RecordRef>> Write(std::string_view method, std::string_view request_id,
                                       std::string_view request_bytes, Planner plan);

  /// Straight into the store.
  uint64_t AddOrganization(std::string_view name, std::string_view telephone = "");
  /// A 雨水井盖 of division 140502 and class 01001 with the code 14050201001 and this number.
  uint64_t AddFacility(uint32_t number, uint64_t supervisor, uint64_t owner = 0);
  v1::Facility Facility(uint64_t uid) const;

  /// All that the store holds - records, keys, terms, counters and the length of the log - as text:
  /// equal before and after what must change nothing.
  std::string State() const;

 private:
  void Assemble();

  std::filesystem::path spool_;
  std::unique_ptr<store::Store> store_;
  std::optional<Numbers> numbers_;
  KeyRing keys_;
  RegistryNow registry_;
  ClassCatalogue classes_;
  std::unique_ptr<Domain> domain_;
};

/// The instant that Domain::now gives in a World: settable, 2026-11-24T08:00:00Z at first.
extern TimeUs world_now;

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_WORLD_H_
