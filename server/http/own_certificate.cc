#include "server/http/own_certificate.h"

#include <algorithm>
#include <array>
#include <memory>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

namespace yima::server {
namespace {

using Certificate = std::unique_ptr<gnutls_x509_crt_int, decltype(&gnutls_x509_crt_deinit)>;
using Key = std::unique_ptr<gnutls_x509_privkey_int, decltype(&gnutls_x509_privkey_deinit)>;
using Constraints =
    std::unique_ptr<gnutls_name_constraints_st, decltype(&gnutls_x509_name_constraints_deinit)>;

constexpr TimeUs kDay = TimeUs{86'400} * 1'000'000;
constexpr int64_t kAuthorityDays = 3'652;
constexpr int64_t kServerDays = 397;
/// Phones' clocks are not all right.
constexpr int64_t kDaysBefore = 1;

Result<void> Done(int code, const char* what) {
  if (code >= 0) return {};
  return Fail(StatusCode::kInternal, "TLS_FAILED",
              fmt::format("{}: {}", what, gnutls_strerror(code)));
}

Certificate NewCertificate() {
  gnutls_x509_crt_t made = nullptr;
  gnutls_x509_crt_init(&made);
  return {made, &gnutls_x509_crt_deinit};
}

Key NewKey() {
  gnutls_x509_privkey_t made = nullptr;
  gnutls_x509_privkey_init(&made);
  return {made, &gnutls_x509_privkey_deinit};
}

Constraints NewConstraints() {
  gnutls_x509_name_constraints_t made = nullptr;
  gnutls_x509_name_constraints_init(&made);
  return {made, &gnutls_x509_name_constraints_deinit};
}

gnutls_datum_t View(const std::string& bytes) {
  gnutls_datum_t view{};
  view.data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  view.size = static_cast<unsigned>(bytes.size());
  return view;
}

/// Frees what the library allocated.
std::string Take(gnutls_datum_t& bytes) {
  std::string taken(reinterpret_cast<const char*>(bytes.data), bytes.size);
  gnutls_free(bytes.data);
  return taken;
}

/// The address' 4 or 16 bytes; empty when the host is a name.
std::string AddressBytes(const std::string& host) {
  std::string bytes(16, '\0');
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return bytes;
  return {};
}

Result<void> AddNames(gnutls_x509_crt_t certificate, const Hosts& hosts) {
  for (const auto& host : hosts) {
    const std::string address = AddressBytes(host);
    const std::string& name = address.empty() ? host : address;
    YIMA_RETURN_IF_ERROR(
        Done(gnutls_x509_crt_set_subject_alt_name(
                 certificate, address.empty() ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_IPADDRESS,
                 name.data(), static_cast<unsigned>(name.size()), GNUTLS_FSAN_APPEND),
             host.c_str()));
  }
  return {};
}

Result<void> ConstrainTo(gnutls_x509_crt_t authority, Hosts hosts) {
  // A kind of which nothing is permitted would be permitted altogether.
  for (const char* own : {"localhost", "127.0.0.1", "::1"}) {
    if (std::ranges::find(hosts, own) == hosts.end()) hosts.emplace_back(own);
  }
  const Constraints constraints = NewConstraints();
  for (const auto& host : hosts) {
    std::string address = AddressBytes(host);
    const bool is_name = address.empty();
    // An address is followed by its mask.
    address.append(address.size(), '\xff');
    const gnutls_datum_t view = View(is_name ? host : address);
    YIMA_RETURN_IF_ERROR(
        Done(gnutls_x509_name_constraints_add_permitted(
                 constraints.get(), is_name ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_IPADDRESS, &view),
             "name constraints"));
  }
  return Done(gnutls_x509_crt_set_name_constraints(authority, constraints.get(), 1),
              "name constraints");
}

/// With what all certificates have: a serial number of 127 random bits, days, a new P-256 key.
Result<void> Begin(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                   const std::string& name, TimeUs now, int64_t days) {
  std::array<uint8_t, 16> serial{};
  const auto seconds = [now](int64_t at) {
    return static_cast<time_t>((now + at * kDay) / 1'000'000);
  };
  YIMA_RETURN_IF_ERROR(Done(gnutls_rnd(GNUTLS_RND_NONCE, serial.data(), serial.size()), "random"));
  serial[0] = (serial[0] & 0x7f) | 0x40;
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
           "key"));
  for (const int code :
       {gnutls_x509_crt_set_version(certificate, 3), gnutls_x509_crt_set_key(certificate, key),
        gnutls_x509_crt_set_serial(certificate, serial.data(), serial.size()),
        gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name.data(),
                                      static_cast<unsigned>(name.size())),
        gnutls_x509_crt_set_activation_time(certificate, seconds(-kDaysBefore)),
        gnutls_x509_crt_set_expiration_time(certificate, seconds(days - kDaysBefore))}) {
    YIMA_RETURN_IF_ERROR(Done(code, "certificate"));
  }
  return {};
}

/// Chains are found by these.
Result<void> NameKeys(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer) {
  std::array<uint8_t, 64> id{};
  size_t size = id.size();
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_crt_get_key_id(certificate, 0, id.data(), &size), "key id"));
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_crt_set_subject_key_id(certificate, id.data(), size), "key id"));
  size = id.size();
  YIMA_RETURN_IF_ERROR(Done(gnutls_x509_crt_get_key_id(issuer, 0, id.data(), &size), "key id"));
  return Done(gnutls_x509_crt_set_authority_key_id(certificate, id.data(), size), "key id");
}

Result<CertifiedKey> Sign(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key,
                          gnutls_x509_crt_t issuer, gnutls_x509_privkey_t issuer_key) {
  YIMA_RETURN_IF_ERROR(NameKeys(certificate, issuer));
  YIMA_RETURN_IF_ERROR(Done(
      gnutls_x509_crt_sign2(certificate, issuer, issuer_key, GNUTLS_DIG_SHA256, 0), "signing"));
  gnutls_datum_t bytes{};
  CertifiedKey made;
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &bytes), "certificate"));
  made.certificate = Take(bytes);
  YIMA_RETURN_IF_ERROR(Done(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, nullptr,
                                                              GNUTLS_PKCS_PLAIN, &bytes),
                            "key"));
  made.key = Take(bytes);
  return made;
}

tl::unexpected<Error> Malformed(std::string_view what) {
  return Invalid("TLS_MALFORMED", fmt::format("there is no {} in PEM", what));
}

Result<Certificate> ReadCertificate(const std::string& pem) {
  Certificate certificate = NewCertificate();
  const gnutls_datum_t bytes = View(pem);
  if (gnutls_x509_crt_import(certificate.get(), &bytes, GNUTLS_X509_FMT_PEM) < 0) {
    return Malformed("certificate");
  }
  return certificate;
}

}  // namespace

Result<bool> VouchesFor(const std::string& authority_pem, const std::string& host) {
  YIMA_ASSIGN_OR_RETURN(const Certificate authority, ReadCertificate(authority_pem));
  const Constraints constraints = NewConstraints();
  unsigned critical = 0;
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_crt_get_name_constraints(authority.get(), constraints.get(), 0, &critical),
           "name constraints"));
  const std::string address = AddressBytes(host);
  const gnutls_datum_t name = View(address.empty() ? host : address);
  return gnutls_x509_name_constraints_check(
             constraints.get(), address.empty() ? GNUTLS_SAN_DNSNAME : GNUTLS_SAN_IPADDRESS,
             &name) != 0;
}

Result<CertifiedKey> MakeAuthority(const Hosts& hosts, TimeUs now) {
  const Certificate certificate = NewCertificate();
  const Key key = NewKey();
  gnutls_x509_crt_t const made = certificate.get();
  YIMA_RETURN_IF_ERROR(Begin(made, key.get(), fmt::format("Yima {}", hosts.front()).substr(0, 64),
                             now, kAuthorityDays));
  YIMA_RETURN_IF_ERROR(Done(gnutls_x509_crt_set_basic_constraints(made, 1, 0), "constraints"));
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_crt_set_key_usage(made, GNUTLS_KEY_KEY_CERT_SIGN), "usage"));
  YIMA_RETURN_IF_ERROR(ConstrainTo(made, hosts));
  return Sign(made, key.get(), made, key.get());
}

Result<CertifiedKey> IssueCertificate(const CertifiedKey& authority, const Hosts& hosts,
                                      TimeUs now) {
  YIMA_ASSIGN_OR_RETURN(const Certificate issuer, ReadCertificate(authority.certificate));
  const Key issuer_key = NewKey();
  const gnutls_datum_t key_bytes = View(authority.key);
  if (gnutls_x509_privkey_import(issuer_key.get(), &key_bytes, GNUTLS_X509_FMT_PEM) < 0) {
    return Malformed("key");
  }
  for (const auto& host : hosts) {
    YIMA_ASSIGN_OR_RETURN(const bool vouches, VouchesFor(authority.certificate, host));
    if (vouches) continue;
    return Fail(StatusCode::kFailedPrecondition, "HOST_OUTSIDE",
                fmt::format("the authority does not vouch for {}", host), "--host");
  }
  const Certificate certificate = NewCertificate();
  const Key key = NewKey();
  gnutls_x509_crt_t const made = certificate.get();
  YIMA_RETURN_IF_ERROR(Begin(made, key.get(), hosts.front().substr(0, 64), now, kServerDays));
  YIMA_RETURN_IF_ERROR(Done(gnutls_x509_crt_set_basic_constraints(made, 0, -1), "constraints"));
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_crt_set_key_usage(made, GNUTLS_KEY_DIGITAL_SIGNATURE), "usage"));
  YIMA_RETURN_IF_ERROR(
      Done(gnutls_x509_crt_set_key_purpose_oid(made, GNUTLS_KP_TLS_WWW_SERVER, 0), "key purpose"));
  YIMA_RETURN_IF_ERROR(AddNames(made, hosts));
  return Sign(made, key.get(), issuer.get(), issuer_key.get());
}

Result<Hosts> HostsOf(const std::string& pem) {
  YIMA_ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificate(pem));
  Hosts hosts;
  for (unsigned i = 0;; ++i) {
    std::array<char, 256> name{};
    size_t size = name.size();
    const int type =
        gnutls_x509_crt_get_subject_alt_name(certificate.get(), i, name.data(), &size, nullptr);
    if (type < 0) return hosts;
    if (type == GNUTLS_SAN_DNSNAME) hosts.emplace_back(name.data(), size);
    if (type != GNUTLS_SAN_IPADDRESS) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(size == 4 ? AF_INET : AF_INET6, name.data(), text.data(), text.size());
    hosts.emplace_back(text.data());
  }
}

}  // namespace yima::server
