#include "tests/code/vectors.h"

#include <span>
#include <string>

#include "tests/code/vector_world.h"

namespace yima::testing {
namespace {

using nlohmann::ordered_json;

/// Every step of one code, for FORMAT.md and for those who write a verifier.
ordered_json Example() {
  const SigningKey key = SigningKey::FromSeed(Seed(1));
  const Payload payload = GoodPayload();
  const auto payload_bytes = EncodePayload(payload);
  const std::string message = SignedMessage(kCurrent, payload_bytes);
  const CodeBytes code = Sign(1, kCurrent, payload);
  const auto hex = [](Bytes bytes) { return ToHex(bytes); };
  return {{"seed", hex(Seed(1))},
          {"public_key", hex(key.public_key())},
          {"origin", kCurrent},
          {"key_id", payload.key_id},
          {"serial", payload.serial.ToString()},
          {"short_number", payload.serial.ShortNumber()},
          {"issue_day", payload.issue_day},
          {"issue_date", FormatDay(payload.issue_day)},
          {"scheme", payload.scheme},
          {"facility_code", std::to_string(payload.facility_code)},
          {"payload", hex(payload_bytes)},
          {"message", hex({reinterpret_cast<const uint8_t*>(message.data()), message.size()})},
          {"signature", hex(std::span(code).subspan(kPayloadSize))},
          {"body", EncodeBody(code)},
          {"text", GoodText()}};
}

}  // namespace

ordered_json MakeCodeVectors() {
  VectorList vectors;
  AddGenuine(vectors);
  AddWrongOrigins(vectors);
  AddWrongShapes(vectors);
  AddWrongFields(vectors);
  AddWrongSignatures(vectors);
  // Readers pass over a line like the first.
  const std::string bundle = "x-made-for tests\n" + MakeBundle().ToText();
  return {{"comment",
           "The root key in hex, a trust bundle and a revocation list as signed notes, and texts. "
           "step is the number in FORMAT.md's order of judgement."},
          {"root", ToHex(MakeBundle().roots.front())},
          {"bundle", MakeNote(bundle, kRootSeed)},
          {"list", MakeNote(MakeList().ToText(), kStatusSeed)},
          {"example", Example()},
          {"vectors", vectors.Take()}};
}

}  // namespace yima::testing
