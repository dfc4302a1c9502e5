#include <charconv>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/facility_lines.h"
#include "client/cli/images.h"
#include "client/cli/judging.h"
#include "client/cli/records.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"

namespace yima::cli {
namespace {

struct ResolveOptions {
  std::vector<std::string> inputs;
  std::string position;
};

struct Place {
  double longitude = 0;
  double latitude = 0;
};

Result<Place> ParsePlace(const std::string& text) {
  Place place;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, place.longitude);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == ',') {
    const auto second = std::from_chars(first.ptr + 1, end, place.latitude);
    if (second.ec == std::errc() && second.ptr == end) return place;
  }
  return Invalid("POSITION_MALFORMED",
                 fmt::format("position \"{}\" is not LONGITUDE,LATITUDE in degrees", text),
                 "--position");
}

Exit ExitOf(const v1::ResolveResponse& answer) {
  Judgement judgement;
  judgement.verdict = static_cast<Verdict>(answer.verdict());
  judgement.state = static_cast<CodeState>(answer.state());
  return ExitFor(judgement);
}

Json AnswerToJson(const std::string& text, const v1::ResolveResponse& answer) {
  Json object = {{"text", text}};
  object.update(ToJson(static_cast<const google::protobuf::Message&>(answer)));
  object["rights"] = answer.has_facility() ? RightsToJson(answer.facility(), answer.organizations())
                                           : Json::object();
  object["foreign"] = false;
  return object;
}

void ShowAnswer(Session& session, const v1::ResolveResponse& answer) {
  const std::string verdict = EnumName(v1::Verdict_descriptor(), answer.verdict());
  const std::string state = EnumName(v1::CodeState_descriptor(), answer.state());
  session.Line(fmt::format("{}{}{}\t{}\t{}", Gloss(verdict), state.empty() ? "" : " ", Gloss(state),
                           answer.short_number(), answer.facility_code()));
  if (answer.successor() != 0) {
    session.Line(fmt::format("  {}: {}", T("现用码", "successor"), answer.successor()));
  }
  if (answer.origin_lost()) {
    session.Line(T("  该网址已不属登记库，勿打开",
                   "  the host is no longer the registry's: do not open the link"));
  }
  if (!answer.has_facility()) return;
  ShowFacility(session, answer.facility(), answer.organizations());
  ShowRelated(session, answer.has_parent() ? &answer.parent() : nullptr, answer.children());
  if (answer.has_distance_metres()) {
    session.Line(
        fmt::format("  {}: {:.0f} m", T("距登记位置", "distance"), answer.distance_metres()));
  }
}

void ResolveOne(Session& session, const std::string& text, const std::optional<Place>& place) {
  v1::ResolveRequest request;
  request.set_text(text);
  if (place) {
    request.set_longitude(place->longitude);
    request.set_latitude(place->latitude);
  }
  const auto answer = session.client().Resolve(request);
  if (!answer) return session.Complain(answer.error());
  session.Note(ExitOf(*answer));
  if (session.json) return session.Object(AnswerToJson(text, *answer));
  ShowAnswer(session, *answer);
}

/// A symbol in a picture that is none of ours, as `scan` shows it.
void ShowForeign(Session& session, const std::string& text) {
  if (session.json) {
    Json object = AnswerToJson(text, v1::ResolveResponse());
    object["foreign"] = true;
    return session.Object(object);
  }
  session.Line(fmt::format("{}\t{}", Printable(text),
                           T("外来码，非一码所发", "foreign: no code of a registry")));
}

/// By the trust kept, if there is any: a text that begins with one of its origins is not foreign.
Verifier TellerOfForeign(const Session& session) {
  return Verifier(TrustDir(session.trust).Load().value_or(std::vector<TrustStore>()));
}

/// A file, or what is called like one: a mistyped name is no code that somebody forged.
bool IsPicture(const std::filesystem::path& input) {
  std::error_code ignored;
  if (std::filesystem::exists(input, ignored)) return true;
  const auto ending = input.extension();
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".pgm" ||
         ending == ".ppm" || ending == ".PNG" || ending == ".JPG";
}

void ResolveInput(Session& session, const std::string& input, const std::optional<Place>& place) {
  if (!IsPicture(input)) return ResolveOne(session, input, place);
  const auto texts = TextsIn(input);
  if (!texts) return session.Complain(texts.error());
  if (texts->empty()) {
    session.Complain(Error{StatusCode::kNotFound, "NO_SYMBOL", "no symbol found", input});
  }
  const Verifier verifier = TellerOfForeign(session);
  for (const auto& text : *texts) {
    if (verifier.Judge(text).foreign) {
      ShowForeign(session, text);
    } else {
      ResolveOne(session, text, place);
    }
  }
}

Result<void> Resolve(Session& session, const ResolveOptions& options) {
  std::optional<Place> place;
  if (!options.position.empty()) {
    YIMA_ASSIGN_OR_RETURN(place, ParsePlace(options.position));
  }
  for (const auto& input : options.inputs) ResolveInput(session, input, place);
  if (!options.inputs.empty()) return {};
  if (!EachLine([&](const std::string& input) { ResolveInput(session, input, place); })) {
    return Invalid("TEXT_MISSING", "no text or image to resolve");
  }
  return {};
}

}  // namespace

void AddResolve(CLI::App& app, Session& session) {
  const auto options = std::make_shared<ResolveOptions>();
  auto* resolve =
      AddCommand(&app, session, "resolve",
                 T("向服务器查询码：真伪、状态、部件、权属",
                   "ask the server about codes: verdict, state, facility, rights"),
                 {"yima resolve label.png", "yima resolve HTTPS://QR.EXAMPLE.CN/1000… --json"},
                 [&session, options] { return Resolve(session, *options); });
  resolve->add_option("input", options->inputs,
                      T("码文或图片文件；缺省读标准输入",
                        "code texts or image files; the standard input when left out"));
  resolve->add_option("--position", options->position,
                      T("扫描位置 经度,纬度（CGCS2000）",
                        "where you stand: LONGITUDE,LATITUDE in CGCS2000 degrees"));
}

}  // namespace yima::cli
