#include "server/log/tree_hash.h"

#include <algorithm>
#include <bit>
#include <memory>

#include <openssl/evp.h>

namespace yima::server {
namespace {

/// SHA-256 of a byte and what follows. Looking the algorithm up and making a context cost more than
/// hashing two hashes, so each thread keeps its own.
class Hasher {
 public:
  TreeHash Hash(uint8_t prefix, std::initializer_list<std::string_view> parts) {
    TreeHash hash;
    EVP_DigestInit_ex2(context_.get(), nullptr, nullptr);
    EVP_DigestUpdate(context_.get(), &prefix, 1);
    for (const auto part : parts) EVP_DigestUpdate(context_.get(), part.data(), part.size());
    EVP_DigestFinal_ex(context_.get(), hash.data(), nullptr);
    return hash;
  }

  static Hasher& OfThread() {
    thread_local Hasher hasher;
    return hasher;
  }

 private:
  Hasher() { EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr); }

  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

std::string_view AsView(const TreeHash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

TreeHash FastHashLeaf(std::string_view entry) { return Hasher::OfThread().Hash(0, {entry}); }

TreeHash FastHashChildren(const TreeHash& left, const TreeHash& right) {
  return Hasher::OfThread().Hash(1, {AsView(left), AsView(right)});
}

TreeHash FastRoot(std::span<const TreeHash> hashes) {
  if (hashes.size() == 1) return hashes[0];
  const size_t split = std::bit_floor(hashes.size() - 1);
  return FastHashChildren(FastRoot(hashes.first(split)), FastRoot(hashes.subspan(split)));
}

}  // namespace yima::server
