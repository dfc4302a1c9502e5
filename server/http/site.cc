#include "server/http/site.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

#include "codegen/code/tile.h"
#include "server/access/token_text.h"
#include "server/http/trust_files.h"
#include "server/http/words.h"
#include "server/methods/call_log.h"
#include "server/registry/facility_rules.h"
#include "yima/v1/log_service.pb.h"
#include "yima/v1/resolver_service.pb.h"
#include "yima/v1/rights_service.pb.h"

namespace yima::server {
namespace {

/// Whose calls a page may need; the names of their methods differ.
constexpr std::string_view kServices[] = {"yima.v1.ResolverService/", "yima.v1.LogService/",
                                          "yima.v1.RightsService/"};
constexpr std::string_view kWellKnown = "/.well-known/yima/";
constexpr std::string_view kLog = "log/";
constexpr const char* kCacheControl = "Cache-Control";
/// As ResolveRequest.text says.
constexpr size_t kTextSizeMax = 512;
constexpr size_t kShortNumberSizeMax = 64;
constexpr size_t kQuerySizeMax = 200;
constexpr int kNoticeLines = 50;

using Clock = std::chrono::steady_clock;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// A segment that an origin may have.
bool IsSegment(std::string_view segment) {
  return !segment.empty() && segment.size() <= 16 && std::ranges::all_of(segment, [](char c) {
    return IsDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
  });
}

/// What stands behind the last slash of a path, when all before it are segments of an origin.
std::optional<std::string_view> LastPart(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  for (size_t slash; (slash = path.find('/')) != std::string_view::npos;) {
    if (!IsSegment(path.substr(0, slash))) return std::nullopt;
    path.remove_prefix(slash + 1);
  }
  return path;
}

/// The host as an origin has it: without the port that https has anyway.
std::string_view HostOf(const HttpRequest& request) {
  std::string_view host = request.Header("host");
  if (host.ends_with(":443")) host.remove_suffix(4);
  return host;
}

/// As it would stand before the digits of a code.
std::string OriginOf(const HttpRequest& request) {
  const std::string_view path = request.path;
  return fmt::format("https://{}{}", HostOf(request), path.substr(0, path.rfind('/') + 1));
}

int StatusOf(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
      return 400;
    case StatusCode::kUnauthenticated:
      return 401;
    case StatusCode::kPermissionDenied:
      return 403;
    case StatusCode::kNotFound:
      return 404;
    case StatusCode::kResourceExhausted:
      return 429;
    case StatusCode::kUnimplemented:
      return 501;
    case StatusCode::kUnavailable:
      return 503;
    case StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

/// Of the content, so that a page changes with whatever it shows. The key is this process's own:
/// who writes records cannot make two pages that pass for one.
std::string EtagOf(std::string_view content) {
  static const auto key = [] {
    std::array<uint8_t, crypto_shorthash_siphashx24_KEYBYTES> made{};
    randombytes_buf(made.data(), made.size());
    return made;
  }();
  std::array<uint8_t, crypto_shorthash_siphashx24_BYTES> hash{};
  crypto_shorthash_siphashx24(hash.data(), reinterpret_cast<const uint8_t*>(content.data()),
                              content.size(), key.data());
  std::array<char, 2 * hash.size() + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return fmt::format("\"{}\"", hex.data());
}

/// If-None-Match: a list of etags, weak ones too, or `*`.
bool Names(std::string_view list, std::string_view etag) {
  return list == "*" || list.find(etag) != std::string_view::npos;
}

template <typename Response>
std::optional<Response> Parse(const std::string& bytes) {
  Response response;
  if (!response.ParseFromString(bytes)) return std::nullopt;
  return response;
}

std::string ToJson(const google::protobuf::Message& message) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  static_cast<void>(google::protobuf::util::MessageToJsonString(message, &json, options));
  return json + "\n";
}

bool HasTokenInUrl(const HttpRequest& request) {
  // Parsing what is none makes an error, which each page would pay for.
  const auto is_token = [](std::string_view text) {
    return text.starts_with("yima_") && TokenText::Parse(text).has_value();
  };
  std::string_view path = request.path;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size() - 1);
    if (is_token(path.substr(0, path[end] == '/' ? end : end + 1))) return true;
    path.remove_prefix(end + 1);
  }
  return std::ranges::any_of(request.query, [&](const auto& part) {
    return is_token(part.first) || is_token(part.second);
  });
}

}  // namespace

Site::Site(const std::vector<Method>& table, const ClassCatalogue& classes, Webroot webroot,
           Ready ready, Options options)
    : webroot_(std::move(webroot)),
      ready_(std::move(ready)),
      options_(std::move(options)),
      pages_(classes, options_.hotline) {
  for (const auto& method : table) {
    for (const std::string_view service : kServices) {
      if (!method.unary || !method.name.starts_with(service)) continue;
      methods_[method.name.substr(service.size())] = method;
    }
  }
}

void Site::Answer(const HttpRequest& request, const HttpReply& reply) const {
  const Asked asked{request, LanguageOf(request), WantsJson(request)};
  if (HasTokenInUrl(request)) {
    return reply(Refuse(asked, {StatusCode::kInvalidArgument,
                                "TOKEN_IN_URL",
                                "addresses are kept in logs and histories: revoke the token that "
                                "stands in this one, and send another as Authorization: Bearer",
                                {}}));
  }
  const std::string_view path = request.path;
  if (path == "/healthz") return reply(Finish(asked, {.body = "ok\n"}));
  if (path == "/readyz") return AnswerReady(reply);
  if (path.starts_with(kWellKnown)) {
    const std::string_view name = path.substr(kWellKnown.size());
    if (name == "bundle") return AnswerNote(asked, "GetTrustBundle", reply);
    if (name == "list") return AnswerNote(asked, "GetRevocationList", reply);
    if (name == "jwks.json") return AnswerKeys(asked, reply);
    if (name.starts_with(kLog)) return AnswerLog(asked, name.substr(kLog.size()), reply);
    return reply(Refuse(asked, 404, ""));
  }
  const auto last = LastPart(path);
  if (!last) return reply(Refuse(asked, 404, ""));
  if (last->empty()) return AnswerHome(asked, reply);
  if (*last == "coverage") return AnswerCoverage(asked, reply);
  if (auto file = webroot_.Read(*last)) {
    return reply(Finish(
        asked, {.content_type = std::move(file->content_type), .body = std::move(file->content)}));
  }
  if (std::ranges::all_of(*last, IsDigit)) return AnswerCode(asked, reply);
  if (*last == "notices") return AnswerNotices(asked, reply);
  if (*last == "notice") return AnswerNotice(asked, reply);
  reply(Refuse(asked, 404, ""));
}

void Site::AnswerCode(Asked asked, const HttpReply& reply) const {
  const std::string_view host = HostOf(asked.request);
  if (host.empty()) return reply(Refuse(asked, 400, "Host?"));
  v1::ResolveRequest request;
  request.mutable_text()->append("https://").append(host).append(asked.request.path);
  const bool plain =
      std::ranges::all_of(request.text(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!plain || request.text().size() > kTextSizeMax) return reply(Refuse(asked, 400, ""));
  Ask(asked.request, "Resolve", request, [this, asked, reply](const Result<std::string>& bytes) {
    if (!bytes) return reply(Refuse(asked, bytes.error()));
    // Kept by the thread, so that its many strings are not allocated anew for each page.
    thread_local v1::ResolveResponse answer;
    if (!answer.ParseFromString(*bytes)) return reply(Refuse(asked, 500, ""));
    reply(asked.json
              ? Json(asked, 200, ToJson(answer))
              : Page(asked, 200, pages_.Code(asked.language, answer, OriginOf(asked.request))));
  });
}

void Site::AnswerHome(Asked asked, const HttpReply& reply) const {
  const auto typed = asked.request.query.find("q");
  if (typed == asked.request.query.end() || typed->second.empty()) {
    return reply(Page(asked, 200, pages_.Search(asked.language)));
  }
  v1::LookupRequest request;
  // Whatever is no letter or digit of ASCII cannot be of a short number, and must be UTF-8 to go
  // on.
  const std::string& number = typed->second;
  const bool plain = std::ranges::all_of(number, [](char c) { return c >= ' ' && c < 0x7F; });
  request.set_short_number(plain && number.size() <= kShortNumberSizeMax ? number : "?");
  Ask(asked.request, "Lookup", request,
      [this, asked, number, reply](const Result<std::string>& bytes) {
        if (!bytes) {
          const int status = StatusOf(bytes.error().code);
          if (asked.json || (status != 400 && status != 404)) {
            return reply(Refuse(asked, bytes.error()));
          }
          return reply(Page(asked, status,
                            pages_.Search(asked.language, number.substr(0, kShortNumberSizeMax),
                                          MistakeOf(bytes.error(), asked.language))));
        }
        const auto answer = Parse<v1::LookupResponse>(*bytes);
        if (!answer) return reply(Refuse(asked, 500, ""));
        reply(asked.json ? Json(asked, 200, ToJson(*answer))
                         : Page(asked, 200, pages_.Found(asked.language, *answer, number)));
      });
}

template <typename Response>
void Site::AskFor(const Asked& asked, std::string_view method,
                  const google::protobuf::Message& message, const HttpReply& reply,
                  std::function<HttpResponse(Response&)> show) const {
  Ask(asked.request, method, message,
      [this, asked, reply, show = std::move(show)](const Result<std::string>& bytes) {
        if (!bytes) return reply(Refuse(asked, bytes.error()));
        auto answer = Parse<Response>(*bytes);
        reply(answer ? show(*answer) : Refuse(asked, 500, ""));
      });
}

void Site::AnswerNotices(Asked asked, const HttpReply& reply) const {
  AskFor<v1::ListNoticesResponse>(
      asked, "ListNotices", v1::ListNoticesRequest(), reply,
      [this, asked](v1::ListNoticesResponse& answer) {
        return asked.json ? Json(asked, 200, ToJson(answer))
                          : Page(asked, 200, pages_.Notices(asked.language, answer));
      });
}

void Site::AnswerNotice(Asked asked, const HttpReply& reply) const {
  const auto part = [&](const char* name) {
    const auto found = asked.request.query.find(name);
    return found == asked.request.query.end() ? std::string() : found->second;
  };
  const std::string number = part("n");
  v1::GetNoticeRequest request;
  uint64_t notice = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), notice);
  if (error != std::errc() || end != number.data() + number.size()) {
    return reply(Refuse(asked, 404, ""));
  }
  request.set_notice(notice);
  v1::ListNoticeClaimsRequest list;
  list.set_notice(notice);
  list.set_page_size(kNoticeLines);
  list.set_page_token(part("p"));
  const std::string query = part("q");
  if (!CheckText(query, kQuerySizeMax, "q") || !CheckText(list.page_token(), kQuerySizeMax, "p")) {
    return reply(Refuse(asked, 400, ""));
  }
  list.set_query(query);
  Ask(asked.request, "GetNotice", request,
      [this, asked, list, query, reply](const Result<std::string>& bytes) {
        if (!bytes) return reply(Refuse(asked, bytes.error()));
        const auto found = Parse<v1::GetNoticeResponse>(*bytes);
        if (!found) return reply(Refuse(asked, 500, ""));
        AskFor<v1::ListNoticeClaimsResponse>(
            asked, "ListNoticeClaims", list, reply,
            [this, asked, found = *found, query](v1::ListNoticeClaimsResponse& lines) {
              return asked.json
                         ? Json(asked, 200, ToJson(lines))
                         : Page(asked, 200, pages_.Notice(asked.language, found, lines, query));
            });
      });
}

void Site::AnswerCoverage(Asked asked, const HttpReply& reply) const {
  v1::GetCoverageRequest by_division;
  by_division.set_group(v1::COVERAGE_GROUP_DIVISION);
  v1::GetCoverageRequest by_class;
  by_class.set_group(v1::COVERAGE_GROUP_CLASS);
  Ask(asked.request, "GetCoverage", by_division,
      [this, asked, by_class, reply](const Result<std::string>& bytes) {
        if (!bytes) return reply(Refuse(asked, bytes.error()));
        const auto divisions = Parse<v1::GetCoverageResponse>(*bytes);
        if (!divisions) return reply(Refuse(asked, 500, ""));
        if (asked.json) return reply(Json(asked, 200, ToJson(*divisions)));
        AskFor<v1::GetCoverageResponse>(
            asked, "GetCoverage", by_class, reply,
            [this, asked, divisions = *divisions](v1::GetCoverageResponse& classes) {
              return Page(asked, 200, pages_.Coverage(asked.language, divisions, classes));
            });
      });
}

void Site::AnswerNote(Asked asked, std::string_view method, const HttpReply& reply) const {
  // Both answers are a note in field 1.
  AskFor<v1::GetTrustBundleResponse>(
      asked, method, v1::GetTrustBundleRequest(), reply,
      [this, asked](v1::GetTrustBundleResponse& answer) {
        HttpResponse response{.body = std::move(*answer.mutable_note())};
        response.headers.emplace_back("Access-Control-Allow-Origin", "*");
        return Finish(asked, std::move(response));
      });
}

void Site::AnswerKeys(Asked asked, const HttpReply& reply) const {
  AskFor<v1::GetTrustBundleResponse>(
      asked, "GetTrustBundle", v1::GetTrustBundleRequest(), reply,
      [this, asked](v1::GetTrustBundleResponse& answer) {
        const auto bundle = BundleIn(answer.note());
        if (!bundle) return Refuse(asked, bundle.error());
        HttpResponse response{.content_type = "application/jwk-set+json", .body = JwkSet(*bundle)};
        response.headers.emplace_back("Access-Control-Allow-Origin", "*");
        return Finish(asked, std::move(response));
      });
}

void Site::AnswerLog(Asked asked, std::string_view name, const HttpReply& reply) const {
  if (name == "checkpoint") {
    return AskFor<v1::GetCheckpointResponse>(
        asked, "GetCheckpoint", v1::GetCheckpointRequest(), reply,
        [this, asked](v1::GetCheckpointResponse& answer) {
          return Finish(asked, {.body = std::move(*answer.mutable_note())});
        });
  }
  const auto tile = Tile::Parse(name);
  if (!tile) return reply(Refuse(asked, 404, ""));
  const auto show = [this, asked, full = tile->width == Tile::kWidth,
                     reach = tile->entries ? "private" : "public"](std::string& content) {
    HttpResponse response{.content_type = "application/octet-stream", .body = std::move(content)};
    // A full tile never changes. Entries are kept by their reader alone.
    if (full) {
      response.headers.emplace_back(kCacheControl,
                                    fmt::format("{}, max-age=31536000, immutable", reach));
    }
    return Finish(asked, std::move(response));
  };
  if (tile->entries) {
    v1::GetEntryBundleRequest request;
    request.set_index(tile->index);
    request.set_width(tile->width);
    return AskFor<v1::GetEntryBundleResponse>(
        asked, "GetEntryBundle", request, reply,
        [show](v1::GetEntryBundleResponse& answer) { return show(*answer.mutable_bundle()); });
  }
  v1::GetTileRequest request;
  request.set_level(static_cast<uint32_t>(tile->level));
  request.set_index(tile->index);
  request.set_width(tile->width);
  AskFor<v1::GetTileResponse>(
      asked, "GetTile", request, reply,
      [show](v1::GetTileResponse& answer) { return show(*answer.mutable_hashes()); });
}

void Site::AnswerReady(const HttpReply& reply) const {
  const auto ready = ready_();
  HttpResponse response{.status = ready ? 200 : 503,
                        .body = ready ? "ready\n" : ready.error().reason + "\n"};
  response.headers.emplace_back(kCacheControl, "no-store");
  reply(std::move(response));
}

void Site::Ask(const HttpRequest& request, std::string_view method,
               const google::protobuf::Message& message, Reply reply) const {
  const auto found = methods_.find(method);
  if (found == methods_.end()) {
    return reply(Fail(StatusCode::kUnimplemented, "METHOD_UNKNOWN",
                      fmt::format("this server has no {}", method)));
  }
  Call call;
  call.method = found->second.name;
  call.principal = "public";
  const auto log = [method = call.method, begun = Clock::now(),
                    traceparent = std::string(request.Header("traceparent")),
                    reply = std::move(reply)](Result<std::string> answer) {
    const Error* error = answer ? nullptr : &answer.error();
    if (IsCallLogged(error)) {
      LogCall({.method = method,
               .traceparent = traceparent,
               .error = error,
               .took = Clock::now() - begun});
    }
    reply(std::move(answer));
  };
  if (options_.admit) {
    if (const auto admitted = options_.admit(found->second, request, call); !admitted) {
      return log(tl::unexpected(admitted.error()));
    }
  }
  found->second.unary(call, message.SerializeAsString(), log);
}

HttpResponse Site::Page(const Asked& asked, int status, std::string html) const {
  // Before that stands the style, by far the longest part, which a process never changes, and a
  // title and a language that change with the body only.
  const size_t body = html.find("<body");
  return Finish(
      asked,
      {.status = status, .content_type = "text/html; charset=utf-8", .body = std::move(html)},
      body);
}

HttpResponse Site::Json(const Asked& asked, int status, std::string json) const {
  return Finish(asked,
                {.status = status, .content_type = "application/json", .body = std::move(json)});
}

HttpResponse Site::Refuse(const Asked& asked, int status, std::string_view detail) const {
  if (!asked.json) return Page(asked, status, pages_.Error(asked.language, status, detail));
  return Json(asked, status,
              nlohmann::json{{"error", {{"status", status}, {"message", detail}}}}.dump(
                  -1, ' ', false, nlohmann::json::error_handler_t::replace) +
                  "\n");
}

HttpResponse Site::Refuse(const Asked& asked, const Error& error) const {
  HttpResponse response = InWords(asked, error);
  if (error.retry_after_ms > 0) {
    const int64_t seconds = (error.retry_after_ms + 999) / 1000;
    response.headers.emplace_back("Retry-After", fmt::to_string(seconds));
  }
  return response;
}

HttpResponse Site::InWords(const Asked& asked, const Error& error) const {
  const int status = StatusOf(error.code);
  if (!asked.json) return Refuse(asked, status, error.reason);
  nlohmann::ordered_json words{{"status", status},
                               {"reason", error.reason},
                               {"message", status == 500 ? "" : error.message},
                               {"field", error.field}};
  return Json(asked, status,
              nlohmann::ordered_json{{"error", words}}.dump(
                  -1, ' ', false, nlohmann::json::error_handler_t::replace) +
                  "\n");
}

HttpResponse Site::Finish(const Asked& asked, HttpResponse response, size_t varies_from) const {
  auto& headers = response.headers;
  constexpr size_t kHeaders = 10;
  headers.reserve(headers.size() + kHeaders);
  headers.emplace_back("Content-Security-Policy", pages_.content_security_policy());
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("X-Frame-Options", "DENY");
  headers.emplace_back("Referrer-Policy", "no-referrer");
  headers.emplace_back("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
  if (options_.tls) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  headers.emplace_back("Vary", "Accept, Accept-Language, Host");
  if (response.status != 200) {
    headers.emplace_back(kCacheControl, "no-store");
    return response;
  }
  // Kept, but never shown without asking: a code may be revoked at any moment.
  const bool said = std::ranges::any_of(
      headers, [](const auto& header) { return header.first == kCacheControl; });
  if (!said) headers.emplace_back(kCacheControl, "no-cache");
  const std::string etag = EtagOf(std::string_view(response.body).substr(varies_from));
  headers.emplace_back("ETag", etag);
  if (Names(asked.request.Header("if-none-match"), etag)) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

}  // namespace yima::server
