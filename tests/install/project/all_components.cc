// Links every component: a call that nobody answers, a picture that is not there, a label's name.
#include <iostream>

#include "client/client.h"
#include "client/scan/scanner.h"
#include "client/trust_dir.h"
#include "codegen/label/template.h"

int main() {
  yima::ClientOptions options;
  options.server = "127.0.0.1:1";
  options.deadline = std::chrono::milliseconds(30000);
  const auto bundle = yima::Client(options).GetTrustBundle();
  std::cout << (bundle ? "answered" : bundle.error().reason) << '\n';
  const auto image = yima::scan::LoadImage("no-such-picture.png");
  std::cout << (image ? "read" : image.error().reason) << '\n';
  std::cout << yima::label::Template::BuiltInNames().front() << '\n';
}
