#ifndef YIMA_CLIENT_CLI_OUTCOMES_H_
#define YIMA_CLIENT_CLI_OUTCOMES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include "client/cli/session.h"

namespace yima::cli {

using Outcomes = google::protobuf::RepeatedPtrField<v1::FacilityOutcome>;

/// Keeps of a batch's outcomes those that are not simply done: a million of these would be told by
/// their number alone.
void KeepRemarkable(const Outcomes& told, Outcomes& kept);

/// Sends a request that is answered in parts, with a bar of that name. Gives the last answer, with
/// all outcomes worth a line.
template <typename Response, typename Request>
Result<Response> LastAnswer(Session& session, const char* bar, const Request& request,
                            Result<void> (Client::*call)(const Request&,
                                                         const Client::Receiver<Response>&) const) {
  Response last;
  Outcomes kept;
  Progress progress(bar);
  YIMA_RETURN_IF_ERROR(
      (session.client().*call)(request, [&](const Response& response) -> Result<void> {
        KeepRemarkable(response.facilities(), kept);
        last = response;
        progress.Show(response.done(), response.total());
        return {};
      }));
  *last.mutable_facilities() = kept;
  return last;
}

/// A line on stderr for each facility that was refused, moved, or done in part.
void TellOutcomes(const Session& session, const Outcomes& outcomes);

/// A line of data with a count.
void ShowCount(Session& session, const char* name, uint64_t count);

/// On a terminal: asks, and gives what was answered. Elsewhere CONFIRMATION_MISSING, unless `yes`.
Result<bool> Confirmed(const Session& session, bool yes, const std::string& question);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_OUTCOMES_H_
