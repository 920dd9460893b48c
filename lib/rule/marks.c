/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * marks.c - collecting marks, and finding the one under a place.
 */
#include "lib/rule/marks.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"

#define MARKS_MAX 4000000u

void marks_init(struct marks *m)
{
	*m = (struct marks){ NULL, 0, 0 };
}

void marks_fini(struct marks *m)
{
	xfree(m->v);
	marks_init(m);
}

struct mark *mark_add(struct diag_list *d, struct span at, enum mark_kind kind)
{
	struct marks *m = d->marks;

	if (m == NULL || at.end <= at.start || m->n >= MARKS_MAX)
		return NULL;
	GROW(m->v, m->cap, m->n + 1);
	m->v[m->n] = (struct mark){
		.at = at, .kind = kind, .keyword = KW_NONE, .stream = STREAM_COUNT,
		.field = FIELD_NONE,
	};
	return &m->v[m->n++];
}

void mark_keyword(struct diag_list *d, struct span at, enum mark_kind kind, enum keyword k)
{
	struct mark *m = mark_add(d, at, kind);

	if (m == NULL)
		return;
	m->keyword = k;
	m->zh = keyword_word(k, false);
	m->en = keyword_word(k, true);
}

void mark_term(struct diag_list *d, struct span at, const char *zh, const char *en)
{
	struct mark *m = mark_add(d, at, MARK_TERM);

	if (m == NULL)
		return;
	m->zh = zh;
	m->en = en;
}

void mark_function(struct diag_list *d, struct span at, const char *zh, const char *en)
{
	struct mark *m = mark_add(d, at, MARK_FUNCTION);

	if (m == NULL)
		return;
	m->zh = zh;
	m->en = en;
}

void mark_stream(struct diag_list *d, struct span at, enum stream s)
{
	struct mark *m = mark_add(d, at, MARK_STREAM);

	if (m == NULL)
		return;
	m->stream = s;
	m->zh = stream_title(s);
	m->en = stream_name(s);
}

void mark_field(struct diag_list *d, struct span at, enum field f)
{
	struct mark *m = mark_add(d, at, MARK_FIELD);
	const char *text;

	if (m == NULL)
		return;
	m->field = f;
	text = d->file[at.file].text.p;
	for (uint32_t i = at.start; i < at.end; i++) {
		if (text[i] == '.')
			m->at.start = i + 1;
		else if (at.end - i > 3 && memcmp(text + i, "\xef\xbc\x8e", 3) == 0) /* ． */
			m->at.start = i + 3;
	}
}

void mark_code(struct diag_list *d, struct span at, enum field f)
{
	struct mark *m = mark_add(d, at, MARK_CODE);

	if (m != NULL)
		m->field = f;
}

void mark_name(struct diag_list *d, struct span at, enum mark_kind kind, struct span decl,
	       const char *note)
{
	struct mark *m = mark_add(d, at, kind);

	if (m == NULL)
		return;
	m->decl = decl;
	m->note = note;
}

static int by_place(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->at.file != y->at.file)
		return x->at.file < y->at.file ? -1 : 1;
	if (x->at.start != y->at.start)
		return x->at.start < y->at.start ? -1 : 1;
	if (x->at.end != y->at.end)
		return x->at.end > y->at.end ? -1 : 1; /* the wider one first */
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

void marks_sort(struct marks *m)
{
	uint32_t n = 0;

	if (m->n > 1)
		qsort(m->v, m->n, sizeof *m->v, by_place);
	for (uint32_t i = 0; i < m->n; i++)
		if (n == 0 || by_place(&m->v[n - 1], &m->v[i]) != 0)
			m->v[n++] = m->v[i];
	m->n = n;
}

const struct mark *marks_at(const struct marks *m, uint32_t file, uint32_t pos)
{
	const struct mark *best = NULL;

	for (uint32_t i = 0; i < m->n; i++) {
		const struct mark *x = &m->v[i];

		if (x->at.file != file || x->at.start > pos || x->at.end < pos)
			continue;
		if (best == NULL || x->at.end - x->at.start <= best->at.end - best->at.start)
			best = x;
	}
	return best;
}
