#ifndef YIMA_CODEGEN_LABEL_FIELDS_H_
#define YIMA_CODEGEN_LABEL_FIELDS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "codegen/code/code_text.h"

namespace yima::label {

/// What may stand on one label; UTF-8, at most 4,096 bytes each. Empty ones leave their line out.
struct LabelFields {
  std::string code_text;  ///< Origin and body: what the symbol holds. The one that must be there.
  std::string short_number;  ///< Empty: worked out from the code text. Else it must agree with it.
  std::string facility_code;
  std::string class_code;
  std::string class_name;
  std::string name;
  std::string supervisor;
  std::string owner;
  std::string maintainer;
  std::string supervisor_state;  ///< How sure the right is, in a word: 在册, 认领, 确权, 无主.
  std::string owner_state;
  std::string maintainer_state;
  std::string contact;  ///< Whom to tell of a fault: whose telephone it is.
  std::string telephone;
  std::string note;
  std::string facility;  ///< What the manifest calls it when it has no code; never printed.
};

/// A field that a template may print, by the name it has there.
struct PrintedField {
  const char* name;
  std::string LabelFields::*text;
};
std::span<const PrintedField> PrintedFields();

/// Fields that can be drawn: the code text taken apart, the short number filled in. Refuses a code
/// text that is not of format 1 (CODE_TEXT_MALFORMED), the short number of another serial
/// (SHORT_NUMBER_MISMATCH), a field that is too long (FIELD_TOO_LONG) or not UTF-8
/// (FIELD_NOT_UTF8). A plate is cast once, so this is asked of every label.
Result<LabelFields> CheckFields(LabelFields fields);

/// The serial in the code text; CODE_TEXT_MALFORMED.
Result<Serial> SerialOf(const LabelFields& fields);

/// What came out otherwise than asked for. Labels with warnings are whole, and can be used.
struct LabelWarnings {
  /// As many are kept, in the labels' order within each file.
  static constexpr size_t kExamplesMax = 20;

  uint64_t ellipses = 0;            ///< Texts cut short although at their smallest size.
  uint64_t missing_characters = 0;  ///< Characters that no font has; shown as 〓.
  std::vector<std::string> examples;  ///< `B1234-…: "晋城市…" does not fit 27 mm at 1.8 mm …`.

  void AddExample(std::string example);
  void Merge(LabelWarnings other);
  bool empty() const { return ellipses == 0 && missing_characters == 0; }
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_FIELDS_H_
