#ifndef YIMA_SERVER_REGISTRY_CLASSES_H_
#define YIMA_SERVER_REGISTRY_CLASSES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/store/store.h"
#include "yima/v1/facility.pb.h"

namespace yima::server {

/// The facility classes of the registry, in memory. Immutable, so thread-safe.
class ClassCatalogue {
 public:
  /// All kFacilityClass records of the snapshot.
  static Result<ClassCatalogue> Load(const store::Snapshot& snapshot);
  /// The classes a new registry begins with: the project's own data file, built in.
  static std::vector<v1::FacilityClass> BuiltIn();

  /// Null when there is none.
  const v1::FacilityClass* Find(std::string_view code) const;
  /// By rising code.
  const std::map<std::string, v1::FacilityClass, std::less<>>& all() const { return classes_; }

 private:
  std::map<std::string, v1::FacilityClass, std::less<>> classes_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_CLASSES_H_
