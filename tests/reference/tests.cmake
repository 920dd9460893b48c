# SPDX-License-Identifier: GPL-3.0-or-later
#
# The engine against the slow evaluator written from the manual.
fundwatch_test(reference LABEL reference TIMEOUT 600
	SOURCES reference/test_reference.c reference/engine.c reference/history.c reference/world.c
		reference/world_field.c reference/rulegen.c reference/rulecond.c
		reference/rulekin.c reference/rulefiles.c reference/ruletext.c
		reference/refeval.c reference/refjudge.c reference/refpair.c
		reference/refrelated.c reference/refcells.c reference/lines.c)
# A random case as files, for e2e/daemon_order.
add_executable(reference_case reference/reference_case.c reference/engine.c reference/history.c
	reference/lines.c reference/rulegen.c reference/rulecond.c reference/rulekin.c
	reference/rulefiles.c reference/ruletext.c)
set_target_properties(reference_case PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_compile_definitions(reference_case PRIVATE _GNU_SOURCE=)
target_link_libraries(reference_case PRIVATE fundwatch)
