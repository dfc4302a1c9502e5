#include "codegen/label/painter.h"

#include <algorithm>

#include <fmt/format.h>

namespace yima::label {
namespace {

constexpr double kCutLineMm = 0.1;

void Note(const SetText& set, const TextLine& line, const std::string& text,
          const LabelFields& fields, LabelWarnings* warnings) {
  if (set.ellipsis) {
    ++warnings->ellipses;
    warnings->AddExample(fmt::format("{}: \"{}\" does not fit {} mm at {} mm", fields.short_number,
                                     text, line.box.width_mm, line.min_size_mm));
  }
  if (set.missing_characters > 0) {
    warnings->missing_characters += set.missing_characters;
    warnings->AddExample(fmt::format("{}: no font has {} of the characters of \"{}\"",
                                     fields.short_number, set.missing_characters, text));
  }
}

double StartMm(const TextLine& line, double width_mm) {
  const double room_mm = line.box.width_mm - width_mm;
  switch (line.align) {
    case Align::kLeft:
      return line.box.x_mm;
    case Align::kCenter:
      return line.box.x_mm + room_mm / 2;
    case Align::kRight:
      return line.box.x_mm + room_mm;
  }
  return line.box.x_mm;
}

void PlaceLine(const TextLine& line, const LabelFields& fields, double x_mm, double y_mm,
               TextSetter& setter, Drawing* drawing, LabelWarnings* warnings) {
  const std::string text = line.Fill(fields);
  if (text.empty()) return;
  const SetText& set = setter.Set(text, line);
  Note(set, line, text, fields, warnings);
  drawing->AddText(
      set, x_mm + StartMm(line, set.width_mm),
      y_mm + line.box.y_mm + line.box.height_mm / 2 + kMiddleToBaselineEm * set.size_mm);
}

bool Prints(const Template& label, std::string LabelFields::*field) {
  return std::ranges::any_of(label.lines, [field](const TextLine& line) {
    return std::ranges::any_of(line.pieces,
                               [field](const auto& piece) { return piece.field == field; });
  });
}

/// Ledgers often name a lamp "lamp": once on a label is enough.
bool RepeatsClassName(const Template& label, const LabelFields& fields) {
  return fields.name == fields.class_name && Prints(label, &LabelFields::name) &&
         Prints(label, &LabelFields::class_name);
}

}  // namespace

void PlaceOutline(const Template& label, double x_mm, double y_mm, Drawing* drawing) {
  const Box edge{x_mm, y_mm, label.width_mm, label.height_mm};
  if (label.cut_line) drawing->AddBorder(edge, label.shape, label.corner_mm, kCutLineMm);
  if (label.outline_mm <= 0) return;
  const double inset_mm = label.outline_inset_mm + label.outline_mm / 2;
  const Box box{x_mm + inset_mm, y_mm + inset_mm, label.width_mm - 2 * inset_mm,
                label.height_mm - 2 * inset_mm};
  drawing->AddBorder(box, label.shape, std::max(label.corner_mm - inset_mm, 0.0), label.outline_mm);
}

Result<SymbolFit> PlaceLabel(const Template& label_template, const LabelFields& fields, double x_mm,
                             double y_mm, TextSetter& setter, Drawing* drawing,
                             LabelWarnings* warnings) {
  YIMA_ASSIGN_OR_RETURN(Symbol symbol, MakeTemplateSymbol(label_template, fields.code_text));
  const SymbolFit fit{symbol.version, symbol.size, ModuleMm(label_template, symbol.size)};
  const double quiet_mm = fit.module_mm * label_template.quiet_modules;
  const double side_mm = fit.module_mm * symbol.size;
  drawing->AddSymbol(std::move(symbol),
                     {x_mm + label_template.symbol.x_mm + quiet_mm,
                      y_mm + label_template.symbol.y_mm + quiet_mm, side_mm, side_mm});
  LabelFields shortened;
  const bool repeats = RepeatsClassName(label_template, fields);
  if (repeats) {
    shortened = fields;
    shortened.name.clear();
  }
  for (const TextLine& line : label_template.lines)
    PlaceLine(line, repeats ? shortened : fields, x_mm, y_mm, setter, drawing, warnings);
  return fit;
}

}  // namespace yima::label
