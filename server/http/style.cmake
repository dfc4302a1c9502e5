# Builds style.css into the program: -DIN=style.css -DOUT=style_data.cc
file(READ ${IN} text)
file(WRITE ${OUT} "// Made from style.css.\n#include \"server/http/style_data.h\"\n\nnamespace yima::server {\n\nconst char kStyle[] = R\"css(${text})css\";\n\n}  // namespace yima::server\n")
