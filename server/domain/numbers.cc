#include "server/domain/numbers.h"

#include <fmt/format.h>

namespace yima::server {
namespace {

constexpr uint64_t kIdBlock = 4096;

}  // namespace

Result<uint64_t> Numbers::NewIds(store::Kind kind, uint64_t n) {
  const std::string sequence = fmt::format("id/{}/{}", static_cast<int>(kind), epoch_);
  YIMA_ASSIGN_OR_RETURN(const uint64_t first, Next(sequence, n, kIdBlock));
  if (first + n - 1 > UINT32_MAX) {
    return Fail(StatusCode::kResourceExhausted, "NUMBERS_USED_UP",
                fmt::format("epoch {} has given all {} numbers of kind {}", epoch_, UINT32_MAX,
                            static_cast<int>(kind)));
  }
  return uint64_t{epoch_} << 32 | first;
}

Result<uint64_t> Numbers::Next(std::string_view sequence, uint64_t n, uint64_t block) {
  if (n >= block) return store_.Reserve(sequence, n);
  const std::lock_guard lock(mutex_);
  auto found = blocks_.find(sequence);
  if (found == blocks_.end()) found = blocks_.emplace(sequence, Block{}).first;
  Block& held = found->second;
  if (held.end - held.next < n) {
    YIMA_ASSIGN_OR_RETURN(held.next, store_.Reserve(sequence, block));
    held.end = held.next + block;
  }
  const uint64_t first = held.next;
  held.next += n;
  return first;
}

}  // namespace yima::server
