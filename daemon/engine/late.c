/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * late.c - chunks on their way into the pool, past the horizon.
 *
 * A record that is older than history.days, so that its rules may look below the floor, or is of
 * a visit below it, brings all records of its person back first: for this person nothing is closed
 * then. Stock, of no person, brings its own versions. What has been purged cannot be brought: the
 * record is entered as too late.
 *
 * A thread with connections of its own looks at such a chunk and reads; it waits there, those
 * behind it wait too, in their order, and the intake thread reads on meanwhile, up to
 * engine.epoch_most rows. An epoch is judged when all its chunks are in the pool, so that it
 * shows nowhere who waited for whom.
 *
 * While chunks are with the thread it owns what looking at them changes: the epoch's late
 * records, engine's purged, brought and looked_at. The queues hand them over.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "daemon/host/fault.h"
#include "daemon/host/log.h"
#include "daemon/sink/pgcopy.h"
#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/record/identity.h"

#define AWAY_MOST 64u /* chunks with the thread: beyond, reading waits */

/* ---- rows ---- */

static int64_t time_of(const struct chunk *c, const struct floor_event *of, uint32_t row)
{
	return of->time == FIELD_NONE ? MISSING_I64 : chunk_i64(c, of->time, row);
}

static int32_t day_of(const struct chunk *c, const struct floor_event *of, uint32_t row)
{
	int64_t time = time_of(c, of, row);
	return time == MISSING_I64 ? INT32_MAX : civil_day_of(time);
}

/* Whether the row is of a visit below the floor, whatever its own day; rows of a visit lie
 * together, so the one before knows. */
struct visit_seen {
	uint32_t code;
	bool left_out;
};

static bool is_left_out(const struct engine *en, const struct chunk *c,
			const struct floor_event *of, uint32_t row, struct visit_seen *seen)
{
	uint32_t code = chunk_code(c, of->visit, row);
	if (!of->of_visit || code == MISSING_CODE)
		return false;
	if (code != seen->code) {
		seen->code = code;
		seen->left_out = engine_left_out(en, hash_str(chunk_text(c, of->visit, row)));
	}
	return seen->left_out;
}

static void enter_late(struct epoch *ep, const struct chunk *c, const struct floor_event *of,
		       uint32_t row, int64_t intake, int32_t floor)
{
	struct buf *b = &ep->late;
	if (b->n == 0)
		pgcopy_begin(b);
	ep->n_late++;
	pgcopy_row(b, 9);
	pgcopy_bigint(b, ep->number);
	pgcopy_bigint(b, intake);
	pgcopy_bigint(b, (int64_t)c->table[of->stream].src[row].line);
	pgcopy_text(b, str_of(stream_name(of->stream)));
	pgcopy_text(b, chunk_text(c, of->person, row));
	pgcopy_text(b, chunk_text(c, of->facility, row));
	pgcopy_text(b, chunk_text(c, of->visit, row));
	pgcopy_timestamp(b, time_of(c, of, row));
	pgcopy_date(b, floor);
}

struct texts {
	struct str *v;
	uint32_t n, cap;
};

/* A chunk that is looked at. Who is to be brought back, and the visits of late records: who else
 * has or had one of those comes, too, since a correction may take it from them. */
struct missed {
	struct engine *en;
	struct epoch *ep;
	struct chunk_ref *chunk;
	struct texts person, visit;
	struct identity *stock;      /* whose earlier versions are below the floor, if any */
	uint32_t n_stock, cap_stock;
	struct arena arena;          /* of those the database names */
	struct chunk_ref **back;     /* what was brought back */
	uint32_t n_back, cap_back;
	bool ok;
	struct err why;
};

static void add_text(struct texts *t, struct str s)
{
	GROW(t->v, t->cap, t->n + 1);
	t->v[t->n++] = s;
}

static void miss_person(struct missed *m, struct str who)
{
	if (map64_put(&m->en->brought, engine_who_hash(SUBJECT_PERSON, who), 1))
		add_text(&m->person, who);
}

static void miss_holder(void *ctx, struct str who)
{
	struct missed *m = ctx;
	miss_person(m, arena_str(&m->arena, who));
}

/* A visit that was looked at has everybody in memory. */
static void miss_visit(struct missed *m, struct str visit)
{
	if (visit.n > 0 && map64_put(&m->en->looked_at, hash_str(visit), 1))
		add_text(&m->visit, visit);
}

static void miss_stock(struct missed *m, const struct chunk *c, uint32_t row)
{
	GROW(m->stock, m->cap_stock, m->n_stock + 1);
	m->stock[m->n_stock++] = identity_hash(c, STREAM_STOCK, row);
}

static void look_at_row(struct missed *m, const struct floor_event *of, uint32_t row,
			struct visit_seen *seen)
{
	const struct engine *en = m->en;
	const struct chunk *c = chunk_ref_chunk(m->chunk);
	int32_t day = day_of(c, of, row);
	bool below = en->floor != MISSING_I32 &&
		     (day < en->floor || is_left_out(en, c, of, row, seen));
	if (en->purged != MISSING_I32 && day < en->purged)
		enter_late(m->ep, c, of, row, chunk_ref_intake(m->chunk), en->purged);
	if (!of->of_visit) { /* stock, of nobody who could come back */
		if (below)
			miss_stock(m, c, row);
		return;
	}
	if (below)
		miss_visit(m, chunk_text(c, of->visit, row));
	if (below || day < en->sure)
		miss_person(m, chunk_text(c, of->person, row));
}

static bool person_is_there(const struct engine *en, const struct chunk *c,
			    const struct floor_event *of, uint32_t row)
{
	uint64_t who = engine_who_hash(SUBJECT_PERSON, chunk_text(c, of->person, row));
	return map64_get(&en->brought, who, NULL);
}

static bool visit_is_there(const struct engine *en, const struct chunk *c,
			   const struct floor_event *of, uint32_t row)
{
	return map64_get(&en->looked_at, hash_str(chunk_text(c, of->visit, row)), NULL);
}

/* Whether anything must be read back for it; below the floor the thread finds out. */
static bool needs_more(const struct engine *en, const struct chunk *c, const struct floor_event *of,
		       uint32_t row, struct visit_seen *seen)
{
	int32_t day = day_of(c, of, row);
	if (day < en->floor)
		return true;
	bool left_out = is_left_out(en, c, of, row, seen);
	if (!of->of_visit || (day >= en->sure && !left_out))
		return false;
	return !person_is_there(en, c, of, row) ||
	       (left_out && !visit_is_there(en, c, of, row));
}

static bool reaches_below(const struct engine *en, const struct chunk *c)
{
	if (en->floor == MISSING_I32)
		return false;
	for (enum stream s = 0; s < FLOOR_EVENTS; s++) {
		struct visit_seen seen = { 0 };
		for (uint32_t r = 0; r < c->table[s].n; r++)
			if (needs_more(en, c, &floor_events[s], r, &seen))
				return true;
	}
	return false;
}

static void look_at_rows(struct missed *m)
{
	const struct chunk *c = chunk_ref_chunk(m->chunk);
	for (enum stream s = 0; s < FLOOR_EVENTS; s++) {
		struct visit_seen seen = { 0 };
		for (uint32_t r = 0; r < c->table[s].n; r++)
			look_at_row(m, &floor_events[s], r, &seen);
	}
}

/* ---- the database ---- */

/* Somebody may have purged since the start: whoever is brought back then is not all there. */
static bool ask_purges(struct missed *m, struct db *db, struct err *e)
{
	return engine_read_purged(m->en, db, e);
}

static bool ask_holders(struct missed *m, struct db *db, struct err *e)
{
	return restore_holders(db, m->visit.v, m->visit.n, miss_holder, m, e);
}

/* However long the database takes to be there. */
static bool ask(struct missed *m, bool (*what)(struct missed *m, struct db *db, struct err *e),
		struct err *e)
{
	const struct conf *c = m->en->conf.conf;
	const struct db_wait wait = { m->en->stop_fd, c->database_connect_timeout, 0, 0 };
	int64_t pause = 1;
	for (;;) {
		struct db db = { .conn = NULL };
		bool open = db_open(&db, c->database_conninfo, &wait, e);
		bool ok = open && what(m, &db, e), lost = !open || db_lost(&db);
		db_close(&db);
		if (ok || !lost)
			return ok;
		log_warn("horizon", "late records wait for the database: %s", e->text);
		if (m->en->stopping || wait_or_stop(m->en->stop_fd, pause))
			return err_set(e, ERR_WORLD, "stopped before the history was there");
		pause = pause * 2 < c->database_retry_max ? pause * 2 : c->database_retry_max;
	}
}

static void keep(void *ctx, struct chunk_ref *take_chunk)
{
	struct missed *m = ctx;
	GROW(m->back, m->cap_back, m->n_back + 1);
	m->back[m->n_back++] = take_chunk;
}

static void drop(void *ctx)
{
	struct missed *m = ctx;
	while (m->n_back > 0)
		chunk_ref_put(m->back[--m->n_back]);
}

static bool should_stop(void *ctx)
{
	const struct missed *m = ctx;
	return m->en->stopping;
}

static bool bring_back(struct missed *m, struct err *e)
{
	const struct restore_to to = { .chunk = keep, .stop = should_stop, .ctx = m };
	uint64_t records = 0;
	if (m->visit.n > 0 && !ask(m, ask_holders, e))
		return false;
	if (m->person.n == 0 && m->n_stock == 0)
		return true;
	const struct floor_some some = { .person = m->person.v, .n_person = m->person.n,
					 .stock = m->stock, .n_stock = m->n_stock };
	const struct floor_more what = { .floor = m->en->floor, .lower = MISSING_I32,
					 .some = &some };
	if (!engine_read_back(m->en, &what, &to, drop, &records, e))
		return false;
	fault(history_late);
	log_info("horizon", "%u persons brought back with %" PRIu64 " records for records older "
		 "than what is kept, or of visits that are", m->person.n, records);
	return true;
}

static bool look(struct missed *m, struct err *e)
{
	if (reaches_below(m->en, chunk_ref_chunk(m->chunk)) && !ask(m, ask_purges, e))
		return false;
	look_at_rows(m);
	return bring_back(m, e);
}

static struct missed *missed_new(struct engine *en, struct epoch *ep, struct chunk_ref *take_chunk)
{
	struct missed *m = xcalloc(1, sizeof *m);
	m->en = en;
	m->ep = ep;
	m->chunk = take_chunk;
	arena_init(&m->arena);
	return m;
}

static void missed_free(struct missed *m)
{
	drop(m);
	if (m->chunk)
		chunk_ref_put(m->chunk);
	arena_fini(&m->arena);
	xfree(m->back);
	xfree(m->person.v);
	xfree(m->visit.v);
	xfree(m->stock);
	xfree(m);
}

/* ---- the thread ---- */

struct late {
	pthread_t thread;
	struct queue *asked, *answered; /* of struct missed *: each has room for all */
	uint32_t away;                  /* between the two */
};

/* Behind a chunk that failed nothing is looked at. */
static void *run(void *arg)
{
	struct late *l = arg;
	struct missed *m;
	bool ok = true;
	struct err why = { .text = "" };
	while (queue_get(l->asked, &m)) {
		ok = ok && look(m, &why);
		m->ok = ok;
		m->why = why;
		if (!queue_put(l->answered, &m, NULL))
			missed_free(m);
	}
	return NULL;
}

static bool begin(struct engine *en, struct err *e)
{
	sigset_t all, before;
	struct late *l = xcalloc(1, sizeof *l);
	l->asked = queue_new(sizeof(struct missed *), AWAY_MOST);
	l->answered = queue_new(sizeof(struct missed *), AWAY_MOST);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&l->thread, NULL, run, l);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0) {
		en->late = l;
		return true;
	}
	queue_free(l->asked);
	queue_free(l->answered);
	xfree(l);
	return err_set(e, ERR_WORLD, "no thread to read back persons with: %s", strerror(error));
}

void engine_late_end(struct engine *en)
{
	struct late *l = en->late;
	struct missed *m;
	if (!l)
		return;
	queue_close(l->asked);
	(void)pthread_join(l->thread, NULL);
	while (queue_take(l->asked, &m, 1) == 1 || queue_take(l->answered, &m, 1) == 1)
		missed_free(m);
	queue_free(l->asked);
	queue_free(l->answered);
	xfree(l);
	en->late = NULL;
}

/* ---- the intake thread ---- */

bool engine_late_waits(const struct engine *en)
{
	return en->late && en->late->away > 0;
}

/* What was brought back goes in first. */
static bool take_answer(struct engine *en, struct missed *take_missed, struct err *e)
{
	bool ok = take_missed->ok;
	en->late->away--;
	if (!ok)
		*e = take_missed->why;
	if (ok && take_missed->n_back > 0) {
		pool_recall_begin(en->pool);
		for (uint32_t i = 0; i < take_missed->n_back; i++)
			pool_recall(en->pool, take_missed->back[i]);
		take_missed->n_back = 0;
		pool_recall_end(en->pool);
	}
	if (ok) {
		pool_add(en->pool, take_missed->chunk);
		take_missed->chunk = NULL;
	}
	missed_free(take_missed);
	return ok;
}

static bool take_next(struct engine *en, struct err *e)
{
	struct missed *m;
	return queue_get(en->late->answered, &m) ? take_answer(en, m, e)
						 : err_set(e, ERR_BUG, "late records are lost");
}

bool engine_late_settle(struct engine *en, struct err *e)
{
	while (engine_late_waits(en))
		if (!take_next(en, e))
			return false;
	return true;
}

static bool send_away(struct engine *en, struct missed *take_missed, struct err *e)
{
	if ((!en->late && !begin(en, e)) || (en->late->away >= AWAY_MOST && !take_next(en, e))) {
		missed_free(take_missed);
		return false;
	}
	en->late->away++;
	log_debug("horizon", "%u chunks wait for persons to be brought back", en->late->away);
	if (queue_put(en->late->asked, &take_missed, NULL))
		return true;
	en->late->away--;
	missed_free(take_missed);
	return err_set(e, ERR_BUG, "late records are not taken");
}

bool engine_take_in(struct engine *en, struct epoch *ep, struct chunk_ref *take_chunk,
		    struct err *e)
{
	struct missed *m;
	while (engine_late_waits(en) && queue_take(en->late->answered, &m, 1) == 1)
		if (!take_answer(en, m, e)) {
			chunk_ref_put(take_chunk);
			return false;
		}
	if (!engine_late_waits(en) && en->floor == MISSING_I32 && en->purged == MISSING_I32) {
		pool_add(en->pool, take_chunk);
		return true;
	}
	m = missed_new(en, ep, take_chunk);
	if (engine_late_waits(en) || reaches_below(en, chunk_ref_chunk(take_chunk)))
		return send_away(en, m, e);
	look_at_rows(m);
	pool_add(en->pool, m->chunk);
	m->chunk = NULL;
	missed_free(m);
	return true;
}
