#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/server/access/callers.h"

namespace yima::server::testing {
namespace {

constexpr v1::Role kColumns[] = {v1::ROLE_UNSPECIFIED, v1::ROLE_CREW,    v1::ROLE_MANAGER,
                                 v1::ROLE_REGISTRAR,   v1::ROLE_AUDITOR, v1::ROLE_ADMIN};

/// The table of server/access/README.md: for each method, a mark under each role that may call it.
std::map<std::string, Roles> DocumentedTable() {
  std::ifstream file(YIMA_SOURCE_DIR "/server/access/README.md");
  std::map<std::string, Roles> table;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `") || line.find("Service/") == std::string::npos) continue;
    std::istringstream cells(line.substr(1));
    std::string cell;
    std::getline(cells, cell, '|');
    const size_t begin = cell.find('`') + 1;
    const std::string name = "yima.v1." + cell.substr(begin, cell.rfind('`') - begin);
    for (const v1::Role role : kColumns) {
      std::getline(cells, cell, '|');
      if (cell.find("●") != std::string::npos) table[name] |= RoleBit(role);
    }
  }
  return table;
}

/// Every method × every role, through the gate.
TEST(AccessTableTest, LetsInJustWhomTheDocumentedTableNames) {
  World world;
  Callers callers(world);
  std::map<v1::Role, std::string> tokens;
  for (const v1::Role role : kColumns) {
    if (role == v1::ROLE_UNSPECIFIED) continue;
    tokens[role] = callers.TokenFor(callers.Make({GrantOf(role)}).id()).text();
  }
  const auto documented = DocumentedTable();
  size_t rows = 0;
  for (const Method& method : callers.methods.table()) {
    ASSERT_TRUE(documented.contains(method.name)) << method.name << " is not in the table";
    ++rows;
    for (const v1::Role role : kColumns) {
      const bool may = (documented.at(method.name) & RoleBit(role)) != 0;
      EXPECT_EQ(callers.Enter(tokens[role], method.roles).has_value(), may)
          << method.name << " by " << v1::Role_Name(role);
    }
  }
  EXPECT_EQ(documented.size(), rows);
}

}  // namespace
}  // namespace yima::server::testing
