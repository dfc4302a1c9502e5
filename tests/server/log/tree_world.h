#ifndef YIMA_TESTS_SERVER_LOG_TREE_WORLD_H_
#define YIMA_TESTS_SERVER_LOG_TREE_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/log/tree_keeper.h"
#include "tests/server/world.h"

namespace yima::server::testing {

/// A registry in memory whose log grows by entries that say nothing.
class TreeWorld : public ::testing::Test {
 protected:
  void AddEntries(uint64_t n) {
    for (uint64_t added = 0; added < n;) {
      store::Change change;
      for (; added < n && change.puts.size() < store::Change::kRecordsMax; ++added, ++next_id_) {
        change.puts.push_back({store::Kind::kBatch, next_id_, 0, "", "entry"});
      }
      ASSERT_TRUE(std::holds_alternative<store::Committed>(
          store::ApplyAndWait(world_.store(), std::move(change))));
    }
  }
  uint64_t LogSize() const { return *world_.Read()->LogSize(); }
  std::shared_ptr<const TreeHead> head() const { return world_.domain().tree->head(); }

  /// The tree over the log's first entries, by codegen's own hashing.
  GrowingTree TreeOf(uint64_t size) const {
    GrowingTree tree;
    if (size == 0) return tree;
    EXPECT_TRUE(world_.Read()->ScanLog(0, [&](const store::LogRecord& record) {
      tree.Append(HashLeaf(record.entry));
      return tree.size() < size;
    }));
    return tree;
  }
  PublicKey log_key() const { return world_.domain().keys.All(KeyKind::kLog)[0]->public_key(); }

  World world_;
  uint64_t next_id_ = 1'000'000;
};

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_LOG_TREE_WORLD_H_
