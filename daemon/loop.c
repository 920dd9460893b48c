/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/loop.h"

#include <event2/event.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/host/clock.h"
#include "daemon/host/control.h"
#include "daemon/engine/engine.h"
#include "daemon/http/http.h"
#include "daemon/host/log.h"
#include "daemon/host/notify.h"
#include "daemon/source/desk.h"
#include "lib/base/mem.h"

#define ITEMS_AT_ONCE 512
#define MAILS_AT_ONCE 64
#define N_SIGNALS 3

/* Somebody who closed a period and waits for the outcome. */
struct asked {
	struct loop *lp;
	uint64_t ticket;
	struct asked *next;
};

struct loop {
	const struct loop_conf *lc;
	struct event_base *base;
	struct event *on_signal[N_SIGNALS], *on_spool, *on_mail, *on_stats, *on_quiet, *on_again;
	struct event *on_watchdog;    /* NULL: nobody wants to know */
	struct spool *spool;
	struct desk *desk;
	struct mailbox *mailbox;
	struct control *control;
	char live[DIGEST_HEX];        /* the rule set in force */
	struct engine *engine;
	struct http *http;            /* NULL: it is off */
	struct number_box *numbers;
	struct stats stats;
	int64_t begun;                /* seconds UTC */
	uint64_t told_epochs;         /* as of the last statistics line */
	bool idle, started, stopping, engine_gone, sink_gone;
	bool drained;                 /* cells judged since the last file */
	int code;

	struct asked *asked;          /* while their items are on their way */

	/* the helper that reads rules */
	bool reading, again;
	unsigned swapping;            /* rule sets on their way to the engine */
	pthread_t helper;
	struct conf wish;             /* settings it works with; its own while reading */
};

static void stop(struct loop *lp, int code)
{
	if (lp->stopping)
		return;
	lp->stopping = true;
	lp->code = code;
	notify("STOPPING=1");
	http_drain(lp->http);
	control_refused(lp->control, lp->live, "the daemon is ending\n", true);
	engine_stop(lp->engine);
}

/* ---- work for the engine ---- */

/* Its inbox is full, or it is ending: asked again in a moment. */
static void engine_busy(struct loop *lp)
{
	const struct timeval moment = { .tv_usec = 100000 };
	lp->idle = true;
	(void)event_add(lp->on_again, &moment);
}

static void give_work(struct loop *lp)
{
	const struct journal_item *it[ITEMS_AT_ONCE];
	if (!lp->idle || lp->stopping)
		return;
	uint32_t n = desk_next(lp->desk, it, ITEMS_AT_ONCE);
	if (n > 0) {
		lp->idle = lp->drained = false;
		(void)event_del(lp->on_quiet);
		for (uint32_t i = 0; i < n; i++)
			log_debug("spool", "`%s` is read", it[i]->in.name);
		if (!engine_take(lp->engine, it, n)) {
			desk_not_taken(lp->desk, it[0]);
			engine_busy(lp);
		}
		return;
	}
	if (!lp->drained && desk_empty(lp->desk) &&
	    !event_pending(lp->on_quiet, EV_TIMEOUT, NULL)) {
		struct timeval quiet = { .tv_sec = (time_t)lp->lc->conf->spool_quiet };
		(void)event_add(lp->on_quiet, &quiet);
	}
}

static void quiet_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *lp = arg;
	(void)fd;
	(void)what;
	if (!lp->idle || lp->stopping || !desk_empty(lp->desk))
		return;
	lp->drained = engine_drain(lp->engine);
	lp->idle = false;
	if (!lp->drained)
		engine_busy(lp);
}

static void again_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	give_work(arg);
}

static void spool_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *lp = arg;
	struct err e;
	(void)fd;
	(void)what;
	if (!spool_read(lp->spool, &e)) {
		log_error("spool", "%s", e.text);
		stop(lp, 1);
	}
	if (!lp->stopping)
		desk_feed(lp->desk);
	give_work(lp);
}

/* The journal told something. */
static void desk_changed(void *ctx)
{
	give_work(ctx);
}

static void desk_broken(void *ctx, const char *why)
{
	struct loop *lp = ctx;
	log_error("journal", "cannot go on: %s", why);
	stop(lp, 1);
}

/* ---- reloading ---- */

static void *read_rules(void *arg)
{
	struct loop *lp = arg;
	struct buf said;
	buf_init(&said, 1u << 20);
	struct rules *rules = rules_read(&lp->wish, &said);
	mail_post(lp->mailbox, &(struct mail){ .kind = MAIL_RULES_MADE, .rules = rules,
					       .text = buf_take(&said, NULL) });
	buf_fini(&said);
	return NULL;
}

static void log_lines(enum log_level level, const char *object, char *text)
{
	char *rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		if (*line)
			log_line(level, object, "%s", line);
}

/* The old set stays: said in the log, in the table of alarms, and to whoever asked. */
static void refuse(struct loop *lp, const char *object, const char *what, const char *why)
{
	log_error(object, "%s", what);
	char *lines = xstrdup(why);
	log_lines(LOG_ERROR, object, lines);
	xfree(lines);
	engine_alarm(lp->engine, why);
	control_refused(lp->control, lp->live, why, false);
}

/* Settings first: what may change now does, the rest is named. */
static bool reload_settings(struct loop *lp)
{
	struct err e;
	struct buf ignored;
	if (!lp->lc->conf_path) {
		conf_init(&lp->wish);
		return true;
	}
	if (!conf_load(&lp->wish, lp->lc->conf_path, &e)) {
		control_reading(lp->control);
		refuse(lp, "reload", "the old settings and rules stay in force:", e.text);
		return false;
	}
	buf_init(&ignored, 0);
	conf_reload(lp->lc->conf, &lp->wish, &ignored);
	if (ignored.n)
		log_warn("reload", "these settings need a restart: %s", buf_cstr(&ignored));
	buf_fini(&ignored);
	(void)log_set_level(lp->lc->conf->log_level);
	http_reload(lp->http);
	return true;
}

static void reload(struct loop *lp)
{
	sigset_t all, before;
	lp->again = lp->reading;
	if (lp->reading || lp->stopping || !reload_settings(lp))
		return;
	control_reading(lp->control);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	lp->reading = pthread_create(&lp->helper, NULL, read_rules, lp) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (lp->reading)
		return;
	conf_fini(&lp->wish);
	refuse(lp, "reload", "the old rules stay in force:", "no thread to read the rules with\n");
}

/* The digest is read before the rules go to the other thread. */
static void hand_over(struct loop *lp, struct mail *m)
{
	char digest[DIGEST_HEX];
	memcpy(digest, m->rules->set->digest, sizeof digest);
	if (engine_rules(lp->engine, m->rules)) {
		lp->swapping++;
		control_swapping(lp->control, digest, m->text);
		if (m->text)
			log_lines(LOG_WARN, "rules", m->text);
	} else {
		refuse(lp, "rules", "reload given up, the old rules stay in force:",
		       "the daemon is busy or ending; ask again\n");
	}
}

static void rules_made(struct loop *lp, struct mail *m)
{
	(void)pthread_join(lp->helper, NULL);
	conf_fini(&lp->wish);
	lp->reading = false;
	if (!m->rules)
		refuse(lp, "rules", "reload refused, the old rules stay in force:",
		       m->text ? m->text : "");
	else
		hand_over(lp, m);
	if (lp->again)
		reload(lp);
}

/* ---- mails ---- */

static void item_finished(struct loop *lp, struct mail *m)
{
	desk_finished(lp->desk, m->item, m->good, m->text ? m->text : "{}\n");
	give_work(lp);
}

static void ready(struct loop *lp, struct mail *m)
{
	(void)m;
	if (!lp->started) {
		lp->started = true;
		notify("READY=1");
		log_notice(NULL, "ready");
	}
	lp->idle = true;
	give_work(lp);
}

static void rules_live(struct loop *lp, struct mail *m)
{
	(void)snprintf(lp->live, sizeof lp->live, "%s", m->text);
	lp->swapping--;
	control_live(lp->control, lp->live);
	rules_free(m->rules); /* the old ones; the log tells of the new when they are committed */
}

static void fatal(struct loop *lp, struct mail *m)
{
	log_error(NULL, "cannot go on: %s", m->text);
	stop(lp, 1);
}

static void engine_gone(struct loop *lp, struct mail *m)
{
	(void)m;
	lp->engine_gone = true;
}

static void sink_gone(struct loop *lp, struct mail *m)
{
	(void)m;
	lp->sink_gone = true;
}

static void (*const handlers[])(struct loop *, struct mail *) = {
	[MAIL_READY] = ready,
	[MAIL_ITEM] = item_finished,
	[MAIL_RULES_MADE] = rules_made,
	[MAIL_RULES_LIVE] = rules_live,
	[MAIL_FATAL] = fatal,
	[MAIL_ENGINE_GONE] = engine_gone,
	[MAIL_SINK_GONE] = sink_gone,
};

static void end_if_through(struct loop *lp)
{
	if (lp->engine_gone && lp->sink_gone && !lp->reading && http_idle(lp->http))
		(void)event_base_loopbreak(lp->base);
}

static void mail_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *lp = arg;
	struct mail mail[MAILS_AT_ONCE];
	uint32_t n;
	(void)fd;
	(void)what;
	while ((n = mail_take(lp->mailbox, mail, MAILS_AT_ONCE)) > 0) {
		for (uint32_t i = 0; i < n; i++) {
			handlers[mail[i].kind](lp, &mail[i]);
			xfree(mail[i].text);
		}
	}
	end_if_through(lp);
}

/* ---- signals and timers ---- */

static void signal_cb(evutil_socket_t signo, short what, void *arg)
{
	struct loop *lp = arg;
	(void)what;
	if (signo == SIGHUP) {
		log_notice(NULL, "SIGHUP: reading settings and rules again");
		reload(lp);
		return;
	}
	log_notice(NULL, "%s: finishing the epoch in hand", strsignal((int)signo));
	stop(lp, 0);
}

static void add_stats_timer(struct loop *lp)
{
	struct timeval pause = { .tv_sec = (time_t)lp->lc->conf->stats_interval };
	if (pause.tv_sec > 0)
		(void)event_add(lp->on_stats, &pause);
}

static void add_stats(const struct loop *lp, struct buf *b)
{
	const char *blank = "";
#define STAT(name, what) \
	buf_addf(b, "%s" #name "=%" PRIu64, blank, (uint64_t)lp->stats.name), blank = " ";
#include "daemon/work/stats.def"
#undef STAT
	buf_addf(b, " waiting=%u", spool_waiting(lp->spool));
}

static void log_stats(struct loop *lp)
{
	struct buf b;
	buf_init(&b, 0);
	add_stats(lp, &b);
	log_info("stats", "%s", buf_cstr(&b));
	buf_fini(&b);
}

static void stats_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *lp = arg;
	(void)fd;
	(void)what;
	if (lp->stats.epochs != lp->told_epochs)
		log_stats(lp);
	lp->told_epochs = lp->stats.epochs;
	add_stats_timer(lp);
}

/* ---- life ---- */

static void watch(struct loop *lp)
{
	static const int signals[N_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };
	for (int i = 0; i < N_SIGNALS; i++) {
		lp->on_signal[i] = evsignal_new(lp->base, signals[i], signal_cb, lp);
		(void)event_add(lp->on_signal[i], NULL);
	}
	lp->on_spool = event_new(lp->base, spool_fd(lp->spool), EV_READ | EV_PERSIST, spool_cb, lp);
	lp->on_mail = event_new(lp->base, mailbox_fd(lp->mailbox), EV_READ | EV_PERSIST, mail_cb,
				lp);
	lp->on_quiet = evtimer_new(lp->base, quiet_cb, lp);
	lp->on_again = evtimer_new(lp->base, again_cb, lp);
	lp->on_stats = evtimer_new(lp->base, stats_cb, lp);
	lp->on_watchdog = notify_watchdog(lp->base);
	(void)event_add(lp->on_spool, NULL);
	(void)event_add(lp->on_mail, NULL);
	add_stats_timer(lp);
}

static void unwatch(struct loop *lp)
{
	struct event *all[] = { lp->on_signal[0], lp->on_signal[1], lp->on_signal[2],
				lp->on_spool, lp->on_mail, lp->on_quiet, lp->on_again, lp->on_stats,
				lp->on_watchdog };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i])
			event_free(all[i]);
	event_base_free(lp->base);
}

static void asked_reload(void *ctx)
{
	struct loop *lp = ctx;
	log_notice(NULL, "asked to reload: reading settings and rules again");
	reload(lp);
}

static void asked_status(void *ctx, struct buf *answer)
{
	struct loop *lp = ctx;
	buf_addf(answer, "live %s\n", lp->live);
	add_stats(lp, answer);
	buf_addc(answer, '\n');
}

/* ---- periods ---- */

static void answered(struct asked *take_asked)
{
	struct asked **at = &take_asked->lp->asked;
	while (*at != take_asked)
		at = &(*at)->next;
	*at = take_asked->next;
	xfree(take_asked);
}

static void period_told(void *ctx, const struct journal_notice *n)
{
	struct asked *a = ctx;
	if (n->answer == JOURNAL_DURABLE) {
		control_kept(a->lp->control, a->ticket, n->item->number);
		return;
	}
	control_ticket(a->lp->control, a->ticket, false, n->why.text);
	answered(a);
}

static void period_finished(void *ctx, bool good, const char *report)
{
	struct asked *a = ctx;
	control_ticket(a->lp->control, a->ticket, good, report);
	answered(a);
}

/* Each is another one, even with the same words: what was closed may be closed again. */
static void name_period(char *name, size_t size)
{
	uint64_t any = 0;
	(void)!getrandom(&any, sizeof any, 0);
	(void)snprintf(name, size, "period-%" PRId64 "-%016" PRIx64, clock_wall(), any);
}

/* Through the journal, like any input: in its order, once, and not lost without a database. */
static bool asked_period(void *ctx, const char *words, uint64_t ticket, struct err *e)
{
	struct loop *lp = ctx;
	char name[64];
	const struct journal_input in = { .source = PERIOD_SOURCE, .name = name,
					  .extract_date = INT32_MIN };
	if (!engine_period(lp->engine, words, e))
		return false;
	name_period(name, sizeof name);
	struct asked *a = xcalloc(1, sizeof *a);
	*a = (struct asked){ lp, ticket, lp->asked };
	lp->asked = a;
	const struct desk_sender sender = { period_told, period_finished, a };
	struct journal_ticket *t = desk_begin(lp->desk, &in, &sender, e);
	bool ok = t && journal_append(t, words, strlen(words), e);
	if (ok)
		journal_end(t);
	else if (t)
		desk_drop(lp->desk, t);
	if (!ok)
		answered(a);
	return ok;
}

/* How everything stands; the journal's and HTTP's own numbers are asked for. */
static void fill_view(void *ctx, struct http_view *out)
{
	struct loop *lp = ctx;
	struct journal_stats js;
	struct buf why;
	*out = (struct http_view){ .started = lp->started, .ending = lp->stopping,
				   .stats = &lp->stats,
				   .numbers = number_box_take(lp->numbers) };
	memcpy(out->live, lp->live, sizeof out->live);
	journal_stats_get(desk_journal(lp->desk), &js);
	out->gauges = (struct gauges){
		.database_up = lp->started, .applying_rules = lp->reading || lp->swapping > 0,
		.spool_waiting = spool_waiting(lp->spool), .journal_items = (int64_t)js.items,
		.journal_bytes = (int64_t)js.bytes, .journal_bound_bytes = (int64_t)js.bound,
		.journal_full = journal_full(desk_journal(lp->desk)),
		.journal_segments = (int64_t)js.segments,
		.sink_waiting = lp->engine ? engine_waiting(lp->engine) : 0,
		.alerts_live = out->numbers ? (int64_t)out->numbers->alerts_live : 0,
		.timeline_bytes = out->numbers ? (int64_t)out->numbers->bytes : 0,
		.cells_bytes = out->numbers ? (int64_t)out->numbers->cells : 0,
		.timeline_disk_bytes = out->numbers ? (int64_t)out->numbers->on_disk : 0,
		.start_time_seconds = lp->begun,
	};
	uint64_t back = 0;
	if (lp->engine)
		out->gauges.reading_history = engine_history(lp->engine, &back);
	out->gauges.history_records = (int64_t)back;
	http_gauges(lp->http, &out->gauges);
	buf_init(&why, 0);
	health_reasons(out, &why);
	out->gauges.ready = why.n == 0;
	buf_fini(&why);
}

static void asked_metrics(void *ctx, struct buf *answer)
{
	struct loop *lp = ctx;
	struct http_view v;
	fill_view(lp, &v);
	http_metrics(lp->http, &v, answer);
}

static void http_drained(void *ctx)
{
	end_if_through(ctx);
}

static bool open_http(struct loop *lp, struct err *e)
{
	const struct http_conf hc = {
		.base = lp->base, .conf = lp->lc->conf, .feeds = lp->lc->feeds,
		.desk = lp->desk, .view = fill_view,
		.reload = asked_reload, .drained = http_drained, .ctx = lp,
	};
	if (!*lp->lc->conf->http_listen)
		return true;
	lp->http = http_open(&hc, e);
	return lp->http != NULL;
}

static bool listen_for(struct loop *lp, struct err *e)
{
	const struct conf *c = lp->lc->conf;
	const struct control_conf cc = { lp->base, asked_reload, asked_status, asked_period,
					asked_metrics, lp };
	struct buf path;
	buf_init(&path, 0);
	control_path(c->control_socket, c->spool_dir, &path);
	lp->control = control_open(buf_cstr(&path), &cc, e);
	buf_fini(&path);
	return lp->control != NULL;
}

static bool open_desk(struct loop *lp, struct err *e)
{
	struct desk_conf dc = {
		.conf = lp->lc->conf, .feeds = lp->lc->feeds, .spool = lp->spool, .base = lp->base,
		.stats = &lp->stats, .changed = desk_changed, .broken = desk_broken, .ctx = lp,
	};
	lp->desk = desk_open(&dc, e);
	return lp->desk != NULL;
}

static bool begin(struct loop *lp, struct rules *take_rules, struct err *e)
{
	lp->base = event_base_new();
	lp->spool = spool_open(lp->lc->conf->spool_dir, e);
	lp->mailbox = lp->spool ? mailbox_new(e) : NULL;
	if (!lp->mailbox) {
		rules_free(take_rules);
		return false;
	}
	watch(lp);
	(void)snprintf(lp->live, sizeof lp->live, "%s", take_rules->set->digest);
	struct engine_conf ec = {
		.conf = lp->lc->conf, .feeds = lp->lc->feeds,
		.mailbox = lp->mailbox, .stats = &lp->stats, .numbers = lp->numbers,
	};
	if (!open_desk(lp, e) || !listen_for(lp, e) || !open_http(lp, e)) {
		rules_free(take_rules);
		return false;
	}
	ec.journal = desk_journal(lp->desk);
	lp->engine = engine_new(&ec, take_rules, e);
	if (lp->engine)
		desk_feed(lp->desk);
	return lp->engine != NULL;
}

int loop_run(const struct loop_conf *lc, struct rules *take_rules)
{
	struct loop *lp = xcalloc(1, sizeof *lp);
	struct err e;
	int code = 1;
	lp->lc = lc;
	lp->begun = clock_seconds();
	lp->numbers = number_box_new();
	(void)signal(SIGPIPE, SIG_IGN);
	if (begin(lp, take_rules, &e)) {
		(void)event_base_dispatch(lp->base);
		engine_free(lp->engine);
		log_stats(lp);
		code = lp->code;
		log_notice(NULL, "ended");
	} else {
		log_error(NULL, "%s", e.text);
	}
	control_close(lp->control);
	http_close(lp->http);
	desk_close(lp->desk);
	while (lp->asked)
		answered(lp->asked);
	unwatch(lp);
	number_box_free(lp->numbers);
	mailbox_free(lp->mailbox);
	spool_close(lp->spool);
	xfree(lp);
	return code;
}
