/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_wide.c - the ways that look at many bytes at once and their plain twins, on any bytes:
 * the index of cells and lines, decimals, and whether a text is UTF-8.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/dec.h"
#include "lib/base/utf8.h"
#include "lib/record/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void same(const struct text_index *a, const struct text_index *b)
{
	must(a->n_end == b->n_end && a->n_line == b->n_line && a->n_rare == b->n_rare);
	must(memcmp(a->end, b->end, a->n_end * sizeof a->end[0]) == 0);
	must(memcmp(a->line, b->line, a->n_line * sizeof a->line[0]) == 0);
	must(memcmp(a->rare, b->rare, a->n_rare * sizeof a->rare[0]) == 0);
}

static void index_both_ways(const char *p, size_t n, char separator)
{
	static struct text_index plain, wide;
	text_index_fn *const ways[] = { text_index_avx2(), text_index_avx512() };
	text_index_portable(p, n, separator, &plain);
	for (unsigned i = 0; i < 2; i++) {
		if (!ways[i])
			continue;
		ways[i](p, n, separator, &wide);
		same(&plain, &wide);
	}
	for (uint32_t i = 0; i < plain.n_end; i++)
		must(p[plain.end[i]] == '\n' || p[plain.end[i]] == separator);
	for (uint32_t i = 0; i < plain.n_line; i++)
		must(p[plain.end[plain.line[i]]] == '\n');
}

/* Decimals cut at commas: four at a time and one by one. */
static void decimals_both_ways(const char *p, size_t n)
{
	struct str s[8];
	int64_t wide[8], one;
	unsigned cells = 0;
	for (size_t from = 0, at = 0; at <= n && cells < 8; at++)
		if (at == n || p[at] == ',') {
			s[cells++] = (struct str){ p + from, (uint32_t)(at - from) };
			from = at + 1;
		}
	uint32_t made = dec_usual_avx2() ? dec_usual_avx2()(s, cells, (int)(n % 8), wide) : 0;
	must(made <= cells);
	for (uint32_t i = 0; i < made; i++)
		must(dec_parse(s[i], (int)(n % 8), &one) && one == wide[i]);
}

static void utf8_both_ways(const char *p, size_t size)
{
	utf8_valid_fn *const ways[] = { utf8_valid_avx2(), utf8_valid_avx512() };
	for (size_t from = 0; from < 4 && from <= size; from++)
		for (unsigned i = 0; i < 2; i++)
			must(!ways[i] ||
			     ways[i](p + from, size - from) ==
				     (utf8_valid_prefix(p + from, size - from) == size - from));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	size_t n = size < INDEX_MAX ? size : INDEX_MAX;
	index_both_ways(p, n, ',');
	index_both_ways(p, n, n ? p[0] : '\t');
	decimals_both_ways(p, n);
	utf8_both_ways(p, size);
	return 0;
}
