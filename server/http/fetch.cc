#include "server/http/fetch.h"

#include <array>
#include <ctime>
#include <memory>
#include <string_view>

#include <curl/curl.h>
#include <fmt/format.h>

namespace yima::server {
namespace {

constexpr size_t kBodyMax = size_t{1} << 20;
constexpr long kSecondsMax = 15;

size_t Append(char* data, size_t size, size_t n, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * n > kBodyMax) return 0;  // Ends the transfer.
  body.append(data, size * n);
  return size * n;
}

/// `Expire date:Nov 25 17:30:00 2027 GMT` of the first certificate, which is the server's.
std::optional<TimeUs> EndOfCertificate(CURL* curl) {
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr ||
      chain->num_of_certs == 0) {
    return std::nullopt;
  }
  constexpr std::string_view kName = "Expire date:";
  for (const curl_slist* line = chain->certinfo[0]; line != nullptr; line = line->next) {
    const std::string_view text = line->data;
    std::tm parts{};
    if (text.starts_with(kName) &&
        strptime(line->data + kName.size(), "%b %d %H:%M:%S %Y GMT", &parts) != nullptr) {
      return static_cast<TimeUs>(timegm(&parts)) * 1'000'000;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Fetched> Fetch(const std::string& url, const std::string& ca) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  Fetched fetched;
  std::array<char, CURL_ERROR_SIZE> words{};
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kSecondsMax);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, words.data());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &fetched.body);
  if (!ca.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, ca.c_str());
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    const char* const why = words[0] != '\0' ? words.data() : curl_easy_strerror(code);
    return Fail(StatusCode::kUnavailable, "HOST_UNREACHABLE", fmt::format("{}: {}", url, why));
  }
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &fetched.status);
  fetched.certificate_ends = EndOfCertificate(curl.get());
  return fetched;
}

}  // namespace yima::server
