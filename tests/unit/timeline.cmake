# SPDX-License-Identifier: GPL-3.0-or-later
set(timeline_support support/rowtext.c support/dump.c support/scene.c)
foreach(name IN ITEMS timeline timeline_block timeline_pack timeline_serial timeline_reverse timeline_derive
		timeline_messages timeline_trace timeline_order timeline_known slab)
	fundwatch_test(${name} LABEL unit LAYER timeline
		SOURCES unit/test_${name}.c ${timeline_support})
endforeach()
