/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eval_digest.c - what evidence would show of a contribution, in one number.
 *
 * Record by record, in order: the record's version, time and money, once a batch for all sources;
 * and what the source says of it, that is whether it is in for sure and whether it bears.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/rule/cells_pass.h"
#include "lib/rule/kernel.h"

/* Odd numbers without a pattern. */
#define BY_ROW UINT64_C(0x9fb21c651e98df25)
#define BY_TIME UINT64_C(0xc2b2ae3d27d4eb4f)
#define BY_WEIGHT UINT64_C(0x165667b19e3779f9)
#define BY_FUND UINT64_C(0x85ebca77c2b2ae63)
#define BY_BASE UINT64_C(0x27d4eb2f165667c5)
#define BY_SAID UINT64_C(0xd1b54a32d192ed03)
#define BY_STEP UINT64_C(0xd6e8feb86659fd93)

static void add_column(struct eval *e, uint64_t *out, enum field f, uint32_t n, uint64_t by)
{
	const int64_t *v = f == FIELD_NONE ? NULL : slot_time(e, f);

	if (v)
		kernel_add_by(out, v, by, n);
}

/* The money and time of a side are those of its stream, so all sources share these. */
static const uint64_t *record_digests(struct eval *e, const struct side *s)
{
	struct digests *d = &e->digest[s->stream];
	const struct rows *r = &e->b->rows[s->stream];

	if (d->stamp == e->stamp)
		return d->v;
	d->stamp = e->stamp;
	GROW(d->v, d->cap, r->n + 1);
	kernel_join(d->v, r->row, BY_ROW, r->version, r->n);
	add_column(e, d->v, s->time, r->n, BY_TIME);
	add_column(e, d->v, s->weight, r->n, BY_WEIGHT);
	add_column(e, d->v, s->fund, r->n, BY_FUND);
	add_column(e, d->v, s->base, r->n, BY_BASE);
	return d->v;
}

/* A test of each row, as one more digit of what is said. */
static void add_test(struct cells_pass *x, const struct node *cond)
{
	uint64_t *said = x->e->said;
	uint32_t n = x->e->b->rows[x->s->side.stream].n;

	if (cond->stream != STREAM_COUNT && !cond->dated) {
		kernel_digit(said, slot_truth(x->e, cond), n);
		return;
	}
	for (uint32_t i = 0; i < x->c.n; i++) {
		const struct contribution *k = &x->c.v[i];

		x->day = cell_period(x, k);
		for (uint32_t r = k->from; r < k->from + k->n; r++) {
			uint32_t row = x->c.row[r];

			said[row] = said[row] * 3 + cell_counts(x, cond, row);
		}
	}
}

static const uint64_t *what_is_said(struct cells_pass *x)
{
	struct eval *e = x->e;
	uint32_t n = e->b->rows[x->s->side.stream].n;

	GROW(e->said, e->cap_said, n + 1);
	memset(e->said, 0, n * sizeof *e->said);
	kernel_digit(e->said, x->filter, n);
	for (uint32_t i = 0; i < x->s->n_bear; i++)
		add_test(x, x->s->bear[i]);
	return e->said;
}

/* The same whatever else is in the batch. */
void digests_make(struct cells_pass *x)
{
	const uint64_t *digest = record_digests(x->e, &x->s->side), *said = what_is_said(x);

	for (uint32_t i = 0; i < x->c.n; i++) {
		struct contribution *k = &x->taken->v[i];
		const uint32_t *row = x->c.row + k->from;
		bool plain = !x->s->n_bear && k->sure == k->n;
		uint64_t h = 1;

		for (uint32_t r = 0; plain && r < k->n; r++)
			h = (h + digest[row[r]]) * BY_STEP;
		for (uint32_t r = 0; !plain && r < k->n; r++)
			h = (h + (digest[row[r]] ^ said[row[r]] * BY_SAID)) * BY_STEP;
		k->digest = hash_u64(h) | 1;
	}
}
