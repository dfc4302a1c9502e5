#ifndef YIMA_TESTS_LABEL_PLATES_H_
#define YIMA_TESTS_LABEL_PLATES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "client/scan/image.h"
#include "codegen/code/serial.h"
#include "codegen/label/fields.h"

namespace yima::label {

/// A code text of a made-up plate; its signature is noise, which a symbol does not mind.
std::string PlateText(Serial serial, std::string_view origin = "HTTPS://QR.EXAMPLE.CN/");
std::string PlateText(uint32_t number, std::string_view origin = "HTTPS://QR.EXAMPLE.CN/");

/// A plate with all its words, none of them long.
LabelFields PlateFields(uint32_t number);

/// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }
  /// Names of all that lies in it, hidden ones too, sorted.
  std::vector<std::string> Names() const;

 private:
  std::filesystem::path path_;
};

std::string ReadFile(const std::string& path);
/// What a command prints; fails the test when it does not end well.
std::string OutputOf(const std::string& command);
/// A page of a PDF by pdftoppm.
scan::Image RenderPage(const std::string& pdf, int page, int dpi);
std::vector<std::string> TextsIn(const scan::Image& image);

}  // namespace yima::label

#endif  // YIMA_TESTS_LABEL_PLATES_H_
