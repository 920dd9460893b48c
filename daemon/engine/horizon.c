/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * horizon.c - what is kept in memory of the past, and what that forbids.
 *
 * With history.days the records of visits that ended before the floor are not loaded: the
 * newest event, less the days a record may come late, less the longest look-back of the rules.
 * A finding or alert whose rule looks below the floor is closed: it stands, it is not compared. Of
 * persons with late records (late.c) nothing is closed but what was purged.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/host/log.h"
#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/finding/period.h"
#include "lib/rule/horizon.h"

#define PURGED_SQL "SELECT max(before) FROM fundwatch.purge"
#define UNDRAINED_SQL " FROM fundwatch.epoch WHERE kind = 'intake' AND epoch > " \
	"coalesce((SELECT max(epoch) FROM fundwatch.epoch WHERE kind = 'drain'), 0)"

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

bool engine_read_purged(struct engine *en, struct db *db, struct err *e)
{
	int32_t day;
	if (!read_day(db, PURGED_SQL, &day, e))
		return false;
	if (day > en->purged)
		en->purged = day;
	return true;
}

/* A record from `sure` on finds all that its rules look back for in memory. While a rule's longer
 * past is being read back it is the day it was: what that rule finds waits. */
static void find_sure(struct engine *en)
{
	struct str who;
	if (en->floor == MISSING_I32) {
		en->sure = MISSING_I32;
		return;
	}
	int64_t by_rules = en->floor + look_back(en->rules->set, &who);
	int64_t by_age = en->newest - en->conf.conf->history_days;
	int64_t sure = by_rules < by_age ? by_rules : by_age;
	en->sure = sure > en->floor ? (int32_t)sure : en->floor;
}

/* Rules over facilities are judged when the spool is drained. Was it not when we stopped, they must
 * see what they would have seen: the floor stays where it was then. */
static bool keep_undrained(struct engine *en, struct db *db, struct err *e)
{
	int32_t kept;
	int64_t waiting;
	if (en->floor == MISSING_I32)
		return true;
	if (!db_number(db, "SELECT count(*)" UNDRAINED_SQL, 0, &waiting, e) ||
	    !read_day(db, "SELECT nullif(min(coalesce(kept_from, '-infinity')), '-infinity')"
		      UNDRAINED_SQL, &kept, e))
		return false;
	if (waiting == 0 || kept >= en->floor)
		return true;
	en->floor = kept;
	log_notice("horizon", "rules over facilities have not judged all that came: until then as "
		   "much is kept as before");
	return en->floor != MISSING_I32 ||
	       read_day(db, "SELECT min(fee_ocur_time)::date FROM fundwatch.fee", &en->oldest, e);
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
	if (!engine_read_purged(en, db, e))
		return err_wrap(e, "finding what was purged");
	/* What happens after it was written down did not happen: it does not count. */
	if (en->conf.conf->history_days > 0 &&
	    !read_day(db, "SELECT max(fee_ocur_time)::date FROM fundwatch.fee "
		      "WHERE revision IS NULL OR fee_ocur_time <= revision", &en->newest, e))
		return err_wrap(e, "finding what must be kept");
	en->floor = engine_floor_at(en, en->newest);
	if (!keep_undrained(en, db, e))
		return err_wrap(e, "finding what must still be judged");
	find_sure(en);
	if (en->floor != MISSING_I32)
		tell_floor(en, look_back(en->rules->set, &who), who);
	return true;
}

/* ---- closed ---- */

uint64_t engine_who_hash(enum subject_kind kind, struct str key)
{
	return hash_join((uint64_t)kind, hash_str(key));
}

/* The day below which nothing is sure for this finding's subject. */
static int32_t floor_for(const struct engine *en, const struct finding *f)
{
	if (map64_get(&en->brought, engine_who_hash(f->subject_kind, f->subject), NULL))
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

/* ---- rules that look farther ---- */

bool engine_lower_floor(struct engine *en, struct err *e)
{
	int32_t floor = engine_floor_at(en, en->newest);
	struct str who;
	int64_t back = look_back(en->rules->set, &who);
	find_sure(en);
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
