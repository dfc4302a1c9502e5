# Builds classes.csv into the program: -DIN=classes.csv -DOUT=classes_data.cc
file(READ ${IN} text)
file(WRITE ${OUT} "// Made from classes.csv.\n#include \"server/registry/classes_data.h\"\n\nnamespace yima::server {\n\nconst char kClassesCsv[] = R\"csv(${text})csv\";\n\n}  // namespace yima::server\n")
