#include "codegen/label/manifest.h"

#include <fmt/format.h>

namespace yima::label {
namespace {

/// Manifests of older versions end here; they may be replaced too.
constexpr std::string_view kHeaderStart = "file,page,cell,serial,short_number,facility";
constexpr std::string_view kHeader = "file,page,cell,serial,short_number,facility,text\n";

std::string Quoted(const std::string& field) {
  if (field.find_first_of(",\"\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

Result<Manifest> Manifest::Create(const std::string& path) {
  YIMA_RETURN_IF_ERROR(CheckReplaceable(path, kHeaderStart));
  YIMA_ASSIGN_OR_RETURN(Manifest manifest, OutputFile::Create(path).map([](OutputFile file) {
    return Manifest(std::move(file));
  }));
  YIMA_RETURN_IF_ERROR(manifest.file_.Write(kHeader));
  return manifest;
}

Result<void> Manifest::Add(const std::string& file, uint64_t page, int cell,
                           const LabelFields& fields) {
  YIMA_ASSIGN_OR_RETURN(const Serial serial, SerialOf(fields));
  return file_.Write(fmt::format(
      "{},{},{},{},{},{},{}\n", Quoted(file), page, cell, serial.value(), fields.short_number,
      Quoted(fields.facility_code.empty() ? fields.facility : fields.facility_code),
      fields.code_text));
}

}  // namespace yima::label
