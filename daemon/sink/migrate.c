/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/migrate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/digest.h"

#define LOCK_SQL "SELECT pg_advisory_xact_lock(7031415926)"

static void checksum(const struct migration *m, char out[DIGEST_HEX])
{
	struct digest d;
	digest_init(&d);
	digest_addstr(&d, str_of(m->sql));
	digest_hex(&d, out);
}

static int newest(void)
{
	int n = 0;
	for (const struct migration *m = migrations; m->number; m++)
		n = m->number;
	return n;
}

static const struct migration *find(int number)
{
	for (const struct migration *m = migrations; m->number; m++)
		if (m->number == number)
			return m;
	return NULL;
}

/* One applied migration against what the program holds. */
static bool check_row(int number, const char *name, const char *sum, struct err *e)
{
	char mine[DIGEST_HEX];
	const struct migration *m = find(number);
	if (!m)
		return err_set(e, ERR_CONF,
			       "the database has migration %d (%s), which this program (up to %d) "
			       "does not know: install the newer Fundwatch", number, name,
			       newest());
	checksum(m, mine);
	if (strcmp(mine, sum) != 0)
		return err_set(e, ERR_CONF,
			       "migration %d (%s) was applied with other text (checksum %s, here "
			       "%s): an applied migration must not be edited", number, m->name, sum,
			       mine);
	return true;
}

bool db_state(struct db *db, struct migrate_state *out, struct err *e)
{
	PGresult *r = db_query(db, "SELECT to_regclass('fundwatch.schema_migration') IS NOT NULL",
			       0, NULL, e);
	if (!r)
		return false;
	bool there = *PQgetvalue(r, 0, 0) == 't';
	PQclear(r);
	*out = (struct migrate_state){ 0, newest() };
	if (!there)
		return true;
	r = db_query(db, "SELECT number, name, checksum FROM fundwatch.schema_migration "
			 "ORDER BY number", 0, NULL, e);
	if (!r)
		return false;
	bool ok = true;
	for (int i = 0; ok && i < PQntuples(r); i++) {
		out->applied = atoi(PQgetvalue(r, i, 0));
		ok = check_row(out->applied, PQgetvalue(r, i, 1), PQgetvalue(r, i, 2), e);
	}
	PQclear(r);
	return ok;
}

bool db_ready(struct db *db, struct err *e)
{
	struct migrate_state s;
	if (!db_state(db, &s, e))
		return false;
	if (s.applied == s.wanted)
		return true;
	return err_set(e, ERR_CONF, "the database is at migration %d of %d: run "
		       "`fundwatch db migrate`", s.applied, s.wanted);
}

static bool apply(struct db *db, const struct migration *m, struct err *e)
{
	char number[12], sum[DIGEST_HEX];
	const char *const row[] = { number, m->name, sum };

	(void)snprintf(number, sizeof number, "%d", m->number);
	checksum(m, sum);
	if (db_exec(db, m->sql, e) &&
	    db_execp(db, "INSERT INTO fundwatch.schema_migration (number, name, checksum) "
			 "VALUES ($1, $2, $3)", 3, row, e))
		return true;
	return err_wrap(e, "migration %d (%s)", m->number, m->name);
}

/* One transaction under the lock: the next missing migration, if any. */
static bool step(struct db *db, const struct migration **did, struct err *e)
{
	struct migrate_state s;
	*did = NULL;
	if (!db_exec(db, "BEGIN; " LOCK_SQL, e) ||
	    !db_exec(db, "CREATE SCHEMA IF NOT EXISTS fundwatch; "
			 "CREATE TABLE IF NOT EXISTS fundwatch.schema_migration ("
			 "number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, "
			 "applied_at timestamptz NOT NULL DEFAULT now())", e) ||
	    !db_state(db, &s, e))
		return false;
	if (s.applied < s.wanted) {
		*did = find(s.applied + 1);
		if (!*did)
			return err_set(e, ERR_BUG, "there is no migration %d", s.applied + 1);
		if (!apply(db, *did, e))
			return false;
	}
	return db_exec(db, "COMMIT", e);
}

bool db_migrate(struct db *db, void (*done)(const struct migration *m), struct err *e)
{
	for (;;) {
		const struct migration *did;
		struct err ignored;
		if (!step(db, &did, e)) {
			(void)!db_exec(db, "ROLLBACK", &ignored);
			return false;
		}
		if (!did)
			return true;
		if (done)
			done(did);
	}
}
