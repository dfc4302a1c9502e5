#ifndef YIMA_SERVER_STORE_MEMORY_STORE_H_
#define YIMA_SERVER_STORE_MEMORY_STORE_H_

#include <memory>

#include "server/store/store.h"

namespace yima::store {

/// The whole interface in the most obvious way, in memory: for tests of the rules, and the model
/// that other stores are compared with. `done` is called before Apply returns, on its thread.
std::unique_ptr<Store> OpenMemoryStore(TimeUs (*now)() = &Now);

}  // namespace yima::store

#endif  // YIMA_SERVER_STORE_MEMORY_STORE_H_
