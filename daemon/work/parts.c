/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/parts.h"

#include <malloc.h>
#include <string.h>

#include "daemon/work/binfile.h"
#include "daemon/work/cellbins.h"
#include "daemon/work/findrun.h"
#include "daemon/work/spill.h"
#include "lib/base/mem.h"
#include "lib/timeline/slab.h"

#define PARTS_LEAST 2u
#define PARTS_MOST 512u
#define RECORD_BINS 64u   /* of hits, for the records behind them */

struct parts {
	struct parts_conf conf;
	uint32_t n, shards;
	struct spill *spill;
	struct findruns *runs;
	struct judge *other;     /* versions of visits that are in several parts, or NULL */
	uint32_t group;          /* of parts, that other is for */
	struct cellbins *cells;  /* of all parts */
	struct pool_stats stats;
	struct account *account;
	struct findings fired;   /* of a bin of cells, sorted */
	struct err e;            /* of telling a finding inside of a callback */
	bool failed;
};

/* A third of the memory is for timelines, which take about as much as the bytes they were read
 * from; zipped inputs are taken as eight times their size by the caller. */
static uint32_t how_many(const struct parts_conf *c)
{
	uint64_t room = c->memory / 3 + 1;
	uint64_t n = c->input / room + 1;
	return n < PARTS_LEAST ? PARTS_LEAST : n > PARTS_MOST ? PARTS_MOST : (uint32_t)n;
}

struct parts *parts_new(const struct parts_conf *conf, struct err *e)
{
	struct parts *p = xcalloc(1, sizeof *p);
	uint32_t rules = plan_ruleset(conf->pool.plan)->n_rule;
	p->conf = *conf;
	p->n = how_many(conf);
	p->shards = conf->pool.workers ? conf->pool.workers : 1;
	p->account = xcalloc(rules + 1u, sizeof *p->account);
	for (uint32_t i = 0; i < rules; i++)
		p->account[i].unknown_field = FIELD_NONE;
	findings_init(&p->fired);
	p->spill = spill_new(conf->dir, p->n, conf->memory / 16, e);
	p->runs = p->spill ? findruns_new(conf->dir, plan_ruleset(conf->pool.plan), e) : NULL;
	p->cells = p->runs ? cellbins_new(conf->pool.plan, conf->dir, conf->memory / 2, e) : NULL;
	if (p->cells)
		return p;
	parts_free(p);
	return NULL;
}

void parts_free(struct parts *p)
{
	if (!p)
		return;
	cellbins_free(p->cells);
	judge_free(p->other);
	spill_free(p->spill);
	findruns_free(p->runs);
	findings_fini(&p->fired);
	xfree(p->account);
	xfree(p);
}

bool parts_add(struct parts *p, struct chunk_ref *take_chunk, struct err *e)
{
	bool ok = spill_add(p->spill, chunk_ref_chunk(take_chunk), chunk_ref_intake(take_chunk), e);
	chunk_ref_put(take_chunk);
	p->stats.chunks++;
	return ok;
}

/* ---- one part ---- */

struct others {
	struct parts *p;
	struct err *e;
	bool ok;
};

static void add_other(void *ctx, struct chunk_ref *take_chunk)
{
	struct others *o = ctx;
	const struct chunk *c = chunk_ref_chunk(take_chunk);
	for (int s = 0; o->ok && s < STREAM_STORED; s++)
		o->ok = judge_add(o->p->other, c, (enum stream)s, NULL, 0,
				  chunk_ref_intake(take_chunk), o->e);
	chunk_ref_put(take_chunk);
}

/* Of other parts' records only revision and digest matter. */
static bool meet_others(struct parts *p, uint32_t part, struct err *e)
{
	static const uint8_t nothing[FIELD_BITMAP];
	struct pool_conf conf = p->conf.pool;
	struct others o = { p, e, true };
	if (p->other && spill_group(p->spill, part) == p->group)
		return true;
	judge_free(p->other);
	conf.wanted = nothing;
	p->other = pool_new_judge(&conf);
	p->group = spill_group(p->spill, part);
	return spill_read_shared(p->spill, p->group, add_other, &o, e) && o.ok;
}

static void add_chunk(void *ctx, struct chunk_ref *take_chunk)
{
	pool_add(ctx, take_chunk);
}

/* A pool with the part's records. */
static struct pool *open_part(struct parts *p, uint32_t part, struct err *e)
{
	struct pool *pool = meet_others(p, part, e) ? pool_new(&p->conf.pool, e) : NULL;
	if (pool)
		pool_other(pool, p->other);
	if (!pool || spill_read(p->spill, part, add_chunk, pool, e))
		return pool;
	pool_free(pool);
	return NULL;
}

static void keep_finding(void *ctx, const struct finding *f)
{
	struct parts *p = ctx;
	if (!p->failed)
		p->failed = !findruns_add(p->runs, f, &p->e);
}

static void add_stats(struct parts *p, struct pool *pool, bool first)
{
	struct pool_stats one, *sum = &p->stats;
	pool_stats_get(pool, &one);
	for (int s = 0; s < STREAM_STORED; s++) {
		if (!first && stream_broadcast((enum stream)s))
			continue;
		sum->timeline.records[s] += one.timeline.records[s];
		sum->timeline.resent[s] += one.timeline.resent[s];
		sum->timeline.superseded[s] += one.timeline.superseded[s];
		if (s >= STREAM_PERSON)
			sum->gather.live[s] += one.gather.live[s];
	}
	for (int s = 0; s < STREAM_PERSON; s++)
		sum->gather.live[s] += one.gather.live[s];
	for (int s = 0; s < STREAM_STORED; s++) {
		sum->gather.retracted[s] += one.gather.retracted[s];
		sum->gather.reversed[s] += one.gather.reversed[s];
	}
	sum->gather.unsettled += one.gather.unsettled;
	sum->timeline.subjects += one.timeline.subjects;
	sum->subjects_judged += one.subjects_judged;
	if (one.timeline.bytes > sum->timeline.bytes)
		sum->timeline.bytes = one.timeline.bytes;
}

static bool judge_part(struct parts *p, uint32_t part, struct err *e)
{
	const struct pool_sink sink = { .finding = keep_finding, .ctx = p };
	struct pool *pool = open_part(p, part, e);
	if (!pool)
		return false;
	findruns_begin(p->runs);
	bool ok = pool_judge(pool, POOL_ALL, false, &sink, e);
	if (ok && p->failed) {
		*e = p->e;
		ok = false;
	}
	if (ok) {
		add_stats(p, pool, part == 0);
		account_add(p->account, pool_accounts(pool),
			    plan_ruleset(p->conf.pool.plan)->n_rule);
		pool_add_cells(pool, p->cells);
	}
	pool_free(pool);
	(void)malloc_trim(0);
	return ok;
}

/* ---- cells of all parts ---- */

static void put_off(void *ctx, uint32_t bin, struct str bytes)
{
	binfile_put(ctx, bin, 0, bytes);
}

/* The records behind fired cells go to disk, part by part. */
static bool collect(struct parts *p, struct verdict *v, struct binfile *records, struct err *e)
{
	bool ok = true;
	for (uint32_t part = 0; ok && part < p->n; part++) {
		struct pool *pool = open_part(p, part, e);
		ok = pool && pool_meet(pool, v, e);
		pool_free(pool);
		if (ok)
			verdict_put_off(v, RECORD_BINS, put_off, records);
		(void)malloc_trim(0);
	}
	return ok && binfile_end(records, e);
}

static bool take_back(void *ctx, int mark, struct str bytes, struct err *e)
{
	(void)mark;
	return verdict_take_back(ctx, bytes, e);
}

/* A run of findings for each bin of hits. */
static bool tell_fired(struct parts *p, struct verdict *v, const struct binfile *records,
		       struct err *e)
{
	bool ok = true;
	for (uint32_t bin = 0; ok && bin < RECORD_BINS; bin++) {
		findings_clear(&p->fired);
		ok = binfile_each(records, bin, take_back, v, e);
		if (!ok)
			break;
		verdict_bin(v, bin, RECORD_BINS, &p->fired);
		findings_sort(&p->fired);
		findruns_begin(p->runs);
		for (uint32_t i = 0; ok && i < p->fired.n; i++)
			ok = findruns_add(p->runs, &p->fired.item[i], e);
	}
	return ok;
}

static bool judge_over_cells(struct parts *p, struct err *e)
{
	if (!plan_has_cells(p->conf.pool.plan))
		return true;
	struct verdict *v = verdict_by_range(p->shards, NULL);
	struct binfile *records = binfile_new(p->conf.dir, RECORD_BINS, e);
	bool ok = records && cellbins_judge(p->cells, v, p->account, e);
	if (ok && verdict_count(v) > 0)
		ok = collect(p, v, records, e) && tell_fired(p, v, records, e);
	binfile_free(records);
	verdict_free(v);
	return ok;
}

/* An eighth of the memory is for records that other parts may have moved away. */
static uint32_t groups_of(const struct parts *p)
{
	return 1 + (uint32_t)(spill_shared_bytes(p->spill) / (p->conf.memory / 8 + 1));
}

bool parts_judge(struct parts *p, void (*finding)(void *ctx, const struct finding *f), void *ctx,
		 struct err *e)
{
	bool ok = spill_end(p->spill, e) && spill_share(p->spill, groups_of(p), e);
	(void)malloc_trim(0);
	for (uint32_t part = 0; ok && part < p->n; part++)
		ok = judge_part(p, part, e);
	return ok && judge_over_cells(p, e) && findruns_tell(p->runs, finding, ctx, e);
}

void parts_stats(const struct parts *p, struct pool_stats *out)
{
	*out = p->stats;
}

const struct account *parts_accounts(const struct parts *p)
{
	return p->account;
}

uint32_t parts_count(const struct parts *p)
{
	return p->n;
}
