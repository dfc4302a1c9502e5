#include <algorithm>
#include <filesystem>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/child.h"
#include "tools/bench.d/registry.h"
#include <fmt/format.h>

#include "client/certificate/certificate.h"
#include "codegen/code/signed_note.h"
#include "yima/v1/certificate.pb.h"

namespace yima::bench {
namespace {

/// What a quiet core does at least, whose fonts are to be subset for each page anew.
constexpr double kPdfsLeast = 10;
/// Half of what a quiet core checks, two signatures and some hundred hashes each.
constexpr double kChecksLeast = 3'000;

/// A certificate with what of it has to be hashed and checked, and nothing to be made of it.
struct Sample {
  std::string file;
  v1::Certificate parsed;
  CertificateNote note;
  Checkpoint checkpoint;
  SignedNote signed_note;
  SignedNote signed_checkpoint;
  std::vector<std::vector<TreeHash>> proofs;
};

Result<Sample> SampleOf(const std::string& file) {
  Sample sample;
  sample.file = file;
  sample.parsed.ParseFromString(file);
  YIMA_ASSIGN_OR_RETURN(sample.signed_note, SignedNote::Parse(sample.parsed.note()));
  YIMA_ASSIGN_OR_RETURN(sample.note, CertificateNote::ParseText(sample.signed_note.text));
  YIMA_ASSIGN_OR_RETURN(sample.signed_checkpoint, SignedNote::Parse(sample.parsed.checkpoint()));
  YIMA_ASSIGN_OR_RETURN(sample.checkpoint, Checkpoint::Parse(sample.signed_checkpoint.text));
  for (const auto& entry : sample.parsed.entries()) {
    auto& proof = sample.proofs.emplace_back(entry.proof().size() / sizeof(TreeHash));
    for (size_t i = 0; i < proof.size(); ++i) {
      std::copy_n(entry.proof().begin() + static_cast<ptrdiff_t>(i * sizeof(TreeHash)),
                  sizeof(TreeHash), proof[i].begin());
    }
  }
  return sample;
}

/// Its hashes and signature checks alone, by the same functions.
bool Holds(const Sample& sample, const TrustBundle& bundle) {
  bool holds = sample.signed_note.IsSignedBy(bundle.certificate_keys[0]) &&
               sample.signed_checkpoint.IsSignedBy(bundle.log_keys[0]) &&
               Sha256(sample.parsed.checkpoint()) == sample.note.checkpoint;
  for (size_t i = 0; i < sample.proofs.size(); ++i) {
    const auto& named = sample.note.entries[i];
    const TreeHash leaf = HashLeaf(sample.parsed.entries(static_cast<int>(i)).entry());
    holds = holds && VerifyInclusion(named.index, sample.checkpoint.size, leaf, sample.proofs[i],
                                     sample.checkpoint.root)
                         .has_value();
  }
  return holds;
}

Result<TrustBundle> BundleOf(const Registry& registry) {
  YIMA_ASSIGN_OR_RETURN(const auto answer, registry.client().GetTrustBundle());
  YIMA_ASSIGN_OR_RETURN(const auto note, SignedNote::Parse(answer.note()));
  return TrustBundle::ParseText(note.text);
}

/// Certificates of some facilities among very many.
Result<std::vector<Sample>> MakeSamples(Registry& registry, uint64_t facilities, uint64_t samples) {
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry.Import(facilities));
  v1::ListFacilitiesRequest list;
  list.mutable_filter()->set_batch(ledger.batch);
  list.set_page_size(static_cast<int32_t>(samples));
  YIMA_ASSIGN_OR_RETURN(const auto page, registry.client().ListFacilities(list));
  v1::IssueCertificatesRequest request;
  for (const auto& facility : page.facilities()) {
    request.mutable_filter()->add_uids(facility.uid());
  }
  std::vector<Sample> made;
  YIMA_RETURN_IF_ERROR(registry.client().IssueCertificates(
      request, [&](const v1::IssueCertificatesResponse& issued) -> Result<void> {
        YIMA_ASSIGN_OR_RETURN(auto sample, SampleOf(issued.certificate()));
        made.push_back(std::move(sample));
        return {};
      }));
  return made;
}

}  // namespace

Result<Line> BenchVerifyCertificate(const Options& options) {
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "verify-certificate"));
  YIMA_ASSIGN_OR_RETURN(const auto bundle, BundleOf(*registry));
  YIMA_ASSIGN_OR_RETURN(const auto samples,
                        MakeSamples(*registry, options.quick ? 1'000 : 200'000, 200));
  const auto n = static_cast<double>(samples.size());
  Line line{.bench = "verify_certificate",
            .unit = "certificates/s",
            .floor_unit = "their hashes and signature checks/s"};
  line.bar = 0.7;
  size_t asked = 0;
  size_t held = 0;
  size_t verified = 0;
  auto measured =
      MedianOfRounds(line, options.quick ? 3 : 51, kChecksLeast, [&]() -> Result<Round> {
        asked += samples.size();
        const double floor = CoreSecondsOf([&] {
          for (const auto& sample : samples) held += Holds(sample, bundle);
        });
        const double figure = CoreSecondsOf([&] {
          for (const auto& sample : samples) {
            verified += VerifyCertificate(sample.file, bundle).has_value();
          }
        });
        return Round{n / figure, n / floor};
      });
  if (held == asked && verified == asked) return measured;
  return Fail(StatusCode::kInternal, "NOT_VERIFIED", "a genuine certificate did not verify");
}

Result<Line> BenchCertificate(const Options& options) {
  const uint64_t facilities = options.quick ? 20 : 1'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "certificate"));
  YIMA_ASSIGN_OR_RETURN(const auto ledger, registry->Import(facilities));
  const auto out = registry->data() / "certificates";
  Result<void> done;
  const double seconds = SecondsOf([&] {
    done = Run({options.yima.string(), "rights", "certificate", "--where",
                fmt::format("batch={}", ledger.batch), "--out", out.string(), "--server",
                registry->address(), "--token-file", (registry->data() / "admin-token").string()});
  });
  YIMA_RETURN_IF_ERROR(done);
  uint64_t files = 0;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(out, ignored)) {
    files += file.path().extension() == ".pdf" ? 1 : 0;
  }
  if (files != facilities) {
    return Fail(StatusCode::kInternal, "CERTIFICATES_MISSING",
                fmt::format("{} PDFs of {} facilities", files, facilities));
  }
  Line line{
      .bench = "certificate", .value = static_cast<double>(facilities) / seconds, .unit = "PDFs/s"};
  line.bar = kPdfsLeast;
  line.met = line.value >= line.bar;
  return line;
}

}  // namespace yima::bench
