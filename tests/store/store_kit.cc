#include "tests/store/store_kit.h"

#include <cstdlib>
#include <future>

#include <SQLiteCpp/SQLiteCpp.h>

#include "server/store/sqlite_store.h"

namespace yima::store::testing {

namespace fs = std::filesystem;

TempFolder::TempFolder() {
  std::string pattern = (fs::temp_directory_path() / "yima-store-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::atomic<TimeUs> test_now = 1'000'000;
TimeUs TestNow() { return test_now; }

std::unique_ptr<Store> OpenSqlite(const fs::path& db) {
  SqliteOptions options;
  options.create = true;
  options.now = TestNow;
  auto store = OpenSqliteStore(db, options);
  if (!store) ADD_FAILURE() << store.error().reason << ": " << store.error().message;
  return store ? *std::move(store) : nullptr;
}

void EditFile(const std::filesystem::path& db, const std::string& sql) {
  SQLite::Database(db.string(), SQLite::OPEN_READWRITE).exec(sql);
}

Put PutFacility(uint64_t id, uint64_t expected_revision, std::string bytes) {
  Put put{Kind::kFacility, id, expected_revision, std::move(bytes), {}};
  put.entry = "entry of " + put.bytes;
  return put;
}

Claim ClaimCode(std::string key, uint64_t before, uint64_t after) {
  return {Index::kFacilityCode, std::move(key), before, after};
}

Request MakeRequest(std::string id, uint8_t hash, std::string reply) {
  Request request{"principal", "method", std::move(id), {}, std::move(reply)};
  request.hash.fill(hash);
  return request;
}

Change Putting(Put put) {
  Change change;
  change.puts.push_back(std::move(put));
  return change;
}

Result<bool> ScrubAndWait(Store& store) {
  std::promise<Result<bool>> promise;
  store.Scrub([&](Result<bool> scrubbed) { promise.set_value(std::move(scrubbed)); });
  return promise.get_future().get();
}

std::string ReasonOf(const Outcome& outcome) {
  const Error* error = std::get_if<Error>(&outcome);
  if (error == nullptr) ADD_FAILURE() << "outcome " << outcome.index() << " is no error";
  return error ? error->reason : "";
}

std::string FacilityBytes(const Store& store, uint64_t id) {
  const auto record = store.Read()->Get(Kind::kFacility, id);
  EXPECT_TRUE(record);
  return record && *record ? (*record)->bytes : "";
}

}  // namespace yima::store::testing
