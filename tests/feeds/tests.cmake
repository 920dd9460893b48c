# SPDX-License-Identifier: GPL-3.0-or-later
add_executable(feed_counts feeds/feed_counts.c)
target_link_libraries(feed_counts PRIVATE fundwatch_upto_record)
set_target_properties(feed_counts PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
fundwatch_script(counts LABEL feeds
	COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tests/feeds/check.py $<TARGET_FILE:feed_counts>)
if(TARGET fundwatch-cli)
	fundwatch_script(findings LABEL feeds
		COMMAND ${PYTHON3} ${CMAKE_SOURCE_DIR}/tests/feeds/find.py $<TARGET_FILE:fundwatch-cli>)
endif()
