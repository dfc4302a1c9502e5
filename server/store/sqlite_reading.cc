#include "server/store/sqlite_reading.h"

#include "server/store/sqlite_schema.h"
#include "server/store/sqlite_snapshot.h"
#include "server/store/sqlite_store.h"

namespace yima::store {
namespace {

/// Reads beside a writing process.
class ReadOnlyStore final : public Store {
 public:
  explicit ReadOnlyStore(const std::filesystem::path& file) : file_(file) {}

  void Apply(Change, std::function<void(Outcome)> done) override { done(Refusal().error()); }
  Result<uint64_t> Reserve(std::string_view, uint64_t) override { return Refusal(); }
  Result<uint64_t> ForgetRequests(TimeUs) override { return Refusal(); }
  Result<void> LinkHistory(std::vector<EntryOwner>) override {
    return tl::unexpected(Refusal().error());
  }
  void Scrub(std::function<void(Result<bool>)> done) override {
    done(tl::unexpected(Refusal().error()));
  }
  std::unique_ptr<Snapshot> Read() const override {
    // Another process commits, which nobody counts here: each view is a new one.
    readers_.CountCommit();
    return MakeSnapshot(readers_);
  }

 private:
  static Result<uint64_t> Refusal() {
    return Fail(StatusCode::kFailedPrecondition, "STORE_READ_ONLY",
                "the store is open for reading");
  }
  const std::filesystem::path file_;
  /// Who reads the whole of a file, as a check does, is served best by a map.
  mutable ReaderPool readers_{file_, /*mapped_after=*/{}};
};

}  // namespace

Result<std::unique_ptr<Store>> OpenReadOnlyStore(const std::filesystem::path& file, bool older) {
  return Guarded([&]() -> Result<std::unique_ptr<Store>> {
    Reader reader(file);
    YIMA_RETURN_IF_ERROR(older ? CheckSchemaNotNewer(reader.connection)
                               : CheckSchema(reader.connection));
    return std::make_unique<ReadOnlyStore>(file);
  });
}

Result<std::vector<std::string>> CheckIntegrity(const std::filesystem::path& file, bool quick) {
  const auto findings = Guarded([&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> found;
    // A server that is just closing the file holds it for a moment.
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY, kBusyMs);
    if (quick) database.exec(kMapFile);
    SQLite::Statement statement(database, quick ? "PRAGMA quick_check" : "PRAGMA integrity_check");
    while (statement.executeStep()) {
      std::string finding = statement.getColumn(0).getString();
      if (finding != "ok") found.push_back("database: " + std::move(finding));
    }
    return found;
  });
  // A file that SQLite cannot walk at all is a finding too.
  if (!findings && findings.error().reason == "STORE_DAMAGED") {
    return std::vector<std::string>{"database: " + findings.error().message};
  }
  return findings;
}

}  // namespace yima::store
