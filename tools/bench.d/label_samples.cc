#include "tools/bench.d/label_samples.h"

#include "tools/bench.d/registry.h"
#include <fmt/format.h>
#include <sodium.h>

#include "codegen/code/code_text.h"
#include "yima/v1/registry_service.pb.h"

namespace yima::bench {

std::vector<std::string> RandomBodies(size_t n) {
  std::vector<std::string> bodies;
  bodies.reserve(n);
  for (size_t i = 0; i < n; ++i) {
    const Payload payload{1, Serial(1, static_cast<uint32_t>(i + 1)), 2500, kSchemeGbt47678,
                          uint64_t{14050201001000000} + i};
    const PayloadBytes signed_bytes = EncodePayload(payload);
    CodeBytes code{};
    std::copy(signed_bytes.begin(), signed_bytes.end(), code.begin());
    randombytes_buf(code.data() + kPayloadSize, kCodeSize - kPayloadSize);
    bodies.push_back(EncodeBody(code));
  }
  return bodies;
}

label::LabelFields SampleLabel(size_t n, const std::string& body) {
  const v1::ImportRow row = LedgerRow(n);
  label::LabelFields fields;
  fields.code_text = kSampleOrigin + body;
  fields.facility_code = row.facility().codes(0).digits();
  fields.class_code = row.facility().class_code();
  fields.class_name = row.facility().name();
  fields.name = row.facility().name();
  fields.supervisor = row.supervisor();
  fields.owner = row.owner();
  fields.maintainer = row.maintainer();
  fields.contact = fields.maintainer;
  fields.telephone = fmt::format("0356-{:07}", 2'000'000 + n % 900'000);
  fields.note = "报修";
  return fields;
}

}  // namespace yima::bench
