#include "server/rights/coverage_days.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "server/domain/batch_items.h"
#include "server/domain/entry_view.h"
#include "server/domain/page_scan.h"
#include "server/rights/coverage.h"
#include "server/rights/rules.h"

namespace yima::server {
namespace {

/// A day of a large city takes some 60 KB.
constexpr uint64_t kDaysAtOnce = 100;

uint64_t Today(const v1::RightsRules& rules, TimeUs moment) {
  return DayNumber(CityDay(rules, moment)).value_or(0);
}

v1::CoverageDay CountDay(const store::Snapshot& snapshot, Result<void>& counted) {
  CoverageSum total;
  std::map<std::string, CoverageSum, std::less<>> divisions;
  std::map<std::string, CoverageSum, std::less<>> classes;
  std::map<uint64_t, CoverageSum> organizations;
  counted = EachCover(snapshot, [&](const Cover& cover, bool coded, uint64_t count) {
    total.Add(cover, coded, count);
    divisions[std::string(cover.division)].Add(cover, coded, count);
    classes[std::string(cover.class_code)].Add(cover, coded, count);
    organizations[cover.rights[0].holder].Add(cover, coded, count);
  });
  v1::CoverageDay day;
  *day.mutable_total() = total.Under("");
  for (const auto& [name, sum] : divisions) *day.add_divisions() = sum.Under(name);
  for (const auto& [name, sum] : classes) *day.add_classes() = sum.Under(name);
  for (const auto& [id, sum] : organizations) {
    *day.add_organizations() = sum.Under(fmt::to_string(id));
  }
  return day;
}

/// When the entry at that index was written.
Result<TimeUs> TimeOfEntry(const store::Snapshot& snapshot, uint64_t index) {
  TimeUs time = 0;
  YIMA_RETURN_IF_ERROR(snapshot.ScanLog(index, [&](const store::LogRecord& record) {
    if (const auto entry = ViewEntry(record.entry)) time = static_cast<TimeUs>(entry->time_us);
    return false;
  }));
  return time;
}

/// DAY_MALFORMED; `none` when the text is empty.
Result<uint64_t> ParseDay(std::string_view text, uint64_t none, std::string_view field) {
  if (text.empty()) return none;
  if (const auto day = DayNumber(text)) return *day;
  return Invalid("DAY_MALFORMED",
                 fmt::format("day \"{}\", want a date YYYY-MM-DD", text.substr(0, 32)),
                 std::string(field));
}

/// What of a day lies within a reach that has bounds.
class Bounds {
 public:
  explicit Bounds(const Reach& reach) : reach_(reach) {}

  void Narrow(v1::CoverageDay& day) const {
    Keep(*day.mutable_divisions(), [this](const std::string& division) {
      v1::Facility facility;
      facility.set_division(division);
      return reach_.Covers(facility);
    });
    Keep(*day.mutable_organizations(), [this](const std::string& organization) {
      v1::Facility facility;
      uint64_t id = 0;
      std::from_chars(organization.data(), organization.data() + organization.size(), id);
      facility.mutable_supervising()->set_holder(id);
      return id != 0 && reach_.Covers(facility);
    });
    // No class lies within bounds as a whole.
    day.clear_classes();
    const auto& parts = day.divisions().empty() ? day.organizations() : day.divisions();
    day.clear_total();
    for (const auto& part : parts) AddTo(*day.mutable_total(), part);
  }

 private:
  using Rows = google::protobuf::RepeatedPtrField<v1::Coverage>;

  static void Keep(Rows& rows, const std::function<bool(const std::string&)>& is_within) {
    const auto rest = std::ranges::remove_if(
        rows, [&](const v1::Coverage& row) { return !is_within(row.group()); });
    rows.erase(rest.begin(), rest.end());
  }

  static void AddTo(v1::RightCounts& sum, const v1::RightCounts& part) {
    sum.set_none(sum.none() + part.none());
    sum.set_recorded(sum.recorded() + part.recorded());
    sum.set_claimed(sum.claimed() + part.claimed());
    sum.set_confirmed(sum.confirmed() + part.confirmed());
    sum.set_ownerless(sum.ownerless() + part.ownerless());
    sum.set_published(sum.published() + part.published());
  }
  static void AddTo(v1::Coverage& sum, const v1::Coverage& part) {
    sum.set_facilities(sum.facilities() + part.facilities());
    sum.set_coded(sum.coded() + part.coded());
    AddTo(*sum.mutable_supervising(), part.supervising());
    AddTo(*sum.mutable_owning(), part.owning());
    AddTo(*sum.mutable_maintaining(), part.maintaining());
  }

  const Reach& reach_;
};

void Show(const Call& call, bool totals_only, v1::CoverageDay& day) {
  if (!call.reach->everywhere()) Bounds(*call.reach).Narrow(day);
  if (!totals_only) return;
  day.clear_divisions();
  day.clear_classes();
  day.clear_organizations();
}

}  // namespace

std::optional<uint64_t> DayNumber(std::string_view date) {
  constexpr size_t kSize = 10;
  if (date.size() != kSize || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto number = [&](size_t from, size_t size) {
    int value = -1;
    const char* const begin = date.data() + from;
    const auto [at, error] = std::from_chars(begin, begin + size, value);
    return error == std::errc() && at == begin + size ? value : -1;
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day parsed{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
  if (!parsed.ok()) return std::nullopt;
  const auto since = std::chrono::sys_days(parsed).time_since_epoch().count();
  if (since <= 0) return std::nullopt;
  return static_cast<uint64_t>(since);
}

std::string DayText(uint64_t day) {
  const std::chrono::year_month_day date(
      std::chrono::sys_days(std::chrono::days(static_cast<int>(day))));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

Result<void> CoverageDayKeeper::Keep() {
  const auto snapshot = domain_.store.Read();
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(*snapshot));
  YIMA_ASSIGN_OR_RETURN(const TimeUs moment, Moment(domain_, *snapshot));
  const uint64_t today = Today(rules.record, moment);
  if (today <= kept_until_) return {};
  YIMA_ASSIGN_OR_RETURN(const uint64_t first, FirstMissing(*snapshot, today));
  if (first < today) YIMA_RETURN_IF_ERROR(Write(*snapshot, first, today, moment));
  kept_until_ = today;
  return {};
}

Result<uint64_t> CoverageDayKeeper::FirstMissing(const store::Snapshot& snapshot,
                                                 uint64_t today) const {
  YIMA_ASSIGN_OR_RETURN(const uint64_t entries, snapshot.LogSize());
  if (entries == 0) return today;
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  YIMA_ASSIGN_OR_RETURN(const TimeUs begin, TimeOfEntry(snapshot, 0));
  const uint64_t first = std::max(uint64_t{1}, Today(rules.record, begin));
  for (uint64_t day = today - 1; day >= first; --day) {
    YIMA_ASSIGN_OR_RETURN(const auto kept, snapshot.Get(store::Kind::kCoverageDay, day));
    if (kept) return day + 1;
  }
  YIMA_ASSIGN_OR_RETURN(const TimeUs newest, TimeOfEntry(snapshot, entries - 1));
  return Today(rules.record, newest);
}

Result<void> CoverageDayKeeper::Write(const store::Snapshot& snapshot, uint64_t first,
                                      uint64_t today, TimeUs moment) const {
  Result<void> counted;
  v1::CoverageDay day = CountDay(snapshot, counted);
  YIMA_RETURN_IF_ERROR(counted);
  day.set_time_us(moment);
  while (first < today) {
    store::Change change;
    for (uint64_t i = 0; i < kDaysAtOnce && first < today; ++i, ++first) {
      day.set_day(DayText(first));
      change.puts.push_back({store::Kind::kCoverageDay, first, 0, day.SerializeAsString(), {}});
    }
    YIMA_RETURN_IF_ERROR(Settled(store::ApplyAndWait(domain_.store, std::move(change))));
  }
  return {};
}

Result<v1::ListCoverageDaysResponse> ListCoverageDays(const Domain& domain, const Call& call,
                                                      const v1::ListCoverageDaysRequest& request,
                                                      const store::Snapshot& snapshot) {
  YIMA_ASSIGN_OR_RETURN(const size_t size, PageSize(request.page_size()));
  YIMA_ASSIGN_OR_RETURN(const uint64_t first, ParseDay(request.first_day(), 1, "first_day"));
  YIMA_ASSIGN_OR_RETURN(const uint64_t last, ParseDay(request.last_day(), UINT32_MAX, "last_day"));
  v1::ListCoverageDaysRequest filter = request;
  filter.clear_page_size();
  filter.clear_page_token();
  const std::string filter_bytes = filter.SerializeAsString();
  YIMA_ASSIGN_OR_RETURN(const std::string place,
                        OpenPageToken(domain, call.method, filter_bytes, request.page_token()));
  YIMA_ASSIGN_OR_RETURN(const Rules rules, ReadRules(snapshot));
  const TimeUs now = domain.now();
  const uint64_t today = Today(rules.record, now);
  const uint64_t after = place.empty() ? first - 1 : std::stoull(place);

  v1::ListCoverageDaysResponse response;
  PageScan page(call, size, after);
  bool is_full = false;
  const auto take = [&](v1::CoverageDay day) {
    Show(call, request.totals_only(), day);
    is_full = !page.Take(day.ByteSizeLong());
    if (!is_full) *response.add_days() = std::move(day);
    return !is_full;
  };
  YIMA_RETURN_IF_ERROR(snapshot.Scan(
      store::Kind::kCoverageDay, after, {}, [&](uint64_t id, uint64_t, std::string_view bytes) {
        if (id > last || id >= today) return false;
        is_full = !page.Look(id);
        v1::CoverageDay day;
        day.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        return !is_full && take(std::move(day));
      }));
  if (!is_full && after < today && today <= last && page.Look(today)) {
    Result<void> counted;
    v1::CoverageDay day = CountDay(snapshot, counted);
    YIMA_RETURN_IF_ERROR(counted);
    day.set_day(DayText(today));
    day.set_time_us(now);
    take(std::move(day));
  }
  YIMA_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), page.NextToken(domain, filter_bytes));
  return response;
}

}  // namespace yima::server
