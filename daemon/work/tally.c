/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - one pass over each column of a chunk.
 */
#include "daemon/work/tally.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/count.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

void tally_init(struct tally *t)
{
	memset(t, 0, sizeof *t);
}

void tally_fini(struct tally *t)
{
	xfree(t->reason);
	memset(t, 0, sizeof *t);
}

static uint64_t missing_flag(const uint8_t *v, uint32_t n)
{
	uint64_t missing = 0;
	for (uint32_t i = 0; i < n; i++)
		missing += v[i] == TRUTH_UNKNOWN;
	return missing;
}

static void count_column(struct tally_field *t, enum type type, const void *col, uint32_t n)
{
	t->rows += n;
	if (!col) {
		t->missing += n;
		return;
	}
	switch (type_width(type)) {
	case WIDTH_I64:
		t->missing += count_i64(col, n, MISSING_I64);
		if (type == TYPE_MONEY)
			t->sum += count_sum(col, n, MISSING_I64);
		break;
	case WIDTH_I32: t->missing += count_u32(col, n, (uint32_t)MISSING_I32); break;
	case WIDTH_U32: t->missing += count_u32(col, n, MISSING_CODE); break;
	case WIDTH_U8: t->missing += missing_flag(col, n); break;
	}
}

/* Where the reason stands or belongs. */
static uint32_t reason_slot(const struct tally *t, const char *reason, bool *found)
{
	uint32_t i = 0;
	int c = 1;
	while (i < t->n_reason && (c = strcmp(t->reason[i].reason, reason)) < 0)
		i++;
	*found = i < t->n_reason && c == 0;
	return i;
}

static bool earlier(const struct tally_reason *a, const struct tally_reason *b)
{
	if (a->file != b->file)
		return a->file < b->file;
	if (a->line != b->line)
		return a->line < b->line;
	return a->column < b->column;
}

static void count_reason(struct tally *t, const struct tally_reason *one)
{
	bool found;
	uint32_t i = reason_slot(t, one->reason, &found);
	if (!found) {
		GROW(t->reason, t->cap_reason, t->n_reason + 1);
		memmove(t->reason + i + 1, t->reason + i, (t->n_reason - i) * sizeof *t->reason);
		t->reason[i] = *one;
		t->n_reason++;
		return;
	}
	uint64_t n = t->reason[i].n + one->n;
	if (earlier(one, &t->reason[i]))
		t->reason[i] = *one;
	t->reason[i].n = n;
}

/* Copies what fits, cut at a character. */
static void copy_text(char *out, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	n = utf8_valid_prefix(s.p, n);
	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

static void count_reject(struct tally *t, const struct reject *r, uint32_t file)
{
	struct tally_reason one = { .n = 1, .line = r->line, .column = r->column, .file = file };
	copy_text(one.reason, sizeof one.reason, str_of(r->reason));
	copy_text(one.field, sizeof one.field, r->field);
	copy_text(one.sentence, sizeof one.sentence, r->sentence);
	count_reason(t, &one);
}

void tally_streams(struct tally *t, const struct chunk *c, uint32_t streams)
{
	for (int s = 0; s < STREAM_STORED; s++) {
		if (!(streams >> s & 1))
			continue;
		const struct table *tab = &c->table[s];
		enum field first = stream_first((enum stream)s);
		unsigned width = tab->n > 0 ? stream_stored_width((enum stream)s) : 0;
		t->records[s] += tab->n;
		for (unsigned i = 0; i < width; i++)
			count_column(&t->field[first + i], field_get(first + i)->type, tab->col[i],
				     tab->n);
	}
}

void tally_rejects(struct tally *t, const struct chunk *c, uint32_t file)
{
	t->rejects += c->n_reject;
	for (uint32_t i = 0; i < c->n_reject; i++)
		count_reject(t, &c->reject[i], file);
}

void tally_chunk(struct tally *t, const struct chunk *c, uint32_t file)
{
	tally_streams(t, c, UINT32_MAX);
	tally_rejects(t, c, file);
}

void tally_add(struct tally *into, const struct tally *from)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		into->field[f].rows += from->field[f].rows;
		into->field[f].missing += from->field[f].missing;
		into->field[f].sum += from->field[f].sum;
	}
	for (int s = 0; s < STREAM_STORED; s++)
		into->records[s] += from->records[s];
	into->rejects += from->rejects;
	for (uint32_t i = 0; i < from->n_reason; i++)
		count_reason(into, &from->reason[i]);
}
