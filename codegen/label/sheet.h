#ifndef YIMA_CODEGEN_LABEL_SHEET_H_
#define YIMA_CODEGEN_LABEL_SHEET_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codegen/label/fields.h"
#include "codegen/label/page.h"
#include "codegen/label/template.h"

namespace yima::label {

/// A label on its page; both count from 1.
struct PlacedLabel {
  LabelFields fields;
  uint32_t page = 1;
  int cell = 1;
  Box box;
};

/// A PDF that is finished and not yet published.
struct FinishedSheet {
  std::string path;        ///< Where it lies now.
  std::string final_path;  ///< Where it will lie.
  uint64_t number = 1;     ///< Among the files of the job.
  double module_min_mm = 0;
  const Page* page = nullptr;
  const std::vector<PlacedLabel>* labels = nullptr;  ///< In their order.
};

struct SheetOptions {
  /// The first PDF; those after it are `name-0002.pdf` …, the manifest
  /// `name.manifest.csv`.
  std::string path;
  int start_cell = 1;  ///< Of the first page, for sheets that are partly used up.
  /// A file ends with the page that holds this many: cairo keeps something of each label until
  /// then.
  uint32_t labels_per_file = 5'000;
  int threads = 0;  ///< 0: one for each core, at most 16. The files don't depend on it.
  /// Asked of each finished file, by several threads at once. Its Error ends the job.
  std::function<Result<void>(const FinishedSheet&)> check;
};

struct SheetReport {
  uint64_t labels = 0;
  uint64_t pages = 0;
  std::vector<std::string> files;  ///< Paths, in order.
  std::string manifest;
  /// Files that an earlier, longer job of the same name left beside these. They are not touched.
  std::vector<std::string> left_overs;
  SymbolFit fit;  ///< Of the smallest modules.
  LabelWarnings warnings;
};

/// Lays labels on pages and writes them as PDFs with a manifest: several files at a time on all
/// cores, in memory that does not grow with the job. Every file appears whole or not at all, and
/// none before Publish. Not thread-safe.
class SheetWriter {
 public:
  /// START_CELL_OUT_OF_RANGE, FONT_MISSING, FOLDER_MISSING, FILE_UNWRITABLE; FILE_IN_THE_WAY when
  /// what lies at the place of the first PDF or of the manifest is none.
  static Result<std::unique_ptr<SheetWriter>> Create(const Template& label_template,
                                                     const Page& page, const SheetOptions& options);
  /// Stops what is under way and removes what is not published.
  ~SheetWriter();
  SheetWriter(const SheetWriter&) = delete;
  SheetWriter& operator=(const SheetWriter&) = delete;

  /// Takes the next label; waits when too many are under way. What CheckFields refuses, and
  /// whatever went wrong with labels before it: MODULE_TOO_SMALL, DISK_FULL, what the check said.
  Result<void> Add(LabelFields fields);

  /// Waits for all files. LABELS_MISSING when there was none.
  Result<SheetReport> Close();

  /// Gives the files their names, the manifest's last.
  Result<void> Publish();

 private:
  class Impl;
  explicit SheetWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_SHEET_H_
