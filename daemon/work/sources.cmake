# SPDX-License-Identifier: GPL-3.0-or-later
# In reading order. For the target fundwatch_work; names are relative to daemon/.
set(work_sources
	host/fault.c
	host/clock.c
	host/pages.c
	work/files.c
	work/tally.c
	work/intake.c
	work/rawline.c
	work/queue.c
	work/chunkref.c
	work/crew.c
	work/piece.c
	work/readers.c
	work/readers_cut.c
	work/readers_hand.c
	work/worker.c
	work/book.c
	work/pool.c
	work/temp.c
	work/spill.c
	work/binfile.c
	work/cellbins.c
	work/cold.c
	work/cold_load.c
	work/findrun.c
	work/parts.c)
