# SPDX-License-Identifier: GPL-3.0-or-later
set(timeline_support support/rowtext.c support/dump.c)
fundwatch_test(timeline LABEL unit LAYER timeline
	SOURCES unit/test_timeline.c ${timeline_support})
