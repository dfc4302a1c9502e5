#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"
#include "codegen/code/serial.h"

namespace yima::cli {
namespace {

struct AuditOptions {
  std::string stock_take;
  std::vector<std::string> where;
  std::string metres;
  std::vector<std::string> only;
  std::string request_id;
};

void ShowStockTake(Session& session, const v1::StockTake& stock_take) {
  if (session.json) return session.Object(ToJson(stock_take));
  session.Line(fmt::format("{}\t{}\t{}\t{}\t{}", stock_take.id(),
                           EnumName(v1::StockTakeState_descriptor(), stock_take.state()),
                           stock_take.expected(), FormatTime(stock_take.create_time_us()),
                           Printable(stock_take.source())));
}

Result<void> Start(Session& session, const AuditOptions& options) {
  v1::StartStockTakeRequest request;
  if (options.where.empty()) {
    return Invalid("TARGET_MISSING", "want --where: what is expected to be found", "--where");
  }
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  if (!options.metres.empty()) {
    YIMA_ASSIGN_OR_RETURN(const uint64_t metres, ParseNumber(options.metres, "--metres"));
    // To the server 0 means that nothing was said.
    if (metres == 0) {
      return Invalid("DISTANCE_OUT_OF_RANGE", "0 metres, want 1 to 100000", "--metres");
    }
    request.set_wrong_place_metres(static_cast<uint32_t>(std::min<uint64_t>(metres, UINT32_MAX)));
  }
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  return UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
    request.set_request_id(id);
    return session.client().StartStockTake(
        request, [&](const v1::StartStockTakeResponse& response) -> Result<void> {
          ShowStockTake(session, response.stock_take());
          return session.Flush();
        });
  });
}

Result<void> End(Session& session, const AuditOptions& options) {
  v1::EndStockTakeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(options.stock_take, "audit"));
  request.set_stock_take(id);
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  return UnderRequestId(
      memory, options.request_id, [&](const std::string& request_id) -> Result<void> {
        request.set_request_id(request_id);
        YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().EndStockTake(request));
        ShowStockTake(session, answer.stock_take());
        return {};
      });
}

Result<void> ListAudits(Session& session) {
  return EachPage<v1::ListStockTakesRequest, v1::ListStockTakesResponse>(
      {}, [&](const auto& request) { return session.client().ListStockTakes(request); },
      [&](const auto& page) -> Result<void> {
        for (const auto& stock_take : page.stock_takes()) ShowStockTake(session, stock_take);
        return session.Flush();
      });
}

void ShowLine(Session& session, const v1::StockTakeLine& line) {
  if (session.json) return session.Object(ToJson(line));
  const auto serial = Serial::FromInteger(line.serial());
  std::string plate = line.serial() != 0 && serial ? serial->ShortNumber() : "";
  if (plate.empty()) plate = Printable(line.finding().seen());
  std::string finding;
  if (line.has_finding()) {
    finding = FormatTime(line.finding().time_us());
    if (!line.finding().crew().empty()) finding += " " + Printable(line.finding().crew());
    if (line.finding().has_distance_metres()) {
      finding += fmt::format(" {} m", line.finding().distance_metres());
    }
  }
  session.Line(fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}", Gloss(EnumName(v1::StockOutcome_descriptor(), line.outcome())),
      line.facility_code(), Printable(line.name()), Printable(line.address()), plate, finding));
}

void TellCounts(Session& session, const v1::StockTakeCounts& counts) {
  if (session.json) session.Object({{"counts", ToJson(counts)}});
  session.Tell(fmt::format(
      fmt::runtime(
          T("应有 {}：找到 {}，未见 {}，位置不符 {}，仅见失效铭牌 {}；清单外 {}，失效铭牌 "
            "{}，空白铭牌 {}，非真码 {}，查无 {}",
            "{} expected: {} found, {} missing, {} in the wrong place, {} seen by an ended "
            "plate alone; {} unexpected, {} ended plates, {} blank, {} not authentic, {} "
            "unknown")),
      counts.expected(), counts.found(), counts.missing(), counts.wrong_place(),
      counts.only_ended_plate(), counts.unexpected(), counts.plate_ended(), counts.plate_blank(),
      counts.not_authentic(), counts.unknown()));
}

Result<void> ReportOn(Session& session, const AuditOptions& options) {
  v1::GetStockTakeReportRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t id, ParseNumber(options.stock_take, "audit"));
  request.set_stock_take(id);
  for (const auto& each : options.only) {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::StockOutcome_descriptor(), each, "--only"));
    request.add_outcomes(static_cast<v1::StockOutcome>(n));
  }
  return session.client().GetStockTakeReport(
      request, [&](const v1::GetStockTakeReportResponse& response) -> Result<void> {
        for (const auto& line : response.lines()) ShowLine(session, line);
        if (response.has_counts()) TellCounts(session, response.counts());
        return session.Flush();
      });
}

void AddStart(CLI::App* group, Session& session) {
  const auto options = std::make_shared<AuditOptions>();
  auto* start =
      AddCommand(group, session, "start",
                 T("开始盘点：固定应有的部件清单",
                   "begin a stock-take: freezes which facilities are expected"),
                 {"yima audit start --where division=140502 class=01001",
                  "yima audit start --where organization=城区排水公司 --metres 50 --json"},
                 [&session, options] { return Start(session, *options); });
  start->add_option("--where", options->where, WhereHelp());
  start->add_option("--metres", options->metres,
                    T("离登记位置多少米以外算位置不符，缺省 100",
                      "farther than this from its place is the wrong place; 100 when left out"));
  start->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

void AddReport(CLI::App* group, Session& session) {
  const auto options = std::make_shared<AuditOptions>();
  auto* report = AddCommand(
      group, session, "report",
      T("盘点结果：结果、标识码、名称、地址、铭牌、何时何班组看到",
        "what a stock-take says: outcome, facility code, name, address, plate, when and by whom"),
      {"yima audit report 4294967297", "yima audit report 4294967297 --only missing --json"},
      [&session, options] { return ReportOn(session, *options); });
  report->add_option("audit", options->stock_take, T("盘点编号", "number of the stock-take"))
      ->required();
  report
      ->add_option("--only", options->only,
                   "found, missing, unexpected, wrong-place, plate-ended, plate-blank, "
                   "not-authentic, unknown")
      ->delimiter(',');
}

}  // namespace

void AddAudit(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "audit", T("盘点", "stock-takes"));
  AddStart(group, session);
  AddAuditScan(*group, session);
  AddReport(group, session);
  const auto ending = std::make_shared<AuditOptions>();
  auto* end = AddCommand(group, session, "end",
                         T("结束盘点，不再收扫描", "end a stock-take: it takes no more sightings"),
                         {"yima audit end 4294967297", "yima audit end 4294967297 --json"},
                         [&session, ending] { return End(session, *ending); });
  end->add_option("audit", ending->stock_take, T("盘点编号", "number of the stock-take"))
      ->required();
  end->add_option("--request-id", ending->request_id, T("请求号", "id of the request"));
  AddCommand(group, session, "list",
             T("列出盘点，新的在前：编号、状态、应有数、时间、条件",
               "list stock-takes, newest first: number, state, expected, time, filter"),
             {"yima audit list", "yima audit list --json"},
             [&session] { return ListAudits(session); });
}

}  // namespace yima::cli
