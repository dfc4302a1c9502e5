#ifndef YIMA_CODEGEN_LABEL_NOTICE_TABLE_H_
#define YIMA_CODEGEN_LABEL_NOTICE_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "codegen/code/result.h"

namespace yima::label {

/// What stands above the list of a notice 公示表. All UTF-8; what is empty is left out.
struct NoticeHead {
  std::string title;
  std::string authority;  ///< Who publishes it.
  std::string number;     ///< Digits: the notice's, which its page is found by.
  std::string period_zh;  ///< 2026年12月1日至2026年12月16日
  std::string period_en;
  std::string how_to_object;  ///< May be long: it is broken into lines.
  std::string summary;        ///< Of how many facilities and claims.
  std::string page_address;   ///< Up to the number: the symbol holds both. Empty: no symbol.
};

/// One claim of the list.
struct NoticeRow {
  std::string code;
  std::string name;
  std::string place;
  std::string right;
  std::string claimant;
  std::string recorded;  ///< Whom the ledger names.
};

/// Writes a notice as a PDF of A4 pages, row by row, in memory that grows by little for each. The
/// file appears whole or not at all. Not thread-safe.
class NoticeTable {
 public:
  /// FONT_MISSING, FOLDER_MISSING, FILE_UNWRITABLE, FILE_IN_THE_WAY when what lies there is no PDF.
  static Result<std::unique_ptr<NoticeTable>> Create(const std::string& path,
                                                     const NoticeHead& head);
  virtual ~NoticeTable() = default;
  NoticeTable(const NoticeTable&) = delete;
  NoticeTable& operator=(const NoticeTable&) = delete;

  virtual Result<void> Add(const NoticeRow& row) = 0;
  /// Ends the last page and gives the file its name; how many pages there are.
  virtual Result<uint64_t> Publish() = 0;

 protected:
  NoticeTable() = default;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_NOTICE_TABLE_H_
