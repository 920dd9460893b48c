# SPDX-License-Identifier: GPL-3.0-or-later
set(stat_sources
	cells.c
	cells_part.c
	cells_pack.c
	cells_join.c
	cells_lot.c
	cells_add.c
	cells_cut.c
	cells_sum.c
	cells_judge.c
	cells_tell.c)
