/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_http.c - any bytes as what comes in on a connection: the same requests however they are
 * cut, every bound kept, and each request through routes, queries, keys and the reading of its
 * body as the daemon would.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/http/keys.h"
#include "daemon/http/reader.h"
#include "daemon/http/route.h"
#include "daemon/http/submission.h"
#include "lib/base/hash.h"
#include "lib/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY_MAX 2000u
#define INFLATED_MAX (64u << 10)

static struct feed *feed;
static struct keys *keys;

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What the gate and the handlers do with it, in one number. */
static uint64_t judge(const struct head *h)
{
	static const char *const known[] = { "file", NULL };
	enum route route = ROUTE_COUNT;
	struct caller who;
	struct buf param, file;
	bool found;
	buf_init(&param, HEAD_TARGET_MAX);
	buf_init(&file, HEAD_TARGET_MAX);
	enum reason why = route_find(h, &route, &param);
	bool good = head_query(h->query, known, "file", &file, &found);
	must(utf8_valid(param.p ? param.p : "", param.n));
	must(!good || !memchr(file.p ? file.p : "", '/', file.n));
	must(why || route < ROUTE_COUNT);
	keys_find(keys, head_value(h, "authorization"), 0, &who);
	must(!who.known);
	uint64_t sum = hash_join(why, hash_join(route, good));
	for (unsigned i = 0; i < h->n_field; i++)
		sum = hash_join(sum, hash_str(h->field[i].value));
	buf_fini(&param);
	buf_fini(&file);
	return sum;
}

/* All requests of the bytes given `step` at a time; what they were, and how it ended. */
static uint64_t run(const char *p, size_t n, size_t step, struct buf *first)
{
	struct reader r;
	uint64_t sum = 0;
	size_t at = 0;
	reader_init(&r);
	while (at < n && r.stage != READER_BROKEN) {
		size_t k = n - at < step ? n - at : step;
		at += reader_take(&r, p + at, k);
		must(r.text.n <= HEAD_MAX + 1 && r.body.n <= BODY_MAX);
		if (r.stage == READER_GATE) {
			sum = hash_join(sum, judge(&r.head));
			reader_admit(&r, BODY_MAX);
		}
		if (r.stage == READER_DONE) {
			sum = hash_join(sum, hash_str(buf_str(&r.body)));
			if (first && first->n == 0)
				buf_addstr(first, buf_str(&r.body));
			reader_reset(&r);
		}
	}
	sum = r.stage == READER_BROKEN ? hash_join(sum, r.why) : sum;
	reader_fini(&r);
	return sum;
}

static void submit(struct str body, const char *file, bool gzip, bool json)
{
	const struct submission_in in = { .feed = feed, .file = file, .scope = "H1", .body = body,
					  .gzip = gzip, .json = json, .find_key = json,
					  .inflated_max = INFLATED_MAX, .rows_max = 50 };
	struct submission s;
	submission_read(&in, &s);
	must(s.shown <= SUBMISSION_SHOWN && (s.why || s.rows <= in.rows_max));
	must(utf8_valid(s.places.p ? s.places.p : "", s.places.n));
	must(!s.key[0] || submission_key_valid(str_of(s.key)));
	submission_fini(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct buf first;
	if (!feed) {
		feed = feed_default();
		keys = keys_new();
	}
	buf_init(&first, BODY_MAX);
	uint64_t whole = run(p, size, size ? size : 1, &first);
	must(whole == run(p, size, 1, NULL));
	must(whole == run(p, size, 7, NULL));
	submit(buf_str(&first), "fee_list_d.csv", false, false);
	submit(buf_str(&first), "body.json", false, true);
	submit(buf_str(&first), "fee_list_d.csv", true, false);
	buf_fini(&first);
	return 0;
}
