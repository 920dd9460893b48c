# SPDX-License-Identifier: GPL-3.0-or-later
fundwatch_test(cells SOURCES unit/test_cells.c support/world.c)
