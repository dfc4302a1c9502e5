#include "client/import/csv.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "client/import/values.h"

namespace yima::ledger {
namespace {

constexpr size_t kHeaderPeekBytes = 64 * 1024;
constexpr std::string_view kLostCharacter = "\xEF\xBF\xBD";

bool IsControl(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

/// A cell's fault, under its header.
Error InColumn(std::string reason, const std::vector<std::string>& header, size_t place,
               std::string_view fault) {
  constexpr size_t kHeaderShownMax = 100;
  const std::string_view name = place < header.size() ? Trim(header[place]) : std::string_view();
  if (name.empty() || name.size() > kHeaderShownMax) {
    return Error{StatusCode::kInvalidArgument, std::move(reason),
                 fmt::format("column {} {}", place + 1, fault), ""};
  }
  return Error{StatusCode::kInvalidArgument, std::move(reason),
               fmt::format("column \"{}\" {}", name, fault), std::string(name)};
}

std::optional<Error> FindBadCharacter(const CsvRecord& record,
                                      const std::vector<std::string>& header, Encoding encoding) {
  for (size_t i = 0; i < record.fields.size(); ++i) {
    const std::string& field = record.fields[i];
    const auto control = std::find_if(field.begin(), field.end(), IsControl);
    if (control != field.end()) {
      return InColumn("CONTROL_CHARACTER", header, i,
                      fmt::format("has the control character U+{:04X}",
                                  static_cast<unsigned>(static_cast<uint8_t>(*control))));
    }
    if (field.find(kLostCharacter) != std::string::npos) {
      return InColumn("BROKEN_CHARACTER", header, i,
                      fmt::format("has a byte that is not {} (or U+FFFD, a character lost before)",
                                  EncodingName(encoding)));
    }
  }
  return std::nullopt;
}

}  // namespace

void AppendCsvField(std::string& line, std::string_view field, char delimiter) {
  const char special[] = {'"', '\n', '\r', delimiter};
  if (field.find_first_of(std::string_view(special, sizeof special)) == std::string_view::npos) {
    line += field;
    return;
  }
  line += '"';
  for (const char c : field) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

// The record being read. Fields beyond its limits are not kept, only noticed.
struct CsvReader::Building {
  CsvRecord& record;
  size_t count = 0;  // Fields finished.
  size_t bytes = 0;
  bool too_long = false;
  std::string* field = nullptr;

  void StartField() {
    if (count >= kFieldsMax) {
      too_many = true;
      return;
    }
    if (record.fields.size() <= count) record.fields.emplace_back();
    field = &record.fields[count++];
    field->clear();
  }
  void Append(const char* begin, size_t size) {
    if (field->size() + size > kFieldBytesMax || bytes + size > kRecordBytesMax) {
      if (!too_long) long_column = count;
      too_long = true;
      return;
    }
    field->append(begin, size);
    bytes += size;
  }

  bool too_many = false;
  size_t long_column = 0;
};

CsvReader::CsvReader(std::unique_ptr<TextSource> source, std::string name)
    : source_(std::move(source)), name_(std::move(name)) {}

Result<bool> CsvReader::More() {
  text_.erase(0, at_);
  at_ = 0;
  const size_t old = text_.size();
  // A piece may hold nothing but the first half of a character.
  while (text_.size() == old) {
    auto more = source_->Read(text_);
    if (!more) {
      Error error = std::move(more).error();
      error.field = fmt::format("{}:{}", name_, line_);
      error.message = fmt::format("{}: {}", error.field, error.message);
      return tl::unexpected<Error>(std::move(error));
    }
    if (!*more) return false;
  }
  return true;
}

Result<void> CsvReader::FindDelimiter() {
  while (text_.size() < kHeaderPeekBytes && text_.find('\n') == std::string::npos) {
    YIMA_ASSIGN_OR_RETURN(const bool more, More());
    if (!more) break;
  }
  constexpr std::array<char, 3> kCandidates = {',', '\t', ';'};
  std::array<size_t, 3> counts = {};
  bool quoted = false;
  for (const char c : text_) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) break;
    const auto* found = std::find(kCandidates.begin(), kCandidates.end(), c);
    if (!quoted && found != kCandidates.end())
      ++counts[static_cast<size_t>(found - kCandidates.begin())];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  delimiter_ = kCandidates[static_cast<size_t>(most - counts.begin())];
  return {};
}

Result<void> CsvReader::Quoted(Building& building) {
  const uint64_t opened = line_;
  ++at_;
  for (;;) {
    const char* begin = text_.data() + at_;
    const size_t left = text_.size() - at_;
    const auto* quote = static_cast<const char*>(std::memchr(begin, '"', left));
    const size_t run = quote == nullptr ? left : static_cast<size_t>(quote - begin);
    line_ += static_cast<uint64_t>(std::count(begin, begin + run, '\n'));
    building.Append(begin, run);
    at_ += run;
    if (quote == nullptr) {
      YIMA_ASSIGN_OR_RETURN(const bool more, More());
      if (more) continue;
      const std::string place = fmt::format("{}:{}", name_, opened);
      return Invalid("QUOTE_UNCLOSED",
                     place + ": the file ends inside quotes that were opened on this line", place);
    }
    ++at_;
    if (at_ == text_.size()) {
      YIMA_RETURN_IF_ERROR(More());
    }
    if (at_ == text_.size() || text_[at_] != '"') return {};
    building.Append("\"", 1);
    ++at_;
  }
}

// Reads up to the field's end; true when the record goes on behind it.
Result<bool> CsvReader::Plain(Building& building) {
  for (;;) {
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    const char* stop = begin;
    while (stop != end && *stop != delimiter_ && *stop != '\n') ++stop;
    building.Append(begin, static_cast<size_t>(stop - begin));
    at_ += static_cast<size_t>(stop - begin);
    if (stop != end) break;
    YIMA_ASSIGN_OR_RETURN(const bool more, More());
    if (!more) break;
  }
  const bool at_end = at_ == text_.size();
  if (!at_end && text_[at_] == delimiter_) {
    ++at_;
    return true;
  }
  if (building.field->ends_with('\r')) building.field->pop_back();
  if (!at_end) {
    ++at_;
    ++line_;
  }
  return false;
}

Result<bool> CsvReader::Next(CsvRecord& record) {
  if (delimiter_ == '\0') YIMA_RETURN_IF_ERROR(FindDelimiter());
  for (;;) {
    if (at_ == text_.size()) {
      YIMA_ASSIGN_OR_RETURN(const bool more, More());
      if (!more) return false;
    }
    record.line = line_;
    record.problem.reset();
    Building building{record};
    for (bool more_fields = true; more_fields;) {
      building.StartField();
      if (at_ == text_.size()) YIMA_RETURN_IF_ERROR(More());
      if (at_ < text_.size() && text_[at_] == '"') YIMA_RETURN_IF_ERROR(Quoted(building));
      YIMA_ASSIGN_OR_RETURN(more_fields, Plain(building));
    }
    record.fields.resize(building.count);
    if (building.count == 1 && record.fields[0].empty() && !building.too_long) continue;
    if (building.too_long) {
      record.problem = InColumn("FIELD_TOO_LONG", header_, building.long_column - 1,
                                fmt::format("is longer than {} bytes, or its record than {}",
                                            kFieldBytesMax, kRecordBytesMax));
    } else if (building.too_many) {
      record.problem = Error{StatusCode::kInvalidArgument, "TOO_MANY_FIELDS",
                             fmt::format("the record has more than {} fields", kFieldsMax), ""};
    } else {
      record.problem = FindBadCharacter(record, header_, encoding());
    }
    if (header_.empty() && !record.problem) header_ = record.fields;
    return true;
  }
}

}  // namespace yima::ledger
