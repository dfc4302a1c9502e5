#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tools/bench.d/benches.h"
#include "tools/bench.d/registry.h"
#include "tools/bench.d/sqlite_floor.h"

#include "client/log/log_export.h"
#include "client/log/log_verify.h"
#include "server/domain/domain.h"
#include "server/keys/key_ring.h"
#include "server/log/log_reads.h"
#include "server/log/tree_hash.h"
#include "server/log/tree_keeper.h"
#include "server/registry/classes.h"
#include "server/store/sqlite_store.h"

namespace yima::bench {
namespace {

constexpr uint64_t kLedgerRows = 100'000;
/// On a quiet machine with SHA instructions some 900,000; without them a third.
constexpr double kHashesLeast = 100'000;
constexpr double kReadsLeast = 150'000;

/// A served registry of so many facilities, whose server was stopped.
Result<std::unique_ptr<Registry>> MakeLog(const Options& options, const std::string& name,
                                          uint64_t rows) {
  YIMA_ASSIGN_OR_RETURN(auto registry, Registry::Make(options, name));
  for (uint64_t made = 0; made < rows; made += kLedgerRows) {
    YIMA_RETURN_IF_ERROR(registry->Import(std::min(kLedgerRows, rows - made)));
  }
  return registry;
}

/// The registry's folder, opened in this process as the server opens it.
class OpenedHere {
 public:
  static Result<std::unique_ptr<OpenedHere>> Open(const std::filesystem::path& data) {
    YIMA_ASSIGN_OR_RETURN(auto store, store::OpenSqliteStore(data / "yima.db", {}));
    YIMA_ASSIGN_OR_RETURN(auto keys, server::KeyRing::Open(data / "keys", std::nullopt));
    const auto snapshot = store->Read();
    YIMA_ASSIGN_OR_RETURN(auto classes, server::ClassCatalogue::Load(*snapshot));
    YIMA_ASSIGN_OR_RETURN(auto record, server::Get<v1::Registry>(*snapshot, server::kRegistryId));
    if (!record) return Fail(StatusCode::kInternal, "DATA_UNFINISHED", "no registry");
    return std::unique_ptr<OpenedHere>(new OpenedHere(
        std::move(store), std::move(keys), std::move(classes), std::move(record->record)));
  }

  const server::Domain& domain() const { return domain_; }
  Result<void> GrowTree() const {
    server::TreeKeeper keeper(domain_);
    for (bool more = true; more;) {
      YIMA_ASSIGN_OR_RETURN(more, keeper.Grow());
    }
    return {};
  }

 private:
  OpenedHere(std::unique_ptr<store::Store> store, server::KeyRing keys,
             server::ClassCatalogue classes, v1::Registry registry)
      : store_(std::move(store)),
        keys_(std::move(keys)),
        classes_(std::move(classes)),
        registry_(std::move(registry)),
        numbers_(*store_, 1),
        domain_{*store_, numbers_, keys_, classes_, registry_, {}} {}

  std::unique_ptr<store::Store> store_;
  server::KeyRing keys_;
  server::ClassCatalogue classes_;
  server::RegistryNow registry_;
  server::Numbers numbers_;
  server::Domain domain_;
};

Result<std::vector<std::string>> EntriesOf(const std::filesystem::path& file) {
  store::SqliteOptions options;
  options.read_only = true;
  YIMA_ASSIGN_OR_RETURN(const auto store, store::OpenSqliteStore(file, options));
  std::vector<std::string> entries;
  YIMA_RETURN_IF_ERROR(store->Read()->ScanLog(0, [&](const store::LogRecord& record) {
    entries.emplace_back(record.entry);
    return true;
  }));
  return entries;
}

/// Seconds that one core takes for the hashes of these entries and of all nodes above them.
double HashSeconds(const std::vector<std::string>& entries) {
  return CoreSecondsOf([&] {
    std::vector<TreeHash> leaves;
    leaves.reserve(entries.size());
    for (const auto& entry : entries) leaves.push_back(server::FastHashLeaf(entry));
    volatile uint8_t kept = server::FastRoot(leaves)[0];
    static_cast<void>(kept);
  });
}

Result<void> ForgetTree(const std::filesystem::path& file) {
  YIMA_ASSIGN_OR_RETURN(const auto database, RawDatabase::Open(file, false));
  return database->Execute("DELETE FROM record71; DELETE FROM record72");
}

/// The log as a folder, and the checkpoint that it is under.
Result<KnownLog> ExportTo(const Registry& registry, const std::filesystem::path& folder,
                          uint64_t size) {
  const ServerLog source(registry.client());
  KnownLog log;
  while (log.checkpoint.size < size) {
    YIMA_ASSIGN_OR_RETURN(log.note, source.Checkpoint());
    YIMA_ASSIGN_OR_RETURN(const auto note, SignedNote::Parse(log.note));
    YIMA_ASSIGN_OR_RETURN(log.checkpoint, Checkpoint::Parse(note.text));
  }
  log.name = LogName::Parse(log.checkpoint.origin).value_or(LogName{});
  YIMA_RETURN_IF_ERROR(ExportLog(source, log, folder, {}));
  return log;
}

}  // namespace

Result<Line> BenchLogIntegrate(const Options& options) {
  YIMA_ASSIGN_OR_RETURN(const auto registry,
                        MakeLog(options, "log_integrate", options.quick ? 2'000 : 300'000));
  registry->Kill();
  {
    // What the write-ahead log holds goes back into the file first.
    YIMA_RETURN_IF_ERROR(OpenedHere::Open(registry->data()));
  }
  YIMA_ASSIGN_OR_RETURN(const auto entries, EntriesOf(registry->database()));
  const auto n = static_cast<double>(entries.size());
  Line line{.bench = "log_integrate", .unit = "entries/s", .floor_unit = "entries hashed/s"};
  line.bar = 0.5;
  return MedianOfRounds(line, options.quick ? 1 : 7, kHashesLeast, [&]() -> Result<Round> {
    YIMA_RETURN_IF_ERROR(ForgetTree(registry->database()));
    YIMA_ASSIGN_OR_RETURN(const auto opened, OpenedHere::Open(registry->data()));
    const double floor = HashSeconds(entries);
    Result<void> grown;
    const double figure = SecondsOf([&] { grown = opened->GrowTree(); });
    YIMA_RETURN_IF_ERROR(grown);
    return Round{n / figure, n / floor};
  });
}

Result<Line> BenchLogVerify(const Options& options) {
  const uint64_t rows = options.quick ? 2'000 : 1'000'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, MakeLog(options, "log_verify", rows));
  const auto folder = registry->data() / "exported";
  YIMA_ASSIGN_OR_RETURN(const auto log, ExportTo(*registry, folder, rows));
  registry->Kill();
  YIMA_ASSIGN_OR_RETURN(auto entries, EntriesOf(registry->database()));
  entries.resize(std::min<uint64_t>(entries.size(), log.checkpoint.size));
  const auto n = static_cast<double>(entries.size());
  Line line{.bench = "log_verify", .unit = "entries/s", .floor_unit = "entries hashed/s"};
  line.bar = 0.7;
  return MedianOfRounds(line, options.quick ? 1 : 5, kHashesLeast, [&]() -> Result<Round> {
    const double floor = HashSeconds(entries);
    Result<VerifyReport> verified;
    const double figure = SecondsOf([&] { verified = VerifyLog(FolderLog(folder), log, {}); });
    YIMA_RETURN_IF_ERROR(verified);
    return Round{n / figure, n / floor};
  });
}

Result<Line> BenchLogProof(const Options& options) {
  const uint64_t proofs = options.quick ? 200 : 20'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry,
                        MakeLog(options, "log_proof", options.quick ? 2'000 : 300'000));
  registry->Kill();
  {
    // What the write-ahead log holds goes back into the file, as nearly all of a log has.
    YIMA_ASSIGN_OR_RETURN(const auto growing, OpenedHere::Open(registry->data()));
    YIMA_RETURN_IF_ERROR(growing->GrowTree());
  }
  YIMA_ASSIGN_OR_RETURN(const auto opened, OpenedHere::Open(registry->data()));
  YIMA_RETURN_IF_ERROR(opened->GrowTree());
  const auto head = opened->domain().tree->head();
  const auto snapshot = opened->domain().store.Read();
  YIMA_ASSIGN_OR_RETURN(const auto database, RawDatabase::Open(registry->database(), true));
  auto* read = database->Prepare("SELECT bytes FROM record1 WHERE id = ?");
  std::mt19937_64 random(7);
  Line line{.bench = "log_proof", .unit = "proofs/s", .floor_unit = "point reads/s"};
  line.bar = 0.3;
  return MedianOfRounds(line, options.quick ? 1 : 21, kReadsLeast, [&]() -> Result<Round> {
    std::vector<uint64_t> indexes(proofs);
    for (auto& index : indexes) index = random() % head->checkpoint.size;
    const double floor = CoreSecondsOf([&] {
      for (const uint64_t index : indexes) {
        // Facilities have the numbers of epoch 1, as many as there are entries but for some
        // hundred.
        sqlite3_bind_int64(read, 1, static_cast<int64_t>(uint64_t{1} << 32 | (index + 1)));
        sqlite3_step(read);
        sqlite3_reset(read);
      }
    });
    Result<void> proved;
    const double figure = CoreSecondsOf([&] {
      for (const uint64_t index : indexes) {
        v1::GetInclusionProofRequest request;
        request.set_index(index);
        const auto proof = server::GetInclusionProof(server::Call{}, *head, request, *snapshot);
        if (!proof) proved = tl::unexpected(proof.error());
      }
    });
    YIMA_RETURN_IF_ERROR(proved);
    const auto n = static_cast<double>(proofs);
    return Round{n / figure, n / floor};
  });
}

}  // namespace yima::bench
