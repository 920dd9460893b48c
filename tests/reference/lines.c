/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.c - findings as lines that compare.
 */
#include "tests/reference/reference.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/dec.h"

void lines_init(struct lines *l)
{
	memset(l, 0, sizeof *l);
	arena_init(&l->arena);
}

void lines_fini(struct lines *l)
{
	arena_fini(&l->arena);
	free(l->line);
}

void lines_add(struct lines *l, struct str text)
{
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->line = xrealloc(l->line, l->cap * sizeof *l->line);
	}
	l->line[l->n++] = arena_printf(&l->arena, STR_FMT, STR_ARG(text));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void lines_sort(struct lines *l)
{
	if (l->n > 1)
		qsort(l->line, l->n, sizeof *l->line, by_text);
}

static int by_name(const void *a, const void *b)
{
	const struct found_record *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c != 0 ? c : strcmp(x->role, y->role);
}

void lines_found(struct lines *l, struct found *f)
{
	struct buf b;

	qsort(f->record, f->n_record, sizeof *f->record, by_name);
	buf_init(&b, 0);
	buf_addf(&b, STR_FMT " [", STR_ARG(f->rule));
	for (uint32_t i = 0; i < f->n_key; i++)
		buf_addf(&b, "%s" STR_FMT, i > 0 ? ", " : "", STR_ARG(f->key[i]));
	buf_adds(&b, "] ");
	civil_add_time(&b, f->begin);
	buf_adds(&b, " to ");
	civil_add_time(&b, f->end);
	buf_addf(&b, ": " STR_FMT " / " STR_FMT " = ", STR_ARG(f->observed), STR_ARG(f->limit));
	if (f->has_amount)
		dec_add(&b, f->amount, 2, 2);
	for (uint32_t i = 0; i < f->n_record; i++)
		buf_addf(&b, " %s:%s", f->record[i].name, f->record[i].role);
	if (f->excepted)
		buf_adds(&b, " excepted");
	if (f->held.n > 0)
		buf_addf(&b, " by " STR_FMT, STR_ARG(f->held));
	lines_add(l, buf_str(&b));
	l->amount += f->has_amount && !f->excepted ? f->amount : 0;
	l->excepted += f->excepted;
	buf_fini(&b);
}
