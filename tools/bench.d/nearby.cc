#include "server/registry/nearby.h"

#include <memory>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/sqlite_floor.h"
#include <fmt/format.h>

#include "server/registry/classes.h"
#include "server/store/sqlite_store.h"

namespace yima::bench {
namespace {

constexpr double kFound = 50;
constexpr double kMetresADegree = 111'195;
/// Where the ledgers' facilities lie.
constexpr store::Box kDistrict{112.825, 35.475, 112.875, 35.525};
constexpr double kCosine = 0.8138;  ///< Of their latitude.

/// The rules alone over a registry's file, without a transport.
class RulesAlone {
 public:
  static Result<std::unique_ptr<RulesAlone>> Open(const Options& options,
                                                  const std::filesystem::path& database) {
    store::SqliteOptions reading;
    reading.read_only = true;
    YIMA_ASSIGN_OR_RETURN(auto store, store::OpenSqliteStore(database, reading));
    const auto keys = options.work / "nearby-keys";
    std::filesystem::remove_all(keys);
    YIMA_ASSIGN_OR_RETURN(auto ring, server::KeyRing::Create(keys, std::nullopt));
    std::filesystem::remove_all(keys);
    return std::unique_ptr<RulesAlone>(new RulesAlone(std::move(store), std::move(ring)));
  }

  Result<std::string> Ask(const v1::SearchNearbyRequest& request) const {
    return server::SearchNearby(domain_, call_, request, *snapshot_);
  }

 private:
  RulesAlone(std::unique_ptr<store::Store> store, server::KeyRing keys)
      : store_(std::move(store)), keys_(std::move(keys)), snapshot_(store_->Read()) {}

  const std::unique_ptr<store::Store> store_;
  server::Numbers numbers_{*store_, 1};
  const server::KeyRing keys_;
  const server::ClassCatalogue classes_;
  const server::RegistryNow registry_{v1::Registry()};
  const server::Domain domain_{*store_, numbers_, keys_, classes_, registry_, {}};
  const server::Call call_;
  const std::unique_ptr<store::Snapshot> snapshot_;
};

/// Points spread over the district, the same for both.
store::Point PointOf(uint64_t i) {
  const auto part = [](uint64_t n) { return static_cast<double>(n % 10'007) / 10'007; };
  return {kDistrict.west + (kDistrict.east - kDistrict.west) * part(i * 7919),
          kDistrict.south + (kDistrict.north - kDistrict.south) * part(i * 104'729)};
}

/// The same questions to SQLite's own C interface: the box around each point, and the records of
/// what lies in it.
class RawQuery {
 public:
  static Result<std::unique_ptr<RawQuery>> Open(const std::filesystem::path& file) {
    auto made = std::make_unique<RawQuery>();
    YIMA_ASSIGN_OR_RETURN(made->database_, RawDatabase::Open(file, true));
    made->query_ = made->database_->Prepare(
        "SELECT r.id, r.revision, r.bytes FROM place p CROSS JOIN record1 r ON r.id = p.id "
        "WHERE p.east >= ? AND p.west <= ? AND p.north >= ? AND p.south <= ?");
    return made;
  }

  uint64_t Ask(const store::Point& at, double metres) {
    const double up = metres / kMetresADegree;
    const double across = up / kCosine;
    sqlite3_bind_double(query_, 1, at.longitude - across);
    sqlite3_bind_double(query_, 2, at.longitude + across);
    sqlite3_bind_double(query_, 3, at.latitude - up);
    sqlite3_bind_double(query_, 4, at.latitude + up);
    uint64_t bytes = 0;
    while (sqlite3_step(query_) == SQLITE_ROW) {
      bytes += static_cast<uint64_t>(sqlite3_column_bytes(query_, 2));
    }
    sqlite3_reset(query_);
    return bytes;
  }

 private:
  std::unique_ptr<RawDatabase> database_;
  sqlite3_stmt* query_ = nullptr;
};

v1::SearchNearbyRequest RequestAt(const store::Point& at, double metres) {
  v1::SearchNearbyRequest request;
  request.set_longitude(at.longitude);
  request.set_latitude(at.latitude);
  request.set_radius_metres(metres);
  request.set_page_size(static_cast<int32_t>(kFound));
  return request;
}

/// The radius in which fifty lie on average.
double MetresFor(uint64_t facilities) {
  const double height = 60'000e-6 * kMetresADegree;
  const double area = height * height * kCosine;
  return std::sqrt(kFound * area / static_cast<double>(facilities) / 3.14159265);
}

}  // namespace

Result<Line> BenchNearby(const Options& options) {
  const uint64_t facilities = options.quick ? 10'000 : 1'000'000;
  const uint64_t asks = options.quick ? 200 : 5'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, Registry::Make(options, "nearby"));
  constexpr uint64_t kLedgerRows = 100'000;
  for (uint64_t made = 0; made < facilities; made += kLedgerRows) {
    YIMA_RETURN_IF_ERROR(registry->Import(std::min(kLedgerRows, facilities - made)));
  }
  YIMA_RETURN_IF_ERROR(registry->Restart());
  YIMA_ASSIGN_OR_RETURN(const auto rules, RulesAlone::Open(options, registry->database()));
  YIMA_ASSIGN_OR_RETURN(const auto raw, RawQuery::Open(registry->database()));
  const double metres = MetresFor(facilities);

  Line line{.bench = "nearby", .unit = "us a search", .floor_unit = "us a query"};
  line.bar = 1.5;
  line.better = Better::kMin;
  constexpr double kQueryMicrosecondsMost = 2'000;
  return MedianOfRounds(
      line, options.quick ? 1 : 7, kQueryMicrosecondsMost, [&]() -> Result<Round> {
        uint64_t bytes = 0;
        const double floor = CoreSecondsOf([&] {
          for (uint64_t i = 0; i < asks; ++i) bytes += raw->Ask(PointOf(i), metres);
        });
        Result<void> answered;
        uint64_t answers = 0;
        const double figure = CoreSecondsOf([&] {
          for (uint64_t i = 0; answered && i < asks; ++i) {
            const auto answer = rules->Ask(RequestAt(PointOf(i), metres));
            if (!answer) answered = tl::unexpected(answer.error());
            if (answer) answers += answer->size();
          }
        });
        YIMA_RETURN_IF_ERROR(answered);
        if (answers == 0 || bytes == 0) {
          return Fail(StatusCode::kInternal, "NOTHING_FOUND", "no facility lies near any point");
        }
        Note(fmt::format("{} bytes a search, {} a query", answers / asks, bytes / asks));
        const double microseconds = 1e6 / static_cast<double>(asks);
        return Round{figure * microseconds, floor * microseconds};
      });
}

}  // namespace yima::bench
