#ifndef YIMA_SERVER_METHODS_METHOD_TABLE_H_
#define YIMA_SERVER_METHODS_METHOD_TABLE_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/access/audit_trail.h"
#include "server/access/roles.h"
#include "server/domain/domain.h"
#include "server/resolver/resolver.h"
#include "server/resolver/trust_notes.h"

namespace yima::server {

/// Called once with the serialized response or why there is none; perhaps on a thread of the store.
using Reply = std::function<void(Result<std::string>)>;
/// Answers one serialized request. Never waits.
using UnaryHandler = std::function<void(const Call&, std::string_view request, Reply)>;

/// Gives the next serialized request of a stream; false at its end. Waits.
using Source = std::function<Result<bool>(std::string&)>;
/// Sends one serialized response; an Error when nobody listens any more. Waits.
using Sink = std::function<Result<void>(std::string)>;
/// Serves one stream on a thread of its own. May wait.
using StreamHandler = std::function<Result<void>(const Call&, const Source&, const Sink&)>;

/// Gives the next serialized message of a feed; nothing when there is none for now. Asked by one
/// thread at a time. Never waits.
using Pull = std::function<Result<std::optional<std::string>>()>;
/// Opens the feed that one serialized request asks for: a stream of answers that mostly rests. It
/// costs no thread; the transport asks it for more once its client took the last message, and some
/// times a second.
using FeedHandler = std::function<Result<Pull>(const Call&, std::string_view request)>;

/// One RPC: the row that every transport reads. It has one of the three handlers.
struct Method {
  std::string name;  ///< "yima.v1.RegistryService/CreateFacility"
  Roles roles;       ///< Who may call it.
  UnaryHandler unary;
  StreamHandler stream;
  FeedHandler feed = nullptr;
  /// Within which a client must take a message of the stream; 0: as long as the door gives to all.
  std::chrono::milliseconds take_max{0};
  /// Whether one message is read ahead, and one still being sent, while another is worked on. Else
  /// a message that was sent is one that its client took.
  bool pipelined = false;
};

/// Lets the audit trail know when a rule refuses a caller that the gate let in. Calls that anyone
/// may make are left alone: no rule refuses them.
void NoteRefusals(std::vector<Method>& table, AuditTrail& audit);

/// Every RPC there is. The arguments must outlive the table.
std::vector<Method> MakeMethodTable(const Domain& domain, const Resolver& resolver,
                                    TrustNotes& notes);

}  // namespace yima::server

#endif  // YIMA_SERVER_METHODS_METHOD_TABLE_H_
