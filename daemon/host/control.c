/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/host/control.h"

#include <errno.h>
#include <inttypes.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/digest.h"
#include "lib/base/mem.h"

#define LINE_MAX_BYTES 256
#define CLIENTS_MAX 32

enum stage { STAGE_ASKING, STAGE_WAITING, STAGE_READING, STAGE_SWAPPING, STAGE_TICKET,
	     STAGE_ANSWERED };

struct client {
	struct control *control;
	struct bufferevent *io;
	struct client *next;
	enum stage stage;
	char digest[DIGEST_HEX]; /* STAGE_SWAPPING: of what it waits for */
	char *said;
	uint64_t ticket;         /* STAGE_TICKET */
};

struct control {
	struct control_conf conf;
	struct sockaddr_un at;
	struct evconnlistener *listener;
	struct client *first;
	uint32_t n;
	uint64_t last_ticket;
};

void control_path(const char *socket, const char *spool, struct buf *out)
{
	if (*socket)
		buf_adds(out, socket);
	else
		buf_addf(out, "%s/.fundwatchd.socket", spool);
}

/* ---- clients ---- */

static void drop(struct client *x)
{
	struct client **at = &x->control->first;
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	x->control->n--;
	bufferevent_free(x->io);
	xfree(x->said);
	xfree(x);
}

static void answer(struct client *x, const char *word, const char *digest, const char *said)
{
	struct evbuffer *out = bufferevent_get_output(x->io);
	x->stage = STAGE_ANSWERED;
	(void)evbuffer_add_printf(out, "%s %s\n%s", word, digest, said ? said : "");
}

static void ask_period(struct client *x, const char *words)
{
	const struct control_conf *conf = &x->control->conf;
	struct err e;
	x->stage = STAGE_TICKET;
	x->ticket = ++x->control->last_ticket;
	if (!conf->period(conf->ctx, words, x->ticket, &e))
		control_ticket(x->control, x->ticket, false, e.text);
}

static void ask(struct client *x, const char *line)
{
	struct buf b;
	if (strncmp(line, "period ", 7) == 0) {
		ask_period(x, line + 7);
		return;
	}
	if (strcmp(line, "reload") == 0) {
		x->stage = STAGE_WAITING;
		x->control->conf.reload(x->control->conf.ctx);
		return;
	}
	buf_init(&b, 0);
	if (strcmp(line, "status") == 0)
		x->control->conf.status(x->control->conf.ctx, &b);
	else if (strcmp(line, "metrics") == 0)
		x->control->conf.metrics(x->control->conf.ctx, &b);
	else
		buf_adds(&b, "unknown -\nask reload, status, metrics or period\n");
	x->stage = STAGE_ANSWERED;
	(void)evbuffer_add(bufferevent_get_output(x->io), b.p, b.n);
	buf_fini(&b);
}

static void read_cb(struct bufferevent *io, void *arg)
{
	struct client *x = arg;
	struct evbuffer *in = bufferevent_get_input(io);
	char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
	if (x->stage != STAGE_ASKING)
		(void)evbuffer_drain(in, evbuffer_get_length(in));
	else if (line)
		ask(x, line);
	else if (evbuffer_get_length(in) > LINE_MAX_BYTES)
		drop(x);
	free(line);
}

/* Everything written: an answered client is through. */
static void write_cb(struct bufferevent *io, void *arg)
{
	struct client *x = arg;
	(void)io;
	if (x->stage == STAGE_ANSWERED)
		drop(x);
}

static void event_cb(struct bufferevent *io, short what, void *arg)
{
	(void)io;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		drop(arg);
}

static void accept_cb(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int n,
		      void *arg)
{
	struct control *c = arg;
	(void)l, (void)from, (void)n;
	if (c->n >= CLIENTS_MAX) {
		(void)close(fd);
		return;
	}
	struct client *x = xcalloc(1, sizeof *x);
	x->control = c;
	x->io = bufferevent_socket_new(c->conf.base, fd, BEV_OPT_CLOSE_ON_FREE);
	x->next = c->first;
	c->first = x;
	c->n++;
	bufferevent_setcb(x->io, read_cb, write_cb, event_cb, x);
	(void)bufferevent_enable(x->io, EV_READ | EV_WRITE);
}

/* ---- the socket ---- */

static bool somebody_listens(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool there = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;
	if (fd >= 0)
		(void)close(fd);
	return there;
}

/* Bound and made private before it listens, so that nobody else can ever connect. */
static int bind_private(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)at, sizeof *at) == 0 &&
	    chmod(at->sun_path, S_IRUSR | S_IWUSR) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool clear_path(const struct sockaddr_un *at, struct err *e)
{
	struct stat st;
	if (lstat(at->sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CONF, "control.socket: %s is there and no socket",
			       at->sun_path);
	if (somebody_listens(at))
		return err_set(e, ERR_CONF, "control.socket: another fundwatchd listens on %s",
			       at->sun_path);
	return unlink(at->sun_path) == 0 ||
	       err_set(e, ERR_WORLD, "%s: %s", at->sun_path, strerror(errno));
}

struct control *control_open(const char *path, const struct control_conf *conf, struct err *e)
{
	struct control *c = xcalloc(1, sizeof *c);
	int fd = -1;
	c->conf = *conf;
	c->at.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof c->at.sun_path) {
		(void)err_set(e, ERR_CONF, "control.socket: %s is longer than the %zu bytes a "
			      "socket's path may have", path, sizeof c->at.sun_path - 1);
	} else {
		memcpy(c->at.sun_path, path, strlen(path));
		if (clear_path(&c->at, e) && (fd = bind_private(&c->at)) < 0)
			(void)err_set(e, ERR_WORLD, "control.socket: %s: %s", path,
				      strerror(errno));
	}
	if (fd >= 0)
		c->listener = evconnlistener_new(conf->base, accept_cb, c, LEV_OPT_CLOSE_ON_FREE,
						 CLIENTS_MAX, fd);
	if (c->listener)
		return c;
	xfree(c);
	return NULL;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	while (c->first)
		drop(c->first);
	evconnlistener_free(c->listener);
	(void)unlink(c->at.sun_path);
	xfree(c);
}

/* ---- reloads ---- */

void control_reading(struct control *c)
{
	for (struct client *x = c->first; x; x = x->next)
		if (x->stage == STAGE_WAITING)
			x->stage = STAGE_READING;
}

void control_swapping(struct control *c, const char *digest, const char *said)
{
	for (struct client *x = c->first; x; x = x->next) {
		if (x->stage != STAGE_READING)
			continue;
		x->stage = STAGE_SWAPPING;
		(void)snprintf(x->digest, sizeof x->digest, "%s", digest);
		x->said = xstrdup(said ? said : "");
	}
}

void control_live(struct control *c, const char *digest)
{
	for (struct client *x = c->first; x; x = x->next)
		if (x->stage == STAGE_SWAPPING && strcmp(x->digest, digest) == 0)
			answer(x, "live", digest, x->said);
}

void control_kept(struct control *c, uint64_t ticket, uint64_t item)
{
	for (struct client *x = c->first; x; x = x->next)
		if (x->stage == STAGE_TICKET && x->ticket == ticket)
			(void)evbuffer_add_printf(bufferevent_get_output(x->io),
						  "kept %" PRIu64 "\n", item);
}

void control_ticket(struct control *c, uint64_t ticket, bool done, const char *said)
{
	for (struct client *x = c->first; x; x = x->next)
		if (x->stage == STAGE_TICKET && x->ticket == ticket)
			answer(x, done ? "done" : "refused", "-", said);
}

void control_refused(struct control *c, const char *digest, const char *said, bool all)
{
	for (struct client *x = c->first; x; x = x->next)
		if (x->stage == STAGE_READING ||
		    (all && (x->stage == STAGE_WAITING || x->stage == STAGE_SWAPPING)))
			answer(x, "refused", digest, said);
}
