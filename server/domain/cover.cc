#include "server/domain/cover.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "server/domain/derived.h"

namespace yima::server {
namespace {

constexpr std::string_view kCover = "cover/";
constexpr std::string_view kCoded = "coded/";

bool IsPublished(const v1::Right& right) {
  if (right.state() == v1::RIGHT_STATE_CONFIRMED) return right.decided_notice() != 0;
  return right.state() == v1::RIGHT_STATE_CLAIMED &&
         std::ranges::any_of(right.claims(), [](const auto& claim) { return claim.notice() != 0; });
}

char SignOf(const v1::Right& right) {
  return static_cast<char>((IsPublished(right) ? 'a' : '0') + static_cast<int>(right.state()));
}

/// What stands before the next `end`, which is passed over; all when there is none.
std::string_view CutTo(char end, std::string_view& text) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

bool ParseHolder(std::string_view digits, uint64_t& holder) {
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, holder);
  return error == std::errc() && at == end;
}

bool ParseSign(char sign, RightCover& right) {
  right.published = sign >= 'a';
  const int state = sign - (right.published ? 'a' : '0');
  if (!v1::RightState_IsValid(state)) return false;
  right.state = static_cast<v1::RightState>(state);
  return true;
}

}  // namespace

std::string CoverCounter(const v1::Facility& facility) {
  if (facility.life() == v1::LIFE_SCRAPPED || facility.life() == v1::LIFE_WITHDRAWN) return {};
  const v1::Right& supervising = facility.supervising();
  const v1::Right& owning = facility.owning();
  const v1::Right& maintaining = facility.maintaining();
  return fmt::format("{}{}/{}/{}-{}-{}/{}{}{}", kCover, facility.division(), facility.class_code(),
                     supervising.holder(), owning.holder(), maintaining.holder(),
                     SignOf(supervising), SignOf(owning), SignOf(maintaining));
}

std::string CodedCounter(std::string_view cover_counter) {
  if (cover_counter.empty()) return {};
  return std::string(kCoded).append(cover_counter.substr(kCover.size()));
}

std::optional<Cover> ParseCover(std::string_view counter) {
  if (!counter.starts_with(kCover) && !counter.starts_with(kCoded)) return std::nullopt;
  counter.remove_prefix(kCover.size());
  Cover cover;
  cover.division = CutTo('/', counter);
  cover.class_code = CutTo('/', counter);
  std::string_view holders = CutTo('/', counter);
  if (counter.size() != cover.rights.size()) return std::nullopt;
  for (size_t i = 0; i < cover.rights.size(); ++i) {
    RightCover& right = cover.rights[i];
    if (!ParseHolder(CutTo('-', holders), right.holder) || !ParseSign(counter[i], right)) {
      return std::nullopt;
    }
  }
  return holders.empty() ? std::optional(cover) : std::nullopt;
}

bool IsCodedCounter(std::string_view counter) { return counter.starts_with(kCoded); }

Result<bool> CodedFacilities::Has(uint64_t facility) {
  std::string block = ActiveCodeKey(facility);
  block.pop_back();
  if (block != block_) {
    coded_.reset();
    YIMA_RETURN_IF_ERROR(
        snapshot_.ScanClaims(store::Index::kActiveCode, block, [&](std::string_view key, uint64_t) {
          coded_.set(static_cast<uint8_t>(key.back()));
          return true;
        }));
    block_ = std::move(block);
  }
  return coded_.test(facility & 0xFF);
}

}  // namespace yima::server
