/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pg.h - a fresh database for a test that needs the real PostgreSQL.
 *
 * FUNDWATCH_TEST_PG is the conninfo of a server where databases may be made; without it the
 * program says so loudly and exits 77 (skipped).
 */
#pragma once

#include "daemon/sink/db.h"

/* Creates a database named after `name` and this process and writes its conninfo. */
void pg_create(const char *name, char *conninfo, size_t size);

/* Drops it, whoever is still connected. */
void pg_drop(void);

/* Runs a statement that must work; the first value as text (static buffer), "" for none. */
const char *pg_ask(struct db *db, const char *sql);
