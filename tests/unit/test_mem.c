/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_mem.c - growth stays within the counter's type; size 0 is never NULL.
 */
#include "lib/base/mem.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/arena.h"
#include "tests/check.h"

static void zero_sizes_are_memory(void **state)
{
	void *p[] = { xmalloc(0), xcalloc(0, 8), xcalloc(8, 0), xrealloc(NULL, 0),
		      xreallocarray(NULL, 0, 16), xmemdup("", 0) };

	(void)state;
	for (size_t i = 0; i < sizeof p / sizeof p[0]; i++) {
		assert_non_null(p[i]);
		xfree(p[i]);
	}
	xfree(NULL);
}

static void copies(void **state)
{
	char *s = xstrdup("医保");
	char *m = xmemdup("a\0b", 3);

	(void)state;
	assert_string_equal(s, "医保");
	assert_memory_equal(m, "a\0b", 3);
	xfree(s);
	xfree(m);
}

static void capacity_doubles_within_bounds(void **state)
{
	(void)state;
	CHECK_INT(grow_capacity(0, 1, 100), 8);
	CHECK_INT(grow_capacity(8, 9, 100), 16);
	CHECK_INT(grow_capacity(16, 1000, 100000), 1024);
	CHECK_INT(grow_capacity(64, 90, 100), 100);
	CHECK_INT(grow_capacity(0, 3, 5), 5);
	CHECK_INT(grow_capacity(0x80000000u, 0x80000001u, UINT32_MAX), UINT32_MAX);
	for (size_t need = 1; need < 5000; need++) {
		size_t cap = grow_capacity(need / 2, need, SIZE_MAX);

		CHECK(cap >= need && cap <= 2 * need + 8);
	}
}

static void grow_keeps_elements(void **state)
{
	uint32_t *v = NULL;
	uint32_t cap = 0;
	uint16_t *small = NULL;
	uint8_t small_cap = 0;

	(void)state;
	uint32_t n = (uint32_t)(MEM_APART / sizeof *v) + 1;
	for (uint32_t i = 0; i < n; i++) {
		GROW(v, cap, i + 1);
		v[i] = i;
	}
	for (uint32_t i = 0; i < n; i++)
		CHECK(v[i] == i);
	GROW(small, small_cap, 200);
	CHECK(small_cap >= 200);
	xfree(v);
	xfree(small);
}

static void product_overflows(void)
{
	xfree(xreallocarray(NULL, SIZE_MAX / 2, 3));
}

static void counter_is_full(void)
{
	uint8_t *v = NULL;
	uint8_t cap = 0;
	volatile size_t need = 256;

	GROW(v, cap, need);
	xfree(v);
}

static void arena_product_overflows(void)
{
	struct arena a;

	arena_init(&a);
	arena_array(&a, SIZE_MAX / 2, 3);
}

static void text_is_too_long(void)
{
	str_make("", (size_t)UINT32_MAX + 1);
}

/* Runs act in a child, whose stderr must say why and which must end by abort(). */
static void check_ends(void (*act)(void), const char *why)
{
	char said[200] = "";
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);

	pid_t child = fork();

	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		act();
		_exit(0);
	}
	close(ends[1]);
	CHECK(read(ends[0], said, sizeof said - 1) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(said, why));
}

static void too_much_ends_the_process(void **state)
{
	(void)state;
	check_ends(product_overflows, "fundwatch: out of memory");
	check_ends(counter_is_full, "fundwatch: out of memory");
	check_ends(arena_product_overflows, "too large");
	check_ends(text_is_too_long, "4 GiB");
}

static const void *told;
static size_t told_of;

static void tell(void *p, size_t size)
{
	told = p;
	told_of = size;
}

static void large_memory_is_told(void **state)
{
	(void)state;
	mem_on_large(tell);
	void *p = xmalloc(MEM_LARGE - 1);
	CHECK(!told);
	p = xrealloc(p, 2 * MEM_LARGE);
	CHECK(told == p && told_of == 2 * MEM_LARGE);
	xfree(p);
	p = xcalloc(MEM_LARGE / 8 + 1, 8);
	CHECK(told == p && told_of == MEM_LARGE + 8);
	CHECK(((const char *)p)[MEM_LARGE] == 0);
	xfree(p);
	mem_on_large(NULL);
	p = xmalloc(4 * MEM_LARGE);
	CHECK(told_of == MEM_LARGE + 8);
	xfree(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_sizes_are_memory),
		cmocka_unit_test(copies),
		cmocka_unit_test(capacity_doubles_within_bounds),
		cmocka_unit_test(grow_keeps_elements),
		cmocka_unit_test(large_memory_is_told),
		cmocka_unit_test(too_much_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
