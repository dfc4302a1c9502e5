#include <array>

#include "tools/bench.d/registry.h"
#include <fmt/format.h>

namespace yima::bench {
namespace {

struct Class {
  const char* code;
  const char* name;
};
constexpr std::array kClasses = {
    Class{"01001", "供水井盖"}, Class{"01002", "污水井盖"},   Class{"01003", "雨水井盖"},
    Class{"01005", "电力井盖"}, Class{"01006", "路灯井盖"},   Class{"01007", "通信井盖"},
    Class{"01010", "热力井盖"}, Class{"01011", "燃气井盖"},   Class{"01014", "园林井盖"},
    Class{"01037", "路灯"},     Class{"02014", "交通信号灯"}, Class{"04007", "街头座椅"}};
constexpr std::array kOwners = {"市政设施管理处", "自来水公司", "排水公司", "交警支队"};
constexpr std::array kMaintainers = {"市政养护一所", "市政养护二所", "泽州路养护站"};
constexpr std::array kStreets = {"建设路", "泽州路", "白水街", "凤台街", "红星街"};

/// What the nth row says, before it is a message or a line.
struct Words {
  explicit Words(uint64_t n)
      : of(kClasses[n % kClasses.size()]),
        code(fmt::format("140502{}{:06}", of.code, n / kClasses.size())),
        owner(kOwners[n / 7 % kOwners.size()]),
        maintainer(kMaintainers[n / 11 % kMaintainers.size()]),
        grid(fmt::format("140502{:03}{:06}", n / 5000 % 1000, n % 900)),
        surveyed(fmt::format("2024-{:02}-{:02}", n % 12 + 1, n % 28 + 1)),
        subdistrict(fmt::format("140502{:03}", n % 12 + 1)),
        longitude(fmt::format("112.{:06}", 820'000 + n * 7919 % 60'000)),
        latitude(fmt::format("35.{:06}", 470'000 + n * 104'729 % 60'000)),
        address(fmt::format("{}{}号", kStreets[n % kStreets.size()], n % 977 + 1)) {}

  Class of;
  std::string code;
  std::string owner;
  std::string maintainer;
  std::string grid;
  std::string surveyed;
  std::string subdistrict;
  std::string longitude;
  std::string latitude;
  std::string address;
};

}  // namespace

v1::ImportRow LedgerRow(uint64_t n) {
  const Words words(n);
  v1::ImportRow row;
  row.set_line(n + 2);
  row.set_supervisor("城市管理局");
  row.set_owner(words.owner);
  row.set_maintainer(words.maintainer);
  v1::Facility& facility = *row.mutable_facility();
  auto* code = facility.add_codes();
  code->set_scheme(2);
  code->set_digits(words.code);
  facility.set_division("140502");
  facility.set_class_code(words.of.code);
  facility.set_name(words.of.name);
  facility.set_condition(v1::CONDITION_INTACT);
  facility.set_grid_code(words.grid);
  facility.set_surveyed_on(words.surveyed);
  facility.set_data_source("普查");
  facility.set_subdistrict_code(words.subdistrict);
  facility.set_subdistrict_name("西上庄街道");
  facility.set_address(words.address);
  auto* position = facility.mutable_position();
  position->set_longitude(std::stod(words.longitude));
  position->set_latitude(std::stod(words.latitude));
  return row;
}

std::string LedgerCsvHead() {
  return "部件标识码,行政区划代码,小类编码,部件名称,主管部门名称,权属单位名称,养护单位名称,"
         "所在单元网格标识码,状态,初始日期,数据来源,街道代码,街道名称,经度,纬度,地址\n";
}

std::string LedgerCsvLine(uint64_t n) {
  const Words words(n);
  return fmt::format("{},140502,{},{},城市管理局,{},{},{},完好,{},普查,{},西上庄街道,{},{},{}\n",
                     words.code, words.of.code, words.of.name, words.owner, words.maintainer,
                     words.grid, words.surveyed, words.subdistrict, words.longitude, words.latitude,
                     words.address);
}

}  // namespace yima::bench
