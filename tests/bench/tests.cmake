# SPDX-License-Identifier: GPL-3.0-or-later
# Micro-benchmarks: built with the tests, run by hand.
add_executable(bench_timeline bench/bench_timeline.c)
target_link_libraries(bench_timeline PRIVATE fundwatch_upto_timeline)
set_target_properties(bench_timeline PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_executable(bench_judge bench/bench_judge.c)
target_link_libraries(bench_judge PRIVATE fundwatch_work fundwatch)
set_target_properties(bench_judge PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_executable(bench_intake bench/bench_intake.c)
target_link_libraries(bench_intake PRIVATE fundwatch_daemon fundwatch_work fundwatch)
set_target_properties(bench_intake PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
add_executable(bench_slab bench/bench_slab.c)
target_link_libraries(bench_slab PRIVATE fundwatch_upto_timeline)
set_target_properties(bench_slab PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
