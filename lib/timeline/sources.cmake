# SPDX-License-Identifier: GPL-3.0-or-later
set(timeline_sources
	pack.c layout.c serial.c block.c blocks.c store.c directory.c needs.c find.c intake.c
	ingest.c lines.c overlay.c shard.c
	timeline.c slab.c register.c collect.c sweep.c reverse.c trace.c visit.c diagnoses.c derive.c
	column.c unpack.c standing.c undone.c gather.c)
set(timeline_hot column.c collect.c unpack.c pack.c block.c lines.c)
