/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.c - the coordinating side: orders out, answers in, and between them the steps that
 * need all shards idle. The way of one judging is judge.h's picture, top to bottom.
 */
#include "daemon/work/pool_state.h"

#include <assert.h>
#include <string.h>

#include "daemon/work/cellbins.h"
#include "daemon/work/cold.h"
#include "lib/base/mem.h"

#define INBOX_DEFAULT 16u

static enum visit_class class_of(const void *feed, struct str med_type)
{
	return feed_visit_class(feed, med_type);
}

struct judge *pool_new_judge(const struct pool_conf *conf)
{
	struct judge_conf jc = {
		.timeline = { .wanted = conf->wanted },
		.all_fields = !conf->wanted,
		.replaceable = conf->keep_alerts,
		.keep = conf->keep_columns,
	};
	if (conf->feed) {
		jc.timeline.visit_class = class_of;
		jc.timeline.visit_class_ctx = conf->feed;
	}
	return judge_new(conf->plan, &jc);
}

static void new_accounts(struct pool *p)
{
	uint32_t n = plan_ruleset(p->plan)->n_rule;
	xfree(p->account);
	xfree(p->cell_account);
	p->account = xcalloc(n + 1u, sizeof *p->account);
	p->cell_account = xcalloc(n + 1u, sizeof *p->cell_account);
}

struct pool *pool_new(const struct pool_conf *conf, struct err *e)
{
	uint32_t inbox = conf->inbox ? conf->inbox : INBOX_DEFAULT;
	struct pool *p = xcalloc(1, sizeof *p);
	bool ok = true;
	p->conf = *conf;
	p->plan = conf->plan;
	p->n = conf->workers ? conf->workers : 1;
	p->worker = xcalloc(p->n, sizeof *p->worker);
	p->judge = xcalloc(p->n + 1u, sizeof *p->judge);
	p->answers = queue_new(sizeof(uint32_t), p->n);
	p->book = conf->keep_alerts ? book_new() : NULL;
	findings_init(&p->cells);
	new_accounts(p);
	for (uint32_t i = 0; ok && i < p->n; i++) {
		struct worker *w = &p->worker[i];
		w->shard = i;
		w->answers = p->answers;
		w->sorts = !conf->keep_alerts;
		w->beside = conf->keep_alerts ? 0 : p->n; /* the daemon is not alone */
		w->judge = p->judge[i] = pool_new_judge(conf);
		ok = worker_start(w, conf->workers ? inbox : 0, e);
	}
	if (ok && conf->memory)
		ok = (p->cold = cold_new(conf, e)) != NULL;
	if (ok)
		return p;
	pool_free(p);
	return NULL;
}

void pool_leave(struct pool *p)
{
	for (uint32_t i = 0; p && i < p->n; i++)
		worker_leave(&p->worker[i]);
	if (p)
		verdict_free(p->verdict);
	if (p)
		p->verdict = NULL;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pool_leave(p);
	for (uint32_t i = 0; i < p->n; i++)
		worker_stop(&p->worker[i]);
	if (p->cold)
		judge_free(p->judge[p->n]);
	cold_free(p->cold);
	queue_free(p->answers);
	if (p->book)
		book_free(p->book);
	findings_fini(&p->cells);
	xfree(p->account);
	xfree(p->cell_account);
	xfree(p->judge);
	xfree(p->worker);
	xfree(p);
}

static void send(struct pool *p, uint32_t shard, const struct message *m)
{
	if (!p->worker[shard].inbox) {
		worker_follow(&p->worker[shard], m);
		return;
	}
	bool open = queue_put(p->worker[shard].inbox, m, NULL);
	assert(open); /* inboxes are closed by pool_free alone */
	(void)open;
}

/* One order to every worker, then wait for every answer: the shards are idle on return. */
void pool_command(struct pool *p, const struct message *m)
{
	for (uint32_t i = 0; i < p->n; i++)
		send(p, i, m);
	for (uint32_t i = 0; i < p->n; i++) {
		uint32_t shard;
		bool answered = queue_get(p->answers, &shard);
		assert(answered);
		(void)answered;
	}
}

void pool_offer(struct pool *p, struct chunk_ref *take_chunk, bool known)
{
	chunk_ref_scatter(take_chunk, p->n);
	for (uint32_t i = 1; i < p->n; i++)
		chunk_ref_get(take_chunk);
	for (uint32_t i = 0; i < p->n; i++)
		send(p, i, &(struct message){ .order = ORDER_CHUNK, .chunk = take_chunk,
						 .known = known });
}

static void add_chunk(struct pool *p, struct chunk_ref *take_chunk, bool known)
{
	p->chunks++;
	if (!p->cold || !cold_take(p, take_chunk, known))
		pool_offer(p, take_chunk, known);
}

void pool_add(struct pool *p, struct chunk_ref *take_chunk)
{
	add_chunk(p, take_chunk, false);
}

void pool_take(struct pool *p, struct chunk_ref *c, uint32_t shard)
{
	assert(!p->cold);
	if (shard == 0)
		p->chunks++;
	worker_take(&p->worker[shard], c);
}

void pool_recall(struct pool *p, struct chunk_ref *take_chunk)
{
	add_chunk(p, take_chunk, true);
}

void pool_expect(struct pool *p, uint64_t bytes)
{
	if (p->cold)
		cold_expect(p, bytes);
}

void pool_quiet(struct pool *p, bool quiet)
{
	for (uint32_t i = 0; i < p->n; i++)
		(void)timeline_standing_quiet(judge_timeline(p->judge[i]), quiet);
}

/* Shards agree about what they have, and the books know it; `quiet`: they did before. What is on
 * disk does so when it wakes. */
static void agree(struct pool *p, bool quiet)
{
	struct err told_when_judged;
	if (p->cold && cold_asleep(p->cold))
		return;
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	pool_quiet(p, quiet);
	if (pool_settle(p, &told_when_judged))
		pool_command(p, &(struct message){ .order = ORDER_BOOKS });
	pool_quiet(p, false);
}

void pool_recall_begin(struct pool *p)
{
	agree(p, false);
}

void pool_recall_end(struct pool *p)
{
	agree(p, true);
}

void pool_shards_standing(struct pool *p, standing_fn *fn, void *ctx)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct timeline *t = judge_timeline(p->judge[i]);
		uint32_t n;
		const struct standing_change *c = timeline_standing(t, &n);
		for (uint32_t k = 0; fn && k < n; k++)
			if (i == 0 || !stream_broadcast(c[k].stream))
				fn(ctx, dict_text(timeline_dict(t), c[k].facility), &c[k]);
		timeline_standing_clear(t);
	}
}

void pool_standing(struct pool *p, standing_fn *fn, void *ctx)
{
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	pool_shards_standing(p, fn, ctx);
	if (p->cold)
		cold_standing(p->cold, fn, ctx);
}

/* Everything taken in, or why not. */
bool pool_settle(struct pool *p, struct err *e)
{
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	for (uint32_t i = 0; i < p->n; i++) {
		if (!p->worker[i].failed)
			continue;
		*e = p->worker[i].e;
		return false;
	}
	uint32_t n = p->n + (p->judge[p->n] != NULL);
	if (n > 1)
		judge_reconcile(p->judge, n);
	return true;
}

/* What was decided is kept: only cells that changed are judged again. */
static void judge_over_cells(struct pool *p)
{
	struct verdict *v = p->verdict ? p->verdict : verdict_new(p->judge, p->n);
	findings_clear(&p->cells);
	memset(p->cell_account, 0, plan_ruleset(p->plan)->n_rule * sizeof *p->cell_account);
	p->verdict = v;
	verdict_begin(v);
	pool_command(p, &(struct message){ .order = ORDER_SPLIT, .verdict = v });
	pool_command(p, &(struct message){ .order = ORDER_CELLS, .verdict = v });
	if (verdict_group(v))
		pool_command(p, &(struct message){ .order = ORDER_COMPARE, .verdict = v });
	verdict_decide(v);
	verdict_accounts(v, p->cell_account);
	if (verdict_count(v) > 0)
		pool_command(p, &(struct message){ .order = ORDER_EVIDENCE, .verdict = v });
	verdict_findings(v, &p->cells);
}

/* Sorted findings among those that are there, all[0..*n), in their order too. */
static void merge_in(const struct findings *f, const struct finding **all, uint32_t *n,
		     const struct finding **room)
{
	uint32_t a = 0, b = 0, at = 0;
	memcpy(room, all, *n * sizeof *all);
	while (a < *n && b < f->n)
		all[at++] = finding_cmp(&f->item[b], room[a]) < 0 ? &f->item[b++] : room[a++];
	while (a < *n)
		all[at++] = room[a++];
	while (b < f->n)
		all[at++] = &f->item[b++];
	*n = at;
}

/* All findings of all shards and of the cells as one sorted list; the caller frees it. The shards'
 * are sorted already, by their threads. */
static const struct finding **gather_findings(struct pool *p, bool cells, uint32_t *n)
{
	uint32_t total = cells ? p->cells.n : 0;
	for (uint32_t i = 0; i < p->n; i++)
		total += p->worker[i].found.n;
	const struct finding **all = xcalloc(total + 1u, sizeof *all);
	const struct finding **room = xcalloc(total + 1u, sizeof *room);
	*n = 0;
	for (uint32_t i = 0; i < p->n; i++)
		merge_in(&p->worker[i].found, all, n, room);
	if (cells) {
		findings_sort(&p->cells);
		merge_in(&p->cells, all, n, room);
	}
	xfree(room);
	return all;
}

/* In stretches, so that no more text is held than a few of them. */
static void tell_lines(struct pool *p, const struct finding *const *all, uint32_t n,
		       const struct pool_sink *sink)
{
	struct findlines *l = xmalloc(sizeof *l);
	findlines_init(l, sink->text, sink->ctx);
	for (uint32_t from = 0; from < n; from += FINDLINES_AT_ONCE) {
		uint32_t some = n - from < FINDLINES_AT_ONCE ? n - from : FINDLINES_AT_ONCE;
		findlines_begin(l, all + from, some);
		pool_command(p, &(struct message){ .order = ORDER_LINES, .lines = l });
		for (uint32_t i = 0; i < some; i++)
			sink->line(sink->ctx, all[from + i], findlines_get(l, i));
	}
	findlines_fini(l);
	xfree(l);
}

static void tell_findings(struct pool *p, bool cells, const struct pool_sink *sink)
{
	uint32_t n;
	const struct finding **all = gather_findings(p, cells, &n);
	if (sink->text)
		tell_lines(p, all, n, sink);
	for (uint32_t i = 0; !sink->text && i < n; i++)
		sink->finding(sink->ctx, all[i]);
	xfree(all);
}

/* Who was judged: every shard's touched (or all) subjects, into the book. */
static void note_subjects(struct pool *p, enum pool_what what)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct timeline *t = judge_timeline(p->judge[i]);
		uint32_t n = timeline_subjects(t);
		const uint32_t *dirty = what == POOL_DIRTY ? timeline_dirty(t, &n) : NULL;
		p->judged += n;
		for (uint32_t k = 0; p->book && k < n; k++) {
			uint32_t s = dirty ? dirty[k] : k;
			book_judged(p->book, timeline_subject_kind(t, s),
				    timeline_subject_key(t, s));
		}
	}
}

static void tell_changes(struct pool *p, bool cells, const struct pool_sink *sink)
{
	book_freeze(p->book, sink->frozen, sink->frozen_cells, sink->frozen_ctx);
	book_handled(p->book, sink->handled, sink->handled_ctx);
	if (p->cold)
		cold_note(p);
	for (uint32_t i = 0; i < p->n; i++)
		book_found(p->book, &p->worker[i].found);
	book_tell_subjects(p->book, sink->change, sink->ctx);
	if (!cells)
		return;
	book_found(p->book, &p->cells);
	book_tell_cells(p->book, sink->change, sink->ctx);
}

static bool judge_cold(struct pool *p, enum pool_what what, bool cells,
		       const struct pool_sink *sink, struct err *e)
{
	p->judged = 0;
	cells = cells && plan_has_cells(p->plan);
	if (!cold_judge(p, what, e) || (cells && !cold_judge_cells(p, e)))
		return false;
	tell_changes(p, cells, sink);
	return true;
}

bool pool_judge(struct pool *p, enum pool_what what, bool cells, const struct pool_sink *sink,
		struct err *e)
{
	if (pool_asleep(p))
		return judge_cold(p, what, cells, sink, e);
	if (!pool_settle(p, e))
		return false;
	for (uint32_t i = 0; i < p->n; i++)
		findings_clear(&p->worker[i].found);
	p->judged = 0;
	note_subjects(p, what);
	pool_command(p, &(struct message){ .order = what == POOL_ALL ? ORDER_ALL : ORDER_DIRTY });
	cells = cells && plan_has_cells(p->plan);
	if (cells)
		judge_over_cells(p);
	for (uint32_t i = 0; i < p->n; i++)
		judge_clean(p->judge[i]);
	if (p->book)
		tell_changes(p, cells, sink);
	else
		tell_findings(p, cells, sink);
	return !p->cold || cold_after(p, e);
}

void pool_other(struct pool *p, struct judge *other)
{
	p->judge[p->n] = other;
}

void pool_add_cells(struct pool *p, struct cellbins *to)
{
	for (uint32_t i = 0; i < p->n; i++)
		cellbins_add(to, p->judge[i], 1);
}

bool pool_meet(struct pool *p, struct verdict *v, struct err *e)
{
	if (!pool_settle(p, e))
		return false;
	pool_command(p, &(struct message){ .order = ORDER_MEET, .verdict = v });
	return true;
}

bool pool_asleep(const struct pool *p)
{
	return p->cold && cold_asleep(p->cold);
}

void pool_plan(struct pool *p, const struct plan *plan)
{
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	verdict_free(p->verdict);
	p->verdict = NULL;
	for (uint32_t i = 0; i < p->n; i++)
		judge_replan(p->judge[i], plan);
	p->plan = p->conf.plan = plan;
	new_accounts(p);
	if (p->cold)
		cold_plan(p);
}

void pool_complete(struct pool *p, const struct complete *c)
{
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	for (uint32_t i = 0; i < p->n; i++)
		judge_complete(p->judge[i], c);
	p->complete = c;
}

void pool_load_alert(struct pool *p, const struct finding *f, uint64_t id, uint32_t revision,
		     bool live)
{
	assert(p->book);
	book_load(p->book, plan_ruleset(p->plan), f, id, revision, live);
}

static void add_timeline(struct timeline_stats *into, const struct timeline_stats *from, bool first)
{
	for (int s = 0; s < STREAM_STORED; s++) {
		if (!first && stream_broadcast((enum stream)s))
			continue;
		into->records[s] += from->records[s];
		into->resent[s] += from->resent[s];
		into->superseded[s] += from->superseded[s];
		into->retracted[s] += from->retracted[s];
		into->reversed[s] += from->reversed[s];
	}
	into->subjects += from->subjects;
	into->bytes += from->bytes;
}

void pool_timelines(struct pool *p, struct timeline_stats *sum)
{
	*sum = (struct timeline_stats){ 0 };
	for (uint32_t i = 0; i < p->n; i++) {
		struct timeline_stats ts;
		timeline_stats_get(judge_timeline(p->judge[i]), &ts);
		add_timeline(sum, &ts, i == 0);
	}
}

uint64_t pool_cells_bytes(const struct pool *p)
{
	uint64_t n = 0;
	for (uint32_t i = 0; i < p->n; i++)
		n += judge_cells_bytes(p->judge[i]);
	return n;
}

static uint64_t live_of(const struct gather_stats *gs)
{
	uint64_t n = 0;
	for (int s = 0; s < STREAM_PERSON; s++)
		n += gs->live[s];
	return n;
}

uint64_t pool_gathered(const struct pool *p)
{
	struct pool_stats asleep = { .chunks = 0 };
	uint64_t n = 0;
	for (uint32_t i = 0; i < p->n; i++)
		n += live_of(judge_gathered(p->judge[i]));
	if (p->cold)
		cold_stats(p->cold, &asleep);
	return n + live_of(&asleep.gather);
}

void pool_stats_get(struct pool *p, struct pool_stats *out)
{
	*out = (struct pool_stats){ .chunks = p->chunks, .subjects_judged = p->judged };
	for (uint32_t i = 0; i < p->n; i++) {
		struct queue *inbox = p->worker[i].inbox;
		uint32_t waiting = inbox ? queue_length(inbox) : 0;
		if (waiting > out->inbox_longest)
			out->inbox_longest = waiting;
	}
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	pool_timelines(p, &out->timeline);
	out->cells_bytes = pool_cells_bytes(p);
	for (uint32_t i = 0; i < p->n; i++)
		gather_stats_add(&out->gather, judge_gathered(p->judge[i]));
	if (p->cold)
		cold_stats(p->cold, out);
	for (int s = STREAM_PERSON; s < STREAM_STORED; s++)
		out->gather.live[s] = out->timeline.records[s] - out->timeline.resent[s] -
				      out->timeline.superseded[s];
	if (p->book)
		out->alerts_live = book_live(p->book);
}

const struct account *pool_accounts(struct pool *p)
{
	uint32_t n = plan_ruleset(p->plan)->n_rule;
	pool_command(p, &(struct message){ .order = ORDER_SYNC });
	memcpy(p->account, p->cell_account, n * sizeof *p->account);
	if (p->cold)
		account_add(p->account, cold_accounts(p->cold), n);
	for (uint32_t i = 0; i < p->n; i++)
		account_add(p->account, judge_accounts(p->judge[i]), n);
	return p->account;
}
