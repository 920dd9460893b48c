/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * book.c - a merge of two sorted lists: subjects to compare, and findings by subject.
 */
#include "daemon/work/book.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"

struct who {
	enum subject_kind kind;
	struct str key;
};

struct who_list {
	struct who *who;
	uint32_t n, cap;
};

struct book {
	struct alertbook *subjects, *cells;
	struct who_list judged; /* borrowed keys */
	struct who_list
		with_cells; /* subjects that have or had a cell alert; sorted, keys in `arena` */
	struct arena arena;
	const struct finding **found;
	uint32_t n, cap;
};

struct book *book_new(void)
{
	struct book *b = xcalloc(1, sizeof *b);
	b->subjects = alertbook_new();
	b->cells = alertbook_new();
	arena_init(&b->arena);
	return b;
}

void book_free(struct book *b)
{
	alertbook_free(b->subjects);
	alertbook_free(b->cells);
	arena_fini(&b->arena);
	xfree(b->judged.who);
	xfree(b->with_cells.who);
	xfree(b->found);
	xfree(b);
}

static int who_cmp(struct who a, struct who b)
{
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	return str_cmp(a.key, b.key);
}

static int by_who(const void *a, const void *b)
{
	return who_cmp(*(const struct who *)a, *(const struct who *)b);
}

static struct who who_of(const struct finding *f)
{
	return (struct who){ f->subject_kind, f->subject };
}

static int by_subject(const void *a, const void *b)
{
	const struct finding *fa = *(const struct finding *const *)a;
	const struct finding *fb = *(const struct finding *const *)b;
	int c = who_cmp(who_of(fa), who_of(fb));
	return c ? c : finding_cmp(fa, fb);
}

static void add(struct who_list *l, struct who w)
{
	GROW(l->who, l->cap, l->n + 1);
	l->who[l->n++] = w;
}

static void sort_unique(struct who_list *l)
{
	uint32_t kept = 0;
	if (l->n == 0)
		return;
	qsort(l->who, l->n, sizeof *l->who, by_who);
	for (uint32_t i = 1; i < l->n; i++)
		if (who_cmp(l->who[kept], l->who[i]) != 0)
			l->who[++kept] = l->who[i];
	l->n = kept + 1;
}

/* Subjects of cells are few (facilities, practitioners): a sorted array is enough. */
static void remember_cell(struct book *b, struct who w)
{
	struct who_list *l = &b->with_cells;
	uint32_t lo = 0, hi = l->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = who_cmp(l->who[mid], w);
		if (c == 0)
			return;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	GROW(l->who, l->cap, l->n + 1);
	memmove(l->who + lo + 1, l->who + lo, (l->n - lo) * sizeof *l->who);
	l->who[lo] = (struct who){ w.kind, arena_str(&b->arena, w.key) };
	l->n++;
}

static bool of_cells(const struct ruleset *rs, const struct finding *f)
{
	const struct rule *r = ruleset_find(rs, f->rule);
	return r ? !r->person_local : f->subject_kind != SUBJECT_PERSON;
}

void book_load(struct book *b, const struct ruleset *rs, const struct finding *f, uint64_t id,
	       uint32_t revision, bool live)
{
	bool cells = of_cells(rs, f);
	if (cells)
		remember_cell(b, who_of(f));
	alertbook_load(cells ? b->cells : b->subjects, f, id, revision, live);
}

void book_judged(struct book *b, enum subject_kind kind, struct str key)
{
	add(&b->judged, (struct who){ kind, key });
}

bool book_knows(const struct book *b, enum subject_kind kind, struct str key)
{
	return alertbook_knows(b->subjects, kind, key);
}

void book_found(struct book *b, const struct findings *found)
{
	GROW(b->found, b->cap, b->n + found->n);
	for (uint32_t i = 0; i < found->n; i++)
		b->found[b->n++] = &found->item[i];
}

void book_freeze(struct book *b, frozen_fn *subjects, frozen_fn *cells, void *ctx)
{
	alertbook_freeze(b->subjects, subjects, ctx);
	alertbook_freeze(b->cells, cells, ctx);
}

void book_handled(struct book *b, handled_fn *fn, void *ctx)
{
	alertbook_handled(b->subjects, fn, ctx);
	alertbook_handled(b->cells, fn, ctx);
}

/* Both lists sorted and `l` holding every finding's subject. */
static void tell(struct book *b, struct alertbook *a, const struct who_list *l, change_fn *fn,
		 void *ctx)
{
	uint32_t at = 0;
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t from = at;
		while (at < b->n && who_cmp(who_of(b->found[at]), l->who[i]) == 0)
			at++;
		alertbook_update(a, l->who[i].kind, l->who[i].key, NULL, b->found + from, at - from,
				 fn, ctx);
	}
	b->n = 0;
}

static void sort_found(struct book *b)
{
	if (b->n > 0)
		qsort(b->found, b->n, sizeof *b->found, by_subject);
}

void book_tell_subjects(struct book *b, change_fn *fn, void *ctx)
{
	sort_found(b);
	for (uint32_t i = 0; i < b->n; i++)
		add(&b->judged, who_of(b->found[i]));
	sort_unique(&b->judged);
	tell(b, b->subjects, &b->judged, fn, ctx);
	b->judged.n = 0;
}

void book_tell_cells(struct book *b, change_fn *fn, void *ctx)
{
	sort_found(b);
	for (uint32_t i = 0; i < b->n; i++)
		if (i == 0 || who_cmp(who_of(b->found[i - 1]), who_of(b->found[i])) != 0)
			remember_cell(b, who_of(b->found[i]));
	tell(b, b->cells, &b->with_cells, fn, ctx);
}

uint64_t book_live(const struct book *b)
{
	return alertbook_live(b->subjects) + alertbook_live(b->cells);
}
