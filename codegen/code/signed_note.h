#ifndef YIMA_CODEGEN_CODE_SIGNED_NOTE_H_
#define YIMA_CODEGEN_CODE_SIGNED_NOTE_H_

#include <string>
#include <string_view>
#include <vector>

#include "codegen/code/result.h"
#include "codegen/code/signature.h"

namespace yima {

/// One signature line of a note.
struct NoteSignature {
  std::string name;
  uint32_t key_hash = 0;
  std::string signature;  ///< What follows the key hash: 64 bytes for Ed25519.
};

/// A C2SP signed note (https://c2sp.org/signed-note): text, blank line, signature lines.
struct SignedNote {
  std::string text;  ///< Ends with a newline, which is signed too.
  std::vector<NoteSignature> signatures;

  /// NOTE_MALFORMED: above the limit in bytes, not UTF-8, control characters (so CRLF too), not
  /// 1 to 16 signatures, a signature line of another form. Takes time and memory linear in the
  /// size.
  static Result<SignedNote> Parse(std::string_view note, size_t size_max = size_t{64} << 20);
  std::string ToString() const;

  /// Adds an Ed25519 signature by `key` under `name` (no spaces, no '+').
  void Sign(std::string_view name, const SigningKey& key);
  /// True if signatures are by `key`, under any name, and all of these hold. Others are ignored.
  bool IsSignedBy(const PublicKey& key) const;
};

/// The 4-byte key hash of the spec: SHA-256(name ‖ "\n" ‖ 0x01 ‖ key), first four bytes.
uint32_t NoteKeyHash(std::string_view name, const PublicKey& key);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_SIGNED_NOTE_H_
