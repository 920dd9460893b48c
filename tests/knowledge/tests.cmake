# SPDX-License-Identifier: GPL-3.0-or-later
# The importer of official attachments; the shipped tables; the command that checks them.
fundwatch_script(import-nhsa LABEL golden
	COMMAND ${CMAKE_CURRENT_LIST_DIR}/test_import.py)
if(TARGET fundwatch-cli)
	fundwatch_script(knowledge-check LABEL golden
		COMMAND $<TARGET_FILE:fundwatch-cli> knowledge check rules --today 2026-07-01)
	fundwatch_script(knowledge-points LABEL e2e
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_points.py
			$<TARGET_FILE:fundwatch-cli> rules)
	fundwatch_script(knowledge-load LABEL golden
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/test_load.py $<TARGET_FILE:fundwatch-cli>)
endif()
