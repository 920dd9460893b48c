/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - what an epoch adds to the books: fundwatch.account and fundwatch.account_rule.
 *
 * Records and rejects are counted in the epoch's chunks, what became of them is asked of the
 * timelines once they are judged. Judgings are told with every epoch, in one row; when something is
 * over (a drained spool, a close, new rules) or a minute has passed these rows are added up, since
 * every rule has its own then.
 *
 * A database may be older than its books. Then the first epoch after a start enters what they lack:
 * how all that was loaded stands, less what they have.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/clock.h"
#include "daemon/host/log.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

#define FOLD_RULES_EVERY (INT64_C(60) * 1000000)

enum { COUNT_RECORDS, COUNT_REJECTS, COUNT_STANDING, COUNTS = COUNT_STANDING + STANDING_COUNT };

struct line {
	struct str facility;
	enum stream stream;      /* STREAM_COUNT: of none */
	int64_t n[COUNTS];
};

struct lines {
	struct map64 of;
	struct arena arena;
	struct line *v;
	uint32_t n, cap;
};

static struct line *line_at(struct lines *l, struct str facility, enum stream s)
{
	uint64_t key = hash_join((uint64_t)s, hash_str(facility));
	bool fresh;
	uint64_t *at = map64_at(&l->of, key, &fresh);
	if (fresh) {
		*at = l->n;
		GROW(l->v, l->cap, l->n + 1);
		l->v[l->n++] = (struct line){ arena_str(&l->arena, facility), s, { 0 } };
	}
	return &l->v[*at];
}

/* The field that says whose a row is, where its identity does. */
static enum field facility_field(enum stream s)
{
	switch (s) {
	case STREAM_ENCOUNTER: return FIELD_encounter_fixmedins_code;
	case STREAM_SETTLEMENT: return FIELD_settlement_fixmedins_code;
	case STREAM_FEE: return FIELD_fee_fixmedins_code;
	case STREAM_STOCK: return FIELD_stock_fixmedins_code;
	default: return FIELD_NONE;
	}
}

/* Rows of one facility lie together. */
static void count_rows(struct lines *l, const struct chunk *c, enum stream s)
{
	enum field f = facility_field(s);
	uint32_t n = c->table[s].n;
	for (uint32_t from = 0, to; from < n; from = to) {
		struct str of = f == FIELD_NONE ? (struct str){ 0 } : chunk_text(c, f, from);
		to = f == FIELD_NONE ? n : from + 1;
		while (to < n && str_eq(chunk_text(c, f, to), of))
			to++;
		line_at(l, of, s)->n[COUNT_RECORDS] += to - from;
	}
}

static void count_chunks(struct lines *l, const struct epoch *ep)
{
	for (uint32_t i = 0; i < ep->n_chunk; i++) {
		const struct chunk *c = chunk_ref_chunk(ep->chunk[i]);
		for (enum stream s = 0; s < STREAM_STORED; s++)
			count_rows(l, c, s);
		for (uint32_t k = 0; k < c->n_reject; k++) {
			enum stream s = c->reject[k].stream < STREAM_STORED ? c->reject[k].stream
									   : STREAM_COUNT;
			line_at(l, (struct str){ 0 }, s)->n[COUNT_REJECTS]++;
		}
	}
}

static void take_standing(void *ctx, struct str facility, const struct standing_change *c)
{
	struct line *at = line_at(ctx, facility, c->stream);
	for (unsigned k = 0; k < STANDING_COUNT; k++)
		at->n[COUNT_STANDING + k] += c->n[k];
}

static bool any(const struct line *l)
{
	bool some = false;
	for (unsigned k = 0; k < COUNTS; k++)
		some |= l->n[k] != 0;
	return some;
}

static void lines_json(const struct lines *l, struct buf *b)
{
	const char *comma = "";
	for (uint32_t i = 0; i < l->n; i++) {
		if (!any(&l->v[i]))
			continue;
		buf_addf(b, "%s[", comma);
		buf_json(b, l->v[i].facility);
		buf_addf(b, ",\"%s\"",
			 l->v[i].stream < STREAM_STORED ? stream_name(l->v[i].stream) : "");
		for (unsigned k = 0; k < COUNTS; k++)
			buf_addf(b, ",%" PRId64, l->v[i].n[k]);
		buf_addc(b, ']');
		comma = ",";
	}
}

/* ---- what came before the books ---- */

struct opening {
	struct lines lines;
};

void engine_opening_drop(struct engine *en)
{
	if (!en->opening)
		return;
	map64_fini(&en->opening->lines.of);
	arena_fini(&en->opening->lines.arena);
	xfree(en->opening->lines.v);
	xfree(en->opening);
	en->opening = NULL;
}

/* Columns: facility, stream, then the counts in their order. */
static bool take_off_booked(struct lines *l, struct db *db, struct err *e)
{
	PGresult *r = db_query(db, "SELECT facility, stream, sum(records), sum(rejects), "
			       "sum(resent), sum(superseded), sum(retracted), sum(reversed) "
			       "FROM fundwatch.account GROUP BY 1, 2", 0, NULL, e);
	for (int i = 0; r && i < PQntuples(r); i++) {
		enum stream s = stream_find(str_of(PQgetvalue(r, i, 1)));
		struct line *at = line_at(l, str_of(PQgetvalue(r, i, 0)),
					  s < STREAM_STORED ? s : STREAM_COUNT);
		for (int k = 0; k < COUNTS; k++)
			at->n[k] -= strtoll(PQgetvalue(r, i, 2 + k), NULL, 10);
	}
	PQclear(r);
	return r != NULL;
}

/* Rejects are not loaded: what inputs had of them, by no stream. */
static bool add_rejects(struct lines *l, struct db *db, struct err *e)
{
	int64_t all, booked;
	if (!db_number(db, "SELECT sum(rejects)::bigint FROM fundwatch.intake", 0, &all, e) ||
	    !db_number(db, "SELECT sum(rejects)::bigint FROM fundwatch.account", 0, &booked, e))
		return false;
	for (uint32_t i = 0; i < l->n; i++)
		l->v[i].n[COUNT_REJECTS] = 0;
	line_at(l, (struct str){ 0 }, STREAM_COUNT)->n[COUNT_REJECTS] = all - booked;
	return true;
}

bool engine_opening(struct engine *en, struct db *db, struct err *e)
{
	int64_t missing;
	engine_opening_drop(en);
	if (!db_number(db, "SELECT coalesce((SELECT sum(records + rejects) FROM fundwatch.intake), "
		       "0)::bigint - coalesce((SELECT sum(records + rejects) FROM "
		       "fundwatch.account), 0)::bigint", 0, &missing, e))
		return false;
	if (missing == 0)
		return true;
	if (en->floor != MISSING_I32 || en->purged != MISSING_I32 ||
	    en->conf.conf->memory_limit > 0) {
		log_notice("books", "%" PRId64 " rows came before the books began and are not in "
			   "them: a purge, history.days or memory.limit keeps them from being in "
			   "memory together; without these two the next start enters them",
			   missing);
		return true;
	}
	log_notice("books", "%" PRId64 " rows came before the books began: they are entered now",
		   missing);
	en->opening = xcalloc(1, sizeof *en->opening);
	map64_init(&en->opening->lines.of);
	arena_init(&en->opening->lines.arena);
	return take_off_booked(&en->opening->lines, db, e) &&
	       add_rejects(&en->opening->lines, db, e);
}

void engine_opening_count(struct engine *en, const struct chunk *c)
{
	for (enum stream s = 0; en->opening && s < STREAM_STORED; s++)
		count_rows(&en->opening->lines, c, s);
}

static void enter_opening(struct engine *en, struct epoch *ep)
{
	pool_standing(en->pool, take_standing, &en->opening->lines);
	lines_json(&en->opening->lines, &ep->account);
	engine_opening_drop(en);
}

/* ---- rules ---- */

void engine_account_rules(struct engine *en)
{
	xfree(en->told);
	en->told = NULL;
}

static void rules_json(struct engine *en, struct buf *b)
{
	const struct ruleset *rs = en->rules->set;
	const struct account *now = pool_accounts(en->pool);
	const char *comma = "";
	if (!en->told)
		en->told = xcalloc(rs->n_rule + 1u, sizeof *en->told);
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		const struct account *was = &en->told[i];
		if (now[i].records == was->records && now[i].hit == was->hit &&
		    now[i].unknown == was->unknown && now[i].no_hit == was->no_hit)
			continue;
		buf_addf(b, "%s[", comma);
		buf_json(b, rs->rule[i].id);
		buf_addf(b, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "]",
			 (int64_t)(now[i].scope_out - was->scope_out),
			 (int64_t)(now[i].hit - was->hit),
			 (int64_t)(now[i].excepted - was->excepted),
			 (int64_t)(now[i].unknown - was->unknown),
			 (int64_t)(now[i].no_hit - was->no_hit));
		comma = ",";
		en->told[i] = now[i];
	}
}

/* ---- an epoch ---- */

void engine_account(struct engine *en, struct epoch *ep)
{
	struct lines l = { .n = 0 };
	map64_init(&l.of);
	arena_init(&l.arena);
	if (en->counting) {
		count_chunks(&l, ep);
		pool_standing(en->pool, take_standing, &l);
		lines_json(&l, &ep->account);
	} else if (en->opening) {
		enter_opening(en, ep);
	}
	pool_standing(en->pool, NULL, NULL);
	en->counting = true;
	rules_json(en, &ep->account_rules);
	ep->fold_rules = ep->kind != EPOCH_INTAKE ||
			 clock_steady() - en->folded_at >= FOLD_RULES_EVERY;
	if (ep->fold_rules)
		en->folded_at = clock_steady();
	map64_fini(&l.of);
	arena_fini(&l.arena);
	xfree(l.v);
}
