#include <charconv>
#include <deque>
#include <mutex>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/facility_lines.h"
#include "client/cli/images.h"
#include "client/cli/input_lines.h"
#include "client/cli/judging.h"
#include "client/cli/places.h"
#include "client/cli/records.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"

namespace yima::cli {
namespace {

struct ResolveOptions {
  std::vector<std::string> inputs;
  std::string position;
};

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
  if (answer.seen_elsewhere()) {
    session.Line(T("  注意：此码近来在别处被扫到，可能有仿制的铭牌",
                   "  mind: this code was scanned elsewhere of late: there may be a copy"));
  }
  if (!answer.has_facility()) return;
  ShowFacility(session, answer.facility(), answer.organizations());
  ShowNotices(session, answer.notices());
  ShowRelated(session, answer.has_parent() ? &answer.parent() : nullptr, answer.children());
  if (answer.has_distance_metres()) {
    session.Line(
        fmt::format("  {}: {:.0f} m", T("距登记位置", "distance"), answer.distance_metres()));
  }
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

/// Inputs on their way to the server and back, told in their order. The inputs are read in one
/// thread while answers come in another.
class Resolving {
 public:
  Resolving(Session& session, const std::optional<Place>& place, uint64_t total)
      : session_(session),
        place_(place),
        verifier_(TellerOfForeign(session)),
        total_(total),
        progress_(T("查询", "resolved")) {}

  /// Appends what the server is to be asked of an input; tells the rest when its turn comes.
  void Add(const std::string& input, std::vector<v1::ResolveRequest>& asked) {
    if (!IsPicture(input)) return Ask(input, asked);
    const auto texts = TextsIn(input);
    if (!texts) return Tell([this, error = texts.error()] { session_.Complain(error); });
    for (const auto& text : *texts) {
      if (verifier_.Judge(text).foreign) {
        Tell([this, text] { ShowForeign(session_, text); });
      } else {
        Ask(text, asked);
      }
    }
  }

  /// Of the first text that is not answered yet.
  void Answer(const Result<v1::ResolveResponse>& answer) {
    const std::lock_guard lock(mutex_);
    const std::string text = std::move(turns_.front().text);
    turns_.pop_front();
    Show(text, answer);
    if (total_ != 1) progress_.Show(++answered_, total_);
    TellWhatIsNext();
  }

  /// When no more answers come: tells of the other inputs.
  void Finish() {
    const std::lock_guard lock(mutex_);
    std::erase_if(turns_, [](const Turn& turn) { return !turn.tell; });
    TellWhatIsNext();
  }

 private:
  /// A text that the server answers, or what is told without it.
  struct Turn {
    std::string text;
    std::function<void()> tell;
  };

  void Ask(const std::string& text, std::vector<v1::ResolveRequest>& asked) {
    auto& request = asked.emplace_back();
    request.set_text(text);
    if (place_) {
      request.set_longitude(place_->longitude);
      request.set_latitude(place_->latitude);
    }
    const std::lock_guard lock(mutex_);
    turns_.push_back({text, {}});
  }

  void Tell(std::function<void()> tell) {
    const std::lock_guard lock(mutex_);
    turns_.push_back({{}, std::move(tell)});
    TellWhatIsNext();
  }

  void TellWhatIsNext() {
    for (; !turns_.empty() && turns_.front().tell; turns_.pop_front()) turns_.front().tell();
  }

  void Show(const std::string& text, const Result<v1::ResolveResponse>& answer) {
    if (!answer) return session_.Complain(answer.error());
    session_.Note(ExitOf(*answer));
    if (session_.json) return session_.Object(AnswerToJson(text, *answer));
    ShowAnswer(session_, *answer);
  }

  Session& session_;
  const std::optional<Place> place_;
  const Verifier verifier_;
  const uint64_t total_;
  Progress progress_;
  std::mutex mutex_;
  std::deque<Turn> turns_;
  uint64_t answered_ = 0;
};

/// Gives the next input; nothing at the end. `or_wait` false: only one that is there already.
using Inputs = std::function<std::optional<std::string>(bool or_wait)>;

/// Anybody may ask about one text, and only who is known for many at a time.
bool AsksOneByOne(Session& session, const ResolveOptions& options) {
  if (options.inputs.size() == 1) return true;
  return !session.is_known();
}

Result<void> ResolveOneByOne(Session& session, Resolving& resolving, const Inputs& next) {
  std::vector<v1::ResolveRequest> asked;
  while (const auto input = next(true)) {
    asked.clear();
    resolving.Add(*input, asked);
    for (const auto& request : asked) resolving.Answer(session.client().Resolve(request));
  }
  return {};
}

/// A message holds what is there: a person who waits for an answer before the next plate gets it.
Result<void> ResolveInStream(Session& session, Resolving& resolving, const Inputs& next) {
  constexpr int kInputsMax = 100;
  const auto fill = [&](std::vector<v1::ResolveRequest>& asked) -> Result<bool> {
    for (int taken = 0; taken < kInputsMax; ++taken) {
      const auto input = next(taken == 0);
      if (!input) return taken > 0;
      resolving.Add(*input, asked);
      if (IsPicture(*input)) break;  // The next may take as long to read.
    }
    return true;
  };
  return session.client().StreamResolve(
      fill, [&](const Result<v1::ResolveResponse>& answer) -> Result<void> {
        resolving.Answer(answer);
        return {};
      });
}

Result<void> Resolve(Session& session, const ResolveOptions& options) {
  std::optional<Place> place;
  if (!options.position.empty()) {
    YIMA_ASSIGN_OR_RETURN(place, ParsePlace(options.position, "--position"));
  }
  Resolving resolving(session, place, options.inputs.size());
  InputLines lines;
  size_t given = 0;
  const Inputs next = [&](bool or_wait) -> std::optional<std::string> {
    if (options.inputs.empty()) return lines.Next(or_wait);
    if (given == options.inputs.size()) return {};
    return options.inputs[given++];
  };
  const auto ended = AsksOneByOne(session, options) ? ResolveOneByOne(session, resolving, next)
                                                    : ResolveInStream(session, resolving, next);
  resolving.Finish();
  if (ended && options.inputs.empty() && !lines.any()) {
    return Invalid("TEXT_MISSING", "no text or image to resolve");
  }
  return ended;
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
