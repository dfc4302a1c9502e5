#ifndef YIMA_SERVER_LOG_TREE_HASH_H_
#define YIMA_SERVER_LOG_TREE_HASH_H_

#include <span>
#include <string>
#include <string_view>

#include "codegen/code/tree.h"

namespace yima::server {

// What tree.h of codegen does, by OpenSSL, which knows the processor's own SHA-256: three to four
// times as fast as libsodium, for a ledger of a million rows is hashed while it is written.
// Thread-safe.

TreeHash FastHashLeaf(std::string_view entry);
TreeHash FastHashChildren(const TreeHash& left, const TreeHash& right);
/// The root over these, one at least, as over leaves.
TreeHash FastRoot(std::span<const TreeHash> hashes);

}  // namespace yima::server

#endif  // YIMA_SERVER_LOG_TREE_HASH_H_
