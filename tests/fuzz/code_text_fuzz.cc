// Code texts, origins and short numbers: whatever is read reads back the same.
#include <cstdlib>
#include <string>

#include "codegen/code/verifier.h"
#include "tests/code/vector_world.h"

namespace yima {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

const Verifier& TheVerifier() {
  static const Verifier verifier = [] {
    TrustStore trust{{testing::MakeBundle().roots.front()}};
    Require(
        trust.AcceptBundle(testing::MakeNote(testing::MakeBundle().ToText(), testing::kRootSeed))
            .has_value());
    return Verifier(trust);
  }();
  return verifier;
}

void CheckText(std::string_view text) {
  const Judgement judgement = TheVerifier().Judge(text);
  const auto parts = SplitCodeText(text);
  Require(parts || judgement.verdict == Verdict::kMalformed);
  if (!parts) return;
  Require(!judgement.foreign);
  Require(std::string(parts->origin).append(parts->digits) == text);
  Require(FoldOrigin(FoldOrigin(parts->origin)) == FoldOrigin(parts->origin));
  // A code has exactly one text.
  if (const auto code = DecodeBody(parts->digits)) Require(EncodeBody(*code) == parts->digits);
  if (judgement.verdict == Verdict::kAuthentic) Require(judgement.payload.has_value());
}

void CheckOrigin(std::string_view text) {
  const auto origin = Origin::Parse(text, true);
  if (!origin) return;
  Require(Origin::Parse(origin->ToString(), true) == origin);
  // What may be printed must be judged.
  Require(SplitCodeText(origin->ToString() + "1").has_value());
  Require(Origin::Parse(text, false).has_value() == !origin->IsTest());
}

void CheckShortNumber(std::string_view text) {
  const auto serial = Serial::ParseShortNumber(text);
  if (!serial) return;
  Require(serial->IsUsable());
  Require(Serial::ParseShortNumber(serial->ShortNumber()) == serial);
}

}  // namespace
}  // namespace yima

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  yima::CheckText(text);
  yima::CheckOrigin(text);
  yima::CheckShortNumber(text);
  return 0;
}
