#include "tests/label/plates.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "client/scan/scanner.h"

namespace yima::label {

std::string PlateText(Serial serial, std::string_view origin) {
  const uint32_t number = serial.number();
  Payload payload;
  payload.key_id = 1;
  payload.serial = serial;
  payload.issue_day = 2500;
  payload.scheme = kSchemeGbt47678;
  payload.facility_code = 14050201001000000 + number;
  const PayloadBytes head = EncodePayload(payload);
  CodeBytes bytes{};
  std::copy(head.begin(), head.end(), bytes.begin());
  std::mt19937 noise(number);
  std::generate(bytes.begin() + kPayloadSize, bytes.end(),
                [&] { return static_cast<uint8_t>(noise()); });
  return std::string(origin) + EncodeBody(bytes);
}

std::string PlateText(uint32_t number, std::string_view origin) {
  return PlateText(Serial(0, number), origin);
}

LabelFields PlateFields(uint32_t number) {
  LabelFields fields;
  fields.code_text = PlateText(number);
  fields.facility_code = fmt::to_string(14050201001000000 + number);
  fields.class_code = "01001";
  fields.class_name = "雨水井盖";
  fields.name = "泽州路 12 号";
  fields.supervisor = "晋城市城区城市管理局";
  fields.owner = "城区排水公司";
  fields.maintainer = "市政养护处";
  fields.contact = fields.maintainer;
  fields.telephone = "0356-2027890";
  return fields;
}

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "yima-label-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TempFolder::~TempFolder() { std::filesystem::remove_all(path_); }

std::vector<std::string> TempFolder::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string OutputOf(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  char buffer[1 << 16];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

scan::Image RenderPage(const std::string& pdf, int page, int dpi) {
  const auto image = scan::DecodeImage(
      OutputOf(fmt::format("pdftoppm -gray -r {0} -f {1} -l {1} '{2}'", dpi, page, pdf)));
  EXPECT_TRUE(image) << image.error().message;
  return image ? *image : scan::Image();
}

std::vector<std::string> TextsIn(const scan::Image& image) {
  std::vector<std::string> texts;
  for (const auto& symbol : scan::Scanner().Scan(image)) texts.push_back(symbol.text);
  return texts;
}

}  // namespace yima::label
