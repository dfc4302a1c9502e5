#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "codegen/label/embedded_templates.h"
#include "codegen/label/template.h"

namespace yima::label {
namespace {

constexpr double kSideMinMm = 10;
constexpr double kSideMaxMm = 1000;
constexpr double kTextMinMm = 0.5;
constexpr double kTextMaxMm = 200;
constexpr size_t kLinesMax = 100;
constexpr std::streamsize kFileBytesMax = 1 << 20;
/// Room for what hangs below the em, as of g and Q: a line's ink stays inside its box.
constexpr double kLineHeightEm = 1.2;
/// Sums of decimal fractions don't come out even.
constexpr double kEpsilonMm = 1e-6;

std::string Place(const std::string& source, const toml::source_region& region) {
  return fmt::format("{}:{}", source, region.begin.line);
}

/// Reads one table and remembers the first thing that was wrong, so that a table is read in one go;
/// then asks that nothing unknown stood in it.
class TableReader {
 public:
  TableReader(const toml::table& table, const std::string& source)
      : table_(table), source_(source) {}

  double Number(std::string_view key, double min, double max) {
    const toml::node* node = Find(key, true);
    return node ? NumberOf(key, *node, min, max) : min;
  }
  double Number(std::string_view key, double min, double max, double fallback) {
    const toml::node* node = Find(key, false);
    return node ? NumberOf(key, *node, min, max) : fallback;
  }
  std::string Text(std::string_view key) {
    const toml::node* node = Find(key, true);
    return node ? TextOf(key, *node) : std::string();
  }
  bool Flag(std::string_view key, bool fallback) {
    const toml::node* node = Find(key, false);
    if (!node) return fallback;
    if (!node->is_boolean()) Wrong(*node, fmt::format("{} is not true or false", key));
    return node->value<bool>().value_or(fallback);
  }
  /// One of `words`, by its place among them; the first when it is left out.
  size_t Choice(std::string_view key, std::initializer_list<std::string_view> words) {
    const toml::node* node = Find(key, false);
    if (!node) return 0;
    const std::string text = TextOf(key, *node);
    const auto at = std::find(words.begin(), words.end(), text);
    if (at == words.end())
      Wrong(*node,
            fmt::format("{} \"{:.40}\" is not one of {}", key, text, fmt::join(words, ", ")));
    return at == words.end() ? 0 : static_cast<size_t>(at - words.begin());
  }
  const toml::table* Table(std::string_view key, bool required) {
    const toml::node* node = Find(key, required);
    if (node && !node->is_table()) Wrong(*node, fmt::format("{} is not a table", key));
    return node ? node->as_table() : nullptr;
  }
  const toml::array* Tables(std::string_view key) {
    const toml::node* node = Find(key, false);
    const bool right =
        !node || (node->is_array() && (node->as_array()->empty() || node->is_array_of_tables()));
    if (!right) Wrong(*node, fmt::format("{} is not [[{}]] tables", key, key));
    return node && right ? node->as_array() : nullptr;
  }

  void Wrong(const toml::node& node, const std::string& message,
             const char* reason = "TEMPLATE_MALFORMED") {
    if (error_.message.empty()) error_ = ErrorAt(node.source(), message, reason);
  }
  Error ErrorAt(const toml::source_region& region, const std::string& message,
                const char* reason) const {
    const std::string place = Place(source_, region);
    return {StatusCode::kInvalidArgument, reason, place + ": " + message, place};
  }
  const toml::table& table() const { return table_; }

  Result<void> Finish() {
    for (const auto& [key, node] : table_)
      if (!asked_.contains(key.str())) Wrong(node, fmt::format("unknown key {}", key.str()));
    if (!error_.message.empty()) return tl::unexpected<Error>(error_);
    return {};
  }

 private:
  const toml::node* Find(std::string_view key, bool required) {
    asked_.emplace(key);
    const toml::node* node = table_.get(key);
    if (!node && required) Wrong(table_, fmt::format("{} is missing", key));
    return node;
  }
  double NumberOf(std::string_view key, const toml::node& node, double min, double max) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (!value) {
      Wrong(node, fmt::format("{} is not a number", key));
    } else if (!(*value >= min && *value <= max)) {
      Wrong(node, fmt::format("{} is {}, want {} to {}", key, *value, min, max),
            "TEMPLATE_VALUE_OUT_OF_RANGE");
    }
    return value.value_or(min);
  }
  std::string TextOf(std::string_view key, const toml::node& node) {
    if (!node.is_string()) Wrong(node, fmt::format("{} is not a string", key));
    return node.value<std::string>().value_or(std::string());
  }

  const toml::table& table_;
  const std::string& source_;
  std::set<std::string, std::less<>> asked_;
  Error error_;
};

/// `电话 {telephone}` taken apart; braces can't be printed.
void ReadPieces(TableReader& reader, TextLine* line) {
  const std::string text = reader.Text("text");
  const toml::node* node = reader.table().get("text");
  if (!node) return;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = text.find_first_of("{}", at);
    TextLine::Piece piece{text.substr(at, open - at), nullptr};
    if (open == std::string::npos) {
      line->pieces.push_back(std::move(piece));
      break;
    }
    const size_t close = text.find('}', open);
    const std::string name =
        close == std::string::npos ? text.substr(open) : text.substr(open + 1, close - open - 1);
    const auto fields = PrintedFields();
    const auto field = std::ranges::find(fields, name, &PrintedField::name);
    if (text[open] != '{' || close == std::string::npos || field == fields.end()) {
      reader.Wrong(*node, fmt::format("\"{:.60}\" names no field in {{}}: \"{:.40}\"", text, name));
      return;
    }
    piece.field = field->text;
    line->pieces.push_back(std::move(piece));
    at = close + 1;
  }
  if (line->pieces.empty()) reader.Wrong(*node, "text is empty");
}

/// Whether a point lies on the label, inside its border.
bool IsInside(const Template& label, double x_mm, double y_mm) {
  const double border_mm = label.outline_mm > 0 ? label.outline_inset_mm + label.outline_mm : 0;
  if (label.shape == Shape::kRound) {
    const double radius_mm = label.width_mm / 2;
    return std::hypot(x_mm - radius_mm, y_mm - radius_mm) <= radius_mm - border_mm + kEpsilonMm;
  }
  const double edge_x_mm = std::min(x_mm, label.width_mm - x_mm) - border_mm;
  const double edge_y_mm = std::min(y_mm, label.height_mm - y_mm) - border_mm;
  const double radius_mm = std::max(label.corner_mm - border_mm, 0.0);
  if (edge_x_mm < -kEpsilonMm || edge_y_mm < -kEpsilonMm) return false;
  if (edge_x_mm >= radius_mm || edge_y_mm >= radius_mm) return true;
  return std::hypot(radius_mm - edge_x_mm, radius_mm - edge_y_mm) <= radius_mm + kEpsilonMm;
}

bool IsInside(const Template& label, const Box& box) {
  return IsInside(label, box.x_mm, box.y_mm) && IsInside(label, box.right_mm(), box.y_mm) &&
         IsInside(label, box.x_mm, box.bottom_mm()) &&
         IsInside(label, box.right_mm(), box.bottom_mm());
}

bool Overlap(const Box& a, const Box& b) {
  return a.x_mm < b.right_mm() - kEpsilonMm && b.x_mm < a.right_mm() - kEpsilonMm &&
         a.y_mm < b.bottom_mm() - kEpsilonMm && b.y_mm < a.bottom_mm() - kEpsilonMm;
}

std::string Say(const Box& box) {
  return fmt::format("({:.4g}, {:.4g}) to ({:.4g}, {:.4g}) mm", box.x_mm, box.y_mm, box.right_mm(),
                     box.bottom_mm());
}

Result<TextLine> ReadLine(const toml::table& table, const std::string& source,
                          const Template& label) {
  TableReader reader(table, source);
  TextLine line;
  ReadPieces(reader, &line);
  line.box = {reader.Number("x_mm", 0, kSideMaxMm), reader.Number("y_mm", 0, kSideMaxMm),
              reader.Number("width_mm", kTextMinMm, kSideMaxMm),
              reader.Number("height_mm", kTextMinMm, kSideMaxMm)};
  line.size_mm = reader.Number("size_mm", kTextMinMm, kTextMaxMm);
  line.min_size_mm = reader.Number("min_size_mm", kTextMinMm, kTextMaxMm, line.size_mm);
  line.align = std::array{Align::kCenter, Align::kLeft,
                          Align::kRight}[reader.Choice("align", {"center", "left", "right"})];
  line.bold = reader.Choice("weight", {"regular", "bold"}) == 1;
  YIMA_RETURN_IF_ERROR(reader.Finish());

  if (line.min_size_mm > line.size_mm)
    reader.Wrong(table,
                 fmt::format("min_size_mm {} is above size_mm {}", line.min_size_mm, line.size_mm),
                 "TEMPLATE_VALUE_OUT_OF_RANGE");
  if (line.box.height_mm < kLineHeightEm * line.size_mm - kEpsilonMm)
    reader.Wrong(table,
                 fmt::format("height_mm {} is below {} times size_mm {}", line.box.height_mm,
                             kLineHeightEm, line.size_mm),
                 "TEMPLATE_VALUE_OUT_OF_RANGE");
  if (!IsInside(label, line.box))
    reader.Wrong(table, fmt::format("text from {} reaches over the label's edge", Say(line.box)),
                 "FIELD_OUTSIDE_LABEL");
  if (Overlap(line.box, label.symbol))
    reader.Wrong(table,
                 fmt::format("text from {} overlaps the quiet zone of the symbol from {}",
                             Say(line.box), Say(label.symbol)),
                 "FIELD_OVERLAPS_QUIET_ZONE");
  YIMA_RETURN_IF_ERROR(reader.Finish());
  return line;
}

Result<void> ReadSymbol(const toml::table& table, const std::string& source, Template* label) {
  TableReader reader(table, source);
  const double size_mm = reader.Number("size_mm", kSideMinMm, kSideMaxMm);
  label->symbol = {reader.Number("x_mm", 0, kSideMaxMm), reader.Number("y_mm", 0, kSideMaxMm),
                   size_mm, size_mm};
  label->quiet_modules =
      static_cast<int>(reader.Number("quiet_modules", kQuietModulesMin, 40, kQuietModulesMin));
  YIMA_RETURN_IF_ERROR(reader.Finish());
  if (!IsInside(*label, label->symbol))
    reader.Wrong(table,
                 fmt::format("the symbol's quiet zone from {} reaches over the label's edge or "
                             "border",
                             Say(label->symbol)),
                 "FIELD_OUTSIDE_LABEL");
  return reader.Finish();
}

Result<void> ReadOutline(const toml::table& table, const std::string& source, Template* label) {
  TableReader reader(table, source);
  label->outline_mm = reader.Number("width_mm", 0.05, 10);
  label->outline_inset_mm = reader.Number("inset_mm", 0, 50, 0);
  return reader.Finish();
}

Result<Template> Read(const toml::table& table, const std::string& source) {
  TableReader reader(table, source);
  Template label;
  label.name = reader.Text("name");
  label.shape = reader.Choice("shape", {"rect", "round"}) == 1 ? Shape::kRound : Shape::kRect;
  label.width_mm = reader.Number("width_mm", kSideMinMm, kSideMaxMm);
  label.height_mm = reader.Number("height_mm", kSideMinMm, kSideMaxMm);
  label.corner_mm = reader.Number("corner_mm", 0, kSideMaxMm / 2, 0);
  label.cut_line = reader.Flag("cut_line", false);
  label.level = std::array{Level::kQ, Level::kL, Level::kM,
                           Level::kH}[reader.Choice("level", {"Q", "L", "M", "H"})];
  const toml::table* outline = reader.Table("outline", false);
  const toml::table* symbol = reader.Table("symbol", true);
  const toml::array* lines = reader.Tables("text");
  YIMA_RETURN_IF_ERROR(reader.Finish());

  if (label.shape == Shape::kRound && label.width_mm != label.height_mm)
    reader.Wrong(table, "a round label is as wide as it is high", "TEMPLATE_VALUE_OUT_OF_RANGE");
  if (2 * label.corner_mm > std::min(label.width_mm, label.height_mm))
    reader.Wrong(table, "corner_mm is above half a side", "TEMPLATE_VALUE_OUT_OF_RANGE");
  if (lines && lines->size() > kLinesMax)
    reader.Wrong(*lines, fmt::format("{} texts, at most {}", lines->size(), kLinesMax),
                 "TEMPLATE_VALUE_OUT_OF_RANGE");
  YIMA_RETURN_IF_ERROR(reader.Finish());
  if (outline) YIMA_RETURN_IF_ERROR(ReadOutline(*outline, source, &label));
  YIMA_RETURN_IF_ERROR(ReadSymbol(*symbol, source, &label));
  for (size_t i = 0; lines && i < lines->size(); ++i) {
    YIMA_ASSIGN_OR_RETURN(TextLine line, ReadLine(*(*lines)[i].as_table(), source, label));
    label.lines.push_back(std::move(line));
  }
  return label;
}

}  // namespace

Result<Template> Template::Parse(std::string_view toml, const std::string& source) {
  toml::table table;
  try {
    table = toml::parse(toml, source);
  } catch (const toml::parse_error& error) {
    const std::string place = Place(source, error.source());
    return Invalid("TEMPLATE_MALFORMED", fmt::format("{}: {}", place, error.description()), place);
  }
  return Read(table, source);
}

Result<Template> Template::Load(const std::string& name_or_path) {
  for (const EmbeddedTemplate& each : EmbeddedTemplates())
    if (each.name == name_or_path) return Parse(each.toml, name_or_path + ".toml");
  std::ifstream file(name_or_path, std::ios::binary);
  const int open_errno = errno;
  const bool looks_like_path = name_or_path.find_first_of("./") != std::string::npos;
  if (!file && !looks_like_path)
    return Fail(StatusCode::kNotFound, "TEMPLATE_UNKNOWN",
                fmt::format("template \"{:.100}\" is neither one of {} nor a file", name_or_path,
                            fmt::join(BuiltInNames(), ", ")));
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof())
    return Fail(StatusCode::kNotFound, "FILE_UNREADABLE",
                fmt::format("{}: {}", name_or_path, std::strerror(open_errno)), name_or_path);
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kFileBytesMax)
    return Invalid("TEMPLATE_MALFORMED",
                   fmt::format("{}: larger than {} bytes", name_or_path, kFileBytesMax),
                   name_or_path);
  return Parse(text, name_or_path);
}

}  // namespace yima::label
