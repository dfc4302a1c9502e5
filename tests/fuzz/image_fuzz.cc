// Photos as they come: whatever the bytes, what is kept says nothing beside the picture, and is
// kept as it is when it comes again.
#include <cstdlib>
#include <string>

#include "server/attachments/image_strip.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using yima::server::MediaTypeOf;
  using yima::server::StripMetadata;
  // An orientation of its own, which may stand where there was none that long.
  constexpr size_t kOrientation = 38;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto kept = StripMetadata(bytes);
  if (!kept) return 0;
  Require(MediaTypeOf(*kept) == MediaTypeOf(bytes));
  Require(kept->size() <= size + kOrientation);
  const auto again = StripMetadata(*kept);
  Require(again && *again == *kept);
  return 0;
}
