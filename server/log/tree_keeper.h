#ifndef YIMA_SERVER_LOG_TREE_KEEPER_H_
#define YIMA_SERVER_LOG_TREE_KEEPER_H_

#include <cstdint>
#include <future>
#include <optional>
#include <string>

#include "server/domain/domain.h"
#include "server/log/tree_head.h"

namespace yima::server {

/// Grows the log's tree by what was committed, and signs it: the one place where checkpoints are
/// made. A head is durable before anybody sees it, and what it stands on was durable before; a tree
/// follows from its entries alone, so no crash makes two of one size. Use from one thread; the
/// domain must outlive it.
class TreeKeeper {
 public:
  explicit TreeKeeper(const Domain& domain) : domain_(domain) {}

  /// Takes in the next part of what the log holds by now, and shows the newest durable head in
  /// `domain.tree`; true when there is more, and a part may be on its way to the disk then.
  /// LOG_KEY_MISSING; TREE_DAMAGED (DATA_LOSS) when what is stored does not fit the log, from then
  /// on at each call; the store's errors. May wait for commits.
  Result<bool> Grow();

 private:
  Result<void> Load();
  Result<bool> GrowByPart();
  /// Begins to write a head and the tiles that it filled.
  Result<void> Submit(TreeHead head, store::Change change);
  /// Waits for the head on its way, if there is one, and shows it.
  Result<void> Settle();
  Result<void> Keep(TreeHead head, store::Change change);
  Result<std::string> Sign(const Checkpoint& checkpoint) const;
  /// `<registry>/<epoch>`.
  std::string Origin() const;

  /// A head that is being written, while the next part is hashed.
  struct Submitted {
    TreeHead head;
    std::future<store::Outcome> outcome;
  };

  const Domain& domain_;
  bool loaded_ = false;
  std::optional<Submitted> submitted_;
  std::optional<Error> broken_;
  uint64_t revision_ = 0;  ///< Of the stored head; 0: there is none.
};

/// Adds a leaf; a tile that it fills goes into the change and out of the head. The checkpoint is as
/// it was.
void AddLeaf(const TreeHash& leaf, uint64_t index, TreeHead& head, store::Change& change);
/// The root over the head's open tiles, which is that of the tree.
TreeHash RootOfOpen(const TreeHead& head);

}  // namespace yima::server

#endif  // YIMA_SERVER_LOG_TREE_KEEPER_H_
