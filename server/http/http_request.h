#ifndef YIMA_SERVER_HTTP_HTTP_REQUEST_H_
#define YIMA_SERVER_HTTP_HTTP_REQUEST_H_

#include <microhttpd.h>

#include "server/http/http_server.h"

namespace yima::server {

/// Fills in what the library has taken apart, percent-encoding undone. Only for http_server.cc.
void ReadRequest(MHD_Connection* connection, const char* url, const char* method,
                 HttpRequest& request);

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_HTTP_REQUEST_H_
