#include <fmt/format.h>

#include "client/certificate/pdf_attachment.h"
#include "client/cli/certificate_words.h"
#include "client/cli/commands.h"
#include "client/cli/reasons.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"

namespace yima::cli {
namespace {

struct VerifyOptions {
  std::vector<std::string> files;
  bool online = false;
};

/// What the server says of it today, beside the certificate.
Result<void> AskOnline(Session& session, const Certificate& certificate, Json& json) {
  v1::CheckCertificateRequest request;
  request.set_registry(certificate.note.registry);
  request.set_facility(certificate.note.facility);
  request.set_index(certificate.facility_entry.index);
  request.set_revision(certificate.facility_entry.revision);
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().CheckCertificate(request));
  if (answer.rights_changed()) session.Note(Exit::kNotAuthentic);
  json["overtaken"] = answer.overtaken();
  json["rightsChanged"] = answer.rights_changed();
  json["revisionNow"] = fmt::to_string(answer.revision());
  json["changeTime"] = FormatTime(answer.change_time_us());
  if (session.json) return {};
  if (!answer.overtaken()) {
    session.Line(T("今日：登记记录未变", "today: the record is still this one"));
    return {};
  }
  session.Line(fmt::format(
      fmt::runtime(answer.rights_changed()
                       ? T("今日：已被取代，权利已变更（第 {} 版，{}）",
                           "today: overtaken, and its rights have changed (revision {}, {})")
                       : T("今日：已被取代，权利未变（第 {} 版，{}）",
                           "today: overtaken; its rights are as certified (revision {}, {})")),
      answer.revision(), CityTime(certificate, answer.change_time_us())));
  return {};
}

/// The machine file, out of a PDF or by itself.
Result<std::string> MachineFile(const std::string& file, bool& is_pdf) {
  YIMA_ASSIGN_OR_RETURN(std::string bytes, ReadWholeFile(file));
  is_pdf = LooksLikePdf(bytes);
  if (is_pdf) return CertificateIn(bytes);
  return bytes;
}

/// Says what is wrong with it, which is an answer and no error.
void Refuse(Session& session, const std::string& file, const Error& error) {
  session.Note(Exit::kNotAuthentic);
  session.Hint(error.reason);
  if (session.json) {
    session.Object({{"file", file},
                    {"verdict", "REFUSED"},
                    {"reason", error.reason},
                    {"message", error.message}});
  } else {
    session.Line(Printable(fmt::format("{}: {}: {}", file, T("不予承认", "REFUSED"),
                                       InWords(error.reason, error.message))));
  }
}

/// Nothing can be said of the certificate, which may well be genuine.
bool IsUnjudged(const Error& error) {
  return error.reason == "TRUST_MISSING" || error.reason == "EPOCH_AHEAD";
}

Result<void> VerifyOne(Session& session, const std::vector<TrustStore>& stores,
                       const std::string& file, bool online) {
  bool is_pdf = false;
  const auto bytes = MachineFile(file, is_pdf);
  if (!bytes && !is_pdf) return tl::unexpected(bytes.error());
  const auto certificate =
      bytes ? VerifyCertificate(*bytes, stores) : tl::unexpected(bytes.error());
  if (!certificate) {
    if (IsUnjudged(certificate.error())) return tl::unexpected(certificate.error());
    Refuse(session, file, certificate.error());
    return {};
  }
  Json json = {{"file", file}, {"verdict", "AUTHENTIC"}};
  json.update(ToJson(*certificate));
  if (!session.json) {
    session.Line(Printable(fmt::format("{}: {}", file, T("真实", "AUTHENTIC"))));
    ShowCertificate(session, *certificate);
    if (certificate->earlier_epoch) {
      session.Tell(T("登记簿此后自备份恢复过：请联网再核（--online）",
                     "the registry was restored from a backup since: ask it again, --online"));
    }
    if (is_pdf) {
      session.Tell(T("核验的是所附机器文件；请将页面与上述内容对照",
                     "what was verified is the file attached: compare the page with the above"));
    }
  }
  if (online) {
    YIMA_RETURN_IF_ERROR(AskOnline(session, *certificate, json));
  }
  if (session.json) session.Object(json);
  return {};
}

Result<void> Verify(Session& session, const VerifyOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const auto stores, TrustDir(session.trust).Load());
  for (const auto& file : options.files) {
    auto done = VerifyOne(session, stores, file, options.online);
    if (done) continue;
    if (done.error().field.empty()) done.error().field = file;
    session.Complain(done.error());
  }
  return {};
}

}  // namespace

void AddRightsVerifyCertificate(CLI::App& rights, Session& session) {
  const auto options = std::make_shared<VerifyOptions>();
  auto* verify =
      AddCommand(&rights, session, "verify-certificate",
                 T("核验确权证书（PDF 或机器文件），可不联网",
                   "judge certificates of rights, PDF or machine file, without a network"),
                 {"yima rights verify-certificate 14050201001000001.pdf",
                  "yima rights verify-certificate --online --json *.pdf"},
                 [&session, options] { return Verify(session, *options); });
  verify->add_option("file", options->files, T("证书文件", "certificates"))->required();
  verify->add_flag("--online", options->online,
                   T("并问服务器此后有无变更", "ask the server whether it has been overtaken"));
}

}  // namespace yima::cli
