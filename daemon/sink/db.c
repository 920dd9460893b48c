/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/db.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/fault.h"
#include "lib/base/str.h"

#define MARGIN 5          /* seconds the server gets to end a statement by itself */
#define CHECKS_CLIENT 140000 /* servers that notice a client that is gone while they wait */

/* libpq's messages end with a newline; a sentence does not. */
static bool fail(struct db *db, const PGresult *r, struct err *e)
{
	const char *text = r ? PQresultErrorMessage(r) : PQerrorMessage(db->conn);
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	if (!*text)
		text = PQerrorMessage(db->conn);
	struct str s = str_trim(str_of(text));
	(void)snprintf(db->state, sizeof db->state, "%s", state ? state : "");
	return err_set(e, ERR_WORLD, "PostgreSQL: " STR_FMT "%s%s%s", STR_ARG(s),
		       state ? " [" : "", state ? state : "", state ? "]" : "");
}

/* ---- waiting ---- */

static bool give_up(struct db *db, struct err *e, const char *why)
{
	db->given_up = true;
	return err_set(e, ERR_WORLD, "PostgreSQL: %s", why);
}

/* True when the socket or the stop is ready; `seconds` 0: for ever. */
static bool await_any(struct pollfd *p, nfds_t n, int64_t seconds)
{
	int got;
	do
		got = poll(p, n, seconds > 0 ? (int)(seconds * 1000) : -1);
	while (got < 0 && errno == EINTR);
	return got > 0;
}

/* Until the socket is ready for one of the events. After a stop was asked for, a statement
 * under way gets a few seconds more, a connection being made none. */
static bool await(struct db *db, short events, int64_t seconds, bool connecting, struct err *e)
{
	struct pollfd p[2] = {
		{ .fd = PQsocket(db->conn), .events = events },
		{ .fd = db->wait ? db->wait->stop_fd : -1, .events = POLLIN },
	};
	if (!await_any(p, 2, seconds))
		return give_up(db, e, "no answer in time");
	if (p[0].revents || (!connecting && await_any(p, 1, MARGIN)))
		return true;
	return give_up(db, e, "stopped while waiting for it");
}

/* The server ends a statement that takes too long; we only when it does not even do that. */
static int64_t bound(const struct db *db)
{
	return !db->wait || db->patient || db->wait->statement == 0
		       ? 0 : db->wait->statement + MARGIN;
}

/* All that was sent is on its way; meanwhile answers are taken in, so that nobody waits for us. */
static bool flush(struct db *db, struct err *e)
{
	int left;
	while ((left = PQflush(db->conn)) == 1) {
		if (!await(db, POLLIN | POLLOUT, bound(db), false, e))
			return false;
		if (PQconsumeInput(db->conn) != 1)
			return fail(db, NULL, e);
	}
	return left == 0 || fail(db, NULL, e);
}

/* The next result, NULL at the end (or when the wait was given up: db_lost tells). */
static PGresult *next_result(struct db *db, struct err *e)
{
	while (PQisBusy(db->conn)) {
		if (!await(db, POLLIN, bound(db), false, e))
			return NULL;
		if (PQconsumeInput(db->conn) != 1) {
			(void)fail(db, NULL, e);
			return NULL;
		}
	}
	return PQgetResult(db->conn);
}

static bool is_copy(const PGresult *r)
{
	ExecStatusType st = PQresultStatus(r);
	return st == PGRES_COPY_IN || st == PGRES_COPY_OUT;
}

/* As PQexec: the last result, or the first that is an error, or the one that begins a COPY. */
static PGresult *last_result(struct db *db, struct err *e)
{
	PGresult *last = NULL, *r;
	while ((r = next_result(db, e))) {
		bool wrong = last && PQresultStatus(last) == PGRES_FATAL_ERROR;
		PQclear(wrong ? r : last);
		last = wrong ? last : r;
		if (is_copy(last) || PQstatus(db->conn) != CONNECTION_OK)
			break;
	}
	if (db->given_up) {
		PQclear(last);
		return NULL;
	}
	return last;
}

static PGresult *ask(struct db *db, const char *sql, int n, const char *const *value,
		     struct err *e)
{
	int sent = value ? PQsendQueryParams(db->conn, sql, n, NULL, value, NULL, NULL, 0)
			 : PQsendQuery(db->conn, sql);
	if (sent != 1) {
		(void)fail(db, NULL, e);
		return NULL;
	}
	return flush(db, e) ? last_result(db, e) : NULL;
}

/* What went wrong: the result's sentence, or what the waiting said already. */
static bool refuse(struct db *db, const PGresult *r, struct err *e)
{
	return r ? fail(db, r, e) : false;
}

/* ---- connecting ---- */

static bool settle(struct db *db, struct err *e)
{
	PostgresPollingStatusType st = PGRES_POLLING_WRITING;
	while (st != PGRES_POLLING_OK) {
		if (st == PGRES_POLLING_FAILED)
			return fail(db, NULL, e);
		if (!await(db, st == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			   db->wait ? db->wait->connect : 0, true, e))
			return false;
		st = PQconnectPoll(db->conn);
	}
	return true;
}

bool db_bounds(struct db *db, struct err *e)
{
	char sql[160];
	const struct db_wait *w = db->wait;
	bool checks = PQserverVersion(db->conn) >= CHECKS_CLIENT;
	if (!w)
		return true;
	(void)snprintf(sql, sizeof sql, "SET statement_timeout = %" PRId64 "; SET lock_timeout = %"
		       PRId64 "%s", w->statement * 1000, w->lock * 1000,
		       checks ? "; SET client_connection_check_interval = 5000" : "");
	return db_exec(db, sql, e);
}

/* What the connection string says goes before our keepalives, and ours before its options. */
bool db_open(struct db *db, const char *conninfo, const struct db_wait *wait, struct err *e)
{
	static const char *const keys[] = {
		"keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"dbname", "fallback_application_name", "client_encoding", "options", NULL };
	const char *const values[] = {
		"30", "10", "3", "60000", conninfo, "fundwatch", "UTF8",
		"-c datestyle=ISO -c intervalstyle=postgres -c timezone=Asia/Shanghai "
		"-c client_min_messages=warning", NULL };

	*db = (struct db){ .wait = wait };
	if (fault_fails(db_connect))
		return err_set(e, ERR_WORLD, "PostgreSQL: cannot connect: %s", strerror(errno));
	db->conn = PQconnectStartParams(keys, values, 1);
	bool ok = db->conn && PQstatus(db->conn) != CONNECTION_BAD ? settle(db, e)
								   : fail(db, NULL, e);
	ok = ok && (PQsetnonblocking(db->conn, 1) == 0 || fail(db, NULL, e)) && db_bounds(db, e);
	if (!ok)
		db_close(db);
	return ok;
}

void db_close(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->given_up = db->patient = false;
}

bool db_lost(const struct db *db)
{
	return !db->conn || db->given_up || PQstatus(db->conn) != CONNECTION_OK;
}

/* ---- statements ---- */

static bool fine(const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

bool db_exec(struct db *db, const char *sql, struct err *e)
{
	PGresult *r = ask(db, sql, 0, NULL, e);
	bool ok = fine(r) || refuse(db, r, e);
	PQclear(r);
	return ok;
}

PGresult *db_query(struct db *db, const char *sql, int n, const char *const *value, struct err *e)
{
	static const char *const none[1] = { NULL };
	PGresult *r = ask(db, sql, n, value ? value : none, e);
	if (fine(r))
		return r;
	(void)refuse(db, r, e);
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

/* ---- COPY ---- */

static bool begin_copy(struct db *db, const char *sql, ExecStatusType wanted, struct err *e)
{
	PGresult *r = ask(db, sql, 0, NULL, e);
	bool ok = PQresultStatus(r) == wanted || refuse(db, r, e);
	PQclear(r);
	return ok;
}

bool db_copy_in(struct db *db, const char *sql, struct err *e)
{
	return begin_copy(db, sql, PGRES_COPY_IN, e);
}

static bool put_piece(struct db *db, const char *p, int n, struct err *e)
{
	int put;
	while ((put = PQputCopyData(db->conn, p, n)) == 0)
		if (!flush(db, e))
			return false;
	return put == 1 ? flush(db, e) : fail(db, NULL, e);
}

bool db_copy_put(struct db *db, const struct buf *b, struct err *e)
{
	if (b->failed)
		return err_set(e, ERR_LIMIT, "a COPY buffer outgrew its bound");
	for (size_t at = 0; at < b->n;) {
		size_t n = b->n - at < (1u << 20) ? b->n - at : 1u << 20;
		if (!put_piece(db, b->p + at, (int)n, e))
			return false;
		at += n;
	}
	return true;
}

/* Reads what is left of a command's results; the first error is kept. */
static bool drain(struct db *db, struct err *e)
{
	bool ok = true;
	for (PGresult *r = next_result(db, e); r; r = next_result(db, ok ? e : NULL)) {
		if (ok && PQresultStatus(r) != PGRES_COMMAND_OK)
			ok = fail(db, r, e);
		PQclear(r);
		if (PQstatus(db->conn) != CONNECTION_OK)
			break;
	}
	return ok && !db->given_up;
}

bool db_copy_done(struct db *db, struct err *e)
{
	int put;
	while ((put = PQputCopyEnd(db->conn, NULL)) == 0)
		if (!flush(db, e))
			return false;
	if (put != 1)
		return fail(db, NULL, e);
	return flush(db, e) && drain(db, e);
}

/* A row into *p; 0: none yet and none can be waited for, -1: the end, -2: failed. */
static int next_row(struct db *db, char **p, struct err *e)
{
	int n;
	while ((n = PQgetCopyData(db->conn, p, 1)) == 0) {
		if (!await(db, POLLIN, bound(db), false, e))
			return 0;
		if (PQconsumeInput(db->conn) != 1)
			return -2;
	}
	return n;
}

bool db_copy_out(struct db *db, const char *sql,
		 bool (*row)(void *ctx, const char *p, size_t n, struct err *e), void *ctx,
		 struct err *e)
{
	bool ok = begin_copy(db, sql, PGRES_COPY_OUT, e);
	char *p;
	int n;
	if (!ok)
		return false;
	while ((n = next_row(db, &p, e)) > 0) {
		if (ok)
			ok = row(ctx, p, (size_t)n, e);
		PQfreemem(p);
	}
	if (n == 0)
		return false;
	if (n == -2)
		return fail(db, NULL, e);
	return drain(db, ok ? e : NULL) && ok;
}
