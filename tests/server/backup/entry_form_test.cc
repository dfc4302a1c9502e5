#include "server/backup/entry_form.h"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "codegen/code/signature.h"

namespace yima::server {
namespace {

TEST(EntryFormTest, RefusesTheVectorsThatAreMalformed) {
  std::ifstream file(YIMA_SOURCE_DIR "/tests/vectors/log.json");
  const auto vectors = nlohmann::json::parse(file);
  const auto well_formed = [](const nlohmann::json& hex) {
    const auto text = hex.get<std::string>();
    std::string bytes(text.size() / 2, '\0');
    EXPECT_TRUE(FromHex(text, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
    return IsWellFormedEntry(bytes);
  };
  for (const auto& entry : vectors["entries"]) EXPECT_TRUE(well_formed(entry)) << entry;
  ASSERT_FALSE(vectors["malformed"].empty());
  for (const auto& one : vectors["malformed"]) {
    EXPECT_FALSE(well_formed(one["entry"])) << one["name"];
  }
}

}  // namespace
}  // namespace yima::server
