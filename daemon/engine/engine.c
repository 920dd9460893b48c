/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/engine/state.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"

#define INBOX_DEPTH 8

int64_t engine_now(void)
{
	return clock_wall();
}

struct epoch *engine_epoch(struct engine *en, enum epoch_kind kind)
{
	struct epoch *ep = epoch_new(++en->last_epoch, kind, en->rules->set->digest, engine_now());
	ep->release = en->rules->release;
	en->rules->release = NULL;
	ep->kept_from = en->floor;
	return ep;
}

struct judging {
	struct epoch_teller teller;
	struct number_box *numbers;
};

static int reported(const struct finding *f)
{
	return f && !f->excepted ? 1 : 0;
}

static void tell_change(void *ctx, const struct change *c)
{
	struct judging *j = ctx;
	const struct finding *f = c->now ? c->now : c->before;
	int step = (c->kind == CHANGE_WITHDRAWN ? 0 : reported(c->now)) -
		   (c->kind == CHANGE_RAISED ? 0 : reported(c->before));
	if (step)
		number_box_alert(j->numbers, f->rule, step);
	epoch_change(&j->teller, c);
}

static void tell_asleep(struct engine *en)
{
	if (!en->told_asleep && pool_asleep(en->pool))
		log_notice("memory", "timelines and cells take more than memory.limit (%" PRId64
			   " MiB): they are on disk from now on and come back to be judged",
			   en->conf.conf->memory_limit);
	en->told_asleep = pool_asleep(en->pool);
}

bool engine_judge(struct engine *en, struct epoch *take_epoch, enum pool_what what, bool cells,
		  struct err *e)
{
	struct judging j = { { take_epoch, &en->chain, en->rules->set }, en->conf.numbers };
	struct pool_sink to = { .change = tell_change, .ctx = &j, .frozen_ctx = en,
				.handled = engine_acted, .handled_ctx = en };
	en->acted_asked = false;
	if (en->floor != MISSING_I32 || en->purged != MISSING_I32 || engine_closes_by_hand(en)) {
		to.frozen = engine_closed_person;
		to.frozen_cells = engine_closed_cell;
	}
	if (!en->told_closed)
		epoch_close_alerts(take_epoch, en->closed, en->n_closed);
	en->told_closed = true;
	if (!pool_judge(en->pool, what, cells, &to, e)) {
		epoch_free(take_epoch);
		return err_wrap(e, "judging");
	}
	engine_account(en, take_epoch);
	if (cells)
		engine_note_rules(en);
	number_box_fill(en->conf.numbers, en->pool, en->rules->set);
	tell_asleep(en);
	return sink_put(en->sink, take_epoch) || err_set(e, ERR_BUG, "the sink is closed");
}

/* Whether rules over cells are judged together with the rest when the rules change. */
static bool judges_cells(const struct engine *en)
{
	return en->drained || engine_closes_by_hand(en);
}

bool engine_judge_all(struct engine *en, struct err *e)
{
	return engine_judge(en, engine_epoch(en, EPOCH_RULES), POOL_ALL, judges_cells(en), e);
}

bool engine_swap(struct engine *en, struct rules *take_rules, struct err *e)
{
	struct rules *old = en->rules;
	en->rules = take_rules;
	pool_plan(en->pool, take_rules->plan);
	engine_account_rules(en);
	if (!engine_lower_floor(en, e) || !engine_judge_all(en, e))
		return false;
	mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_RULES_LIVE, .rules = old,
						    .text = xstrdup(take_rules->set->digest) });
	return true;
}

static bool drain(struct engine *en, struct err *e)
{
	if (en->drained)
		return true;
	en->drained = true;
	bool moves = engine_horizon_moves(en);
	return engine_judge(en, engine_epoch(en, EPOCH_DRAIN), POOL_DIRTY,
			    !engine_closes_by_hand(en), e) &&
	       (!moves || engine_advance(en, e));
}

/* An alarm is no epoch of the records: it has no number. */
static bool put_alarm(struct engine *en, char *take_text, struct err *e)
{
	struct epoch *ep = epoch_new(0, EPOCH_RULES, en->rules->set->digest, engine_now());
	ep->alarm = take_text;
	return sink_put(en->sink, ep) || err_set(e, ERR_BUG, "the sink is closed");
}

static bool work(struct engine *en, const struct job *job, struct err *e)
{
	if (job->kind == JOB_RULES)
		return engine_swap(en, job->rules, e);
	if (job->kind == JOB_ALARM)
		return put_alarm(en, job->alarm, e);
	if (job->kind == JOB_HISTORY)
		return engine_history_done(en, e);
	bool ok = job->kind == JOB_ITEMS ? engine_items(en, job->item, job->n_item, e)
					 : drain(en, e);
	xfree(job->item);
	if (ok)
		mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_READY });
	return ok;
}

/* Only rules, alarms and history can have come while a file is read. */
bool engine_pending(struct engine *en, struct err *e)
{
	struct job job;
	while (queue_take(en->inbox, &job, 1) == 1)
		if (!work(en, &job, e))
			return false;
	return true;
}

static void end_sink(struct engine *en)
{
	if (en->sink)
		sink_close(en->sink);
	else
		mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_SINK_GONE });
}

static void *run(void *arg)
{
	struct engine *en = arg;
	struct job job;
	struct err e = { .text = "" };
	bool ok = engine_start(en, &e) && engine_recheck(en, &e);
	if (ok)
		mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_READY });
	while (ok && !en->stopping && queue_get(en->inbox, &job))
		ok = work(en, &job, &e);
	if (!ok && !en->stopping)
		mail_post(en->conf.mailbox,
			  &(struct mail){ .kind = MAIL_FATAL, .text = xstrdup(e.text) });
	queue_close(en->inbox);
	engine_late_end(en);
	engine_history_drop(en);
	end_sink(en);
	mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_ENGINE_GONE });
	return NULL;
}

struct engine *engine_new(const struct engine_conf *conf, struct rules *take_rules, struct err *e)
{
	struct engine *en = xcalloc(1, sizeof *en);
	sigset_t all, before;
	en->conf = *conf;
	en->rules = take_rules;
	en->inbox = queue_new(sizeof(struct job), INBOX_DEPTH);
	en->ledger = ledger_new();
	map64_init(&en->acted);
	en->stop_fd = eventfd(0, EFD_CLOEXEC);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = en->stop_fd < 0 ? errno : pthread_create(&en->thread, NULL, run, en);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return en;
	(void)err_set(e, ERR_WORLD, "the engine's thread does not start: %s", strerror(error));
	queue_free(en->inbox);
	ledger_free(en->ledger);
	rules_free(en->rules);
	xfree(en);
	return NULL;
}

bool engine_take(struct engine *en, const struct journal_item *const *it, uint32_t n)
{
	struct job job = { .kind = JOB_ITEMS, .item = xmemdup(it, n * sizeof *it), .n_item = n };
	if (queue_try_put(en->inbox, &job, NULL))
		return true;
	xfree(job.item);
	return false;
}

bool engine_drain(struct engine *en)
{
	return queue_try_put(en->inbox, &(struct job){ .kind = JOB_DRAIN }, NULL);
}

bool engine_rules(struct engine *en, struct rules *take_rules)
{
	if (queue_try_put(en->inbox, &(struct job){ .kind = JOB_RULES, .rules = take_rules }, NULL))
		return true;
	rules_free(take_rules);
	return false;
}

void engine_alarm(struct engine *en, const char *text)
{
	struct job job = { .kind = JOB_ALARM, .alarm = xstrdup(text) };
	if (queue_try_put(en->inbox, &job, NULL))
		return;
	log_warn("rules", "the alarm above is not in the database: the daemon is busy or ending");
	xfree(job.alarm);
}

bool engine_history(const struct engine *en, uint64_t *records)
{
	*records = en->history_records;
	return en->reading_history;
}

uint32_t engine_waiting(struct engine *en)
{
	struct sink *s = en->sink;
	return s ? sink_waiting(s) : 0;
}

void engine_stop(struct engine *en)
{
	uint64_t one = 1;
	en->stopping = true;
	queue_close(en->inbox);
	if (write(en->stop_fd, &one, sizeof one) < 0)
		log_error(NULL, "eventfd: %s", strerror(errno));
	if (en->sink)
		sink_hurry(en->sink);
}

void engine_free(struct engine *en)
{
	struct job job;
	if (!en)
		return;
	(void)pthread_join(en->thread, NULL);
	if (en->sink && sink_given_up(en->sink) > 0)
		log_notice("database", "%llu epochs were not committed; their inputs are kept in "
			   "the journal and will be read again",
			   (unsigned long long)sink_given_up(en->sink));
	sink_free(en->sink);
	pool_free(en->pool);
	while (queue_take(en->inbox, &job, 1) == 1) {
		xfree(job.item);
		rules_free(job.rules);
		xfree(job.alarm);
	}
	segments_close(en->segments);
	complete_free(en->over);
	map64_fini(&en->judged);
	map64_fini(&en->acted);
	xfree(en->told);
	engine_opening_drop(en);
	db_close(&en->acted_db);
	map64_fini(&en->brought);
	map64_fini(&en->looked_at);
	engine_left_out_drop(en);
	xfree(en->closed);
	queue_free(en->inbox);
	ledger_free(en->ledger);
	for (uint32_t i = 0; i < en->n_again; i++)
		journal_item_free(en->again[i]);
	xfree(en->again);
	rules_free(en->rules);
	(void)close(en->stop_fd);
	xfree(en);
}
