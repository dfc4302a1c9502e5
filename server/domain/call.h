#ifndef YIMA_SERVER_DOMAIN_CALL_H_
#define YIMA_SERVER_DOMAIN_CALL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/domain/reach.h"

namespace yima::server {

/// One call as the rules see it, whatever transport brought it.
struct Call {
  std::string method;         ///< "yima.v1.RegistryService/CreateFacility"
  std::string principal;      ///< Opaque id of who asks: a Principal's id, "local" or "public".
  uint64_t principal_id = 0;  ///< 0 for the last two.
  std::string peer;           ///< Its address, for refusals; empty in calls that anyone may make.
  int64_t valid_until_us = INT64_MAX;  ///< When the token runs out.
  uint64_t token = 0;                  ///< By which the caller was known; 0 when by none.
  bool is_public = false;              ///< Nobody known: sees what everybody may.
  uint32_t roles = ~uint32_t{0};       ///< All that the caller has, as in access/roles.h.
  /// Where the caller may do this. Never null.
  std::shared_ptr<const Reach> reach = Reach::Everywhere();
  /// True once nobody waits for the answer: client gone, deadline passed or server stopping. Long
  /// work asks between chunks, writes before they are applied. Thread-safe; not to be called after
  /// the call was answered.
  std::function<bool()> cancelled = [] { return false; };
  /// Told what was refused within a call that goes on all the same, and how often.
  std::function<void(const Error&, uint64_t times)> refused = [](const Error&, uint64_t) {};
};

}  // namespace yima::server

#endif  // YIMA_SERVER_DOMAIN_CALL_H_
