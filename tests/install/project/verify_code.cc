// Judges codes without a network: verify_code ROOT BUNDLE CODE…
#include <fstream>
#include <iostream>
#include <sstream>

#include "codegen/code/verifier.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  yima::PublicKey root;  // Had by hand from the registry, never from the network.
  if (!yima::FromHex(argv[1], root)) return 2;

  std::ostringstream bundle;
  bundle << std::ifstream(argv[2], std::ios::binary).rdbuf();
  yima::TrustStore trust({root});
  if (const auto accepted = trust.AcceptBundle(bundle.str()); !accepted) {
    std::cerr << accepted.error().reason << ": " << accepted.error().message << '\n';
    return 1;
  }

  const yima::Verifier verifier(trust);
  for (int i = 3; i < argc; ++i) {
    std::cout << yima::VerdictName(verifier.Judge(argv[i]).verdict) << '\n';
  }
}
