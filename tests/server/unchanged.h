#ifndef YIMA_TESTS_SERVER_UNCHANGED_H_
#define YIMA_TESTS_SERVER_UNCHANGED_H_

#include <gtest/gtest.h>

#include "tests/server/methods.h"

namespace yima::server::testing {

/// Calls, which must be refused in this way and leave the World as it was.
template <typename Ask>
void RefusesUnchanged(const World& world, const Ask& ask, const Refusal& refusal) {
  const std::string state = world.State();
  EXPECT_EQ(RefusalOf(ask()), refusal);
  // Too long to be shown.
  EXPECT_TRUE(world.State() == state) << refusal.reason << " has changed something";
}

}  // namespace yima::server::testing

#endif  // YIMA_TESTS_SERVER_UNCHANGED_H_
