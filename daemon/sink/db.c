/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/db.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/str.h"

/* libpq's messages end with a newline; a sentence does not. */
static bool fail(const struct db *db, const PGresult *r, struct err *e)
{
	const char *text = r ? PQresultErrorMessage(r) : PQerrorMessage(db->conn);
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	if (!*text)
		text = PQerrorMessage(db->conn);
	struct str s = str_trim(str_of(text));
	return err_set(e, ERR_WORLD, "PostgreSQL: " STR_FMT "%s%s%s", STR_ARG(s),
		       state ? " [" : "", state ? state : "", state ? "]" : "");
}

bool db_open(struct db *db, const char *conninfo, struct err *e)
{
	const char *keys[] = { "dbname", "fallback_application_name", "client_encoding",
			       "options", NULL };
	const char *values[] = { conninfo, "fundwatch", "UTF8",
				 "-c datestyle=ISO -c intervalstyle=postgres "
				 "-c timezone=Asia/Shanghai -c client_min_messages=warning", NULL };

	db->conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(db->conn) == CONNECTION_OK)
		return true;
	(void)fail(db, NULL, e);
	db_close(db);
	return false;
}

void db_close(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
}

bool db_lost(const struct db *db)
{
	return !db->conn || PQstatus(db->conn) != CONNECTION_OK;
}

bool db_exec(struct db *db, const char *sql, struct err *e)
{
	PGresult *r = PQexec(db->conn, sql);
	ExecStatusType status = PQresultStatus(r);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
	if (!ok)
		(void)fail(db, r, e);
	PQclear(r);
	return ok;
}

PGresult *db_query(struct db *db, const char *sql, int n, const char *const *value, struct err *e)
{
	PGresult *r = PQexecParams(db->conn, sql, n, NULL, value, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(r);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return r;
	(void)fail(db, r, e);
	PQclear(r);
	return NULL;
}

bool db_execp(struct db *db, const char *sql, int n, const char *const *value, struct err *e)
{
	PGresult *r = db_query(db, sql, n, value, e);
	PQclear(r);
	return r != NULL;
}

bool db_number(struct db *db, const char *sql, int64_t none, int64_t *out, struct err *e)
{
	PGresult *r = db_query(db, sql, 0, NULL, e);
	if (!r)
		return false;
	*out = PQntuples(r) < 1 || PQgetisnull(r, 0, 0) ? none : atoll(PQgetvalue(r, 0, 0));
	PQclear(r);
	return true;
}

bool db_copy_in(struct db *db, const char *sql, struct err *e)
{
	PGresult *r = PQexec(db->conn, sql);
	bool ok = PQresultStatus(r) == PGRES_COPY_IN;
	if (!ok)
		(void)fail(db, r, e);
	PQclear(r);
	return ok;
}

bool db_copy_put(struct db *db, const struct buf *b, struct err *e)
{
	if (b->failed)
		return err_set(e, ERR_LIMIT, "a COPY buffer outgrew its bound");
	for (size_t at = 0; at < b->n;) {
		size_t n = b->n - at < (1u << 20) ? b->n - at : 1u << 20;
		if (PQputCopyData(db->conn, b->p + at, (int)n) != 1)
			return fail(db, NULL, e);
		at += n;
	}
	return true;
}

/* Reads what is left of a command's results; the first error is kept. */
static bool drain(struct db *db, struct err *e)
{
	bool ok = true;
	for (PGresult *r = PQgetResult(db->conn); r; r = PQgetResult(db->conn)) {
		if (ok && PQresultStatus(r) != PGRES_COMMAND_OK)
			ok = fail(db, r, e);
		PQclear(r);
		if (PQstatus(db->conn) != CONNECTION_OK)
			break;
	}
	return ok;
}

bool db_copy_done(struct db *db, struct err *e)
{
	if (PQputCopyEnd(db->conn, NULL) != 1)
		return fail(db, NULL, e);
	return drain(db, e);
}

bool db_copy_out(struct db *db, const char *sql,
		 bool (*row)(void *ctx, const char *p, size_t n, struct err *e), void *ctx,
		 struct err *e)
{
	PGresult *r = PQexec(db->conn, sql);
	bool ok = PQresultStatus(r) == PGRES_COPY_OUT;
	if (!ok)
		(void)fail(db, r, e);
	PQclear(r);
	if (!ok)
		return false;
	char *p;
	int n;
	while ((n = PQgetCopyData(db->conn, &p, 0)) > 0) {
		if (ok)
			ok = row(ctx, p, (size_t)n, e);
		PQfreemem(p);
	}
	if (n == -2)
		return fail(db, NULL, e);
	return drain(db, ok ? e : NULL) && ok;
}
