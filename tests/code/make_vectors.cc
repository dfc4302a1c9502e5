// Writes the vector files anew: `make_vectors tests/vectors`.
#include <filesystem>
#include <fstream>

#include "tests/code/vectors.h"

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  std::ofstream(folder / "codes.json") << yima::testing::MakeCodeVectors().dump(1) << '\n';
  std::ofstream(folder / "log.json") << yima::testing::MakeLogVectors().dump(1) << '\n';
  std::ofstream(folder / "origins.json") << yima::testing::MakeOriginVectors().dump(1) << '\n';
  std::ofstream(folder / "trust.json") << yima::testing::MakeTrustVectors().dump(1) << '\n';
}
