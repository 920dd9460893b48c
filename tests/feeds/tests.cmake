# SPDX-License-Identifier: GPL-3.0-or-later
# Skipped, loudly, where the claims are not there.
add_executable(feed_counts feeds/feed_counts.c)
target_link_libraries(feed_counts PRIVATE fundwatch_upto_record)
set_target_properties(feed_counts PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
if(PYTHON3)
	fundwatch_script(counts LABEL feeds
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/check.py $<TARGET_FILE:feed_counts>)
endif()
if(PYTHON3 AND TARGET fundwatch-cli)
	fundwatch_script(findings LABEL feeds
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/find.py
			$<TARGET_FILE:fundwatch-cli>)
endif()
if(PYTHON3 AND TARGET fundwatch-cli)
	fundwatch_script(hospital LABEL feeds
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/hospital.py $<TARGET_FILE:fundwatch-cli>)
endif()
