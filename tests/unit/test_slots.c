/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_slots.c - every number is found by its hash, however full, doubled, or alike the hashes.
 */
#include "lib/base/slots.h"

#include "lib/base/hash.h"
#include "tests/check.h"

/* Which numbers have the hash; the keys would tell them apart. The line a look-up ended in. */
static uint32_t count(const struct slots *s, uint32_t hash, uint32_t number,
		      struct slots_line **last)
{
	uint32_t n = 0;

	for (struct slots_line *l = slots_first(s, hash); l; l = slots_next(s, l)) {
		*last = l;
		for (unsigned same = slots_alike(l, hash); same; same &= same - 1)
			n += l->number[__builtin_ctz(same)] == number;
	}
	return n;
}

static void put(struct slots *s, uint32_t hash, uint32_t number)
{
	struct slots_line *last;

	slots_reserve(s, 1);
	CHECK_INT(count(s, hash, number, &last), 0);
	slots_put(s, last, hash, number);
}

/* `kind` 0: any; 1: few different; 2: all that differ do so in high bits; 3: around the end. */
static uint32_t hash_of(uint32_t i, unsigned kind)
{
	uint32_t h = (uint32_t)hash_u64(i);

	if (kind == 1)
		h %= 100;
	if (kind == 2)
		h &= 0xfff00000u;
	if (kind == 3)
		h |= 0x000fffffu;
	return h ? h : 1;
}

static void all_are_found(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		uint32_t n = kind ? 2000 : 50000;
		struct slots s;
		struct slots_line *last;

		slots_init(&s);
		for (uint32_t i = 1; i <= n; i++)
			put(&s, hash_of(i, kind), i);
		CHECK_INT(s.used, n);
		CHECK(s.used <= (s.mask + 1) * 6);
		CHECK((uintptr_t)s.line % 64 == 0);
		for (uint32_t i = 1; i <= n; i++) {
			CHECK_INT(count(&s, hash_of(i, kind), i, &last), 1);
			CHECK_INT(count(&s, hash_of(i, kind), i + n, &last), 0);
		}
		CHECK(slots_bytes(&s) >= n * sizeof(uint64_t));
		slots_fini(&s);
		CHECK_INT(slots_bytes(&s), 0);
	}
}

static void a_guess_has_the_hash(void **state)
{
	struct slots s;
	uint32_t right = 0;

	(void)state;
	slots_init(&s);
	CHECK_INT(slots_guess(&s, 7), 0);
	for (uint32_t i = 1; i <= 10000; i++)
		put(&s, hash_of(i, 0), i);
	for (uint32_t i = 1; i <= 20000; i++) {
		uint32_t guess = slots_guess(&s, hash_of(i, 0));

		CHECK(!guess || hash_of(guess, 0) == hash_of(i, 0));
		right += guess == i;
	}
	CHECK(right > 7000 && right <= 10000);
	slots_clear(&s);
	CHECK(s.used == 0 && slots_guess(&s, hash_of(1, 0)) == 0);
	put(&s, hash_of(1, 0), 3);
	CHECK_INT(slots_guess(&s, hash_of(1, 0)), 3);
	slots_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_found),
		cmocka_unit_test(a_guess_has_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
