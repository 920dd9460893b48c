/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/source/report.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>
#include <json.h>

#include "lib/base/buf.h"

static const char *no_columns(const void *ctx, unsigned i)
{
	(void)ctx;
	return i == 0 ? "odd \"column\"" : NULL;
}

/* The report as an object; it must be JSON whatever the names hold. */
static struct json_object *parsed(const struct report *r)
{
	struct buf b;
	buf_init(&b, 0);
	report_json(r, &b);
	struct json_object *o = json_tokener_parse(buf_cstr(&b));
	if (!o)
		fail_msg("not JSON: %s", buf_cstr(&b));
	buf_fini(&b);
	return o;
}

static const char *text(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key));
}

static void everything_is_told(void **state)
{
	struct tally t;
	struct decode_stats st = { .rows = 3 };
	struct tally_reason reason = { .reason = "bad-number", .n = 1, .line = 3, .column = 2,
				       .field = "c\"nt", .sentence = "不是数" };
	(void)state;
	tally_init(&t);
	t.reason = &reason;
	t.n_reason = 1;
	t.field[FIELD_fee_det_item_fee_sumamt].rows = 2;
	t.field[FIELD_fee_det_item_fee_sumamt].sum = -(__int128)12345678901234567 * 1000;
	st.records[STREAM_FEE] = 2;
	struct json_object *o = parsed(&(struct report){ .file = "a\"\\b.csv", .feed = "default",
		.intake = 7, .good = true, .rows = 3, .records = 2, .rejects = 1, .stats = &st,
		.tally = &t, .unknown_column = no_columns });
	assert_string_equal(text(o, "file"), "a\"\\b.csv");
	assert_string_equal(text(o, "state"), "done");
	assert_string_equal(text(json_object_object_get(o, "sums"), "fee.det_item_fee_sumamt"),
			    "-12345678901234.567000");
	struct json_object *first =
		json_object_array_get_idx(json_object_object_get(o, "reject_reasons"), 0);
	assert_string_equal(text(first, "field"), "c\"nt");
	assert_string_equal(text(json_object_object_get(o, "streams"), "fee"), "2");
	assert_non_null(strstr(text(o, "unknown_columns"), "odd"));
	json_object_put(o);
	t.reason = NULL;
	t.n_reason = 0;
	tally_fini(&t);
}

static void a_file_that_was_not_read(void **state)
{
	(void)state;
	struct json_object *o = parsed(&(struct report){ .file = "x", .feed = "default",
							 .reason = "the file is empty" });
	assert_string_equal(text(o, "state"), "failed");
	assert_string_equal(text(o, "reason"), "the file is empty");
	assert_null(json_object_object_get(o, "intake"));
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_told),
		cmocka_unit_test(a_file_that_was_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
