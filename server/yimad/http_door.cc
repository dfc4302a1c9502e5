#include "server/yimad/http_door.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/resource.h>

namespace yima::server {
namespace {

constexpr size_t kHotlineSizeMax = 32;
/// Files that the rest of the server has open.
constexpr rlim_t kOtherFiles = 512;

/// As an organization's telephone. HOTLINE_MALFORMED.
Result<void> CheckHotline(const std::string& hotline) {
  const bool sound = hotline.size() <= kHotlineSizeMax && std::ranges::all_of(hotline, [](char c) {
                       return (c >= '0' && c <= '9') || c == ' ' || c == '+' || c == '-';
                     });
  if (sound) return {};
  return Invalid(
      "HOTLINE_MALFORMED",
      fmt::format("\"{}\" is not at most {} of digits, space, + and -", hotline, kHotlineSizeMax),
      "--hotline");
}

/// A connection is an open file, and the usual limit is 1,024: as many as wanted, or as there may
/// be beside the files that the rest of the server has open.
unsigned AllowConnections(unsigned wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur < wanted + kOtherFiles) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted + kOtherFiles);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted + kOtherFiles) return wanted;
  const rlim_t left = limit.rlim_cur > 2 * kOtherFiles ? limit.rlim_cur - kOtherFiles : kOtherFiles;
  return static_cast<unsigned>(std::min<rlim_t>(wanted, left));
}

}  // namespace

HttpDoor::HttpDoor(const std::vector<Method>& table, const Domain& domain, Webroot webroot,
                   Site::Options options)
    : site_(
          table, domain.classes, std::move(webroot),
          [&store = domain.store]() -> Result<void> {
            if (auto why = store.Refusing()) return tl::unexpected(*std::move(why));
            return {};
          },
          std::move(options)) {}

Result<std::unique_ptr<HttpDoor>> HttpDoor::Open(const std::vector<Method>& table,
                                                 const Domain& domain, const Options& options) {
  YIMA_RETURN_IF_ERROR(CheckHotline(options.hotline));
  YIMA_ASSIGN_OR_RETURN(auto webroot, Webroot::Open(options.webroot));
  Site::Options of_site;
  of_site.hotline = options.hotline;
  of_site.admit = options.admit;
  of_site.tls = !options.server.certificate_pem.empty();
  std::unique_ptr<HttpDoor> door(new HttpDoor(table, domain, std::move(webroot), of_site));
  HttpServer::Options of_server = options.server;
  of_server.connections_max = AllowConnections(of_server.connections_max);
  YIMA_ASSIGN_OR_RETURN(
      door->server_, HttpServer::Start(
                         [site = &door->site_](const HttpRequest& request, const HttpReply& reply) {
                           site->Answer(request, reply);
                         },
                         of_server));
  return door;
}

}  // namespace yima::server
