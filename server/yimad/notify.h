#ifndef YIMA_SERVER_YIMAD_NOTIFY_H_
#define YIMA_SERVER_YIMAD_NOTIFY_H_

#include <string_view>

namespace yima::server {

/// Tells systemd how the service fares (`READY=1`, `STOPPING=1`, `STATUS=…`), where it asked to be
/// told by NOTIFY_SOCKET; does nothing elsewhere. See sd_notify(3).
void NotifySystemd(std::string_view state);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_NOTIFY_H_
