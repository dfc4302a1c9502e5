#ifndef YIMA_CODEGEN_CODE_CODE_TEXT_H_
#define YIMA_CODEGEN_CODE_CODE_TEXT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codegen/code/day.h"
#include "codegen/code/facility_code.h"
#include "codegen/code/origin.h"
#include "codegen/code/serial.h"
#include "codegen/code/signature.h"

namespace yima {

/// The signed fields of a code, as they stand: no range is checked here (see Verifier).
struct Payload {
  uint16_t key_id = 0;  ///< Names a code key within an origin.
  Serial serial;
  Day issue_day = 0;
  Scheme scheme = kSchemeBlank;
  uint64_t facility_code = 0;  ///< The code's digits as one integer; 0 for a blank plate.

  bool operator==(const Payload&) const = default;
};

constexpr size_t kPayloadSize = 19;
constexpr size_t kCodeSize = kPayloadSize + 64;
constexpr size_t kBodyDigits = 203;

using PayloadBytes = std::array<uint8_t, kPayloadSize>;
/// Payload ‖ signature: what the registry keeps of a plate, beside its origin.
using CodeBytes = std::array<uint8_t, kCodeSize>;

/// Big-endian, as FORMAT.md lays out.
PayloadBytes EncodePayload(const Payload& payload);
Payload DecodePayload(std::span<const uint8_t, kPayloadSize> bytes);

/// What is signed: `"yima-code-v1" 0x00 origin 0x00 payload`.
std::string SignedMessage(std::string_view origin, const PayloadBytes& payload);

/// Signs, giving the 83 bytes of a code. Thread-safe.
CodeBytes SignCode(const SigningKey& key, const Origin& origin, const Payload& payload);

/// `'1'`, then 7-byte blocks as 17 digits and the last 6 bytes as 15: always 203 digits.
std::string EncodeBody(const CodeBytes& bytes);
/// Nothing if the digits are not 203, do not begin with 1, or a block is above its range.
std::optional<CodeBytes> DecodeBody(std::string_view digits);

/// Origin and digits of a text that has the shape of a code, of this or any later format.
struct CodeParts {
  std::string_view origin;  ///< As it stood in the text: either case.
  std::string_view digits;  ///< At least one; the first is the format.
};

/// Takes a text apart; nothing when it is not an origin followed by digits to its end. Asks of the
/// host only labels of [0-9A-Za-z-], so that test origins can be judged too.
std::optional<CodeParts> SplitCodeText(std::string_view text);

/// Folds the bytes a–z to upper case and nothing else.
std::string FoldOrigin(std::string_view origin);

}  // namespace yima

#endif  // YIMA_CODEGEN_CODE_CODE_TEXT_H_
