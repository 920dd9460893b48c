/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * horizon.c - what is kept in memory of the past, and what that forbids.
 *
 * With history.days the records of visits that ended before the floor are not loaded: the
 * newest event, less the days a record may come late, less the longest look-back of the rules.
 * A finding or alert whose rule looks below the floor is closed: it stands, it is not compared. A
 * record older than the floor brings all records of its person back first, so that for this
 * person nothing is closed; unless they have been purged, then it is entered as too late.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/host/log.h"
#include "daemon/sink/pgcopy.h"
#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/finding/period.h"
#include "lib/rule/horizon.h"

#define PURGED_SQL "SELECT max(before) FROM fundwatch.purge"

/* ---- the floor ---- */

/* Days the farthest-looking active rule looks back; its name for the log. */
static int64_t look_back(const struct ruleset *rs, struct str *who)
{
	int64_t most = 0;
	*who = STR("-");
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		struct horizon h;
		if (rs->rule[i].state == STATE_OFF)
			continue;
		rule_horizon(&rs->rule[i], &h);
		int64_t days = h.bounded ? h.days * (h.run ? 2 : 1) : 0;
		if (days > most) {
			most = days;
			*who = rs->rule[i].id;
		}
	}
	return most;
}

static void add_day(struct buf *b, int32_t day)
{
	if (day == MISSING_I32)
		buf_adds(b, "-");
	else
		civil_add_date(b, day);
}

static void tell_floor(const struct engine *en, int64_t days, struct str who)
{
	struct buf b;
	buf_init(&b, 0);
	add_day(&b, en->floor);
	log_notice("horizon", "kept: visits with an event on or after %s: %" PRId64 " days for "
		   "late records, %" PRId64 " days because rule " STR_FMT " looks back so far",
		   buf_cstr(&b), en->conf.conf->history_days, days, STR_ARG(who));
	buf_fini(&b);
}

int32_t engine_floor_at(const struct engine *en, int32_t newest)
{
	struct str who;
	int64_t back = look_back(en->rules->set, &who);
	if (en->conf.conf->history_days == 0 || newest == MISSING_I32)
		return MISSING_I32;
	return newest - (int32_t)(en->conf.conf->history_days + back);
}

static bool read_day(struct db *db, const char *sql, int32_t *day, struct err *e)
{
	PGresult *r = db_query(db, sql, 0, NULL, e);
	if (!r)
		return false;
	*day = MISSING_I32;
	if (PQntuples(r) > 0 && !PQgetisnull(r, 0, 0) &&
	    !civil_parse_date(str_of(PQgetvalue(r, 0, 0)), day))
		*day = MISSING_I32;
	PQclear(r);
	return true;
}

bool engine_find_floor(struct engine *en, struct db *db, struct err *e)
{
	struct str who;
	map64_fini(&en->brought);
	map64_init(&en->brought);
	map64_fini(&en->looked_at);
	map64_init(&en->looked_at);
	en->floor = en->newest = en->purged = MISSING_I32;
	en->oldest = en->seen = MISSING_I32;
	en->n_closed = 0;
	if (!read_day(db, PURGED_SQL, &en->purged, e))
		return err_wrap(e, "finding what was purged");
	/* What happens after it was written down did not happen: it does not count. */
	if (en->conf.conf->history_days > 0 &&
	    !read_day(db, "SELECT max(fee_ocur_time)::date FROM fundwatch.fee "
		      "WHERE revision IS NULL OR fee_ocur_time <= revision", &en->newest, e))
		return err_wrap(e, "finding what must be kept");
	en->floor = engine_floor_at(en, en->newest);
	if (en->floor != MISSING_I32)
		tell_floor(en, look_back(en->rules->set, &who), who);
	return true;
}

/* ---- closed ---- */

static uint64_t who_hash(enum subject_kind kind, struct str key)
{
	return hash_join((uint64_t)kind, hash_str(key));
}

/* The day below which nothing is sure for this finding's subject. */
static int32_t floor_for(const struct engine *en, const struct finding *f)
{
	if (map64_get(&en->brought, who_hash(f->subject_kind, f->subject), NULL))
		return en->purged;
	return en->floor > en->purged ? en->floor : en->purged;
}

bool engine_closed(void *ctx, const struct finding *f)
{
	const struct engine *en = ctx;
	const struct rule *r = ruleset_find(en->rules->set, f->rule);
	int32_t floor = floor_for(en, f), reach = r ? finding_reach(r, f) : MISSING_I32;
	return floor != MISSING_I32 && reach != MISSING_I32 && reach < floor;
}

bool engine_closed_person(void *ctx, const struct finding *f)
{
	const struct engine *en = ctx;
	return engine_closed(ctx, f) ||
	       (engine_closes_by_hand(en) && engine_frozen_absence(en, f));
}

bool engine_closed_cell(void *ctx, const struct finding *f)
{
	const struct engine *en = ctx;
	const struct ruleset *rs = en->rules->set;
	const struct rule *r = ruleset_find(rs, f->rule);
	struct period p;
	int32_t floor = en->floor > en->purged ? en->floor : en->purged;
	if (r && floor != MISSING_I32 && finding_period(rs, r, f, &p) && p.from < floor)
		return true;
	return engine_closes_by_hand(en) && engine_frozen_cell(ctx, f);
}

void engine_note_closed(struct engine *en, uint64_t id, const struct finding *f)
{
	if (!engine_closed(en, f))
		return;
	GROW(en->closed, en->cap_closed, en->n_closed + 1);
	en->closed[en->n_closed++] = (int64_t)id;
}

/* ---- late records ---- */

static const struct timed {
	enum stream stream;
	enum field time, person, facility, visit;
} timed[] = {
	{ STREAM_ENCOUNTER, FIELD_encounter_begntime, FIELD_encounter_psn_no,
	  FIELD_encounter_fixmedins_code, FIELD_encounter_mdtrt_id },
	{ STREAM_SETTLEMENT, FIELD_settlement_setl_time, FIELD_settlement_psn_no,
	  FIELD_settlement_fixmedins_code, FIELD_settlement_mdtrt_id },
	{ STREAM_FEE, FIELD_fee_fee_ocur_time, FIELD_fee_psn_no, FIELD_fee_fixmedins_code,
	  FIELD_fee_mdtrt_id },
};

static void enter_late(struct epoch *ep, const struct chunk *c, const struct timed *t,
		       uint32_t row, int64_t intake, int32_t floor)
{
	struct buf *b = &ep->late;
	if (b->n == 0)
		pgcopy_begin(b);
	ep->n_late++;
	pgcopy_row(b, 9);
	pgcopy_bigint(b, ep->number);
	pgcopy_bigint(b, intake);
	pgcopy_bigint(b, (int64_t)c->table[t->stream].src[row].line);
	pgcopy_text(b, str_of(stream_name(t->stream)));
	pgcopy_text(b, chunk_text(c, t->person, row));
	pgcopy_text(b, chunk_text(c, t->facility, row));
	pgcopy_text(b, chunk_text(c, t->visit, row));
	pgcopy_timestamp(b, chunk_i64(c, t->time, row));
	pgcopy_date(b, floor);
}

struct texts {
	struct str *v;
	uint32_t n, cap;
};

/* Who is to be brought back, and the visits of late records: who else has or had one of those
 * comes, too, since a correction may take it from them. */
struct missed {
	struct engine *en;
	struct texts person, visit;
	struct arena arena;          /* of those the database names */
};

static void add_text(struct texts *t, struct str s)
{
	GROW(t->v, t->cap, t->n + 1);
	t->v[t->n++] = s;
}

static void miss_person(struct missed *m, struct str who)
{
	if (map64_put(&m->en->brought, who_hash(SUBJECT_PERSON, who), 1))
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

static void look_at_row(struct missed *m, struct epoch *ep, const struct chunk_ref *ref,
			const struct timed *t, uint32_t row)
{
	const struct engine *en = m->en;
	const struct chunk *c = chunk_ref_chunk(ref);
	int64_t time = chunk_i64(c, t->time, row);
	int32_t day = time == MISSING_I64 ? INT32_MAX : civil_day_of(time);
	if (day >= en->floor && day >= en->purged)
		return;
	if (en->purged != MISSING_I32 && day < en->purged)
		enter_late(ep, c, t, row, chunk_ref_intake(ref), en->purged);
	if (en->floor != MISSING_I32 && day < en->floor) {
		miss_person(m, chunk_text(c, t->person, row));
		miss_visit(m, chunk_text(c, t->visit, row));
	}
}

static bool reaches_below(const struct engine *en, const struct chunk *c)
{
	for (size_t i = 0; i < sizeof timed / sizeof timed[0]; i++)
		for (uint32_t r = 0; r < c->table[timed[i].stream].n; r++) {
			int64_t time = chunk_i64(c, timed[i].time, r);
			if (time != MISSING_I64 && civil_day_of(time) < en->floor)
				return true;
		}
	return false;
}

/* Somebody may have purged since the start: whoever is brought back then is not all there. */
static bool ask_purges(struct missed *m, struct db *db, struct err *e)
{
	int32_t day = MISSING_I32;
	if (!read_day(db, PURGED_SQL, &day, e))
		return false;
	if (day > m->en->purged)
		m->en->purged = day;
	return true;
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
		bool ok = db_open(&db, c->database_conninfo, &wait, e) && what(m, &db, e);
		db_close(&db);
		if (ok)
			return true;
		if (m->en->stopping || wait_or_stop(m->en->stop_fd, pause))
			return err_set(e, ERR_WORLD, "stopped before the history was there");
		pause = pause * 2 < c->database_retry_max ? pause * 2 : c->database_retry_max;
	}
}

static bool bring_back(struct missed *m, struct err *e)
{
	struct engine *en = m->en;
	uint64_t records = 0;
	if (m->visit.n > 0 && !ask(m, ask_holders, e))
		return false;
	if (m->person.n == 0)
		return true;
	const struct restore_more what = { .floor = en->floor, .lower = MISSING_I32,
					   .person = m->person.v, .n_person = m->person.n };
	if (!engine_read_back(en, &what, &records, e))
		return false;
	log_info("horizon", "%u persons brought back with %" PRIu64 " records for records older "
		 "than what is kept", m->person.n, records);
	return true;
}

static void look_at_rows(struct missed *m, struct epoch *ep, const struct chunk_ref *ref)
{
	const struct chunk *c = chunk_ref_chunk(ref);
	for (size_t i = 0; i < sizeof timed / sizeof timed[0]; i++)
		for (uint32_t r = 0; r < c->table[timed[i].stream].n; r++)
			look_at_row(m, ep, ref, &timed[i], r);
}

bool engine_look_late(struct engine *en, struct epoch *ep, const struct chunk_ref *ref,
		      struct err *e)
{
	struct missed m = { .en = en };
	if (en->floor == MISSING_I32 && en->purged == MISSING_I32)
		return true;
	if (en->floor != MISSING_I32 && reaches_below(en, chunk_ref_chunk(ref)) &&
	    !ask(&m, ask_purges, e))
		return false;
	arena_init(&m.arena);
	look_at_rows(&m, ep, ref);
	bool ok = bring_back(&m, e);
	arena_fini(&m.arena);
	xfree(m.person.v);
	xfree(m.visit.v);
	return ok;
}

/* ---- rules that look farther ---- */

bool engine_lower_floor(struct engine *en, struct err *e)
{
	int32_t floor = engine_floor_at(en, en->newest);
	struct str who;
	int64_t back = look_back(en->rules->set, &who);
	if (en->history) /* looked at again when that is there */
		return true;
	if (floor == MISSING_I32 || floor >= en->floor) {
		if (en->floor != MISSING_I32 && en->lowered)
			tell_floor(en, back, who);
		en->lowered = false;
		return true;
	}
	log_notice("horizon", "applying: rule " STR_FMT " looks back %" PRId64 " days, reading "
		   "back what it needs; until then it is incomplete: what it finds on older days "
		   "waits", STR_ARG(who), back);
	en->lowered = true;
	return engine_history_begin(en, floor, e);
}
