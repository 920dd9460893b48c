/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cold_load.c - records back from disk: whole parts, or the subjects that were touched.
 *
 * A row is picked by the hash of its subject. Two subjects of one hash come together, which costs
 * a gather and changes nothing. Visits that lie in several parts need the rows of other subjects
 * beside, so that only the greatest version of a record shows; these are never judged.
 */
#include "daemon/work/cold_state.h"

#include <malloc.h>
#include <string.h>

#include "lib/base/mem.h"

#define ROW_BYTES 512u /* of a row with all fields, its share of dictionary and index, twice */

void batch_load_init(struct batch_load *b, struct pool *p, uint32_t from)
{
	*b = (struct batch_load){ .p = p, .from = from, .to = from };
	map64_init(&b->visits);
}

void batch_load_fini(struct batch_load *b)
{
	map64_fini(&b->visits);
	for (unsigned s = 0; s < STREAM_STORED; s++)
		xfree(b->pick[s].row);
}

void cold_empty(struct pool *p)
{
	judge_free(p->judge[p->n]);
	p->judge[p->n] = NULL;
	for (uint32_t i = 0; i < p->n && !p->cold->empty; i++) {
		struct worker *w = &p->worker[i];
		findings_clear(&w->found);
		judge_free(w->judge);
		w->judge = p->judge[i] = pool_new_judge(&p->conf);
		judge_complete(w->judge, p->complete);
	}
	p->cold->empty = true;
	(void)malloc_trim(0);
}

/* ---- whole parts ---- */

static bool offer_chunk(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e)
{
	struct pool *p = ctx;
	(void)e;
	pool_offer(p, chunk_ref_new(take_chunk, intake), false);
	return true;
}

static bool load_registers(struct pool *p, struct err *e)
{
	cold_empty(p);
	p->cold->empty = false;
	pool_quiet(p, true);
	return spill_chunks(p->cold->spill, SPILL_EVERYBODY, offer_chunk, p, e);
}

/* Of other subjects' records only revision and digest matter. */
static struct judge *new_other(const struct pool *p)
{
	static const uint8_t nothing[FIELD_BITMAP];
	struct pool_conf conf = p->conf;
	conf.wanted = nothing;
	return pool_new_judge(&conf);
}

struct shared_load {
	struct judge *other;
	struct err *e;
	bool ok;
};

static void add_shared(void *ctx, struct chunk_ref *take_chunk)
{
	struct shared_load *l = ctx;
	const struct chunk *c = chunk_ref_chunk(take_chunk);
	for (int s = 0; l->ok && s < STREAM_STORED; s++)
		l->ok = judge_add(l->other, c, (enum stream)s, NULL, 0,
				  chunk_ref_intake(take_chunk), l->e);
	chunk_ref_put(take_chunk);
}

bool cold_load_group(struct pool *p, uint32_t group, struct err *e)
{
	const struct spill *s = p->cold->spill;
	struct shared_load l = { NULL, e, true };
	bool ok = load_registers(p, e);
	l.other = p->judge[p->n] = new_other(p);
	for (uint32_t part = 0; ok && part < COLD_PARTS; part++)
		if (spill_group(s, part) == group)
			ok = spill_chunks(s, part, offer_chunk, p, e);
	return ok && spill_read_shared(s, group, add_shared, &l, e) && l.ok;
}

/* ---- touched subjects ---- */

static bool is_touched(const struct cold *c, const struct chunk *k, enum stream s, uint32_t row)
{
	uint64_t hash;
	return timeline_subject_hash(k, s, row, &hash) && map64_get(&c->touched, hash, NULL);
}

static void pick_row(struct batch_load *b, const struct chunk *c, enum stream s, uint32_t row)
{
	struct slicer_rows *to = &b->pick[s];
	uint64_t visit;
	GROW(to->row, to->cap, to->n + 1);
	to->row[to->n++] = row;
	if (spill_visit(b->p->cold->spill, c, s, row, &visit))
		(void)map64_put(&b->visits, visit, 1);
}

/* The picked rows as a chunk of their own; NULL: none. */
static struct chunk *picked(struct batch_load *b, const struct chunk *c, uint32_t intake,
			    struct err *e, bool *ok)
{
	struct slab_piece piece;
	struct str bytes = slicer_pick(b->p->cold->slicer, c, intake, b->pick);
	struct chunk *out = NULL;
	for (unsigned s = 0; s < STREAM_STORED; s++) {
		b->rows += b->pick[s].n;
		b->pick[s].n = 0;
	}
	*ok = bytes.n == 0 || (slab_piece_open(&piece, bytes.p, bytes.n, e) &&
			       (out = slab_piece_chunk(&piece, e)) != NULL);
	return out;
}

static bool offer_touched(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e)
{
	struct batch_load *b = ctx;
	struct chunk *out;
	bool ok;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < take_chunk->table[s].n; r++)
			if (is_touched(b->p->cold, take_chunk, (enum stream)s, r))
				pick_row(b, take_chunk, (enum stream)s, r);
	out = picked(b, take_chunk, intake, e, &ok);
	chunk_free(take_chunk);
	if (out)
		pool_offer(b->p, chunk_ref_new(out, intake), false);
	return ok;
}

bool cold_load_touched(struct batch_load *b, struct err *e)
{
	const struct cold *c = b->p->cold;
	bool ok = load_registers(b->p, e);
	for (; ok && b->to < COLD_PARTS && b->rows * ROW_BYTES < c->memory; b->to++)
		if (c->part[b->to])
			ok = spill_chunks(c->spill, b->to, offer_touched, b, e);
	return ok;
}

/* ---- what waits ---- */

/* Whose row it is decides in which batch it wakes; everybody's in the first. */
static bool in_batch(const struct batch_load *b, const struct chunk *c, enum stream s, uint32_t r)
{
	uint32_t part = timeline_shard(c, s, r, COLD_PARTS);
	return part == UINT32_MAX ? b->from == 0 : part >= b->from && part < b->to;
}

static void wake_chunk(struct batch_load *b, const struct waiting *w)
{
	const struct chunk *c = chunk_ref_chunk(w->chunk);
	uint32_t intake = chunk_ref_intake(w->chunk);
	struct err e;
	bool ok;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < c->table[s].n; r++)
			if (in_batch(b, c, (enum stream)s, r))
				pick_row(b, c, (enum stream)s, r);
	struct chunk *out = picked(b, c, intake, &e, &ok);
	if (out)
		pool_offer(b->p, chunk_ref_new(out, intake), w->known);
}

void cold_wake(struct batch_load *b, bool known)
{
	for (uint32_t i = 0; i < b->p->cold->n_waiting; i++)
		if (b->p->cold->waiting[i].known == known)
			wake_chunk(b, &b->p->cold->waiting[i]);
}

/* ---- visits in several parts ---- */

static bool add_other(struct batch_load *b, const struct chunk *c, uint32_t intake, struct err *e)
{
	bool ok = true;
	for (unsigned s = 0; ok && s < STREAM_STORED; s++) {
		struct slicer_rows *rows = &b->pick[s];
		uint64_t visit;
		for (uint32_t r = 0; r < c->table[s].n; r++) {
			if (!spill_visit(b->p->cold->spill, c, (enum stream)s, r, &visit) ||
			    !map64_get(&b->visits, visit, NULL))
				continue;
			GROW(rows->row, rows->cap, rows->n + 1);
			rows->row[rows->n++] = r;
		}
		ok = rows->n == 0 ||
		     judge_add(b->other, c, (enum stream)s, rows->row, rows->n, intake, e);
		rows->n = 0;
	}
	return ok;
}

static bool take_other(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e)
{
	bool ok = add_other(ctx, take_chunk, intake, e);
	chunk_free(take_chunk);
	return ok;
}

/* The visits of what will wake, beside those of what is loaded. */
static void note_waking(struct batch_load *b, const struct chunk *c)
{
	uint64_t visit;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < c->table[s].n; r++)
			if (spill_visit(b->p->cold->spill, c, (enum stream)s, r, &visit) &&
			    in_batch(b, c, (enum stream)s, r))
				(void)map64_put(&b->visits, visit, 1);
}

static void parts_of(const struct spill *s, const struct map64 *visits, uint8_t *part)
{
	uint64_t visit, one;
	size_t at = 0;
	while (map64_next(visits, &at, &visit, &one))
		spill_visit_parts(s, visit, part);
}

bool cold_load_others(struct batch_load *b, struct err *e)
{
	struct cold *c = b->p->cold;
	uint8_t part[COLD_PARTS] = { 0 };
	bool ok = true;
	for (uint32_t i = 0; i < c->n_waiting; i++)
		note_waking(b, chunk_ref_chunk(c->waiting[i].chunk));
	b->other = b->p->judge[b->p->n] = new_other(b->p);
	parts_of(c->spill, &b->visits, part);
	for (uint32_t i = 0; ok && i < COLD_PARTS; i++)
		if (part[i])
			ok = spill_chunks(c->spill, i, take_other, b, e);
	return ok;
}

bool cold_wake_others(struct batch_load *b, bool known, struct err *e)
{
	const struct cold *c = b->p->cold;
	bool ok = true;
	for (uint32_t i = 0; ok && i < c->n_waiting; i++)
		ok = c->waiting[i].known != known ||
		     add_other(b, chunk_ref_chunk(c->waiting[i].chunk),
			       chunk_ref_intake(c->waiting[i].chunk), e);
	return ok;
}

/* ---- who is touched by a visit alone ---- */

struct owners {
	struct cold *c;
	struct map64 visits;
};

static bool touch_owner(void *ctx, struct chunk *take_chunk, uint32_t intake, struct err *e)
{
	struct owners *o = ctx;
	uint64_t visit, hash;
	(void)intake;
	(void)e;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < take_chunk->table[s].n; r++) {
			if (!spill_visit(o->c->spill, take_chunk, (enum stream)s, r, &visit) ||
			    !map64_get(&o->visits, visit, NULL) ||
			    !timeline_subject_hash(take_chunk, (enum stream)s, r, &hash))
				continue;
			(void)map64_put(&o->c->touched, hash, 1);
			o->c->part[timeline_shard_of(hash, COLD_PARTS)] = 1;
		}
	chunk_free(take_chunk);
	return true;
}

static void note_visits(struct owners *o, const struct chunk *c)
{
	uint64_t visit;
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < c->table[s].n; r++)
			if (spill_visit(o->c->spill, c, (enum stream)s, r, &visit))
				(void)map64_put(&o->visits, visit, 1);
}

bool cold_touch_owners(struct pool *p, struct err *e)
{
	struct owners o = { .c = p->cold };
	uint8_t part[COLD_PARTS] = { 0 };
	bool ok = true;
	map64_init(&o.visits);
	for (uint32_t i = 0; i < o.c->n_waiting; i++)
		note_visits(&o, chunk_ref_chunk(o.c->waiting[i].chunk));
	parts_of(o.c->spill, &o.visits, part);
	for (uint32_t i = 0; ok && i < COLD_PARTS; i++)
		if (part[i])
			ok = spill_chunks(o.c->spill, i, touch_owner, &o, e);
	map64_fini(&o.visits);
	return ok;
}
