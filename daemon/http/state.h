/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.h - HTTP from inside: for http.c, serve.c, intake.c and health.c only. */
#pragma once

#include "daemon/http/clerks.h"
#include "daemon/http/http.h"
#include "daemon/http/key_keeper.h"
#include "daemon/http/rate.h"
#include "daemon/http/seen.h"
#include "daemon/http/server.h"
#include "daemon/http/submission.h"

struct post;

struct http {
	struct http_conf conf;
	SSL_CTX *tls;
	struct subjects *subjects;
	struct key_keeper *keeper;
	const struct keys *keys;
	struct event *on_keys, *on_late;
	struct seen *seen;
	struct clerks *clerks;
	struct server *server;
	struct rate rate;
	struct http_counts counts;
	unsigned connections;
	int64_t full_at;             /* bytes in the journal when it turned a body away; 0: never */
	struct post *first;          /* bodies being worked on */
	bool ending, late;           /* late: who is not through now is dropped */
};

/* What the gate found out; call->own. */
struct ask {
	enum route route;            /* ROUTE_COUNT: none */
	struct caller caller;
	bool english;
	struct buf param;            /* what stands for {feed} */
	struct post *post;           /* ROUTE_INTAKE */
};

/* serve.c: answers, counted; they free the call's own. */
void http_refuse(struct http *h, struct call *c, enum reason why, struct str detail);
void http_reply(struct http *h, struct call *c, const struct reply *r);
int64_t http_now(void);  /* microseconds, monotonic */
int32_t http_today(void); /* days since 1970 in UTC+8 */

/* serve.c: the server's callbacks. */
bool http_gate(void *ctx, struct call *c, uint64_t *body_max);
void http_serve(void *ctx, struct call *c);
void http_ended(void *ctx, struct call *c, enum reason why);
void http_counted(void *ctx, unsigned connections, bool refused);

/* intake.c: at the gate, whole, and when nobody waits for it any more. */
bool intake_gate(struct http *h, struct call *c, struct ask *a);
void intake_serve(struct http *h, struct call *c, struct ask *a);
void post_free(struct post *p);
void intake_remember(void *http, const struct journal_item *it);

/* health.c: the answer of /readyz. */
void health_json(const struct http_view *v, struct buf *out);
