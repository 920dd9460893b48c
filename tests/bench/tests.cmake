# The benchmark's own generator: built on request only, never part of a test run.
add_executable(bench_gen_wide EXCLUDE_FROM_ALL ${CMAKE_CURRENT_SOURCE_DIR}/bench/gen_wide.c)
target_link_libraries(bench_gen_wide PRIVATE fundwatch_flags m)
set_target_properties(bench_gen_wide PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
