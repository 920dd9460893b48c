/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * floor.c - what a floor may leave out, and conditions over visits and days made of it.
 *
 * Visits are compared as sets (IN, EXCEPT, NOT EXISTS), which the server does by hashing however
 * many there are; NOT IN it does one by one when they do not fit its work_mem.
 */
#include "daemon/sink/floor.h"

#include <inttypes.h>

#include "lib/base/civil.h"

#define WHOSE(s) .person = FIELD_##s##_psn_no, .facility = FIELD_##s##_fixmedins_code, \
		 .visit = FIELD_##s##_mdtrt_id

const struct floor_event floor_events[FLOOR_EVENTS] = {
	{ STREAM_ENCOUNTER, FIELD_encounter_begntime, FIELD_encounter_endtime, WHOSE(encounter),
	  .of_visit = true, .keeps = true },
	{ STREAM_SETTLEMENT, FIELD_settlement_setl_time, FIELD_NONE, WHOSE(settlement),
	  .of_visit = true, .keeps = true },
	{ STREAM_FEE, FIELD_fee_fee_ocur_time, FIELD_NONE, WHOSE(fee),
	  .of_visit = true, .keeps = true },
	{ STREAM_DIAGNOSIS, FIELD_NONE, FIELD_NONE, WHOSE(diagnosis), .of_visit = true },
	{ STREAM_OPERATION, FIELD_NONE, FIELD_NONE, WHOSE(operation), .of_visit = true },
	{ STREAM_TRACE, FIELD_trace_trac_time, FIELD_NONE, WHOSE(trace),
	  .of_visit = true, .own_day = true },
	{ STREAM_REPORT, FIELD_report_rpt_date, FIELD_NONE, WHOSE(report),
	  .of_visit = true, .own_day = true },
	{ STREAM_STOCK, FIELD_stock_inv_chg_time, FIELD_NONE, WHOSE(stock), .own_day = true },
};

static bool has_floor(int32_t floor)
{
	return floor != 0 && floor != MISSING_I32;
}

static void add_day(struct buf *sql, enum field time, const char *compare, int32_t day)
{
	buf_addf(sql, "%s %s '", field_get(time)->name, compare);
	civil_add_date(sql, day);
	buf_addc(sql, '\'');
}

/* Visits with an event on or after a day: whole, or not at all. */
static void add_visits(struct buf *sql, int32_t floor)
{
	const char *word = "(";
	for (const struct floor_event *ev = floor_events; ev < floor_events + FLOOR_EVENTS; ev++) {
		if (!ev->keeps)
			continue;
		buf_addf(sql, "%sSELECT mdtrt_id FROM fundwatch.%s WHERE ", word,
			 stream_name(ev->stream));
		add_day(sql, ev->time, ">=", floor);
		if (ev->end != FIELD_NONE) {
			buf_adds(sql, " OR ");
			add_day(sql, ev->end, ">=", floor);
		}
		word = " UNION ";
	}
	buf_addc(sql, ')');
}

static void add_kept(struct buf *sql, enum stream s, int32_t floor)
{
	const struct floor_event *ev = &floor_events[s];
	buf_addc(sql, '(');
	if (ev->of_visit) {
		buf_adds(sql, "mdtrt_id IN ");
		add_visits(sql, floor);
	}
	if (ev->own_day) {
		buf_adds(sql, ev->of_visit ? " OR " : "");
		add_day(sql, ev->time, ">=", floor);
	}
	buf_addc(sql, ')');
}

void floor_sql_kept(struct buf *sql, enum stream s, int32_t floor)
{
	if (!has_floor(floor) || s >= STREAM_PERSON)
		return;
	buf_adds(sql, " WHERE ");
	add_kept(sql, s, floor);
}

static void add_left_out(struct buf *sql, enum stream s, int32_t floor)
{
	const struct floor_event *ev = &floor_events[s];
	if (ev->of_visit) {
		buf_adds(sql, "NOT EXISTS (SELECT FROM ");
		add_visits(sql, floor);
		buf_addf(sql, " v WHERE v.mdtrt_id = %s.mdtrt_id)", stream_name(s));
	}
	if (ev->own_day) {
		buf_adds(sql, ev->of_visit ? " AND " : "");
		add_day(sql, ev->time, "<", floor);
	}
}

/* ---- some ---- */

static void add_literals(struct buf *sql, struct db *db, const struct str *v, uint32_t n)
{
	buf_addc(sql, '(');
	for (uint32_t i = 0; i < n; i++) {
		char *quoted = PQescapeLiteral(db->conn, v[i].p, v[i].n);
		if (quoted)
			buf_addf(sql, "%s%s", i ? "," : "", quoted);
		else
			sql->failed = true;
		PQfreemem(quoted);
	}
	buf_addc(sql, ')');
}

/* SELECT `what` of those whose `column` is one of some, of all who have or had a record. */
static void add_from_visits(struct buf *sql, struct db *db, const char *what, const char *column,
			    const struct str *v, uint32_t n)
{
	const char *word = "";
	for (const struct floor_event *ev = floor_events; ev < floor_events + FLOOR_EVENTS; ev++) {
		if (!ev->of_visit)
			continue;
		buf_addf(sql, "%sSELECT %s FROM fundwatch.%s WHERE %s IN ", word, what,
			 stream_name(ev->stream), column);
		add_literals(sql, db, v, n);
		word = " UNION ";
	}
}

/* The day is of the identity: a version of it lies nowhere else. */
static bool add_stock(struct buf *sql, const struct floor_more *m)
{
	const struct floor_some *some = m->some;
	buf_adds(sql, " WHERE ");
	add_left_out(sql, STREAM_STOCK, m->floor);
	for (uint32_t i = 0; i < some->n_stock; i++)
		buf_addf(sql, "%s'%016" PRIx64 "%016" PRIx64 "'", i ? "," : " AND identity IN (",
			 some->stock[i].hi, some->stock[i].lo);
	buf_addc(sql, ')');
	return some->n_stock > 0;
}

/* By the visit alone: with `OR psn_no IN` the server would read the whole table. */
static bool add_persons(struct buf *sql, struct db *db, const struct floor_some *some)
{
	buf_adds(sql, " WHERE mdtrt_id IN (");
	add_from_visits(sql, db, "mdtrt_id", "psn_no", some->person, some->n_person);
	buf_addc(sql, ')');
	return some->n_person > 0;
}

bool floor_sql_more(struct buf *sql, struct db *db, enum stream s, const struct floor_more *m)
{
	if (s >= STREAM_PERSON)
		return false;
	if (m->some)
		return s == STREAM_STOCK ? add_stock(sql, m) : add_persons(sql, db, m->some);
	buf_adds(sql, " WHERE ");
	add_left_out(sql, s, m->floor);
	if (has_floor(m->lower)) {
		buf_adds(sql, " AND ");
		add_kept(sql, s, m->lower);
	}
	return true;
}

/* ---- visits ---- */

void floor_sql_left_out(struct buf *sql, int32_t floor)
{
	const char *word = "(";
	for (const struct floor_event *ev = floor_events; ev < floor_events + FLOOR_EVENTS; ev++) {
		if (!ev->of_visit)
			continue;
		buf_addf(sql, "%sSELECT mdtrt_id FROM fundwatch.%s", word,
			 stream_name(ev->stream));
		if (ev->stream == STREAM_FEE) { /* the many: of a visit left out all lie below */
			buf_adds(sql, " WHERE ");
			add_day(sql, ev->time, "<", floor);
		}
		word = " UNION ";
	}
	buf_adds(sql, ") EXCEPT ");
	add_visits(sql, floor);
}

void floor_sql_holders(struct buf *sql, struct db *db, const struct str *visit, uint32_t n)
{
	add_from_visits(sql, db, "psn_no", "mdtrt_id", visit, n);
}
