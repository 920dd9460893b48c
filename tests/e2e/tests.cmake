# SPDX-License-Identifier: GPL-3.0-or-later
foreach(story IN ITEMS equal kill signals malformed)
	fundwatch_script(daemon_${story} LABEL e2e TIMEOUT 1200
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_daemon_${story}.py)
endforeach()
