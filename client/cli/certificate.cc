#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "client/certificate/pdf_attachment.h"
#include "client/cli/certificate_words.h"
#include "client/cli/commands.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"
#include "client/trust_dir.h"
#include "codegen/label/certificate_page.h"
#include "codegen/label/output_file.h"

namespace yima::cli {
namespace {

/// Certificates that wait for a drawer: enough that none is idle.
constexpr size_t kWaitingMax = 64;
constexpr double kSketchRadiusM = 50;
/// To the corners of the sketch.
constexpr double kSearchRadiusM = kSketchRadiusM * 1.42;
constexpr int kNeighboursMax = 60;

struct CertificateOptions {
  std::vector<std::string> facilities;
  std::vector<std::string> where;
  std::string out = ".";
  bool machine_only = false;
  bool renew = false;
};

/// What is the same for all certificates of a run. Read by all threads.
struct Press {
  Client client;
  std::vector<TrustStore> trust;
  ClassNames classes;
  const CertificateOptions& options;
  bool out_is_file = false;
};

/// One certificate as it was made, or why not.
struct Made {
  uint64_t facility = 0;
  std::string file;
  bool kept = false;    ///< One that says the same lay there already.
  bool judged = false;  ///< By the trust that is kept of its registry.
  std::optional<Error> error;
};

std::string FileOf(const Press& press, const Certificate& certificate) {
  if (press.out_is_file) return press.options.out;
  const auto& code = certificate.note.code;
  const std::string name =
      code ? code->ToString() : fmt::format("uid-{}", certificate.note.facility);
  const char* const extension = press.options.machine_only ? ".yima" : ".pdf";
  return (std::filesystem::path(press.options.out) / (name + extension)).string();
}

/// Whether the file may be replaced, as a certificate of this facility, and whether it need not be,
/// since it shows the very same records. FILE_IN_THE_WAY.
Result<bool> LiesThere(const std::string& file, const Certificate& certificate) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return false;
  YIMA_ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(file));
  if (bytes.empty()) return false;
  const auto machine = LooksLikePdf(bytes) ? CertificateIn(bytes) : Result<std::string>(bytes);
  const auto before = machine ? ReadCertificate(*machine) : tl::unexpected<Error>(machine.error());
  if (before && before->note.registry == certificate.note.registry &&
      before->note.facility == certificate.note.facility) {
    return before->note.epoch == certificate.note.epoch &&
           before->note.entries == certificate.note.entries;
  }
  return Fail(StatusCode::kAlreadyExists, "FILE_IN_THE_WAY",
              fmt::format("{} is no certificate of facility {}, and is not replaced", file,
                          certificate.note.facility),
              file);
}

/// Positions of what lies around; none when the server does not tell, which only the sketch lacks.
std::vector<v1::Position> NeighboursOf(const Client& client, const v1::Facility& facility) {
  std::vector<v1::Position> positions;
  const v1::Position& position = facility.position();
  if (!position.has_longitude() || !position.has_latitude()) return positions;
  v1::SearchNearbyRequest request;
  request.set_longitude(position.longitude());
  request.set_latitude(position.latitude());
  request.set_radius_metres(kSearchRadiusM);
  request.set_page_size(kNeighboursMax);
  const auto answer = client.SearchNearby(request);
  if (!answer) return positions;
  for (const auto& each : answer->facilities()) {
    if (each.facility().uid() != facility.uid()) positions.push_back(each.facility().position());
  }
  return positions;
}

Result<void> WriteWhole(const std::string& file, std::string_view bytes) {
  YIMA_ASSIGN_OR_RETURN(auto out, label::OutputFile::Create(file));
  YIMA_RETURN_IF_ERROR(out.Write(bytes));
  YIMA_RETURN_IF_ERROR(out.Close());
  return out.Publish();
}

/// Makes certificates on one thread.
class Drawer {
 public:
  explicit Drawer(const Press& press) : press_(press) {}

  Made Make(const v1::IssueCertificatesResponse& issued) {
    Made made;
    made.facility = issued.facility();
    const auto done = Write(issued, made);
    if (!done) made.error = done.error();
    return made;
  }

 private:
  /// What does not hold is not handed out.
  Result<Certificate> Open(const std::string& bytes, Made& made) const {
    auto verified = VerifyCertificate(bytes, press_.trust);
    made.judged = verified || (verified.error().reason != "TRUST_MISSING" &&
                               verified.error().reason != "CERTIFICATE_OF_ANOTHER_REGISTRY");
    return made.judged ? verified : ReadCertificate(bytes);
  }

  Result<void> Write(const v1::IssueCertificatesResponse& issued, Made& made) {
    YIMA_ASSIGN_OR_RETURN(const auto certificate, Open(issued.certificate(), made));
    made.file = FileOf(press_, certificate);
    YIMA_ASSIGN_OR_RETURN(const bool same, LiesThere(made.file, certificate));
    made.kept = same && !press_.options.renew;
    if (made.kept) return {};
    if (press_.options.machine_only) return WriteWhole(made.file, issued.certificate());
    if (!printer_) {
      YIMA_ASSIGN_OR_RETURN(printer_, label::CertificatePrinter::Create());
    }
    const auto page = PageOf(certificate, press_.classes, issued.code_text(),
                             NeighboursOf(press_.client, certificate.facility));
    YIMA_ASSIGN_OR_RETURN(const std::string pdf, printer_->Draw(page));
    YIMA_ASSIGN_OR_RETURN(const std::string whole,
                          AttachCertificate(pdf, issued.certificate(), certificate.note.issued));
    return WriteWhole(made.file, whole);
  }

  const Press& press_;
  std::optional<label::CertificatePrinter> printer_;
};

/// Certificates on their way to as many drawers as there are cores.
class Drawers {
 public:
  explicit Drawers(const Press& press) {
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) {
      threads_.emplace_back([this, &press] { Work(press); });
    }
  }
  ~Drawers() { Finish(); }
  Drawers(const Drawers&) = delete;
  Drawers& operator=(const Drawers&) = delete;

  /// Waits while enough others are waiting.
  void Add(v1::IssueCertificatesResponse issued) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kWaitingMax; });
    waiting_.push_back(std::move(issued));
    changed_.notify_all();
  }
  /// What was made since this was asked last.
  std::vector<Made> Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(made_, {});
  }
  /// Until all that was added is made.
  void Finish() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    }
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void Work(const Press& press) {
    Drawer drawer(press);
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const v1::IssueCertificatesResponse issued = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
      lock.unlock();
      Made made = drawer.Make(issued);
      lock.lock();
      made_.push_back(std::move(made));
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::IssueCertificatesResponse> waiting_;
  std::vector<Made> made_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

/// How far a run has come.
struct Tally {
  uint64_t made = 0;
  uint64_t kept = 0;
  uint64_t failed = 0;
  bool unjudged = false;
};

void Tell(Session& session, const std::vector<Made>& all, Tally& tally) {
  for (const auto& made : all) {
    tally.unjudged |= !made.judged;
    if (made.error) {
      ++tally.failed;
      Error error = *made.error;
      if (error.field.empty()) error.field = fmt::format("uid:{}", made.facility);
      session.Complain(error);
      continue;
    }
    ++(made.kept ? tally.kept : tally.made);
    if (session.json) {
      session.Object({{"facility", fmt::to_string(made.facility)},
                      {"file", made.file},
                      {"unchanged", made.kept}});
    } else {
      session.Line(made.kept ? fmt::format("{}\t{}", made.file, T("未变，保留", "unchanged, kept"))
                             : made.file);
    }
  }
}

Result<void> IssueAll(Session& session, const v1::IssueCertificatesRequest& request,
                      Drawers& drawers, Tally& tally) {
  Progress progress(T("确权证书", "certificates"));
  return session.client().IssueCertificates(
      request, [&](const v1::IssueCertificatesResponse& issued) -> Result<void> {
        drawers.Add(issued);
        Tell(session, drawers.Take(), tally);
        progress.Show(tally.made + tally.kept + tally.failed, issued.total());
        return {};
      });
}

Result<ClassNames> FetchClasses(Session& session) {
  YIMA_ASSIGN_OR_RETURN(const auto answer, session.client().ListFacilityClasses({}));
  ClassNames names;
  for (const auto& row : answer.facility_classes()) {
    names[row.code()] = {row.name_zh(), row.name_en()};
  }
  return names;
}

/// The requests that the options mean: one for each facility, or one for all that a filter finds.
Result<std::vector<v1::IssueCertificatesRequest>> RequestsOf(Session& session,
                                                             const CertificateOptions& options) {
  if (options.facilities.empty() == options.where.empty()) {
    return Invalid("TARGET_MISSING", "want either facilities or --where", "--where");
  }
  std::vector<v1::IssueCertificatesRequest> requests;
  for (const auto& name : options.facilities) {
    YIMA_ASSIGN_OR_RETURN(const auto found, FindFacility(session, name));
    requests.emplace_back().set_facility(found.facility().uid());
  }
  if (options.facilities.empty()) {
    YIMA_ASSIGN_OR_RETURN(*requests.emplace_back().mutable_filter(),
                          ParseWhere(session, options.where));
  }
  return requests;
}

/// A name with an extension is a file's, for one facility alone; else a folder, made if missing.
Result<bool> PrepareOut(const CertificateOptions& options) {
  const std::filesystem::path out(options.out);
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(out, error);
  if (!is_folder && (out.extension() == ".pdf" || out.extension() == ".yima")) {
    if (options.facilities.size() == 1) return true;
    return Invalid("OUT_MISSING",
                   fmt::format("{} is one file: want a folder for several "
                               "certificates",
                               options.out),
                   "--out");
  }
  std::filesystem::create_directories(out, error);
  if (std::filesystem::is_directory(out, error)) return false;
  return Fail(StatusCode::kNotFound, "FOLDER_MISSING",
              fmt::format("{} is no folder and cannot be made one", options.out), "--out");
}

Result<void> MakeCertificates(Session& session, const CertificateOptions& options) {
  YIMA_ASSIGN_OR_RETURN(const bool out_is_file, PrepareOut(options));
  YIMA_ASSIGN_OR_RETURN(const auto requests, RequestsOf(session, options));
  Press press{session.client(), {}, {}, options, out_is_file};
  YIMA_ASSIGN_OR_RETURN(press.trust, TrustDir(session.trust).Load());
  YIMA_ASSIGN_OR_RETURN(press.classes, FetchClasses(session));
  Tally tally;
  Result<void> done;
  {
    Drawers drawers(press);
    for (const auto& request : requests) {
      done = IssueAll(session, request, drawers, tally);
      if (!done) break;
    }
    drawers.Finish();
    Tell(session, drawers.Take(), tally);
  }
  YIMA_RETURN_IF_ERROR(done);
  if (tally.made + tally.kept + tally.failed != 1) {
    session.Tell(fmt::format(fmt::runtime(T("证书：{} 份新制，{} 份未变，{} 份未成",
                                            "certificates: {} made, {} unchanged, {} failed")),
                             tally.made, tally.kept, tally.failed));
  }
  if (tally.unjudged) {
    session.Tell(T("未存该登记簿的信任包，证书未经核验：先运行 yima trust fetch",
                   "no trust of this registry is kept, so nothing was verified: first run yima "
                   "trust fetch"));
  }
  return {};
}

}  // namespace

void AddRightsCertificate(CLI::App& rights, Session& session) {
  const auto options = std::make_shared<CertificateOptions>();
  auto* certificate = AddCommand(
      &rights, session, "certificate",
      T("制作确权证书：PDF，内附可离线核验的机器文件",
        "make certificates of rights: PDFs with a file attached that is verified offline"),
      {"yima rights certificate 14050201001000001 --out certificate.pdf",
       "yima rights certificate --where class=01001 --out certificates/"},
      [&session, options] { return MakeCertificates(session, *options); });
  certificate->add_option("facility", options->facilities, T("部件", "facilities"));
  certificate->add_option("--where", options->where, WhereHelp());
  certificate
      ->add_option("--out", options->out,
                   T("输出目录，或一份证书的文件名", "folder, or the file of one certificate"))
      ->capture_default_str();
  certificate->add_flag("--machine-only", options->machine_only,
                        T("只写机器文件，不制 PDF", "the machine file alone, without a PDF"));
  certificate->add_flag(
      "--renew", options->renew,
      T("记录未变的也重制", "make those anew, too, whose records have not changed since"));
  AddRightsVerifyCertificate(rights, session);
}

}  // namespace yima::cli
