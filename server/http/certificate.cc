#include "server/http/certificate.h"

#include <memory>

#include <gnutls/x509.h>

namespace yima::server {

Result<TimeUs> CertificateExpires(std::string_view pem) {
  gnutls_x509_crt_t made = nullptr;
  gnutls_x509_crt_init(&made);
  const std::unique_ptr<gnutls_x509_crt_int, decltype(&gnutls_x509_crt_deinit)> certificate(
      made, &gnutls_x509_crt_deinit);
  gnutls_datum_t bytes{};
  bytes.data = reinterpret_cast<unsigned char*>(const_cast<char*>(pem.data()));
  bytes.size = static_cast<unsigned>(pem.size());
  if (made == nullptr || gnutls_x509_crt_import(made, &bytes, GNUTLS_X509_FMT_PEM) < 0) {
    return Invalid("TLS_MALFORMED", "there is no certificate in PEM", "--tls-cert");
  }
  const time_t until = gnutls_x509_crt_get_expiration_time(made);
  if (until == static_cast<time_t>(-1)) {
    return Invalid("TLS_MALFORMED", "the certificate says no day of its end", "--tls-cert");
  }
  return TimeUs{until} * 1'000'000;
}

}  // namespace yima::server
