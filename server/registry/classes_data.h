#ifndef YIMA_SERVER_REGISTRY_CLASSES_DATA_H_
#define YIMA_SERVER_REGISTRY_CLASSES_DATA_H_

namespace yima::server {

/// The text of classes.csv, built in.
extern const char kClassesCsv[];

}  // namespace yima::server

#endif  // YIMA_SERVER_REGISTRY_CLASSES_DATA_H_
