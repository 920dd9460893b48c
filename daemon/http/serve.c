/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve.c - from a request to its handler: route, who is asking, how often, then the answer.
 */
#include <string.h>

#include "daemon/host/clock.h"
#include "daemon/http/openapi.h"
#include "daemon/http/state.h"
#include "lib/base/civil.h"
#include "lib/base/mem.h"

#define BUSY_RETRY 5u
#define SECONDS_A_DAY 86400
#define BEIJING 28800 /* UTC+8 */

int64_t http_now(void)
{
	return clock_steady();
}

int32_t http_today(void)
{
	return (int32_t)((clock_seconds() + BEIJING) / SECONDS_A_DAY);
}

/* ---- answers ---- */

static void ask_free(struct ask *a)
{
	if (!a)
		return;
	buf_fini(&a->param);
	post_free(a->post);
	xfree(a);
}

static void count(struct http *h, const struct call *c, unsigned status)
{
	const struct ask *a = c->own;
	http_count(&h->counts, a ? a->route : ROUTE_COUNT, status, http_now() - c->begun);
}

void http_reply(struct http *h, struct call *c, const struct reply *r)
{
	struct ask *a = c->own;
	count(h, c, r->status);
	c->own = NULL;
	call_reply(c, r);
	ask_free(a);
}

void http_refuse(struct http *h, struct call *c, enum reason why, struct str detail)
{
	const struct ask *a = c->own;
	struct buf b;
	unsigned status = reason_status(why);
	buf_init(&b, 0);
	reason_json(why, detail, a && a->english, &b);
	http_reply(h, c, &(struct reply){ .status = status, .body = buf_str(&b),
		   .retry_after = status == 503 ? BUSY_RETRY : 0 });
	buf_fini(&b);
}

void http_ended(void *ctx, struct call *c, enum reason why)
{
	struct ask *a = c->own;
	if (why)
		count(ctx, c, reason_status(why));
	c->own = NULL;
	ask_free(a);
}

void http_counted(void *ctx, unsigned connections, bool refused)
{
	struct http *h = ctx;
	h->connections = connections;
	h->counts.turned_away += refused;
	if (h->ending && connections == 0)
		h->conf.drained(h->conf.ctx);
}

/* ---- who is asking ---- */

/* A key that is shown counts, and no other; a certificate only when none is. */
static void find_caller(struct http *h, const struct call *c, struct caller *out)
{
	struct str shown = head_value(c->head, "authorization");
	struct buf subject;
	*out = (struct caller){ .known = false };
	if (shown.n > 7 && strncasecmp(shown.p, "bearer ", 7) == 0)
		keys_find(h->keys, str_trim(str_sub(shown, 7, shown.n)), http_today(), out);
	if (shown.n > 0 || !h->subjects)
		return;
	buf_init(&subject, 0);
	call_subject(c, &subject);
	if (subject.n)
		subjects_find(h->subjects, buf_str(&subject), out);
	buf_fini(&subject);
}

static bool within_rate(struct http *h, struct call *c, const struct caller *who)
{
	struct buf b, name;
	buf_init(&name, 0);
	if (who->known)
		buf_addf(&name, "%s %s", who->id, who->facility);
	else
		buf_adds(&name, c->address);
	unsigned later = rate_ask(&h->rate, buf_str(&name), http_now());
	buf_fini(&name);
	if (!later)
		return true;
	const struct ask *a = c->own;
	buf_init(&b, 0);
	reason_json(REASON_RATE, (struct str){ 0 }, a->english, &b);
	http_reply(h, c, &(struct reply){ .status = 429, .body = buf_str(&b),
					  .retry_after = later });
	buf_fini(&b);
	return false;
}

/* ---- the gate ---- */

static void refuse_method(struct http *h, struct call *c, enum route route)
{
	const struct ask *a = c->own;
	struct buf b;
	buf_init(&b, 0);
	reason_json(REASON_METHOD, (struct str){ 0 }, a->english, &b);
	http_reply(h, c, &(struct reply){ .status = 405, .body = buf_str(&b),
		   .allow = route_get(route)->method == METHOD_POST ? "POST" : "GET, HEAD" });
	buf_fini(&b);
}

static bool may(struct http *h, struct call *c, const struct ask *a)
{
	enum duty needed = route_get(a->route)->role;
	if (needed == HTTP_ANYONE)
		return true;
	if (a->caller.known && duty_covers(a->caller.role, needed))
		return true;
	http_refuse(h, c, a->caller.known ? REASON_FORBIDDEN : REASON_UNAUTHORIZED,
		    (struct str){ 0 });
	return false;
}

bool http_gate(void *ctx, struct call *c, uint64_t *body_max)
{
	struct http *h = ctx;
	struct ask *a = xcalloc(1, sizeof *a);
	c->own = a;
	a->route = ROUTE_COUNT;
	a->english = str_starts(head_value(c->head, "accept-language"), STR("en"));
	buf_init(&a->param, HEAD_TARGET_MAX);
	find_caller(h, c, &a->caller);
	if (!within_rate(h, c, &a->caller))
		return false;
	enum route route = ROUTE_COUNT;
	enum reason why = route_find(c->head, &route, &a->param);
	if (why == REASON_METHOD) {
		refuse_method(h, c, route);
		return false;
	}
	if (why) {
		http_refuse(h, c, why, (struct str){ 0 });
		return false;
	}
	a->route = route;
	if (!may(h, c, a))
		return false;
	if (route != ROUTE_INTAKE && c->head->query.n > 0) {
		http_refuse(h, c, REASON_BAD_QUERY, c->head->query);
		return false;
	}
	*body_max = 0;
	if (route != ROUTE_INTAKE)
		return true;
	*body_max = (uint64_t)h->conf.conf->http_body_max << 20;
	return intake_gate(h, c, a);
}

/* ---- the small routes ---- */

static void serve_health(struct http *h, struct call *c)
{
	http_reply(h, c, &(struct reply){ .status = 200, .type = "text/plain",
					  .body = STR("alive\n") });
}

static void serve_ready(struct http *h, struct call *c)
{
	struct http_view v = { .started = false };
	struct buf b, why;
	buf_init(&b, 0);
	buf_init(&why, 0);
	h->conf.view(h->conf.ctx, &v);
	health_reasons(&v, &why);
	health_json(&v, &b);
	http_reply(h, c, &(struct reply){ .status = why.n ? 503 : 200, .body = buf_str(&b),
					  .retry_after = why.n ? BUSY_RETRY : 0 });
	buf_fini(&b);
	buf_fini(&why);
}

static void serve_metrics(struct http *h, struct call *c)
{
	struct http_view v = { .started = false };
	struct buf b;
	buf_init(&b, 0);
	h->conf.view(h->conf.ctx, &v);
	http_metrics(h, &v, &b);
	http_reply(h, c, &(struct reply){ .status = 200, .type = "text/plain; version=0.0.4",
					  .body = buf_str(&b) });
	buf_fini(&b);
}

static void serve_openapi(struct http *h, struct call *c)
{
	struct buf b;
	buf_init(&b, 0);
	openapi_write(&b);
	http_reply(h, c, &(struct reply){ .status = 200, .body = buf_str(&b) });
	buf_fini(&b);
}

static void serve_status(struct http *h, struct call *c)
{
	struct http_view v = { .started = false };
	struct buf b;
	const char *comma = "";
	buf_init(&b, 0);
	h->conf.view(h->conf.ctx, &v);
	buf_addf(&b, "{\"version\":\"%s\",\"rule_set\":\"%s\",\"feed\":", FUNDWATCH_VERSION,
		 v.live);
	buf_json(&b, str_of(feed_name(h->conf.feeds->item[0].feed)));
	buf_adds(&b, ",\"feeds\":[");
	for (unsigned i = 0; i < h->conf.feeds->n; i++) {
		buf_adds(&b, i ? "," : "");
		buf_json(&b, str_of(feed_name(h->conf.feeds->item[i].feed)));
	}
	buf_adds(&b, "],\"counters\":{");
#define STAT(name, what) \
	buf_addf(&b, "%s\"" #name "\":%llu", comma, (unsigned long long)v.stats->name), comma = ",";
#include "daemon/work/stats.def"
#undef STAT
	buf_adds(&b, "}}\n");
	http_reply(h, c, &(struct reply){ .status = 200, .body = buf_str(&b) });
	buf_fini(&b);
}

static void serve_reload(struct http *h, struct call *c)
{
	if (h->ending) {
		http_refuse(h, c, REASON_ENDING, (struct str){ 0 });
		return;
	}
	h->conf.reload(h->conf.ctx);
	http_reply(h, c, &(struct reply){ .status = 202, .body = STR("{\"asked\":\"reload\"}\n") });
}

void http_serve(void *ctx, struct call *c)
{
	static void (*const handlers[ROUTE_COUNT])(struct http *, struct call *) = {
		[ROUTE_HEALTH] = serve_health,   [ROUTE_READY] = serve_ready,
		[ROUTE_METRICS] = serve_metrics, [ROUTE_OPENAPI] = serve_openapi,
		[ROUTE_STATUS] = serve_status,   [ROUTE_RELOAD] = serve_reload,
	};
	struct http *h = ctx;
	struct ask *a = c->own;
	if (a->route == ROUTE_INTAKE)
		intake_serve(h, c, a);
	else
		handlers[a->route](h, c);
}
