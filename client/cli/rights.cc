#include <fmt/format.h>
#include <sodium.h>

#include "client/cli/basis.h"
#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/request_memory.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "codegen/code/signature.h"

namespace yima::cli {
namespace {

struct ConfirmOptions {
  std::string facility;
  std::vector<std::string> where;
  std::vector<std::string> kinds;
  BasisOptions basis;
  std::string frozen_hash;
  std::string request_id;
  bool dry_run = false;
};

Result<v1::ConfirmRightsRequest> MakeRequest(Session& session, const ConfirmOptions& options) {
  v1::ConfirmRightsRequest request;
  if (options.facility.empty() == options.where.empty()) {
    return Invalid("TARGET_MISSING", "want either --facility or --where", "--where");
  }
  if (!options.facility.empty()) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, options.facility));
    request.set_facility(found.facility().uid());
  } else {
    YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  }
  for (const auto& kind : options.kinds) {
    YIMA_ASSIGN_OR_RETURN(const int n, ParseEnum(v1::RightKind_descriptor(), kind, "--right"));
    request.add_kinds(static_cast<v1::RightKind>(n));
  }
  YIMA_ASSIGN_OR_RETURN(*request.mutable_basis(), MakeBasis(options.basis));
  request.set_dry_run(options.dry_run);
  if (!options.frozen_hash.empty()) {
    std::string& hash = *request.mutable_frozen_hash();
    hash.assign(crypto_hash_sha256_BYTES, '\0');
    const auto read =
        FromHex(options.frozen_hash, {reinterpret_cast<uint8_t*>(hash.data()), hash.size()});
    if (!read) return Invalid("HEX_MALFORMED", read.error().message, "--frozen-hash");
  }
  return request;
}

Result<void> Confirm(Session& session, const ConfirmOptions& options) {
  YIMA_ASSIGN_OR_RETURN(auto request, MakeRequest(session, options));
  v1::ConfirmRightsResponse last;
  google::protobuf::RepeatedField<uint64_t> moved;
  const RequestMemory memory(RequestMemory::Default(), session.server, session.words);
  YIMA_RETURN_IF_ERROR(
      UnderRequestId(memory, options.request_id, [&](const std::string& id) -> Result<void> {
        request.set_request_id(id);
        moved.Clear();
        Progress progress(T("确权", "confirming"));
        return session.client().ConfirmRights(
            request, [&](const v1::ConfirmRightsResponse& response) -> Result<void> {
              moved.MergeFrom(response.moved_facilities());
              last = response;
              progress.Show(response.done(), response.total());
              return {};
            });
      }));
  *last.mutable_moved_facilities() = moved;
  if (session.json) {
    Json object = ToJson(last);
    object["dryRun"] = options.dry_run;
    session.Object(object);
    return {};
  }
  session.Line(fmt::format("{}: {}", T("批次", "batch"), last.batch()));
  session.Line(fmt::format("{}: {}", T("部件", "facilities"), last.total()));
  session.Line(fmt::format("{}: {}", T("已确认", "confirmed"), last.confirmed()));
  session.Line(fmt::format("{}: {}", T("不变", "unchanged"), last.unchanged()));
  session.Line(fmt::format("{}: {}", T("无人持有", "not held"), last.not_held()));
  session.Line(fmt::format("{}: {}", T("其间被改动", "moved"), last.moved()));
  for (const uint64_t uid : moved) {
    session.Tell(
        fmt::format(fmt::runtime(T("部件 {} 已被他人改动，未确认",
                                   "facility {} was changed by another writer: not confirmed")),
                    uid));
  }
  const std::string& hash = last.frozen_hash();
  session.Line(std::string(T("结果哈希", "frozen hash")) + ": " +
               ToHex({reinterpret_cast<const uint8_t*>(hash.data()), hash.size()}));
  return {};
}

}  // namespace

void AddRights(CLI::App& app, Session& session) {
  auto* group = AddGroup(app, "rights", T("主管、权属与养护", "who supervises, owns, maintains"));
  const auto options = std::make_shared<ConfirmOptions>();
  auto* confirm =
      AddCommand(group, session, "confirm",
                 T("凭文件确认已登记的权利", "confirm recorded rights on a document"),
                 {"yima rights confirm --where class=01001 --right owning --basis-kind 移交协议 "
                  "--basis-number 晋市移〔2026〕12号",
                  "yima rights confirm --facility 14050201001000001 --right owning,maintaining "
                  "--basis-kind 批复 --basis-number 3号 --dry-run"},
                 [&session, options] { return Confirm(session, *options); });
  confirm->add_option("--facility", options->facility, T("一个部件", "one facility"));
  confirm->add_option("--where", options->where, WhereHelp());
  confirm
      ->add_option("--right,--kind", options->kinds,
                   T("哪些权利：supervising、owning、maintaining",
                     "which: supervising, owning, maintaining"))
      ->required()
      ->delimiter(',');
  AddBasisOptions(*confirm, options->basis, true);
  confirm->add_option("--frozen-hash", options->frozen_hash,
                      T("试运行所得；结果有变则拒绝",
                        "from a dry run: refuse when the filter finds something else by now"));
  confirm->add_flag("--dry-run", options->dry_run, T("只说会做什么", "say what would be done"));
  confirm->add_option("--request-id", options->request_id, T("请求号", "id of the request"));
  AddRightsCertificate(*group, session);
}

}  // namespace yima::cli
