/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * runs.c - the rows of a stream brought together by keys, for all rules that group by them.
 *
 * Per subject the rows are brought together by the hash of their keys once a batch, in a table
 * that stays in the first cache; rows of one hash and several keys are told apart here. Rows of a
 * run stay in event order; those with a missing key are in none. Whoever lets only few rows pass
 * brings these together alone instead (runs_pay).
 */
#include <string.h>

#include "lib/rule/form.h"
#include "lib/rule/kernel.h"

enum { FEW = 8 }; /* to pick one row in so many from runs that are there does not pay */
enum { FIRST_SLOTS = 64, TOGETHER = 32 };

static void add_run(struct runs *r, uint32_t subject, uint64_t hash, uint32_t from)
{
	if (r->n_row == from)
		return;
	GROW(r->run, r->cap_run, r->n + 1);
	r->run[r->n++] = (struct run){ subject, from, r->n_row - from, hash };
}

/* Room for twice as many groups as there can be, and nobody's. */
static void begin_alike(struct alike *a, uint32_t n)
{
	GROW(a->v, a->cap, n);
	GROW(a->next, a->cap_next, n);
	a->n = 0;
	if (a->slots >= 2 * n && ++a->turn)
		return;
	if (!a->slots)
		a->slots = FIRST_SLOTS;
	while (a->slots < 2 * n)
		a->slots *= 2;
	xfree(a->slot);
	a->slot = xcalloc(a->slots, sizeof *a->slot);
	a->turn = 1;
}

const struct alike *stretches_alike(struct eval *e, const struct keyset *k, uint32_t n)
{
	const struct sort_pair *v = e->pair[0];
	struct alike *a = &e->alike;

	begin_alike(a, n);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)v[i].key & (a->slots - 1);
		uint32_t row = (uint32_t)(v[i].value >> 32);
		struct stretch_group *g = NULL;

		for (; a->slot[at] >> 32 == a->turn && !g; at = (at + 1) & (a->slots - 1)) {
			struct stretch_group *had = &a->v[(uint32_t)a->slot[at]];
			const struct sort_pair *first = &v[had->first];

			if (first->key == v[i].key &&
			    keyset_same(e, k, (uint32_t)(first->value >> 32), k->stream, k, row,
					k->stream))
				g = had;
		}
		a->next[i] = NO_INDEX;
		if (g) {
			a->next[g->last] = i;
			g->last = i;
			continue;
		}
		a->slot[at] = (uint64_t)a->turn << 32 | a->n;
		a->v[a->n++] = (struct stretch_group){ i, i };
	}
	return a;
}

static const uint8_t *key_breaks(struct eval *e, const struct keyset *k)
{
	struct slot *s = &e->breaks[k->id];
	uint32_t rows = e->b->rows[k->stream].n;
	uint8_t *out;

	if (s->stamp == e->stamp)
		return s->v;
	s->stamp = e->stamp;
	s->v = out = slot_room(s, rows + 8);
	memset(out, 0, rows);
	for (uint32_t i = 0; i < k->n; i++)
		kernel_breaks(out, slot_key(e, k->node[i], k->stream), rows);
	return out;
}

/* What stretches are told by; without a filter all rows pass. */
struct stretch_by {
	const uint8_t *filter, *breaks;
	const uint64_t *key;
};

/* Stretches so far. */
struct stretches {
	struct sort_pair *v;
	uint32_t n, open;        /* whether the row before is in the last of them */
	uint64_t last;           /* its value */
};

/* Which row begins a stretch cannot be foreseen, so no branch asks: each row is the last of its
 * stretch, or behind them all, until the next is looked at. */
static inline void stretch_rows(struct stretches *x, const struct stretch_by *by, uint32_t from,
				uint32_t to)
{
	struct stretches s = *x;

	for (uint32_t i = from; i < to; i++) {
		uint32_t in = (!by->filter || by->filter[i]) & (by->key[i] != KEY_MISSING);
		uint32_t begins = in & (by->breaks[i] | !s.open);

		s.n += begins;
		s.last = (begins ? (uint64_t)i << 32 : s.last) + 1;
		s.v[s.n - in] = (struct sort_pair){ by->key[i], s.last };
		s.open = in;
	}
	*x = s;
}

static uint32_t all_stretches(struct stretches *x, const struct stretch_by *by, uint32_t from,
			      uint32_t to)
{
	stretch_rows(x, &(struct stretch_by){ NULL, by->breaks, by->key }, from, to);
	return x->n;
}

uint32_t key_stretches(struct eval *e, const struct keyset *k, const uint8_t *filter,
		       uint32_t subject)
{
	const uint32_t *start = e->b->rows[k->stream].start;
	struct stretch_by by = { filter, key_breaks(e, k), slot_keyset(e, k, k->stream) };
	uint32_t i = start[subject], to = start[subject + 1], end;
	struct stretches x = { .n = 0 };

	GROW(e->pair[0], e->cap_pair[0], to - i + 1);
	x.v = e->pair[0];
	if (!filter)
		return all_stretches(&x, &by, i, to);
	for (; i < to; i = end) {
		end = to - i < TOGETHER ? to : i + TOGETHER;
		if (filter_next(filter, i, end) < end)
			stretch_rows(&x, &by, i, end);
		else
			x.open = 0;
	}
	return x.n;
}

static void take_subject(struct eval *e, const struct keyset *k, struct runs *r, uint32_t subject)
{
	const struct alike *a = stretches_alike(e, k, key_stretches(e, k, NULL, subject));
	const struct sort_pair *v = e->pair[0];

	for (uint32_t g = 0; g < a->n; g++) {
		uint32_t from = r->n_row;

		for (uint32_t i = a->v[g].first; i != NO_INDEX; i = a->next[i]) {
			uint32_t row = (uint32_t)(v[i].value >> 32), many = (uint32_t)v[i].value;

			for (uint32_t m = 0; m < many; m++)
				r->row[r->n_row++] = row + m;
		}
		add_run(r, subject, v[a->v[g].first].key, from);
	}
}

const struct runs *key_runs(struct eval *e, const struct keyset *k)
{
	struct runs *r = &e->runs[k->id];

	if (r->stamp == e->stamp)
		return r;
	r->stamp = e->stamp;
	r->n = r->n_row = 0;
	GROW(r->row, r->cap_row, e->b->rows[k->stream].n + 1);
	for (uint32_t i = 0; i < e->b->n_subjects; i++)
		take_subject(e, k, r, i);
	return r;
}

bool runs_pay(struct eval *e, const struct keyset *k, const uint8_t *truth)
{
	uint32_t n = e->b->rows[k->stream].n, pass;

	if (k->n_user < 2)
		return false;
	pass = n - kernel_count(truth, n, TRUTH_FALSE);
	if (e->runs[k->id].stamp == e->stamp)
		return pass > n / FEW;
	return (uint64_t)pass * k->n_user > n;
}

void runs_free(struct eval *e)
{
	for (uint32_t i = 0; e->runs && i < e->p->n_keyset; i++) {
		xfree(e->runs[i].row);
		xfree(e->runs[i].run);
	}
	xfree(e->runs);
	xfree(e->alike.v);
	xfree(e->alike.next);
	xfree(e->alike.slot);
}
