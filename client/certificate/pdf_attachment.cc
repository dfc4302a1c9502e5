#include "client/certificate/pdf_attachment.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFEFStreamObjectHelper.hh>
#include <qpdf/QPDFEmbeddedFileDocumentHelper.hh>
#include <qpdf/QPDFFileSpecObjectHelper.hh>
#include <qpdf/QPDFWriter.hh>
#include <sys/resource.h>
#include <unistd.h>

namespace yima {
namespace {

constexpr size_t kPdfSizeMax = size_t{16} << 20;
/// That of a certificate itself.
constexpr size_t kAttachmentSizeMax = size_t{1} << 20;
constexpr rlim_t kGrowthMax = rlim_t{512} << 20;

/// Keeps what comes, up to the bound: unpacking ends there.
class BoundedText : public Pipeline {
 public:
  BoundedText() : Pipeline("certificate", nullptr) {}
  void write(unsigned char const* data, size_t size) override {
    too_large_ |= text_.size() + size > kAttachmentSizeMax;
    // libqpdf takes it for data that does not unpack, and stops.
    if (too_large_) throw std::runtime_error("too large");
    text_.append(reinterpret_cast<const char*>(data), size);
  }
  void finish() override {}
  const std::string& text() const { return text_; }
  bool too_large() const { return too_large_; }

 private:
  std::string text_;
  bool too_large_ = false;
};

/// Lowers how large the process may become to a little more than it is, as long as it lives: a few
/// bytes of a PDF can unpack to as many gigabytes as one likes.
class GrowthBound {
 public:
  GrowthBound() {
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    if (!(statm >> pages) || getrlimit(RLIMIT_AS, &before_) != 0) return;
    rlimit now = before_;
    now.rlim_cur =
        std::min(now.rlim_cur, pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + kGrowthMax);
    lowered_ = setrlimit(RLIMIT_AS, &now) == 0;
  }
  ~GrowthBound() {
    if (lowered_) setrlimit(RLIMIT_AS, &before_);
  }
  GrowthBound(const GrowthBound&) = delete;
  GrowthBound& operator=(const GrowthBound&) = delete;

 private:
  rlimit before_{};
  bool lowered_ = false;
};

tl::unexpected<Error> Malformed(std::string_view why) {
  std::string words(why.substr(0, 200));
  std::ranges::replace_if(
      words, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return Invalid("PDF_MALFORMED", "the PDF does not read: " + words);
}

void Open(QPDF& pdf, std::string_view bytes) {
  pdf.setSuppressWarnings(true);
  pdf.setAttemptRecovery(false);
  pdf.processMemoryFile("PDF", bytes.data(), bytes.size());
}

bool IsCertificate(QPDFFileSpecObjectHelper& file) {
  if (file.getFilename() == kCertificateFileName) return true;
  auto stream = file.getEmbeddedFileStream();
  return stream.isStream() &&
         QPDFEFStreamObjectHelper(stream).getSubtype() == kCertificateMediaType;
}

Result<std::string> Unpack(QPDFFileSpecObjectHelper& file) {
  auto stream = file.getEmbeddedFileStream();
  if (!stream.isStream()) return Malformed("the attachment has no content");
  BoundedText text;
  const bool unpacked = stream.pipeStreamData(&text, 0, qpdf_dl_generalized, true);
  if (text.too_large()) {
    return Invalid(
        "CERTIFICATE_ATTACHMENT_TOO_LARGE",
        fmt::format("{} has more than {} bytes", kCertificateFileName, kAttachmentSizeMax));
  }
  if (!unpacked) return Malformed("the attachment does not unpack");
  return text.text();
}

Result<std::string> FindAttachment(std::string_view bytes) {
  QPDF pdf;
  Open(pdf, bytes);
  std::shared_ptr<QPDFFileSpecObjectHelper> found;
  int count = 0;
  for (const auto& [name, file] : QPDFEmbeddedFileDocumentHelper(pdf).getEmbeddedFiles()) {
    if (name != kCertificateFileName && !IsCertificate(*file)) continue;
    found = file;
    ++count;
  }
  if (count == 1) return Unpack(*found);
  if (count == 0) {
    return Invalid("CERTIFICATE_ATTACHMENT_MISSING",
                   fmt::format("the PDF holds no attachment {}", kCertificateFileName));
  }
  return Invalid("CERTIFICATE_ATTACHMENTS_SEVERAL",
                 fmt::format("the PDF holds {} attachments {}, want 1: which one its page shows "
                             "cannot be told",
                             count, kCertificateFileName));
}

/// `D:20261128120000Z`, as PDF writes `2026-11-28T12:00:00Z`.
std::string PdfTime(TimeUs time) {
  std::string text = FormatTime(time);
  std::erase_if(text, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) == 0; });
  return "D:" + text + "Z";
}

}  // namespace

bool LooksLikePdf(std::string_view bytes) { return bytes.starts_with("%PDF-"); }

Result<std::string> AttachCertificate(std::string_view pdf, std::string_view certificate,
                                      TimeUs issued) {
  try {
    QPDF document;
    Open(document, pdf);
    auto stream = QPDFEFStreamObjectHelper::createEFStream(document, std::string(certificate));
    stream.setSubtype(kCertificateMediaType);
    stream.setCreationDate(PdfTime(issued)).setModDate(PdfTime(issued));
    auto file = QPDFFileSpecObjectHelper::createFileSpec(document, kCertificateFileName, stream);
    file.setDescription("确权证书 certificate of rights");
    QPDFEmbeddedFileDocumentHelper(document).replaceEmbeddedFile(kCertificateFileName, file);
    QPDFWriter writer(document);
    writer.setOutputMemory();
    writer.setDeterministicID(true);
    writer.write();
    const auto written = writer.getBufferSharedPointer();
    return std::string(reinterpret_cast<const char*>(written->getBuffer()), written->getSize());
  } catch (const std::exception& error) {
    return Malformed(error.what());
  }
}

Result<std::string> CertificateIn(std::string_view pdf) {
  if (pdf.size() > kPdfSizeMax) {
    return Invalid("PDF_TOO_LARGE",
                   fmt::format("the PDF has {} bytes, want at most {}", pdf.size(), kPdfSizeMax));
  }
  // The bound is the process's.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  try {
    const GrowthBound bound;
    return FindAttachment(pdf);
  } catch (const std::bad_alloc&) {
    return Malformed("it unpacks to more than memory is given for it");
  } catch (const std::exception& error) {
    return Malformed(error.what());
  }
}

}  // namespace yima
