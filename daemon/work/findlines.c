/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findlines.c - a stretch of findings is a buffer of text and the ends of its lines.
 */
#include "daemon/work/findlines.h"

#include <assert.h>

void findlines_init(struct findlines *l, findlines_fn *fn, void *ctx)
{
	l->fn = fn;
	l->ctx = ctx;
	l->n = 0;
	for (uint32_t i = 0; i < FINDLINES_STRETCHES; i++)
		buf_init(&l->text[i], 0);
}

void findlines_fini(struct findlines *l)
{
	for (uint32_t i = 0; i < FINDLINES_STRETCHES; i++)
		buf_fini(&l->text[i]);
}

void findlines_begin(struct findlines *l, const struct finding *const *all, uint32_t n)
{
	assert(n <= FINDLINES_AT_ONCE);
	l->all = all;
	l->n = n;
	atomic_store(&l->next, 0);
}

static void make_stretch(struct findlines *l, uint32_t stretch)
{
	uint32_t from = stretch * FINDLINES_STRETCH;
	struct buf *text = &l->text[stretch];
	buf_reset(text);
	for (uint32_t i = from; i < l->n && i < from + FINDLINES_STRETCH; i++) {
		l->fn(l->ctx, l->all[i], text);
		l->end[i] = text->n;
	}
}

void findlines_make(struct findlines *l)
{
	uint32_t stretches = (l->n + FINDLINES_STRETCH - 1) / FINDLINES_STRETCH, next;
	while ((next = atomic_fetch_add(&l->next, 1)) < stretches)
		make_stretch(l, next);
}

struct str findlines_get(const struct findlines *l, uint32_t i)
{
	size_t from = i % FINDLINES_STRETCH ? l->end[i - 1] : 0;
	const struct buf *text = &l->text[i / FINDLINES_STRETCH];
	if (text->failed)
		return (struct str){ 0 };
	return (struct str){ text->p + from, (uint32_t)(l->end[i] - from) };
}
