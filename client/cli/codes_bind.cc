#include <optional>

#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/images.h"
#include "client/cli/judging.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/code_text.h"

namespace yima::cli {
namespace {

struct BindOptions {
  /// Plate and facility, or with --scan the facility alone.
  std::vector<std::string> names;
  std::string scan;
  std::string name_space;
  std::string request_id;
};

Result<void> SetPlate(const std::string& plate, v1::BindCodeRequest& request) {
  if (SplitCodeText(plate)) {
    request.set_text(plate);  // The server verifies it too.
    return {};
  }
  YIMA_ASSIGN_OR_RETURN(const uint64_t serial, ParsePlate(plate));
  request.set_serial(serial);
  return {};
}

/// The facility that an old plate stands for.
Result<uint64_t> FacilityOfPlate(Session& session, const std::string& text) {
  v1::ResolveRequest request;
  request.set_text(text);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().Resolve(request));
  if (answer.verdict() != v1::VERDICT_AUTHENTIC) {
    return Invalid("PLATE_NOT_AUTHENTIC", "the old plate is none that was issued here", "facility");
  }
  if (answer.has_facility()) return answer.facility().uid();
  return Fail(StatusCode::kFailedPrecondition, "CODE_BLANK",
              fmt::format("plate {} stands for no facility", answer.short_number()), "facility");
}

/// A facility by its code, the text of its old plate, `uid:N`, `NAMESPACE:VALUE`, or what is
/// painted on it, when a namespace is given for that.
Result<uint64_t> FindFacilityToBind(Session& session, const std::string& text,
                                    const std::string& name_space) {
  if (SplitCodeText(text)) return FacilityOfPlate(session, text);
  v1::GetFacilityRequest painted;
  if (!name_space.empty() && text.find(':') == std::string::npos) {
    painted.mutable_external_code()->set_namespace_(name_space);
    painted.mutable_external_code()->set_value(text);
    const auto found = session.client().GetFacility(painted);
    if (found || found.error().code != StatusCode::kNotFound) {
      YIMA_RETURN_IF_ERROR(found);
      return found->facility().uid();
    }
  }
  YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, text));
  return found.facility().uid();
}

Result<v1::IssuedCode> BindPair(Session& session, const std::string& plate,
                                const std::string& facility, const std::string& name_space,
                                const std::string& request_id) {
  v1::BindCodeRequest request;
  YIMA_RETURN_IF_ERROR(SetPlate(plate, request));
  YIMA_ASSIGN_OR_RETURN(const uint64_t uid, FindFacilityToBind(session, facility, name_space));
  request.set_facility(uid);
  request.set_request_id(request_id);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().BindCode(request));
  return answer.code();
}

Result<void> BindOne(Session& session, const BindOptions& options, const std::string& plate,
                     const std::string& facility) {
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  return UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
    YIMA_ASSIGN_OR_RETURN(const auto code,
                          BindPair(session, plate, facility, options.name_space, id));
    ShowCode(session, code);
    return {};
  });
}

/// The one plate in a picture. NO_SYMBOL, PLATE_AMBIGUOUS.
Result<std::string> PlateInPicture(const std::string& file) {
  YIMA_ASSIGN_OR_RETURN(const auto texts, TextsIn(file));
  std::vector<std::string> plates;
  for (const auto& text : texts) {
    if (SplitCodeText(text)) plates.push_back(text);
  }
  if (plates.size() == 1) return plates.front();
  if (plates.empty()) {
    return Fail(StatusCode::kNotFound, "NO_SYMBOL", fmt::format("{}: no plate found", file), file);
  }
  return Invalid("PLATE_AMBIGUOUS",
                 fmt::format("{} shows {} plates: photograph one alone", file, plates.size()),
                 file);
}

/// Reads a plate, then its facility, line after line, from a scanner gun.
class PairReader {
 public:
  PairReader(Session& session, const BindOptions& options) : session_(session), options_(options) {}

  Result<void> Run() {
    const bool any = EachLine([&](const std::string& line) {
      ++line_;
      if (!plate_) return TakePlate(line);
      // The trigger was pulled twice; but a serial may be the number of its facility, too.
      if (line != *plate_ || IsDigits(line)) TakeFacility(line);
    });
    if (!any) return Invalid("PLATE_MISSING", "no plate and no facility on the standard input");
    if (plate_) {
      session_.Complain(Error{StatusCode::kInvalidArgument, "FACILITY_MISSING",
                              fmt::format("plate \"{}\" has no facility after it", *plate_),
                              Place()});
    }
    session_.Tell(
        fmt::format(fmt::runtime(T("{} 对已绑定，{} 对未绑定", "{} pairs bound, {} not bound")),
                    bound_, failed_ + (plate_ ? 1 : 0)));
    return {};
  }

 private:
  std::string Place() const { return fmt::format("-:{}", line_); }

  /// Serials and the numbers of facilities look alike: one that did name a facility was meant so,
  /// whatever stood against the pair.
  static bool NamesNoFacility(const std::string& line, const Error& why) {
    if (SplitCodeText(line)) return false;
    return !IsDigits(line) || why.reason == "FACILITY_NOT_FOUND" ||
           why.reason == "FACILITY_NAME_MALFORMED";
  }

  /// A line that is no plate is passed over, so that one beep too many shifts nothing.
  void TakePlate(const std::string& line) {
    if (SplitCodeText(line) || IsPlateHere(line, false)) {
      plate_ = line;
      return;
    }
    Complain(Error{StatusCode::kInvalidArgument, "PLATE_MISSING",
                   fmt::format("\"{}\" is no plate: want a plate, then its facility", line), ""});
  }

  /// Whether a serial or short number leads to a plate; what is painted on a facility may look like
  /// one. Who cannot ask takes it for one.
  bool IsPlateHere(const std::string& line, bool blank) {
    const auto serial = ParsePlate(line);
    if (!serial) return false;
    v1::GetCodeRequest request;
    request.set_serial(*serial);
    const auto found = session_.client().GetCode(request);
    if (!found) return !blank && found.error().code != StatusCode::kNotFound;
    return !blank || found->code().state() == v1::CODE_STATE_BLANK;
  }

  void TakeFacility(const std::string& line) {
    const auto code = BindPair(session_, *plate_, line, options_.name_space, NewRequestId());
    // A blank plate where a facility should be: one beep is missing, and it begins the next pair.
    const bool is_next =
        !code && (code.error().reason == "CODE_BLANK" ||
                  (NamesNoFacility(line, code.error()) && IsPlateHere(line, true)));
    plate_.reset();
    if (is_next) plate_ = line;
    if (!code) {
      ++failed_;
      return Complain(code.error());
    }
    ++bound_;
    ShowCode(session_, *code);
    static_cast<void>(session_.Flush());
    session_.Tell(fmt::format(
        fmt::runtime(T("第 {} 对：{} 已绑定到部件 uid:{}", "pair {}: {} bound to facility uid:{}")),
        bound_ + failed_, code->short_number(), code->facility()));
  }

  void Complain(Error error) {
    error.message = fmt::format("{}: {}", Place(), error.message);
    error.field = Place();
    session_.Complain(error);
  }

  Session& session_;
  const BindOptions& options_;
  std::optional<std::string> plate_;
  uint64_t line_ = 0;
  uint64_t bound_ = 0;
  uint64_t failed_ = 0;
};

Result<void> Bind(Session& session, const BindOptions& options) {
  if (!options.scan.empty()) {
    if (options.names.size() != 1) {
      return Invalid("FACILITY_MISSING", "want the facility beside --scan, and no plate",
                     "facility");
    }
    YIMA_ASSIGN_OR_RETURN(const std::string plate, PlateInPicture(options.scan));
    return BindOne(session, options, plate, options.names[0]);
  }
  if (options.names.empty()) return PairReader(session, options).Run();
  if (options.names.size() == 1) {
    return Invalid("FACILITY_MISSING", "want a plate and its facility, or neither", "facility");
  }
  return BindOne(session, options, options.names[0], options.names[1]);
}

}  // namespace

void AddCodesBind(CLI::App& codes, Session& session) {
  const auto options = std::make_shared<BindOptions>();
  auto* bind = AddCommand(
      &codes, session, "bind",
      T("把空白码绑定到部件；不写参数则从标准输入成对读取（扫码枪）：先铭牌，后部件",
        "bind a blank plate; without arguments pairs are read from stdin, as a scanner gun sends "
        "them: a plate, then its facility"),
      {"yima codes bind 00040-00001-8 14050201001000001",
       "yima codes bind --scan plate.jpg ledger:W-000001"},
      [&session, options] { return Bind(session, *options); });
  bind->add_option("names", options->names,
                   T("铭牌（序列号、短号或码文），部件（代码、uid:N、命名空间:值或旧铭牌的码文）",
                     "plate (serial, short number or text), facility (its code, uid:N, "
                     "NAMESPACE:VALUE or the text of its old plate)"))
      ->expected(0, 2);
  bind->add_option("--scan", options->scan,
                   T("铭牌的照片，代替铭牌", "photograph of the plate, in place of the plate"));
  bind->add_option("--namespace", options->name_space,
                   T("部件上所漆编号的命名空间", "namespace of numbers painted on facilities"));
  bind->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
