#include "client/cli/places.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace yima::cli {

Result<Place> ParsePlace(const std::string& text, const std::string& field) {
  Place place;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, place.longitude);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == ',') {
    const auto second = std::from_chars(first.ptr + 1, end, place.latitude);
    if (second.ec == std::errc() && second.ptr == end) {
      // Written so that NaN is refused too.
      if (std::abs(place.longitude) <= 180 && std::abs(place.latitude) <= 90) return place;
      return Invalid(
          "POSITION_OUT_OF_RANGE",
          fmt::format(
              "position \"{}\" is out of range, want longitude -180 to 180 and latitude -90 "
              "to 90",
              text),
          field);
    }
  }
  return Invalid("POSITION_MALFORMED",
                 fmt::format("position \"{}\" is not LONGITUDE,LATITUDE in degrees", text), field);
}

}  // namespace yima::cli
