/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/http.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/http/state.h"
#include "daemon/http/tls.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"

#define CLERKS_DEPTH 256u
#define DRAIN_SECONDS 10

static void keys_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	(void)fd, (void)what;
	h->keys = key_keeper_take(h->keeper);
}

/* ---- opening ---- */

static void own_dir(const struct conf *c, struct buf *out)
{
	if (*c->http_dir)
		buf_adds(out, c->http_dir);
	else
		buf_addf(out, "%s/.http", c->spool_dir);
}

/* Plain text leaves the machine only when somebody has said that a proxy is in front. */
static bool check_exposure(const struct conf *c, struct err *e)
{
	bool tls = *c->http_tls_cert && *c->http_tls_key;
	if (!server_is_address(c->http_listen))
		return err_set(e, ERR_CONF, "http.listen: `%s` is no ADDRESS:PORT",
			       c->http_listen);
	if ((*c->http_tls_cert != '\0') != (*c->http_tls_key != '\0'))
		return err_set(e, ERR_CONF, "http.tls_cert and http.tls_key belong together");
	if (*c->http_client_crl && !*c->http_client_ca)
		return err_set(e, ERR_CONF, "http.client_crl is of no use without http.client_ca");
	if ((*c->http_client_ca != '\0') != (*c->http_clients != '\0') ||
	    (*c->http_client_ca && !tls))
		return err_set(e, ERR_CONF, "http.client_ca and http.clients belong together, and "
			       "to http.tls_cert");
	if (tls || server_is_loopback(c->http_listen) || strcmp(c->http_behind_proxy, "yes") == 0)
		return true;
	return err_set(e, ERR_CONF, "http.listen: %s can be reached from other machines: set "
		       "http.tls_cert and http.tls_key, or http.behind_proxy: yes when a proxy "
		       "does TLS", c->http_listen);
}

static bool open_tls(const struct conf *c, SSL_CTX **tls, struct subjects **subjects,
		     struct err *e)
{
	if (!*c->http_tls_cert)
		return true;
	*tls = tls_open(c->http_tls_cert, c->http_tls_key, c->http_client_ca,
			c->http_client_crl, e);
	if (*tls && *c->http_clients)
		*subjects = subjects_read(c->http_clients, e);
	return *tls && (*subjects || !*c->http_clients);
}

bool http_check(const struct conf *c, struct err *e)
{
	SSL_CTX *tls = NULL;
	struct subjects *subjects = NULL;
	if (!*c->http_listen)
		return true;
	bool ok = check_exposure(c, e) && open_tls(c, &tls, &subjects, e);
	subjects_free(subjects);
	SSL_CTX_free(tls);
	return ok;
}

static bool open_keys(struct http *h, const char *dir, struct err *e)
{
	const struct conf *c = h->conf.conf;
	struct buf path;
	buf_init(&path, 0);
	buf_addf(&path, "%s/keys", dir);
	h->keeper = key_keeper_start(c->database_conninfo, buf_cstr(&path), c->database_retry_max,
				     c->http_keys_max_age * 3600, e);
	buf_fini(&path);
	if (!h->keeper)
		return false;
	h->keys = key_keeper_take(h->keeper);
	if (keys_count(h->keys, http_today()) > 0 || subjects_count(h->subjects) > 0 ||
	    key_keeper_stale(h->keeper))
		return true;
	return err_set(e, ERR_CONF, "http.listen is set and nobody could come in: make a key with "
		       "`fundwatch key add`%s", key_keeper_database(h->keeper) ? ""
		       : " (PostgreSQL does not answer and there is no cache of its keys)");
}

static bool open_parts(struct http *h, struct err *e)
{
	const struct conf *c = h->conf.conf;
	struct buf dir;
	buf_init(&dir, 0);
	own_dir(c, &dir);
	bool ok = mkdir(buf_cstr(&dir), S_IRWXU) == 0 || errno == EEXIST ||
		  err_set(e, ERR_WORLD, "http.dir: %s: %s", buf_cstr(&dir), strerror(errno));
	ok = ok && open_tls(c, &h->tls, &h->subjects, e) && open_keys(h, buf_cstr(&dir), e);
	h->seen = ok ? seen_open(buf_cstr(&dir), (uint32_t)c->http_remember, e) : NULL;
	buf_fini(&dir);
	if (h->seen)
		desk_each(h->conf.desk, intake_remember, h);
	h->clerks = h->seen ? clerks_new(h->conf.base, (unsigned)c->http_clerks, CLERKS_DEPTH, e)
			    : NULL;
	return h->clerks != NULL;
}

static bool open_server(struct http *h, struct err *e)
{
	const struct conf *c = h->conf.conf;
	const struct server_conf sc = {
		.base = h->conf.base, .tls = h->tls,
		.connections = (unsigned)c->http_connections,
		.per_address = (unsigned)c->http_per_address,
		.head_seconds = c->http_head_seconds, .body_seconds = c->http_body_seconds,
		.idle_seconds = c->http_idle_seconds,
		.bodies_max = (uint64_t)c->http_bodies_max << 20,
		.gate = http_gate, .serve = http_serve, .ended = http_ended,
		.counted = http_counted, .ctx = h,
	};
	h->server = server_open(c->http_listen, &sc, e);
	if (!h->server)
		return false;
	h->on_keys = event_new(h->conf.base, key_keeper_fd(h->keeper), EV_READ | EV_PERSIST,
			       keys_cb, h);
	(void)event_add(h->on_keys, NULL);
	log_notice("http", "listening on %s%s", server_address(h->server),
		   h->tls ? " with TLS" : "");
	return true;
}

struct http *http_open(const struct http_conf *conf, struct err *e)
{
	if (!check_exposure(conf->conf, e))
		return NULL;
	struct http *h = xcalloc(1, sizeof *h);
	h->conf = *conf;
	rate_init(&h->rate, conf->conf->http_rate);
	if (open_parts(h, e) && open_server(h, e))
		return h;
	http_close(h);
	return NULL;
}

void http_reload(struct http *h)
{
	SSL_CTX *tls = NULL;
	struct subjects *subjects = NULL;
	struct err e;
	if (!h || !h->tls)
		return;
	if (!open_tls(h->conf.conf, &tls, &subjects, &e)) {
		log_error("http", "the old certificates and clients stay in force: %s", e.text);
		SSL_CTX_free(tls);
		return;
	}
	server_tls(h->server, tls);
	SSL_CTX_free(h->tls); /* connections keep what they were made with */
	subjects_free(h->subjects);
	h->tls = tls;
	h->subjects = subjects;
	log_info("http", "certificates and clients are read again");
}

/* ---- numbers ---- */

void http_metrics(const struct http *h, const struct http_view *v, struct buf *out)
{
	struct metrics_in in = { .live = v->live, .stats = v->stats, .gauges = &v->gauges,
				 .numbers = v->numbers, .http = h ? &h->counts : NULL };
	metrics_write(&in, out);
}

void http_gauges(const struct http *h, struct gauges *g)
{
	if (!h)
		return;
	g->http_connections = h->connections;
	g->http_keys = keys_count(h->keys, http_today());
	g->database_up = key_keeper_database(h->keeper);
	if (h->full_at && g->journal_bytes >= h->full_at)
		g->journal_full = 1;
}

/* ---- closing ---- */

static void late_cb(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	(void)fd, (void)what;
	h->late = true;
	h->conf.drained(h->conf.ctx);
}

void http_drain(struct http *h)
{
	if (!h || h->ending)
		return;
	h->ending = true;
	server_drain(h->server);
	struct timeval patience = { .tv_sec = DRAIN_SECONDS };
	h->on_late = evtimer_new(h->conf.base, late_cb, h);
	(void)event_add(h->on_late, &patience);
}

bool http_idle(const struct http *h)
{
	return !h || h->late || server_idle(h->server);
}

void http_close(struct http *h)
{
	if (!h)
		return;
	clerks_free(h->clerks);
	server_close(h->server);
	if (h->on_keys)
		event_free(h->on_keys);
	if (h->on_late)
		event_free(h->on_late);
	key_keeper_stop(h->keeper);
	seen_close(h->seen);
	subjects_free(h->subjects);
	SSL_CTX_free(h->tls);
	rate_fini(&h->rate);
	xfree(h);
}
