/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * advance.c - the horizon goes on with the days that come in.
 *
 * Timelines cannot lose single visits: a row never moves. So once the floor would lie an eighth of
 * what is kept higher, everything in memory is let go of and loaded again from the new floor, as
 * a restart does, when the spool is drained: rules over facilities have been judged on all that
 * came. What a finding would then need of the days below is closed; nothing is withdrawn for it.
 */
#include "daemon/engine/state.h"

#include <malloc.h>

#include "daemon/host/log.h"
#include "lib/base/civil.h"

#define STEPS 8 /* of what is kept */

/* As engine_find_floor asks the database: what happens after it was written down did not. */
void engine_note_days(struct engine *en, const struct chunk *c)
{
	if (en->conf.conf->history_days == 0)
		return;
	for (uint32_t r = 0; r < c->table[STREAM_FEE].n; r++) {
		int64_t time = chunk_i64(c, FIELD_fee_fee_ocur_time, r);
		int64_t revision = c->table[STREAM_FEE].src[r].revision;
		if (time == MISSING_I64 || (revision != MISSING_I64 && time > revision))
			continue;
		int32_t day = civil_day_of(time);
		if (en->seen == MISSING_I32 || day > en->seen)
			en->seen = day;
		if (en->oldest == MISSING_I32 || day < en->oldest)
			en->oldest = day;
	}
}

/* Without a floor everything is kept, from the oldest day on. */
static bool is_time(const struct engine *en)
{
	int32_t newest = en->seen > en->newest ? en->seen : en->newest;
	int32_t floor = engine_floor_at(en, newest);
	int32_t from = en->floor != MISSING_I32 ? en->floor : en->oldest;
	if (floor == MISSING_I32 || from == MISSING_I32 || en->history || en->stopping)
		return false;
	int64_t step = ((int64_t)newest - floor) / STEPS;
	return (int64_t)floor - from >= (step > 0 ? step : 1);
}

bool engine_horizon_moves(const struct engine *en)
{
	bool moves = is_time(en);
	if (moves)
		log_notice("horizon", "moves on: once this is committed, what is kept from now on "
			   "is loaded");
	return moves;
}

bool engine_advance(struct engine *en, struct err *e)
{
	if (!engine_remember_anew(en, e))
		return false;
	(void)malloc_trim(0);
	return engine_judge_all(en, e);
}
