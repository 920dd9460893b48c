/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/clerks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/host/log.h"
#include "daemon/work/queue.h"
#include "lib/base/mem.h"

#define DONE_AT_ONCE 16

struct clerks {
	struct queue *inbox, *outbox; /* of struct task */
	int bell;                     /* eventfd: the outbox has something */
	struct event *on_bell;
	pthread_t *thread;
	unsigned n;
	unsigned depth, out;          /* tasks given and not done: never more than depth */
};

static void *run(void *arg)
{
	struct clerks *c = arg;
	struct task t;
	uint64_t one = 1;
	bool was_empty;
	while (queue_get(c->inbox, &t)) {
		t.work(t.ctx);
		if (queue_put(c->outbox, &t, &was_empty) && write(c->bell, &one, sizeof one) < 0)
			log_error("http", "eventfd: %s", strerror(errno));
	}
	return NULL;
}

static void finish(struct clerks *c)
{
	struct task t[DONE_AT_ONCE];
	uint32_t n;
	while ((n = queue_take(c->outbox, t, DONE_AT_ONCE)) > 0)
		for (uint32_t i = 0; i < n; i++) {
			c->out--;
			t[i].done(t[i].ctx);
		}
}

static void bell_cb(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;
	(void)what;
	if (read(fd, &n, sizeof n) > 0)
		finish(arg);
}

static bool start(struct clerks *c, unsigned threads, struct err *e)
{
	sigset_t all, before;
	int error = 0;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; c->n < threads && error == 0; c->n += error == 0)
		error = pthread_create(&c->thread[c->n], NULL, run, c);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0 || err_set(e, ERR_WORLD, "http: no thread: %s", strerror(error));
}

struct clerks *clerks_new(struct event_base *base, unsigned threads, unsigned depth,
			  struct err *e)
{
	struct clerks *c = xcalloc(1, sizeof *c);
	c->depth = depth;
	c->inbox = queue_new(sizeof(struct task), depth);
	c->outbox = queue_new(sizeof(struct task), depth);
	c->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->thread = xcalloc(threads, sizeof *c->thread);
	c->on_bell = event_new(base, c->bell, EV_READ | EV_PERSIST, bell_cb, c);
	(void)event_add(c->on_bell, NULL);
	if (start(c, threads, e))
		return c;
	clerks_free(c);
	return NULL;
}

bool clerks_give(struct clerks *c, const struct task *t)
{
	if (c->out >= c->depth || !queue_try_put(c->inbox, t, NULL))
		return false;
	c->out++;
	return true;
}

void clerks_free(struct clerks *c)
{
	if (!c)
		return;
	queue_close(c->inbox);
	for (unsigned i = 0; i < c->n; i++)
		(void)pthread_join(c->thread[i], NULL);
	finish(c);
	event_free(c->on_bell);
	(void)close(c->bell);
	queue_free(c->inbox);
	queue_free(c->outbox);
	xfree(c->thread);
	xfree(c);
}
