#ifndef YIMA_TESTS_SERVER_CHECK_CHECK_KIT_H_
#define YIMA_TESTS_SERVER_CHECK_CHECK_KIT_H_

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/check/check.h"
#include "server/domain/batch_items.h"
#include "tests/server/plates.h"
#include "tests/server/world.h"

namespace yima::server::testing {

constexpr uint64_t kSerial = uint64_t{1} << 32 | 1;

/// A facility with its plate, and what does them the harm that no rule would.
class CheckTest : public ::testing::Test {
 protected:
  std::vector<std::string> Findings() {
    const auto findings =
        CheckRegistry(*world_.Read(), *world_.domain().registry, [](std::string_view, uint64_t) {});
    EXPECT_TRUE(findings) << findings.error().message;
    return findings.value_or(std::vector<std::string>());
  }
  /// Applies a change that no rule would make.
  void Damage(store::Change change) {
    const auto settled = Settled(store::ApplyAndWait(world_.store(), std::move(change)));
    EXPECT_TRUE(settled) << settled.error().message;
  }
  void DamageTerm(store::Kind kind, const std::string& term, uint64_t id, bool present) {
    store::Change change;
    change.terms.push_back({kind, term, id, present});
    Damage(std::move(change));
  }
  void DamageKey(store::Index index, const std::string& key, uint64_t before, uint64_t after) {
    store::Change change;
    change.claims.push_back({index, key, before, after});
    Damage(std::move(change));
  }
  /// Puts bytes over a record whose log entry says something else.
  template <typename R>
  void PutBeside(uint64_t id, const R& record, const R& logged) {
    ChangeWriter writer(world_.call("test"), "");
    const auto before = *Get<R>(*world_.Read(), id);
    writer.Replace(id, before->revision, before->record, logged);
    store::Change change = *writer.Take(*world_.Read());
    change.puts[0].bytes = record.SerializeAsString();
    Damage(std::move(change));
  }
  template <typename R>
  R Record(uint64_t id) {
    return (*Get<R>(*world_.Read(), id))->record;
  }

  World world_;
  uint64_t bureau_ = world_.AddOrganization("城管局");
  uint64_t facility_ = world_.AddFacility(1, bureau_);
  Plate plate_ = AddPlate(world_, kSerial, facility_);
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_CHECK_CHECK_KIT_H_
