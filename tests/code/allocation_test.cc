// A program of its own, since it counts every allocation made through operator new.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "codegen/code/verifier.h"
#include "tests/code/vector_world.h"
#include "tests/code/vectors.h"

namespace {

std::atomic<int64_t> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace yima {
namespace {

TEST(AllocationTest, JudgingAuthenticCodesAllocatesNothing) {
  const auto file = testing::MakeCodeVectors();
  TrustStore trust({testing::MakeBundle().roots.front()});
  ASSERT_TRUE(trust.AcceptBundle(file["bundle"].get<std::string>()));
  ASSERT_TRUE(trust.AcceptList(file["list"].get<std::string>()));
  const Verifier verifier(trust);
  int seen = 0;
  for (const auto& vector : file["vectors"]) {
    if (vector["verdict"] != "AUTHENTIC") continue;
    const std::string text = vector["text"];
    const int64_t before = allocations;
    const Verdict verdict = verifier.Judge(text).verdict;
    EXPECT_EQ(allocations, before) << vector["name"];
    EXPECT_EQ(verdict, Verdict::kAuthentic);
    ++seen;
  }
  EXPECT_GT(seen, 50);
  EXPECT_GT(allocations, seen);  // that they are counted at all
}

}  // namespace
}  // namespace yima
