#include "tools/bench.d/certificate.h"

#include <fstream>
#include <sstream>

#include "tools/bench.d/child.h"

namespace yima::bench {
namespace {

constexpr const char* kOpenssl = "/usr/bin/openssl";

}  // namespace

Result<Certificate> Certificate::Make(const std::filesystem::path& folder) {
  const Certificate made{folder / "tls.pem", folder / "tls.key"};
  YIMA_RETURN_IF_ERROR(Run({kOpenssl, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                            made.key.string()}));
  YIMA_RETURN_IF_ERROR(Run({kOpenssl, "req", "-x509", "-new", "-key", made.key.string(), "-days",
                            "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                            "-out", made.certificate.string()}));
  return made;
}

std::string TextOf(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace yima::bench
