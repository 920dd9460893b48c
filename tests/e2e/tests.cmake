# SPDX-License-Identifier: GPL-3.0-or-later
foreach(story IN ITEMS kill signals malformed hostile database pg decide record disk faults reload
		periods segments horizon advance memory bound grow feeds life items codes books)
	fundwatch_script(daemon_${story} LABEL e2e TIMEOUT 1200
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_daemon_${story}.py)
endforeach()
fundwatch_script(daemon_equal LABEL e2e tsan TIMEOUT 1200
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_daemon_equal.py)
fundwatch_script(admin_edits LABEL e2e docs
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_admin_edits.py)
fundwatch_script(admin_edits_reload LABEL e2e TIMEOUT 1200
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_admin_edits.py --reload)
if(TARGET fundwatch-gen AND TARGET fundwatch-cli)
	fundwatch_script(messages LABEL e2e
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_messages.py
			$<TARGET_FILE:fundwatch-gen> $<TARGET_FILE:fundwatch-cli>)
endif()
# Freed memory is kept back by AddressSanitizer, which would look like a leak.
set(plain_memory ASAN_OPTIONS=quarantine_size_mb=1)
fundwatch_script(torture LABEL e2e TIMEOUT 1800
	COMMAND ${CMAKE_COMMAND} -E env ${plain_memory}
		${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/torture.py
		--kills 240 --jobs 2 --seed 1 --every-point --mixed 4)
fundwatch_script(soak LABEL e2e TIMEOUT 1800
	COMMAND ${CMAKE_COMMAND} -E env ${plain_memory}
		${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/soak.py --minutes 2 --rate 0)
fundwatch_script(systemd LABEL e2e
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_systemd.py)
foreach(story IN ITEMS intake away tls hostile api docs)
	fundwatch_script(http_${story} LABEL e2e TIMEOUT 1200
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_http_${story}.py)
endforeach()
if(TARGET fundwatch-gen AND TARGET fundwatch-cli)
	fundwatch_script(scan_memory LABEL e2e
		COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/scan_memory.py)
endif()
fundwatch_script(views_once LABEL e2e
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_views_once.py)
fundwatch_script(daemon_order LABEL e2e TIMEOUT 1200
	COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/test_daemon_order.py)
# The longest begin first, so that none is left to run alone at the end.
set_tests_properties(e2e/torture e2e/daemon_kill e2e/daemon_pg e2e/soak PROPERTIES COST 1000)
set_tests_properties(e2e/daemon_faults e2e/daemon_memory e2e/daemon_segments e2e/daemon_order
	PROPERTIES COST 500)
if(TEST e2e/scan_memory)
	set_tests_properties(e2e/scan_memory PROPERTIES COST 500)
endif()
