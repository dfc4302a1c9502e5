#include "server/rpc/caller.h"

namespace yima::server {

std::string AddressIn(std::string_view peer) {
  const size_t scheme = peer.find(':');
  if (scheme == std::string_view::npos || !peer.starts_with("ip")) return std::string(peer);
  peer.remove_prefix(scheme + 1);
  peer = peer.substr(0, peer.rfind(':'));
  // gRPC writes the brackets of IPv6 percent-encoded.
  for (const std::string_view bracket : {"%5B", "%5D", "[", "]"}) {
    if (peer.starts_with(bracket)) peer.remove_prefix(bracket.size());
    if (peer.ends_with(bracket)) peer.remove_suffix(bracket.size());
  }
  return std::string(peer);
}

std::string TraceparentOf(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("traceparent");
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

Credentials CredentialsOf(const grpc::CallbackServerContext& context, bool by_certificate,
                          std::string& certificate) {
  Credentials shown;
  const auto& metadata = context.client_metadata();
  if (const auto found = metadata.find("authorization"); found != metadata.end()) {
    shown.authorization = {found->second.data(), found->second.size()};
  } else if (by_certificate) {
    const auto auth = context.auth_context();
    const auto names = auth->FindPropertyValues("x509_common_name");
    if (auth->IsPeerAuthenticated() && names.size() == 1) {
      certificate.assign(names[0].data(), names[0].size());
      shown.certificate = certificate;
    }
  }
  shown.address = [&context] { return AddressIn(context.peer()); };
  return shown;
}

}  // namespace yima::server
