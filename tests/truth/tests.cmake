# SPDX-License-Identifier: GPL-3.0-or-later
# The shipped rules and their examples; the generator against the oracle; the
# rules on generated data against the planted truth.
if(TARGET fundwatch-cli)
	fundwatch_script(rules-check LABEL golden
		COMMAND $<TARGET_FILE:fundwatch-cli> check --strict rules)
	fundwatch_script(rules-examples LABEL golden
		COMMAND $<TARGET_FILE:fundwatch-cli> test rules)
endif()
if(PYTHON3 AND TARGET fundwatch-gen)
	fundwatch_script(truth-data LABEL e2e
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/data.sh $<TARGET_FILE:fundwatch-gen>)
endif()
if(PYTHON3 AND TARGET fundwatch-gen AND TARGET fundwatch-cli)
	fundwatch_script(truth-figures LABEL e2e
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/figures.sh $<TARGET_FILE:fundwatch-gen>
			$<TARGET_FILE:fundwatch-cli>)
	fundwatch_script(truth-month LABEL e2e
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/scan.sh $<TARGET_FILE:fundwatch-gen>
			$<TARGET_FILE:fundwatch-cli> 60000 --seed 11 --lookalikes 2)
	fundwatch_script(truth-wild LABEL e2e
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/wild.sh $<TARGET_FILE:fundwatch-gen>
			$<TARGET_FILE:fundwatch-cli>)
	fundwatch_script(truth-year LABEL e2e
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/scan.sh $<TARGET_FILE:fundwatch-gen>
			$<TARGET_FILE:fundwatch-cli> 100000 --seed 12 --from 2025-01-01
			--days 365)
endif()
if(PYTHON3)
	fundwatch_script(lookalikes LABEL golden
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/lookalikes.py ${CMAKE_SOURCE_DIR})
endif()
