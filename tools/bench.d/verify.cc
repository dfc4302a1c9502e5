#include "tools/bench.d/benches.h"
#include <sodium.h>

#include "codegen/code/code_text.h"
#include "codegen/code/signed_note.h"
#include "codegen/code/trust.h"
#include "codegen/code/verifier.h"

namespace yima::bench {
namespace {

constexpr double kVerificationsLeast = 14'000;
constexpr const char* kOrigin = "HTTPS://QR.EXAMPLE.CN/";

/// A code as a scanner reads it, and as libsodium is given it.
struct Sample {
  std::string text;
  std::string message;
  std::array<uint8_t, crypto_sign_BYTES> signature{};
};

Result<std::vector<Sample>> MakeSamples(const SigningKey& key, uint32_t n) {
  YIMA_ASSIGN_OR_RETURN(const auto origin, Origin::Parse(kOrigin));
  std::vector<Sample> samples;
  for (uint32_t i = 0; i < n; ++i) {
    const Payload payload{1, Serial(1, i + 1), 2500, kSchemeGbt47678,
                          uint64_t{14050201001000000} + i};
    const CodeBytes bytes = SignCode(key, origin, payload);
    Sample& sample = samples.emplace_back();
    sample.text = kOrigin + EncodeBody(bytes);
    sample.message = SignedMessage(kOrigin, EncodePayload(payload));
    std::copy(bytes.begin() + kPayloadSize, bytes.end(), sample.signature.begin());
  }
  return samples;
}

/// What a field crew's reader holds: a bundle with the key, and a list of 1,000 revoked serials.
Result<TrustStore> MakeTrust(const SigningKey& key) {
  const SigningKey root = SigningKey::Generate();
  TrustBundle bundle;
  bundle.registry = std::string(32, 'a');
  bundle.sequence = 1;
  bundle.issued = Now();
  bundle.expires = Now() + TimeUs{86'400'000'000};
  bundle.roots = {root.public_key()};
  bundle.origins = {{kOrigin, OriginStatus::kCurrent, false}};
  bundle.keys = {{kOrigin, 1, Algorithm::kEd25519, key.public_key(), 0, 60'000, false}};
  bundle.status_keys = {root.public_key()};
  RevocationList list;
  list.registry = bundle.registry;
  list.sequence = 1;
  list.issued = Now();
  list.next_update = Now() + TimeUs{86'400'000'000};
  for (uint32_t i = 0; i < 1000; ++i) list.revoked.push_back(Serial(1, 1'000'000 + 7 * i));
  const auto sign = [&](std::string text) {
    SignedNote note{std::move(text), {}};
    note.Sign("yima-" + bundle.registry, root);
    return note.ToString();
  };
  TrustStore trust({root.public_key()});
  YIMA_RETURN_IF_ERROR(trust.AcceptBundle(sign(bundle.ToText())));
  YIMA_RETURN_IF_ERROR(trust.AcceptList(sign(list.ToText())));
  return trust;
}

}  // namespace

Result<Line> BenchVerify(const Options& options) {
  const SigningKey key = SigningKey::Generate();
  YIMA_ASSIGN_OR_RETURN(const auto samples, MakeSamples(key, options.quick ? 200 : 1'000));
  YIMA_ASSIGN_OR_RETURN(const auto trust, MakeTrust(key));
  const Verifier verifier(trust);
  const auto n = static_cast<double>(samples.size());
  Line line{
      .bench = "verify", .unit = "verifications/s", .floor_unit = "libsodium verifications/s"};
  line.bar = 0.97;
  size_t authentic = 0;
  size_t genuine = 0;
  size_t asked = 0;
  // Short slices of both, one after the other, so that what else the machine does hits both.
  auto measured =
      MedianOfRounds(line, options.quick ? 3 : 101, kVerificationsLeast, [&]() -> Result<Round> {
        asked += samples.size();
        const double floor = CoreSecondsOf([&] {
          for (const auto& sample : samples) {
            genuine +=
                crypto_sign_verify_detached(sample.signature.data(),
                                            reinterpret_cast<const uint8_t*>(sample.message.data()),
                                            sample.message.size(), key.public_key().data()) == 0;
          }
        });
        const double figure = CoreSecondsOf([&] {
          for (const auto& sample : samples) {
            authentic += verifier.Judge(sample.text).verdict == Verdict::kAuthentic;
          }
        });
        return Round{n / figure, n / floor};
      });
  if (authentic == asked && genuine == asked) return measured;
  return Fail(StatusCode::kInternal, "NOT_AUTHENTIC", "a genuine code was not found authentic");
}

}  // namespace yima::bench
