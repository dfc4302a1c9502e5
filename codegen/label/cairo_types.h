#ifndef YIMA_CODEGEN_LABEL_CAIRO_TYPES_H_
#define YIMA_CODEGEN_LABEL_CAIRO_TYPES_H_

#include <memory>

#include <cairo.h>

namespace yima::label {

// Cairo's objects, let go of by themselves.
using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Cairo = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

}  // namespace yima::label

#endif  // YIMA_CODEGEN_LABEL_CAIRO_TYPES_H_
