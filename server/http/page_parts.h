#ifndef YIMA_SERVER_HTTP_PAGE_PARTS_H_
#define YIMA_SERVER_HTTP_PAGE_PARTS_H_

#include <cstdint>
#include <string_view>

#include "server/http/html.h"
#include "server/http/preferences.h"
#include "server/http/words.h"

namespace yima::server {

// What several pages are made of. `own` words are ours, without markup in them; others are escaped.

/// `zh` or `en`, as addresses have it.
std::string_view CodeOf(Language language);

/// Verdict and state in one glance; all of it our own words, or escaped before.
void AddBanner(Html& html, Tone tone, std::string_view sign, std::string_view title,
               std::string_view meaning);
void BeginCard(Html& html, std::string_view own_title);
void EndCard(Html& html);
void AddParagraph(Html& html, std::string_view own);
/// A line of a list of names and values; none for an empty value.
void AddRow(Html& html, std::string_view own_name, std::string_view value);
/// A link to a notice's page, with words that are not our own.
void AddNoticeLink(Html& html, Language language, uint64_t notice, std::string_view words);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_PAGE_PARTS_H_
