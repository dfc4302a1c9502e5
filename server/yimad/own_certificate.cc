#include "server/yimad/own_certificate.h"

#include <algorithm>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "server/http/certificate.h"
#include "server/http/own_certificate.h"
#include "server/keys/key_file.h"
#include "server/yimad/commands.h"
#include "server/yimad/data_folder.h"
#include "server/yimad/whole_file.h"
#include "server/yimad/words.h"

namespace yima::server {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHostSizeMax = 253;

/// `tls/` of a data folder. The authority is what phones are told to trust; the other pair is what
/// the server shows.
struct Files {
  fs::path folder;
  fs::path authority = folder / "authority.pem";
  fs::path authority_key = folder / "authority.key";
  fs::path certificate = folder / "server.pem";
  fs::path key = folder / "server.key";
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return lower;
}

/// "HTTPS://QR.EXAMPLE.CN:8443/A/" has qr.example.cn.
std::string HostIn(std::string_view origin) {
  origin.remove_prefix(origin.find("//") + 2);
  return Lower(origin.substr(0, origin.find_first_of(":/")));
}

Result<void> CheckHost(const std::string& host) {
  in6_addr address{};
  if (inet_pton(AF_INET6, host.c_str(), &address) == 1) return {};
  const bool sound =
      !host.empty() && host.size() <= kHostSizeMax && host.front() != '.' &&
      std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
      });
  if (sound) return {};
  return Invalid(
      "HOST_MALFORMED",
      fmt::format("\"{}\" is no IP address and no name of letters, digits, - and .", host),
      "--host");
}

void AddOnce(Hosts& hosts, const std::string& host) {
  if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
}

/// Those asked for, those of before, and this machine as it calls itself.
Result<Hosts> HostsAskedFor(const Hosts& asked, const Files& files) {
  Hosts hosts;
  for (const auto& given : asked) {
    const std::string host = Lower(given);
    YIMA_RETURN_IF_ERROR(CheckHost(host));
    AddOnce(hosts, host);
  }
  if (fs::exists(files.certificate)) {
    YIMA_ASSIGN_OR_RETURN(const Hosts before, HostsOf(ReadWholeFile(files.certificate)));
    for (const auto& host : before) AddOnce(hosts, host);
  }
  for (const char* own : {"localhost", "127.0.0.1", "::1"}) AddOnce(hosts, own);
  return hosts;
}

Hosts HostsOfOrigins(const v1::Registry& registry) {
  Hosts hosts;
  for (const auto& origin : registry.origins()) AddOnce(hosts, HostIn(origin.origin()));
  return hosts;
}

/// An origin may have come after the authority: the others must not lose their certificate by that.
Result<void> AddOrigins(const Hosts& of_origins, const CertifiedKey& authority, Hosts& hosts) {
  for (const auto& host : of_origins) {
    YIMA_ASSIGN_OR_RETURN(const bool vouches, VouchesFor(authority.certificate, host));
    if (vouches) {
      // The first one names the certificate.
      std::erase(hosts, host);
      hosts.insert(hosts.begin(), host);
      continue;
    }
    fmt::print(
        stderr,
        fmt::runtime(Say("yimad: 警告：证书机构不能为网址主机 {} 作保，证书不含它\n",
                         "yimad: warning: the authority does not vouch for the origin's host "
                         "{}, which is left out\n")),
        host);
  }
  return {};
}

/// The authority that is there, or a new one: its certificate is written last, so one that stands
/// without its key was taken away on purpose.
Result<CertifiedKey> AuthorityFor(const Hosts& hosts, const Files& files) {
  if (!fs::exists(files.authority)) {
    YIMA_ASSIGN_OR_RETURN(auto made, MakeAuthority(hosts, Now()));
    YIMA_RETURN_IF_ERROR(ReplaceSecretFile(files.authority_key, made.key));
    YIMA_RETURN_IF_ERROR(ReplaceSecretFile(files.authority, made.certificate));
    return made;
  }
  if (!fs::exists(files.authority_key)) {
    return Fail(StatusCode::kFailedPrecondition, "AUTHORITY_AWAY",
                fmt::format("{} is kept elsewhere: put it back while the certificate is renewed",
                            files.authority_key.string()));
  }
  return CertifiedKey{ReadWholeFile(files.authority), ReadWholeFile(files.authority_key)};
}

Result<void> Renew(const CertificateOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto folder, OpenReadOnly(options.data));
  return KeepOwnCertificate(options.data, folder.registry, options.hosts);
}

}  // namespace

Result<void> KeepOwnCertificate(const fs::path& data, const v1::Registry& registry,
                                const std::vector<std::string>& asked) {
  const Files files{data / "tls"};
  std::error_code error;
  fs::create_directory(files.folder, error);
  fs::permissions(files.folder, fs::perms::owner_all, error);
  YIMA_ASSIGN_OR_RETURN(Hosts hosts, HostsAskedFor(asked, files));
  Hosts all = HostsOfOrigins(registry);
  const Hosts of_origins = all;
  for (const auto& host : hosts) AddOnce(all, host);
  YIMA_ASSIGN_OR_RETURN(const CertifiedKey authority, AuthorityFor(all, files));
  YIMA_RETURN_IF_ERROR(AddOrigins(of_origins, authority, hosts));
  auto made = IssueCertificate(authority, hosts, Now());
  if (!made) {
    if (made.error().reason == "HOST_OUTSIDE") {
      made.error().message +=
          fmt::format("; move {} away for a new one, which all phones must be told to trust again",
                      files.folder.string());
    }
    return tl::unexpected(std::move(made).error());
  }
  // A server that watches them waits until both belong together.
  YIMA_RETURN_IF_ERROR(ReplaceSecretFile(files.key, made->key));
  YIMA_RETURN_IF_ERROR(ReplaceSecretFile(files.certificate, made->certificate));
  YIMA_ASSIGN_OR_RETURN(const TimeUs until, CertificateExpires(made->certificate));
  fmt::print(fmt::runtime(Say("证书：{}，用于 {}，{} 到期\n手机须信任：{}\n",
                              "certificate: {} for {}, until {}\nphones must trust: {}\n")),
             files.certificate.string(), fmt::join(hosts, " "), FormatTime(until),
             files.authority.string());
  return {};
}

int RunCertificate(const CertificateOptions& options) {
  const auto done = Renew(options);
  return done ? kDone : Complain(done.error());
}

}  // namespace yima::server
