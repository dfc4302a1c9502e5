// Versions of the file: made, brought up to date, refused.
#include "server/store/sqlite_schema.h"

#include <gmock/gmock.h>

#include "server/store/sqlite_store.h"
#include "tests/store/store_kit.h"

namespace yima::store::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SqliteSchemaTest : public ::testing::Test {
 protected:
  void Execute(const std::string& sql) {
    SQLite::Database database(folder_.db().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec(sql);
  }
  int Ask(const std::string& sql) {
    SQLite::Database database(folder_.db().string());
    return database.execAndGet(sql).getInt();
  }
  Error Refusal(bool read_only = false) {
    SqliteOptions options;
    options.read_only = read_only;
    const auto store = OpenSqliteStore(folder_.db(), options);
    return store ? Error{} : store.error();
  }
  Result<void> Prepare(std::span<const SchemaStep> steps) {
    Connection connection(folder_.db(), SQLite::OPEN_READWRITE);
    return PrepareSchema(connection, steps);
  }

  TempFolder folder_;
};

TEST_F(SqliteSchemaTest, WritesItsVersionAndWhoseFileItIs) {
  OpenSqlite(folder_.db()).reset();
  EXPECT_EQ(Ask("PRAGMA user_version"), 5);
  EXPECT_EQ(Ask("PRAGMA application_id"), 0x59696d61);
  EXPECT_EQ(Ask("SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND strict = 0 "
                "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'place%'"),
            0);
}

/// What a later kind or index needs is a step of its own: files of version 1 are already out there.
TEST_F(SqliteSchemaTest, Version1StaysAsItWas) {
  Execute(SchemaSteps()[0]());
  SQLite::Database database(folder_.db().string());
  SQLite::Statement tables(
      database,
      "SELECT group_concat(name || '(' || (SELECT group_concat(name || ' ' || type) FROM "
      "pragma_table_info(t.name)) || ')', ' ') FROM (SELECT name FROM sqlite_schema WHERE type = "
      "'table' AND name NOT LIKE 'record%' ORDER BY name) t");
  ASSERT_TRUE(tables.executeStep());
  EXPECT_EQ(tables.getColumn(0).getString(),
            "claim(idx INTEGER,key BLOB,holder INTEGER) counter(name BLOB,value INTEGER) log(idx "
            "INTEGER,entry BLOB) request(principal BLOB,method BLOB,request_id BLOB,hash "
            "BLOB,reply BLOB,time_us INTEGER) sequence(name BLOB,next INTEGER) term(kind "
            "INTEGER,term BLOB,id INTEGER)");
  SQLite::Statement records(database,
                            "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema "
                            "WHERE name LIKE 'record%' ORDER BY rowid)");
  ASSERT_TRUE(records.executeStep());
  EXPECT_EQ(records.getColumn(0).getString(),
            "record1 record2 record3 record4 record5 record6 record64 record65 record66 record67");
}

TEST_F(SqliteSchemaTest, RefusesANewerFileAndLeavesItAlone) {
  OpenSqlite(folder_.db()).reset();
  Execute("PRAGMA user_version = 6; PRAGMA journal_mode = DELETE");
  for (const bool read_only : {false, true}) {
    EXPECT_EQ(Refusal(read_only).reason, "SCHEMA_NEWER");
    EXPECT_THAT(Refusal(read_only).message, AllOf(HasSubstr("schema 6"), HasSubstr("knows 5")));
  }
  EXPECT_EQ(Ask("PRAGMA user_version"), 6);
  SQLite::Database database(folder_.db().string());
  EXPECT_EQ(database.execAndGet("PRAGMA journal_mode").getString(), "delete");
}

TEST_F(SqliteSchemaTest, RefusesADatabaseOfSomebodyElse) {
  Execute("CREATE TABLE t (x)");
  EXPECT_EQ(Refusal().reason, "STORE_DAMAGED");
  EXPECT_EQ(Refusal(true).reason, "STORE_DAMAGED");
  Execute("PRAGMA user_version = 7");
  EXPECT_EQ(Refusal().reason, "STORE_DAMAGED");
  EXPECT_EQ(Ask("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(SqliteSchemaTest, AnEmptyFileIsNoStoreToReadFrom) {
  Execute("");
  EXPECT_EQ(Refusal(true).reason, "STORE_DAMAGED");
}

TEST_F(SqliteSchemaTest, BringsAnOlderFileUpToDateAndKeepsWhatIsInIt) {
  auto store = OpenSqlite(folder_.db());
  As<Committed>(ApplyAndWait(*store, Putting(PutFacility(1, 0, "kept"))));
  store.reset();
  const SchemaStep steps[] = {SchemaSteps()[0],
                              SchemaSteps()[1],
                              SchemaSteps()[2],
                              SchemaSteps()[3],
                              SchemaSteps()[4],
                              [] { return std::string("CREATE TABLE tile (n INTEGER) STRICT;"); },
                              [] { return std::string("INSERT INTO tile SELECT idx FROM log;"); }};
  ASSERT_TRUE(Prepare(steps));
  EXPECT_EQ(Ask("PRAGMA user_version"), 7);
  EXPECT_EQ(Ask("SELECT count(*) FROM tile"), 1);
  EXPECT_EQ(Ask("SELECT count(*) FROM record1"), 1);
  // This program is now the older one.
  EXPECT_EQ(Refusal().reason, "SCHEMA_NEWER");
}

TEST_F(SqliteSchemaTest, AStepThatFailsTakesAllStepsBack) {
  OpenSqlite(folder_.db()).reset();
  const SchemaStep steps[] = {SchemaSteps()[0],
                              SchemaSteps()[1],
                              SchemaSteps()[2],
                              SchemaSteps()[3],
                              SchemaSteps()[4],
                              [] { return std::string("CREATE TABLE tile (n INTEGER) STRICT;"); },
                              [] { return std::string("INSERT INTO nowhere VALUES (1);"); }};
  const auto prepared = Prepare(steps);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().reason, "STORE_FAILED");
  EXPECT_EQ(Ask("PRAGMA user_version"), 5);
  EXPECT_EQ(Ask("SELECT count(*) FROM sqlite_schema WHERE name = 'tile'"), 0);
  EXPECT_EQ(Refusal().reason, "");
}

}  // namespace
}  // namespace yima::store::testing
