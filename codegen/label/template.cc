#include "codegen/label/template.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "codegen/label/embedded_templates.h"

namespace yima::label {
namespace {

/// Quotients of decimal fractions don't come out even.
constexpr double kEpsilonMm = 1e-9;
constexpr Level kLevels[] = {Level::kH, Level::kQ, Level::kM, Level::kL};

/// The most robust level of those below the template's own that gives modules large enough.
std::string OtherLevel(const Template& label_template, const CodeParts& parts) {
  for (const Level level : kLevels) {
    if (level >= label_template.level) continue;
    const auto symbol = MakeSymbol(parts.origin, parts.digits, level);
    if (!symbol) continue;
    const double module_mm = ModuleMm(label_template, symbol->size);
    if (module_mm >= kModuleMinMm - kEpsilonMm)
      return fmt::format(", or level {} ({:.2f} mm)", LevelLetter(level), module_mm);
  }
  return "; no lower level would do";
}

}  // namespace

std::string TextLine::Fill(const LabelFields& fields) const {
  std::string text;
  bool names_field = false;
  bool holds_field = false;
  for (const Piece& piece : pieces) {
    text += piece.words;
    if (piece.field == nullptr) continue;
    names_field = true;
    holds_field |= !(fields.*piece.field).empty();
    text += fields.*piece.field;
  }
  if (names_field && !holds_field) return {};
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::vector<std::string> Template::BuiltInNames() {
  std::vector<std::string> names;
  for (const EmbeddedTemplate& each : EmbeddedTemplates()) names.emplace_back(each.name);
  return names;
}

double ModuleMm(const Template& label_template, int symbol_size) {
  return label_template.symbol.width_mm / (symbol_size + 2 * label_template.quiet_modules);
}

Result<Symbol> MakeTemplateSymbol(const Template& label_template, std::string_view code_text) {
  const auto parts = SplitCodeText(code_text);
  if (!parts)
    return Invalid("CODE_TEXT_MALFORMED",
                   fmt::format("code text \"{:.100}\" is not an origin and digits", code_text),
                   "code_text");
  YIMA_ASSIGN_OR_RETURN(Symbol symbol,
                        MakeSymbol(parts->origin, parts->digits, label_template.level));
  const double module_mm = ModuleMm(label_template, symbol.size);
  if (module_mm >= kModuleMinMm - kEpsilonMm) return symbol;
  const double wanted_mm = (symbol.size + 2 * label_template.quiet_modules) * kModuleMinMm;
  return Invalid(
      "MODULE_TOO_SMALL",
      fmt::format("template {}: a symbol of version {} (level {}) in {:.4g} mm gives modules of "
                  "{:.3f} mm, want {} at least: give it {:.1f} mm{}",
                  label_template.name, symbol.version, LevelLetter(label_template.level),
                  label_template.symbol.width_mm, module_mm, kModuleMinMm,
                  std::ceil(wanted_mm * 10) / 10, OtherLevel(label_template, *parts)),
      "symbol.size_mm");
}

Result<SymbolFit> FitSymbol(const Template& label_template, std::string_view code_text) {
  YIMA_ASSIGN_OR_RETURN(const Symbol symbol, MakeTemplateSymbol(label_template, code_text));
  return SymbolFit{symbol.version, symbol.size, ModuleMm(label_template, symbol.size)};
}

}  // namespace yima::label
