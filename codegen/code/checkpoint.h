#ifndef YIMA_CODEGEN_CODE_CHECKPOINT_H_
#define YIMA_CODEGEN_CODE_CHECKPOINT_H_

#include <string>
#include <string_view>

#include "codegen/code/result.h"
#include "codegen/code/signed_note.h"
#include "codegen/code/tree.h"

namespace yima {

/// What a log says of itself at one size, as C2SP tlog-checkpoint has it
/// (https://c2sp.org/tlog-checkpoint): the text of a signed note.
struct Checkpoint {
  /// Names the log: `<registry>/<epoch>` for those of Yima. No newline; to be signed, no space and
  /// no '+' either.
  std::string origin;
  uint64_t size = 0;  ///< Entries.
  TreeHash root{};
  std::string extension;  ///< Further lines, none empty, each with its newline; ours have none.

  bool operator==(const Checkpoint&) const = default;

  /// Of a note's text. CHECKPOINT_MALFORMED.
  static Result<Checkpoint> Parse(std::string_view text);
  std::string ToString() const;

  /// The note, signed under the log's origin.
  SignedNote Sign(const SigningKey& key) const;
};

/// Of a note of at most 64 KiB that the key has signed, under any name. NOTE_MALFORMED,
/// CHECKPOINT_MALFORMED; CHECKPOINT_UNSIGNED (PERMISSION_DENIED) when the key has not signed it,
/// CHECKPOINT_OF_ANOTHER_LOG (FAILED_PRECONDITION) when it has another origin.
Result<Checkpoint> OpenCheckpoint(std::string_view note, std::string_view origin,
                                  const PublicKey& key);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_CHECKPOINT_H_
