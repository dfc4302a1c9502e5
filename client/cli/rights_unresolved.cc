#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/day.h"

namespace yima::cli {
namespace {

struct UnresolvedOptions {
  std::vector<std::string> where;
  std::string right;
};

/// For people; programs are given the name itself.
std::string WaitsInWords(const std::string& waits_for) {
  const std::pair<const char*, const char*> words[] = {
      {"CLAIM", T("认领", "a claim")},
      {"OFFER", T("推送候选单位及其答复", "an offer and its answers")},
      {"NOTICE", T("公示", "a notice")},
      {"PERIOD", T("公示期满", "the end of its period")},
      {"OBJECTION", T("处理异议", "an objection")},
      {"SETTLEMENT", T("裁决", "a settlement")},
      {"ORDER", T("会签或同意", "an order")},
      {"CONFIRMATION", T("确认", "its confirmation")},
      {"CUSTODIAN", T("指定管护单位", "a custodian")}};
  for (const auto& [name, word] : words) {
    if (waits_for == name) return word;
  }
  return waits_for;
}

Result<void> List(Session& session, const UnresolvedOptions& options) {
  v1::ListUnresolvedRequest request;
  if (!options.right.empty()) {
    YIMA_ASSIGN_OR_RETURN(const int kind,
                          ParseEnum(v1::RightKind_descriptor(), options.right, "--right"));
    request.set_kind(static_cast<v1::RightKind>(kind));
  }
  if (!options.where.empty()) {
    YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  }
  return EachPage<v1::ListUnresolvedRequest, v1::ListUnresolvedResponse>(
      request, [&](const auto& page) { return session.client().ListUnresolved(page); },
      [&](const auto& page) {
        for (const auto& right : page.rights()) {
          if (session.json) {
            session.Object(ToJson(right));
            continue;
          }
          session.Line(fmt::format(
              "uid:{}\t{}\t{}\t{}\t{}\t{}", right.facility(), right.code().digits(),
              Printable(right.name()),
              Gloss(EnumName(v1::RightState_descriptor(), right.right().state())),
              FormatTime(right.since_us()).substr(0, 10), WaitsInWords(right.waits_for())));
        }
        return session.Flush();
      });
}

}  // namespace

void AddRightsUnresolved(CLI::App& rights, Session& session) {
  const auto options = std::make_shared<UnresolvedOptions>();
  auto* unresolved =
      AddCommand(&rights, session, "unresolved",
                 T("挂账：尚未确权的部件，自何时起、等待什么",
                   "facilities whose right is not confirmed: since when, and what is waited for"),
                 {"yima rights unresolved --where division=140502",
                  "yima rights unresolved --right maintaining --json"},
                 [&session, options] { return List(session, *options); });
  unresolved->add_option("--where", options->where, WhereHelp());
  unresolved->add_option("--right", options->right,
                         T("哪项权利：supervising、owning（缺省）、maintaining",
                           "which: supervising, owning (the default), maintaining"));
}

}  // namespace yima::cli
