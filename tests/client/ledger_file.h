#ifndef YIMA_TESTS_CLIENT_LEDGER_FILE_H_
#define YIMA_TESTS_CLIENT_LEDGER_FILE_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "client/import/ledger_reader.h"

namespace yima::ledger {

/// A file of its own folder, gone with the object.
class LedgerFile {
 public:
  explicit LedgerFile(std::string_view bytes, std::string_view name = "ledger.csv");
  ~LedgerFile();
  LedgerFile(const LedgerFile&) = delete;
  LedgerFile& operator=(const LedgerFile&) = delete;

  std::string path() const { return path_.string(); }
  std::filesystem::path folder() const { return path_.parent_path(); }

 private:
  std::filesystem::path path_;
};

/// UTF-8 text in another encoding, by iconv's name of it.
std::string Encode(std::string_view utf8, const char* encoding);

std::string ReadFile(const std::filesystem::path& path);

/// A file's records, and the Error that ended it, if one did.
struct Records {
  std::vector<CsvRecord> records;
  Error error;
};
Records ReadRecords(std::string_view bytes);

/// A ledger's rows, or why it can't be opened or read to its end.
Result<std::vector<LedgerRow>> ReadLedger(const std::string& path, LedgerOptions options);

}  // namespace yima::ledger

#endif  // YIMA_TESTS_CLIENT_LEDGER_FILE_H_
