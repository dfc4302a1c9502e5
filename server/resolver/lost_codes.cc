#include "server/resolver/lost_codes.h"

#include <algorithm>
#include <vector>

namespace yima::server {
namespace {

v1::CodeState StateIn(std::string_view bytes) {
  return bytes.size() == 1 ? static_cast<v1::CodeState>(bytes[0] - '0')
                           : v1::CODE_STATE_UNSPECIFIED;
}

}  // namespace

std::string LostCodeBytes(v1::CodeState state) {
  return std::string(1, static_cast<char>('0' + static_cast<int>(state)));
}

Result<v1::CodeState> LostStateOf(const store::Snapshot& snapshot, uint64_t serial) {
  YIMA_ASSIGN_OR_RETURN(const auto lost, snapshot.Get(store::Kind::kLostCode, serial));
  return lost ? StateIn(lost->bytes) : v1::CODE_STATE_UNSPECIFIED;
}

Result<void> AddLostCodes(const store::Snapshot& snapshot, RevocationList& list) {
  bool found = false;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(store::Kind::kLostCode, 0, {},
                                     [&](uint64_t id, uint64_t, std::string_view bytes) {
                                       const auto serial = Serial::FromInteger(id);
                                       const v1::CodeState state = StateIn(bytes);
                                       if (!serial || state == v1::CODE_STATE_UNSPECIFIED)
                                         return true;
                                       (state == v1::CODE_STATE_SUSPENDED  ? list.suspended
                                        : state == v1::CODE_STATE_REPLACED ? list.replaced
                                                                           : list.revoked)
                                           .push_back(*serial);
                                       return found = true;
                                     }));
  if (!found) return {};
  for (auto* serials : {&list.suspended, &list.revoked, &list.replaced}) {
    std::ranges::sort(*serials, {}, &Serial::value);
  }
  return {};
}

}  // namespace yima::server
