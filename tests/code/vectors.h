#ifndef YIMA_TESTS_CODE_VECTORS_H_
#define YIMA_TESTS_CODE_VECTORS_H_

#include <nlohmann/json.hpp>

namespace yima::testing {

/// The vectors of codes, each with its expected verdict, from fixed seeds: always the same.
nlohmann::ordered_json MakeCodeVectors();
/// Origins that the grammar allows, allows as tests, and forbids.
nlohmann::ordered_json MakeOriginVectors();
/// Notes and whether a verifier takes them, one after the other.
nlohmann::ordered_json MakeTrustVectors();
/// A log of a few entries: its tree, tiles, checkpoints and proofs, and whether these hold.
nlohmann::ordered_json MakeLogVectors();

}  // namespace yima::testing

#endif  // YIMA_TESTS_CODE_VECTORS_H_
