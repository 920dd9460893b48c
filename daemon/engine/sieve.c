/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sieve.c - what a floor keeps of records that come from segments: floor.h, asked of chunks.
 *
 * Whether a visit is kept is known when all its events were seen, so everything is read twice:
 * first for the visits with an event on or after the floor, then for the records.
 */
#include "daemon/engine/state.h"

#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

struct sieve {
	int32_t floor;
	struct map64 visit;      /* hashes of those with an event on or after the floor */
	struct left_out *left_out;
	uint32_t *row;           /* of a table, to be dropped */
	uint32_t n, cap;
};

struct sieve *engine_sieve_new(int32_t floor)
{
	struct sieve *k = xcalloc(1, sizeof *k);
	k->floor = floor;
	map64_init(&k->visit);
	k->left_out = left_out_new();
	return k;
}

struct left_out *engine_sieve_free(struct sieve *k)
{
	struct left_out *l = k->left_out;
	map64_fini(&k->visit);
	xfree(k->row);
	xfree(k);
	left_out_end(l);
	return l;
}

static bool is_on(const struct chunk *c, enum field time, uint32_t row, int32_t floor)
{
	int64_t t = time == FIELD_NONE ? MISSING_I64 : chunk_i64(c, time, row);
	return t != MISSING_I64 && civil_day_of(t) >= floor;
}

/* ---- visits ---- */

static void note(struct sieve *k, const struct chunk *c, const struct floor_event *of)
{
	for (uint32_t r = 0; r < c->table[of->stream].n; r++)
		if (is_on(c, of->time, r, k->floor) || is_on(c, of->end, r, k->floor))
			map64_put(&k->visit, hash_str(chunk_text(c, of->visit, r)), 1);
}

void engine_sieve_note(struct sieve *k, const struct chunk *c)
{
	for (enum stream s = 0; s < FLOOR_EVENTS; s++)
		if (floor_events[s].keeps)
			note(k, c, &floor_events[s]);
}

/* ---- records ---- */

struct last_visit {
	uint32_t code;
	bool kept;
};

/* Whether the row's visit is kept; rows of a visit lie together. */
static bool visit_is_kept(struct sieve *k, const struct chunk *c, const struct floor_event *of,
			  uint32_t row, struct last_visit *last)
{
	if (!of->of_visit)
		return false;
	uint32_t code = chunk_code(c, of->visit, row);
	if (code == last->code)
		return last->kept;
	uint64_t visit = hash_str(chunk_text(c, of->visit, row));
	last->code = code;
	last->kept = map64_get(&k->visit, visit, NULL);
	if (!last->kept)
		left_out_add(k->left_out, visit);
	return last->kept;
}

static void filter(struct sieve *k, struct chunk *c, const struct floor_event *of)
{
	struct last_visit last = { .code = UINT32_MAX };
	k->n = 0;
	for (uint32_t r = 0; r < c->table[of->stream].n; r++) {
		bool kept = visit_is_kept(k, c, of, r, &last);
		if (kept || (of->own_day && is_on(c, of->time, r, k->floor)))
			continue;
		GROW(k->row, k->cap, k->n + 1);
		k->row[k->n++] = r;
	}
	chunk_drop_rows(c, of->stream, k->row, k->n);
}

uint64_t engine_sieve_filter(struct sieve *k, struct chunk *c)
{
	for (enum stream s = 0; s < FLOOR_EVENTS; s++)
		filter(k, c, &floor_events[s]);
	return chunk_records(c);
}
