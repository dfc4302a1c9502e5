#ifndef YIMA_CODEGEN_LABEL_MANIFEST_H_
#define YIMA_CODEGEN_LABEL_MANIFEST_H_

#include <cstdint>
#include <string>

#include "codegen/label/fields.h"
#include "codegen/label/output_file.h"

namespace yima::label {

/// The list for the workshop that makes the plates, in the ledger's order: a CSV file with the
/// columns file, page, cell (both from 1), serial, short_number, facility and text, which is the
/// whole code: what was lost between two backups is entered again from here. Not thread-safe.
class Manifest {
 public:
  /// As OutputFile::Create; FILE_IN_THE_WAY when another file has the name.
  static Result<Manifest> Create(const std::string& path);

  /// `file` is a name without folder.
  Result<void> Add(const std::string& file, uint64_t page, int cell, const LabelFields& fields);
  Result<void> Close() { return file_.Close(); }
  Result<void> Publish() { return file_.Publish(); }
  const std::string& path() const { return file_.path(); }

 private:
  explicit Manifest(OutputFile file) : file_(std::move(file)) {}
  OutputFile file_;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_MANIFEST_H_
