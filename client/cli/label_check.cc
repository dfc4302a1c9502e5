#include "client/cli/label_check.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "client/cli/program_output.h"
#include "client/scan/image.h"
#include "client/scan/scanner.h"

namespace yima::cli {
namespace {

constexpr double kMmPerInch = 25.4;
/// What a modest camera gives, and enough to see a module that came out wrong.
constexpr double kPixelsPerModule = 5;
constexpr double kDpiMin = 72;
constexpr double kDpiMax = 600;
constexpr double kSvgDpi = 96;  ///< rsvg-convert's own.
constexpr double kSvgZoom = 4;

tl::unexpected<Error> Unreadable(const std::string& place, const label::LabelFields& fields) {
  return Fail(StatusCode::kDataLoss, "LABEL_UNREADABLE",
              fmt::format("{}: the label of {} cannot be read back", place, fields.short_number),
              place);
}

bool Holds(const scan::Image& image, const std::string& text) {
  const auto symbols = scan::Scanner().Scan(image);
  return symbols.size() == 1 && symbols[0].text == text;
}

/// The next picture of a stream of gray PNMs; nothing at its end or when it is none.
std::optional<scan::Image> NextPage(std::FILE* stream) {
  scan::Image image;
  int depth = 0;
  if (std::fscanf(stream, "P5 %d %d %d", &image.width, &image.height, &depth) != 3) return {};
  if (std::fgetc(stream) == EOF || depth != 255) return {};
  if (!scan::CheckSize(static_cast<uint64_t>(image.width), static_cast<uint64_t>(image.height)))
    return {};
  image.pixels.resize(static_cast<size_t>(image.width) * static_cast<size_t>(image.height));
  if (std::fread(image.pixels.data(), 1, image.pixels.size(), stream) != image.pixels.size())
    return {};
  return image;
}

scan::Image Crop(const scan::Image& page, const label::Box& box, double dpi) {
  const auto pixels = [&](double mm) {
    return static_cast<int>(std::lround(mm * dpi / kMmPerInch));
  };
  const int left = std::clamp(pixels(box.x_mm), 0, page.width);
  const int top = std::clamp(pixels(box.y_mm), 0, page.height);
  scan::Image image;
  image.width = std::min(pixels(box.right_mm()), page.width) - left;
  image.height = std::min(pixels(box.bottom_mm()), page.height) - top;
  for (int y = top; y < top + image.height; ++y) {
    const auto row = page.pixels.begin() + static_cast<ptrdiff_t>(y) * page.width + left;
    image.pixels.insert(image.pixels.end(), row, row + image.width);
  }
  return image;
}

}  // namespace

Result<void> LabelCheck::Sheet(const label::FinishedSheet& sheet) {
  if (!every_ && sheet.number != 1) return {};
  const double dpi =
      std::clamp(std::ceil(kPixelsPerModule * kMmPerInch / sheet.module_min_mm), kDpiMin, kDpiMax);
  const uint32_t last = every_ ? sheet.labels->back().page : sheet.labels->front().page;
  YIMA_ASSIGN_OR_RETURN(ProgramOutput pdftoppm,
                        ProgramOutput::Start({"pdftoppm", "-gray", "-r", fmt::to_string(dpi), "-l",
                                              fmt::to_string(last), sheet.path},
                                             "poppler-utils"));
  std::optional<scan::Image> image;
  uint32_t page = 0;
  for (const label::PlacedLabel& label : *sheet.labels) {
    const std::string place =
        fmt::format("{}, page {}, cell {}", sheet.final_path, label.page, label.cell);
    for (; page < label.page; ++page) image = NextPage(pdftoppm.stream());
    if (!image || !Holds(Crop(*image, label.box, dpi), label.fields.code_text))
      return Unreadable(place, label.fields);
    ++checked_;
    if (!every_) break;
  }
  return pdftoppm.End();
}

Result<void> LabelCheck::Png(std::string_view bytes, const label::LabelFields& fields) {
  if (!Wanted()) return {};
  YIMA_ASSIGN_OR_RETURN(const scan::Image image, scan::DecodeImage(bytes));
  if (!Holds(image, fields.code_text)) return Unreadable("PNG", fields);
  ++checked_;
  return {};
}

Result<void> LabelCheck::Svg(const std::string& path, const label::LabelFields& fields) {
  if (!Wanted()) return {};
  YIMA_ASSIGN_OR_RETURN(
      ProgramOutput rsvg,
      ProgramOutput::Start(
          {"rsvg-convert", "--format=png", fmt::format("--zoom={}", kSvgZoom),
           fmt::format("--dpi-x={}", kSvgDpi), fmt::format("--dpi-y={}", kSvgDpi), path},
          "librsvg2-bin"));
  std::string png;
  char buffer[1 << 16];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, rsvg.stream())) > 0;)
    png.append(buffer, n);
  YIMA_RETURN_IF_ERROR(rsvg.End());
  return Png(png, fields);
}

}  // namespace yima::cli
