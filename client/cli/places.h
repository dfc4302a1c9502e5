#ifndef YIMA_CLIENT_CLI_PLACES_H_
#define YIMA_CLIENT_CLI_PLACES_H_

#include <string>

#include "codegen/code/result.h"

namespace yima::cli {

/// CGCS2000 degrees.
struct Place {
  double longitude = 0;
  double latitude = 0;
};

/// `LONGITUDE,LATITUDE`; POSITION_MALFORMED names `field`.
Result<Place> ParsePlace(const std::string& text, const std::string& field);

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_PLACES_H_
