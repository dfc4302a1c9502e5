#include "server/rights/coverage.h"

#include <algorithm>
#include <memory>

#include "tools/bench.d/benches.h"
#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/registry/classes.h"
#include "server/store/sqlite_store.h"

namespace yima::bench {
namespace {

constexpr double kMillisecondsMost = 100;
constexpr int kDivisions = 6;
constexpr uint64_t kOrganizations = 50;
constexpr uint64_t kAtOnce = 500;

/// A registry's file with facilities straight in it, and the rules alone over it: what is measured
/// is the answer, and a million rows need not come over gRPC for that.
class CountedRegistry {
 public:
  static Result<std::unique_ptr<CountedRegistry>> Make(const Options& options) {
    const auto folder = options.work / "coverage";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    YIMA_ASSIGN_OR_RETURN(auto ring, server::KeyRing::Create(folder / "keys", std::nullopt));
    YIMA_ASSIGN_OR_RETURN(auto store, store::OpenSqliteStore(folder / "yima.db", {.create = true}));
    return std::unique_ptr<CountedRegistry>(
        new CountedRegistry(folder, std::move(store), std::move(ring)));
  }
  ~CountedRegistry() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Result<void> Fill(uint64_t facilities) {
    for (uint64_t id = 1; id <= kOrganizations; ++id) {
      v1::Organization organization;
      organization.set_id(id);
      organization.set_name(fmt::format("单位{}", id));
      writer_.Create(id, organization);
    }
    for (uint64_t n = 1; n <= facilities; ++n) {
      Add(n);
      if (n % kAtOnce == 0 || n == facilities) YIMA_RETURN_IF_ERROR(Put());
    }
    return {};
  }

  Result<v1::GetCoverageResponse> Ask(const v1::GetCoverageRequest& request) const {
    return server::GetCoverage(domain_, call_, request, *store_->Read());
  }

  /// Counters that an answer adds up.
  Result<uint64_t> Counters() const {
    uint64_t counters = 0;
    YIMA_RETURN_IF_ERROR(server::EachCover(
        *store_->Read(), [&](const server::Cover&, bool, uint64_t) { ++counters; }));
    return counters;
  }

 private:
  CountedRegistry(std::filesystem::path folder, std::unique_ptr<store::Store> store,
                  server::KeyRing keys)
      : folder_(std::move(folder)), store_(std::move(store)), keys_(std::move(keys)) {}

  /// Divisions and classes in turn. Each class of a division has its department, three owners and
  /// two maintainers of each, and comes forward through the procedure in parts: as in a city, where
  /// whole notices of one owner move at a time.
  void Add(uint64_t n) {
    const uint64_t division = n % kDivisions;
    const uint64_t at = n / kDivisions % classes_.size();
    const uint64_t round = n / kDivisions / classes_.size();
    v1::Facility facility;
    facility.set_uid(n);
    facility.set_division(fmt::format("14050{}", division + 1));
    facility.set_class_code(classes_[at].code());
    facility.set_life(v1::LIFE_IN_USE);
    facility.set_condition(v1::CONDITION_INTACT);
    const uint64_t place = division * classes_.size() + at;
    const uint64_t owner = place * 7 + round % 3;
    Record(*facility.mutable_supervising(), division + 1, 0);
    Record(*facility.mutable_owning(), owner % kOrganizations + 1, round / 6 % 5);
    Record(*facility.mutable_maintaining(), (owner * 3 + round / 3 % 2) % kOrganizations + 1,
           round / 30 % 4);
    writer_.Create(n, facility);
    if (n % 3 == 0) return;
    v1::Code code;
    code.set_serial(n);
    code.set_facility(n);
    code.set_state(v1::CODE_STATE_ACTIVE);
    covers_.push_back(server::CoverCounter(facility));
    created_.push_back(std::move(code));
  }

  static void Record(v1::Right& right, uint64_t holder, uint64_t step) {
    constexpr v1::RightState kStates[] = {v1::RIGHT_STATE_RECORDED, v1::RIGHT_STATE_CLAIMED,
                                          v1::RIGHT_STATE_CLAIMED, v1::RIGHT_STATE_CONFIRMED,
                                          v1::RIGHT_STATE_OWNERLESS};
    right.set_state(kStates[step]);
    if (right.state() != v1::RIGHT_STATE_OWNERLESS) right.set_holder(holder);
    if (step == 2) right.add_claims()->set_notice(1);
    if (step == 3) right.set_decided_notice(1);
  }

  /// Codes after the facilities, which they follow from.
  Result<void> Put() {
    YIMA_RETURN_IF_ERROR(
        server::Settled(store::ApplyAndWait(*store_, *writer_.Take(*store_->Read()))));
    for (size_t i = 0; i < created_.size(); ++i) {
      writer_.KnowCover(created_[i].facility(), covers_[i]);
      writer_.Create(created_[i].serial(), created_[i]);
    }
    created_.clear();
    covers_.clear();
    return server::Settled(store::ApplyAndWait(*store_, *writer_.Take(*store_->Read())));
  }

  const std::filesystem::path folder_;
  const std::unique_ptr<store::Store> store_;
  server::Numbers numbers_{*store_, 1};
  const server::KeyRing keys_;
  const std::vector<v1::FacilityClass> classes_ = server::ClassCatalogue::BuiltIn();
  const server::ClassCatalogue catalogue_;
  const server::RegistryNow registry_{v1::Registry()};
  const server::Domain domain_{*store_, numbers_, keys_, catalogue_, registry_, {}};
  const server::Call call_;
  server::ChangeWriter writer_{call_, ""};
  std::vector<v1::Code> created_;
  std::vector<std::string> covers_;  ///< Of their facilities.
};

/// The median of some answers, in milliseconds.
Result<double> MillisecondsOf(const CountedRegistry& registry,
                              const v1::GetCoverageRequest& request, int asks) {
  std::vector<double> took;
  for (int i = 0; i < asks; ++i) {
    Result<v1::GetCoverageResponse> answer;
    took.push_back(1e3 * SecondsOf([&] { answer = registry.Ask(request); }));
    if (!answer) return tl::unexpected(answer.error());
  }
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
  std::ranges::nth_element(took, middle);
  return *middle;
}

}  // namespace

Result<Line> BenchCoverage(const Options& options) {
  const uint64_t facilities = options.quick ? 20'000 : 1'000'000;
  YIMA_ASSIGN_OR_RETURN(const auto registry, CountedRegistry::Make(options));
  YIMA_RETURN_IF_ERROR(registry->Fill(facilities));
  YIMA_ASSIGN_OR_RETURN(const uint64_t counters, registry->Counters());
  Note(fmt::format("coverage: {} facilities in {} counters", facilities, counters));

  Line line{.bench = "coverage", .unit = "ms, the slowest grouping"};
  line.bar = kMillisecondsMost;
  line.better = Better::kMin;
  for (const auto group : {v1::COVERAGE_GROUP_UNSPECIFIED, v1::COVERAGE_GROUP_DIVISION,
                           v1::COVERAGE_GROUP_CLASS, v1::COVERAGE_GROUP_ORGANIZATION}) {
    for (const auto role :
         {v1::RIGHT_KIND_SUPERVISING, v1::RIGHT_KIND_OWNING, v1::RIGHT_KIND_MAINTAINING}) {
      if (group != v1::COVERAGE_GROUP_ORGANIZATION && role != v1::RIGHT_KIND_SUPERVISING) continue;
      v1::GetCoverageRequest request;
      request.set_group(group);
      request.set_role(role);
      YIMA_ASSIGN_OR_RETURN(const auto answer, registry->Ask(request));
      if (answer.total().facilities() != facilities) {
        return Fail(StatusCode::kInternal, "MISCOUNTED", answer.total().ShortDebugString());
      }
      YIMA_ASSIGN_OR_RETURN(const double took,
                            MillisecondsOf(*registry, request, options.quick ? 3 : 21));
      Note(fmt::format("coverage: {} rows by {} {}: {:.1f} ms", answer.rows_size(),
                       v1::CoverageGroup_Name(group), v1::RightKind_Name(role), took));
      line.value = std::max(line.value, took);
    }
  }
  line.met = line.value <= line.bar;
  return line;
}

}  // namespace yima::bench
