#include <fmt/format.h>

#include "client/cli/code_lines.h"
#include "client/cli/commands.h"
#include "client/cli/manifest.h"
#include "client/cli/printing.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct PrintedOptions {
  CodeSelection selection;
  std::string from;
  std::string reprint;
  std::string request_id;
};

Result<std::vector<uint64_t>> FromManifest(const std::string& file) {
  YIMA_ASSIGN_OR_RETURN(const auto plates, ReadManifest(file));
  std::vector<uint64_t> serials;
  for (const auto& plate : plates) {
    const auto serial = ParsePlate(plate.text);
    if (!serial) {
      return Invalid(serial.error().reason, serial.error().message,
                     fmt::format("{}:{}", file, plate.line));
    }
    serials.push_back(*serial);
  }
  return serials;
}

/// Those selected that a plate may still carry.
Result<std::vector<uint64_t>> FromRegistry(Session& session, const CodeSelection& selection) {
  v1::ListCodesRequest request;
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), MakeFilter(session, selection));
  std::vector<uint64_t> serials;
  YIMA_RETURN_IF_ERROR((EachPage<v1::ListCodesRequest, v1::ListCodesResponse>(
      request, [&](const auto& asked) { return session.client().ListCodes(asked); },
      [&](const v1::ListCodesResponse& page) -> Result<void> {
        for (const auto& code : page.codes()) {
          const bool ended =
              code.state() == v1::CODE_STATE_REVOKED || code.state() == v1::CODE_STATE_REPLACED;
          if (!ended) serials.push_back(code.serial());
        }
        return {};
      })));
  return serials;
}

Result<void> Printed(Session& session, const PrintedOptions& options) {
  const bool selected = !options.selection.batch.empty() || !options.selection.where.empty();
  if (selected == !options.from.empty()) {
    return Invalid("TARGET_MISSING", "want --from, or --batch and --where", "--from");
  }
  YIMA_ASSIGN_OR_RETURN(auto run, PrintRun::Open(session));
  YIMA_ASSIGN_OR_RETURN(const auto serials, options.from.empty()
                                                ? FromRegistry(session, options.selection)
                                                : FromManifest(options.from));
  return run.Mark(session, serials, options.reprint, options.request_id);
}

}  // namespace

void AddCodesPrinted(CLI::App& codes, Session& session) {
  const auto options = std::make_shared<PrintedOptions>();
  auto* printed = AddCommand(&codes, session, "printed",
                             fmt::format("{}\n{}",
                                         T("标记铭牌已印；已印过的须说明重印原因",
                                           "mark plates as printed; those printed before need a "
                                           "reason"),
                                         PrintedAgainHelp()),
                             {"yima codes printed --from labels.manifest.csv",
                              "yima codes printed --batch 4294967298 --where printed=no"},
                             [&session, options] { return Printed(session, *options); });
  printed->add_option(
      "--from", options->from,
      T("yima labels 写的清单，- 为标准输入", "manifest that yima labels wrote, - for stdin"));
  printed->add_option("--batch", options->selection.batch,
                      T("发码批次", "batch they were issued in"));
  printed->add_option("--where", options->selection.where, CodesWhereHelp());
  printed->add_option("--reprint", options->reprint, ReprintHelp());
  printed->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
