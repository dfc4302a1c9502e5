#ifndef YIMA_SERVER_ACCESS_ROLES_H_
#define YIMA_SERVER_ACCESS_ROLES_H_

#include <cstdint>

#include "yima/v1/access.pb.h"

namespace yima::server {

/// A set of roles, bit n for v1::Role n; bit 0 stands for those who show no token.
using Roles = uint32_t;

constexpr Roles RoleBit(v1::Role role) { return Roles{1} << static_cast<int>(role); }

/// What the rows of the method table ask for. One of the roles is enough.
inline constexpr Roles kCrews = RoleBit(v1::ROLE_CREW) | RoleBit(v1::ROLE_MANAGER);
inline constexpr Roles kManagers = RoleBit(v1::ROLE_MANAGER);
inline constexpr Roles kRegistrars = RoleBit(v1::ROLE_REGISTRAR);
inline constexpr Roles kAuditors = RoleBit(v1::ROLE_AUDITOR);
inline constexpr Roles kAdmins = RoleBit(v1::ROLE_ADMIN);
inline constexpr Roles kReaders = kCrews | kRegistrars | kAuditors;
/// Whoever has a token.
inline constexpr Roles kCallers = kReaders | kAdmins;
inline constexpr Roles kPublic = kCallers | Roles{1};

}  // namespace yima::server

#endif  // YIMA_SERVER_ACCESS_ROLES_H_
