#ifndef YIMA_SERVER_HTTP_WORDS_H_
#define YIMA_SERVER_HTTP_WORDS_H_

#include <string>
#include <string_view>

#include "codegen/code/result.h"
#include "server/http/preferences.h"
#include "yima/v1/resolver_service.pb.h"

namespace yima::server {

/// The same in both languages, without a character that means something in markup: that is looked
/// at when it is compiled, so pages take them as they are.
struct Words {
  consteval Words(std::string_view chinese, std::string_view english) : zh(chinese), en(english) {
    constexpr std::string_view kMarkup = "<>&\"";
    if (zh.find_first_of(kMarkup) != zh.npos || en.find_first_of(kMarkup) != en.npos) {
      throw "words hold markup";
    }
  }

  std::string_view zh;
  std::string_view en;
  std::string_view In(Language language) const { return language == Language::kChinese ? zh : en; }
};

/// What a page is coloured by. Sign and words say the same: colour never stands alone.
enum class Tone { kGood, kWarn, kBad, kPlain };

/// How one outcome of a scan is shown.
struct Outcome {
  std::string_view id;  ///< "ACTIVE", "FORGED": the page's data-outcome.
  Tone tone;
  std::string_view sign;  ///< Path of a drawing of 24 by 24, drawn as a line.
  Words title;
  Words meaning;
  Words advice;  ///< What to do.
};

/// The outcome of an answer: the state of an authentic code, else the verdict.
const Outcome& OutcomeOf(const v1::ResolveResponse& answer);
/// A code's state in a few words, of a record that nothing was proved about.
Words StateOf(v1::CodeState state);

/// How sure a right is, in a sentence for everybody; of a claimed one, who claims it says so.
Words CertaintyOf(v1::RightState state);
Words ConditionOf(v1::Condition condition);
/// A short title for an HTTP status, and what to do.
struct Trouble {
  Words title;
  Words advice;
};
Trouble TroubleOf(int status);
/// Why a short number led nowhere, in words for the page.
std::string MistakeOf(const Error& error, Language language);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_WORDS_H_
