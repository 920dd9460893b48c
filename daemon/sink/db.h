/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db.h - one connection to PostgreSQL and the few ways we talk to it.
 *
 * Statements take parameters ($1, ...) as texts, never text pasted into SQL. Errors carry
 * the server's sentence and SQLSTATE. One thread owns a connection. After an error whose
 * db_lost() is true the connection is gone; open another.
 * No call waits longer than its struct db_wait allows, whatever became of the server or the
 * net in between: the socket never blocks, and all waiting is one poll.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/* How long to wait, in seconds; 0: for ever. */
struct db_wait {
	int stop_fd;                   /* readable: give up soon; -1: none */
	int64_t connect, statement, lock;
};

struct db {
	PGconn *conn;
	const struct db_wait *wait;    /* borrowed; NULL: no bounds */
	bool given_up;                 /* waited in vain: the connection is of no more use */
	char state[6];                 /* SQLSTATE of the last error, "" when it had none */
	bool patient;                  /* statements may take their time; a stop is still heard */
};

/* Connects; session settings are fixed (UTF-8, ISO dates, application name). */
bool db_open(struct db *db, const char *conninfo, const struct db_wait *wait,
	     struct err *e) MUST_CHECK;

/* Sets the session's bounds again after they were changed. */
bool db_bounds(struct db *db, struct err *e) MUST_CHECK;
void db_close(struct db *db); /* closing a closed one is fine */

/* Whether the connection itself is gone. */
bool db_lost(const struct db *db);

/* Runs one statement without rows of interest. */
bool db_exec(struct db *db, const char *sql, struct err *e) MUST_CHECK;

/* The same with n parameters; NULL is SQL's NULL. */
bool db_execp(struct db *db, const char *sql, int n, const char *const *value,
	      struct err *e) MUST_CHECK;

/* A query's rows as texts; the caller calls PQclear. NULL on errors. */
PGresult *db_query(struct db *db, const char *sql, int n, const char *const *value,
		   struct err *e) MUST_CHECK;

/* One number from the first row and column; `none` when there is no row or it is NULL. */
bool db_number(struct db *db, const char *sql, int64_t none, int64_t *out,
	       struct err *e) MUST_CHECK;

/* COPY ... FROM STDIN: begin with the statement, put bytes, end. */
bool db_copy_in(struct db *db, const char *sql, struct err *e) MUST_CHECK;
bool db_copy_put(struct db *db, const struct buf *b, struct err *e) MUST_CHECK;
bool db_copy_done(struct db *db, struct err *e) MUST_CHECK;

/* COPY ... TO STDOUT: each piece of data is given to `row` until it returns false. */
bool db_copy_out(struct db *db, const char *sql,
		 bool (*row)(void *ctx, const char *p, size_t n, struct err *e), void *ctx,
		 struct err *e) MUST_CHECK;
