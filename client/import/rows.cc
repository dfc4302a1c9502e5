#include "client/import/rows.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "client/import/values.h"

namespace yima::ledger {
namespace {

constexpr size_t kKeyCharactersMax = 64;
constexpr size_t kReadingCharactersMax = 32;

size_t CharacterCount(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

std::string FirstCharacters(std::string_view text, size_t count) {
  size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool starts = (static_cast<uint8_t>(text[end]) & 0xC0) != 0x80;
    if (starts && count-- == 0) break;
  }
  return std::string(text.substr(0, end));
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

// One record's cells by field.
class RowMaker::Cells {
 public:
  Cells(const RowMaker& maker, const CsvRecord& record) : maker_(maker), record_(record) {}

  std::string_view At(size_t place) const {
    return place < record_.fields.size() ? Trim(record_.fields[place]) : std::string_view();
  }
  std::string_view Raw(Field field) const {
    const auto found = maker_.places_.find(field);
    return found == maker_.places_.end() ? std::string_view() : At(found->second);
  }
  // For codes and numbers: full-width digits and letters are read.
  std::string Folded(Field field) const { return FoldFullWidth(Raw(field)); }
  // For names and words: one line.
  std::string Line(Field field) const {
    std::string text(Raw(field));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return text;
  }

 private:
  const RowMaker& maker_;
  const CsvRecord& record_;
};

Result<RowMaker> RowMaker::Create(const std::string& name, const std::vector<std::string>& header,
                                  LedgerOptions options) {
  RowMaker maker;
  maker.name_ = name;
  maker.options_ = std::move(options);
  LedgerOptions& chosen = maker.options_;
  if (!chosen.code_column.empty()) {
    std::vector<Column> headers;
    for (const std::string& text : header) headers.push_back({std::string(Trim(text)), {}, {}});
    YIMA_RETURN_IF_ERROR(FindHeader(headers, chosen.code_column, "--code-from"));
    chosen.mappings.push_back({chosen.code_column, "code"});
  }
  YIMA_ASSIGN_OR_RETURN(maker.columns_, FindColumns(header, chosen.mappings));
  for (size_t i = 0; i < maker.columns_.size(); ++i) {
    const Field field = maker.columns_[i].field;
    if (field == Field::kNone || field == Field::kExtra || field == Field::kPersonal) continue;
    maker.places_[field] = i;
  }
  YIMA_RETURN_IF_ERROR(maker.ChooseIdentity(name));
  YIMA_RETURN_IF_ERROR(maker.CheckRequired());
  if (!chosen.division.empty()) {
    YIMA_RETURN_IF_ERROR(Division::Parse(chosen.division));
  }
  if (!chosen.blank_position.empty()) {
    const std::string& text = chosen.blank_position;
    const size_t comma = text.find(',');
    const auto x = ParseNumber(Trim(std::string_view(text).substr(0, comma)));
    const auto y = comma == std::string::npos
                       ? std::nullopt
                       : ParseNumber(Trim(std::string_view(text).substr(comma + 1)));
    if (!x || !y) {
      return Invalid("BLANK_POSITION_MALFORMED",
                     fmt::format("blank position \"{}\" is not X,Y", text), "--blank-position");
    }
    maker.blank_position_ = {*x, *y};
  }
  return maker;
}

Result<void> RowMaker::ChooseIdentity(const std::string& name) {
  if (options_.key_column.empty()) {
    if (!Has(Field::kCode)) {
      return Invalid(
          "IDENTITY_MISSING",
          "no column identifies a row: name one with --key COLUMN or --code-from COLUMN");
    }
    options_.key_namespace.clear();
    return {};
  }
  YIMA_ASSIGN_OR_RETURN(key_place_, FindHeader(columns_, options_.key_column, "--key"));
  if (options_.key_namespace.empty()) {
    const std::string stem =
        name == "-" ? columns_[*key_place_].header : std::filesystem::path(name).stem().string();
    options_.key_namespace = FirstCharacters(stem, kKeyCharactersMax);
  }
  // It is not left out: it is kept as the row's identity.
  return {};
}

Result<void> RowMaker::CheckRequired() const {
  const auto missing = [](std::string_view what, std::string_view option) {
    return Invalid("REQUIRED_COLUMN_MISSING",
                   fmt::format("no column for the {}: map one with --map COLUMN={}, or give --{} "
                               "for all rows",
                               what, option, option));
  };
  const bool standard_code = Has(Field::kCode) && (options_.scheme == kSchemeGbt47678 ||
                                                   options_.scheme == kSchemeGbt30428);
  if (!Has(Field::kDivision) && options_.division.empty() && !standard_code) {
    return missing("division", "division");
  }
  if (!Has(Field::kClass) && options_.class_code.empty() && !standard_code) {
    return missing("class", "class");
  }
  if (!Has(Field::kSupervisor) && !Has(Field::kSupervisorCode) && options_.supervisor.empty()) {
    return missing("supervising department", "supervisor");
  }
  return {};
}

bool RowMaker::keeps_positions_raw() const {
  const bool named_degrees = Has(Field::kLongitude) && Has(Field::kLatitude);
  return !named_degrees && Has(Field::kX) && Has(Field::kY) && options_.epsg == 0;
}

Result<v1::ImportRow> RowMaker::Make(const CsvRecord& record) const {
  auto row = record.problem ? tl::unexpected<Error>(*record.problem) : Fill(record);
  if (row) return row;
  Error error = std::move(row).error();
  error.message = fmt::format("{}:{}: {}", name_, record.line, error.message);
  return tl::unexpected<Error>(std::move(error));
}

Result<v1::ImportRow> RowMaker::Fill(const CsvRecord& record) const {
  // Fewer fields are cells left empty at the end; more are a comma that was not quoted.
  if (record.fields.size() > columns_.size()) {
    for (size_t i = columns_.size(); i < record.fields.size(); ++i) {
      if (Trim(record.fields[i]).empty()) continue;
      return Invalid("TOO_MANY_FIELDS", fmt::format("the row has {} fields, the header {}",
                                                    record.fields.size(), columns_.size()));
    }
  }
  const Cells cells(*this, record);
  v1::ImportRow row;
  row.set_line(record.line);
  YIMA_RETURN_IF_ERROR(FillIdentity(cells, row));
  YIMA_RETURN_IF_ERROR(FillDivision(cells, *row.mutable_facility()));
  YIMA_RETURN_IF_ERROR(FillClass(cells, *row.mutable_facility()));
  YIMA_RETURN_IF_ERROR(FillOrganizations(cells, row));
  YIMA_RETURN_IF_ERROR(FillPosition(cells, *row.mutable_facility()));
  YIMA_RETURN_IF_ERROR(FillParent(cells, row));
  YIMA_RETURN_IF_ERROR(FillAttributes(cells, row));
  return row;
}

Result<void> RowMaker::FillIdentity(const Cells& cells, v1::ImportRow& row) const {
  const std::string digits = cells.Folded(Field::kCode);
  if (!digits.empty()) {
    YIMA_ASSIGN_OR_RETURN(const FacilityCode code, FacilityCode::Parse(options_.scheme, digits));
    v1::FacilityCode* kept = row.mutable_facility()->add_codes();
    kept->set_scheme(code.scheme());
    kept->set_digits(code.ToString());
  }
  if (!key_place_) {
    if (digits.empty()) {
      return Invalid("IDENTITY_MISSING", "the row has no facility code", "codes");
    }
    return {};
  }
  const std::string key = FoldFullWidth(cells.At(*key_place_));
  const std::string& header = columns_[*key_place_].header;
  if (key.empty()) {
    return Invalid("IDENTITY_MISSING",
                   fmt::format("column \"{}\", the row's key, is empty", header), "external_codes");
  }
  if (CharacterCount(key) > kKeyCharactersMax) {
    return Invalid("KEY_TOO_LONG",
                   fmt::format("column \"{}\", the row's key, has {} characters, "
                               "at most {}",
                               header, CharacterCount(key), kKeyCharactersMax),
                   "external_codes");
  }
  v1::ExternalCode* external = row.mutable_facility()->add_external_codes();
  external->set_namespace_(options_.key_namespace);
  external->set_value(key);
  return {};
}

Result<void> RowMaker::FillDivision(const Cells& cells, v1::Facility& facility) const {
  std::string digits = cells.Folded(Field::kDivision);
  if (digits.empty()) digits = options_.division;
  const bool standard = options_.scheme == kSchemeGbt47678 || options_.scheme == kSchemeGbt30428;
  if (digits.empty() && standard && facility.codes_size() > 0) {
    digits = facility.codes(0).digits().substr(0, 6);
  }
  YIMA_ASSIGN_OR_RETURN(const Division division, Division::Parse(digits));
  facility.set_division(division.ToString());
  return {};
}

Result<void> RowMaker::FillClass(const Cells& cells, v1::Facility& facility) const {
  std::string text = FoldFullWidth(cells.Line(Field::kClass));
  if (text.empty()) text = options_.class_code;
  const size_t width = options_.scheme == kSchemeGbt30428 ? 4 : 5;
  const bool standard = options_.scheme == kSchemeGbt47678 || options_.scheme == kSchemeGbt30428;
  if (text.empty() && standard && facility.codes_size() > 0) {
    text = facility.codes(0).digits().substr(6, width);
  }
  if (text.empty()) return Invalid("CLASS_MISSING", "the row has no class", "class_code");
  if (AllDigits(text)) {
    facility.set_class_code(text);
    return {};
  }
  std::vector<std::string> codes;
  if (options_.classes_by_name) {
    codes = options_.classes_by_name(text);
    // The name as written, for catalogues with full-width parentheses.
    if (codes.empty()) codes = options_.classes_by_name(cells.Line(Field::kClass));
  }
  if (standard && codes.size() > 1) {
    std::erase_if(codes, [&](const std::string& code) { return code.size() != width; });
  }
  if (codes.empty()) {
    return Invalid("CLASS_UNKNOWN", fmt::format("class \"{}\" is in no catalogue", text),
                   "class_code");
  }
  if (codes.size() > 1) {
    return Invalid("CLASS_AMBIGUOUS",
                   fmt::format("class \"{}\" is the name of {} and {}: give "
                               "codes, or --class",
                               text, codes[0], codes[1]),
                   "class_code");
  }
  facility.set_class_code(codes[0]);
  return {};
}

Result<void> RowMaker::FillOrganizations(const Cells& cells, v1::ImportRow& row) const {
  // The name goes first: an organization that is missing can then be made under it.
  const auto pick = [&cells](Field name, Field code, const std::string& otherwise) {
    const std::string named = cells.Line(name);
    const std::string coded = cells.Folded(code);
    if (!named.empty() && !MeansUnknown(named)) return named;
    if (!coded.empty() && !MeansUnknown(coded)) return coded;
    // Who wrote "不详" looked and does not know: that is no gap to fill.
    return named.empty() && coded.empty() ? otherwise : std::string();
  };
  row.set_supervisor(pick(Field::kSupervisor, Field::kSupervisorCode, options_.supervisor));
  if (row.supervisor().empty()) {
    return Invalid("SUPERVISOR_MISSING", "the row has no supervising department", "supervisor");
  }
  row.set_owner(pick(Field::kOwner, Field::kOwnerCode, options_.owner));
  if (MeansOwnerless(row.owner())) {
    row.clear_owner();
    row.set_ownerless(true);
  }
  row.set_maintainer(pick(Field::kMaintainer, Field::kMaintainerCode, options_.maintainer));
  return {};
}

Result<void> RowMaker::FillPosition(const Cells& cells, v1::Facility& facility) const {
  const bool named_degrees = Has(Field::kLongitude) && Has(Field::kLatitude);
  const std::string x = cells.Folded(named_degrees ? Field::kLongitude : Field::kX);
  const std::string y = cells.Folded(named_degrees ? Field::kLatitude : Field::kY);
  if (x.empty() && y.empty()) return {};
  if (x.empty() || y.empty()) {
    return Invalid("POSITION_INCOMPLETE",
                   fmt::format("position \"{}\", \"{}\" lacks one of its two values", x, y),
                   "position");
  }
  const auto east = ParseNumber(x);
  const auto north = ParseNumber(y);
  if (!east || !north || x.size() > kReadingCharactersMax || y.size() > kReadingCharactersMax) {
    return Invalid(
        "POSITION_MALFORMED",
        fmt::format("position \"{}\", \"{}\" is not two numbers of at most {} characters",
                    x.substr(0, 40), y.substr(0, 40), kReadingCharactersMax),
        "position");
  }
  if (blank_position_ && *blank_position_ == std::pair(*east, *north)) return {};
  const bool in_range = *east >= -180 && *east <= 180 && *north >= -90 && *north <= 90;
  const bool geographic =
      options_.epsg == 4490 || options_.epsg == 4326 || (options_.epsg == 0 && named_degrees);
  if (geographic && !in_range) {
    return Invalid("POSITION_OUT_OF_RANGE",
                   fmt::format("position {}, {} is out of range, want longitude -180 to 180 and "
                               "latitude -90 to 90",
                               x, y),
                   "position");
  }
  v1::Position* position = facility.mutable_position();
  position->set_raw_x(x);
  position->set_raw_y(y);
  position->set_epsg(options_.epsg);
  if (geographic) {
    position->set_longitude(*east);
    position->set_latitude(*north);
  }
  return {};
}

Result<void> RowMaker::FillParent(const Cells& cells, v1::ImportRow& row) const {
  const std::string text = cells.Folded(Field::kParent);
  if (text.empty() || MeansUnknown(text)) return {};
  const std::string& name_space = columns_[places_.at(Field::kParent)].name;
  if (!name_space.empty()) {
    row.mutable_parent_external_code()->set_namespace_(name_space);
    row.mutable_parent_external_code()->set_value(text);
    return {};
  }
  const auto code = FacilityCode::Parse(options_.scheme, text);
  if (!code) {
    Error error = code.error();
    error.field = "parent";
    error.message = fmt::format("the whole's {}", error.message);
    return tl::unexpected<Error>(std::move(error));
  }
  row.mutable_parent_code()->set_scheme(code->scheme());
  row.mutable_parent_code()->set_digits(code->ToString());
  return {};
}

Result<void> RowMaker::FillAttributes(const Cells& cells, v1::ImportRow& row) const {
  v1::Facility& facility = *row.mutable_facility();
  facility.set_name(cells.Line(Field::kName));
  facility.set_grid_code(cells.Folded(Field::kGrid));
  facility.set_data_source(cells.Line(Field::kDataSource));
  facility.set_subdistrict_code(cells.Folded(Field::kSubdistrictCode));
  facility.set_subdistrict_name(cells.Line(Field::kSubdistrictName));
  facility.set_community_code(cells.Folded(Field::kCommunityCode));
  facility.set_community_name(cells.Line(Field::kCommunityName));
  facility.set_address(cells.Line(Field::kAddress));
  row.set_remark(std::string(cells.Raw(Field::kRemark)));
  if (const std::string text = cells.Line(Field::kCondition); !text.empty()) {
    YIMA_ASSIGN_OR_RETURN(const v1::Condition condition, ParseCondition(text));
    facility.set_condition(condition);
  }
  if (const std::string text = cells.Folded(Field::kSurveyedOn); !text.empty()) {
    YIMA_ASSIGN_OR_RETURN(*facility.mutable_surveyed_on(), ParseDate(text));
  }
  if (const std::string text = cells.Folded(Field::kChangedOn); !text.empty()) {
    YIMA_ASSIGN_OR_RETURN(*facility.mutable_changed_on(), ParseDate(text));
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool extra = columns_[i].field == Field::kExtra;
    if ((!extra && columns_[i].field != Field::kPersonal) || cells.At(i).empty()) continue;
    v1::ExtraField* kept = extra ? facility.add_extra() : row.add_personal();
    kept->set_name(columns_[i].name);
    kept->set_value(std::string(cells.At(i)));
  }
  return {};
}

}  // namespace yima::ledger
