/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.c - a stretch of findings is a buffer of text and the ends of its lines.
 */
#include "daemon/work/lines.h"

#include <assert.h>

void lines_init(struct lines *l, lines_fn *fn, const void *ctx)
{
	l->fn = fn;
	l->ctx = ctx;
	l->n = 0;
	for (uint32_t i = 0; i < LINES_STRETCHES; i++)
		buf_init(&l->text[i], 0);
}

void lines_fini(struct lines *l)
{
	for (uint32_t i = 0; i < LINES_STRETCHES; i++)
		buf_fini(&l->text[i]);
}

void lines_begin(struct lines *l, const struct finding *const *all, uint32_t n)
{
	assert(n <= LINES_AT_ONCE);
	l->all = all;
	l->n = n;
	atomic_store(&l->next, 0);
}

static void make_stretch(struct lines *l, uint32_t stretch)
{
	uint32_t from = stretch * LINES_STRETCH;
	struct buf *text = &l->text[stretch];
	buf_reset(text);
	for (uint32_t i = from; i < l->n && i < from + LINES_STRETCH; i++) {
		l->fn(l->ctx, l->all[i], text);
		l->end[i] = text->n;
	}
}

void lines_make(struct lines *l)
{
	uint32_t stretches = (l->n + LINES_STRETCH - 1) / LINES_STRETCH, next;
	while ((next = atomic_fetch_add(&l->next, 1)) < stretches)
		make_stretch(l, next);
}

struct str lines_get(const struct lines *l, uint32_t i)
{
	size_t from = i % LINES_STRETCH ? l->end[i - 1] : 0;
	const struct buf *text = &l->text[i / LINES_STRETCH];
	if (text->failed)
		return (struct str){ 0 };
	return (struct str){ text->p + from, (uint32_t)(l->end[i] - from) };
}
