# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(queue LABEL unit tsan LIBS fundwatch_work)
fundwatch_test(pool LABEL unit tsan SOURCES unit/test_pool.c support/rowtext.c LIBS fundwatch_work)
fundwatch_test(crew LABEL unit tsan LIBS fundwatch_work)
fundwatch_test(spread LABEL unit LIBS fundwatch_work)
fundwatch_test(readers LABEL unit tsan LIBS fundwatch_work)
fundwatch_test(files LIBS fundwatch_work)
fundwatch_test(temp LIBS fundwatch_work)
fundwatch_test(cellbins SOURCES unit/test_cellbins.c support/world.c LIBS fundwatch_work)
