/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fix.c - sure repairs of a source, in the order of the text.
 */
#include "lib/rule/fix.h"

const struct repair *fix_of(const struct diag_list *d, const struct diag *x)
{
	return x->sure ? diag_edit(d, x) : NULL;
}

/* The next diagnostic of the file whose repair begins at or behind `from`. */
static const struct diag *next_fix(const struct diag_list *d, uint32_t file, uint32_t from)
{
	const struct diag *best = NULL;
	uint32_t start = UINT32_MAX;

	for (uint32_t i = 0; i < d->n; i++) {
		const struct repair *r = fix_of(d, &d->diag[i]);

		if (r == NULL || r->at.file != file || r->at.start < from || r->at.start >= start)
			continue;
		best = &d->diag[i];
		start = r->at.start;
	}
	return best;
}

uint32_t fix_source(const struct diag_list *d, uint32_t file, struct buf *out,
		    void (*told)(void *ctx, const struct diag *x, const struct repair *r),
		    void *ctx)
{
	struct str text = d->file[file].text;
	const struct diag *x;
	uint32_t at = 0, n = 0;

	while ((x = next_fix(d, file, at)) != NULL) {
		const struct repair *r = fix_of(d, x);

		buf_addstr(out, str_sub(text, at, r->at.start - at));
		buf_addstr(out, r->instead);
		at = r->at.end > r->at.start ? r->at.end : r->at.start + 1;
		if (at > r->at.end) /* an insertion: the next byte stays */
			buf_addstr(out, str_sub(text, r->at.start, 1));
		if (told != NULL)
			told(ctx, x, r);
		n++;
	}
	buf_addstr(out, str_sub(text, at, text.n));
	return n;
}
