/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_index.c - all ways of indexing text and a plain loop say the same, for every length,
 * at every place in a block, with the bytes that matter as thick as they come.
 */
#include "tests/check.h"

#include "lib/base/mem.h"
#include "lib/record/index.h"

static void index_plainly(const char *p, size_t n, char separator, struct text_index *out)
{
	out->n_end = out->n_line = out->n_rare = 0;
	for (size_t i = 0; i < n && (i % 64 || out->n_line < INDEX_LINES); i++) {
		if (p[i] == '\n')
			out->line[out->n_line++] = out->n_end;
		if (p[i] == '\n' || p[i] == separator)
			out->end[out->n_end++] = (uint32_t)i;
		if (p[i] == '"' || p[i] == 0)
			out->rare[out->n_rare++] = (uint32_t)i;
	}
}

static void same(const struct text_index *a, const struct text_index *b)
{
	CHECK_INT(a->n_end, b->n_end);
	CHECK_INT(a->n_line, b->n_line);
	CHECK_INT(a->n_rare, b->n_rare);
	CHECK(memcmp(a->end, b->end, a->n_end * sizeof a->end[0]) == 0);
	CHECK(memcmp(a->line, b->line, a->n_line * sizeof a->line[0]) == 0);
	CHECK(memcmp(a->rare, b->rare, a->n_rare * sizeof a->rare[0]) == 0);
}

static struct text_index plain, other;

static void check(const char *p, size_t n, char separator)
{
	text_index_fn *const ways[] = { text_index_portable, text_index_avx2(),
					text_index_avx512() };
	index_plainly(p, n, separator, &plain);
	for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		if (!ways[i])
			continue;
		ways[i](p, n, separator, &other);
		same(&other, &plain);
	}
}

static void check_stop(const char *p, size_t n, char separator)
{
	for (size_t from = 0; from <= n; from++) {
		size_t stop = from;
		while (stop < n && p[stop] != separator && p[stop] != '\n' && p[stop] != '"')
			stop++;
		CHECK_INT(text_stop(p, from, n, separator), stop);
	}
}

/* Copies of exactly n bytes, so that AddressSanitizer sees a read behind them. */
static void random_bytes(void **state)
{
	static const char kinds[] = ",,,\n\"\0ab\r\t|;\x80\xff,";
	uint64_t seed = 7;
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		size_t n = check_random(&seed) % 300;
		bool any = round % 3 == 0;
		char *p = xmalloc(n);
		for (size_t i = 0; i < n; i++) {
			uint64_t r = check_random(&seed);
			p[i] = any ? (char)r : kinds[r % (sizeof kinds - 1)];
		}
		check(p, n, round % 5 == 0 ? '\t' : round % 7 == 0 ? '|' : ',');
		if (round % 10 == 0)
			check_stop(p, n, round % 20 ? ',' : '|');
		xfree(p);
	}
}

static void full_stretches(void **state)
{
	(void)state;
	char *p = xmalloc(INDEX_MAX);
	memset(p, ',', INDEX_MAX);
	check(p, INDEX_MAX, ',');
	memset(p, '\n', INDEX_MAX);
	check(p, INDEX_MAX, ',');
	memset(p, 0, INDEX_MAX);
	check(p, INDEX_MAX, 'x');
	memset(p, 'x', INDEX_MAX);
	check(p, INDEX_MAX - 1, 'x');
	check(p, 0, ',');
	xfree(p);
}

static void line_ends_are_counted(void **state)
{
	enum { MOST = 5000 };
	static char text[MOST];

	(void)state;
	for (size_t i = 0; i < MOST; i++)
		text[i] = i % 7 == 3 || i < 4200 ? '\n' : 'x';
	for (size_t from = 0; from < 20; from++)
		for (size_t n = 0; n <= MOST - from; n += n < 600 ? 1 : 97) {
			uint64_t lines = 0;
			for (size_t i = 0; i < n; i++)
				lines += text[from + i] == '\n';
			assert_int_equal(text_lines(text + from, n), lines);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_bytes),
		cmocka_unit_test(full_stretches),
		cmocka_unit_test(line_ends_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
