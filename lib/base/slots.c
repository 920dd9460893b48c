/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slots.c - lines of slots as they begin, double and end.
 */
#include "lib/base/slots.h"

#include <string.h>

#include "lib/base/mem.h"

enum { FIRST_LINES = 8 };

/* Free ones, each in one line of the cache. */
static void new_lines(struct slots *s, size_t n)
{
	uintptr_t size = sizeof *s->line;

	s->memory = xcalloc(n + 1, sizeof *s->line);
	s->line = (struct slots_line *)(((uintptr_t)s->memory + size - 1) & ~(size - 1));
	s->mask = n - 1;
}

void slots_init(struct slots *s)
{
	new_lines(s, FIRST_LINES);
	s->used = 0;
}

void slots_fini(struct slots *s)
{
	xfree(s->memory);
	memset(s, 0, sizeof *s);
}

void slots_clear(struct slots *s)
{
	memset(s->line, 0, (s->mask + 1) * sizeof *s->line);
	s->used = 0;
}

size_t slots_bytes(const struct slots *s)
{
	return s->memory ? (s->mask + 2) * sizeof *s->line : 0;
}

static void put_again(struct slots *s, uint32_t hash, uint32_t number)
{
	struct slots_line *l = slots_first(s, hash), *next;

	while ((next = slots_next(s, l)))
		l = next;
	slots_put(s, l, hash, number);
}

void slots_double(struct slots *s)
{
	struct slots_line *line = s->line;
	void *memory = s->memory;
	size_t before = s->mask + 1;

	new_lines(s, before * 2);
	s->used = 0;
	for (size_t at = 0; at < before; at++)
		for (unsigned i = 0; i < SLOTS_LINE && line[at].hash[i]; i++)
			put_again(s, line[at].hash[i], line[at].number[i]);
	xfree(memory);
}
