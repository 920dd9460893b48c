/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_http_route.c - paths, queries, rates.
 */
#include "daemon/http/rate.h"
#include "daemon/http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum reason find(enum method m, const char *path, enum route *route, struct buf *param)
{
	struct head h = { .method = m, .path = str_of(path) };
	return route_find(&h, route, param);
}

static void is(enum method m, const char *path, enum reason why)
{
	enum route route;
	struct buf param;
	buf_init(&param, 100);
	if (find(m, path, &route, &param) != why)
		fail_msg("%s: not %s", path, reason_word(why));
	buf_fini(&param);
}

static void every_route_is_found(void **state)
{
	(void)state;
	for (enum route r = 0; r < ROUTE_COUNT; r++) {
		enum route got = ROUTE_COUNT;
		struct buf param;
		buf_init(&param, 100);
		assert_int_equal(find(route_get(r)->method, route_get(r)->path, &got, &param), 0);
		assert_int_equal(got, r);
		buf_fini(&param);
	}
}

static void feeds_are_decoded_once(void **state)
{
	enum route route;
	struct buf param;
	(void)state;
	buf_init(&param, 100);
	assert_int_equal(find(METHOD_POST, "/v1/intake/a%2525%e5%8e%bf", &route, &param), 0);
	assert_string_equal(buf_cstr(&param), "a%25\xe5\x8e\xbf");
	buf_fini(&param);
}

static void tricks_with_paths(void **state)
{
	(void)state;
	is(METHOD_POST, "/v1/intake/..", REASON_NONE); /* a feed's name like any other: unknown */
	is(METHOD_POST, "/v1/intake/../healthz", REASON_NOT_FOUND);
	is(METHOD_POST, "/v1/intake/a%2fb", REASON_BAD_PATH);
	is(METHOD_POST, "/v1/intake/a%5cb", REASON_BAD_PATH);
	is(METHOD_POST, "/v1/intake/a%00", REASON_BAD_PATH);
	is(METHOD_POST, "/v1/intake/a%0a", REASON_BAD_PATH);
	is(METHOD_POST, "/v1/intake/%ff", REASON_BAD_PATH);
	is(METHOD_POST, "/v1/intake/%4", REASON_BAD_PATH);
	is(METHOD_POST, "/v1/intake/a/", REASON_NOT_FOUND);
	is(METHOD_POST, "/v1/intake//a", REASON_NOT_FOUND);
	is(METHOD_POST, "//v1/intake/a", REASON_NOT_FOUND);
	is(METHOD_GET, "/", REASON_NOT_FOUND);
	is(METHOD_GET, "/healthz/", REASON_NOT_FOUND);
	is(METHOD_GET, "/HEALTHZ", REASON_NOT_FOUND);
	is(METHOD_GET, "/health%7a", REASON_NONE);
}

static void methods(void **state)
{
	(void)state;
	is(METHOD_HEAD, "/healthz", REASON_NONE);
	is(METHOD_POST, "/healthz", REASON_METHOD);
	is(METHOD_GET, "/v1/intake/a", REASON_METHOD);
	is(METHOD_HEAD, "/v1/intake/a", REASON_METHOD);
	is(METHOD_OTHER, "/healthz", REASON_METHOD);
}

static void queries(void **state)
{
	static const char *const known[] = { "file", "other", NULL };
	static const struct { const char *query; bool good, found; const char *value; } rows[] = {
		{ "", true, false, "" },
		{ "file=a.csv", true, true, "a.csv" },
		{ "file=%e5%8e%bf&other=1", true, true, "\xe5\x8e\xbf" },
		{ "other=1", true, false, "" },
		{ "file=a&file=b", false, true, "a" },
		{ "unknown=1", false, false, "" },
		{ "file", false, false, "" },
		{ "=a", false, false, "" },
		{ "file=a%2fb", false, false, "" },
		{ "file=..%5c", false, false, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf b;
		bool found;
		buf_init(&b, 100);
		bool good = head_query(str_of(rows[i].query), known, "file", &b, &found);
		if (good != rows[i].good || (good && (found != rows[i].found ||
		    strcmp(buf_cstr(&b), rows[i].value) != 0)))
			fail_msg("`%s`", rows[i].query);
		buf_fini(&b);
	}
}

static void rates(void **state)
{
	struct rate r;
	int64_t now = 1000000;
	(void)state;
	rate_init(&r, 60); /* one a second, six at once */
	for (int i = 0; i < 6; i++)
		assert_int_equal(rate_ask(&r, STR("a"), now), 0);
	assert_int_equal(rate_ask(&r, STR("a"), now), 1);
	assert_int_equal(rate_ask(&r, STR("b"), now), 0);
	assert_int_equal(rate_ask(&r, STR("a"), now + 1000000), 0);
	assert_int_equal(rate_ask(&r, STR("a"), now + 1000000), 1);
	rate_fini(&r);
}

static void rates_forget_those_who_made_up(void **state)
{
	struct rate r;
	char name[16];
	(void)state;
	rate_init(&r, 60);
	for (int i = 0; i < 200000; i++) {
		int n = snprintf(name, sizeof name, "%d", i);
		assert_int_equal(rate_ask(&r, str_make(name, (size_t)n), i * 1000), 0);
	}
	assert_true(map64_count(&r.due) <= 65536);
	rate_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_found), cmocka_unit_test(feeds_are_decoded_once),
		cmocka_unit_test(tricks_with_paths), cmocka_unit_test(methods),
		cmocka_unit_test(queries), cmocka_unit_test(rates),
		cmocka_unit_test(rates_forget_those_who_made_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
