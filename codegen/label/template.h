#ifndef YIMA_CODEGEN_LABEL_TEMPLATE_H_
#define YIMA_CODEGEN_LABEL_TEMPLATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "codegen/label/fields.h"
#include "codegen/label/symbol.h"

namespace yima::label {

/// Smallest module that a phone reads off a worn plate at arm's length.
constexpr double kModuleMinMm = 0.35;

/// Millimetres from the label's upper left corner, x to the right, y down.
struct Box {
  double x_mm = 0;
  double y_mm = 0;
  double width_mm = 0;
  double height_mm = 0;

  double right_mm() const { return x_mm + width_mm; }
  double bottom_mm() const { return y_mm + height_mm; }
};

enum class Shape { kRect, kRound };
enum class Align { kLeft, kCenter, kRight };

/// One printed line: words with fields in them.
struct TextLine {
  struct Piece {
    std::string words;                          ///< Printed before the field.
    std::string LabelFields::*field = nullptr;  ///< Null: words alone.
  };
  std::vector<Piece> pieces;
  Box box;
  double size_mm = 0;      ///< The em: a Han character is that wide and high.
  double min_size_mm = 0;  ///< A text that is too long shrinks down to this.
  Align align = Align::kCenter;
  bool bold = false;

  /// The line for a label; empty when it names fields and all of them are empty.
  std::string Fill(const LabelFields& fields) const;
};

/// A label as data: templates/README.md has the schema. What a Parse or Load gave is sound: texts
/// and symbol lie inside the shape, and nothing lies in the symbol's quiet zone.
struct Template {
  std::string name;
  Shape shape = Shape::kRect;
  double width_mm = 0;
  double height_mm = 0;         ///< Of a round one equal to the width.
  double corner_mm = 0;         ///< Radius of a rectangle's corners.
  double outline_mm = 0;        ///< Width of the printed border; 0 is none.
  double outline_inset_mm = 0;  ///< From the label's edge to the border's outer side.
  bool cut_line = false;        ///< A hairline along the label's edge.
  Level level = Level::kQ;
  Box symbol;  ///< A square that holds the quiet zone too.
  int quiet_modules = kQuietModulesMin;
  std::vector<TextLine> lines;

  /// From TOML. `source` names it in messages: `my.toml:12: …`. TEMPLATE_MALFORMED,
  /// TEMPLATE_VALUE_OUT_OF_RANGE, FIELD_OUTSIDE_LABEL, FIELD_OVERLAPS_QUIET_ZONE.
  static Result<Template> Parse(std::string_view toml, const std::string& source);
  /// One of BuiltInNames(), or else the path of a file. TEMPLATE_UNKNOWN, FILE_UNREADABLE.
  static Result<Template> Load(const std::string& name_or_path);
  static std::vector<std::string> BuiltInNames();
};

/// How large a code's symbol comes out on a template.
struct SymbolFit {
  int version = 0;
  int size = 0;  ///< Modules a side, without quiet zone.
  double module_mm = 0;
};

/// A module of a symbol with so many modules a side.
double ModuleMm(const Template& label_template, int symbol_size);

/// The symbol of a code for a template. CODE_TEXT_MALFORMED, what MakeSymbol refuses, and
/// MODULE_TOO_SMALL below kModuleMinMm: it says which size or level would do. Thread-safe.
Result<Symbol> MakeTemplateSymbol(const Template& label_template, std::string_view code_text);

/// The same, for its sizes alone.
Result<SymbolFit> FitSymbol(const Template& label_template, std::string_view code_text);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_TEMPLATE_H_
