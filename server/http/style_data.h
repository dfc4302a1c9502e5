#ifndef YIMA_SERVER_HTTP_STYLE_DATA_H_
#define YIMA_SERVER_HTTP_STYLE_DATA_H_

namespace yima::server {

/// style.css, which stands in every page and is allowed there by its hash.
extern const char kStyle[];

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_STYLE_DATA_H_
