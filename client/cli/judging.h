#ifndef YIMA_CLIENT_CLI_JUDGING_H_
#define YIMA_CLIENT_CLI_JUDGING_H_

#include <functional>
#include <map>
#include <set>
#include <string>

#include "client/cli/session.h"
#include "codegen/code/verifier.h"

namespace yima::cli {

/// A verifier of the trust kept, for the commands that judge without a server.
struct Judge {
  Verifier verifier;
  /// False: no trust is kept, and verdicts mean nothing.
  bool trusted = false;
  /// Of all registries.
  std::set<std::string> origins;
  /// By origin, since when its registry's trust is stale; an origin of fresh trust is not in it.
  std::map<std::string, std::string> stale_since;

  /// RFC 3339 time since when what judges this text is stale; "" when it is not. A text whose
  /// origin no registry has is judged by all, so by the one that is stale longest.
  std::string StaleSince(std::string_view text) const;
};

/// Loads the trust kept; says on stderr when it is stale, and since when.
Result<Judge> LoadJudge(Session& session);

/// 3 for what is not AUTHENTIC or no longer in force, else 0.
Exit ExitFor(const Judgement& judgement);

/// `verdict`, `state`, `serial`, `scheme`, `facilityCode`, `shortNumber`, `originLost` and
/// `refreshTrust` of a judgement; empty strings where nothing is known.
Json ToJson(const Judgement& judgement);

/// A judgement on one line for people: verdict, state, short number, facility code, warnings.
std::string Words(const Judgement& judgement);

/// Calls `take` for each line of the standard input without its line end, but for empty ones; false
/// when there was none.
bool EachLine(const std::function<void(const std::string&)>& take);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_JUDGING_H_
