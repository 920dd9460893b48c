/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - connections: bytes in, requests to the handlers, answers out, deadlines kept.
 *
 * A request is handed over twice: at the gate, when only its head is there, and whole. Answers
 * may come later, from any turn of the loop, in the order of a connection's requests. Everything
 * a client can make us keep is bounded: connections in all and per address, heads, bodies in
 * all, and the time each may take. Runs on the event loop of one thread.
 * Knows HTTP and sockets; not routes, keys or records.
 *
 *   server_open -> { gate -> serve -> call_reply } * -> server_drain -> server_close
 */
#pragma once

#include <event2/event.h>
#include <openssl/ssl.h>

#include "daemon/http/reader.h"
#include "lib/base/err.h"

#define SERVER_ADDRESS 64 /* room for an address as text */

struct server;

/* One request being answered. The server's; valid until its reply. */
struct call {
	const struct head *head;
	struct str body;            /* in serve */
	const char *address;        /* the client's, as text */
	void *own;                  /* the handlers' */
	int64_t begun;              /* microseconds, monotonic: when its first byte came */
};

struct server_conf {
	struct event_base *base;    /* borrowed for life */
	SSL_CTX *tls;               /* NULL: plain; borrowed for life */
	unsigned connections, per_address;
	int64_t head_seconds, body_seconds, idle_seconds;
	uint64_t bodies_max;        /* bytes of all bodies together */
	/* The head is there. False: call_reply was called; else *body_max is how much may come. */
	bool (*gate)(void *ctx, struct call *c, uint64_t *body_max);
	void (*serve)(void *ctx, struct call *c); /* all is there; call_reply must follow once */
	/* A request ended without call_reply by the handlers: refused for `why`, or its connection
	 * is gone (REASON_NONE). What the gate made (own) is theirs to free. */
	void (*ended)(void *ctx, struct call *c, enum reason why);
	void (*counted)(void *ctx, unsigned connections, bool refused);
	void *ctx;
};

/* Listens on "ADDRESS:PORT" ([...] for IPv6; port 0: any). NULL with a sentence. */
struct server *server_open(const char *listen, const struct server_conf *conf, struct err *e);

/* Where it really listens, as text. */
const char *server_address(const struct server *s);

/* What connections from now on are secured with; borrowed until the next. */
void server_tls(struct server *s, SSL_CTX *tls);

/* No more connections or requests; what is under way is answered. server_idle says when done. */
void server_drain(struct server *s);
bool server_idle(const struct server *s);
void server_close(struct server *s); /* NULL is fine. Calls under way are dropped */

/* What is answered. Texts are borrowed for the call. */
struct reply {
	unsigned status;
	const char *type;           /* media type; NULL: application/json */
	struct str body;
	unsigned retry_after;       /* seconds; 0: not said */
	const char *allow;          /* of a 405 */
	bool close;                 /* the connection ends behind it */
};

void call_reply(struct call *c, const struct reply *r);

/* The subject of the client's certificate as RFC 2253 writes it; nothing when there is none. */
void call_subject(const struct call *c, struct buf *out);

/* Whether a text is an ADDRESS:PORT; whether only this machine can reach it. */
bool server_is_address(const char *listen);
bool server_is_loopback(const char *listen);
