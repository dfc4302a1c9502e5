#include "server/registry/life.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace yima::server {
namespace {

const std::vector<v1::Life> kBuilt = {v1::LIFE_UNDER_CONSTRUCTION, v1::LIFE_HANDED_OVER,
                                      v1::LIFE_IN_USE};
const std::vector<v1::Condition> kThere = {v1::CONDITION_INTACT, v1::CONDITION_DAMAGED};
const std::vector<v1::Condition> kAny = {v1::CONDITION_INTACT, v1::CONDITION_DAMAGED,
                                         v1::CONDITION_LOST, v1::CONDITION_ABANDONED,
                                         v1::CONDITION_REMOVED};
constexpr auto kSameLife = v1::LIFE_UNSPECIFIED;
constexpr auto kSameCondition = v1::CONDITION_UNSPECIFIED;

const std::array kTable = {
    LifeRow{v1::LIFE_STEP_KIND_BEGIN_CONSTRUCTION,
            {v1::LIFE_PLANNED},
            kAny,
            v1::LIFE_UNDER_CONSTRUCTION,
            v1::CONDITION_INTACT},
    LifeRow{v1::LIFE_STEP_KIND_HAND_OVER,
            {v1::LIFE_UNDER_CONSTRUCTION, v1::LIFE_HANDED_OVER},
            kThere,
            v1::LIFE_HANDED_OVER,
            kSameCondition,
            true},
    LifeRow{
        v1::LIFE_STEP_KIND_HAND_OVER, {v1::LIFE_IN_USE}, kThere, kSameLife, kSameCondition, true},
    LifeRow{v1::LIFE_STEP_KIND_PUT_IN_USE,
            {v1::LIFE_UNDER_CONSTRUCTION, v1::LIFE_HANDED_OVER},
            {v1::CONDITION_INTACT},
            v1::LIFE_IN_USE,
            kSameCondition},
    LifeRow{v1::LIFE_STEP_KIND_DAMAGE,
            kBuilt,
            {v1::CONDITION_INTACT},
            kSameLife,
            v1::CONDITION_DAMAGED},
    LifeRow{v1::LIFE_STEP_KIND_LOSE,
            kBuilt,
            {v1::CONDITION_INTACT, v1::CONDITION_DAMAGED, v1::CONDITION_ABANDONED},
            kSameLife,
            v1::CONDITION_LOST},
    LifeRow{
        v1::LIFE_STEP_KIND_REPAIR,
        kBuilt,
        {v1::CONDITION_DAMAGED, v1::CONDITION_LOST, v1::CONDITION_ABANDONED, v1::CONDITION_REMOVED},
        kSameLife,
        v1::CONDITION_INTACT},
    LifeRow{v1::LIFE_STEP_KIND_MOVE, kBuilt, kThere, kSameLife, kSameCondition},
    LifeRow{v1::LIFE_STEP_KIND_ABANDON, kBuilt, kThere, kSameLife, v1::CONDITION_ABANDONED},
    LifeRow{v1::LIFE_STEP_KIND_REMOVE,
            kBuilt,
            {v1::CONDITION_INTACT, v1::CONDITION_DAMAGED, v1::CONDITION_ABANDONED},
            kSameLife,
            v1::CONDITION_REMOVED},
    LifeRow{v1::LIFE_STEP_KIND_SCRAP,
            {v1::LIFE_PLANNED, v1::LIFE_UNDER_CONSTRUCTION, v1::LIFE_HANDED_OVER, v1::LIFE_IN_USE},
            kAny,
            v1::LIFE_SCRAPPED,
            kSameCondition,
            true},
};

template <typename List, typename Value>
bool Holds(const List& list, Value value) {
  return std::ranges::find(list, value) != list.end();
}

std::string_view After(std::string_view name, std::string_view prefix) {
  return name.substr(prefix.size());
}

std::string_view NameOf(v1::LifeStepKind step) {
  return After(v1::LifeStepKind_Name(step), "LIFE_STEP_KIND_");
}

}  // namespace

std::span<const LifeRow> LifeTable() { return kTable; }

const LifeRow* FindLifeRow(v1::LifeStepKind step, const v1::Facility& facility) {
  const auto found = std::ranges::find_if(kTable, [&](const LifeRow& row) {
    return row.step == step && Holds(row.lives, facility.life()) &&
           Holds(row.conditions, facility.condition());
  });
  return found == kTable.end() ? nullptr : &*found;
}

std::string StandingOf(const v1::Facility& facility) {
  return fmt::format("{} and {}", After(v1::Life_Name(facility.life()), "LIFE_"),
                     After(v1::Condition_Name(facility.condition()), "CONDITION_"));
}

std::string StepsAfter(const v1::Facility& facility) {
  std::vector<std::string_view> steps;
  for (const LifeRow& row : kTable) {
    const std::string_view name = NameOf(row.step);
    if (FindLifeRow(row.step, facility) != nullptr && !Holds(steps, name)) steps.push_back(name);
  }
  return steps.empty() ? "none" : fmt::format("{}", fmt::join(steps, ", "));
}

bool HasEnded(const v1::Facility& facility) {
  return facility.life() == v1::LIFE_SCRAPPED || facility.life() == v1::LIFE_WITHDRAWN;
}

Result<void> CheckNotEnded(const v1::Facility& facility, std::string_view field) {
  if (!HasEnded(facility)) return {};
  return Fail(StatusCode::kFailedPrecondition, "FACILITY_ENDED",
              fmt::format("facility {} is {}", facility.uid(),
                          After(v1::Life_Name(facility.life()), "LIFE_")),
              std::string(field));
}

Result<void> CheckNotWithdrawn(const v1::Facility& facility, std::string_view field) {
  if (facility.life() != v1::LIFE_WITHDRAWN) return {};
  return Fail(StatusCode::kFailedPrecondition, "FACILITY_WITHDRAWN",
              fmt::format("facility {} was taken back", facility.uid()), std::string(field));
}

}  // namespace yima::server
