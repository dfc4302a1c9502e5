#ifndef YIMA_SERVER_YIMAD_SYMBOL_H_
#define YIMA_SERVER_YIMAD_SYMBOL_H_

#include <string>

namespace yima::server {

/// Says which symbols an origin gives.
void PrintSymbol(const std::string& origin);

/// Says whether plates that were designed for one origin have room for the other's symbols.
void PrintSymbolChange(const std::string& before, const std::string& after);

}  // namespace yima::server

#endif  // YIMA_SERVER_YIMAD_SYMBOL_H_
