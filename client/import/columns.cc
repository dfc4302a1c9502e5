#include "client/import/columns.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/import/values.h"

namespace yima::ledger {
namespace {

struct FieldWords {
  Field field;
  std::string_view name;                  // For --map.
  std::vector<std::string_view> headers;  // Normalized: see Normalize.
};

const std::vector<FieldWords>& Words() {
  static const std::vector<FieldWords> words = {
      {Field::kCode,
       "code",
       {"glbjbsm", "管理部件标识码", "部件标识码", "部件编码", "部件代码", "facilitycode", "code"}},
      {Field::kDivision,
       "division",
       {"行政区划代码", "行政区划", "区划代码", "区划", "县级行政区划代码", "xzqhdm", "division",
        "divisioncode"}},
      {Field::kClass,
       "class",
       {"小类编码", "小类代码", "部件分类代码", "部件小类代码", "部件类别", "部件小类", "部件类型",
        "小类", "小类名称", "类别", "class", "classcode"}},
      {Field::kName,
       "name",
       {"glbjmc", "管理部件名称", "部件名称", "名称", "bjmc", "name", "facilityname"}},
      {Field::kSupervisor,
       "supervisor",
       {"zgbmmc", "主管部门名称", "主管部门", "主管单位", "supervisor", "supervisingdepartment"}},
      {Field::kSupervisorCode, "supervisor_code", {"zgbmdm", "主管部门代码", "supervisorcode"}},
      {Field::kOwner,
       "owner",
       {"qsdwmc", "权属单位名称", "权属单位", "产权单位", "owner", "ownername"}},
      {Field::kOwnerCode, "owner_code", {"qsdwdm", "权属单位代码", "ownercode"}},
      {Field::kMaintainer,
       "maintainer",
       {"yhdwmc", "养护单位名称", "养护单位", "维护单位", "maintainer", "maintenanceunit"}},
      {Field::kMaintainerCode, "maintainer_code", {"yhdwdm", "养护单位代码", "maintainercode"}},
      {Field::kGrid,
       "grid_code",
       {"szdywgbsm", "所在单元网格标识码", "单元网格标识码", "所在单元网格", "单元网格", "网格编码",
        "网格号", "grid", "gridcode"}},
      {Field::kCondition,
       "condition",
       {"glbjzt", "管理部件状态", "部件状态", "状态", "condition", "status"}},
      {Field::kSurveyedOn,
       "surveyed_on",
       {"csrq", "初始日期", "普查日期", "surveyedon", "surveydate"}},
      {Field::kChangedOn, "changed_on", {"bgrq", "变更日期", "changedon", "changedate"}},
      {Field::kDataSource, "data_source", {"sjly", "数据来源", "datasource"}},
      {Field::kRemark, "remark", {"bz", "备注", "remark", "remarks"}},
      {Field::kSubdistrictCode,
       "subdistrict_code",
       {"szjddm", "所在街道代码", "所在街道(镇、乡)代码", "街道代码", "街道编码",
        "subdistrictcode"}},
      {Field::kSubdistrictName,
       "subdistrict_name",
       {"szjdmc", "所在街道名称", "所在街道(镇、乡)名称", "街道名称", "所在街道", "街道",
        "subdistrict", "subdistrictname"}},
      {Field::kCommunityCode,
       "community_code",
       {"szsqdm", "所在社区代码", "所在社区(村)代码", "社区代码", "社区编码", "communitycode"}},
      {Field::kCommunityName,
       "community_name",
       {"szsqmc", "所在社区名称", "所在社区(村)名称", "社区名称", "所在社区", "社区", "community",
        "communityname"}},
      {Field::kAddress,
       "address",
       {"地址", "位置", "详细地址", "位置描述", "所在位置", "安装位置", "address", "location"}},
      {Field::kLongitude, "longitude", {"经度", "longitude", "lon", "long", "lng"}},
      {Field::kLatitude, "latitude", {"纬度", "latitude", "lat"}},
      {Field::kX, "x", {"x", "x坐标", "坐标x", "横坐标"}},
      {Field::kY, "y", {"y", "y坐标", "坐标y", "纵坐标"}},
      {Field::kParent, "parent", {"上级部件标识码", "上级部件编码", "上级部件代码", "parentcode"}},
  };
  return words;
}

// ASCII in lower case and half width, without spaces, '_' and '-'.
std::string Normalize(std::string_view header) {
  std::string normal;
  for (char c : FoldFullWidth(Trim(header))) {
    if (c == ' ' || c == '_' || c == '-') continue;
    normal += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return normal;
}

Field FieldOfHeader(std::string_view header) {
  const std::string normal = Normalize(header);
  for (const FieldWords& words : Words()) {
    if (std::find(words.headers.begin(), words.headers.end(), normal) != words.headers.end()) {
      return words.field;
    }
  }
  return Field::kNone;
}

Result<Column> ColumnFor(const ColumnMapping& mapping, std::string header) {
  const auto named = [&](std::string_view prefix, Field field) -> Result<Column> {
    const std::string name(Trim(std::string_view(mapping.field).substr(prefix.size())));
    if (name.empty()) {
      return Invalid("FIELD_UNKNOWN",
                     fmt::format("--map {}={} names no field, want {}NAME", mapping.column,
                                 mapping.field, prefix),
                     "--map");
    }
    return Column{std::move(header), field, name};
  };
  if (mapping.field.starts_with("extra:")) return named("extra:", Field::kExtra);
  if (mapping.field.starts_with("personal:")) return named("personal:", Field::kPersonal);
  if (mapping.field.starts_with("parent:")) return named("parent:", Field::kParent);
  for (const FieldWords& words : Words()) {
    if (words.name == mapping.field) return Column{std::move(header), words.field, ""};
  }
  return Invalid(
      "FIELD_UNKNOWN",
      fmt::format("--map {}={}: no field \"{}\", want one of {}, extra:NAME, "
                  "personal:NAME or parent:NAMESPACE",
                  mapping.column, mapping.field, mapping.field, fmt::join(FieldNames(), ", ")),
      "--map");
}

Result<void> RefuseTwice(const std::vector<Column>& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field == Field::kNone) continue;
    for (size_t j = i + 1; j < columns.size(); ++j) {
      const bool named_apart =
          columns[i].name != columns[j].name && columns[i].field != Field::kParent;
      if (columns[i].field != columns[j].field || named_apart) continue;
      return Invalid("FIELD_TWICE",
                     fmt::format("columns \"{}\" and \"{}\" are both the same field: choose one "
                                 "with --map",
                                 columns[i].header, columns[j].header),
                     "--map");
    }
  }
  return {};
}

}  // namespace

std::vector<std::string_view> FieldNames() {
  std::vector<std::string_view> names;
  for (const FieldWords& words : Words()) names.push_back(words.name);
  return names;
}

Result<ColumnMapping> ParseMapping(std::string_view text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return Invalid("MAPPING_MALFORMED", fmt::format("--map \"{}\" is not COLUMN=field", text),
                   "--map");
  }
  return ColumnMapping{std::string(Trim(text.substr(0, equals))),
                       std::string(Trim(text.substr(equals + 1)))};
}

Result<size_t> FindHeader(const std::vector<Column>& columns, std::string_view header,
                          std::string_view option) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].header == header) return i;
  }
  const std::string normal = Normalize(header);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (Normalize(columns[i].header) == normal) return i;
  }
  std::vector<std::string_view> there;
  for (const Column& column : columns) there.push_back(column.header);
  return Invalid("COLUMN_UNKNOWN",
                 fmt::format("no column \"{}\" for {}; the file has {}", header, option,
                             fmt::join(there, ", ")),
                 std::string(option));
}

Result<std::vector<Column>> FindColumns(const std::vector<std::string>& header,
                                        const std::vector<ColumnMapping>& mappings) {
  std::vector<Column> columns;
  for (const std::string& text : header) columns.push_back({std::string(Trim(text)), {}, {}});
  std::vector<bool> mapped(columns.size(), false);
  for (const ColumnMapping& mapping : mappings) {
    YIMA_ASSIGN_OR_RETURN(const size_t place, FindHeader(columns, mapping.column, "--map"));
    const auto same = [&](const Column& column) { return column.header == columns[place].header; };
    if (mapped[place] || std::count_if(columns.begin(), columns.end(), same) > 1) {
      return Invalid(
          "HEADER_TWICE",
          fmt::format("column \"{}\" stands twice in the file or in --map", mapping.column),
          "--map");
    }
    YIMA_ASSIGN_OR_RETURN(columns[place], ColumnFor(mapping, columns[place].header));
    mapped[place] = true;
  }
  std::vector<Field> taken;
  for (const Column& column : columns) taken.push_back(column.field);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (mapped[i]) continue;
    const Field field = FieldOfHeader(columns[i].header);
    if (std::find(taken.begin(), taken.end(), field) == taken.end()) columns[i].field = field;
  }
  YIMA_RETURN_IF_ERROR(RefuseTwice(columns));
  return columns;
}

std::vector<std::string> UnknownColumns(const std::vector<Column>& columns) {
  std::vector<std::string> unknown;
  for (const Column& column : columns) {
    if (column.field == Field::kNone) unknown.push_back(column.header);
  }
  return unknown;
}

}  // namespace yima::ledger
