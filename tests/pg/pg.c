/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/pg/pg.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char database[64];

static void die(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", what, e->text);
	exit(1);
}

static const char *server(void)
{
	const char *conninfo = getenv("FUNDWATCH_TEST_PG");
	if (!conninfo || !*conninfo) {
		fprintf(stderr, "SKIPPED: no PostgreSQL. Run: export FUNDWATCH_TEST_PG="
				"\"$(scripts/pg start build/pg --no-fsync)\"\n");
		exit(77);
	}
	return conninfo;
}

static void on_server(const char *sql)
{
	struct db db;
	struct err e;
	if (!db_open(&db, server(), NULL, &e) || !db_exec(&db, sql, &e))
		die(sql, &e);
	db_close(&db);
}

void pg_create(const char *name, char *conninfo, size_t size)
{
	char sql[128];
	(void)snprintf(database, sizeof database, "fw_%s_%ld", name, (long)getpid());
	(void)snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", database);
	on_server(sql);
	(void)snprintf(sql, sizeof sql, "CREATE DATABASE %s", database);
	on_server(sql);
	(void)snprintf(conninfo, size, "%s dbname=%s", server(), database);
}

void pg_drop(void)
{
	char sql[128];
	(void)snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", database);
	on_server(sql);
}

const char *pg_ask(struct db *db, const char *sql)
{
	static char text[4096];
	struct err e;
	PGresult *r = db_query(db, sql, 0, NULL, &e);
	if (!r)
		die(sql, &e);
	(void)snprintf(text, sizeof text, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
	PQclear(r);
	return text;
}
