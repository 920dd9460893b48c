/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cold.c - falling asleep, and judging asleep: batches in, sums and findings out.
 */
#include "daemon/work/cold.h"

#include <assert.h>
#include <string.h>

#include "daemon/work/cold_state.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

#define WRITE_SHARE 16u  /* of the memory, for pieces on their way to disk */
#define KNOWN_MOST 64u   /* chunks brought back that may wait: beyond, everybody is judged */
#define LOADED_TIMES 4u  /* timelines take about so many times their bytes on disk */

struct cold *cold_new(const struct pool_conf *conf, struct err *e)
{
	struct cold *c = xcalloc(1, sizeof *c);
	assert(conf->keep_alerts);
	c->memory = conf->memory;
	map64_init(&c->touched);
	findings_init(&c->found);
	arena_init(&c->names);
	arena_init(&c->facilities);
	map64_init(&c->stood_of);
	c->slicer = slicer_new(1);
	c->account = xcalloc(plan_ruleset(conf->plan)->n_rule + 1u, sizeof *c->account);
	c->spill = spill_new(conf->dir, COLD_PARTS, c->memory / WRITE_SHARE, e);
	c->cells = c->spill ? cellbins_new(conf->plan, conf->dir, c->memory / 2, e) : NULL;
	if (c->cells)
		return c;
	cold_free(c);
	return NULL;
}

void cold_free(struct cold *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->n_waiting; i++)
		chunk_ref_put(c->waiting[i].chunk);
	xfree(c->waiting);
	xfree(c->stood);
	map64_fini(&c->stood_of);
	arena_fini(&c->facilities);
	map64_fini(&c->touched);
	findings_fini(&c->found);
	arena_fini(&c->names);
	slicer_free(c->slicer);
	cellbins_free(c->cells);
	spill_free(c->spill);
	xfree(c->account);
	xfree(c);
}

bool cold_asleep(const struct cold *c)
{
	return c->asleep;
}

/* ---- the books ---- */

static void note_stood(void *ctx, struct str facility, const struct standing_change *change)
{
	struct cold *c = ctx;
	bool fresh;
	uint64_t *at = map64_at(&c->stood_of, hash_join(change->stream, hash_str(facility)),
				&fresh);
	if (fresh) {
		*at = c->n_stood;
		GROW(c->stood, c->cap_stood, c->n_stood + 1);
		c->stood[c->n_stood++] = (struct stood){ arena_str(&c->facilities, facility),
							 { .stream = change->stream } };
	}
	for (unsigned k = 0; k < STANDING_COUNT; k++)
		c->stood[*at].change.n[k] += change->n[k];
}

void cold_standing(struct cold *c, standing_fn *fn, void *ctx)
{
	for (uint32_t i = 0; fn && i < c->n_stood; i++)
		fn(ctx, c->stood[i].facility, &c->stood[i].change);
	c->n_stood = 0;
	map64_clear(&c->stood_of);
	arena_reset(&c->facilities);
}

/* ---- taking in ---- */

static bool write_down(struct cold *c, const struct chunk_ref *ref, struct err *e)
{
	return spill_add(c->spill, chunk_ref_chunk(ref), chunk_ref_intake(ref), e);
}

static void touch(struct cold *c, const struct chunk *k)
{
	uint64_t hash;
	for (unsigned s = 0; s < STREAM_STORED; s++) {
		if (k->table[s].n > 0 && stream_broadcast((enum stream)s)) {
			c->everybody = true;
			continue;
		}
		for (uint32_t r = 0; r < k->table[s].n; r++) {
			if (!timeline_subject_hash(k, (enum stream)s, r, &hash))
				continue;
			(void)map64_put(&c->touched, hash, 1);
			c->part[timeline_shard_of(hash, COLD_PARTS)] = 1;
		}
	}
}

static void fall_asleep(struct pool *p)
{
	struct cold *c = p->cold;
	uint32_t n = plan_ruleset(p->plan)->n_rule;
	if (c->judged) {
		pool_timelines(p, &c->stats.timeline);
		pool_shards_standing(p, note_stood, c);
		for (uint32_t i = 0; i < p->n; i++) {
			account_add(c->account, judge_accounts(p->judge[i]), n);
			gather_stats_add(&c->stats.gather, judge_gathered(p->judge[i]));
			cellbins_add(c->cells, p->judge[i], 1);
		}
	}
	verdict_free(p->verdict);
	p->verdict = NULL;
	c->cells_moved = true;
	c->asleep = true;
	c->empty = false;
	cold_empty(p);
}

bool cold_take(struct pool *p, struct chunk_ref *take_chunk, bool known)
{
	struct cold *c = p->cold;
	if (c->asleep && c->judged && known && (c->everybody || c->n_waiting >= KNOWN_MOST)) {
		c->everybody = true;
	} else if (c->asleep && c->judged) {
		GROW(c->waiting, c->cap_waiting, c->n_waiting + 1);
		c->waiting[c->n_waiting++] = (struct waiting){ take_chunk, known };
		touch(c, chunk_ref_chunk(take_chunk));
		spill_note(c->spill, chunk_ref_chunk(take_chunk));
		return true;
	}
	if (!c->failed)
		c->failed = !write_down(c, take_chunk, &c->e);
	if (!c->asleep && !c->judged &&
	    spill_bytes(c->spill) > c->memory / LOADED_TIMES) {
		pool_command(p, &(struct message){ .order = ORDER_SYNC });
		fall_asleep(p);
	}
	if (c->asleep)
		chunk_ref_put(take_chunk);
	return c->asleep;
}

void cold_expect(struct pool *p, uint64_t bytes)
{
	struct cold *c = p->cold;
	struct timeline_stats now;
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	pool_timelines(p, &now);
	if (!c->asleep &&
	    now.bytes + pool_cells_bytes(p) + bytes * LOADED_TIMES > c->memory)
		fall_asleep(p);
	c->everybody = c->asleep;
}

static bool waiting_to_disk(struct cold *c, struct err *e)
{
	bool ok = true;
	for (uint32_t i = 0; i < c->n_waiting; i++) {
		ok = ok && write_down(c, c->waiting[i].chunk, e);
		chunk_ref_put(c->waiting[i].chunk);
	}
	c->n_waiting = 0;
	c->everybody = false;
	map64_clear(&c->touched);
	memset(c->part, 0, sizeof c->part);
	return ok;
}

/* ---- a batch's findings, cells and sums ---- */

static void keep_found(struct pool *p, enum pool_what what)
{
	struct cold *c = p->cold;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct timeline *t = judge_timeline(p->judge[i]);
		uint32_t n = timeline_subjects(t);
		const uint32_t *dirty = what == POOL_DIRTY ? timeline_dirty(t, &n) : NULL;
		p->judged += n;
		for (uint32_t k = 0; k < n; k++) {
			uint32_t s = dirty ? dirty[k] : k;
			struct str key = timeline_subject_key(t, s);
			if (book_knows(p->book, timeline_subject_kind(t, s), key))
				book_judged(p->book, timeline_subject_kind(t, s),
					    arena_str(&c->names, key));
		}
		for (uint32_t k = 0; k < p->worker[i].found.n; k++)
			(void)finding_copy(&c->found, &p->worker[i].found.item[k]);
		account_add(c->account, judge_accounts(p->judge[i]),
			    plan_ruleset(p->plan)->n_rule);
		gather_stats_add(&c->stats.gather, judge_gathered(p->judge[i]));
	}
}

static void add_cells(struct pool *p, int sign)
{
	struct cold *c = p->cold;
	for (uint32_t i = 0; i < p->n; i++)
		cellbins_add(c->cells, p->judge[i], sign);
	c->cells_moved = true;
}

/* Registers are in every batch, whole; of subjects, what the batch changed. */
static void add_stats(struct timeline_stats *sum, const struct timeline_stats *before,
		      const struct timeline_stats *now)
{
	for (int s = 0; s < STREAM_STORED; s++) {
		bool all = stream_broadcast((enum stream)s);
		if (all)
			sum->records[s] = sum->resent[s] = sum->superseded[s] = 0;
		sum->records[s] += now->records[s] - (all ? 0 : before->records[s]);
		sum->resent[s] += now->resent[s] - (all ? 0 : before->resent[s]);
		sum->superseded[s] += now->superseded[s] - (all ? 0 : before->superseded[s]);
		sum->retracted[s] += now->retracted[s] - before->retracted[s];
		sum->reversed[s] += now->reversed[s] - before->reversed[s];
	}
	sum->subjects += now->subjects - before->subjects;
	if (now->bytes > sum->bytes)
		sum->bytes = now->bytes;
}

/* ---- judging ---- */

static bool judge_group(struct pool *p, uint32_t group, struct err *e)
{
	struct timeline_stats none = { 0 }, now;
	bool ok = cold_load_group(p, group, e) && pool_settle(p, e);
	if (ok) {
		pool_command(p, &(struct message){ .order = ORDER_ALL });
		keep_found(p, POOL_ALL);
		add_cells(p, 1);
		pool_timelines(p, &now);
		add_stats(&p->cold->stats.timeline, &none, &now);
	}
	cold_empty(p);
	return ok;
}

/* As many as make each fit into the memory. */
static uint32_t groups_of(const struct cold *c)
{
	uint64_t bytes = spill_bytes(c->spill) + spill_shared_bytes(c->spill);
	uint64_t n = 1 + bytes * LOADED_TIMES / (c->memory / 2 + 1);
	return n > COLD_PARTS ? COLD_PARTS : (uint32_t)n;
}

static bool share(struct cold *c, uint32_t *groups, struct err *e)
{
	*groups = groups_of(c);
	return spill_flush(c->spill, e) && spill_share(c->spill, *groups, e);
}

static void clean(struct pool *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		judge_clean(p->judge[i]);
}

/* What the books have comes first and quietly. */
static bool wake(struct batch_load *b, bool known, struct err *e)
{
	cold_wake(b, known);
	return cold_wake_others(b, known, e) && pool_settle(b->p, e);
}

/* The batch as it was, then with what waits; the difference counts. */
static bool judge_batch(struct batch_load *b, bool judge, struct err *e)
{
	struct pool *p = b->p;
	struct timeline_stats before, now;
	if (!cold_load_touched(b, e) || !cold_load_others(b, e) || !pool_settle(p, e))
		return false;
	pool_command(p, &(struct message){ .order = ORDER_PRIME });
	clean(p);
	add_cells(p, -1);
	pool_timelines(p, &before);
	if (!wake(b, true, e))
		return false;
	pool_command(p, &(struct message){ .order = ORDER_BOOKS });
	pool_quiet(p, false);
	if (!wake(b, false, e))
		return false;
	pool_command(p, &(struct message){ .order = judge ? ORDER_DIRTY : ORDER_PRIME });
	if (judge)
		keep_found(p, POOL_DIRTY);
	add_cells(p, 1);
	pool_timelines(p, &now);
	add_stats(&p->cold->stats.timeline, &before, &now);
	pool_shards_standing(p, note_stood, p->cold);
	return true;
}

static bool judge_touched(struct pool *p, bool judge, struct err *e)
{
	struct cold *c = p->cold;
	uint32_t from = 0;
	if (c->n_waiting == 0)
		return true;
	bool ok = spill_flush(c->spill, e) && cold_touch_owners(p, e);
	while (ok && from < COLD_PARTS) {
		struct batch_load b;
		batch_load_init(&b, p, from);
		ok = judge_batch(&b, judge, e);
		from = b.to;
		batch_load_fini(&b);
		cold_empty(p);
	}
	return ok && waiting_to_disk(c, e);
}

/* What waits goes into the books first; then everything is made anew. */
static bool judge_everybody(struct pool *p, struct err *e)
{
	struct cold *c = p->cold;
	uint32_t groups;
	bool ok = judge_touched(p, false, e) && share(c, &groups, e);
	c->stats.timeline = (struct timeline_stats){ 0 };
	cellbins_clear(c->cells, p->plan);
	for (uint32_t g = 0; ok && g < groups; g++)
		ok = judge_group(p, g, e);
	return ok;
}

bool cold_judge(struct pool *p, enum pool_what what, struct err *e)
{
	struct cold *c = p->cold;
	bool all = what == POOL_ALL || !c->judged || c->everybody;
	findings_clear(&c->found);
	arena_reset(&c->names);
	if (c->failed)
		*e = c->e;
	if (c->failed || !(all ? judge_everybody(p, e) : judge_touched(p, true, e)))
		return err_wrap(e, "timelines on disk");
	c->judged = true;
	return true;
}

/* The records behind fired cells may be anybody's. */
static bool meet_everybody(struct pool *p, struct verdict *v, struct err *e)
{
	uint32_t groups;
	bool ok = share(p->cold, &groups, e);
	for (uint32_t g = 0; ok && g < groups; g++) {
		ok = cold_load_group(p, g, e) && pool_meet(p, v, e);
		cold_empty(p);
	}
	return ok;
}

bool cold_judge_cells(struct pool *p, struct err *e)
{
	struct cold *c = p->cold;
	bool ok;
	if (!c->cells_moved)
		return true;
	struct verdict *v = verdict_by_range(p->n, p->complete);
	memset(p->cell_account, 0, plan_ruleset(p->plan)->n_rule * sizeof *p->cell_account);
	ok = cellbins_judge(c->cells, v, p->cell_account, e);
	if (ok && verdict_count(v) > 0)
		ok = meet_everybody(p, v, e);
	findings_clear(&p->cells);
	if (ok)
		verdict_findings(v, &p->cells);
	verdict_free(v);
	c->cells_moved = false;
	return ok || err_wrap(e, "timelines on disk");
}

void cold_note(struct pool *p)
{
	if (p->cold->asleep)
		book_found(p->book, &p->cold->found);
}

bool cold_after(struct pool *p, struct err *e)
{
	struct cold *c = p->cold;
	struct timeline_stats now;
	c->judged = true;
	if (c->failed) {
		*e = c->e;
		return err_wrap(e, "timelines on disk");
	}
	pool_timelines(p, &now);
	if (now.bytes + pool_cells_bytes(p) > c->memory)
		fall_asleep(p);
	return true;
}

void cold_plan(struct pool *p)
{
	struct cold *c = p->cold;
	xfree(c->account);
	c->account = xcalloc(plan_ruleset(p->plan)->n_rule + 1u, sizeof *c->account);
	cellbins_clear(c->cells, p->plan);
	c->stats.gather = (struct gather_stats){ 0 };
	c->cells_moved = true;
}

void cold_stats(const struct cold *c, struct pool_stats *add)
{
	add->on_disk = spill_bytes(c->spill) + cellbins_bytes(c->cells);
	if (!c->asleep)
		return;
	add->timeline = c->stats.timeline;
	gather_stats_add(&add->gather, &c->stats.gather);
}

const struct account *cold_accounts(const struct cold *c)
{
	return c->account;
}
