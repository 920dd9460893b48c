# SPDX-License-Identifier: GPL-3.0-or-later
# The generator against the oracle; the shipped rules against the planted truth.
if(PYTHON3 AND TARGET fundwatch-gen)
	fundwatch_script(truth-data LABEL e2e
		COMMAND ${CMAKE_CURRENT_LIST_DIR}/data.sh $<TARGET_FILE:fundwatch-gen>)
endif()
