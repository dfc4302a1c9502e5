#ifndef YIMA_CODEGEN_LABEL_SHEET_FILE_H_
#define YIMA_CODEGEN_LABEL_SHEET_FILE_H_

#include <atomic>
#include <string>
#include <vector>

#include "codegen/label/output_file.h"
#include "codegen/label/sheet.h"
#include "codegen/label/text.h"

namespace yima::label {

/// One PDF, written and closed.
struct SheetFile {
  OutputFile file;
  uint64_t pages = 0;
  SymbolFit fit;
  LabelWarnings warnings;
};

/// Writes one PDF. `labels` are in the order of their pages. Gives up early, with an Error that
/// nobody reads, when `stop` is set. Thread-safe as long as each thread has its own setter.
Result<SheetFile> WriteSheetFile(const Template& label_template, const Page& page,
                                 const std::vector<PlacedLabel>& labels, const std::string& path,
                                 TextSetter& setter, const std::atomic<bool>& stop);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_SHEET_FILE_H_
