#ifndef YIMA_SERVER_BACKUP_ENTRY_FORM_H_
#define YIMA_SERVER_BACKUP_ENTRY_FORM_H_

#include <string_view>

namespace yima::server {

/// Whether an entry of a log from outside is of the form that server/log/FORMAT.md, section 4,
/// says: it begins with its time, holds one record, and its fields and the name of its record are
/// of the wire types that their kinds have. What protobuf's parser passes over is refused here.
/// That it parses is not looked at.
bool IsWellFormedEntry(std::string_view entry);

}  // namespace yima::server

#endif  // YIMA_SERVER_BACKUP_ENTRY_FORM_H_
