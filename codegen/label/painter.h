#ifndef YIMA_CODEGEN_LABEL_PAINTER_H_
#define YIMA_CODEGEN_LABEL_PAINTER_H_

#include "codegen/label/drawing.h"
#include "codegen/label/fields.h"
#include "codegen/label/template.h"
#include "codegen/label/text.h"

namespace yima::label {

/// Puts a label's border and cut line into a drawing, its upper left corner at x, y.
void PlaceOutline(const Template& label_template, double x_mm, double y_mm, Drawing* drawing);

/// Puts what is different on each label, symbol and words, into a drawing, and gives how the symbol
/// came out. `fields` went through CheckFields. MODULE_TOO_SMALL and what MakeSymbol refuses.
Result<SymbolFit> PlaceLabel(const Template& label_template, const LabelFields& fields, double x_mm,
                             double y_mm, TextSetter& setter, Drawing* drawing,
                             LabelWarnings* warnings);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_PAINTER_H_
