#ifndef YIMA_TESTS_STORE_CONTRACT_H_
#define YIMA_TESTS_STORE_CONTRACT_H_

#include <memory>
#include <string>

#include "server/store/memory_store.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {

enum class StoreType { kSqlite, kMemory };

/// What every store must do is a TEST_P of this.
class StoreContract : public ::testing::TestWithParam<StoreType> {
 protected:
  StoreContract() {
    test_now = 1'000'000;
    store_ = GetParam() == StoreType::kSqlite ? OpenSqlite(folder_.db()) : OpenMemoryStore(TestNow);
  }

  Outcome Apply(Change change) { return ApplyAndWait(*store_, std::move(change)); }
  std::unique_ptr<Snapshot> Read() { return store_->Read(); }

  TempFolder folder_;
  std::unique_ptr<Store> store_;
};

inline std::string StoreTypeName(const ::testing::TestParamInfo<StoreType>& info) {
  return info.param == StoreType::kSqlite ? "Sqlite" : "Memory";
}

}  // namespace yima::store::testing

#endif  // YIMA_TESTS_STORE_CONTRACT_H_
