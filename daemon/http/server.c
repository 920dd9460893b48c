/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "lib/base/mem.h"

#define READ_AHEAD (64u << 10) /* bytes that wait unread in a connection at most */
#define LINGER_SECONDS 2
#define LINGER_BYTES (1u << 20)

enum stage {
	STAGE_IDLE,    /* waiting for the first byte of a request */
	STAGE_READING,
	STAGE_SERVING, /* the handlers have it */
	STAGE_WRITING,
	STAGE_LINGER,  /* answered, ending: what still comes is thrown away for a moment, so that
	                * the client can read the answer before the connection is reset */
};

struct conn {
	struct call call;          /* first: a call is its connection */
	struct server *server;
	struct bufferevent *io;    /* NULL: gone while the handlers work */
	struct event *deadline;
	struct conn *next;
	enum stage stage;
	struct reader reader;
	struct sockaddr_storage from;
	char address[SERVER_ADDRESS];
	uint64_t held;             /* bytes of body counted in the server's sum */
	size_t lingered;
	bool gated;                /* the handlers know of the call */
	bool last;                 /* no request after this one */
	bool secured;              /* bytes may be written: no TLS, or its handshake is done */
};

struct server {
	struct server_conf conf;
	struct evconnlistener *listener;
	struct event *on_rest;     /* accepting goes on */
	struct conn *first;
	unsigned n;
	uint64_t held;
	bool draining;
	char at[SERVER_ADDRESS + 8];
};

static int64_t now(void)
{
	return clock_steady();
}

static void set_deadline(struct conn *c, int64_t seconds)
{
	struct timeval tv = { .tv_sec = (time_t)seconds };
	(void)event_add(c->deadline, &tv);
}

/* ---- ending ---- */

static void release_body(struct conn *c)
{
	c->server->held -= c->held;
	c->held = 0;
	reader_reset(&c->reader);
}

static void tell_ended(struct conn *c)
{
	if (c->gated)
		c->server->conf.ended(c->server->conf.ctx, &c->call, REASON_NONE);
	c->gated = false;
}

static void close_io(struct conn *c)
{
	if (c->io)
		bufferevent_free(c->io);
	c->io = NULL;
	(void)event_del(c->deadline);
}

static void drop(struct conn *c)
{
	struct server *s = c->server;
	struct conn **at = &s->first;
	close_io(c);
	if (c->stage == STAGE_SERVING)
		return; /* the reply frees it */
	tell_ended(c);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	s->n--;
	release_body(c);
	reader_fini(&c->reader);
	event_free(c->deadline);
	s->conf.counted(s->conf.ctx, s->n, false);
	xfree(c);
}

static void linger(struct conn *c)
{
	c->stage = STAGE_LINGER;
	c->lingered = 0;
	if (c->server->conf.tls)
		(void)SSL_shutdown(bufferevent_openssl_get_ssl(c->io));
	(void)shutdown(bufferevent_getfd(c->io), SHUT_WR);
	(void)bufferevent_enable(c->io, EV_READ);
	set_deadline(c, LINGER_SECONDS);
}

/* ---- answers ---- */

static void add_date(struct evbuffer *out)
{
	char text[64];
	time_t t = (time_t)clock_seconds();
	struct tm tm;
	(void)evutil_date_rfc1123(text, sizeof text, gmtime_r(&t, &tm));
	(void)evbuffer_add_printf(out, "Date: %s\r\n", text);
}

/* Added in one go: over TLS, what is added may be written at once. */
static void put_reply(struct conn *c, const struct reply *r)
{
	struct evbuffer *out = evbuffer_new();
	bool head_only = c->call.head && c->call.head->method == METHOD_HEAD;
	(void)evbuffer_add_printf(out, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\n"
				  "Content-Length: %u\r\nCache-Control: no-store\r\n"
				  "X-Content-Type-Options: nosniff\r\n",
				  r->status, status_phrase(r->status),
				  r->type ? r->type : "application/json", r->body.n);
	add_date(out);
	if (r->retry_after)
		(void)evbuffer_add_printf(out, "Retry-After: %u\r\n", r->retry_after);
	if (r->allow)
		(void)evbuffer_add_printf(out, "Allow: %s\r\n", r->allow);
	if (r->status == 401)
		(void)evbuffer_add_printf(out, "WWW-Authenticate: Bearer\r\n");
	if (c->last)
		(void)evbuffer_add_printf(out, "Connection: close\r\n");
	(void)evbuffer_add(out, "\r\n", 2);
	if (!head_only)
		(void)evbuffer_add(out, r->body.p, r->body.n);
	(void)evbuffer_add_buffer(bufferevent_get_output(c->io), out);
	evbuffer_free(out);
}

void call_reply(struct call *call, const struct reply *r)
{
	struct conn *c = (struct conn *)call;
	struct server *s = c->server;
	bool whole = c->reader.stage == READER_DONE;
	c->gated = false;
	c->stage = STAGE_WRITING;
	if (!c->io) {
		drop(c);
		return;
	}
	if (r->close || !whole || s->draining || !c->call.head || !c->call.head->keep_alive)
		c->last = true;
	put_reply(c, r);
	release_body(c);
	c->call = (struct call){ .address = c->address };
	set_deadline(c, s->conf.body_seconds);
}

static void refuse(struct conn *c, enum reason why)
{
	struct buf b;
	c->server->conf.ended(c->server->conf.ctx, &c->call, why);
	c->gated = false;
	if (!c->secured) {
		drop(c);
		return;
	}
	buf_init(&b, 0);
	reason_json(why, (struct str){ 0 }, true, &b);
	c->last = true;
	call_reply(&c->call, &(struct reply){ .status = reason_status(why), .body = buf_str(&b),
		   .retry_after = reason_status(why) == 503 ? 5 : 0 });
	buf_fini(&b);
}

/* ---- requests ---- */

static void pass_gate(struct conn *c)
{
	struct server *s = c->server;
	uint64_t body_max = 0;
	c->call.head = &c->reader.head;
	c->gated = true;
	if (!s->conf.gate(s->conf.ctx, &c->call, &body_max))
		return;
	reader_admit(&c->reader, body_max);
	if (c->reader.stage != READER_BODY)
		return;
	set_deadline(c, s->conf.body_seconds);
	if (c->reader.head.wants_continue)
		(void)evbuffer_add_printf(bufferevent_get_output(c->io),
					  "HTTP/1.1 100 Continue\r\n\r\n");
}

static void serve(struct conn *c)
{
	struct server *s = c->server;
	c->stage = STAGE_SERVING;
	c->call.body = buf_str(&c->reader.body);
	(void)event_del(c->deadline);
	(void)bufferevent_disable(c->io, EV_READ);
	s->conf.serve(s->conf.ctx, &c->call);
}

/* One contiguous piece of what was read into the reader. */
static void take_piece(struct conn *c, struct evbuffer *in)
{
	struct evbuffer_iovec piece;
	(void)evbuffer_peek(in, -1, NULL, &piece, 1);
	size_t before = c->reader.body.n;
	size_t used = reader_take(&c->reader, piece.iov_base, piece.iov_len);
	(void)evbuffer_drain(in, used);
	c->held += c->reader.body.n - before;
	c->server->held += c->reader.body.n - before;
}

static void begin_request(struct conn *c)
{
	c->stage = STAGE_READING;
	c->call.begun = now();
	set_deadline(c, c->server->conf.head_seconds);
}

/* As far as the bytes reach. The connection may be gone afterwards. */
static void go_on(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->io);
	if (c->stage == STAGE_IDLE && evbuffer_get_length(in) > 0)
		begin_request(c);
	while (c->stage == STAGE_READING && evbuffer_get_length(in) > 0 &&
	       (c->reader.stage == READER_HEAD || c->reader.stage == READER_BODY)) {
		take_piece(c, in);
		if (c->reader.stage == READER_GATE)
			pass_gate(c);
		if (c->stage == STAGE_READING && c->server->held > c->server->conf.bodies_max)
			c->reader.stage = READER_BROKEN, c->reader.why = REASON_BUSY;
	}
	if (c->stage != STAGE_READING)
		return;
	if (c->reader.stage == READER_BROKEN)
		refuse(c, c->reader.why);
	else if (c->reader.stage == READER_DONE)
		serve(c);
}

/* ---- events ---- */

static void read_cb(struct bufferevent *io, void *arg)
{
	struct conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(io);
	if (c->stage == STAGE_LINGER) {
		c->lingered += evbuffer_get_length(in);
		(void)evbuffer_drain(in, evbuffer_get_length(in));
		if (c->lingered > LINGER_BYTES)
			drop(c);
		return;
	}
	if (c->stage == STAGE_IDLE || c->stage == STAGE_READING)
		go_on(c);
}

/* Everything written: on to the next request, which may be here already. */
static void write_cb(struct bufferevent *io, void *arg)
{
	struct conn *c = arg;
	if (c->stage != STAGE_WRITING || evbuffer_get_length(bufferevent_get_output(io)) > 0)
		return;
	if (c->last) {
		linger(c);
		return;
	}
	c->stage = STAGE_IDLE;
	set_deadline(c, c->server->conf.idle_seconds);
	(void)bufferevent_enable(c->io, EV_READ);
	go_on(c);
}

static void event_cb(struct bufferevent *io, short what, void *arg)
{
	struct conn *c = arg;
	(void)io;
	if (what & BEV_EVENT_CONNECTED)
		c->secured = true;
	if ((what & BEV_EVENT_EOF) && c->stage == STAGE_WRITING)
		c->last = true; /* it has said all it wants to say and still listens */
	else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		drop(c);
}

static void deadline_cb(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	(void)fd, (void)what;
	if (c->stage == STAGE_READING)
		refuse(c, REASON_SLOW);
	else
		drop(c);
}

/* ---- connections ---- */

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		      &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

static bool too_many(const struct server *s, const struct sockaddr_storage *from)
{
	unsigned same = 0;
	for (const struct conn *c = s->first; c; c = c->next)
		same += same_host(&c->from, from);
	return s->n >= s->conf.connections || same >= s->conf.per_address;
}

static struct bufferevent *make_io(struct server *s, evutil_socket_t fd)
{
	int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	if (!s->conf.tls)
		return bufferevent_socket_new(s->conf.base, fd, options);
	SSL *ssl = SSL_new(s->conf.tls);
	struct bufferevent *io = bufferevent_openssl_socket_new(
		s->conf.base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, options);
	if (io)
		bufferevent_openssl_set_allow_dirty_shutdown(io, 1);
	return io;
}

static void write_address(const struct sockaddr_storage *from, char out[SERVER_ADDRESS])
{
	const void *at = from->ss_family == AF_INET
		? (const void *)&((const struct sockaddr_in *)from)->sin_addr
		: (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr;
	if (!inet_ntop(from->ss_family, at, out, SERVER_ADDRESS))
		out[0] = '\0';
}

static void accept_cb(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int n,
		      void *arg)
{
	struct server *s = arg;
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	(void)l;
	memcpy(&peer, from, (size_t)n < sizeof peer ? (size_t)n : sizeof peer);
	bool refused = s->draining || too_many(s, &peer);
	struct bufferevent *io = refused ? NULL : make_io(s, fd);
	if (!io) {
		(void)close(fd);
		s->conf.counted(s->conf.ctx, s->n, true);
		return;
	}
	struct conn *c = xcalloc(1, sizeof *c);
	*c = (struct conn){ .server = s, .io = io, .from = peer, .next = s->first,
			    .secured = !s->conf.tls };
	write_address(&peer, c->address);
	c->call.address = c->address;
	reader_init(&c->reader);
	c->deadline = evtimer_new(s->conf.base, deadline_cb, c);
	s->first = c;
	s->n++;
	bufferevent_setcb(io, read_cb, write_cb, event_cb, c);
	bufferevent_setwatermark(io, EV_READ, 0, READ_AHEAD);
	(void)bufferevent_enable(io, EV_READ | EV_WRITE);
	set_deadline(c, s->conf.head_seconds);
	s->conf.counted(s->conf.ctx, s->n, false);
}

/* No descriptors are left, most likely: a moment without accepting, and what waits stays queued in
 * the kernel. */
static void accept_failed_cb(struct evconnlistener *l, void *arg)
{
	struct server *s = arg;
	struct timeval rest = { .tv_sec = 1 };
	(void)evconnlistener_disable(l);
	(void)event_add(s->on_rest, &rest);
	s->conf.counted(s->conf.ctx, s->n, true);
}

static void rest_cb(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	(void)fd, (void)what;
	if (!s->draining)
		(void)evconnlistener_enable(s->listener);
}

/* ---- life ---- */

/* libevent's parser wants a port; 0 (any) is put in behind it. */
static bool parse_listen(const char *listen, struct sockaddr_storage *out, int *n)
{
	char text[SERVER_ADDRESS + 8];
	size_t k = strlen(listen);
	bool any = k > 2 && strcmp(listen + k - 2, ":0") == 0;
	(void)snprintf(text, sizeof text, "%s", listen);
	if (!strchr(listen, ':') || k >= sizeof text)
		return false;
	if (any)
		text[k - 1] = '1';
	*n = sizeof *out;
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)out, n) != 0)
		return false;
	if (any && out->ss_family == AF_INET)
		((struct sockaddr_in *)out)->sin_port = 0;
	else if (any)
		((struct sockaddr_in6 *)out)->sin6_port = 0;
	return true;
}

bool server_is_address(const char *listen)
{
	struct sockaddr_storage at;
	int n;
	return parse_listen(listen, &at, &n);
}

bool server_is_loopback(const char *listen)
{
	struct sockaddr_storage at;
	int n;
	if (!parse_listen(listen, &at, &n))
		return false;
	if (at.ss_family == AF_INET)
		return ntohl(((struct sockaddr_in *)&at)->sin_addr.s_addr) >> 24 == 127;
	return at.ss_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&at)->sin6_addr);
}

static void note_address(struct server *s)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof at;
	char host[SERVER_ADDRESS];
	(void)getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&at, &n);
	write_address(&at, host);
	bool six = at.ss_family == AF_INET6;
	(void)snprintf(s->at, sizeof s->at, six ? "[%s]:%u" : "%s:%u", host,
		       ntohs(six ? ((struct sockaddr_in6 *)&at)->sin6_port
				 : ((struct sockaddr_in *)&at)->sin_port));
}

struct server *server_open(const char *listen, const struct server_conf *conf, struct err *e)
{
	struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
	int n;
	if (!parse_listen(listen, &at, &n)) {
		(void)err_set(e, ERR_CONF, "`%s` is no ADDRESS:PORT", listen);
		return NULL;
	}
	struct server *s = xcalloc(1, sizeof *s);
	s->conf = *conf;
	s->listener = evconnlistener_new_bind(conf->base, accept_cb, s,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1,
		(struct sockaddr *)&at, n);
	if (s->listener) {
		s->on_rest = evtimer_new(conf->base, rest_cb, s);
		evconnlistener_set_error_cb(s->listener, accept_failed_cb);
		note_address(s);
		return s;
	}
	(void)err_set(e, ERR_WORLD, "http.listen: %s: %s", listen, strerror(errno));
	xfree(s);
	return NULL;
}

const char *server_address(const struct server *s)
{
	return s->at;
}

void server_tls(struct server *s, SSL_CTX *tls)
{
	s->conf.tls = tls;
}

void server_drain(struct server *s)
{
	struct conn *next;
	s->draining = true;
	(void)evconnlistener_disable(s->listener);
	for (struct conn *c = s->first; c; c = next) {
		next = c->next;
		if (c->stage == STAGE_IDLE)
			drop(c);
	}
}

bool server_idle(const struct server *s)
{
	return s->first == NULL;
}

void server_close(struct server *s)
{
	if (!s)
		return;
	evconnlistener_free(s->listener);
	event_free(s->on_rest);
	while (s->first) {
		tell_ended(s->first);
		s->first->stage = STAGE_WRITING;
		drop(s->first);
	}
	xfree(s);
}

void call_subject(const struct call *call, struct buf *out)
{
	const struct conn *c = (const struct conn *)call;
	SSL *ssl = c->server->conf.tls && c->io ? bufferevent_openssl_get_ssl(c->io) : NULL;
	X509 *cert = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
	BIO *text = cert && SSL_get_verify_result(ssl) == X509_V_OK ? BIO_new(BIO_s_mem()) : NULL;
	char *p;
	X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
	if (text && X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253) >= 0) {
		long n = BIO_get_mem_data(text, &p);
		buf_add(out, p, (size_t)n);
	}
	BIO_free(text);
	X509_free(cert);
}
