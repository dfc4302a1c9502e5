#include "client/certificate/pdf_attachment.h"

#include <string>

#include <gtest/gtest.h>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFEFStreamObjectHelper.hh>
#include <qpdf/QPDFEmbeddedFileDocumentHelper.hh>
#include <qpdf/QPDFFileSpecObjectHelper.hh>
#include <qpdf/QPDFWriter.hh>

#include "codegen/label/certificate_page.h"

namespace yima {
namespace {

constexpr TimeUs kIssued = 1'795'000'000'000'000;

std::string Page() {
  auto printer = label::CertificatePrinter::Create();
  EXPECT_TRUE(printer);
  label::CertificatePage page;
  page.number = "7-1-40";
  page.issued = kIssued;
  return *printer->Draw(page);
}

struct Attachment {
  std::string key;
  std::string name;
  std::string type;
  std::string content;
};

std::string With(const std::vector<Attachment>& attachments, bool object_streams = false) {
  const std::string page = Page();
  QPDF pdf;
  pdf.processMemoryFile("page", page.data(), page.size());
  for (const auto& each : attachments) {
    auto stream = QPDFEFStreamObjectHelper::createEFStream(pdf, each.content);
    stream.setSubtype(each.type);
    QPDFEmbeddedFileDocumentHelper(pdf).replaceEmbeddedFile(
        each.key, QPDFFileSpecObjectHelper::createFileSpec(pdf, each.name, stream));
  }
  QPDFWriter writer(pdf);
  writer.setOutputMemory();
  if (object_streams) writer.setObjectStreamMode(qpdf_o_generate);
  writer.write();
  const auto written = writer.getBufferSharedPointer();
  return {reinterpret_cast<const char*>(written->getBuffer()), written->getSize()};
}

std::string ReasonOf(const std::string& pdf) {
  const auto found = CertificateIn(pdf);
  return found ? "" : found.error().reason;
}

TEST(PdfAttachmentTest, GivesBackWhatWasAttached) {
  const std::string certificate("bytes \0 of\n\xff a certificate", 26);
  const auto pdf = AttachCertificate(Page(), certificate, kIssued);
  ASSERT_TRUE(pdf) << pdf.error().message;
  EXPECT_TRUE(LooksLikePdf(*pdf));
  const auto found = CertificateIn(*pdf);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, certificate);
}

TEST(PdfAttachmentTest, TheSamePageGivesTheSameBytes) {
  EXPECT_EQ(Page(), Page());
  EXPECT_EQ(*AttachCertificate(Page(), "certificate", kIssued),
            *AttachCertificate(Page(), "certificate", kIssued));
}

TEST(PdfAttachmentTest, IsFoundInPdfsThatOtherProgramsWrote) {
  EXPECT_EQ(*CertificateIn(With({{"a", "certificate.yima", "x/y", "1"}}, true)), "1");
  EXPECT_EQ(*CertificateIn(With({{"b", "renamed", kCertificateMediaType, "2"}})), "2");
  EXPECT_EQ(*CertificateIn(With({{"scan", "scan.txt", "text/plain", "-"},
                                 {"z", "certificate.yima", kCertificateMediaType, "3"}})),
            "3");
}

TEST(PdfAttachmentTest, NoneIsRefused) {
  EXPECT_EQ(ReasonOf(Page()), "CERTIFICATE_ATTACHMENT_MISSING");
  EXPECT_EQ(ReasonOf(With({{"scan", "scan.txt", "text/plain", "-"}})),
            "CERTIFICATE_ATTACHMENT_MISSING");
}

TEST(PdfAttachmentTest, SeveralAreRefused) {
  EXPECT_EQ(ReasonOf(With({{"a", "certificate.yima", kCertificateMediaType, "1"},
                           {"b", "certificate.yima", kCertificateMediaType, "1"}})),
            "CERTIFICATE_ATTACHMENTS_SEVERAL");
  EXPECT_EQ(ReasonOf(With({{"a", "certificate.yima", "x/y", "1"},
                           {"b", "other", kCertificateMediaType, "2"}})),
            "CERTIFICATE_ATTACHMENTS_SEVERAL");
}

TEST(PdfAttachmentTest, WhatUnpacksTooLargeIsRefused) {
  const std::string bomb(size_t{300} << 20, 'a');
  EXPECT_EQ(ReasonOf(With({{"a", "certificate.yima", kCertificateMediaType, bomb}})),
            "CERTIFICATE_ATTACHMENT_TOO_LARGE");
  EXPECT_EQ(ReasonOf(std::string((size_t{16} << 20) + 1, '%')), "PDF_TOO_LARGE");
}

TEST(PdfAttachmentTest, ATruncatedPdfIsRefused) {
  const std::string pdf = *AttachCertificate(Page(), "certificate", kIssued);
  for (size_t size = 0; size < pdf.size() - 10; size += 97) {
    EXPECT_NE(ReasonOf(pdf.substr(0, size)), "") << size;
  }
}

TEST(PdfAttachmentTest, DamagedBytesAreRefusedOrChangeNothingAtAll) {
  const std::string pdf = *AttachCertificate(Page(), "certificate", kIssued);
  ::testing::internal::CaptureStderr();
  for (size_t i = 0; i < pdf.size(); i += 31) {
    std::string damaged = pdf;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x15);
    static_cast<void>(CertificateIn(damaged));
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(PdfAttachmentTest, WhatIsNoPdfIsRefused) {
  EXPECT_FALSE(LooksLikePdf("certificate"));
  EXPECT_EQ(ReasonOf(""), "PDF_MALFORMED");
  EXPECT_EQ(ReasonOf("%PDF-1.7\nnothing"), "PDF_MALFORMED");
}

}  // namespace
}  // namespace yima
