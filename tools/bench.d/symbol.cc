#include "codegen/label/symbol.h"

#include <memory>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/label_samples.h"
#include <qrencode.h>

namespace yima::bench {
namespace {

constexpr double kSymbolsLeast = 3'200;

/// What libqrencode alone does for the same symbol.
bool BareSymbol(const std::string& origin, const std::string& body, int version, QRecLevel level) {
  const auto* origin_bytes = reinterpret_cast<const unsigned char*>(origin.data());
  const auto* body_bytes = reinterpret_cast<const unsigned char*>(body.data());
  QRinput* input = QRinput_new2(version, level);
  QRinput_append(input, QR_MODE_AN, static_cast<int>(origin.size()), origin_bytes);
  QRinput_append(input, QR_MODE_NUM, static_cast<int>(body.size()), body_bytes);
  QRcode* code = QRcode_encodeInput(input);
  const bool made = code != nullptr && code->version == version;
  QRcode_free(code);
  QRinput_free(input);
  return made;
}

}  // namespace

Result<Line> BenchSymbol(const Options& options) {
  const size_t n = options.quick ? 40 : 200;
  const auto bodies = RandomBodies(n * 16);
  const std::string origin = kSampleOrigin;
  YIMA_ASSIGN_OR_RETURN(const int version, label::SymbolVersion(origin.size(), label::Level::kM));
  Line line{.bench = "symbol", .unit = "symbols/s", .floor_unit = "libqrencode symbols/s"};
  line.bar = 0.95;
  size_t at = 0;
  bool sound = true;
  auto measured =
      MedianOfRounds(line, options.quick ? 3 : 51, kSymbolsLeast, [&]() -> Result<Round> {
        const size_t begin = at;
        at = (at + n) % bodies.size();
        const double floor = CoreSecondsOf([&] {
          for (size_t i = begin; i < begin + n; ++i) {
            sound = BareSymbol(origin, bodies[i], version, QR_ECLEVEL_M) && sound;
          }
        });
        const double figure = CoreSecondsOf([&] {
          for (size_t i = begin; i < begin + n; ++i) {
            const auto symbol = label::MakeSymbol(origin, bodies[i], label::Level::kM);
            sound = symbol && symbol->version == version && sound;
          }
        });
        const auto symbols = static_cast<double>(n);
        return Round{symbols / figure, symbols / floor};
      });
  if (sound) return measured;
  return Fail(StatusCode::kInternal, "SYMBOL_FAILED", "a symbol was not made, or too large");
}

}  // namespace yima::bench
