#include "server/check/code_proofs.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <sodium.h>

#include "server/resolver/trust_notes.h"

namespace yima::server {
namespace {

constexpr size_t kBlock = 16'384;
constexpr size_t kSlice = 256;

}  // namespace

Result<CodeProofs> CodeProofs::ForKeysOf(const v1::Registry& registry) {
  YIMA_ASSIGN_OR_RETURN(const auto trust, TrustIn(registry));
  return CodeProofs(Verifier(trust));
}

void CodeProofs::Add(const v1::Code& code, Findings& findings) {
  CodeBytes bytes;
  const auto& signature = code.signature();
  if (signature.value().empty() && signature.salt().empty() &&
      signature.hash().size() == crypto_hash_sha256_BYTES) {
    ++erased_;
    return;
  }
  if (code.payload().size() != kPayloadSize ||
      code.signature().value().size() != kCodeSize - kPayloadSize) {
    findings.Add("code {} has a payload of {} bytes and a signature of {}, want {} and {}",
                 code.serial(), code.payload().size(), code.signature().value().size(),
                 kPayloadSize, kCodeSize - kPayloadSize);
    return;
  }
  std::ranges::copy(code.payload(), bytes.begin());
  std::ranges::copy(code.signature().value(), bytes.begin() + kPayloadSize);
  waiting_.push_back({code.serial(), code.origin() + EncodeBody(bytes)});
  if (waiting_.size() == kBlock) Flush(findings);
}

void CodeProofs::Flush(Findings& findings) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t begin; (begin = next.fetch_add(kSlice)) < waiting_.size();) {
      const size_t end = std::min(begin + kSlice, waiting_.size());
      for (size_t i = begin; i < end; ++i) {
        waiting_[i].verdict = verifier_.Judge(waiting_[i].text).verdict;
      }
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) others.emplace_back(work);
  work();
  others.clear();  // joins
  for (const auto& code : waiting_) {
    // A key's revocation comes after its signature in the order of judgement.
    if (code.verdict == Verdict::kAuthentic || code.verdict == Verdict::kKeyRevoked) continue;
    findings.Add("code {} does not verify: it is {}", code.serial, VerdictName(code.verdict));
  }
  waiting_.clear();
}

}  // namespace yima::server
