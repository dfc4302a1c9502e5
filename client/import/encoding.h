#ifndef YIMA_CLIENT_IMPORT_ENCODING_H_
#define YIMA_CLIENT_IMPORT_ENCODING_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "codegen/code/result.h"

namespace yima::ledger {

/// What the bytes of a text file turned out to be.
enum class Encoding {
  kAscii,  ///< Nothing seen yet that would tell the two below apart.
  kUtf8,
  kGb18030,
};

std::string_view EncodingName(Encoding encoding);

/// Tells UTF-8 from GB18030 by a sample of at least a few characters; ENCODING_UNSUPPORTED when it
/// looks like Big5 or Shift-JIS, which would read as wrong Chinese without any broken byte.
Result<Encoding> RecogniseEncoding(std::string_view sample);

/// Refuses, by a file's first bytes, what is no text in an encoding that we read: UTF-16 and
/// UTF-32 (ENCODING_UNSUPPORTED), spreadsheets, archives and anything with NUL bytes
/// (NOT_A_TEXT_FILE).
Result<void> CheckTextFile(std::string_view head);

/// A file's text as UTF-8, in pieces, whatever of the two encodings it was written in. Memory stays
/// below 1 MiB for files of any size. Not thread-safe.
///
/// A byte that is no part of any character becomes U+FFFD, so that whoever reads can tell on which
/// line it stands and go on behind it.
class TextSource {
 public:
  /// "-" is standard input. FILE_UNREADABLE, FILE_EMPTY, and those of CheckTextFile.
  static Result<std::unique_ptr<TextSource>> Open(const std::string& path);
  ~TextSource();
  TextSource(const TextSource&) = delete;
  TextSource& operator=(const TextSource&) = delete;

  /// Appends the next piece to `text`; false when there is no more.
  Result<bool> Read(std::string& text);

  Encoding encoding() const { return encoding_; }

 private:
  explicit TextSource(std::FILE* file) : file_(file) {}
  Result<void> Fill(size_t bytes);
  Result<void> Recognise(size_t first);
  void ConvertUtf8(std::string& text);
  void ConvertGb18030(std::string& text);

  std::FILE* file_;
  std::string pending_;  // Bytes read and not yet handed on.
  bool at_end_ = false;
  Encoding encoding_ = Encoding::kAscii;
  void* converter_ = nullptr;  // iconv_t; only for GB18030.
};

/// Bytes of the UTF-8 sequence that `text` begins with, 1 to 4; 0 when it is broken, -1 when it is
/// sound so far and cut short.
int Utf8Length(std::string_view text);

}  // namespace yima::ledger

#endif  // YIMA_CLIENT_IMPORT_ENCODING_H_
