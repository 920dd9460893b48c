/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/sink.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/host/log.h"
#include "daemon/sink/commit.h"
#include "daemon/sink/migrate.h"
#include "daemon/work/queue.h"
#include "lib/base/mem.h"

#define OBJECT "database"
#define READ_ONLY "25006" /* a standby */
#define DAEMON_LOCK                                                                   \
	"SET lock_timeout = 10000; SELECT pg_advisory_lock(7031415927)"
/* What is confirmed is let go of: a server that confirms before it is safe must not for us. */
#define CONFIRM_SAFE                                                                  \
	"SELECT set_config('synchronous_commit', 'on', false) "                       \
	"WHERE current_setting('synchronous_commit') = 'off'"

struct sink {
	struct sink_conf conf;
	struct queue *inbox;         /* put, not yet prepared */
	struct queue *ready;         /* prepared: the next is made ready while one is committed */
	struct queue *settled;       /* answers: whether all before the question is committed */
	pthread_t preparer, thread;
	_Atomic bool over;           /* nothing more is committed */
	int hurry;                   /* eventfd */
	struct db db;
	struct commit_state state;
	bool troubled;               /* the log says that the database is away */
	bool person;                 /* and that somebody must help */
	int64_t since;               /* monotonic second the trouble began */
	uint64_t given_up;
	int64_t last;                /* number of the last epoch the server confirmed */
	bool lost;                   /* it has less than it confirmed */
};

/* The backend of a daemon that was killed a moment ago may still hold the lock: wait a little. */
bool sink_connect(struct db *db, const char *conninfo, const struct db_wait *wait, struct err *e)
{
	if (!db_open(db, conninfo, wait, e))
		return false;
	if (db_ready(db, e)) {
		if (db_exec(db, DAEMON_LOCK, e))
			return db_exec(db, CONFIRM_SAFE, e) && db_bounds(db, e);
		if (!db_lost(db))
			(void)err_set(e, ERR_CONF, "another fundwatchd works on this database");
	}
	db_close(db);
	return false;
}

bool wait_or_stop(int fd, int64_t seconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, (int)(seconds * 1000)) == 1;
}

static int64_t monotonic(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* One line when it begins, one more when a person has to do something about it. */
static void trouble(struct sink *s, const struct err *why)
{
	bool person = why->code == ERR_CONF;
	if (!s->troubled)
		log_error(OBJECT, "cannot commit: %s; trying again, reading waits when %u epochs "
			  "are kept, intake goes on", why->text, s->conf.depth);
	else if (person && !s->person)
		log_error(OBJECT, "still cannot commit: %s", why->text);
	else
		log_debug(OBJECT, "still not: %s", why->text);
	if (!s->troubled)
		s->since = monotonic();
	s->troubled = true;
	s->person = person;
}

static void relief(struct sink *s)
{
	if (s->troubled)
		log_notice(OBJECT, "commits again after %lld s",
			   (long long)(monotonic() - s->since));
	s->troubled = s->person = false;
}

/* Another server, or an older state of it: what it had confirmed must be there. */
static bool has_last(struct sink *s, struct err *e)
{
	int64_t newest;
	if (!db_number(&s->db, "SELECT max(epoch) FROM fundwatch.epoch", 0, &newest, e))
		return false;
	s->lost = newest < s->last;
	return !s->lost ||
	       err_set(e, ERR_CONF, "the database has epochs up to %lld only, but had confirmed "
		       "%lld: commits were lost; what the journal still has is read again after a "
		       "restart", (long long)newest, (long long)s->last);
}

/* Once: connect when needed, commit. */
static bool try_commit(struct sink *s, const struct epoch *ep)
{
	struct err e;
	if (db_lost(&s->db)) {
		db_close(&s->db);
		s->state = (struct commit_state){ 0 };
		if (!sink_connect(&s->db, s->conf.conninfo, &s->conf.wait, &e)) {
			trouble(s, &e);
			return false;
		}
		if (!has_last(s, &e)) {
			trouble(s, &e);
			db_close(&s->db);
			return false;
		}
	}
	if (commit_epoch(&s->db, &s->state, ep, &e)) {
		relief(s);
		return true;
	}
	trouble(s, &e);
	if (strcmp(s->db.state, READ_ONLY) == 0)
		db_close(&s->db); /* failed over: the one that may be written to is elsewhere */
	return false;
}

static bool commit(struct sink *s, const struct epoch *ep)
{
	int64_t pause = 1;
	while (!try_commit(s, ep)) {
		if (s->lost && s->conf.lost)
			s->conf.lost(s->conf.ctx);
		if (s->lost)
			return false;
		if (wait_or_stop(s->hurry, pause))
			return false;
		pause = pause * 2 < s->conf.retry_max ? pause * 2 : s->conf.retry_max;
	}
	return true;
}

static void *prepare(void *arg)
{
	struct sink *s = arg;
	struct epoch *ep;
	while (queue_get(s->inbox, &ep)) {
		if (ep && !s->over && s->conf.before)
			s->conf.before(s->conf.ctx, ep);
		if (!queue_put(s->ready, &ep, NULL))
			epoch_free(ep);
	}
	queue_close(s->ready);
	return NULL;
}

static void one_epoch(struct sink *s, struct epoch *take_epoch)
{
	s->over = s->over || !commit(s, take_epoch);
	if (s->over)
		s->given_up++;
	else
		s->conf.committed(s->conf.ctx, take_epoch);
	if (!s->over && take_epoch->number > s->last)
		s->last = take_epoch->number;
	epoch_free(take_epoch);
}

/* No epoch is the question whether all before it are through. */
static void *run(void *arg)
{
	struct sink *s = arg;
	struct epoch *ep;
	while (queue_get(s->ready, &ep)) {
		bool through = !s->over;
		if (ep)
			one_epoch(s, ep);
		else
			(void)!queue_put(s->settled, &through, NULL); /* never closed */
	}
	db_close(&s->db);
	if (s->conf.gone)
		s->conf.gone(s->conf.ctx);
	return NULL;
}

static void free_queues(struct sink *s)
{
	queue_free(s->inbox);
	queue_free(s->ready);
	queue_free(s->settled);
}

/* Both or none; signals are blocked. */
static int start(struct sink *s)
{
	int error = pthread_create(&s->preparer, NULL, prepare, s);
	if (error)
		return error;
	error = pthread_create(&s->thread, NULL, run, s);
	if (error) {
		queue_close(s->inbox);
		(void)pthread_join(s->preparer, NULL);
	}
	return error;
}

struct sink *sink_new(const struct sink_conf *conf, struct db take_db, struct err *e)
{
	struct sink *s = xcalloc(1, sizeof *s);
	sigset_t all, before;
	s->conf = *conf;
	s->db = take_db;
	/* One of those that may wait is with the preparer. */
	s->inbox = queue_new(sizeof(struct epoch *), conf->depth > 1 ? conf->depth - 1 : 1);
	s->ready = queue_new(sizeof(struct epoch *), 1);
	s->settled = queue_new(sizeof(bool), 1);
	s->hurry = eventfd(0, EFD_CLOEXEC);
	s->conf.wait.stop_fd = s->hurry;
	s->db.wait = &s->conf.wait;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = s->hurry < 0 ? errno : start(s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return s;
	(void)err_set(e, ERR_WORLD, "the sink's threads do not start: %s", strerror(error));
	db_close(&s->db);
	free_queues(s);
	xfree(s);
	return NULL;
}

bool sink_put(struct sink *s, struct epoch *take_epoch)
{
	if (queue_put(s->inbox, &take_epoch, NULL))
		return true;
	epoch_free(take_epoch);
	return false;
}

bool sink_settle(struct sink *s)
{
	struct epoch *question = NULL;
	bool through = false;
	return queue_put(s->inbox, &question, NULL) && queue_get(s->settled, &through) && through;
}

uint32_t sink_waiting(struct sink *s)
{
	return queue_length(s->inbox) + queue_length(s->ready);
}

void sink_close(struct sink *s)
{
	queue_close(s->inbox);
}

void sink_hurry(struct sink *s)
{
	uint64_t one = 1;
	if (write(s->hurry, &one, sizeof one) < 0)
		log_error(OBJECT, "eventfd: %s", strerror(errno));
}

uint64_t sink_given_up(const struct sink *s)
{
	return s->given_up;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	(void)pthread_join(s->preparer, NULL);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->hurry);
	free_queues(s);
	xfree(s);
}
