#include "codegen/code/tree.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

#include "codegen/code/signature.h"

namespace yima {
namespace {

namespace fs = std::filesystem;

/// The eight entries that logs test themselves with, and the roots of their first 0 to 8.
const std::vector<std::string> kEntries = {"",         "\0",   "\x10",     "\x20\x21",
                                           "\x30\x31", "@ABC", "PQRSTUVW", "`abcdefghijklmno"};
constexpr const char* kRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::string EntryOf(uint64_t n) {
  if (n == 1) return {'\0'};
  return n < kEntries.size() ? kEntries[n] : "entry " + std::to_string(n);
}

/// A tree as the RFC says it, from all of its entries each time.
TreeHash Definition(uint64_t begin, uint64_t end) {
  if (begin == end) return EmptyTreeRoot();
  if (end - begin == 1) return HashLeaf(EntryOf(begin));
  uint64_t half = 1;
  while (half * 2 < end - begin) half *= 2;
  return HashChildren(Definition(begin, begin + half), Definition(begin + half, end));
}

/// Grown by an entry at a time, its complete subtrees kept.
struct Log {
  explicit Log(uint64_t size) {
    while (tree.size() < size) {
      tree.Append(HashLeaf(EntryOf(tree.size())),
                  [&](const Subtree& subtree, const TreeHash& hash) {
                    EXPECT_TRUE(kept.emplace(subtree, hash).second);
                  });
    }
  }
  SubtreeHashes hashes() const {
    return [this](const Subtree& subtree) -> Result<TreeHash> {
      const auto found = kept.find(subtree);
      if (found == kept.end()) return Fail(StatusCode::kNotFound, "HASH_MISSING", "");
      return found->second;
    };
  }
  GrowingTree tree;
  std::map<Subtree, TreeHash> kept;
};

TEST(TreeTest, HasTheRootsThatOthersHave) {
  GrowingTree tree;
  for (size_t size = 0; size <= kEntries.size(); ++size) {
    EXPECT_EQ(ToHex(tree.Root()), kRoots[size]) << size;
    if (size < kEntries.size()) tree.Append(HashLeaf(EntryOf(size)));
  }
}

TEST(TreeTest, IsTheOneOfTheDefinitionAtEachSize) {
  GrowingTree tree;
  for (uint64_t size = 0; size <= 130; ++size) {
    EXPECT_EQ(tree.Root(), Definition(0, size)) << size;
    tree.Append(HashLeaf(EntryOf(size)));
  }
}

TEST(TreeTest, GoesOnFromWhatWasKept) {
  for (const uint64_t size : {0, 1, 5, 64, 77}) {
    const Log log(size);
    auto tree = GrowingTree::From(size, log.hashes());
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->Root(), Definition(0, size));
    EXPECT_EQ(*RootOf(size, log.hashes()), Definition(0, size));
    tree->Append(HashLeaf(EntryOf(size)));
    EXPECT_EQ(tree->Root(), Definition(0, size + 1));
  }
}

TEST(TreeTest, SaysWhichHashIsMissing) {
  Log log(6);
  log.kept.erase({1, 2});
  EXPECT_EQ(GrowingTree::From(6, log.hashes()).error().reason, "HASH_MISSING");
  EXPECT_EQ(RootOf(6, log.hashes()).error().reason, "HASH_MISSING");
  EXPECT_EQ(InclusionProof(0, 6, log.hashes()).error().reason, "HASH_MISSING");
}

TEST(TreeTest, ProvesEachEntryAtEachSize) {
  const Log log(40);
  for (uint64_t size = 1; size <= 40; ++size) {
    const TreeHash root = Definition(0, size);
    for (uint64_t index = 0; index < size; ++index) {
      const TreeHash leaf = HashLeaf(EntryOf(index));
      const auto proof = InclusionProof(index, size, log.hashes());
      ASSERT_TRUE(proof);
      EXPECT_TRUE(VerifyInclusion(index, size, leaf, *proof, root)) << index << " of " << size;
      EXPECT_FALSE(VerifyInclusion(index, size, HashLeaf("another"), *proof, root));
      if (size > 1) {
        EXPECT_FALSE(VerifyInclusion((index + 1) % size, size, leaf, *proof, root));
        auto cut = *proof;
        cut.pop_back();
        EXPECT_EQ(VerifyInclusion(index, size, leaf, cut, root).error().reason, "PROOF_WRONG");
      }
      auto longer = *proof;
      longer.push_back(leaf);
      EXPECT_EQ(VerifyInclusion(index, size, leaf, longer, root).error().reason, "PROOF_WRONG");
    }
  }
}

TEST(TreeTest, ProvesEachTreeToBeginEachLaterOne) {
  const Log log(40);
  for (uint64_t newer = 0; newer <= 40; ++newer) {
    for (uint64_t older = 0; older <= newer; ++older) {
      const TreeHash before = Definition(0, older);
      const TreeHash after = Definition(0, newer);
      auto proof = ConsistencyProof(older, newer, log.hashes());
      ASSERT_TRUE(proof);
      EXPECT_TRUE(VerifyConsistency(older, newer, *proof, before, after)) << older << ' ' << newer;
      EXPECT_FALSE(VerifyConsistency(older, newer, *proof, HashLeaf("another"), after));
      if (older > 0 && older < newer) {
        EXPECT_FALSE(VerifyConsistency(older, newer, *proof, before, HashLeaf("another")));
        auto cut = *proof;
        cut.pop_back();
        EXPECT_FALSE(VerifyConsistency(older, newer, cut, before, after));
        for (auto& hash : *proof) {
          hash[7] ^= 1;
          EXPECT_FALSE(VerifyConsistency(older, newer, *proof, before, after));
          hash[7] ^= 1;
        }
      }
      auto longer = *proof;
      longer.push_back(before);
      EXPECT_FALSE(VerifyConsistency(older, newer, longer, before, after));
    }
  }
}

TEST(TreeTest, RefusesSizesThatDoNotGoTogether) {
  const Log log(4);
  EXPECT_EQ(InclusionProof(4, 4, log.hashes()).error().reason, "PROOF_RANGE");
  EXPECT_EQ(ConsistencyProof(4, 3, log.hashes()).error().reason, "PROOF_RANGE");
  EXPECT_EQ(VerifyInclusion(0, 0, {}, {}, EmptyTreeRoot()).error().reason, "PROOF_RANGE");
  EXPECT_EQ(VerifyConsistency(2, 1, {}, {}, {}).error().reason, "PROOF_RANGE");
}

TEST(TreeTest, ConsistsOfAtMost64Subtrees) {
  EXPECT_EQ(SubtreesOf(UINT64_MAX).size(), 64u);
  EXPECT_EQ(SubtreesOf(uint64_t{1} << 63), (std::vector<Subtree>{{63, 0}}));
  EXPECT_EQ(SubtreesOf(11), (std::vector<Subtree>{{3, 0}, {1, 4}, {0, 10}}));
}

TreeHash FromBase64(const nlohmann::json& text) {
  TreeHash hash{};
  const auto encoded = text.is_null() ? std::string() : text.get<std::string>();
  size_t size = 0;
  if (sodium_base642bin(hash.data(), hash.size(), encoded.data(), encoded.size(), nullptr, &size,
                        nullptr, sodium_base64_VARIANT_ORIGINAL) != 0) {
    hash[31] ^= 0xFF;  // A hash of another length is none that we would read.
  }
  return hash;
}

/// A proof whose hashes have another length is refused before it is looked at.
bool HasWholeHashes(const nlohmann::json& vector, std::initializer_list<const char*> roots) {
  const auto whole = [](const nlohmann::json& text) {
    return text.is_string() && text.get<std::string>().size() == 44;
  };
  for (const char* name : roots) {
    if (!whole(vector[name])) return false;
  }
  for (const auto& hash : vector["proof"]) {
    if (!whole(hash)) return false;
  }
  return true;
}

/// Calls `check` with each vector of a kind; gives how many there were.
template <typename Check>
int ForEachVector(const char* kind, const Check& check) {
  const char* folder = std::getenv("YIMA_TEST_DATA");
  const fs::path vectors = fs::path(folder == nullptr ? "/nowhere" : folder) /
                           "vectors/merkle_rfc6962/transparency-dev_merkle" / kind;
  if (!fs::exists(vectors)) return 0;
  int seen = 0;
  for (const auto& file : fs::recursive_directory_iterator(vectors)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    const auto vector = nlohmann::json::parse(in);
    std::vector<TreeHash> proof;
    if (vector["proof"].is_array()) {
      for (const auto& hash : vector["proof"]) proof.push_back(FromBase64(hash));
    }
    check(vector, proof, file.path().string());
    ++seen;
  }
  return seen;
}

TEST(TreeTest, JudgesProofsOfInclusionAsOthersDo) {
  const int seen = ForEachVector(
      "inclusion", [](const auto& vector, const auto& proof, const std::string& name) {
        const bool held =
            HasWholeHashes(vector, {"root", "leafHash"}) &&
            VerifyInclusion(vector["leafIdx"], vector["treeSize"], FromBase64(vector["leafHash"]),
                            proof, FromBase64(vector["root"]))
                .has_value();
        EXPECT_EQ(held, !vector["wantErr"].template get<bool>()) << name;
      });
  if (seen == 0) GTEST_SKIP() << "YIMA_TEST_DATA has no such vectors";
  EXPECT_GT(seen, 90);
}

TEST(TreeTest, JudgesProofsOfConsistencyAsOthersDo) {
  const int seen = ForEachVector("consistency", [](const auto& vector, const auto& proof,
                                                   const std::string& name) {
    // They refuse to judge what follows an empty log; to us it is where each log begins.
    if (vector["size1"] == 0 && vector["size2"] != 0) return;
    const bool held = HasWholeHashes(vector, {}) &&
                      VerifyConsistency(vector["size1"], vector["size2"], proof,
                                        FromBase64(vector["root1"]), FromBase64(vector["root2"]))
                          .has_value();
    EXPECT_EQ(held, !vector["wantErr"].template get<bool>()) << name;
  });
  if (seen == 0) GTEST_SKIP() << "YIMA_TEST_DATA has no such vectors";
  EXPECT_GT(seen, 90);
}

}  // namespace
}  // namespace yima
