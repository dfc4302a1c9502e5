#ifndef YIMA_TESTS_CODE_TEST_KEY_H_
#define YIMA_TESTS_CODE_TEST_KEY_H_

#include <array>
#include <cstdint>

#include "codegen/code/signature.h"

namespace yima {

/// A key of its own for each n.
inline SigningKey Key(uint8_t n) {
  std::array<uint8_t, 32> seed{};
  seed.fill(n);
  return SigningKey::FromSeed(seed);
}

}  // namespace yima

#endif  // YIMA_TESTS_CODE_TEST_KEY_H_
