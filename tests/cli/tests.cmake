# SPDX-License-Identifier: GPL-3.0-or-later
# The fundwatch command from outside: its words, its exit codes, its findings.
if(TARGET fundwatch-cli)
	fundwatch_script(golden LABEL cli
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/golden.sh $<TARGET_FILE:fundwatch-cli>)
	fundwatch_script(threads LABEL cli tsan
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/threads.sh $<TARGET_FILE:fundwatch-cli>
		${CMAKE_CURRENT_LIST_DIR}/data/rules ${CMAKE_CURRENT_LIST_DIR}/data/county)
	fundwatch_script(completion LABEL cli
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/completion.sh $<TARGET_FILE:fundwatch-cli>
		${CMAKE_SOURCE_DIR}/conf/completion/fundwatch.bash)
	fundwatch_script(man LABEL cli
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/man.sh $<TARGET_FILE:fundwatch-cli> ${CMAKE_SOURCE_DIR}/docs/fundwatch.1)
	if(PYTHON3)
		fundwatch_script(lsp LABEL cli
			COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/lsp.py $<TARGET_FILE:fundwatch-cli>)
		fundwatch_script(grammar LABEL cli
			COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/grammar.py $<TARGET_FILE:fundwatch-cli>
			${CMAKE_SOURCE_DIR}/conf/editor/fundwatch.tmLanguage.json)
	endif()
endif()
if(TARGET fundwatch-cli)
	fundwatch_script(alerts LABEL pg
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/alerts.sh $<TARGET_FILE:fundwatch-cli>)
endif()
