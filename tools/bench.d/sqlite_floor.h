#ifndef YIMA_TOOLS_BENCH_D_SQLITE_FLOOR_H_
#define YIMA_TOOLS_BENCH_D_SQLITE_FLOOR_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "codegen/code/result.h"

namespace yima::bench {

/// SQLite's own C interface, with the settings that the server writes under: what it can do at
/// most on this machine. Errors: SQLITE_FAILED.
class RawDatabase {
 public:
  static Result<std::unique_ptr<RawDatabase>> Open(const std::filesystem::path& file,
                                                   bool read_only);
  ~RawDatabase();

  Result<void> Execute(const std::string& sql);
  /// A statement prepared once and kept.
  sqlite3_stmt* Prepare(const std::string& sql);
  Result<void> Failure() const;

 private:
  explicit RawDatabase(sqlite3* database) : database_(database) {}
  sqlite3* const database_;
  std::vector<sqlite3_stmt*> statements_;
};

/// All rows that one facility is made of.
struct FacilityRows {
  int64_t id = 0;
  std::string bytes;
  std::string entry;  ///< Of the log.
  std::vector<std::pair<int, std::string>> claims;
  std::vector<std::string> terms;
  std::optional<std::pair<double, double>> place;  ///< Longitude and latitude.
};

/// The floor of `import`: a second database of the same tables and indexes, into which the rows
/// that the server has just written are inserted again, by nothing but prepared statements.
class MirrorDatabase {
 public:
  static Result<std::unique_ptr<MirrorDatabase>> Make(const std::filesystem::path& server,
                                                      const std::filesystem::path& file);

  /// What stands in the server's database and not here yet.
  Result<std::vector<FacilityRows>> NewRows();
  /// Inserts them in transactions of 5,000 facilities, each durable; gives the seconds.
  Result<double> Insert(const std::vector<FacilityRows>& rows);

 private:
  std::unique_ptr<RawDatabase> server_;
  std::unique_ptr<RawDatabase> mirror_;
  int64_t last_id_ = 0;
  int64_t log_size_ = 0;
};

/// The floor of `rights_notice`: puts over the rows of `before` what has changed of facilities and
/// claims in `after`, a copy of it that was written to since, and appends what the log has more, by
/// nothing but prepared statements, in durable transactions of so many facilities; gives the
/// seconds. Terms and counters, which change by little, are left out.
Result<double> ReplaceRows(const std::filesystem::path& after, const std::filesystem::path& before,
                           size_t transaction_facilities);

/// The floor of `single_write`: durable transactions of one 200-byte row each, one after the other,
/// a second, measured for so many seconds.
Result<double> DurableTransactions(const std::filesystem::path& file, double seconds);

}  // namespace yima::bench

#endif  // YIMA_TOOLS_BENCH_D_SQLITE_FLOOR_H_
