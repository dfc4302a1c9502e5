#ifndef YIMA_TOOLS_BENCH_D_LABEL_SAMPLES_H_
#define YIMA_TOOLS_BENCH_D_LABEL_SAMPLES_H_

#include <string>
#include <vector>

#include "codegen/label/fields.h"

namespace yima::bench {

inline constexpr const char* kSampleOrigin = "HTTPS://QR.EXAMPLE.CN/";

/// Bodies of codes with random signatures, so that no symbol is like the one before: the same
/// content again and again shows three times the speed, which is the branch predictor's.
std::vector<std::string> RandomBodies(size_t n);

/// The nth label of a city: six printed fields, most of them Chinese.
label::LabelFields SampleLabel(size_t n, const std::string& body);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_LABEL_SAMPLES_H_
