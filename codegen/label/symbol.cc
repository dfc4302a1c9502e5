#include "codegen/label/symbol.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>
#include <qrencode.h>

#include "codegen/code/code_text.h"

namespace yima::label {
namespace {

constexpr std::string_view kLevelLetters = "LMQH";
constexpr size_t kOriginSizeMax = 1024;

using Input = std::unique_ptr<QRinput, decltype(&QRinput_free)>;
using Code = std::unique_ptr<QRcode, decltype(&QRcode_free)>;

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
         std::string_view(" $%*+-./:").find(c) != std::string_view::npos;
}

bool IsPrintable(char c) { return c >= 0x20 && c < 0x7F; }

bool Append(QRinput* input, QRencodeMode mode, std::string_view text) {
  return QRinput_append(input, mode, static_cast<int>(text.size()),
                        reinterpret_cast<const unsigned char*>(text.data())) == 0;
}

Result<void> CheckTexts(std::string_view origin, std::string_view body) {
  if (origin.empty() || !std::all_of(origin.begin(), origin.end(), IsPrintable))
    return Invalid("SYMBOL_TEXT_MALFORMED", "a symbol's origin is printable ASCII, and not empty");
  if (body.empty() || body.find_first_not_of("0123456789") != std::string_view::npos)
    return Invalid("SYMBOL_TEXT_MALFORMED", "a symbol's body is decimal digits, and not empty");
  return {};
}

}  // namespace

char LevelLetter(Level level) { return kLevelLetters[static_cast<size_t>(level)]; }

Result<Symbol> MakeSymbol(std::string_view origin_text, std::string_view body_digits, Level level) {
  YIMA_RETURN_IF_ERROR(CheckTexts(origin_text, body_digits));
  // Version 0 lets libqrencode take the smallest that holds both segments.
  const Input input(QRinput_new2(0, static_cast<QRecLevel>(level)), &QRinput_free);
  const bool alphanumeric = std::all_of(origin_text.begin(), origin_text.end(), IsAlphanumeric);
  if (!input || !Append(input.get(), alphanumeric ? QR_MODE_AN : QR_MODE_8, origin_text) ||
      !Append(input.get(), QR_MODE_NUM, body_digits))
    return Fail(StatusCode::kInternal, "SYMBOL_FAILED", "libqrencode took no input");
  const Code code(QRcode_encodeInput(input.get()), &QRcode_free);
  if (!code && errno == ERANGE)
    return Fail(StatusCode::kOutOfRange, "SYMBOL_TOO_LARGE",
                fmt::format("no symbol of level {} holds {} characters and {} digits",
                            LevelLetter(level), origin_text.size(), body_digits.size()));
  if (!code) return Fail(StatusCode::kInternal, "SYMBOL_FAILED", "libqrencode made no symbol");

  Symbol symbol{code->version, level, code->width, {}};
  symbol.bits.resize(static_cast<size_t>(code->width) * static_cast<size_t>(code->width));
  // libqrencode keeps the colour in bit 0 and its own notes in the others.
  std::transform(code->data, code->data + symbol.bits.size(), symbol.bits.begin(),
                 [](unsigned char module) { return static_cast<uint8_t>(module & 1); });
  return symbol;
}

Result<int> SymbolVersion(size_t origin_size, Level level) {
  if (origin_size < 1 || origin_size > kOriginSizeMax)
    return Fail(
        StatusCode::kOutOfRange, "ORIGIN_SIZE_OUT_OF_RANGE",
        fmt::format("an origin of {} characters, want 1 to {}", origin_size, kOriginSizeMax));
  YIMA_ASSIGN_OR_RETURN(const Symbol symbol, MakeSymbol(std::string(origin_size, 'A'),
                                                        std::string(kBodyDigits, '0'), level));
  return symbol.version;
}

}  // namespace yima::label
