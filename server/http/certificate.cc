#include "server/http/certificate.h"

#include <memory>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

namespace yima::server {
namespace {

gnutls_datum_t View(std::string_view bytes) {
  gnutls_datum_t view{};
  view.data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  view.size = static_cast<unsigned>(bytes.size());
  return view;
}

}  // namespace

Result<void> CheckPair(std::string_view certificate_pem, std::string_view key_pem) {
  gnutls_certificate_credentials_t made = nullptr;
  gnutls_certificate_allocate_credentials(&made);
  const std::unique_ptr<gnutls_certificate_credentials_st,
                        decltype(&gnutls_certificate_free_credentials)>
      credentials(made, &gnutls_certificate_free_credentials);
  const gnutls_datum_t certificate = View(certificate_pem);
  const gnutls_datum_t key = View(key_pem);
  if (made != nullptr &&
      gnutls_certificate_set_x509_key_mem(made, &certificate, &key, GNUTLS_X509_FMT_PEM) >= 0) {
    return {};
  }
  return Invalid("TLS_MALFORMED", "certificate and key are no PEM, or do not belong together",
                 "--tls-cert");
}

Result<TimeUs> CertificateExpires(std::string_view pem) {
  gnutls_x509_crt_t made = nullptr;
  gnutls_x509_crt_init(&made);
  const std::unique_ptr<gnutls_x509_crt_int, decltype(&gnutls_x509_crt_deinit)> certificate(
      made, &gnutls_x509_crt_deinit);
  const gnutls_datum_t bytes = View(pem);
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
