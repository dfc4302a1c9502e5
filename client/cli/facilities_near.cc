#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/records.h"
#include "client/cli/selectors.h"
#include "client/cli/words.h"

namespace yima::cli {
namespace {

struct NearOptions {
  std::string point;
  double within = 100;
  int first = 100;
  std::vector<std::string> where;
};

tl::unexpected<Error> PointMalformed(const std::string& text) {
  return Invalid("POINT_MALFORMED",
                 fmt::format("\"{}\" is no LONGITUDE,LATITUDE such as 112.85,35.49", text),
                 "point");
}

/// One number, and nothing else.
bool ParseDegrees(const std::string& text, double& value) {
  if (text.empty() || text.find_first_not_of("+-.0123456789") != std::string::npos) return false;
  char* end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return *end == '\0';
}

void ShowLine(Session& session, const v1::NearbyFacility& near) {
  if (session.json) return session.Object(ToJson(near));
  const v1::Facility& facility = near.facility();
  const std::string code = facility.codes().empty() ? "" : facility.codes().rbegin()->digits();
  session.Line(fmt::format("{:.1f} m\t{}\t{}\t{}\t{}\t{}", near.distance_metres(), facility.uid(),
                           code, facility.class_code(), Printable(facility.name()),
                           EnumName(v1::Condition_descriptor(), facility.condition())));
}

Result<void> Near(Session& session, const NearOptions& options) {
  v1::SearchNearbyRequest request;
  double longitude = 0;
  double latitude = 0;
  const size_t comma = options.point.find(',');
  if (comma == std::string::npos || !ParseDegrees(options.point.substr(0, comma), longitude) ||
      !ParseDegrees(options.point.substr(comma + 1), latitude)) {
    return PointMalformed(options.point);
  }
  request.set_longitude(longitude);
  request.set_latitude(latitude);
  request.set_radius_metres(options.within);
  YIMA_ASSIGN_OR_RETURN(*request.mutable_filter(), ParseWhere(session, options.where));
  constexpr int kPageSizeMax = 1000;
  for (int left = options.first; left > 0;) {
    request.set_page_size(std::min(left, kPageSizeMax));
    YIMA_ASSIGN_OR_RETURN(const auto page, session.client().SearchNearby(request));
    for (const auto& near : page.facilities()) ShowLine(session, near);
    YIMA_RETURN_IF_ERROR(session.Flush());
    if (page.next_page_token().empty()) return {};
    left -= page.facilities_size();
    request.set_page_token(page.next_page_token());
  }
  return {};
}

}  // namespace

void AddFacilitiesNear(CLI::App& facilities, Session& session) {
  const auto options = std::make_shared<NearOptions>();
  auto* near = AddCommand(
      &facilities, session, "near",
      T("列出一点附近的部件，近的在前：距离、编号、代码、小类、名称、状态",
        "list facilities near a point, the nearest first: distance, number, code, class, name, "
        "condition"),
      {"yima facilities near 112.851,35.491 --within 200 --where class=01001",
       "yima facilities near 112.851,35.491 --json"},
      [&session, options] { return Near(session, *options); });
  near->add_option("point", options->point,
                   T("经度,纬度（CGCS2000，度）", "LONGITUDE,LATITUDE in degrees (CGCS2000)"))
      ->required();
  near->add_option("--within", options->within,
                   T("多少米以内，至多 50000", "within so many metres, at most 50000"))
      ->capture_default_str();
  near->add_option("--first", options->first, T("至多列出多少个", "list so many at most"))
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  near->add_option("--where", options->where, WhereHelp());
}

}  // namespace yima::cli
