/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_json.c - where objects end, how numbers arrive, what a broken object costs.
 */
#include "tests/check.h"

#include <json-c/json.h>

#include "lib/base/buf.h"
#include "lib/record/json.h"

static void show(void *ctx, const struct json_in *in)
{
	struct buf *out = ctx;
	buf_addf(out, "%llu@%llu", (unsigned long long)in->line, (unsigned long long)in->offset);
	if (in->why != REJECT_NONE) {
		buf_addf(out, "!%s\n", reject_word(in->why));
		return;
	}
	json_object_object_foreach(in->object, key, value) {
		struct str text;
		bool plain = json_text(value, &text);
		buf_addf(out, " %s=", key);
		if (plain)
			buf_addstr(out, text);
		else
			buf_adds(out, "?");
	}
	buf_addc(out, '\n');
}

static void check(bool by_line, const char *text, const char *want)
{
	static const size_t steps[] = { 1000000, 1, 3, 8 };
	size_t n = strlen(text);
	for (unsigned i = 0; i < 4; i++) {
		struct buf out;
		buf_init(&out, 0);
		struct json *j = json_new(by_line, show, &out);
		for (size_t at = 0; at < n; at += steps[i])
			json_push(j, text + at, n - at < steps[i] ? n - at : steps[i], false);
		json_finish(j);
		CHECK_STR(buf_str(&out), want);
		json_free(j);
		buf_fini(&out);
	}
}

static void values_keep_their_text(void **state)
{
	(void)state;
	check(true, "{\"a\":0.10,\"b\":33010020260301000012345,\"c\":-1E3,\"d\":true,\"e\":null,"
		    "\"f\":\"1\\u4e2d\",\"g\":[1],\"h\":false}\n",
	      "1@0 a=0.10 b=33010020260301000012345 c=-1E3 d=1 e= f=1中 g=? h=0\n");
	check(true, "{\"a\\\"1\":\"x 1 \\\" 2\"}", "1@0 a\"1=x 1 \" 2\n");
}

static void one_a_line(void **state)
{
	(void)state;
	check(true, "{\"a\":1}\n\n{\"a\":\n{\"a\":3}\r\n[1]\nx\n{\"a\":4} 5\n{\"a\":6}",
	      "1@0 a=1\n3@9!bad-json\n4@15 a=3\n5@24!not-object\n6@28!bad-json\n"
	      "7@30!bad-json\n8@40 a=6\n");
}

static void objects_over_lines_and_in_arrays(void **state)
{
	(void)state;
	check(false, "[\n {\n  \"a\": [1, {\"x\": \"}\"}]\n },\n {\"a\":2}\n]\n",
	      "2@3 a=?\n5@33 a=2\n");
	check(false, "{\"a\":1}{\"a\":2}\n{\"a\":3}", "1@0 a=1\n1@7 a=2\n2@15 a=3\n");
}

/* An object that never closes costs its own lines only. */
static void broken_objects(void **state)
{
	(void)state;
	check(false, "{\"a\":1\n{\"a\":2}\n{\"a\":3}\n", "1@0!bad-json\n2@7 a=2\n3@15 a=3\n");
	check(false, "{\"a\":\"1\n{\"a\":2}\n", "1@0!bad-json\n2@8 a=2\n");
	check(false, "garbage\n{\"a\":2}\n", "1@0!not-object\n2@8 a=2\n");
	check(false, "{\"a\":tru}\n{\"a\":2}\n", "1@0!bad-json\n2@10 a=2\n");
}

static void too_deep(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "{\"a\":");
	buf_fill(&text, '[', 100000);
	buf_fill(&text, ']', 100000);
	buf_adds(&text, "}\n{\"a\":2}\n");
	struct buf out;
	buf_init(&out, 0);
	struct json *j = json_new(false, show, &out);
	json_push(j, text.p, text.n, false);
	json_finish(j);
	CHECK_STR(buf_str(&out), "1@0!bad-json\n2@200007 a=2\n");
	json_free(j);
	buf_fini(&out);
	buf_fini(&text);
}

static void endless_line(void **state)
{
	(void)state;
	static char block[1 << 16];
	memset(block, 'x', sizeof(block));
	for (unsigned by_line = 0; by_line < 2; by_line++) {
		struct buf out;
		buf_init(&out, 0);
		struct json *j = json_new(by_line, show, &out);
		json_push(j, "{\"a\":\"", 6, false);
		for (unsigned i = 0; i < 320; i++)
			json_push(j, block, sizeof(block), false);
		json_push(j, "\n{\"a\":2}\n", 9, false);
		json_finish(j);
		CHECK_STR(buf_str(&out), "1@0!line-too-long\n2@20971527 a=2\n");
		json_free(j);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_keep_their_text), cmocka_unit_test(one_a_line),
		cmocka_unit_test(objects_over_lines_and_in_arrays),
		cmocka_unit_test(broken_objects), cmocka_unit_test(too_deep),
		cmocka_unit_test(endless_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
