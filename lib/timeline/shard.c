/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shard.c - which shard a record belongs to, and shards agreeing on moved records.
 *
 * A record's person chooses its shard; a correction of the person may leave two versions
 * in two shards. A visit seen in two shards is contested: from then on each change of its
 * rows is compared with the other shards, and all but the greatest version are hidden.
 * Only visits not known at the last call are looked up, so the cost follows the news.
 */
#include <assert.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/timeline/state.h"

bool timeline_subject_hash(const struct chunk *c, enum stream s, uint32_t row, uint64_t *hash)
{
	enum field key = stream_plan(s)->subject_key;

	if (key == FIELD_NONE)
		return false;
	*hash = hash_str(chunk_text(c, key, row));
	return true;
}

bool timeline_visit_fields(enum stream s, enum field *facility, enum field *visit)
{
	const struct stream_plan *plan = stream_plan(s);

	*facility = plan->a;
	*visit = plan->b;
	return plan->places == PLACES_VISIT;
}

uint32_t timeline_shard(const struct chunk *c, enum stream s, uint32_t row, uint32_t n_shards)
{
	uint64_t hash;

	if (!timeline_subject_hash(c, s, row, &hash))
		return UINT32_MAX;
	return timeline_shard_of(hash, n_shards);
}

/* Rows of one person stand together. Their texts, made by another thread, are fetched ahead. */
uint32_t timeline_shards(const struct chunk *c, enum stream s, uint32_t n_shards,
			 struct shard_run *run)
{
	enum { AHEAD = 16 };
	enum field key = stream_plan(s)->subject_key;
	const struct table *t = &c->table[s];
	const uint32_t *code = t->col[field_get(key)->index];
	uint32_t n = 0;

	assert(key != FIELD_NONE);
	for (uint32_t i = 0; i < t->n; i++)
		if (i == 0 || (code && code[i] != code[i - 1]))
			run[n++].first = i;
	for (uint32_t i = 0; i < n; i += AHEAD) {
		struct str text[AHEAD];
		uint32_t some = n - i < AHEAD ? n - i : AHEAD;

		for (uint32_t k = 0; k < some; k++) {
			text[k] = dict_text(c->dict, code ? code[run[i + k].first] : MISSING_CODE);
			__builtin_prefetch(text[k].p);
		}
		for (uint32_t k = 0; k < some; k++)
			run[i + k].shard = timeline_shard_of(hash_str(text[k]), n_shards);
	}
	return n;
}

/* ---- visits in several shards ---- */

static uint32_t find_visit(const struct timeline *t, struct str facility, struct str visit)
{
	uint32_t a = dict_find(t->dict, facility), b = dict_find(t->dict, visit);

	if ((facility.p && !a) || (visit.p && !b))
		return UINT32_MAX;
	return places_find(t, PLACES_VISIT, a, b);
}

static void contest(struct timeline *t, uint32_t visit)
{
	struct place *v = &t->places[PLACES_VISIT].v[visit];

	if (v->flags & VISIT_CONTESTED)
		return;
	v->flags |= VISIT_CONTESTED | VISIT_NEWLY;
	GROW(t->contested, t->cap_contested, t->n_contested + 1);
	t->contested[t->n_contested++] = visit;
}

/* Rows of newly contested visits, among all rows of somebody who has any. */
static void push_rows(struct timeline *t, uint32_t subject)
{
	static const enum stream streams[] = { STREAM_ENCOUNTER, STREAM_SETTLEMENT, STREAM_FEE,
					       STREAM_DIAGNOSIS, STREAM_OPERATION,
					       STREAM_TRACE, STREAM_REPORT };

	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
		const struct store *st = &t->store[streams[i]];
		const struct list *list = subject_list(&t->subject[subject], streams[i]);
		uint32_t *row = xcalloc(list->n, sizeof *row);
		uint32_t n = store_list(st, list, row);

		t->compared += n;
		for (uint32_t k = 0; k < n; k++) {
			struct row_room room;
			uint32_t visit = store_see(st, row[k], &room)->place;

			if (t->places[PLACES_VISIT].v[visit].flags & VISIT_NEWLY)
				fresh_push(t, streams[i], row[k]);
		}
		xfree(row);
	}
}

static uint32_t *newly_whose(const struct timeline *t, uint32_t *n)
{
	const struct place *v = t->places[PLACES_VISIT].v;
	uint32_t *who = xcalloc(t->n_contested + (size_t)t->n_shared, sizeof *who);

	*n = 0;
	for (uint32_t i = 0; i < t->n_contested; i++)
		if (v[t->contested[i]].subject != UINT32_MAX)
			who[(*n)++] = v[t->contested[i]].subject;
	for (uint32_t i = 0; i < t->n_shared; i++)
		if (v[t->shared[i] >> 32].flags & VISIT_NEWLY)
			who[(*n)++] = (uint32_t)t->shared[i];
	return who;
}

/* Everybody's rows are walked once, however many of their visits are contested by now. */
static void push_contested(struct timeline *t)
{
	struct place *v = t->places[PLACES_VISIT].v;
	struct map64 done;
	uint32_t n, *who;

	if (t->n_contested == 0)
		return;
	who = newly_whose(t, &n);
	map64_init(&done);
	for (uint32_t i = 0; i < n; i++)
		if (map64_put(&done, who[i], 1))
			push_rows(t, who[i]);
	map64_fini(&done);
	xfree(who);
	for (uint32_t i = 0; i < t->n_contested; i++)
		v[t->contested[i]].flags &= ~(uint32_t)VISIT_NEWLY;
	t->n_contested = 0;
}

static void contest_same(struct timeline *t, uint32_t visit, struct timeline *other)
{
	const struct place *v = &t->places[PLACES_VISIT].v[visit];
	uint32_t there = find_visit(other, dict_text(t->dict, v->a), dict_text(t->dict, v->b));

	if (there == UINT32_MAX)
		return;
	contest(t, visit);
	contest(other, there);
}

/* Whether the other shard has asked about all it has in this round already: then what both have
 * is known. */
static bool asked(const struct timeline *other, uint32_t i, uint32_t me)
{
	return i < me && other->visits_asked_from == 0;
}

/* Mostly another shard does not even know the number; that is asked of many visits together. */
static void contest_new_visits(struct timeline *const *shard, uint32_t n, uint32_t me)
{
	enum { GROUP = 64 };
	struct timeline *t = shard[me];
	const struct places *places = &t->places[PLACES_VISIT];
	uint32_t code[GROUP], there[GROUP], some;

	t->visits_asked_from = t->visits_checked;
	for (uint32_t v = t->visits_checked; v < places->n; v += some) {
		some = places->n - v < GROUP ? places->n - v : GROUP;
		for (uint32_t k = 0; k < some; k++)
			code[k] = places->v[v + k].b;
		for (uint32_t i = 0; i < n; i++) {
			if (i == me || asked(shard[i], i, me))
				continue;
			dict_find_many(shard[i]->dict, t->dict, code, some, there);
			for (uint32_t k = 0; k < some; k++)
				if (there[k] || code[k] == MISSING_CODE)
					contest_same(t, v + k, shard[i]);
		}
	}
	t->visits_checked = places->n;
}

/* ---- one identity in several shards ---- */

static void show(struct timeline *t, enum stream s, uint32_t row, bool visible)
{
	struct row *r = store_edit(&t->store[s], row);
	bool hidden = r->flags & ROW_HIDDEN;

	if (hidden == visible) {
		r->flags ^= ROW_HIDDEN;
		if (visible)
			t->store[s].hidden--;
		else
			t->store[s].hidden++;
		standing_add(t, s, r->place, STANDING_SUPERSEDED, visible ? -1 : 1);
		subject_mark(t, r->subject);
	}
	store_done(&t->store[s]);
}

static uint32_t same_record(struct timeline *t, const struct row_name *name)
{
	struct str facility = name->fixmedins_code;
	uint32_t visit;

	if (stream_plan(name->stream)->a == FIELD_NONE)
		facility = (struct str){ 0 };
	visit = find_visit(t, facility, name->mdtrt_id);
	return visit == UINT32_MAX ? ROW_NONE : row_find(t, name->stream, visit, name->serial);
}

static void settle(struct timeline *const *shard, uint32_t n, const struct row_name *name)
{
	uint32_t winner = UINT32_MAX;
	int64_t best_rev = 0;
	uint64_t best_digest = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct store *st = &shard[i]->store[name->stream];
		uint32_t row = same_record(shard[i], name);
		struct row_room room;
		const struct row *r = row == ROW_NONE ? NULL : store_see(st, row, &room);
		int64_t rev = r ? unpack_time(&st->spill, r->revision) : 0;

		if (!r || (winner != UINT32_MAX &&
			   !version_after(rev, r->digest, best_rev, best_digest)))
			continue;
		winner = i;
		best_rev = rev;
		best_digest = r->digest;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = same_record(shard[i], name);

		if (row != ROW_NONE)
			show(shard[i], name->stream, row, i == winner);
	}
}

void timeline_reconcile(struct timeline *const *shard, uint32_t n)
{
	for (uint32_t i = 0; n > 1 && i < n; i++)
		contest_new_visits(shard, n, i);
	for (uint32_t i = 0; i < n; i++)
		push_contested(shard[i]);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < shard[i]->n_fresh; k++) {
			struct row_at at = shard[i]->fresh[k];
			struct row_room room;
			struct row_name name;

			if (store_see(&shard[i]->store[at.stream], at.row, &room)->flags &
			    ROW_DEAD)
				continue;
			shard[i]->compared++;
			timeline_row_name(shard[i], at.stream, at.row, &name);
			settle(shard, n, &name);
		}
		shard[i]->n_fresh = 0;
	}
	for (uint32_t i = 0; i < n; i++)
		for (int s = 0; s < STREAM_STORED; s++)
			store_rest(&shard[i]->store[s]);
}
