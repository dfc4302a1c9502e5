#ifndef YIMA_SERVER_HTTP_PREFERENCES_H_
#define YIMA_SERVER_HTTP_PREFERENCES_H_

#include <string_view>

#include "server/http/http_server.h"

namespace yima::server {

enum class Language { kChinese, kEnglish };

/// How much a client likes `wanted`, 0 to 1, by a header like Accept or Accept-Language (RFC 9110,
/// 12.4.2): the quality of the most specific range that covers it. `wanted` is in lower case, like
/// "zh" or "text/html"; "zh-CN" speaks for "zh". Ranges that are malformed are passed over.
double QualityOf(std::string_view header, std::string_view wanted);

/// By `?lang=zh|en`, else by Accept-Language. Who names neither of the two reads English, who names
/// nothing at all Chinese.
Language LanguageOf(const HttpRequest& request);

/// Whether JSON is preferred to a page.
bool WantsJson(const HttpRequest& request);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_PREFERENCES_H_
