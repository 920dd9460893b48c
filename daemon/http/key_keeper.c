/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/key_keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "daemon/host/log.h"
#include "daemon/sink/db.h"
#include "daemon/sink/sink.h"
#include "lib/base/mem.h"

#define OBJECT "keys"
#define LOOK_AGAIN_MS 10000
#define FIRST_LOOK_MS 5000

#define READ_KEYS                                                                            \
	"SELECT key_id, encode(hash, 'hex'), facility, role, until - date '1970-01-01' "      \
	"FROM fundwatch.api_key WHERE revoked_at IS NULL ORDER BY key_id"

struct key_keeper {
	const char *conninfo;
	char *cache;
	int64_t retry_max;
	pthread_t thread;
	int news, stop;              /* eventfds */
	_Atomic(struct keys *) fresh;
	struct keys *keys;           /* main thread's */
	_Atomic bool database, looked;
	_Atomic int64_t fresh_at;    /* seconds UTC when the keys were read last */
	int64_t max_age;
	struct keys *none;           /* what keys that are too old are taken for */
	bool stale;
};

static void tell(struct key_keeper *k)
{
	uint64_t one = 1;
	if (write(k->news, &one, sizeof one) < 0)
		log_error(OBJECT, "eventfd: %s", strerror(errno));
}

/* ---- reading ---- */

static bool take_row(PGresult *rows, int i, struct key *out)
{
	const char *hash = PQgetvalue(rows, i, 1), *facility = PQgetvalue(rows, i, 2);
	*out = (struct key){ .role = duty_find(str_of(PQgetvalue(rows, i, 3))) };
	if (strlen(PQgetvalue(rows, i, 0)) != KEY_ID - 1 || strlen(hash) != 2 * (size_t)KEY_HASH ||
	    strlen(facility) >= KEY_FACILITY)
		return false;
	memcpy(out->id, PQgetvalue(rows, i, 0), KEY_ID);
	memcpy(out->facility, facility, strlen(facility) + 1);
	for (unsigned b = 0; b < KEY_HASH; b++) {
		char two[3] = { hash[2 * b], hash[2 * b + 1], '\0' };
		out->hash[b] = (unsigned char)strtoul(two, NULL, 16);
	}
	out->until = PQgetisnull(rows, i, 4) ? MISSING_I32
					     : (int32_t)strtol(PQgetvalue(rows, i, 4), NULL, 10);
	return out->role != HTTP_ANYONE;
}

static bool read_keys(struct key_keeper *k, struct db *db, struct err *e)
{
	PGresult *rows = db_query(db, READ_KEYS, 0, NULL, e);
	if (!rows)
		return false;
	struct keys *set = keys_new();
	struct key row;
	struct err why;
	for (int i = 0; i < PQntuples(rows); i++) {
		if (take_row(rows, i, &row))
			keys_add(set, &row);
		else
			log_error(OBJECT, "row `%s` of api_key is none of ours, it opens nothing",
				  PQgetvalue(rows, i, 0));
	}
	PQclear(rows);
	if (!keys_save(set, k->cache, &why))
		log_error(OBJECT, "the cache is not written: %s", why.text);
	keys_free(atomic_exchange(&k->fresh, set));
	return true;
}

/* True when the table changed or it is time; false when stopped. */
static bool wait_for_news(struct key_keeper *k, struct db *db)
{
	struct pollfd at[2] = { { .fd = PQsocket(db->conn), .events = POLLIN },
				{ .fd = k->stop, .events = POLLIN } };
	(void)poll(at, 2, LOOK_AGAIN_MS);
	if (at[1].revents)
		return false;
	(void)PQconsumeInput(db->conn);
	for (PGnotify *n; (n = PQnotifies(db->conn)); PQfreemem(n))
		log_info(OBJECT, "the keys changed");
	return true;
}

static void came(struct key_keeper *k)
{
	if (!k->database && k->looked)
		log_notice(OBJECT, "the database answers; keys are fresh again");
	k->fresh_at = clock_seconds();
	k->database = k->looked = true;
	tell(k);
}

static void went(struct key_keeper *k, const struct err *e)
{
	if (k->database || !k->looked)
		log_warn(OBJECT, "the database does not answer (%s); the keys last known stay in "
			 "force", e->text);
	k->database = false;
	k->looked = true;
	tell(k);
}

static void *run(void *arg)
{
	struct key_keeper *k = arg;
	const struct db_wait wait = { .stop_fd = k->stop, .connect = 10, .statement = 60,
				      .lock = 10 };
	struct err e;
	int64_t pause = 1;
	bool on = true;
	while (on) {
		struct db db = { 0 };
		bool ok = db_open(&db, k->conninfo, &wait, &e) &&
			  db_exec(&db, "LISTEN fundwatch_api_key", &e);
		while (on && ok && (ok = read_keys(k, &db, &e))) {
			came(k);
			pause = 1;
			on = wait_for_news(k, &db);
		}
		db_close(&db);
		if (on)
			went(k, &e);
		on = on && !wait_or_stop(k->stop, pause);
		pause = pause * 2 < k->retry_max ? pause * 2 : k->retry_max;
	}
	return NULL;
}

/* ---- the main thread's side ---- */

/* The cache is written anew at every look. */
static int64_t written_at(const char *cache)
{
	struct stat st;
	return stat(cache, &st) == 0 ? st.st_mtim.tv_sec : clock_seconds();
}

static bool start_thread(struct key_keeper *k, struct err *e)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&k->thread, NULL, run, k);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0 ||
	       err_set(e, ERR_WORLD, "no thread to read the keys: %s", strerror(error));
}

static void release(struct key_keeper *k)
{
	(void)close(k->news);
	(void)close(k->stop);
	keys_free(atomic_exchange(&k->fresh, NULL));
	keys_free(k->keys);
	keys_free(k->none);
	xfree(k->cache);
	xfree(k);
}

struct key_keeper *key_keeper_start(const char *conninfo, const char *cache, int64_t retry_max,
				    int64_t max_age, struct err *e)
{
	struct key_keeper *k = xcalloc(1, sizeof *k);
	k->conninfo = conninfo;
	k->cache = xstrdup(cache);
	k->retry_max = retry_max;
	k->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	k->stop = eventfd(0, EFD_CLOEXEC);
	k->max_age = max_age;
	k->none = keys_new();
	k->fresh_at = written_at(cache);
	k->keys = keys_load(cache, e);
	if (!k->keys)
		log_error(OBJECT, "%s", e->text);
	bool damaged = !k->keys;
	if (!start_thread(k, e)) {
		release(k);
		return NULL;
	}
	struct pollfd at = { .fd = k->news, .events = POLLIN };
	(void)poll(&at, 1, FIRST_LOOK_MS);
	if (key_keeper_take(k) && (!damaged || k->database))
		return k;
	key_keeper_stop(k);
	return NULL;
}

void key_keeper_stop(struct key_keeper *k)
{
	uint64_t one = 1;
	if (!k)
		return;
	if (write(k->stop, &one, sizeof one) < 0)
		log_error(OBJECT, "eventfd: %s", strerror(errno));
	(void)pthread_join(k->thread, NULL);
	release(k);
}

int key_keeper_fd(const struct key_keeper *k)
{
	return k->news;
}

const struct keys *key_keeper_take(struct key_keeper *k)
{
	uint64_t n;
	ssize_t got = read(k->news, &n, sizeof n);
	struct keys *fresh = atomic_exchange(&k->fresh, NULL);
	(void)got; /* nothing there: nothing is new */
	if (fresh) {
		keys_free(k->keys);
		k->keys = fresh;
	}
	bool stale = k->max_age > 0 && !k->database && clock_seconds() - k->fresh_at > k->max_age;
	if (stale && !k->stale)
		log_error(OBJECT, "the keys were read more than %" PRId64 " hours ago: no key "
			  "opens anything until the database answers", k->max_age / 3600);
	k->stale = stale;
	return stale ? k->none : k->keys;
}

bool key_keeper_stale(const struct key_keeper *k)
{
	return k->stale;
}

bool key_keeper_database(const struct key_keeper *k)
{
	return k->database;
}
