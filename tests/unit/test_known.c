/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_known.c - texts keep their codes from chunk to chunk once they are known.
 */
#include "tests/check.h"

#include "lib/record/known.h"

#define TEXT_MAX 64

static struct str text_of(char *room, unsigned i)
{
	return str_make(room, (size_t)snprintf(room, TEXT_MAX, "XA%02uB-%u", i % 17, i));
}

static uint32_t one(struct known *k, const char *text, uint32_t *fresh)
{
	struct str s = str_of(text);
	uint32_t code;
	*fresh = known_codes(k, &s, 1, &code);
	return code;
}

/* The number the chunk notes for a code; 0 when it notes none. */
static uint32_t number_of(const struct chunk *c, uint32_t code)
{
	for (uint32_t i = 0; i < c->n_known; i++)
		if (c->known[i].code == code)
			return c->known[i].number;
	return 0;
}

static void numbers_become_codes(void **state)
{
	(void)state;
	struct known *k = known_new();
	uint32_t fresh;
	struct chunk *a = known_begin(k, NULL);
	CHECK_INT(dict_below(a->dict), 0);
	uint32_t item = one(k, "XA02AA0001", &fresh);
	CHECK_INT(fresh, 1);
	CHECK_INT(dict_code(a->dict, STR("something else")), 2);
	uint32_t place = one(k, "H33010600013", &fresh);
	CHECK_INT(one(k, "XA02AA0001", &fresh), item);
	CHECK_INT(fresh, 0);
	CHECK_INT(item, 1);
	CHECK_INT(place, 3);
	CHECK_INT(number_of(a, item), 1);
	CHECK_INT(number_of(a, place), 2);
	struct chunk *b = known_begin(k, NULL);
	CHECK_INT(dict_below(b->dict), 2);
	CHECK_INT(dict_code(b->dict, STR("something else")), 3);
	CHECK_INT(one(k, "H33010600013", &fresh), 2);
	CHECK_INT(fresh, 0);
	CHECK_STR(dict_text(b->dict, 2), "H33010600013");
	CHECK_STR(dict_text(b->dict, 3), "something else");
	CHECK_INT(b->n_known, 0);
	CHECK(a->family && a->family == b->family && a->name != b->name);
	known_free(k); /* chunks outlive it */
	CHECK_STR(dict_text(b->dict, 1), "XA02AA0001");
	chunk_free(a);
	chunk_free(b);
}

static void others_have_other_families(void **state)
{
	(void)state;
	struct known *k = known_new(), *l = known_new();
	struct chunk *a = known_begin(k, NULL), *b = known_begin(l, NULL);
	CHECK(a->family != b->family);
	chunk_free(a);
	chunk_free(b);
	known_free(k);
	known_free(l);
}

/* What may be a flag is found in the chunk's dictionary; what is long is not kept. */
static void short_and_long_texts_are_codes_of_the_chunk(void **state)
{
	(void)state;
	struct known *k = known_new();
	struct chunk *c = known_begin(k, NULL);
	uint32_t fresh;
	CHECK_INT(one(k, "1", &fresh), dict_find(c->dict, STR("1")));
	CHECK_INT(fresh, 1);
	uint32_t code = one(k, "a text of more than thirty bytes", &fresh);
	CHECK_INT(one(k, "a text of more than thirty bytes", &fresh), code);
	CHECK_INT(c->n_known, 0);
	chunk_free(c);
	known_free(k);
}

/* Texts of every length, each differing in one byte from another. */
static void every_byte_counts(void **state)
{
	(void)state;
	struct known *k = known_new();
	struct chunk *c = known_begin(k, NULL);
	uint32_t fresh, again;
	for (unsigned n = 4; n <= LEXICON_LENGTH; n++)
		for (unsigned at = 0; at < n; at++) {
			char text[LEXICON_LENGTH + 1] = "abcdefghijklmnopqrstuvwxyz0123";
			text[n] = '\0';
			text[at] = '_';
			uint32_t code = one(k, text, &fresh);
			CHECK_INT(fresh, 1);
			CHECK_INT(one(k, text, &again), code);
			CHECK_INT(again, 0);
			CHECK_STR(dict_text(c->dict, code), text);
		}
	chunk_free(c);
	known_free(k);
}

static void check_texts(struct known *k, const struct chunk *c, unsigned first, unsigned n)
{
	char room[50][TEXT_MAX];
	struct str s[50];
	uint32_t code[50];
	for (unsigned from = first; from < first + n; from += 50) {
		for (unsigned i = 0; i < 50; i++)
			s[i] = text_of(room[i], from + i);
		(void)known_codes(k, s, 50, code);
		for (unsigned i = 0; i < 50; i++)
			CHECK(str_eq(dict_text(c->dict, code[i]), s[i]));
	}
}

/* More texts than are kept: those of the chunk are right, and another family begins. */
static void too_many_begin_anew(void **state)
{
	(void)state;
	struct known *k = known_new();
	struct chunk *a = known_begin(k, NULL), *b;
	check_texts(k, a, 0, LEXICON_MOST + 1000);
	check_texts(k, a, 0, LEXICON_MOST + 1000);
	CHECK(a->n_known <= LEXICON_MOST && dict_count(a->dict) >= LEXICON_MOST + 1000);
	for (uint32_t i = 0; i < a->n_known; i++)
		CHECK(a->known[i].number && a->known[i].number <= LEXICON_MOST);
	b = known_begin(k, NULL);
	CHECK(a->family != b->family);
	check_texts(k, b, 70000, 1000);
	CHECK_INT(b->n_known, 1000);
	chunk_free(a);
	chunk_free(b);
	known_free(k);
}

static void codes_of_many_chunks(void **state)
{
	(void)state;
	struct known *k = known_new();
	uint32_t fresh;
	for (unsigned i = 0; i < 200; i++) {
		struct chunk *c = known_begin(k, NULL);
		check_texts(k, c, i * 50, 1000);
		CHECK_INT(c->n_known, i ? 50 : 1000);
		CHECK_STR(dict_text(c->dict, one(k, "H33010600013", &fresh)), "H33010600013");
		CHECK_INT(fresh, i == 0);
		chunk_free(c);
	}
	known_free(k);
}

/* Texts that differ only where the hash does not look: few of them are kept, each has one code,
 * and keeps it when the table grows. */
static void texts_of_one_hash(void **state)
{
	(void)state;
	enum { MANY = 5000 };
	struct known *k = known_new();
	struct chunk *c = known_begin(k, NULL);
	static uint32_t code[MANY];
	uint32_t fresh;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MANY; i++) {
			char text[TEXT_MAX];
			(void)snprintf(text, sizeof text, "abcdefghijklmnop%05u-rstuvwxy", i);
			uint32_t now = one(k, text, &fresh);
			CHECK_STR(dict_text(c->dict, now), text);
			CHECK(round == 0 || now == code[i]);
			code[i] = now;
		}
		CHECK_INT(dict_count(c->dict), round == 0 ? MANY : MANY + 1000);
		check_texts(k, c, 0, 1000);
	}
	CHECK(c->n_known < 1000 + 100);
	chunk_free(c);
	known_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_become_codes),
		cmocka_unit_test(others_have_other_families),
		cmocka_unit_test(short_and_long_texts_are_codes_of_the_chunk),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(too_many_begin_anew),
		cmocka_unit_test(codes_of_many_chunks),
		cmocka_unit_test(texts_of_one_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
