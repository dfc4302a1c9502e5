#ifndef YIMA_CODEGEN_LABEL_CERTIFICATE_PAGE_H_
#define YIMA_CODEGEN_LABEL_CERTIFICATE_PAGE_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/code/day.h"
#include "codegen/code/result.h"

namespace yima::label {

class TextSetter;

/// The same in both languages; English stands smaller below the Chinese, or alone where there is no
/// Chinese.
struct BothWords {
  std::string zh;
  std::string en;
};

/// One line of the table of what the facility is.
struct CertificateFact {
  BothWords label;
  BothWords value;
};

/// One row of the table of rights. What is empty is shown as a dash.
struct CertificateRight {
  BothWords name;
  BothWords state;
  BothWords holder;
  BothWords basis;
  BothWords dates;
  BothWords notice;
};

/// Where the facility stands: no map, but a cross in a grid.
struct PlaceSketch {
  struct Point {
    double longitude = 0;
    double latitude = 0;
  };
  Point place;
  std::vector<Point> neighbours;  ///< Those outside the sketch are left out.
  double radius_m = 50;           ///< From the middle to each edge.
};

/// What the page 确权证书 shows. The words of the form itself are the page's own.
struct CertificatePage {
  BothWords authority;                 ///< 确权机关; may be empty.
  std::string number;                  ///< Of the certificate, below the title.
  std::vector<CertificateFact> facts;  ///< At most 8.
  std::optional<PlaceSketch> sketch;   ///< Nothing: the position is not recorded.
  std::array<CertificateRight, 3> rights;
  std::string code_text;         ///< What the symbol holds; empty: there is none.
  std::string short_number;      ///< Below the symbol.
  std::vector<BothWords> as_of;  ///< At most 4.
  TimeUs issued = 0;             ///< Stands in the file as the time it was made.
};

/// Draws certificates, an A4 page each. Not thread-safe: one for each thread.
class CertificatePrinter {
 public:
  /// FONT_MISSING.
  static Result<CertificatePrinter> Create();
  CertificatePrinter(CertificatePrinter&&) noexcept;
  CertificatePrinter& operator=(CertificatePrinter&&) noexcept;
  ~CertificatePrinter();

  /// A PDF; the same page gives the same bytes. DRAWING_FAILED, SYMBOL_TEXT_MALFORMED,
  /// SYMBOL_TOO_LARGE.
  Result<std::string> Draw(const CertificatePage& page);

 private:
  explicit CertificatePrinter(std::unique_ptr<TextSetter> setter);
  std::unique_ptr<TextSetter> setter_;
};

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_CERTIFICATE_PAGE_H_
