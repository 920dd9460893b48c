/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * acted.c - which alerts people have acted on, when it matters: where alerts meet in one finding.
 *
 * Asked of the database at most once a judging, and only then, so that a decision made a moment
 * ago counts. One made later still, before the epoch is committed, is carried over by the
 * commit itself (fundwatch.alert_follow).
 */
#include "daemon/engine/state.h"

#include <stdlib.h>

#include "daemon/host/log.h"

static bool ask(struct engine *en, struct err *e)
{
	const char *conninfo = en->conf.conf->database_conninfo;
	if (!en->acted_db.conn && !db_open(&en->acted_db, conninfo, &en->acted_wait, e))
		return false;
	PGresult *r = db_query(&en->acted_db, "SELECT alert_id FROM fundwatch.alert_acted", 0, NULL,
			       e);
	if (!r)
		return false;
	map64_clear(&en->acted);
	for (int i = 0; i < PQntuples(r); i++)
		(void)map64_put(&en->acted, strtoull(PQgetvalue(r, i, 0), NULL, 10), 1);
	PQclear(r);
	return true;
}

/* However long the database takes to be there: nothing can be committed without it either. */
static void ask_until_told(struct engine *en)
{
	const struct conf *c = en->conf.conf;
	struct err e;
	int64_t pause = 1;
	en->acted_wait = (struct db_wait){ en->stop_fd, c->database_connect_timeout,
					   c->database_statement_timeout,
					   c->database_lock_timeout };
	while (!en->stopping && !ask(en, &e)) {
		bool lost = !en->acted_db.conn || db_lost(&en->acted_db);
		if (lost)
			db_close(&en->acted_db);
		log_warn("alerts", "finding which alerts were decided on: %s", e.text);
		if (!lost || wait_or_stop(en->stop_fd, pause))
			return;
		pause = pause * 2 < c->database_retry_max ? pause * 2 : c->database_retry_max;
	}
}

bool engine_acted(void *ctx, uint64_t id)
{
	struct engine *en = ctx;
	if (!en->acted_asked)
		ask_until_told(en);
	en->acted_asked = true;
	return map64_get(&en->acted, id, NULL);
}
