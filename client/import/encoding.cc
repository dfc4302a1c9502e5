#include "client/import/encoding.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <iconv.h>

namespace yima::ledger {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr size_t kSampleBytes = 256 * 1024;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

uint8_t Byte(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

size_t FirstNonAscii(std::string_view text, size_t from) {
  while (from < text.size() && Byte(text, from) < 0x80) ++from;
  return from;
}

// Double-byte characters of a sample, and how many have the lead bytes that give an encoding away.
struct LeadCount {
  size_t pairs = 0;
  size_t kana_or_big5 = 0;  // A4, A5: kana in GB18030, the commonest characters in Big5.
  size_t low = 0;           // 81–A0: never in Big5.
  size_t sjis_kana = 0;     // 82, 83: kana in Shift-JIS, rare characters in GB18030.
};

LeadCount CountLeads(std::string_view sample) {
  LeadCount count;
  for (size_t i = 0; i + 1 < sample.size(); ++i) {
    const uint8_t lead = Byte(sample, i);
    if (lead < 0x81) continue;
    ++count.pairs;
    if (lead == 0xA4 || lead == 0xA5) ++count.kana_or_big5;
    if (lead <= 0xA0) ++count.low;
    if (lead == 0x82 || lead == 0x83) ++count.sjis_kana;
    const bool four_bytes = Byte(sample, i + 1) >= 0x30 && Byte(sample, i + 1) <= 0x39;
    i += four_bytes ? 3 : 1;
  }
  return count;
}

}  // namespace

std::string_view EncodingName(Encoding encoding) {
  switch (encoding) {
    case Encoding::kAscii:
      return "ASCII";
    case Encoding::kUtf8:
      return "UTF-8";
    case Encoding::kGb18030:
      return "GB18030";
  }
  return "";
}

int Utf8Length(std::string_view text) {
  const uint8_t lead = Byte(text, 0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (int i = 1; i < length; ++i) {
    if (static_cast<size_t>(i) >= text.size()) return -1;
    const uint8_t byte = Byte(text, static_cast<size_t>(i));
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    // The second byte excludes overlong forms, surrogates and what lies above U+10FFFF.
    if (i == 1 && lead == 0xE0) low = 0xA0;
    if (i == 1 && lead == 0xED) high = 0x9F;
    if (i == 1 && lead == 0xF0) low = 0x90;
    if (i == 1 && lead == 0xF4) high = 0x8F;
    if (byte < low || byte > high) return 0;
  }
  return length;
}

Result<Encoding> RecogniseEncoding(std::string_view sample) {
  size_t long_sequences = 0;
  size_t broken = 0;
  for (size_t i = 0; i < sample.size();) {
    const int length = Utf8Length(sample.substr(i));
    if (length < 0) break;
    if (length == 0) ++broken;
    // Two-byte sequences are common in GB18030 by chance, longer ones are not.
    if (length >= 3) ++long_sequences;
    i += static_cast<size_t>(std::max(length, 1));
  }
  if (broken == 0 || long_sequences > 2 * broken) return Encoding::kUtf8;

  const LeadCount count = CountLeads(sample);
  if (count.pairs >= 4 && count.low == 0 && count.kana_or_big5 * 20 >= count.pairs) {
    return Invalid("ENCODING_UNSUPPORTED", "the text looks like Big5, want UTF-8 or GB18030");
  }
  if (count.pairs >= 4 && count.sjis_kana * 10 >= count.pairs * 3) {
    return Invalid("ENCODING_UNSUPPORTED", "the text looks like Shift-JIS, want UTF-8 or GB18030");
  }
  return Encoding::kGb18030;
}

Result<void> CheckTextFile(std::string_view head) {
  using std::string_view_literals::operator""sv;
  struct Signature {
    std::string_view bytes;
    std::string_view reason;
    std::string_view what;
  };
  // UTF-32's little-endian mark begins with UTF-16's.
  static constexpr Signature kSignatures[] = {
      {"\xFF\xFE\0\0"sv, "ENCODING_UNSUPPORTED", "UTF-32 text"},
      {"\0\0\xFE\xFF"sv, "ENCODING_UNSUPPORTED", "UTF-32 text"},
      {"\xFF\xFE"sv, "ENCODING_UNSUPPORTED", "UTF-16 text (Excel's \"Unicode text\")"},
      {"\xFE\xFF"sv, "ENCODING_UNSUPPORTED", "UTF-16 text (Excel's \"Unicode text\")"},
      {"PK\x03\x04"sv, "NOT_A_TEXT_FILE", "an Excel workbook (xlsx) or a zip archive"},
      {"\xD0\xCF\x11\xE0"sv, "NOT_A_TEXT_FILE", "an Excel workbook (xls)"},
      {"%PDF"sv, "NOT_A_TEXT_FILE", "a PDF document"},
      {"\x1F\x8B"sv, "NOT_A_TEXT_FILE", "a gzip archive"},
      {"\xFD"
       "7zXZ"sv,
       "NOT_A_TEXT_FILE", "an xz archive"},
  };
  for (const Signature& signature : kSignatures) {
    if (!head.starts_with(signature.bytes)) continue;
    return Invalid(
        std::string(signature.reason),
        fmt::format("the file is {}, want CSV text in UTF-8 or GB18030", signature.what));
  }
  const size_t nul = head.find('\0');
  if (nul == std::string_view::npos) return {};
  const auto nuls = static_cast<size_t>(std::count(head.begin(), head.end(), '\0'));
  if (nuls * 4 > head.size()) {
    return Invalid("ENCODING_UNSUPPORTED",
                   "the file looks like UTF-16 text, want UTF-8 or GB18030");
  }
  return Invalid("NOT_A_TEXT_FILE",
                 fmt::format("the file is binary (NUL byte at offset {}), want CSV text", nul));
}

Result<std::unique_ptr<TextSource>> TextSource::Open(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return Fail(StatusCode::kNotFound, "FILE_UNREADABLE",
                fmt::format("{}: {}", path, std::strerror(errno)), path);
  }
  std::unique_ptr<TextSource> source(new TextSource(file));
  const auto at_file = [&](Error error) {
    error.message = fmt::format("{}: {}", path, error.message);
    error.field = path;
    return tl::unexpected<Error>(std::move(error));
  };
  if (auto filled = source->Fill(kPieceBytes); !filled) return at_file(filled.error());
  if (source->pending_.empty()) return Invalid("FILE_EMPTY", path + ": the file is empty", path);
  if (auto text = CheckTextFile(source->pending_); !text) return at_file(text.error());
  if (source->pending_.starts_with("\xEF\xBB\xBF")) {
    source->pending_.erase(0, 3);
    source->encoding_ = Encoding::kUtf8;
  }
  // A file whose first Chinese stands further down is judged when that is reached.
  const size_t first = FirstNonAscii(source->pending_, 0);
  if (source->encoding_ == Encoding::kAscii && first < source->pending_.size()) {
    if (auto known = source->Recognise(first); !known) return at_file(known.error());
  }
  return source;
}

TextSource::~TextSource() {
  if (converter_ != nullptr) iconv_close(converter_);
  if (file_ != stdin) std::fclose(file_);
}

Result<void> TextSource::Fill(size_t bytes) {
  while (!at_end_ && pending_.size() < bytes) {
    const size_t old = pending_.size();
    pending_.resize(old + kPieceBytes);
    const size_t got = std::fread(pending_.data() + old, 1, kPieceBytes, file_);
    pending_.resize(old + got);
    if (got == kPieceBytes) continue;
    if (std::ferror(file_) != 0) {
      return Fail(StatusCode::kInternal, "FILE_UNREADABLE",
                  fmt::format("cannot be read: {}", std::strerror(errno)));
    }
    at_end_ = true;
  }
  return {};
}

Result<void> TextSource::Recognise(size_t first) {
  YIMA_RETURN_IF_ERROR(Fill(first + kSampleBytes));
  YIMA_ASSIGN_OR_RETURN(encoding_, RecogniseEncoding(std::string_view(pending_).substr(first)));
  if (encoding_ != Encoding::kGb18030) return {};
  converter_ = iconv_open("UTF-8", "GB18030");
  if (converter_ == reinterpret_cast<iconv_t>(-1)) {
    converter_ = nullptr;
    return Fail(StatusCode::kUnimplemented, "ENCODING_UNSUPPORTED",
                "this system's iconv does not know GB18030: install its gconv modules");
  }
  return {};
}

Result<bool> TextSource::Read(std::string& text) {
  YIMA_RETURN_IF_ERROR(Fill(kPieceBytes));
  if (pending_.empty()) return false;
  if (encoding_ == Encoding::kAscii) {
    const size_t first = FirstNonAscii(pending_, 0);
    if (first == pending_.size()) {
      text += pending_;
      pending_.clear();
      return true;
    }
    YIMA_RETURN_IF_ERROR(Recognise(first));
  }
  if (encoding_ == Encoding::kUtf8) {
    ConvertUtf8(text);
  } else {
    ConvertGb18030(text);
  }
  return true;
}

void TextSource::ConvertUtf8(std::string& text) {
  const std::string_view bytes = pending_;
  size_t sound = 0;
  size_t i = FirstNonAscii(bytes, 0);
  for (; i < bytes.size(); i = FirstNonAscii(bytes, i)) {
    const int length = Utf8Length(bytes.substr(i));
    if (length < 0 && !at_end_) break;
    if (length > 0) {
      i += static_cast<size_t>(length);
      continue;
    }
    text.append(bytes.substr(sound, i - sound)).append(kReplacement);
    sound = ++i;
  }
  text.append(bytes.substr(sound, i - sound));
  pending_.erase(0, i);
}

void TextSource::ConvertGb18030(std::string& text) {
  char* in = pending_.data();
  size_t left = pending_.size();
  while (left > 0) {
    const size_t old = text.size();
    text.resize(old + 2 * left + 8);
    char* out = text.data() + old;
    size_t room = text.size() - old;
    const size_t done = iconv(converter_, &in, &left, &out, &room);
    const int why = errno;
    text.resize(text.size() - room);
    if (done != static_cast<size_t>(-1) || why == E2BIG) continue;
    if (why == EINVAL && !at_end_) break;  // The character's rest is in the next piece.
    text += kReplacement;
    ++in;
    --left;
  }
  pending_.erase(0, pending_.size() - left);
}

}  // namespace yima::ledger
