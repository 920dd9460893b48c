# SPDX-License-Identifier: GPL-3.0-or-later
set(base_sources
	err.c
	mem.c
	str.c
	arena.c
	buf.c
	hash.c
	hash_wide.c
	lexicon.c
	slots.c
	dict.c
	map.c
	sort.c
	sort_few.c
	digest.c
	dec.c
	dec_wide.c
	rat.c
	civil.c
	utf8.c
	utf8_wide.c
	near.c
	count.c)
set(base_hot count.c utf8_wide.c dec_wide.c hash.c hash_wide.c slots.c dict.c map.c sort.c sort_few.c)
