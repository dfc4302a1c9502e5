#include "client/log/fast_hash.h"

#include <memory>

#include <openssl/evp.h>

namespace yima {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

Context MakeContext() {
  Context context(EVP_MD_CTX_new());
  EVP_DigestInit_ex2(context.get(), EVP_sha256(), nullptr);
  return context;
}

/// SHA-256 of a byte and what follows. Making a context costs more than hashing two hashes, so each
/// thread keeps its own.
TreeHash Hash(uint8_t prefix, std::string_view first, std::string_view second) {
  thread_local const Context context = MakeContext();
  TreeHash hash;
  EVP_DigestInit_ex2(context.get(), nullptr, nullptr);
  EVP_DigestUpdate(context.get(), &prefix, 1);
  EVP_DigestUpdate(context.get(), first.data(), first.size());
  EVP_DigestUpdate(context.get(), second.data(), second.size());
  EVP_DigestFinal_ex(context.get(), hash.data(), nullptr);
  return hash;
}

std::string_view AsView(const TreeHash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

TreeHash FastHashLeaf(std::string_view entry) { return Hash(0, entry, {}); }

TreeHash FastHashChildren(const TreeHash& left, const TreeHash& right) {
  return Hash(1, AsView(left), AsView(right));
}

}  // namespace yima
