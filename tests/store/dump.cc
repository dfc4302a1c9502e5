#include "tests/store/dump.h"

#include <algorithm>

#include <fmt/format.h>

namespace yima::store::testing {
namespace {

constexpr Index kIndexes[] = {Index::kFacilityCode,     Index::kExternalCode, Index::kActiveCode,
                              Index::kOrganizationName, Index::kCreditCode,   Index::kClassCode};
constexpr size_t kTimeSize = 9;

class Dumper {
 public:
  explicit Dumper(const Snapshot& snapshot) : snapshot_(snapshot) {}

  std::vector<std::string> Run(const std::vector<RequestName>& requests) {
    for (const Kind kind : kKinds) DumpKind(kind);
    for (const Index index : kIndexes) DumpIndex(index);
    Expect(snapshot_.ScanCounters(
        [&](std::string_view name, int64_t value) { return Add("counter {} {}", name, value); }));
    for (const auto& name : requests) DumpRequest(name);
    DumpLog();
    for (const Kind kind : kKinds) DumpHistories(kind);
    DumpPlaces();
    return std::move(lines_);
  }

 private:
  template <typename... Args>
  bool Add(fmt::format_string<Args...> format, Args&&... args) {
    lines_.push_back(fmt::format(format, std::forward<Args>(args)...));
    return true;
  }
  template <typename T>
  void Expect(const Result<T>& result) {
    if (!result) Add("FAULT {}", result.error().message);
  }

  void DumpKind(Kind kind) {
    const int k = static_cast<int>(kind);
    Expect(snapshot_.Scan(kind, 0, {}, [&](uint64_t id, uint64_t revision, std::string_view bytes) {
      return Add("record {} {} {} {}", k, id, revision, bytes);
    }));
    Expect(snapshot_.ScanTerms(kind, [&](std::string_view term, uint64_t id) {
      return Add("term {} {} {}", k, term, id);
    }));
  }

  void DumpIndex(Index index) {
    Expect(snapshot_.ScanClaims(index, "", [&](std::string_view key, uint64_t holder) {
      return Add("key {} {} {}", static_cast<int>(index), key, holder);
    }));
  }

  void DumpRequest(const RequestName& name) {
    const auto found = snapshot_.FindRequest(name.principal, name.method, name.request_id);
    Expect(found);
    if (!found || !*found) return;
    Add("request {} {} {} {} {}", name.principal, name.method, name.request_id, (*found)->hash[0],
        (*found)->reply);
  }

  void DumpLog() {
    uint64_t next = 0;
    uint64_t time_before = 0;
    Expect(snapshot_.ScanLog(0, [&](const LogRecord& record) {
      uint64_t time = 0;
      for (size_t i = kTimeSize - 1; i > 0; --i) {
        time = time << 8 | static_cast<uint8_t>(record.entry[i]);
      }
      if (record.index != next++) Add("FAULT log has {} in place of {}", record.index, next - 1);
      if (record.entry[0] != '\x09') Add("FAULT entry {} has no time", record.index);
      if (time < time_before) Add("FAULT time of entry {} falls", record.index);
      time_before = time;
      return Add("log {}", record.entry.substr(kTimeSize));
    }));
    const auto size = snapshot_.LogSize();
    Expect(size);
    if (size && *size != next) Add("FAULT log of {} entries says {}", next, *size);
  }

  void DumpHistories(Kind kind) {
    Expect(snapshot_.ScanLastEntries(kind, [&](uint64_t id, uint64_t last) {
      std::string indexes;
      uint64_t wanted = last;
      Expect(snapshot_.ScanHistory(kind, id, UINT64_MAX, [&](const LogRecord& record) {
        if (record.index + 1 != wanted) Add("FAULT {} follows {}", record.index, wanted);
        wanted = record.previous;
        indexes += fmt::format(" {}", record.index);
        return true;
      }));
      return Add("history {} {}{}", static_cast<int>(kind), id, indexes);
    }));
  }

  /// To as many digits as every store must keep.
  void DumpPlaces() {
    std::vector<std::string> places;
    Expect(snapshot_.ScanPlaces({}, [&](uint64_t id, const Box& around) {
      places.push_back(fmt::format("place {} {:.2f} {:.2f}", id, (around.west + around.east) / 2,
                                   (around.south + around.north) / 2));
      return true;
    }));
    std::ranges::sort(places);
    lines_.insert(lines_.end(), places.begin(), places.end());
  }

  const Snapshot& snapshot_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> Dump(const Snapshot& snapshot, const std::vector<RequestName>& requests) {
  return Dumper(snapshot).Run(requests);
}

}  // namespace yima::store::testing
