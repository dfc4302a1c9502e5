// Asks a registry about plates: ask_registry SERVER TOKEN CODE…
#include <iostream>

#include "plates.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  yima::ClientOptions options;
  options.server = argv[1];
  options.token = argv[2];
  const yima::Client client(options);
  const auto told = TellOfPlates(client, {argv + 3, argv + argc});
  if (!told) {
    std::cerr << told.error().reason << ": " << told.error().message << '\n';
    return 1;
  }
  for (const auto& line : *told) std::cout << line << '\n';
}
