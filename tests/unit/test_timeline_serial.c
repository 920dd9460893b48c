/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_serial.c - serials come back byte for byte, in the order of their bytes.
 */
#include "tests/check.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/timeline/serial.h"

static struct serial keep(struct serials *s, struct str text)
{
	return serials_keep(s, text, serials_pack(s, text));
}

static struct str text_of(const struct serials *s, struct serial v)
{
	static char room[SERIAL_ROOM];

	return serials_text(s, v, room);
}

static void texts_come_back(void **state)
{
	static const char *const text[] = {
		"D000130000000000001", "D001080000000000002", "1", "0", "007", "07", "7", "A",
		"A12", "A012", "999999999", "1000000000", "4294967296", "12345678901234567890",
		"", "0000/1", "项目12", "12项目", "3505/B7", "a-1", "a-01",
	};
	struct serials s;

	(void)state;
	serials_init(&s);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
			struct serial v = keep(&s, str_of(text[i]));

			CHECK_STR(text_of(&s, v), text[i]);
			if (v.head) /* the same again is the same */
				CHECK_INT(serials_compare(&s, v, keep(&s, str_of(text[i]))), 0);
		}
	serials_fini(&s);
}

static void long_ones_lie_in_the_heap(void **state)
{
	char text[600];
	struct serials s;

	(void)state;
	memset(text, '3', sizeof text);
	serials_init(&s);
	for (uint32_t n = SERIAL_ROOM - 2; n < sizeof text; n += n < 300 ? 1 : 37) {
		struct str in = { text, n };
		struct serial v = keep(&s, in);

		CHECK(str_eq(text_of(&s, v), in));
		CHECK_INT(v.head != 0, n <= SERIAL_ROOM);
	}
	serials_fini(&s);
}

static void too_many_heads_go_to_the_heap(void **state)
{
	struct serials s;
	struct buf text;
	uint32_t heaped = 0;

	(void)state;
	serials_init(&s);
	buf_init(&text, 0);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 70000; i++) {
			struct serial v;

			buf_reset(&text);
			buf_addf(&text, "%d-%d", i, i % 10);
			v = keep(&s, buf_str(&text));
			CHECK(str_eq(text_of(&s, v), buf_str(&text)));
			heaped += v.head == 0;
		}
	CHECK_INT(heaped, 2 * (70000 - 65535)); /* the same ones both times */
	buf_fini(&text);
	serials_fini(&s);
}

static struct str random_text(uint64_t *rng, char *room)
{
	static const char alphabet[] = "019A";
	uint32_t n = (uint32_t)(check_random(rng) % 13);

	for (uint32_t i = 0; i < n; i++)
		room[i] = alphabet[check_random(rng) % 4];
	return (struct str){ room, n };
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void order_is_that_of_bytes(void **state)
{
	struct serials s;
	uint64_t rng = 11;

	(void)state;
	serials_init(&s);
	for (int i = 0; i < 20000; i++) {
		char room[2][16];
		struct str a = random_text(&rng, room[0]), b = random_text(&rng, room[1]);
		struct serial pa = serials_pack(&s, a), va = keep(&s, a), vb = keep(&s, b);
		bool after = a.n != b.n ? a.n > b.n : str_cmp(a, b) > 0;

		CHECK_INT(sign(serials_compare(&s, va, vb)), sign(str_cmp(a, b)));
		CHECK_INT(serials_after(&s, a, pa, vb), after);
	}
	serials_fini(&s);
}

/* Texts that mostly go on from the one before. */
static struct str next_text(uint64_t *rng, char *room, int i)
{
	if (check_random(rng) % 9 == 0)
		return random_text(rng, room);
	return (struct str){ room, (uint32_t)snprintf(room, 32, check_random(rng) % 5 ?
						      "D7-%09d" : "%d", i) };
}

static void a_run_ends_where_order_does(void **state)
{
	struct dict *d = dict_new();
	struct serials s;
	uint64_t rng = 3;

	(void)state;
	serials_init(&s);
	for (int round = 0; round < 5000; round++) {
		struct serial_run run;
		struct serial before = { 0, 0 }, v;
		uint32_t code[SERIAL_RUN], n = 1 + (uint32_t)(check_random(&rng) % SERIAL_RUN), k;
		bool first = round % 3 == 0;
		char room[32];

		for (uint32_t i = 0; i < n; i++)
			code[i] = dict_append(d, next_text(&rng, room, round * 40 + (int)i));
		if (!first)
			before = keep(&s, random_text(&rng, room));
		k = serials_pack_run(&s, d, code, n, first ? NULL : &before, &run);
		for (uint32_t i = 0; i < n; i++, before = v, first = false) {
			struct str text = dict_text(d, code[i]);

			v = serials_pack(&s, text);
			CHECK_INT(i < k, v.head && (first || serials_after(&s, text, v, before)));
			if (i >= k)
				break;
			CHECK_INT(run.head[i], v.head);
			CHECK_INT(run.number[i], v.number);
		}
	}
	serials_fini(&s);
	dict_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_come_back),
		cmocka_unit_test(long_ones_lie_in_the_heap),
		cmocka_unit_test(too_many_heads_go_to_the_heap),
		cmocka_unit_test(order_is_that_of_bytes),
		cmocka_unit_test(a_run_ends_where_order_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
