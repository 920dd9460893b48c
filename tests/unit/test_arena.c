/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_arena.c - pieces are aligned, zeroed and apart; resets stop the heap.
 */
#include "lib/base/arena.h"

#include "tests/check.h"

static void pieces_are_apart(void **state)
{
	struct arena a;
	unsigned char *piece[500];
	size_t size[500];
	uint64_t seed = 2;

	(void)state;
	arena_init(&a);
	for (int i = 0; i < 500; i++) {
		size[i] = check_random(&seed) % (i % 50 == 0 ? 20000 : 200);
		piece[i] = arena_alloc(&a, size[i]);
		CHECK_INT((uintptr_t)piece[i] % 16, 0);
		for (size_t k = 0; k < size[i]; k++)
			CHECK_INT(piece[i][k], 0);
		memset(piece[i], i & 0xFF, size[i]);
	}
	for (int i = 0; i < 500; i++)
		for (size_t k = 0; k < size[i]; k++)
			CHECK_INT(piece[i][k], i & 0xFF);
	arena_fini(&a);
	CHECK_INT(arena_bytes(&a), 0);
}

static void reset_keeps_memory_and_zeroes(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (int i = 0; i < 100; i++)
		memset(arena_alloc(&a, 1000), 0xFF, 1000);
	CHECK(arena_used(&a) >= 100000);
	for (int warm = 0; warm < 3; warm++) {
		arena_reset(&a);
		for (int i = 0; i < 100; i++)
			CHECK_INT(((char *)arena_alloc(&a, 1000))[999], 0);
	}

	size_t held = arena_bytes(&a);

	for (int round = 0; round < 50; round++) {
		arena_reset(&a);
		CHECK_INT(arena_used(&a), 0);
		for (int i = 0; i < 100; i++)
			memset(arena_alloc(&a, 1000), 0xFF, 1000);
		CHECK_INT(arena_bytes(&a), held);
	}
	arena_fini(&a);
}

static void copies_and_text(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(arena_strdup(&a, "费用"), "费用");
	assert_memory_equal(arena_dup(&a, "a\0b", 3), "a\0b", 3);

	struct str s = arena_str(&a, str_make("abcdef", 3));

	CHECK_STR(s, "abc");
	CHECK_INT(s.p[3], 0);
	assert_string_equal(arena_str(&a, (struct str){ NULL, 0 }).p, "");
	assert_string_equal(arena_printf(&a, "%s-%05d", "x", 42), "x-00042");

	char *long_text = arena_printf(&a, "%10000s", "end");

	CHECK_INT(strlen(long_text), 10000);
	CHECK_INT(((int *)arena_array(&a, 10, sizeof(int)))[9], 0);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_apart),
		cmocka_unit_test(reset_keeps_memory_and_zeroes),
		cmocka_unit_test(copies_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
