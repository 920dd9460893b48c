/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_repeat.c - which texts of a column repeat the row before, told by whole lines and by cells,
 * is what a plain comparison of neighbours says.
 */
#include "tests/check.h"

#include "lib/record/repeat.h"

#define WIDTH 5u
#define CELL_MAX 24u

/* Rows of lines in one text, as the index tells them, or of cells from anywhere. */
struct rows {
	char text[RUN_MAX * WIDTH * (CELL_MAX + 1)];
	uint32_t end[RUN_MAX * WIDTH];
	struct str cell[RUN_MAX * WIDTH];
	struct row_in in[RUN_MAX];
	unsigned n;
};

static uint32_t put_cell(char *to, uint64_t *seed, bool repeated, const struct str *before)
{
	uint32_t n = (uint32_t)(check_random(seed) % CELL_MAX);
	if (repeated) {
		memcpy(to, before->p, before->n);
		return before->n;
	}
	for (uint32_t i = 0; i < n; i++)
		to[i] = (char)('a' + check_random(seed) % 2);
	return n;
}

static void make_rows(struct rows *r, uint64_t *seed)
{
	uint32_t at = 0;
	bool by_ends = check_random(seed) % 4 != 0;
	r->n = 1 + (unsigned)(check_random(seed) % RUN_MAX);
	for (unsigned i = 0; i < r->n; i++) {
		bool repeats = i && check_random(seed) % 4;
		struct row_cells *c = &r->in[i].cells;
		*c = (struct row_cells){ .text = r->text, .end = r->end + i * WIDTH, .begin = at,
					 .n = WIDTH };
		if (!by_ends)
			*c = (struct row_cells){ .cell = r->cell + i * WIDTH, .n = WIDTH };
		for (unsigned k = 0; k < WIDTH; k++) {
			struct str *cell = &r->cell[i * WIDTH + k];
			repeats = repeats && check_random(seed) % 5;
			cell->p = r->text + at;
			cell->n = put_cell(r->text + at, seed, repeats, i ? cell - WIDTH : NULL);
			at += cell->n;
			r->end[i * WIDTH + k] = at;
			r->text[at++] = k + 1 < WIDTH ? ',' : '\n';
		}
	}
}

static void check_column(const struct rows *r, const uint8_t *alike, uint32_t column)
{
	struct str all[RUN_MAX], some[RUN_MAX];
	repeat_column(r->in, r->n, column, all);
	uint64_t changed = repeat_changed(r->in, r->n, alike, column, some);
	CHECK(changed == repeat_among(all, r->n));
	for (unsigned i = 0; i < r->n; i++) {
		struct str want = column < WIDTH ? r->cell[i * WIDTH + column]
						 : (struct str){ 0 };
		bool same = i && same_text(all[i], all[i - 1]);
		CHECK(same_text(all[i], want));
		CHECK((changed >> i & 1) == !same);
		if (!same)
			CHECK(same_text(some[i], want));
		if (alike[i] > column)
			CHECK(same);
	}
}

static void as_neighbours_say(void **state)
{
	static struct rows r;
	uint8_t alike[RUN_MAX];
	uint64_t seed = 11;
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		make_rows(&r, &seed);
		repeat_heads(r.in, r.n, alike);
		for (uint32_t k = 0; k <= WIDTH; k++)
			check_column(&r, alike, k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_neighbours_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
