#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <sodium.h>

#include "client/cli/audit_spool.h"
#include "client/cli/commands.h"
#include "client/cli/images.h"
#include "client/cli/input_lines.h"
#include "client/cli/places.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/import/encoding.h"
#include "codegen/code/code_text.h"
#include "codegen/code/day.h"
#include "codegen/code/serial.h"
#include "codegen/code/signature.h"

namespace yima::cli {
namespace {

constexpr size_t kSightingsACall = 1000;
constexpr size_t kTextMax = 512;

struct AuditScanOptions {
  std::string stock_take;
  std::vector<std::string> inputs;
  std::string crew;
  std::string position;
  std::string name_space;
};

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const int size = ledger::Utf8Length(text);
    if (size <= 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

/// What was seen, in words.
std::string SeenIn(const v1::StockSighting& sighting) {
  if (sighting.seen_case() == v1::StockSighting::kText) return sighting.text();
  if (sighting.seen_case() == v1::StockSighting::kShortNumber) return sighting.short_number();
  if (sighting.seen_case() == v1::StockSighting::kSerial) return fmt::to_string(sighting.serial());
  const auto& name = sighting.facility();
  if (name.has_code()) return name.code().digits();
  if (name.has_uid()) return fmt::format("uid:{}", name.uid());
  return fmt::format("{}:{}", name.external_code().namespace_(), name.external_code().value());
}

/// A line by its shape: a code text, a short number, a serial, a facility's name; else a text, of
/// which the server says what it is worth.
void Classify(const std::string& line, const std::string& name_space, v1::StockSighting& sighting) {
  if (SplitCodeText(line)) return sighting.set_text(line);
  if (Serial::ParseShortNumber(line)) return sighting.set_short_number(line);
  if (!name_space.empty() && line.find(':') == std::string::npos) {
    auto& painted = *sighting.mutable_facility()->mutable_external_code();
    painted.set_namespace_(name_space);
    painted.set_value(line);
    return;
  }
  const bool digits = line.find_first_not_of("0123456789") == std::string::npos;
  constexpr size_t kSerialDigitsMax = 15;
  if (digits && line.size() <= kSerialDigitsMax) {
    if (const auto serial = ParsePlate(line)) return sighting.set_serial(*serial);
  }
  const auto name = ParseFacilityName(line);
  // `https://…` has a colon, and is no facility's name.
  if (name && line.find("//") == std::string::npos) {
    *sighting.mutable_facility() = *name;
  } else {
    sighting.set_text(line);
  }
}

/// The same sightings are the same request, whoever sends them again.
std::string RequestIdOf(const v1::ScanStockTakeRequest& request) {
  const std::string bytes = request.SerializeAsString();
  std::array<uint8_t, 16> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const uint8_t*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return ToHex(hash);
}

/// The place of the sighting that an error names, as `sightings[3].text`; the largest number if
/// none.
size_t SightingNamed(std::string_view field) {
  constexpr std::string_view kOfSighting = "sightings[";
  size_t place = SIZE_MAX;
  if (!field.starts_with(kOfSighting)) return place;
  field.remove_prefix(kOfSighting.size());
  std::from_chars(field.data(), field.data() + field.size(), place);
  return place;
}

/// Without anybody's doing.
bool MayComeRight(const Error& error) {
  return error.code == StatusCode::kUnavailable || error.code == StatusCode::kDeadlineExceeded ||
         error.code == StatusCode::kResourceExhausted || error.code == StatusCode::kAborted;
}

/// As the server wants it, before anything is kept under it.
Result<void> CheckCrew(const std::string& crew) {
  constexpr size_t kCharactersMax = 64;
  const bool is_text = IsUtf8(crew) && std::ranges::none_of(crew, [](char c) {
                         return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                       });
  const auto characters = static_cast<size_t>(std::ranges::count_if(
      crew, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  if (is_text && characters <= kCharactersMax) return {};
  return Invalid("FIELD_TOO_LONG",
                 fmt::format("crew of {} characters, want at most {} and none of control",
                             characters, kCharactersMax),
                 "--crew");
}

class Scanning {
 public:
  Scanning(Session& session, const AuditScanOptions& options, uint64_t stock_take,
           AuditSpool& spool)
      : session_(session), options_(options), stock_take_(stock_take), spool_(spool) {}

  Result<void> Run() {
    if (!options_.position.empty()) {
      YIMA_ASSIGN_OR_RETURN(place_, ParsePlace(options_.position, "--position"));
    }
    if (!spool_.waiting().empty()) {
      session_.Tell(fmt::format(
          fmt::runtime(T("先发送上次留下的 {} 条", "sending {} sightings kept from before")),
          spool_.waiting().size()));
      YIMA_RETURN_IF_ERROR(Send());
    }
    auto taken = TakeAll();
    TellKept();
    return taken;
  }

 private:
  Result<void> TakeAll() {
    for (const auto& input : options_.inputs) YIMA_RETURN_IF_ERROR(Take(input));
    if (options_.inputs.empty()) YIMA_RETURN_IF_ERROR(TakeLines());
    return Send();
  }

  /// A photograph, or what could be a line.
  Result<void> Take(const std::string& input) {
    if (!IsPicture(input)) return TakeText(input, "");
    const auto texts = TextsIn(input);
    if (!texts) {
      session_.Complain(texts.error());
      return {};
    }
    for (const auto& text : *texts) YIMA_RETURN_IF_ERROR(TakeText(text, input));
    return {};
  }

  /// What is there already is sent together, up to a thousand at a time: who scans one after the
  /// other gets an answer to each.
  Result<void> TakeLines() {
    InputLines lines;
    for (uint64_t number = 1;; ++number) {
      auto line = lines.Next(false);
      if (!line) {
        YIMA_RETURN_IF_ERROR(SendBeforeWaiting());
        line = lines.Next(true);
      }
      if (!line) return {};
      YIMA_RETURN_IF_ERROR(TakeText(*line, fmt::format("-:{}", number)));
    }
  }

  Result<void> SendBeforeWaiting() {
    if (spool_.waiting().empty()) return {};
    Sync();
    YIMA_RETURN_IF_ERROR(Send());
    if (stopped_ && spool_.waiting().size() != told_kept_) {
      told_kept_ = spool_.waiting().size();
      session_.Tell(
          fmt::format(fmt::runtime(T("{} 条已存，未发出", "{} kept, not sent")), told_kept_));
    }
    return {};
  }

  void Sync() {
    if (const auto synced = spool_.Sync(); !synced) session_.Complain(synced.error());
  }

  /// `TEXT` or `TEXT<tab>LONGITUDE,LATITUDE`.
  Result<void> TakeText(std::string text, const std::string& place) {
    v1::StockSighting sighting;
    std::optional<Place> where = place_;
    if (const size_t tab = text.find('\t'); tab != std::string::npos) {
      const auto parsed = ParsePlace(text.substr(tab + 1), place);
      if (!parsed) {
        session_.Complain(parsed.error());
        return {};
      }
      where = *parsed;
      text.resize(tab);
    }
    // One that the server would not take must not hold up the others.
    if (text.empty() || text.size() > kTextMax || !IsUtf8(text)) {
      session_.Complain(Error{
          StatusCode::kInvalidArgument, "TEXT_TOO_LONG",
          fmt::format("text of {} bytes, want 1 to {} of UTF-8", text.size(), kTextMax), place});
      return {};
    }
    Classify(text, options_.name_space, sighting);
    if (where) {
      sighting.set_longitude(where->longitude);
      sighting.set_latitude(where->latitude);
    }
    sighting.set_time_us(Now());
    // Goes on without a file: what it waits for may come right before the process ends.
    if (const auto kept = spool_.Add({sighting, options_.crew}); !kept) {
      session_.Complain({kept.error().code, kept.error().reason,
                         fmt::format("not kept, and lost if it is not sent now: {}; {}",
                                     Printable(text), kept.error().message),
                         place});
    }
    // Without a connection there may be more than a call's worth, and each attempt takes its time.
    return spool_.waiting().size() % kSightingsACall == 0 ? Send() : Result<void>();
  }

  /// All that waits. Without a connection, and when the server takes none at all, it goes on
  /// waiting; one that the server will not take is set aside.
  Result<void> Send() {
    // Tried again with the next line: signal comes and goes.
    bool offline = false;
    size_t most = kSightingsACall;
    while (!spool_.waiting().empty() && !offline && !stopped_) {
      const auto request = NextRequest(most);
      const auto answer = Ask(request);
      if (answer) {
        YIMA_RETURN_IF_ERROR(Taken(request, *answer));
        most = kSightingsACall;
        continue;
      }
      const Error& error = answer.error();
      const auto size = static_cast<size_t>(request.sightings_size());
      const size_t named = SightingNamed(error.field);
      // Server trouble may name a sighting too, and is no fault of what was scanned.
      const bool is_of_one = error.code == StatusCode::kInvalidArgument &&
                             (named < size || error.field.empty() || error.field == "sightings");
      if (is_of_one && (named < size || size == 1)) {
        YIMA_RETURN_IF_ERROR(SetAside(named < size ? named : 0, error));
      } else if (is_of_one) {
        // It does not say which: found by halves.
        most = size / 2;
      } else {
        session_.Complain(error);
        MayComeRight(error) ? offline = true : stopped_ = true;
      }
    }
    return {};
  }

  /// The first of those that wait, all of one crew.
  v1::ScanStockTakeRequest NextRequest(size_t most) const {
    v1::ScanStockTakeRequest request;
    request.set_stock_take(stock_take_);
    request.set_crew(spool_.waiting().front().crew);
    for (const auto& seen : spool_.waiting()) {
      if (static_cast<size_t>(request.sightings_size()) == most || seen.crew != request.crew()) {
        break;
      }
      *request.add_sightings() = seen.sighting;
    }
    return request;
  }

  Result<v1::ScanStockTakeResponse> Ask(v1::ScanStockTakeRequest request) {
    request.set_request_id(RequestIdOf(request));
    auto answer = session_.client().ScanStockTake(request);
    // What was seen alike is kept once, under whichever id.
    if (!answer && answer.error().reason == "REQUEST_ID_REUSED") {
      request.set_request_id(NewRequestId());
      answer = session_.client().ScanStockTake(request);
    }
    return answer;
  }

  Result<void> Taken(const v1::ScanStockTakeRequest& request,
                     const v1::ScanStockTakeResponse& answer) {
    if (answer.answers_size() != request.sightings_size()) {
      return Fail(StatusCode::kInternal, "ANSWERS_MISSING",
                  fmt::format("the server answered {} of {} sightings", answer.answers_size(),
                              request.sightings_size()));
    }
    for (int i = 0; i < answer.answers_size(); ++i) Show(request.sightings(i), answer.answers(i));
    YIMA_RETURN_IF_ERROR(session_.Flush());
    return spool_.Drop(static_cast<size_t>(request.sightings_size()));
  }

  Result<void> SetAside(size_t place, const Error& why) {
    session_.Complain(
        {why.code, why.reason, why.message, SeenIn(spool_.waiting()[place].sighting)});
    return spool_.SetAside(place, why);
  }

  void Show(const v1::StockSighting& sighting, const v1::SightingAnswer& answer) {
    const bool good = answer.outcome() != v1::STOCK_OUTCOME_PLATE_ENDED &&
                      answer.outcome() != v1::STOCK_OUTCOME_NOT_AUTHENTIC;
    if (!good) session_.Note(Exit::kNotAuthentic);
    if (session_.json) {
      Json object = {{"seen", SeenIn(sighting)}};
      object.update(ToJson(answer));
      return session_.Object(object);
    }
    const std::string outcome = EnumName(v1::StockOutcome_descriptor(), answer.outcome());
    const std::string metres = answer.has_distance_metres()
                                   ? fmt::format("\t{} m", answer.distance_metres())
                                   : std::string();
    session_.Line(fmt::format("{}{}\t{}{}", Gloss(outcome),
                              answer.again() ? T("（已扫过）", " (seen before)") : "",
                              Printable(SeenIn(sighting)), metres));
  }

  void TellKept() {
    if (spool_.refused() > 0) {
      session_.Tell(fmt::format(
          fmt::runtime(T("{} 条不能报送，已另存于 {}", "{} could not be sent and are kept in {}")),
          spool_.refused(), spool_.refused_file().string()));
    }
    if (spool_.waiting().empty()) return;
    Sync();
    session_.Tell(fmt::format(
        fmt::runtime(stopped_ ? T("{} 条未发出，已存于 {}；上述原因解决后再运行同一命令即补发",
                                  "{} sightings were not sent and are kept in {}; the same command "
                                  "sends them once that is settled")
                              : T("{} 条未发出，已存于 {}；连上后再运行同一命令即补发",
                                  "{} sightings were not sent and are kept in {}; the same command "
                                  "sends them once the server is reached")),
        spool_.waiting().size(), spool_.file().string()));
  }

  Session& session_;
  const AuditScanOptions& options_;
  const uint64_t stock_take_;
  AuditSpool& spool_;
  std::optional<Place> place_;
  bool stopped_ = false;  ///< The server takes none of this stock-take from this caller.
  size_t told_kept_ = 0;
};

Result<void> AuditScan(Session& session, const AuditScanOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const uint64_t stock_take, ParseNumber(options.stock_take, "audit"));
  YIMA_RETURN_IF_ERROR(CheckCrew(options.crew));
  YIMA_ASSIGN_OR_RETURN(auto spool, AuditSpool::Open(session.server, stock_take));
  return Scanning(session, options, stock_take, spool).Run();
}

}  // namespace

void AddAuditScan(CLI::App& audit, Session& session) {
  const auto options = std::make_shared<AuditScanOptions>();
  auto* scan = AddCommand(
      &audit, session, "scan",
      T("报送看到的：照片、码文、短号或部件；不写则从标准输入逐行读（扫码枪），断线不丢",
        "send what was seen: photographs, texts, short numbers, facilities; else lines from stdin, "
        "as a scanner gun sends them. Without a connection they are kept and sent later"),
      {"yima audit scan 4294967297 photo.jpg --crew 一班",
       "yima audit scan 4294967297 --json < seen.txt"},
      [&session, options] { return AuditScan(session, *options); });
  scan->add_option("audit", options->stock_take, T("盘点编号", "number of the stock-take"))
      ->required();
  scan->add_option("seen", options->inputs,
                   T("照片，或码文、短号、序列号、部件；行内可用制表符附 经度,纬度",
                     "photographs, or texts, short numbers, serials, facilities; a line may end in "
                     "a tab and LONGITUDE,LATITUDE"));
  scan->add_option("--crew", options->crew, T("班组名", "how the crew calls itself"));
  scan->add_option("--position", options->position,
                   T("扫描位置 经度,纬度（CGCS2000）",
                     "where you stand: LONGITUDE,LATITUDE in CGCS2000 degrees"));
  scan->add_option("--namespace", options->name_space,
                   T("部件上所漆编号的命名空间", "namespace of numbers painted on facilities"));
}

}  // namespace yima::cli
