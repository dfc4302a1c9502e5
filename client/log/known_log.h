#ifndef YIMA_CLIENT_LOG_KNOWN_LOG_H_
#define YIMA_CLIENT_LOG_KNOWN_LOG_H_

#include <string>
#include <vector>

#include "codegen/code/checkpoint.h"
#include "codegen/code/log_name.h"
#include "codegen/code/trust.h"

namespace yima {

/// A checkpoint that a log key of the trust held has signed.
struct KnownLog {
  LogName name;
  Checkpoint checkpoint;
  std::string note;
  TrustBundle bundle;  ///< Of its registry.
};

/// Judges a checkpoint by the trust held. Errors: TRUST_MISSING when none is held;
/// CHECKPOINT_OF_ANOTHER_LOG when it is of no registry held; CHECKPOINT_UNSIGNED when no log key of
/// the bundle has signed it; EPOCH_AHEAD when it is of an epoch that the bundle does not know yet;
/// NOTE_MALFORMED, CHECKPOINT_MALFORMED.
Result<KnownLog> OpenKnownLog(std::string note, const std::vector<TrustStore>& stores);

/// Whether one of the keys has signed the note, under any name.
Result<Checkpoint> OpenSignedBy(std::string_view note, const std::vector<PublicKey>& keys);

}  // namespace yima

#endif  // YIMA_CLIENT_LOG_KNOWN_LOG_H_
