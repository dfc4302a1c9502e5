#include "server/http/http_request.h"

#include <algorithm>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace yima::server {
namespace {

std::string AddressOf(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address == nullptr) return text;
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text,
              sizeof(text));
  } else if (address->sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text,
              sizeof(text));
  }
  return text;
}

bool IsLoopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

bool IsAddress(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

/// Of a list with commas, without the spaces before it.
std::string LastItem(std::string_view list) {
  list.remove_prefix(list.rfind(',') + 1);
  list.remove_prefix(std::min(list.find_first_not_of(' '), list.size()));
  return std::string(list);
}

/// Undoes percent-encoding. Bytes that are encoded, NUL too, are kept with their length.
std::string Unescape(const char* text) {
  std::string plain = text == nullptr ? "" : text;
  plain.resize(MHD_http_unescape(plain.data()));
  return plain;
}

MHD_Result KeepHeader(void* request, MHD_ValueKind, const char* name, const char* value) {
  std::string key = name;
  std::ranges::transform(key, key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  auto& kept = static_cast<HttpRequest*>(request)->headers[key];
  // A list may be given in parts.
  kept += kept.empty() ? "" : ", ";
  kept += value == nullptr ? "" : value;
  return MHD_YES;
}

MHD_Result KeepArgument(void* request, MHD_ValueKind, const char* name, const char* value) {
  static_cast<HttpRequest*>(request)->query[Unescape(name)] = Unescape(value);
  return MHD_YES;
}

}  // namespace

void ReadRequest(MHD_Connection* connection, const char* url, const char* method,
                 HttpRequest& request) {
  request.method = method;
  request.path = Unescape(url);
  MHD_get_connection_values(connection, MHD_HEADER_KIND, KeepHeader, &request);
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, KeepArgument, &request);
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  request.address = AddressOf(info == nullptr ? nullptr : info->client_addr);
  if (!IsLoopback(request.address)) return;
  if (std::string forwarded = LastItem(request.Header("x-forwarded-for")); IsAddress(forwarded)) {
    request.address = std::move(forwarded);
  }
}

std::string_view HttpRequest::Header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace yima::server
