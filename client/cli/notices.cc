#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/facility_lines.h"
#include "client/cli/outcomes.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/cli/writes.h"
#include "client/import/csv.h"
#include "codegen/code/day.h"
#include "codegen/label/notice_table.h"
#include "codegen/label/output_file.h"

namespace yima::cli {
namespace {

std::string StateInWords(const v1::Notice& notice) {
  if (notice.state() == v1::NOTICE_STATE_OPEN && notice.close_time_us() <= Now()) {
    return T("公示期满", "over");
  }
  switch (notice.state()) {
    case v1::NOTICE_STATE_OPEN:
      return T("公示中", "open");
    case v1::NOTICE_STATE_WITHDRAWN:
      return T("已撤回", "withdrawn");
    default:
      return T("编制中", "draft");
  }
}

Result<void> List(Session& session) {
  return EachPage<v1::ListNoticesRequest, v1::ListNoticesResponse>(
      {}, [&](const auto& request) { return session.client().ListNotices(request); },
      [&](const auto& page) {
        for (const auto& notice : page.notices()) {
          if (session.json) {
            session.Object(ToJson(notice));
            continue;
          }
          session.Line(fmt::format("{}\t{}\t{}\t{}\t{}", notice.id(), StateInWords(notice),
                                   notice.last_day(), notice.claims(), Printable(notice.title())));
        }
        return session.Flush();
      });
}

Result<v1::GetNoticeResponse> Find(Session& session, const std::string& id) {
  v1::GetNoticeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t notice, ParseNumber(id, "notice"));
  request.set_notice(notice);
  return session.client().GetNotice(request);
}

Result<void> ShowOne(Session& session, const std::string& id) {
  YIMA_ASSIGN_OR_RETURN(const auto found, Find(session, id));
  if (session.json) {
    session.Object(ToJson(found));
    return {};
  }
  const v1::Notice& notice = found.notice();
  const auto line = [&](const char* name, const std::string& value) {
    if (!value.empty()) session.Line(fmt::format("{}: {}", name, Printable(value)));
  };
  line(T("公示编号", "notice"), fmt::to_string(notice.id()));
  line(T("标题", "title"), notice.title());
  line(T("状态", "state"), StateInWords(notice));
  line(T("公示机关", "published by"), notice.authority());
  line(T("开始", "opened"), notice.first_day());
  line(T("最后一日", "last day"), notice.last_day());
  ShowCount(session, T("部件", "facilities"), notice.facilities());
  ShowCount(session, T("认领", "claims"), notice.claims());
  ShowCount(session, T("已确认", "confirmed"), found.confirmed());
  ShowCount(session, T("已驳回", "rejected"), found.rejected());
  ShowCount(session, T("未裁决的异议", "open objections"), found.open_objections());
  line(T("如何提出异议", "how to object"), notice.how_to_object());
  return {};
}

struct ExportOptions {
  std::string notice;
  std::string pdf;
  std::string csv;
  std::string address;
};

/// A line of CSV, RFC 4180.
std::string ToCsv(const std::vector<std::string>& fields) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    ledger::AppendCsvField(line, fields[i]);
  }
  return line + "\r\n";
}

/// Writes the list of a notice to the files that are asked for, as it comes.
class Export {
 public:
  Export(Session& session, const ExportOptions& options) : session_(session), options_(options) {}

  Result<void> Run() {
    YIMA_ASSIGN_OR_RETURN(const auto found, Find(session_, options_.notice));
    notice_ = found.notice();
    if (options_.pdf.empty() && options_.csv.empty()) {
      return Invalid("OUTPUT_MISSING", "want --pdf or --csv, or both", "--pdf");
    }
    YIMA_RETURN_IF_ERROR(Open());
    v1::ListNoticeClaimsRequest request;
    request.set_notice(notice_.id());
    Progress progress(T("公示表", "notice"));
    const auto listed = EachPage<v1::ListNoticeClaimsRequest, v1::ListNoticeClaimsResponse>(
        request, [&](const auto& page) { return session_.client().ListNoticeClaims(page); },
        [&](const auto& page) -> Result<void> {
          for (const auto& line : page.lines()) YIMA_RETURN_IF_ERROR(Add(line));
          lines_ += static_cast<uint64_t>(page.lines_size());
          progress.Show(lines_, notice_.claims());
          return {};
        });
    if (!listed) return tl::unexpected(listed.error());
    return Close();
  }

 private:
  Result<void> Open() {
    if (!options_.csv.empty()) {
      YIMA_RETURN_IF_ERROR(label::CheckReplaceable(options_.csv, "\xEF\xBB\xBF"));
      YIMA_ASSIGN_OR_RETURN(csv_, label::OutputFile::Create(options_.csv));
      // Spreadsheets take a file without this mark for GBK.
      YIMA_RETURN_IF_ERROR(csv_->Write("\xEF\xBB\xBF"));
      YIMA_RETURN_IF_ERROR(csv_->Write(ToCsv(
          {T("部件标识码", "facility code"), "uid", T("名称", "name"), T("区划", "division"),
           T("小类", "class"), T("位置", "place"), T("权利", "right"), T("认领单位", "claimed by"),
           T("登记单位", "recorded"), T("认领编号", "claim"), T("异议", "objections")})));
    }
    if (options_.pdf.empty()) return {};
    label::NoticeHead head;
    head.title = notice_.title();
    head.authority = notice_.authority();
    head.number = fmt::to_string(notice_.id());
    if (notice_.open_time_us() != 0) {
      const std::string& opened = notice_.first_day();
      head.period_zh = fmt::format("公示期：{} 起，至 {} 止", opened, notice_.last_day());
      head.period_en = fmt::format("Open from {} until the end of {}", opened, notice_.last_day());
    }
    head.summary =
        fmt::format("部件 {} 个，认领 {} 项 · {} facilities, {} claims", notice_.facilities(),
                    notice_.claims(), notice_.facilities(), notice_.claims());
    if (!notice_.how_to_object().empty()) {
      head.how_to_object = "异议方式 How to object：" + notice_.how_to_object();
    }
    if (!options_.address.empty()) head.page_address = options_.address + "notice?n=";
    YIMA_ASSIGN_OR_RETURN(pdf_, label::NoticeTable::Create(options_.pdf, head));
    return {};
  }

  Result<void> Add(const v1::NoticeLine& line) {
    const std::string& code = line.facility().code().digits();
    if (csv_) {
      YIMA_RETURN_IF_ERROR(csv_->Write(
          ToCsv({code, fmt::to_string(line.facility().uid()), line.facility().name(),
                 line.division(), line.facility().class_code(), line.address(),
                 RightInWords(line.claim().kind()), line.claimant(), line.recorded(),
                 fmt::to_string(line.claim().id()), fmt::to_string(line.objections())})));
    }
    if (pdf_ == nullptr) return {};
    const label::BothWords right = RightName(line.claim().kind());
    return pdf_->Add({code.empty() ? fmt::format("uid:{}", line.facility().uid()) : code,
                      line.facility().name(),
                      line.address().empty() ? line.division() : line.address(),
                      right.zh + " " + right.en, line.claimant(), line.recorded()});
  }

  Result<void> Close() {
    uint64_t pages = 0;
    if (csv_) {
      YIMA_RETURN_IF_ERROR(csv_->Close());
      YIMA_RETURN_IF_ERROR(csv_->Publish());
    }
    if (pdf_ != nullptr) {
      YIMA_ASSIGN_OR_RETURN(pages, pdf_->Publish());
    }
    if (session_.json) {
      session_.Object({{"notice", fmt::to_string(notice_.id())},
                       {"claims", fmt::to_string(lines_)},
                       {"pages", fmt::to_string(pages)}});
      return {};
    }
    ShowCount(session_, T("认领", "claims"), lines_);
    if (pdf_ != nullptr) ShowCount(session_, T("页", "pages"), pages);
    return {};
  }

  Session& session_;
  const ExportOptions& options_;
  v1::Notice notice_;
  std::optional<label::OutputFile> csv_;
  std::unique_ptr<label::NoticeTable> pdf_;
  uint64_t lines_ = 0;
};

struct WithdrawOptions {
  std::string notice;
  std::string reason;
  std::string request_id;
};

Result<void> Withdraw(Session& session, const WithdrawOptions& options) {
  v1::WithdrawNoticeRequest request;
  YIMA_ASSIGN_OR_RETURN(const uint64_t notice, ParseNumber(options.notice, "notice"));
  request.set_notice(notice);
  request.set_reason(options.reason);
  YIMA_ASSIGN_OR_RETURN(const auto response,
                        SendWrite(session, options.request_id, request, &Client::WithdrawNotice));
  Show(session, response.notice());
  return {};
}

}  // namespace

void AddNotices(CLI::App& rights, Session& session) {
  auto* group = AddGroup(rights, "notices", T("公示", "notices"));
  AddCommand(group, session, "list",
             T("列出公示，新的在前：编号、状态、最后一日、认领数、标题",
               "list notices, newest first: number, state, last day, claims, title"),
             {"yima rights notices list", "yima rights notices list --json"},
             [&session] { return List(session); });
  const auto shown = std::make_shared<std::string>();
  auto* show = AddCommand(
      group, session, "show", T("一次公示及其进展", "one notice and how it stands"),
      {"yima rights notices show 4294967320", "yima rights notices show 4294967320 --json"},
      [&session, shown] { return ShowOne(session, *shown); });
  show->add_option("notice", *shown, T("公示编号", "number of the notice"))->required();
  const auto files = std::make_shared<ExportOptions>();
  auto* write = AddCommand(
      group, session, "export", T("公示表：PDF 与 CSV", "the list of a notice as PDF and CSV"),
      {"yima rights notices export 4294967320 --pdf 公示表.pdf --address https://qr.example.cn/",
       "yima rights notices export 4294967320 --csv notice.csv"},
      [&session, files] { return Export(session, *files).Run(); });
  write->add_option("notice", files->notice, T("公示编号", "number of the notice"))->required();
  write->add_option("--pdf", files->pdf, T("写成此 PDF", "write this PDF"));
  write->add_option("--csv", files->csv, T("写成此 CSV", "write this CSV"));
  write->add_option("--address", files->address,
                    T("公示网页的网址，印成二维码；以 / 结尾",
                      "where the registry's pages are, for the symbol on it; ends with /"));
  const auto taken_back = std::make_shared<WithdrawOptions>();
  auto* withdraw =
      AddCommand(group, session, "withdraw",
                 T("撤回公示：认领如公示前", "take a notice back: its claims stand as before"),
                 {"yima rights notices withdraw 4294967320 --reason 清单有误",
                  "yima rights notices withdraw 4294967320 --reason 清单有误 --json"},
                 [&session, taken_back] { return Withdraw(session, *taken_back); });
  withdraw->add_option("notice", taken_back->notice, T("公示编号", "number of the notice"))
      ->required();
  withdraw->add_option("--reason", taken_back->reason, T("理由", "why"))->required();
  withdraw->add_option("--request-id", taken_back->request_id, T("请求号", "id of the request"));
}

}  // namespace yima::cli
