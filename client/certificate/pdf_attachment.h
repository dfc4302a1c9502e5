#ifndef YIMA_CLIENT_CERTIFICATE_PDF_ATTACHMENT_H_
#define YIMA_CLIENT_CERTIFICATE_PDF_ATTACHMENT_H_

#include <string>
#include <string_view>

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima {

/// What the machine file is called within a PDF.
inline constexpr const char* kCertificateFileName = "certificate.yima";
inline constexpr const char* kCertificateMediaType = "application/vnd.yima.certificate";

/// Whether bytes are meant as a PDF.
bool LooksLikePdf(std::string_view bytes);

/// The PDF with the certificate's machine file attached; the same input gives the same bytes.
/// PDF_MALFORMED. Thread-safe.
Result<std::string> AttachCertificate(std::string_view pdf, std::string_view certificate,
                                      TimeUs issued);

/// The machine file in a stranger's PDF: the one attachment of that name or type. Others are not
/// looked at. Nothing is repaired, and the process grows by some 512 MiB at most meanwhile,
/// whatever the PDF unpacks to. Thread-safe, one at a time. PDF_TOO_LARGE, PDF_MALFORMED,
/// CERTIFICATE_ATTACHMENT_MISSING, CERTIFICATE_ATTACHMENTS_SEVERAL,
/// CERTIFICATE_ATTACHMENT_TOO_LARGE (INVALID_ARGUMENT).
Result<std::string> CertificateIn(std::string_view pdf);

}  // namespace yima

#endif  // YIMA_CLIENT_CERTIFICATE_PDF_ATTACHMENT_H_
