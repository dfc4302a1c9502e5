#ifndef YIMA_CODEGEN_LABEL_EMBEDDED_TEMPLATES_H_
#define YIMA_CODEGEN_LABEL_EMBEDDED_TEMPLATES_H_

#include <span>
#include <string_view>

namespace yima::label {

struct EmbeddedTemplate {
  std::string_view name;
  std::string_view toml;
};

/// The files of templates/, put into the program by CMake.
std::span<const EmbeddedTemplate> EmbeddedTemplates();

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_EMBEDDED_TEMPLATES_H_
