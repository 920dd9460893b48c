/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrate.h - bring a database to this program's schema, or say how far it is from it.
 *
 * Migrations are the numbered files of conf/sql, built into the program. Each is applied in
 * one transaction and remembered with its checksum; one that changed after it was applied,
 * or a schema newer than the program, is refused with a sentence.
 */
#pragma once

#include "daemon/sink/db.h"

/* Built in, in order; ends with number 0. */
struct migration {
	int number;
	const char *name, *sql;
};
extern const struct migration migrations[];

struct migrate_state {
	int applied;  /* greatest number in the database, 0 for none */
	int wanted;   /* greatest number this program knows */
};

/* Applies what is missing; many may try at once, one works. `done` (may be NULL) hears each. */
bool db_migrate(struct db *db, void (*done)(const struct migration *m), struct err *e) MUST_CHECK;

/* Where the database stands; false also when a checksum differs. */
bool db_state(struct db *db, struct migrate_state *out, struct err *e) MUST_CHECK;

/* False, with what to do, unless the schema is exactly this program's. */
bool db_ready(struct db *db, struct err *e) MUST_CHECK;
