/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * start.c - from nothing to ready: connect, remember, judge.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "daemon/host/log.h"
#include "lib/base/civil.h"
#include "lib/base/mem.h"

/* Whatever is wrong with it, somebody else can put it right while intake goes on. */
static bool connect_database(struct engine *en, struct db *db, const struct db_wait *wait,
			     struct err *e)
{
	int64_t pause = 1, most = en->conf.conf->database_retry_max;
	bool told = false, person = false;
	while (!sink_connect(db, en->conf.conf->database_conninfo, wait, e)) {
		if (!told || (e->code == ERR_CONF && !person))
			log_error("database", "cannot connect: %s; trying again, intake goes on",
				  e->text);
		told = true;
		person = e->code == ERR_CONF;
		if (wait_or_stop(en->stop_fd, pause))
			return err_set(e, ERR_WORLD, "stopped before the database was there");
		pause = pause * 2 < most ? pause * 2 : most;
	}
	if (told)
		log_notice("database", "connected");
	return true;
}

static struct db_wait wait_of(const struct engine *en)
{
	const struct conf *c = en->conf.conf;
	return (struct db_wait){ en->stop_fd, c->database_connect_timeout,
				 c->database_statement_timeout, c->database_lock_timeout };
}

char *engine_segments_path(const struct conf *c)
{
	struct buf path;
	buf_init(&path, 0);
	if (*c->segments_dir)
		buf_adds(&path, c->segments_dir);
	else
		buf_addf(&path, "%s/.segments", c->spool_dir);
	return buf_take(&path, NULL);
}

static bool make_pool(struct engine *en, struct err *e)
{
	const struct conf *c = en->conf.conf;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	char *dir = engine_segments_path(c);
	struct pool_conf pc = {
		.plan = en->rules->plan,
		.feed = feeds_classes(en->conf.feeds),
		.workers = (uint32_t)(c->engine_workers ? c->engine_workers
				      : cores > 0 ? cores : 1),
		.inbox = (uint32_t)c->engine_inbox,
		.keep_alerts = true,
		.keep_columns = c->memory_limit == 0 && strcmp(c->engine_columns, "keep") == 0,
		.memory = (uint64_t)c->memory_limit << 20,
		.dir = dir,
	};
	en->pool = pool_new(&pc, e);
	xfree(dir);
	return en->pool != NULL;
}

static void log_period(const struct epoch *ep)
{
	const struct period_event *p = ep->period;
	struct buf day;
	buf_init(&day, 0);
	civil_add_date(&day, civil_month_start(p->month));
	log_notice("periods", "month of %s in region `%s` %s by %s: %" PRIu64 " raised, %" PRIu64
		   " amended, %" PRIu64 " withdrawn", buf_cstr(&day), p->region,
		   p->close ? "closed" : "opened again", p->who, ep->raised, ep->amended,
		   ep->withdrawn);
	buf_fini(&day);
}

static void log_commit(const struct epoch *ep)
{
	if (ep->kind == EPOCH_INTAKE && ep->n_intake > 1)
		log_debug("epoch", "%" PRId64 " committed: intake %" PRId64 " and %u more, %"
			  PRIu64 " rows", ep->number, ep->intake->id, ep->n_intake - 1, ep->rows);
	else if (ep->kind == EPOCH_INTAKE)
		log_debug("epoch", "%" PRId64 " committed: intake %" PRId64 " rows %" PRIu64
			  "..%" PRIu64, ep->number, ep->intake->id, ep->rows_from, ep->rows_to);
	else if (ep->kind == EPOCH_DRAIN)
		log_info("spool", "drained: rules over facilities and peers are judged, %" PRIu64
			 " raised, %" PRIu64 " amended, %" PRIu64 " withdrawn", ep->raised,
			 ep->amended, ep->withdrawn);
	else if (ep->kind == EPOCH_PERIOD)
		log_period(ep);
	else
		log_notice("rules", "rule set %s is live, %" PRIu64 " raised, %" PRIu64
			   " amended, %" PRIu64 " withdrawn", ep->rule_set, ep->raised, ep->amended,
			   ep->withdrawn);
}

/* What whoever closed it is told. */
static char *period_text(const struct epoch *ep)
{
	struct buf b;
	buf_init(&b, 0);
	buf_addf(&b, "epoch %" PRId64 ": %" PRIu64 " raised, %" PRIu64 " amended, %" PRIu64
		 " withdrawn\n", ep->number, ep->raised, ep->amended, ep->withdrawn);
	return buf_take(&b, NULL);
}

static void tell_item(struct engine *en, const struct epoch *ep, const struct intake_row *in)
{
	journal_done(en->conf.journal, in->tag);
	mail_post(en->conf.mailbox, &(struct mail){
		.kind = MAIL_ITEM, .item = in->tag, .good = in->state == INTAKE_DONE,
		.text = ep->period ? period_text(ep) : xstrdup(in->report) });
}

/* The sink's thread: counters, and the news that a file is safe. */
static void committed(void *ctx, const struct epoch *ep)
{
	struct engine *en = ctx;
	struct stats *st = en->conf.stats;
	if (ep->alarm)
		return;
	segments_committed(en->segments, ep);
	log_commit(ep);
	st->epochs++;
	st->raised += ep->raised;
	st->amended += ep->amended;
	st->withdrawn += ep->withdrawn;
	for (uint32_t i = 0; i < ep->n_intake; i++)
		if (ep->intake[i].state != INTAKE_READING)
			tell_item(en, ep, &ep->intake[i]);
}

/* The sink's preparer: what the database is about to have is on this disk first. */
static void before_commit(void *ctx, const struct epoch *ep)
{
	struct engine *en = ctx;
	if (!ep->alarm)
		segments_write(en->segments, ep);
}

static void sink_lost(void *ctx)
{
	struct engine *en = ctx;
	mail_post(en->conf.mailbox, &(struct mail){
		.kind = MAIL_FATAL,
		.text = xstrdup("the database has lost commits it had confirmed") });
}

static void sink_gone(void *ctx)
{
	struct engine *en = ctx;
	mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_SINK_GONE });
}

static bool make_sink(struct engine *en, struct db take_db, struct err *e)
{
	const struct conf *c = en->conf.conf;
	struct sink_conf sc = {
		.conninfo = c->database_conninfo,
		.retry_max = c->database_retry_max,
		.wait = wait_of(en),
		.depth = (uint32_t)c->sink_queue,
		.before = before_commit,
		.committed = committed,
		.lost = sink_lost,
		.gone = sink_gone,
		.ctx = en,
	};
	en->sink = sink_new(&sc, take_db, e);
	return en->sink != NULL;
}

static bool open_segments(struct engine *en, struct err *e)
{
	char *path = engine_segments_path(en->conf.conf);
	en->segments = segments_open(path, e);
	xfree(path);
	return en->segments != NULL;
}

/* Nothing of it, so that it can be loaded once more. */
static void forget(struct engine *en)
{
	pool_free(en->pool);
	en->pool = NULL;
	ledger_free(en->ledger);
	en->ledger = ledger_new();
	number_box_forget(en->conf.numbers);
	complete_free(en->over);
	en->over = NULL;
	engine_left_out_drop(en);
	map64_fini(&en->judged);
	map64_init(&en->judged);
}

static bool load_all(struct engine *en, struct db *db, struct err *e)
{
	return make_pool(en, e) && engine_find_floor(en, db, e) && engine_load(en, db, e) &&
	       engine_left_out_read(en, db, e) &&
	       engine_load_periods(en, db, e);
}

/* Once: connect, load. A failure of the world's may be tried again, others not. */
static bool remember_once(struct engine *en, struct db *db, const struct db_wait *wait,
			  struct err *e)
{
	if (!connect_database(en, db, wait, e))
		return false;
	if (open_segments(en, e) && load_all(en, db, e))
		return true;
	db_close(db);
	return false;
}

static bool remember(struct engine *en, struct db *db, const struct db_wait *wait, struct err *e)
{
	int64_t pause = 1, most = en->conf.conf->database_retry_max;
	bool told = false;
	while (!remember_once(en, db, wait, e)) {
		if (e->code != ERR_WORLD || en->stopping)
			return false;
		if (!told)
			log_error("database", "%s; loading again, intake goes on", e->text);
		told = true;
		forget(en);
		segments_close(en->segments);
		en->segments = NULL;
		if (wait_or_stop(en->stop_fd, pause))
			return err_set(e, ERR_WORLD, "stopped before history was loaded");
		pause = pause * 2 < most ? pause * 2 : most;
	}
	return true;
}

bool engine_start(struct engine *en, struct err *e)
{
	struct db db = { 0 };
	const struct db_wait wait = wait_of(en);
	if (!remember(en, &db, &wait, e))
		return false;
	if (!make_sink(en, db, e))
		return false;
	if (en->stopping) /* a stop that came before the sink could hear it */
		sink_hurry(en->sink);
	return engine_judge(en, engine_epoch(en, EPOCH_RULES), POOL_ALL,
			    engine_closes_by_hand(en), e);
}

/* The sink has the lock that says one daemon works here: this is a reader beside it. */
static bool load_beside(struct engine *en, struct err *e)
{
	const struct db_wait wait = { en->stop_fd, en->conf.conf->database_connect_timeout, 0, 0 };
	struct db db = { .conn = NULL };
	bool ok = db_open(&db, en->conf.conf->database_conninfo, &wait, e) && load_all(en, &db, e);
	db_close(&db);
	return ok;
}

bool engine_remember_anew(struct engine *en, struct err *e)
{
	int64_t pause = 1, most = en->conf.conf->database_retry_max;
	bool told = false;
	if (!sink_settle(en->sink))
		return err_set(e, ERR_WORLD, "stopped before all was committed");
	for (;;) {
		forget(en);
		if (load_beside(en, e))
			break;
		if (e->code != ERR_WORLD || en->stopping)
			return false;
		if (!told)
			log_error("database", "%s; loading again, intake goes on", e->text);
		told = true;
		if (wait_or_stop(en->stop_fd, pause))
			return err_set(e, ERR_WORLD, "stopped before history was loaded");
		pause = pause * 2 < most ? pause * 2 : most;
	}
	en->told_closed = en->counting = false;
	engine_account_rules(en);
	return true;
}
