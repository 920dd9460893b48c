/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_block.c - rows put into blocks come out as they were, all at once and one by one,
 * whatever their words have in common; blocks that grow keep what they hold.
 */
#include "tests/check.h"

#include <string.h>

#include "lib/base/mem.h"
#include "lib/timeline/blocks.h"

enum { WORDS = 17, LAST_TWIN = 16, TWIN_OF = 15, QUIET = 7 };

static uint64_t rng = 7;

static uint32_t draw(uint32_t below)
{
	return (uint32_t)(check_random(&rng) >> 32) % below;
}

static void plan_init(struct block_plan *p)
{
	memset(p, 0, sizeof *p);
	p->words = WORDS;
	p->blank[9] = UINT32_C(0x20000000);
	p->blank[10] = UINT32_C(0x80000000);
	p->twin[LAST_TWIN] = TWIN_OF;
}

/* A word of n rows, of one of the shapes that columns have. */
static void draw_word(const struct block_plan *p, struct sheet *s, uint32_t w, uint32_t from)
{
	uint32_t shape = draw(8), base = draw(UINT32_MAX);

	for (uint32_t i = from; i < s->n; i++) {
		uint32_t *v = &s->word[w][i];

		switch (shape) {
		case 0: *v = p->blank[w]; break;
		case 1: *v = base; break;
		case 2: *v = base + i; break;
		case 3: *v = p->twin[w] ? s->word[p->twin[w]][i] : base; break;
		case 4: *v = base ^ draw(256); break;
		case 5: *v = base ^ draw(65536); break;
		case 6: *v = base ^ draw(1 << 24); break;
		default: *v = draw(UINT32_MAX) << 1 | draw(2); break;
		}
	}
}

static void draw_rows(const struct block_plan *p, struct sheet *s, uint32_t more)
{
	uint32_t from = s->n;

	s->n += more;
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++)
		draw_word(p, s, w, from);
	for (uint32_t i = from; i < s->n; i++)
		s->digest[i] = (uint64_t)draw(UINT32_MAX) << 32 | draw(UINT32_MAX);
}

static void assert_row(const struct block_plan *p, const struct sheet *s, uint32_t i,
		       const uint8_t *row, bool whole)
{
	uint32_t word[WORDS];

	memcpy(word, row, sizeof word);
	if (whole)
		CHECK(memcmp(word, &s->digest[i], sizeof s->digest[i]) == 0);
	for (uint32_t w = BLOCK_FIRST; w < p->words; w++)
		CHECK(word[w] == s->word[w][i] || (!whole && p->unread[w]));
}

static void assert_same(const struct sheet *a, const struct sheet *b)
{
	CHECK_INT(a->n, b->n);
	CHECK(memcmp(a->digest, b->digest, a->n * sizeof *a->digest) == 0);
	for (uint32_t w = BLOCK_FIRST; w < WORDS; w++)
		CHECK(memcmp(a->word[w], b->word[w], a->n * sizeof *a->word[w]) == 0);
}

static void round_trip(struct block_plan *p, uint32_t n)
{
	struct sheet *in = xcalloc(1, sizeof *in), *out = xcalloc(1, sizeof *out);
	uint8_t *room = xmalloc(BLOCK_ROOM), *bytes, rows[BLOCK_ROWS * WORDS * 4], row[WORDS * 4];
	uint32_t size;

	draw_rows(p, in, n);
	size = block_write(p, in, room);
	bytes = xmalloc(size + BLOCK_BEHIND);
	memcpy(bytes, room, size);
	xfree(room);
	block_read(p, bytes, n, out);
	assert_same(in, out);
	block_rows(p, bytes, n, true, rows);
	for (uint32_t i = 0; i < n; i++) {
		assert_row(p, in, i, rows + i * sizeof row, !p->unread[QUIET]);
		block_row(p, bytes, n, i, row);
		assert_row(p, in, i, row, true);
	}
	xfree(bytes);
	xfree(in);
	xfree(out);
}

static void test_round_trip(void **ctx)
{
	struct block_plan p;

	(void)ctx;
	plan_init(&p);
	for (uint32_t i = 0; i < 4000; i++) {
		p.unread[QUIET] = i % 2;
		round_trip(&p, 1 + i % BLOCK_ROWS);
	}
}

static void test_common_rows_are_small(void **ctx)
{
	struct sheet *s = xcalloc(1, sizeof *s);
	uint8_t *room = xmalloc(BLOCK_ROOM);
	struct block_plan p;

	(void)ctx;
	plan_init(&p);
	s->n = BLOCK_ROWS;
	for (uint32_t w = BLOCK_FIRST; w < p.words; w++)
		for (uint32_t i = 0; i < s->n; i++)
			s->word[w][i] = w == 4 ? 100 + i : w == 9 ? p.blank[w] : 7;
	CHECK(block_write(&p, s, room) <= BLOCK_ROWS * sizeof *s->digest + WORDS * 4);
	xfree(room);
	xfree(s);
}

/* Many blocks, some growing again and again, beside a plain copy of each. */
static void test_blocks_grow(void **ctx)
{
	enum { BLOCKS = 500, STEPS = 20000 };
	struct sheet *copy = xcalloc(BLOCKS, sizeof *copy);
	struct blocks b = { 0 };

	(void)ctx;
	plan_init(&b.plan);
	blocks_init(&b);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		CHECK_INT(blocks_new(&b, i), i);
		draw_rows(&b.plan, b.open, 1);
		copy[i] = *b.open;
	}
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t which = draw(BLOCKS), more = 1 + draw(4);
		struct sheet *s = blocks_open(&b, which);

		assert_same(s, &copy[which]);
		if (s->n + more > BLOCK_ROWS)
			s->n = 0;
		draw_rows(&b.plan, s, more);
		copy[which] = *s;
	}
	blocks_close(&b);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		CHECK_INT(b.at[i].before, i);
		assert_same(blocks_open(&b, i), &copy[i]);
	}
	blocks_fini(&b);
	xfree(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_common_rows_are_small),
		cmocka_unit_test(test_blocks_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
