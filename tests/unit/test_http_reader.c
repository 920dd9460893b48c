/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_http_reader.c - heads and bodies by table, and cut at every place.
 */
#include "daemon/http/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BODY_ALLOWED 1000

/* What becomes of a text given `step` bytes at a time; the body is left in `r`. */
static enum reason read_all(struct reader *r, const char *text, size_t n, size_t step)
{
	reader_init(r);
	for (size_t at = 0; at < n;) {
		size_t k = n - at < step ? n - at : step;
		size_t used = reader_take(r, text + at, k);
		at += used;
		if (r->stage == READER_GATE)
			reader_admit(r, BODY_ALLOWED);
		else if (used < k)
			break;
	}
	return r->stage == READER_BROKEN ? r->why : REASON_NONE;
}

static void says(const char *text, enum reason expected)
{
	size_t n = strlen(text);
	for (size_t step = 1; step <= n; step++) {
		struct reader r;
		enum reason got = read_all(&r, text, n, step);
		if (got != expected)
			fail_msg("`%s` by %zu: %s, not %s", text, step, reason_word(got),
				 reason_word(expected));
		reader_fini(&r);
	}
}

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: a\r\n"

static void heads_that_are_right(void **state)
{
	(void)state;
	says(GET "\r\n", REASON_NONE);
	says("\r\n\r\n" GET "\r\n", REASON_NONE);
	says("GET /a?b=c HTTP/1.0\r\n\r\n", REASON_NONE);
	says(GET "X-Empty:\r\nX-Tab:\ta\tb \r\n\r\n", REASON_NONE);
	says(POST "Content-Length: 3\r\n\r\nabc", REASON_NONE);
	says(POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", REASON_NONE);
}

static void heads_that_two_could_read_differently(void **state)
{
	(void)state;
	says("GET / HTTP/1.1\nHost: a\n\n", REASON_BAD_REQUEST);
	says(GET "A: b\r\n folded\r\n\r\n", REASON_BAD_REQUEST);
	says(GET "A : b\r\n\r\n", REASON_BAD_REQUEST);
	says(GET "Host: b\r\n\r\n", REASON_BAD_REQUEST);
	says("GET / HTTP/1.1\r\n\r\n", REASON_BAD_REQUEST);
	says(GET "A: b\rc\r\n\r\n", REASON_BAD_REQUEST);
	says(GET "A: b\vc\r\n\r\n", REASON_BAD_REQUEST);
	says(GET "Authorization: a\r\nAuthorization: b\r\n\r\n", REASON_BAD_REQUEST);
	says(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", REASON_BAD_FRAMING);
	says(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", REASON_BAD_FRAMING);
	says(POST "Content-Length: +3\r\n\r\n", REASON_BAD_FRAMING);
	says(POST "Content-Length: 3, 3\r\n\r\n", REASON_BAD_FRAMING);
	says(POST "Content-Length: 9999999999999999999\r\n\r\n", REASON_BAD_FRAMING);
	says(POST "Transfer-Encoding: gzip, chunked\r\n\r\n", REASON_CODING);
	says("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", REASON_BAD_FRAMING);
}

static void request_lines(void **state)
{
	(void)state;
	says("GET /\r\n\r\n", REASON_BAD_REQUEST);
	says("GET  / HTTP/1.1\r\n\r\n", REASON_BAD_REQUEST);
	says("G@T / HTTP/1.1\r\n\r\n", REASON_BAD_REQUEST);
	says("GET / HTTP/2.0\r\nHost: a\r\n\r\n", REASON_VERSION);
	says("GET / http/1.1\r\nHost: a\r\n\r\n", REASON_BAD_REQUEST);
	says("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", REASON_BAD_PATH);
	says("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", REASON_BAD_PATH);
	says("GET /a\x80 HTTP/1.1\r\nHost: a\r\n\r\n", REASON_BAD_PATH);
	says(GET "Expect: tea\r\n\r\n", REASON_EXPECT);
	says("\x16\x03\x01\x02\r\n\r\n", REASON_BAD_REQUEST);
}

static void nul_bytes_are_refused(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
	struct reader r;
	(void)state;
	assert_int_equal(read_all(&r, text, sizeof text - 1, 7), REASON_BAD_REQUEST);
	reader_fini(&r);
}

static void chunks(void **state)
{
	(void)state;
	says(POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n", REASON_NONE);
	says(POST "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n00\r\n\r\n", REASON_NONE);
	says(POST "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", REASON_BAD_FRAMING);
	says(POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd", REASON_BAD_FRAMING);
	says(POST "Transfer-Encoding: chunked\r\n\r\n\r\n", REASON_BAD_FRAMING);
	says(POST "Transfer-Encoding: chunked\r\n\r\n-3\r\n", REASON_BAD_FRAMING);
	says(POST "Transfer-Encoding: chunked\r\n\r\nffffffffffffff\r\n", REASON_BAD_FRAMING);
	says(POST "Transfer-Encoding: chunked\r\n\r\n3ff\r\n", REASON_NONE);
}

static void bodies_are_put_together(void **state)
{
	static const char text[] =
		POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n";
	(void)state;
	for (size_t step = 1; step < sizeof text; step++) {
		struct reader r;
		assert_int_equal(read_all(&r, text, sizeof text - 1, step), REASON_NONE);
		assert_int_equal(r.stage, READER_DONE);
		assert_string_equal(buf_cstr(&r.body), "abc0123456789");
		reader_fini(&r);
	}
}

static void bodies_are_bounded(void **state)
{
	char text[2200];
	struct reader r;
	(void)state;
	says(POST "Content-Length: 1001\r\n\r\n", REASON_TOO_LARGE);
	int n = snprintf(text, sizeof text, POST "Transfer-Encoding: chunked\r\n\r\n7d0\r\n");
	memset(text + n, 'x', sizeof text - (size_t)n);
	assert_int_equal(read_all(&r, text, sizeof text, 50), REASON_TOO_LARGE);
	assert_true(r.body.n <= BODY_ALLOWED);
	reader_fini(&r);
}

static void heads_are_bounded(void **state)
{
	static char text[HEAD_MAX * 2];
	struct reader r;
	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, GET "X: ", sizeof GET + 2);
	assert_int_equal(read_all(&r, text, sizeof text, 1000), REASON_HEADERS);
	assert_true(r.text.n <= HEAD_MAX + 1);
	reader_fini(&r);
	memset(text, 'a', sizeof text);
	memcpy(text, "GET /", 5);
	memcpy(text + 5 + HEAD_TARGET_MAX, " HTTP/1.1\r\nHost: a\r\n\r\n", 22);
	assert_int_equal(read_all(&r, text, 5 + HEAD_TARGET_MAX + 22, 1000), REASON_LONG_PATH);
	reader_fini(&r);
}

static void what_follows_is_left(void **state)
{
	static const char text[] = POST "Content-Length: 2\r\n\r\nab" GET "\r\n";
	struct reader r;
	(void)state;
	reader_init(&r);
	size_t used = reader_take(&r, text, sizeof text - 1);
	assert_int_equal(r.stage, READER_GATE);
	reader_admit(&r, 10);
	used += reader_take(&r, text + used, sizeof text - 1 - used);
	assert_int_equal(r.stage, READER_DONE);
	assert_string_equal(text + used, GET "\r\n");
	reader_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_that_are_right),
		cmocka_unit_test(heads_that_two_could_read_differently),
		cmocka_unit_test(request_lines),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(chunks),
		cmocka_unit_test(bodies_are_put_together),
		cmocka_unit_test(bodies_are_bounded),
		cmocka_unit_test(heads_are_bounded),
		cmocka_unit_test(what_follows_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
