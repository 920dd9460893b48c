/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * related.c - 关联: which other records of a subject belong to the record in hand.
 *
 * A subject's records are sorted by the hash of their keys once, when the first of its records
 * asks. A key or a time that is missing makes it unknown whether a record belongs; such a record
 * is tried both ways like any other unknown one.
 */
#include "lib/rule/form.h"

/* The keys of two rows, three-valued. */
static enum truth same_keys(struct eval *e, const struct related_plan *k, enum stream mine,
			    uint32_t row, uint32_t other)
{
	enum truth t = TRUTH_TRUE;

	for (uint32_t i = 0; i < k->mine->n; i++) {
		uint64_t a = slot_key(e, k->mine->node[i], mine)[row];
		uint64_t b = slot_key(e, k->theirs->node[i], k->side.stream)[other];

		if (a == KEY_MISSING || b == KEY_MISSING)
			t = TRUTH_UNKNOWN;
		else if (a != b)
			return TRUTH_FALSE;
	}
	return t;
}

static void list_subject(struct eval *e, const struct related_plan *k, struct kin *x,
			 uint32_t subject)
{
	const struct rows *rows = &e->b->rows[k->side.stream];
	const uint64_t *key = slot_keyset(e, k->theirs, k->side.stream);

	x->subject = subject;
	x->n = x->n_loose = 0;
	for (uint32_t i = rows->start[subject]; i < rows->start[subject + 1]; i++) {
		if (key[i] == KEY_MISSING) {
			GROW(x->loose, x->cap_loose, x->n_loose + 1);
			x->loose[x->n_loose++] = i;
			continue;
		}
		GROW(x->pair, x->cap, x->n + 1);
		x->pair[x->n++] = (struct sort_pair){ key[i], i };
	}
	sort_pairs(x->pair, x->n);
}

static uint32_t first_of_key(const struct kin *x, uint64_t key)
{
	uint32_t lo = 0, hi = x->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (x->pair[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What is being looked for. */
struct search {
	struct eval *e;
	const struct related_plan *k;
	struct kin *x;
	struct kin_rows *out;
	enum stream stream;      /* of the record in hand */
	uint32_t row;
	int64_t time;
	bool sure;
};

static void offer(struct search *s, uint32_t other)
{
	enum truth t = same_keys(s->e, s->k, s->stream, s->row, other), near;

	if (t && s->k->window.kind != WINDOW_NONE) {
		near = window_apart(&s->k->window, s->time,
				    row_time(s->e, s->k->side.time, other));
		t = near < t ? near : t;
	}
	if (!t)
		return;
	GROW(s->x->row, s->x->cap_row, s->out->n + 1);
	GROW(s->x->truth, s->x->cap_truth, s->out->n + 1);
	s->x->row[s->out->n] = other;
	s->x->truth[s->out->n++] = (uint8_t)t;
	s->sure &= t == TRUTH_TRUE;
}

/* Rows of the key and those without one, merged into event order. */
static void offer_key(struct search *s, uint64_t key)
{
	const struct kin *x = s->x;
	uint32_t i = first_of_key(x, key), k = 0;

	while ((i < x->n && x->pair[i].key == key) || k < x->n_loose) {
		bool keyed = i < x->n && x->pair[i].key == key;

		if (keyed && (k == x->n_loose || x->pair[i].value < x->loose[k]))
			offer(s, (uint32_t)x->pair[i++].value);
		else
			offer(s, x->loose[k++]);
	}
}

static void find_one(struct search *s, uint32_t subject)
{
	const struct rows *rows = &s->e->b->rows[s->k->side.stream];
	uint64_t key = slot_keyset(s->e, s->k->mine, s->stream)[s->row];

	if (s->x->subject != subject)
		list_subject(s->e, s->k, s->x, subject);
	if (key != KEY_MISSING)
		offer_key(s, key);
	else
		for (uint32_t i = rows->start[subject]; i < rows->start[subject + 1]; i++)
			offer(s, i);
}

void related_find(struct frame *f, const struct rule_plan *rp, uint32_t subject, uint32_t row)
{
	struct eval *e = f->e;
	const struct side *mine = &rp->side[rp->n_side - 1];

	for (uint32_t i = 0; i < rp->n_related; i++) {
		const struct related_plan *k = &rp->related[i];
		struct kin_rows *out = &e->kin_rows[i];
		struct search s = { .e = e, .k = k, .x = &e->kin[i], .out = out,
				    .stream = mine->stream, .row = row, .sure = true };

		*out = (struct kin_rows){ .stream = k->side.stream, .tag = &k->tag };
		s.time = k->window.kind == WINDOW_NONE ? MISSING_I64
						       : row_time(e, mine->time, row);
		find_one(&s, subject);
		out->row = s.x->row;
		out->truth = s.sure ? NULL : s.x->truth;
	}
	f->kin = e->kin_rows;
}

void related_reset(struct eval *e)
{
	for (unsigned i = 0; i < RULE_RELATED; i++)
		e->kin[i].subject = NO_INDEX;
}

void related_free(struct eval *e)
{
	for (unsigned i = 0; i < RULE_RELATED; i++) {
		xfree(e->kin[i].pair);
		xfree(e->kin[i].loose);
		xfree(e->kin[i].row);
		xfree(e->kin[i].truth);
	}
}
