#ifndef YIMA_SERVER_HTTP_OWN_CERTIFICATE_H_
#define YIMA_SERVER_HTTP_OWN_CERTIFICATE_H_

#include <string>
#include <vector>

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima::server {

/// Both in PEM. `certificate` is followed by those that it is issued by, the root left out.
struct CertifiedKey {
  std::string certificate;
  std::string key;
};

/// DNS names and IP addresses.
using Hosts = std::vector<std::string>;

/// An authority for networks that no public one reaches: P-256, ten years. Phones that are told to
/// trust it trust it for these hosts (and hosts below them) alone, whoever gets hold of its key:
/// critical name constraints, RFC 5280 §4.2.1.10. TLS_FAILED.
Result<CertifiedKey> MakeAuthority(const Hosts& hosts, TimeUs now);

/// A server's certificate of the authority: 397 days, since browsers and phones refuse longer ones.
/// HOST_OUTSIDE names the first host that the authority does not vouch for; TLS_MALFORMED when the
/// authority is none, TLS_FAILED.
Result<CertifiedKey> IssueCertificate(const CertifiedKey& authority, const Hosts& hosts,
                                      TimeUs now);

/// Whether the authority (PEM) vouches for the host. TLS_MALFORMED.
Result<bool> VouchesFor(const std::string& authority_pem, const std::string& host);

/// Whom the first certificate of a PEM file is for. TLS_MALFORMED.
Result<Hosts> HostsOf(const std::string& pem);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_OWN_CERTIFICATE_H_
