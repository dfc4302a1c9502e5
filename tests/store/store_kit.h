#ifndef YIMA_TESTS_STORE_STORE_KIT_H_
#define YIMA_TESTS_STORE_STORE_KIT_H_

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "server/store/store.h"

namespace yima::store::testing {

/// A folder that goes with the object.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path db() const { return path_ / "yima.db"; }

 private:
  std::filesystem::path path_;
};

/// Settable, for stores opened with TestNow: 1,000,000 at first.
extern std::atomic<TimeUs> test_now;
TimeUs TestNow();

/// Opens an SQLite store, making its file when it is not there; fails the test when it cannot.
std::unique_ptr<Store> OpenSqlite(const std::filesystem::path& db);

/// Runs SQL on the file of a closed store.
void EditFile(const std::filesystem::path& db, const std::string& sql);

/// A put of a facility whose entry says `entry`, by default what the record says.
Put PutFacility(uint64_t id, uint64_t expected_revision, std::string bytes);
Claim ClaimCode(std::string key, uint64_t before, uint64_t after);
Request MakeRequest(std::string id, uint8_t hash, std::string reply);
/// A change with one put.
Change Putting(Put put);

/// The alternative of an outcome; fails the test and gives a default when it is another.
template <typename T>
T As(const Outcome& outcome) {
  if (const T* found = std::get_if<T>(&outcome)) return *found;
  const Error* error = std::get_if<Error>(&outcome);
  ADD_FAILURE() << "outcome " << outcome.index() << (error ? ": " + error->message : "");
  return T{};
}
/// The reason of an outcome that is an Error.
std::string ReasonOf(const Outcome& outcome);

/// What Scrub tells.
Result<bool> ScrubAndWait(Store& store);

/// Bytes of a facility, empty when absent.
std::string FacilityBytes(const Store& store, uint64_t id);

}  // namespace yima::store::testing

#endif  // YIMA_TESTS_STORE_STORE_KIT_H_
