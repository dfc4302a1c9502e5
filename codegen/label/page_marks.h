#ifndef YIMA_CODEGEN_LABEL_PAGE_MARKS_H_
#define YIMA_CODEGEN_LABEL_PAGE_MARKS_H_

#include <string>

#include "codegen/label/drawing.h"
#include "codegen/label/page.h"
#include "codegen/label/text.h"

namespace yima::label {

/// What a page's footer says.
struct PageFacts {
  const std::string& path;  ///< Of the file; its name is printed.
  uint32_t number = 1;
  SymbolFit fit;
};

/// Puts marks at the corners of the labels, outside of them, into the drawing.
void PlaceCropMarks(const Page& page, Drawing* drawing);

/// Puts file, page, module size and a line to measure the print by at the sheet's lower edge, if
/// the page has a footer and there is room.
void PlaceFooter(const Page& page, const Template& label_template, const PageFacts& facts,
                 TextSetter& setter, Drawing* drawing);

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_PAGE_MARKS_H_
