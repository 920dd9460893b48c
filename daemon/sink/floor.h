/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * floor.h - which stored records a floor, a day, keeps in memory, and the same as SQL: what it
 * keeps, what it leaves out, what some persons have.
 *
 * With a floor a visit is kept whole when any of it happened on or after that day; stock goes by
 * its own time, packs sold and reports by theirs too, registers are all kept. A floor of 0 or
 * MISSING_I32 leaves out nothing. Knows columns of the tables; gives text, asks nobody.
 */
#pragma once

#include "daemon/sink/db.h"
#include "lib/record/field.h"
#include "lib/record/identity.h"

/* What a floor may leave out, a row a stream. */
struct floor_event {
	enum stream stream;
	enum field time, end;               /* FIELD_NONE: it lies where its visit lies */
	enum field person, facility, visit;
	bool of_visit;   /* kept with its visit */
	bool keeps;      /* on or after the floor it keeps its visit */
	bool own_day;    /* kept by its own day, too: such may count visits in a way of their own */
};

#define FLOOR_EVENTS ((unsigned)STREAM_PERSON)
extern const struct floor_event floor_events[FLOOR_EVENTS]; /* by stream */

/* Records beside those that `floor` keeps. */
struct floor_more {
	int32_t floor, lower;      /* NULL below: those that a floor of `lower` would keep */
	/* All of visits in which one of these has or had a record, whatever the floor: everybody's,
	 * since who has a record now is known only beside all its versions; and stock below the
	 * floor, by its identity. */
	const struct floor_some {
		const struct str *person;
		uint32_t n_person;
		const struct identity *stock;
		uint32_t n_stock;
	} *some;
};

/* ` WHERE ...` or nothing, behind the name of the stream's table. */
void floor_sql_kept(struct buf *sql, enum stream s, int32_t floor);

/* The same; false: nothing of this stream. The connection quotes texts; when it cannot, the buffer
 * has failed and the connection says why. */
bool floor_sql_more(struct buf *sql, struct db *db, enum stream s, const struct floor_more *m);

/* SELECT of the visits of which the floor keeps nothing but packs sold and reports. */
void floor_sql_left_out(struct buf *sql, int32_t floor);

/* SELECT of the persons who have or had a record of these visits. */
void floor_sql_holders(struct buf *sql, struct db *db, const struct str *visit, uint32_t n);
