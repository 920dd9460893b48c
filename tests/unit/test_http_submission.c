/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_http_submission.c - counts, rejects, foreign rows, keys and bounds of a body.
 */
#include "daemon/http/submission.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "lib/base/mem.h"

#define HEADER                                                                            \
	"feedetl_sn,mdtrt_id,psn_no,fixmedins_code,med_list_codg,fee_ocur_time,cnt,pric," \
	"det_item_fee_sumamt,updt_time\n"
#define TIME "2026-01-02 08:00:00"
#define ROW(sn, facility, cnt) sn ",M1,P1," facility ",C1," TIME "," cnt ",2,2," TIME "\n"

static struct feed *feed;

static int make_feed(void **state)
{
	(void)state;
	feed = feed_default();
	return feed ? 0 : 1;
}

static int free_feed(void **state)
{
	(void)state;
	feed_free(feed);
	return 0;
}

static struct submission_in of(const char *body, const char *scope)
{
	return (struct submission_in){ .feed = feed, .file = "fee_list_d.csv", .scope = scope,
				       .body = str_of(body), .english = true,
				       .inflated_max = 1u << 20, .rows_max = 100 };
}

static void good_and_bad_rows_are_counted(void **state)
{
	struct submission_in in = of(HEADER ROW("1", "H1", "1") ROW("2", "H1", "x")
				     ROW("1", "H1", "1") ROW("3", "H2", "1"), "");
	struct submission s;
	struct buf b;
	(void)state;
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_NONE);
	assert_int_equal(s.rows, 4);
	assert_int_equal(s.rejects, 1);
	assert_int_equal(s.records[STREAM_FEE], 3);
	assert_int_equal(s.repeated, 1);
	assert_non_null(strstr(buf_cstr(&s.places), "{\"line\":3,\"column\":7,\"field\":\"cnt\","
			       "\"reason\":\"bad-number\""));
	buf_init(&b, 0);
	submission_receipt(&s, &in, "k", "d", &b);
	assert_non_null(strstr(buf_cstr(&b), "\"rows\":4,\"records\":{\"fee\":3},\"accepted\":3,"
			       "\"repeated_in_body\":1,\"filtered\":0,\"rejected\":1"));
	buf_fini(&b);
	submission_fini(&s);
}

static void foreign_rows_refuse_the_whole(void **state)
{
	struct submission_in in = of(HEADER ROW("1", "H1", "1") ROW("2", "H1", "x")
				     ROW("3", "H2", "1"), "H1");
	struct submission s;
	(void)state;
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_FOREIGN_ROW);
	assert_int_equal(s.foreign, 1);
	assert_int_equal(s.shown, 1);
	assert_non_null(strstr(buf_cstr(&s.places), "{\"line\":4,\"stream\":\"fee\","));
	assert_non_null(strstr(buf_cstr(&s.places), "facility H2"));
	submission_fini(&s);
}

/* Registers of everybody are not one facility's to write. */
static void rows_without_a_facility_are_foreign(void **state)
{
	struct submission_in in = of("psn_no,begndate,gend\nP1,2026-01-01,1\n", "H1");
	struct submission s;
	(void)state;
	in.file = "person_d.csv";
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_FOREIGN_ROW);
	submission_fini(&s);
}

static char *zip(const char *text, size_t n, uint32_t *out)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (unsigned)n };
	char *p = xmalloc(n + 1000);
	deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	z.next_out = (unsigned char *)p;
	z.avail_out = (unsigned)n + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*out = (uint32_t)z.total_out;
	deflateEnd(&z);
	return p;
}

static void gzip_must_be_said_and_true(void **state)
{
	static const char text[] = HEADER ROW("1", "H1", "1");
	struct submission_in in = of("", "H1");
	struct submission s;
	(void)state;
	char *p = zip(text, sizeof text - 1, &in.body.n);
	in.body.p = p;
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_MEDIA);
	submission_fini(&s);
	in.gzip = true;
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_NONE);
	assert_int_equal(s.rows, 1);
	submission_fini(&s);
	in.body.n -= 9; /* cut */
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_BAD_BODY);
	submission_fini(&s);
	xfree(p);
}

static void bombs_are_too_large(void **state)
{
	size_t n = 64u << 20;
	char *text = xcalloc(n, 1);
	struct submission_in in = of("", "");
	struct submission s;
	(void)state;
	memset(text, 'a', n);
	memcpy(text, HEADER, sizeof HEADER - 1);
	char *p = zip(text, n, &in.body.n);
	in.body.p = p;
	in.gzip = true;
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_TOO_LARGE);
	submission_fini(&s);
	xfree(p);
	xfree(text);
}

static void too_many_rows(void **state)
{
	struct submission_in in = of("", "");
	struct submission s;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	buf_adds(&b, HEADER);
	for (int i = 0; i < 101; i++)
		buf_addf(&b, ROW("%d", "H1", "1"), i);
	in.body = buf_str(&b);
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_TOO_LARGE);
	submission_fini(&s);
	buf_fini(&b);
}

static void unreadable_bodies(void **state)
{
	struct submission_in in = of("", "");
	struct submission s;
	(void)state;
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_BAD_BODY);
	submission_fini(&s);
	in = of("x", "");
	in.file = "unknown.txt";
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_BAD_BODY);
	submission_fini(&s);
}

#define MESSAGE(msgid)                                                                        \
	"{\"infno\":\"2401\",\"msgid\":\"" msgid "\",\"fixmedins_code\":\"H1\","               \
	"\"inf_time\":\"2026-01-02 08:00:00\",\"input\":{\"mdtrtinfo\":{\"psn_no\":\"P1\","     \
	"\"begntime\":\"2026-01-01 08:00:00\",\"med_type\":\"21\"}},\"output\":{\"result\":"    \
	"{\"mdtrt_id\":\"M1\"}}}"

static void finds(const char *text, const char *key)
{
	struct submission_in in = of(text, "");
	struct submission s;
	in.file = "body.json";
	in.json = in.find_key = true;
	submission_read(&in, &s);
	assert_int_equal(s.why, REASON_NONE);
	assert_string_equal(s.key, key);
	submission_fini(&s);
}

static void the_message_names_itself(void **state)
{
	(void)state;
	finds(MESSAGE("H10020260102080000001"), "H10020260102080000001");
	finds("[" MESSAGE("a") "]", "a");
	finds(MESSAGE("a") "\n" MESSAGE("b"), "");
	finds(MESSAGE("not a key"), "");
}

static void keys_of_few_characters(void **state)
{
	char longest[SUBMISSION_KEY_MAX + 2];
	(void)state;
	memset(longest, 'a', sizeof longest);
	assert_true(submission_key_valid(str_make(longest, SUBMISSION_KEY_MAX)));
	assert_false(submission_key_valid(str_make(longest, SUBMISSION_KEY_MAX + 1)));
	assert_true(submission_key_valid(STR("a.B_1:2-3")));
	assert_false(submission_key_valid(STR("")));
	assert_false(submission_key_valid(STR("a b")));
	assert_false(submission_key_valid(STR("a/b")));
	assert_false(submission_key_valid(STR("\xe5\x8e\xbf")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_and_bad_rows_are_counted),
		cmocka_unit_test(foreign_rows_refuse_the_whole),
		cmocka_unit_test(rows_without_a_facility_are_foreign),
		cmocka_unit_test(gzip_must_be_said_and_true),
		cmocka_unit_test(bombs_are_too_large),
		cmocka_unit_test(too_many_rows),
		cmocka_unit_test(unreadable_bodies),
		cmocka_unit_test(the_message_names_itself),
		cmocka_unit_test(keys_of_few_characters),
	};
	return cmocka_run_group_tests(tests, make_feed, free_feed);
}
