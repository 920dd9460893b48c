/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_dict.c - codes are dense, stable and reversible; texts never move.
 */
#include "lib/base/dict.h"

#include "lib/base/mem.h"
#include "tests/check.h"

static void codes_count_from_one(void **state)
{
	struct dict *d = dict_new();

	(void)state;
	CHECK_INT(dict_count(d), 0);
	CHECK_INT(dict_find(d, STR("a")), 0);
	CHECK_INT(dict_code(d, STR("a")), 1);
	CHECK_INT(dict_code(d, STR("医保")), 2);
	CHECK_INT(dict_code(d, STR("a")), 1);
	CHECK_INT(dict_find(d, STR("医保")), 2);
	CHECK_INT(dict_count(d), 2);
	CHECK_STR(dict_text(d, 2), "医保");
	assert_null(dict_text(d, 0).p);
	dict_free(d);
	dict_free(NULL);
}

static void empty_text_is_a_value(void **state)
{
	struct dict *d = dict_new();

	(void)state;
	CHECK_INT(dict_find(d, STR("")), 0);
	CHECK_INT(dict_code(d, STR("")), 1);
	CHECK_INT(dict_code(d, (struct str){ NULL, 0 }), 1);
	CHECK_INT(dict_find(d, (struct str){ NULL, 0 }), 1);
	assert_non_null(dict_text(d, 1).p);
	dict_free(d);
}

static void zero_bytes_and_long_texts(void **state)
{
	struct dict *d = dict_new();
	size_t n = 3 << 20;
	char *big = xmalloc(n);

	(void)state;
	memset(big, 'x', n);
	CHECK_INT(dict_code(d, STR("a\0b")), 1);
	CHECK_INT(dict_code(d, STR("a\0c")), 2);
	CHECK_INT(dict_code(d, STR("a")), 3);
	CHECK_INT(dict_code(d, str_make(big, n)), 4);
	CHECK_INT(dict_code(d, str_make(big, n - 1)), 5);
	CHECK_INT(dict_find(d, str_make(big, n)), 4);
	CHECK_INT(dict_text(d, 4).n, n);
	CHECK_INT(dict_text(d, 4).p[n], 0);
	CHECK(dict_bytes(d) > 2 * n);
	xfree(big);
	dict_free(d);
}

static struct str number_text(char *out, size_t size, uint32_t i)
{
	return str_make(out, (size_t)snprintf(out, size, "H%05u-%u", i * 7919u % 100000u, i));
}

static void many(void **state)
{
	enum { N = 200000 };
	struct dict *d = dict_new();
	const char **at = xmalloc(N * sizeof *at);
	char text[40];

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		CHECK_INT(dict_code(d, number_text(text, sizeof text, i)), i + 1);
		at[i] = dict_text(d, i + 1).p;
	}
	for (uint32_t i = 0; i < N; i++) {
		struct str s = number_text(text, sizeof text, i);

		CHECK_INT(dict_find(d, s), i + 1);
		CHECK_INT(dict_code(d, s), i + 1);
		CHECK_STR(dict_text(d, i + 1), text);
		assert_ptr_equal(dict_text(d, i + 1).p, at[i]);
		CHECK_INT(dict_find(d, number_text(text, sizeof text, i + N)), 0);
	}
	CHECK_INT(dict_count(d), N);
	xfree(at);
	dict_free(d);
}

static void codes_begin_behind_those_below(void **state)
{
	(void)state;
	struct lexicon *below = lexicon_new();
	char room[16];
	for (uint32_t i = 1; i <= 3000; i++)
		CHECK_INT(lexicon_add(below, str_make(room, (size_t)snprintf(room, sizeof(room),
									    "text %u", i))),
			  i);
	struct dict *d = dict_new_over(below, 2500), *to = dict_new();
	const struct str s[] = { STR("a"), STR("text 7"), STR("a") };
	uint32_t code[3], other[3];
	lexicon_put(below); /* the dictionary keeps it */
	CHECK_INT(dict_count(d), 2500);
	CHECK_INT(dict_below(d), 2500);
	CHECK_STR(dict_text(d, 1), "text 1");
	CHECK_STR(dict_text(d, 2500), "text 2500");
	CHECK(dict_text(d, 2500).p[9] == '\0' && dict_text(d, 0).p == NULL);
	CHECK_INT(dict_find(d, STR("text 7")), 0);
	CHECK_INT(dict_append(d, STR("text 2501")), 2501);
	dict_codes(d, s, 3, code);
	CHECK(code[0] == 2502 && code[1] == 2503 && code[2] == 2502);
	CHECK_INT(dict_find(d, STR("text 7")), 2503);
	CHECK_INT(dict_code(d, STR("a")), 2502);
	dict_append_many(d, s, 3, code);
	CHECK(code[0] == 2504 && code[1] == 2505 && code[2] == 2506);
	CHECK_INT(dict_count(d), 2506);
	dict_translate(to, d, (const uint32_t[]){ 7, 2503, 2506 }, 3, other);
	CHECK(other[0] == 1 && other[1] == 1 && other[2] == 2);
	CHECK_STR(dict_text(to, 2), "a");
	dict_free(d);
	dict_free(to);
}

static void many_found_in_another(void **state)
{
	enum { N = 1000 };
	struct dict *from = dict_new(), *in = dict_new();
	uint32_t code[N], found[N];
	char text[32];

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		int n = snprintf(text, sizeof text, "%u", i / 2);
		struct str s = { text, (uint32_t)n };

		code[i] = i % 7 == 0 ? 0 : i % 3 ? dict_code(from, s) : dict_append(from, s);
		if (i % 5 == 0)
			dict_code(in, s);
	}
	dict_find_many(in, from, code, N, found);
	for (uint32_t i = 0; i < N; i++)
		CHECK_INT(found[i], code[i] ? dict_find(in, dict_text(from, code[i])) : 0);
	dict_free(from);
	dict_free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_count_from_one),
		cmocka_unit_test(empty_text_is_a_value),
		cmocka_unit_test(zero_bytes_and_long_texts),
		cmocka_unit_test(many),
		cmocka_unit_test(codes_begin_behind_those_below),
		cmocka_unit_test(many_found_in_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
