#include "server/store/sqlite_pages.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "server/store/sqlite_connection.h"

namespace yima::store {
namespace {

// SQLite's file format, section 1.6: https://www.sqlite.org/fileformat2.html
constexpr size_t kFileHeader = 100;  ///< Before the first page's own.
constexpr size_t kPageHeader = 8;
constexpr uint8_t kLeafOfTable = 13;
constexpr int kPageMin = 512;
/// A page of an overflowing row begins with the number of the next, which looks like a leaf's first
/// byte from this size of the file on, some 900 GB.
constexpr sqlite3_int64 kPagesMax = sqlite3_int64{kLeafOfTable} << 24;

size_t BigEndian16(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<size_t>(bytes[at]) << 8 | bytes[at + 1];
}

struct Range {
  std::ptrdiff_t begin = 0;
  std::ptrdiff_t end = 0;
};

/// The free space of a page that holds rows, when it is not all zeros.
Range UsedFreeSpace(std::span<const uint8_t> page, bool first) {
  const size_t header = first ? kFileHeader : 0;
  if (page.size() < header + kPageHeader || page[header] != kLeafOfTable) return {};
  const size_t begin = header + kPageHeader + 2 * BigEndian16(page, header + 3);
  const size_t rows = BigEndian16(page, header + 5);
  const size_t end = rows == 0 ? size_t{1} << 16 : rows;
  if (begin >= end || end > page.size()) return {};
  // All zeros when the first is one and each is as the next: many at a time, for each page written.
  const auto free = page.subspan(begin, end - begin);
  const bool used = free[0] != 0 || std::memcmp(free.data(), free.data() + 1, free.size() - 1) != 0;
  if (!used) return {};
  return {static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end)};
}

/// What SQLite holds of a file. The system's own lies elsewhere, since its size is not ours to know
/// when this way is registered.
struct CleanFile {
  sqlite3_file base;
  sqlite3_file* real;
  bool is_store;
  std::vector<uint8_t>* page;  ///< Where a page is cleared.
};

CleanFile& Clean(sqlite3_file* file) { return *reinterpret_cast<CleanFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Clean(file).real; }
sqlite3_vfs* Below() { return sqlite3_vfs_find(nullptr); }

int Write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  auto& clean = Clean(file);
  const bool is_page =
      clean.is_store && size >= kPageMin && offset % size == 0 && offset / size < kPagesMax;
  if (!is_page) return clean.real->pMethods->xWrite(clean.real, bytes, size, offset);
  const std::span page(static_cast<const uint8_t*>(bytes), static_cast<size_t>(size));
  const auto [begin, end] = UsedFreeSpace(page, offset == 0);
  if (begin < end) {
    try {
      clean.page->assign(page.begin(), page.end());
    } catch (const std::bad_alloc&) {
      return SQLITE_IOERR_NOMEM;
    }
    std::fill(clean.page->begin() + begin, clean.page->begin() + end, uint8_t{0});
    bytes = clean.page->data();
  }
  return clean.real->pMethods->xWrite(clean.real, bytes, size, offset);
}

int Close(sqlite3_file* file) {
  auto& clean = Clean(file);
  const int code = clean.real->pMethods->xClose(clean.real);
  ::operator delete(clean.real);
  delete clean.page;
  return code;
}

template <auto Method, typename... Args>
auto Forward(sqlite3_file* file, Args... args) {
  return (Real(file)->pMethods->*Method)(Real(file), args...);
}

using Methods = sqlite3_io_methods;

/// As young as those of the system are: by the version SQLite knows what it may call.
const Methods* MethodsOfVersion(int version) {
  static const auto make = [](int of) {
    return Methods{of,
                   Close,
                   Forward<&Methods::xRead, void*, int, sqlite3_int64>,
                   Write,
                   Forward<&Methods::xTruncate, sqlite3_int64>,
                   Forward<&Methods::xSync, int>,
                   Forward<&Methods::xFileSize, sqlite3_int64*>,
                   Forward<&Methods::xLock, int>,
                   Forward<&Methods::xUnlock, int>,
                   Forward<&Methods::xCheckReservedLock, int*>,
                   Forward<&Methods::xFileControl, int, void*>,
                   Forward<&Methods::xSectorSize>,
                   Forward<&Methods::xDeviceCharacteristics>,
                   Forward<&Methods::xShmMap, int, int, int, void volatile**>,
                   Forward<&Methods::xShmLock, int, int, int>,
                   Forward<&Methods::xShmBarrier>,
                   Forward<&Methods::xShmUnmap, int>,
                   Forward<&Methods::xFetch, sqlite3_int64, int, void**>,
                   Forward<&Methods::xUnfetch, sqlite3_int64, void*>};
  };
  static const Methods methods[] = {make(1), make(2), make(3)};
  return &methods[std::clamp(version, 1, 3) - 1];
}

int Open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* const below = Below();
  auto& clean = Clean(file);
  clean.base.pMethods = nullptr;
  const auto size = static_cast<size_t>(below->szOsFile);
  clean.real = static_cast<sqlite3_file*>(::operator new(size, std::nothrow));
  clean.page = new (std::nothrow) std::vector<uint8_t>;
  int code = SQLITE_NOMEM;
  if (clean.real != nullptr && clean.page != nullptr) {
    std::memset(clean.real, 0, size);
    clean.is_store = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    code = below->xOpen(below, path, clean.real, flags, out_flags);
    if (clean.real->pMethods != nullptr) {
      // Closed by SQLite even when opening failed, since it has methods.
      clean.base.pMethods = MethodsOfVersion(clean.real->pMethods->iVersion);
      return code;
    }
  }
  ::operator delete(clean.real);
  delete clean.page;
  return code;
}

/// The file of a connection, to which all goes on by locks of its own.
sqlite3_file* FileOf(SQLite::Database& database) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

}  // namespace

bool ClearFreeSpace(std::span<uint8_t> page, bool first) {
  const auto [begin, end] = UsedFreeSpace(page, first);
  std::fill(page.begin() + begin, page.begin() + end, uint8_t{0});
  return begin < end;
}

const char* CleanVfs() {
  static sqlite3_vfs vfs = [] {
    // Whatever is asked beside opening is answered by the default way itself.
    sqlite3_vfs made = *Below();
    made.zName = "yima-clean";
    made.szOsFile = sizeof(CleanFile);
    made.pNext = nullptr;
    made.xOpen = Open;
    made.xDelete = [](sqlite3_vfs*, const char* path, int sync) {
      return Below()->xDelete(Below(), path, sync);
    };
    return made;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  static_cast<void>(registered);
  return vfs.zName;
}

Result<void> ClearFreeSpaceOf(const std::filesystem::path& file) {
  return Guarded([&]() -> Result<void> {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, kBusyMs, CleanVfs());
    sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    const int page_size = database.execAndGet("PRAGMA page_size").getInt();
    sqlite3_file* const pages = FileOf(database);
    const auto check = [&](int code) {
      if (code != SQLITE_OK) throw SQLite::Exception(database.getHandle(), code);
    };
    sqlite3_int64 size = 0;
    check(pages->pMethods->xFileSize(pages, &size));
    std::vector<uint8_t> page(static_cast<size_t>(page_size));
    for (sqlite3_int64 at = 0; at + page_size <= size && at / page_size < kPagesMax;
         at += page_size) {
      check(pages->pMethods->xRead(pages, page.data(), page_size, at));
      if (!ClearFreeSpace(page, at == 0)) continue;
      check(pages->pMethods->xWrite(pages, page.data(), page_size, at));
    }
    check(pages->pMethods->xSync(pages, SQLITE_SYNC_FULL));
    return {};
  });
}

}  // namespace yima::store
