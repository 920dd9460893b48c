/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * which.c - conditions over visits and days.
 *
 * Visits are compared as sets (IN, EXCEPT, NOT EXISTS), which the server does by hashing however
 * many there are; NOT IN it does one by one when they do not fit its work_mem.
 */
#include "daemon/sink/which.h"

#include <inttypes.h>

#include "lib/base/civil.h"

/* Of streams that say whose a visit is. */
static const enum stream of_visits[] = { STREAM_ENCOUNTER, STREAM_SETTLEMENT, STREAM_FEE,
					 STREAM_TRACE, STREAM_REPORT };

static bool has_floor(int32_t floor)
{
	return floor != 0 && floor != MISSING_I32;
}

static void add_day(struct buf *sql, const char *column, const char *compare, int32_t day)
{
	buf_addf(sql, "%s %s '", column, compare);
	civil_add_date(sql, day);
	buf_addc(sql, '\'');
}

/* Visits with an event on or after a day: whole, or not at all. */
static void add_visits(struct buf *sql, int32_t floor)
{
	buf_adds(sql, "(SELECT mdtrt_id FROM fundwatch.encounter WHERE ");
	add_day(sql, "begntime", ">=", floor);
	add_day(sql, " OR endtime", ">=", floor);
	buf_adds(sql, " UNION SELECT mdtrt_id FROM fundwatch.settlement WHERE ");
	add_day(sql, "setl_time", ">=", floor);
	buf_adds(sql, " UNION SELECT mdtrt_id FROM fundwatch.fee WHERE ");
	add_day(sql, "fee_ocur_time", ">=", floor);
	buf_addc(sql, ')');
}

/* Sales of packs and reports may count visits in a way of their own: their day counts too. */
static bool has_own_day(enum stream s)
{
	return s == STREAM_TRACE || s == STREAM_REPORT;
}

static const char *own_day(enum stream s)
{
	return field_get(stream_time(s))->name;
}

static void add_kept(struct buf *sql, enum stream s, int32_t floor)
{
	if (s == STREAM_STOCK) {
		add_day(sql, "inv_chg_time", ">=", floor);
		return;
	}
	buf_adds(sql, "(mdtrt_id IN ");
	add_visits(sql, floor);
	if (has_own_day(s)) {
		buf_adds(sql, " OR ");
		add_day(sql, own_day(s), ">=", floor);
	}
	buf_addc(sql, ')');
}

void which_kept(struct buf *sql, enum stream s, int32_t floor)
{
	if (!has_floor(floor) || s >= STREAM_PERSON)
		return;
	buf_adds(sql, " WHERE ");
	add_kept(sql, s, floor);
}

static void add_left_out(struct buf *sql, enum stream s, int32_t floor)
{
	if (s == STREAM_STOCK) {
		add_day(sql, "inv_chg_time", "<", floor);
		return;
	}
	buf_adds(sql, "NOT EXISTS (SELECT FROM ");
	add_visits(sql, floor);
	buf_addf(sql, " v WHERE v.mdtrt_id = %s.mdtrt_id)", stream_name(s));
	if (has_own_day(s)) {
		buf_adds(sql, " AND ");
		add_day(sql, own_day(s), "<", floor);
	}
}

/* ---- some ---- */

static void add_literals(struct buf *sql, struct db *db, const struct str *v, uint32_t n)
{
	buf_addc(sql, '(');
	for (uint32_t i = 0; i < n; i++) {
		char *quoted = PQescapeLiteral(db->conn, v[i].p, v[i].n);
		buf_addf(sql, "%s%s", i ? "," : "", quoted ? quoted : "NULL");
		PQfreemem(quoted);
	}
	buf_addc(sql, ')');
}

/* SELECT `what` of those whose `column` is one of some, of all of them together. */
static void add_from_visits(struct buf *sql, struct db *db, const char *what, const char *column,
			    const struct str *v, uint32_t n)
{
	for (size_t i = 0; i < sizeof of_visits / sizeof of_visits[0]; i++) {
		buf_addf(sql, "%sSELECT %s FROM fundwatch.%s WHERE %s IN ", i ? " UNION " : "",
			 what, stream_name(of_visits[i]), column);
		add_literals(sql, db, v, n);
	}
}

/* The day is of the identity: a version of it lies nowhere else. */
static bool add_stock(struct buf *sql, const struct which *w)
{
	const struct which_some *some = w->some;
	buf_adds(sql, " WHERE ");
	add_left_out(sql, STREAM_STOCK, w->floor);
	for (uint32_t i = 0; i < some->n_stock; i++)
		buf_addf(sql, "%s'%016" PRIx64 "%016" PRIx64 "'", i ? "," : " AND identity IN (",
			 some->stock[i].hi, some->stock[i].lo);
	buf_addc(sql, ')');
	return some->n_stock > 0;
}

static bool add_persons(struct buf *sql, struct db *db, const struct which_some *some)
{
	buf_adds(sql, " WHERE psn_no IN ");
	add_literals(sql, db, some->person, some->n_person);
	buf_adds(sql, " OR mdtrt_id IN (");
	add_from_visits(sql, db, "mdtrt_id", "psn_no", some->person, some->n_person);
	buf_addc(sql, ')');
	return some->n_person > 0;
}

bool which_more(struct buf *sql, struct db *db, enum stream s, const struct which *w)
{
	if (s >= STREAM_PERSON)
		return false;
	if (w->some)
		return s == STREAM_STOCK ? add_stock(sql, w) : add_persons(sql, db, w->some);
	buf_adds(sql, " WHERE ");
	add_left_out(sql, s, w->floor);
	if (has_floor(w->lower)) {
		buf_adds(sql, " AND ");
		add_kept(sql, s, w->lower);
	}
	return true;
}

/* ---- visits ---- */

void which_left_out(struct buf *sql, int32_t floor)
{
	const char *word = "(";
	for (enum stream s = 0; s < STREAM_STOCK; s++) {
		buf_addf(sql, "%sSELECT mdtrt_id FROM fundwatch.%s", word, stream_name(s));
		if (s == STREAM_FEE) { /* the many: of a visit left out all lie below */
			buf_adds(sql, " WHERE ");
			add_day(sql, "fee_ocur_time", "<", floor);
		}
		word = " UNION ";
	}
	buf_adds(sql, ") EXCEPT ");
	add_visits(sql, floor);
}

void which_holders(struct buf *sql, struct db *db, const struct str *visit, uint32_t n)
{
	add_from_visits(sql, db, "psn_no", "mdtrt_id", visit, n);
}
