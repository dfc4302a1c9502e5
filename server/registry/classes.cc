#include "server/registry/classes.h"

#include <algorithm>
#include <array>

#include "server/registry/classes_data.h"

namespace yima::server {
namespace {

/// Our own file holds no quotes, so a line splits at its commas.
std::array<std::string_view, 6> Fields(std::string_view line) {
  std::array<std::string_view, 6> fields;
  for (auto& field : fields) {
    const size_t end = std::min(line.find(','), line.size());
    field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

}  // namespace

std::vector<v1::FacilityClass> ClassCatalogue::BuiltIn() {
  std::vector<v1::FacilityClass> classes;
  std::string_view text = kClassesCsv;
  text.remove_prefix(text.find('\n') + 1);  // the header
  while (!text.empty()) {
    const auto [code, edition, group, name_zh, name_en, source] =
        Fields(text.substr(0, text.find('\n')));
    text.remove_prefix(text.find('\n') + 1);
    v1::FacilityClass& facility_class = classes.emplace_back();
    facility_class.set_code(std::string(code));
    facility_class.set_edition(std::string(edition));
    facility_class.set_group_name_zh(std::string(group));
    facility_class.set_name_zh(std::string(name_zh));
    facility_class.set_name_en(std::string(name_en));
    facility_class.set_source(std::string(source));
  }
  return classes;
}

Result<ClassCatalogue> ClassCatalogue::Load(const store::Snapshot& snapshot) {
  ClassCatalogue catalogue;
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kFacilityClass, 0, {}, [&](uint64_t, uint64_t, std::string_view bytes) {
        v1::FacilityClass facility_class;
        facility_class.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        std::string code = facility_class.code();
        catalogue.classes_[std::move(code)] = std::move(facility_class);
        return true;
      }));
  return catalogue;
}

const v1::FacilityClass* ClassCatalogue::Find(std::string_view code) const {
  const auto found = classes_.find(code);
  return found == classes_.end() ? nullptr : &found->second;
}

}  // namespace yima::server
