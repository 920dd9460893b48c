# SPDX-License-Identifier: GPL-3.0-or-later
# The manual: its tables are those of the programs, its examples run.
add_executable(manual_tables docs/manual_tables.c)
target_compile_definitions(manual_tables PRIVATE _GNU_SOURCE=)
target_link_libraries(manual_tables PRIVATE fundwatch)
set_target_properties(manual_tables PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

fundwatch_script(tables LABEL docs golden
	COMMAND ${CMAKE_SOURCE_DIR}/scripts/docs --check --tables $<TARGET_FILE:manual_tables>)
foreach(page IN ITEMS rules.zh rules.en tutorial.zh tutorial.en administrator.zh)
	fundwatch_script(${page} LABEL docs golden
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/run_manual.py docs/${page}.md)
endforeach()
fundwatch_script(runner LABEL docs golden
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_run_manual.py)
# The catalogue's page, and that what it calls working has examples and figures.
fundwatch_script(catalogue LABEL docs golden
	COMMAND ${CMAKE_SOURCE_DIR}/scripts/catalogue --check)
fundwatch_script(links LABEL docs
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/check_links.py)
