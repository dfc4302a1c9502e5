#include "tests/client/ledger_file.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include <iconv.h>
#include <stdlib.h>

namespace yima::ledger {

LedgerFile::LedgerFile(std::string_view bytes, std::string_view name) {
  std::string folder = (std::filesystem::temp_directory_path() / "yima-ledger-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = std::filesystem::path(folder) / name;
  std::ofstream(path_, std::ios::binary) << bytes;
}

LedgerFile::~LedgerFile() {
  std::error_code ignored;
  std::filesystem::remove_all(folder(), ignored);
}

std::string Encode(std::string_view utf8, const char* encoding) {
  const iconv_t converter = iconv_open(encoding, "UTF-8");
  std::string bytes(utf8.size() * 4 + 8, '\0');
  std::string input(utf8);
  char* in = input.data();
  char* out = bytes.data();
  size_t left = input.size();
  size_t room = bytes.size();
  const size_t done = iconv(converter, &in, &left, &out, &room);
  iconv_close(converter);
  if (done == static_cast<size_t>(-1)) throw std::runtime_error("not to be encoded");
  bytes.resize(bytes.size() - room);
  return bytes;
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Records ReadRecords(std::string_view bytes) {
  const LedgerFile file(bytes);
  Records result;
  auto source = TextSource::Open(file.path());
  if (!source) {
    result.error = source.error();
    return result;
  }
  CsvReader reader(*std::move(source), "ledger.csv");
  CsvRecord record;
  for (;;) {
    const auto more = reader.Next(record);
    if (!more) result.error = more.error();
    if (!more || !*more) return result;
    result.records.push_back(record);
  }
}

Result<std::vector<LedgerRow>> ReadLedger(const std::string& path, LedgerOptions options) {
  YIMA_ASSIGN_OR_RETURN(LedgerReader reader, LedgerReader::Open(path, std::move(options)));
  std::vector<LedgerRow> rows;
  for (LedgerRow row;;) {
    YIMA_ASSIGN_OR_RETURN(const bool more, reader.Next(row));
    if (!more) return rows;
    rows.push_back(row);
  }
}

}  // namespace yima::ledger
