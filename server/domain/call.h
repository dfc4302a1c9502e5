#ifndef YIMA_SERVER_DOMAIN_CALL_H_
#define YIMA_SERVER_DOMAIN_CALL_H_

#include <functional>
#include <string>

namespace yima::server {

/// One call as the rules see it, whatever transport brought it.
struct Call {
  std::string method;     ///< "yima.v1.RegistryService/CreateFacility"
  std::string principal;  ///< Opaque id of who asks.
  /// True once nobody waits for the answer: client gone, deadline passed or server stopping. Long
  /// work asks between chunks, writes before they are applied. Thread-safe; not to be called after
  /// the call was answered.
  std::function<bool()> cancelled = [] { return false; };
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_CALL_H_
