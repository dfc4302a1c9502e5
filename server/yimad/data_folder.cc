#include "server/yimad/data_folder.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <sodium.h>
#include <spdlog/spdlog.h>

#include "server/access/tokens.h"
#include "server/backup/backup.h"
#include "server/domain/batch_items.h"
#include "server/domain/change_writer.h"
#include "server/domain/rederive.h"
#include "server/keys/key_file.h"
#include "server/store/sqlite_store.h"
#include "server/yimad/notify.h"

namespace yima::server {
namespace {

constexpr const char* kAdminToken = "admin-token";

namespace fs = std::filesystem;

constexpr int kCodeKeyYears = 5;

Result<v1::Registry> NewRegistry(const Origin& origin, const KeyRing& keys) {
  std::array<uint8_t, 16> id{};
  randombytes_buf(id.data(), id.size());
  v1::Registry registry;
  registry.set_id(ToHex(id));
  registry.set_epoch(1);
  auto* own = registry.add_origins();
  own->set_origin(origin.ToString());
  own->set_state(v1::ORIGIN_STATE_CURRENT);
  own->set_test(origin.IsTest());
  YIMA_ASSIGN_OR_RETURN(const Day today, DayOf(Now()));
  auto* key = registry.add_code_keys();
  key->set_origin(origin.ToString());
  key->set_key_id(1);
  key->set_algorithm(std::string(AlgorithmName(Algorithm::kEd25519)));
  key->set_public_key(AsString(keys.code(1)->public_key()));
  key->set_first_day(today);
  key->set_last_day(today + 365u * kCodeKeyYears);
  registry.add_root_keys(AsString(keys.All(KeyKind::kRoot).front()->public_key()));
  registry.add_status_keys(AsString(keys.All(KeyKind::kStatus).front()->public_key()));
  registry.add_log_keys(AsString(keys.All(KeyKind::kLog).front()->public_key()));
  registry.add_certificate_keys(AsString(keys.All(KeyKind::kCertificate).front()->public_key()));
  return registry;
}

Result<void> WriteFirstRecords(store::Store& store, const v1::Registry& registry) {
  ChangeWriter writer(LocalCall("yimad/init"), "");
  writer.Create(kRegistryId, registry);
  uint64_t id = 0;
  for (const auto& facility_class : ClassCatalogue::BuiltIn()) writer.Create(++id, facility_class);
  return Settled(store::ApplyAndWait(store, writer.Take()));
}

Result<void> MakeEmptyFolder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) &&
      !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return Fail(StatusCode::kFailedPrecondition, "DATA_NOT_EMPTY",
                fmt::format("{} is not an empty folder; a registry begins in one of its own",
                            folder.string()),
                "--data");
  }
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) {
    return Fail(StatusCode::kFailedPrecondition, "DATA_NOT_WRITABLE",
                fmt::format("cannot make {}: {}", folder.string(), error.message()), "--data");
  }
  return {};
}

Result<std::optional<Secret>> ReadPassphraseFile(const fs::path& file, std::string_view field) {
  std::ifstream stream(file, std::ios::binary);
  constexpr size_t kSizeMax = 4096;
  Secret read(kSizeMax);
  stream.read(reinterpret_cast<char*>(read.bytes().data()), kSizeMax);
  std::string_view words(reinterpret_cast<const char*>(read.bytes().data()),
                         static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  while (words.ends_with('\n') || words.ends_with('\r')) words.remove_suffix(1);
  if (stream.bad() || !stream.eof() || words.empty()) {
    return Invalid(
        "PASSPHRASE_FILE",
        fmt::format("{} cannot be read, is empty or above {} bytes", file.string(), kSizeMax - 1),
        std::string(field));
  }
  return Secret(words);
}

/// Files of calls that a crash cut off are of no use to anyone.
Result<fs::path> CleanSpool(const fs::path& folder) {
  const fs::path spool = folder / "spool";
  std::error_code error;
  fs::remove_all(spool, error);
  fs::create_directories(spool, error);
  if (!error) return spool;
  return Fail(StatusCode::kFailedPrecondition, "DATA_NOT_WRITABLE",
              fmt::format("cannot make {}: {}", spool.string(), error.message()), "--data");
}

Result<v1::Registry> ReadRegistry(const store::Snapshot& snapshot, const fs::path& folder) {
  YIMA_ASSIGN_OR_RETURN(auto read, Get<v1::Registry>(snapshot, kRegistryId));
  if (read) return std::move(read->record);
  return Fail(StatusCode::kFailedPrecondition, "DATA_UNFINISHED",
              fmt::format("{} holds no registry: yimad init was cut off; begin in an empty folder",
                          folder.string()),
              "--data");
}

/// Keys of another registry would sign what every reader calls forged.
Result<void> CheckKeysBelong(const KeyRing& keys, const v1::Registry& registry) {
  const auto refuse = [](std::string_view name) {
    return Fail(StatusCode::kFailedPrecondition, "KEYS_FOREIGN",
                fmt::format("key file {}.key is not of this registry", name));
  };
  const auto any_in = [&](KeyKind kind, const auto& list) {
    return std::ranges::any_of(list,
                               [&](const auto& key) { return keys.Find(kind, key) != nullptr; });
  };
  const bool roots_away = keys.All(KeyKind::kRoot).empty();
  if (!roots_away && !any_in(KeyKind::kRoot, registry.root_keys())) return refuse("root");
  if (!any_in(KeyKind::kStatus, registry.status_keys())) return refuse("status");
  if (!any_in(KeyKind::kLog, registry.log_keys())) return refuse("log");
  if (!any_in(KeyKind::kCertificate, registry.certificate_keys())) return refuse("certificate");
  for (const auto& key : registry.code_keys()) {
    const auto own = keys.code(static_cast<uint16_t>(key.key_id()));
    if (own != nullptr && AsString(own->public_key()) != key.public_key()) {
      return refuse(fmt::format("code-{}", key.key_id()));
    }
  }
  return {};
}

std::function<Result<void>(std::string_view)> KeeperIn(const fs::path& folder) {
  return [file = folder / kAdminToken](std::string_view token) {
    return ReplaceSecretFile(file, std::string(token) + "\n");
  };
}

}  // namespace

Call LocalCall(std::string_view method) {
  Call call;
  call.method = method;
  call.principal = "local";
  return call;
}

/// A backup that went on by itself would give its epoch's numbers once more, and fork its log.
Result<void> CheckIsNoBackup(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder / kManifestName, ignored)) return {};
  return Fail(StatusCode::kFailedPrecondition, "DATA_IS_BACKUP",
              fmt::format("{} is a backup", folder.string()), "--data");
}

Result<void> CheckPresent(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "yima.db", error)) return {};
  return Fail(StatusCode::kNotFound, "DATA_MISSING",
              fmt::format("{} holds no registry; make one with yimad init", folder.string()),
              "--data");
}

/// An older program's file is read and written once from end to end while it is opened.
void AllowTimeToOpen(const fs::path& file) {
  constexpr uint64_t kBytesASecond = 5'000'000;
  std::error_code error;
  const uint64_t size = fs::file_size(file, error);
  if (error) return;
  NotifySystemd(fmt::format("EXTEND_TIMEOUT_USEC={}", (60 + size / kBytesASecond) * 1'000'000));
}

Result<void> BringUpToDate(store::Store& store) {
  constexpr auto kSaidEvery = std::chrono::seconds(2);
  auto said = std::chrono::steady_clock::now();
  return Rederive(store, [&](std::string_view what, uint64_t done) {
    if (std::chrono::steady_clock::now() - said < kSaidEvery) return;
    said = std::chrono::steady_clock::now();
    spdlog::info("bringing the registry up to date: {} {}", done, what);
    NotifySystemd("EXTEND_TIMEOUT_USEC=60000000");
  });
}

Result<std::optional<Secret>> ReadPassphrase(const fs::path& file) {
  if (!file.empty()) return ReadPassphraseFile(file, "--passphrase-file");
  if (char* words = std::getenv("YIMA_PASSPHRASE"); words != nullptr && *words != '\0') {
    Secret passphrase(words);
    // Neither /proc nor a process begun by this one tells it any longer than need be.
    sodium_memzero(words, std::strlen(words));
    unsetenv("YIMA_PASSPHRASE");
    return passphrase;
  }
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  std::error_code error;
  if (credentials != nullptr && fs::exists(fs::path(credentials) / "passphrase", error)) {
    return ReadPassphraseFile(fs::path(credentials) / "passphrase", "$CREDENTIALS_DIRECTORY");
  }
  return std::nullopt;
}

DataFolder::DataFolder(std::unique_ptr<store::Store> store, KeyRing keys, v1::Registry registry,
                       ClassCatalogue classes, fs::path spool)
    : store_(std::move(store)),
      keys_(std::move(keys)),
      registry_(std::move(registry)),
      classes_(std::move(classes)),
      numbers_(*store_, static_cast<uint16_t>(registry_->epoch())),
      domain_(new Domain{*store_, numbers_, keys_, classes_, registry_, std::move(spool)}) {
  domain_->clock = std::make_shared<const ClockWatch>();
}

DataFolder::~DataFolder() = default;

Result<std::unique_ptr<DataFolder>> DataFolder::Create(const fs::path& folder, const Origin& origin,
                                                       const std::optional<Secret>& passphrase) {
  YIMA_RETURN_IF_ERROR(MakeEmptyFolder(folder));
  YIMA_ASSIGN_OR_RETURN(const KeyRing keys, KeyRing::Create(folder / "keys", passphrase));
  YIMA_ASSIGN_OR_RETURN(const auto registry, NewRegistry(origin, keys));
  {
    store::SqliteOptions options;
    options.create = true;
    YIMA_ASSIGN_OR_RETURN(const auto store, store::OpenSqliteStore(folder / "yima.db", options));
    YIMA_RETURN_IF_ERROR(WriteFirstRecords(*store, registry));
  }
  return Open(folder, passphrase);
}

Result<std::unique_ptr<DataFolder>> DataFolder::Open(const fs::path& folder,
                                                     const std::optional<Secret>& passphrase) {
  YIMA_RETURN_IF_ERROR(CheckPresent(folder));
  YIMA_RETURN_IF_ERROR(CheckIsNoBackup(folder));
  AllowTimeToOpen(folder / "yima.db");
  YIMA_ASSIGN_OR_RETURN(auto store, store::OpenSqliteStore(folder / "yima.db", {}));
  YIMA_ASSIGN_OR_RETURN(auto keys, KeyRing::Open(folder / "keys", passphrase));
  YIMA_RETURN_IF_ERROR(BringUpToDate(*store));
  const auto snapshot = store->Read();
  YIMA_ASSIGN_OR_RETURN(auto registry, ReadRegistry(*snapshot, folder));
  YIMA_RETURN_IF_ERROR(CheckKeysBelong(keys, registry));
  YIMA_ASSIGN_OR_RETURN(auto classes, ClassCatalogue::Load(*snapshot));
  YIMA_ASSIGN_OR_RETURN(auto spool, CleanSpool(folder));
  return std::unique_ptr<DataFolder>(new DataFolder(std::move(store), std::move(keys),
                                                    std::move(registry), std::move(classes),
                                                    std::move(spool)));
}

Result<ReadOnlyFolder> OpenReadOnly(const fs::path& folder) {
  YIMA_RETURN_IF_ERROR(CheckPresent(folder));
  store::SqliteOptions options;
  options.read_only = true;
  YIMA_ASSIGN_OR_RETURN(auto store, store::OpenSqliteStore(folder / "yima.db", options));
  YIMA_ASSIGN_OR_RETURN(auto registry, ReadRegistry(*store->Read(), folder));
  return ReadOnlyFolder{std::move(store), std::move(registry)};
}

Result<void> KeepAdminToken(const Domain& domain, const fs::path& folder) {
  return MakeFirstAdministrator(domain, KeeperIn(folder));
}

Result<uint64_t> RenewAdminToken(const Domain& domain, const fs::path& folder) {
  YIMA_RETURN_IF_ERROR(KeepAdminToken(domain, folder));
  const auto before = ReadSecretFile(folder / kAdminToken);
  auto renewed = RenewAdminToken(domain, LocalCall("yimad/admin-token"), KeeperIn(folder));
  // The one before still holds then, and nobody else has its text.
  if (!renewed && before) {
    YIMA_RETURN_IF_ERROR(ReplaceSecretFile(folder / kAdminToken, *before));
  }
  return renewed;
}

}  // namespace yima::server
