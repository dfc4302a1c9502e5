#include "tests/store/random_changes.h"

#include <cstdlib>
#include <set>

#include <fmt/format.h>

namespace yima::store::testing {
namespace {

constexpr uint64_t kIds = 40;
constexpr uint64_t kKeys = 30;
constexpr uint64_t kTerms = 12;
constexpr uint64_t kRequests = 100;
constexpr Index kIndexes[] = {Index::kFacilityCode, Index::kActiveCode, Index::kClassCode};
constexpr uint64_t kOneIn = 12;  ///< Of what is expected, one in so many is wrong.

}  // namespace

uint64_t TestSeed() {
  static const uint64_t seed = [] {
    const char* given = std::getenv("YIMA_TEST_SEED");
    const uint64_t made = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
    fmt::print("YIMA_TEST_SEED={}\n", made);
    return made;
  }();
  return seed;
}

std::vector<RequestName> RandomChanges::Requests() {
  std::vector<RequestName> names;
  for (uint64_t i = 0; i < kRequests; ++i) {
    names.push_back({"principal", "method", std::to_string(i)});
  }
  return names;
}

Change RandomChanges::Next(const Snapshot& snapshot) {
  Change change;
  AddPuts(snapshot, change);
  AddClaims(snapshot, change);
  for (uint64_t n = Below(3); n > 0; --n) {
    const Kind kind = kKinds[Below(kKinds.size())];
    const uint64_t id = 1 + Below(kIds);
    change.checks.push_back({kind, id, Revision(snapshot, kind, id)});
  }
  for (uint64_t n = Below(5); n > 0; --n) {
    change.terms.push_back({kKinds[Below(kKinds.size())], fmt::format("t{}", Below(kTerms)),
                            1 + Below(kIds), Below(3) != 0});
  }
  for (uint64_t n = Below(3); n > 0; --n) {
    Place place{1 + Below(kIds), std::nullopt};
    if (Below(4) != 0) {
      // Steps that no rounding of a store moves across a hundredth.
      place.at = Point{static_cast<double>(Below(36'000)) / 100 - 179.997,
                       static_cast<double>(Below(18'000)) / 100 - 89.997};
    }
    change.places.push_back(place);
  }
  for (uint64_t n = Below(3); n > 0; --n) {
    change.adds.push_back({fmt::format("c{}", Below(5)), static_cast<int64_t>(Below(21)) - 10});
  }
  if (Below(3) == 0) {
    Request request{"principal", "method", std::to_string(Below(kRequests)), {}, Bytes()};
    request.hash.fill(static_cast<uint8_t>(Below(2)));
    change.request = std::move(request);
  }
  return change;
}

uint64_t RandomChanges::Revision(const Snapshot& snapshot, Kind kind, uint64_t id) {
  if (Below(kOneIn) == 0) return Below(4);
  const auto record = snapshot.Get(kind, id);
  return *record ? (*record)->revision : 0;
}

uint64_t RandomChanges::Holder(const Snapshot& snapshot, Index index, const std::string& key) {
  return Below(kOneIn) == 0 ? Below(kIds) : *snapshot.Holder(index, key);
}

std::string RandomChanges::Bytes() {
  // Now and then over several pages.
  std::string bytes(Below(20) == 0 ? Below(16'000) : Below(200), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random_());
  return bytes;
}

void RandomChanges::AddPuts(const Snapshot& snapshot, Change& change) {
  std::set<std::pair<Kind, uint64_t>> named;
  for (uint64_t n = Below(6); n > 0; --n) {
    const Kind kind = kKinds[Below(kKinds.size())];
    const uint64_t id = 1 + Below(kIds);
    if (!named.emplace(kind, id).second) continue;
    Put put{kind, id, Revision(snapshot, kind, id), Bytes(), {}};
    if (IsLogged(kind)) put.entry = Bytes() + "e";
    change.puts.push_back(std::move(put));
  }
}

void RandomChanges::AddClaims(const Snapshot& snapshot, Change& change) {
  std::set<std::pair<Index, std::string>> named;
  for (uint64_t n = Below(4); n > 0; --n) {
    const Index index = kIndexes[Below(std::size(kIndexes))];
    std::string key = fmt::format("k{}", Below(kKeys));
    if (!named.emplace(index, key).second) continue;
    const uint64_t before = Holder(snapshot, index, key);
    const uint64_t after = Below(3) == 0 ? 0 : 1 + Below(kIds);
    change.claims.push_back({index, std::move(key), before, after});
  }
}

}  // namespace yima::store::testing
