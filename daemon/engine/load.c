/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load.c - what was there before: records from this machine's segments, or, when those
 * are not all there, from the database; alerts and numbers always from the database.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <stdlib.h>

#include "daemon/host/clock.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"

#define MILLION 1000000u

struct loading {
	struct engine *en;
	int64_t begun;
	bool from_database;
	uint64_t told;           /* millions of records */
	struct restored *got;
	struct sieve *sieve;      /* with a floor, while segments are read */
};

static double since(const struct loading *l)
{
	double s = (double)(clock_steady() - l->begun) / 1e6;
	return s > 0.001 ? s : 0.001;
}

static void tell_progress(struct loading *l, uint64_t records)
{
	if (records / MILLION <= l->told)
		return;
	l->told = records / MILLION;
	log_info("load", "%" PRIu64 " records loaded, %.0f a second", records,
		 (double)records / since(l));
}

static void give_chunk(void *ctx, struct chunk_ref *take_chunk)
{
	struct loading *l = ctx;
	segments_base_add(l->en->segments, chunk_ref_chunk(take_chunk),
			  chunk_ref_intake(take_chunk));
	engine_opening_count(l->en, chunk_ref_chunk(take_chunk));
	pool_add(l->en->pool, take_chunk);
}

static void give_alert(void *ctx, const struct finding *f, uint64_t id, uint32_t revision,
		       bool live)
{
	struct loading *l = ctx;
	if (live && !f->excepted)
		number_box_alert(l->en->conf.numbers, f->rule, 1);
	pool_load_alert(l->en->pool, f, id, revision, live);
	if (live)
		engine_note_closed(l->en, id, f);
}

static void progress(void *ctx, uint64_t records)
{
	tell_progress(ctx, records);
}

static bool stop_asked(void *ctx)
{
	const struct loading *l = ctx;
	return l->en->stopping;
}

/* ---- segments ---- */

static bool note_segment(void *ctx, struct chunk_ref *take_chunk, uint64_t rows)
{
	struct loading *l = ctx;
	(void)rows;
	engine_sieve_note(l->sieve, chunk_ref_chunk(take_chunk));
	chunk_ref_put(take_chunk);
	return !l->en->stopping;
}

/* Nobody else has it yet. */
static struct chunk_ref *filtered(struct sieve *k, struct chunk_ref *take_chunk, uint64_t *rows)
{
	uint32_t intake = chunk_ref_intake(take_chunk);
	struct chunk *c = chunk_ref_release(take_chunk);
	*rows = engine_sieve_filter(k, c);
	return chunk_ref_new(c, intake);
}

static bool take_segment(void *ctx, struct chunk_ref *take_chunk, uint64_t rows)
{
	struct loading *l = ctx;
	if (l->sieve)
		take_chunk = filtered(l->sieve, take_chunk, &rows);
	l->got->records += rows;
	tell_progress(l, l->got->records);
	engine_opening_count(l->en, chunk_ref_chunk(take_chunk));
	pool_add(l->en->pool, take_chunk);
	return !l->en->stopping;
}

/* Epochs with records, as the database has them; the caller frees the list. */
static bool list_epochs(struct db *db, struct epoch_rows **rows, uint32_t *n, struct err *e)
{
	PGresult *r = db_query(db, "SELECT epoch, records, (extract(epoch FROM committed_at) * "
				   "1000000)::bigint FROM fundwatch.epoch WHERE records > 0 "
				   "ORDER BY epoch", 0, NULL, e);
	if (!r)
		return false;
	*n = (uint32_t)PQntuples(r);
	*rows = xcalloc(*n + 1u, sizeof **rows);
	for (uint32_t i = 0; i < *n; i++)
		(*rows)[i] = (struct epoch_rows){
			.epoch = atoll(PQgetvalue(r, (int)i, 0)),
			.records = (uint64_t)atoll(PQgetvalue(r, (int)i, 1)),
			.at = atoll(PQgetvalue(r, (int)i, 2)),
		};
	PQclear(r);
	return true;
}

static bool read_segments(struct loading *l, struct segments *g, struct err *e)
{
	if (l->en->floor == MISSING_I32)
		return segments_read(g, take_segment, l, e);
	l->sieve = engine_sieve_new(l->en->floor);
	bool ok = segments_read(g, note_segment, l, e) && segments_read(g, take_segment, l, e);
	l->en->left_out = engine_sieve_free(l->sieve);
	l->sieve = NULL;
	return ok;
}

/* Files that do not hold are no reason to stop: the database has it all. */
static bool load_segments(void *ctx, struct db *db, struct restored *out, bool *done,
			  struct err *e)
{
	struct loading *l = ctx;
	struct segments *g = l->en->segments;
	struct epoch_rows *rows;
	struct err why;
	uint32_t n;
	l->got = out;
	*done = false;
	if (l->en->purged != MISSING_I32) { /* they know nothing of that */
		segments_clear(g);
		l->from_database = true;
		return true;
	}
	if (!list_epochs(db, &rows, &n, e))
		return false;
	*done = segments_check(g, rows, n, out->last_epoch, &why);
	if (!*done) {
		l->from_database = true;
		log_notice("segments", "not believed: %s; reading from the database", why.text);
		if (l->en->floor == MISSING_I32) /* else not all of it is read */
			segments_base_begin(g, n ? rows[n - 1].epoch : 0,
					    n ? rows[n - 1].at : 0);
	}
	xfree(rows);
	return !*done || read_segments(l, g, e);
}

bool engine_load(struct engine *en, struct db *db, struct err *e)
{
	struct loading l = { .en = en, .begun = clock_steady() };
	const struct restore_to to = { .chunk = give_chunk, .alert = give_alert,
				       .progress = progress, .stop = stop_asked,
				       .records = load_segments, .floor = en->floor,
				       .ctx = &l };
	struct restored got;
	if (!engine_opening(en, db, e))
		return err_wrap(e, "looking whether the books have it all");
	if (!restore(db, en->rules->set, en->ledger, &to, &got, e)) {
		segments_base_drop(en->segments);
		return err_wrap(e, "loading what the database remembers");
	}
	segments_base_end(en->segments);
	en->last_epoch = got.last_epoch;
	en->last_intake = got.last_intake;
	en->chain = got.chain;
	if (got.differing)
		log_error("database", "%" PRIu64 " stored alerts differ from their canonical lines",
			  got.differing);
	log_info("load", "%" PRIu64 " records from %s and %" PRIu64 " alerts in %.2f s, %.0f "
		 "records a second", got.records, l.from_database ? "the database" : "segments",
		 got.alerts, since(&l), (double)got.records / since(&l));
	return true;
}
