# SPDX-License-Identifier: GPL-3.0-or-later
#
# cmake -DOUT=file.c -DFILES="a.sql;b.sql" -P embed.cmake
# Writes the migrations as C arrays, in the order given.
set(bodies)
set(rows)
foreach(path IN LISTS FILES)
	get_filename_component(name ${path} NAME_WE)
	string(REGEX MATCH "^[0-9]+" digits ${name})
	math(EXPR number "1${digits} - 1000")  # leading zeros are not octal
	file(READ ${path} hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND bodies "static const char sql_${number}[] = { ${bytes}0 };\n")
	string(APPEND rows "\t{ ${number}, \"${name}\", sql_${number} },\n")
endforeach()
file(WRITE ${OUT} "/* Made by daemon/sink/embed.cmake. */\n"
	"#include \"daemon/sink/migrate.h\"\n\n${bodies}\n"
	"const struct migration migrations[] = {\n${rows}\t{ 0, NULL, NULL },\n};\n")
