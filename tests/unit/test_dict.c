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

/* Where the length of a text stands changes at 65,535 bytes. */
static void texts_of_all_lengths(void **state)
{
	enum { MOST = 70000 };
	static const uint32_t length[] = { 0, 1, 7, 8, 31, 32, 33, 254, 255, 256, 65533, 65534,
					   65535, 65536, 65537, MOST };
	enum { N = sizeof length / sizeof length[0] };
	struct dict *d = dict_new(), *to = dict_new();
	char *text = xmalloc(MOST);
	uint32_t code[N], other[N];

	(void)state;
	memset(text, 'x', MOST);
	for (uint32_t i = 0; i < N; i++) {
		code[i] = dict_code(d, str_make(text, length[i]));
		CHECK_INT(code[i], i + 1);
	}
	dict_translate(to, d, code, N, other);
	for (uint32_t i = 0; i < N; i++) {
		struct str s = str_make(text, length[i]);

		CHECK_INT(dict_find(d, s), i + 1);
		CHECK_INT(dict_code(d, s), i + 1);
		CHECK(str_eq(dict_text(d, i + 1), s) && dict_text(d, i + 1).p[s.n] == '\0');
		CHECK(other[i] == i + 1 && str_eq(dict_text(to, i + 1), s));
	}
	xfree(text);
	dict_free(d);
	dict_free(to);
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

/* Texts in groups of any size, new and known ones mixed, many times the slots of the beginning. */
static void as_found_one_by_one(void **state)
{
	enum { N = 60000, MOST = 200 };
	struct dict *one = dict_new(), *many = dict_new();
	struct str s[MOST];
	char text[MOST][40];
	uint32_t code[MOST], at = 0, n;

	(void)state;
	for (uint32_t round = 1; at < N; at += n, round++) {
		n = round * 37 % MOST + 1;
		for (uint32_t i = 0; i < n; i++)
			s[i] = number_text(text[i], sizeof text[i],
					   (at + i) * (i % 3 + 1) % (at + i / 2 + 1));
		dict_codes(many, s, n, code);
		for (uint32_t i = 0; i < n; i++)
			CHECK_INT(code[i], dict_code(one, s[i]));
	}
	CHECK_INT(dict_count(one), dict_count(many));
	for (uint32_t i = 1; i <= dict_count(one); i++)
		CHECK(str_eq(dict_text(one, i), dict_text(many, i)));
	dict_free(one);
	dict_free(many);
}

/* Of 20,000 texts every tenth is common; whoever asks first, they are found by all ways. */
static void common_texts_lie_together(void **state)
{
	enum { N = 20000, EACH = 10 };
	struct dict *d = dict_new(), *to = dict_new();
	uint32_t code[N], near = 0, given = 0;
	char text[40];

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		struct str s = number_text(text, sizeof text, i);

		code[i] = i % EACH ? dict_code(d, s) : dict_code_common(d, s);
		near += i >= EACH && i % EACH == 0 && code[i] == code[i - EACH] + 1;
	}
	CHECK(near > N / EACH - 12); /* runs double from 64 on */
	for (uint32_t i = 0; i < N; i++) {
		struct str s = number_text(text, sizeof text, i);

		CHECK(dict_find(d, s) == code[i] && dict_code(d, s) == code[i]);
		CHECK(dict_code_common(d, s) == code[i] && str_eq(dict_text(d, code[i]), s));
	}
	CHECK(dict_count(d) >= N && dict_count(d) < N + N / EACH + 64);
	for (uint32_t i = 1; i <= dict_count(d); i++)
		given += dict_text(d, i).p != NULL;
	CHECK_INT(given, N);
	dict_translate(to, d, code, N, code);
	CHECK(code[0] == 1 && code[N - 1] == N);
	dict_free(d);
	dict_free(to);
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
		cmocka_unit_test(texts_of_all_lengths),
		cmocka_unit_test(many),
		cmocka_unit_test(as_found_one_by_one),
		cmocka_unit_test(common_texts_lie_together),
		cmocka_unit_test(codes_begin_behind_those_below),
		cmocka_unit_test(many_found_in_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
