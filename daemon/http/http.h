/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h - intake and operation over HTTP(S): what the main loop holds.
 *
 * Opened when http.listen is set, else there is none. Bodies are read through by clerks, handed
 * in at the desk and answered when they are durable. Everything here runs on the event loop
 * but the clerks' reading and the key keeper's thread (docs/http.md, docs/decisions/0010).
 */
#pragma once

#include <event2/event.h>

#include "daemon/host/conf.h"
#include "daemon/http/metrics.h"
#include "daemon/source/desk.h"

struct http;

/* How the process stands; the loop fills it whenever it is asked. */
struct http_view {
	char live[DIGEST_HEX];       /* rule set in force */
	bool started;                /* the engine judges */
	bool ending;
	struct gauges gauges;
	const struct stats *stats;
	const struct numbers *numbers; /* NULL: none yet */
};

struct http_conf {
	struct event_base *base;     /* borrowed for life, like all of these */
	const struct conf *conf;
	const struct feeds *feeds;
	struct desk *desk;           /* where bodies are handed in */
	void (*view)(void *ctx, struct http_view *out);
	void (*reload)(void *ctx);   /* somebody asked for it */
	void (*drained)(void *ctx);  /* http_idle is true from now on */
	void *ctx;
};

/* Whether these settings can be opened: exposure, certificates, the map of clients. True when HTTP
 * is off. */
bool http_check(const struct conf *c, struct err *e) MUST_CHECK;

/* NULL with a sentence: the address, a file or the credentials are not right. */
struct http *http_open(const struct http_conf *conf, struct err *e);

/* What HTTP knows of how high things stand: connections, keys, the database. */
void http_gauges(const struct http *h, struct gauges *g);

/* The metrics of the process as Prometheus reads them; h may be NULL (HTTP is off). */
void http_metrics(const struct http *h, const struct http_view *v, struct buf *out);

/* Reasons why not everything works, as words with commas between; none: all does. */
void health_reasons(const struct http_view *v, struct buf *out);

/* Reads certificate, key, CA and map of clients again, for connections from now on. When
 * something is wrong the old ones stay, and the log says what. NULL is fine. */
void http_reload(struct http *h);

/* No new requests; what is under way is answered, but nobody is waited for longer than ten
 * seconds. Then, once http_idle, close. */
void http_drain(struct http *h);       /* NULL is fine, here and below */
bool http_idle(const struct http *h);
void http_close(struct http *h);
