#include "tests/store/recording_vfs.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <mutex>

#include <sqlite3.h>

namespace yima::store::testing {
namespace {

using Type = Operation::Type;

/// All there is, since SQLite's callbacks carry nothing of ours.
struct State {
  std::mutex mutex;
  std::vector<Operation> operations;
  uint64_t count = 0;
  uint64_t fail_at = 0;
  uint64_t fail_times = 0;
  int fail_code = 0;
  bool failed = false;
  std::set<std::string> failing_syncs;
  std::atomic<bool> syncs = true;
  std::atomic<bool> index_full = false;
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs shim{};
};

State& TheState() {
  static State state;
  return state;
}

/// Our file; the system's lies right behind it.
struct ShimFile {
  sqlite3_file base;
  char name[64];
};

sqlite3_file* Real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<ShimFile*>(file) + 1);
}

/// Counts an operation, and gives the code it must fail with, or SQLITE_OK.
int Meet(Operation operation) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  ++state.count;
  if (operation.type == Type::kSync && state.failing_syncs.contains(operation.file)) {
    operation.type = Type::kSyncFailed;
    state.operations.push_back(std::move(operation));
    return SQLITE_IOERR_FSYNC;
  }
  const bool strikes = state.fail_at != 0 && state.count >= state.fail_at && state.fail_times > 0 &&
                       !(state.fail_code == SQLITE_FULL && operation.type == Type::kSync);
  if (strikes) {
    --state.fail_times;
    state.failed = true;
    if (operation.type != Type::kSync) return state.fail_code;
    operation.type = Type::kSyncFailed;
    state.operations.push_back(std::move(operation));
    return SQLITE_IOERR_FSYNC;
  }
  state.operations.push_back(std::move(operation));
  return SQLITE_OK;
}

std::string NameOf(const sqlite3_file* file) {
  return reinterpret_cast<const ShimFile*>(file)->name;
}

int ShimWrite(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  Operation operation{Type::kWrite, NameOf(file), offset,
                      std::string(static_cast<const char*>(bytes), static_cast<size_t>(size))};
  if (const int code = Meet(std::move(operation)); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xWrite(Real(file), bytes, size, offset);
}

int ShimTruncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = Meet({Type::kTruncate, NameOf(file), size, {}}); code != SQLITE_OK) {
    return code;
  }
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

int ShimSync(sqlite3_file* file, int flags) {
  if (const int code = Meet({Type::kSync, NameOf(file), 0, {}}); code != SQLITE_OK) return code;
  return TheState().syncs ? Real(file)->pMethods->xSync(Real(file), flags) : SQLITE_OK;
}

int ShimShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** at) {
  const bool may_extend = extend != 0 && !TheState().index_full;
  const int code = Real(file)->pMethods->xShmMap(Real(file), region, size, may_extend ? 1 : 0, at);
  const bool missing = code == SQLITE_OK && *at == nullptr && extend != 0;
  return missing ? SQLITE_IOERR_SHMSIZE : code;
}

/// Everything else goes straight on to the system.
template <auto Method, typename... Args>
auto Forward(sqlite3_file* file, Args... args) {
  return (Real(file)->pMethods->*Method)(Real(file), args...);
}

using Methods = sqlite3_io_methods;
const Methods kMethods = {
    3,
    Forward<&Methods::xClose>,
    Forward<&Methods::xRead, void*, int, sqlite3_int64>,
    ShimWrite,
    ShimTruncate,
    ShimSync,
    Forward<&Methods::xFileSize, sqlite3_int64*>,
    Forward<&Methods::xLock, int>,
    Forward<&Methods::xUnlock, int>,
    Forward<&Methods::xCheckReservedLock, int*>,
    Forward<&Methods::xFileControl, int, void*>,
    Forward<&Methods::xSectorSize>,
    Forward<&Methods::xDeviceCharacteristics>,
    ShimShmMap,
    Forward<&Methods::xShmLock, int, int, int>,
    Forward<&Methods::xShmBarrier>,
    Forward<&Methods::xShmUnmap, int>,
    Forward<&Methods::xFetch, sqlite3_int64, int, void**>,
    Forward<&Methods::xUnfetch, sqlite3_int64, void*>,
};

int ShimOpen(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  State& state = TheState();
  auto* shim = reinterpret_cast<ShimFile*>(file);
  const std::string name = path ? std::filesystem::path(path).filename().string() : "temporary";
  std::memset(shim->name, 0, sizeof shim->name);
  name.copy(shim->name, sizeof shim->name - 1);
  const int code = state.real->xOpen(state.real, path, Real(file), flags, out_flags);
  shim->base.pMethods = Real(file)->pMethods != nullptr ? &kMethods : nullptr;
  return code;
}

int ShimDelete(sqlite3_vfs*, const char* path, int sync_folder) {
  State& state = TheState();
  {
    const std::lock_guard lock(state.mutex);
    state.operations.push_back(
        {Type::kDelete, std::filesystem::path(path).filename().string(), sync_folder, {}});
  }
  return state.real->xDelete(state.real, path, sync_folder);
}

}  // namespace

RecordingVfs& RecordingVfs::Install() {
  static RecordingVfs vfs;
  State& state = TheState();
  if (state.real != nullptr) return vfs;
  state.real = sqlite3_vfs_find(nullptr);
  state.shim = *state.real;
  state.shim.zName = "recording";
  state.shim.szOsFile += static_cast<int>(sizeof(ShimFile));
  state.shim.xOpen = ShimOpen;
  state.shim.xDelete = ShimDelete;
  sqlite3_vfs_register(&state.shim, 1);
  return vfs;
}

void RecordingVfs::Reset() {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  state.operations.clear();
  state.count = 0;
  state.fail_at = 0;
  state.failed = false;
}

void RecordingVfs::Mark(int64_t value) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  state.operations.push_back({Type::kMark, {}, value, {}});
}

std::vector<Operation> RecordingVfs::operations() const {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  return state.operations;
}

uint64_t RecordingVfs::count() const {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  return state.count;
}

void RecordingVfs::FailAt(uint64_t n, int code, uint64_t times) {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  state.fail_at = n;
  state.fail_code = code;
  state.fail_times = times;
}

void RecordingVfs::FailSyncsOf(std::set<std::string> files) {
  const std::lock_guard lock(TheState().mutex);
  TheState().failing_syncs = std::move(files);
}

void RecordingVfs::FailNoMore() { FailAt(0, SQLITE_OK, 0); }

bool RecordingVfs::failed() const {
  State& state = TheState();
  const std::lock_guard lock(state.mutex);
  return state.failed;
}

void RecordingVfs::SetIndexFull(bool full) { TheState().index_full = full; }

void RecordingVfs::SetSyncs(bool on) { TheState().syncs = on; }

void Disk::Apply(const Operation& operation, std::string& bytes) {
  const auto at = static_cast<size_t>(operation.offset);
  if (operation.type == Type::kTruncate) return bytes.resize(at);
  if (bytes.size() < at + operation.bytes.size()) bytes.resize(at + operation.bytes.size());
  bytes.replace(at, operation.bytes.size(), operation.bytes);
}

void Disk::Do(const Operation& operation) {
  if (operation.type == Type::kMark) return;
  if (operation.type == Type::kDelete) {
    // What stood in a file that comes again under this name is another file's.
    files_.erase(operation.file);
    return;
  }
  File& file = files_[operation.file];
  if (operation.type == Type::kSyncFailed) return file.pending.clear();
  if (operation.type != Type::kSync) {
    Apply(operation, file.cached);
    return file.pending.push_back(operation);
  }
  for (const auto& pending : file.pending) Apply(pending, file.durable);
  file.pending.clear();
  file.synced = true;
}

void Disk::Write(const std::filesystem::path& folder, Unsynced unsynced,
                 std::mt19937_64& random) const {
  constexpr size_t kSector = 512;
  for (const auto& [name, file] : files_) {
    if (!file.synced && unsynced == Unsynced::kLost) continue;
    std::string bytes = unsynced == Unsynced::kKept ? file.cached : file.durable;
    for (Operation pending : file.pending) {
      if (unsynced != Unsynced::kTorn) break;
      if (unsynced == Unsynced::kTorn) {
        const uint64_t chance = random() % 4;
        if (chance == 0) continue;
        if (chance == 1) pending.bytes.resize(pending.bytes.size() / kSector / 2 * kSector);
      }
      Apply(pending, bytes);
    }
    std::ofstream(folder / name, std::ios::binary) << bytes;
  }
}

}  // namespace yima::store::testing
