/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/timeline/slab.h"

#include "tests/check.h"
#include "tests/support/dump.h"
#include "tests/support/rowtext.h"

enum { PEOPLE = 40, PARTS = 16 };

/* A little of everything: every width, holes, columns that say one thing, long and short texts. */
static struct chunk *some_chunk(void)
{
	struct buf b;
	struct chunk *c;

	buf_init(&b, 0);
	for (int i = 0; i < PEOPLE; i++)
		buf_addf(&b, "fee | feedetl_sn | mdtrt_id | fixmedins_code | psn_no |"
			 " fee_ocur_time | 项目 | cnt | det_item_fee_sumamt | inscp_amt |"
			 " updt_time\n"
			 " | F%d | M%d | H1 | P%d | 2026-03-%02d 09:00 |"
			 " a-rather-long-code-%d | %s | %s | 10 | %s\n", i, i, i, 1 + i % 28, i % 3,
			 i % 5 ? "1" : "-1", i % 7 ? "33.33" : "9223372036854.775807",
			 i % 4 ? "2026-05-01" : "空");
	buf_adds(&b, "settlement | setl_id | mdtrt_id | fixmedins_code | psn_no | setl_time\n"
		 " | S1 | M1 | H1 | P1 | 2026-03-02 10:00\n"
		 " | S2 | M2 | H1 | P2 | 2026-03-03 10:00\n"
		 "person | psn_no | begndate | brdy\n | P1 | 1900-01-01 | 1950-02-03\n"
		 "facility | fixmedins_code | hosp_lv | begndate\n | H1 | 3 | 空\n");
	c = rowtext_chunk(buf_cstr(&b));
	buf_fini(&b);
	return c;
}

struct parts {
	struct buf all;
	uint32_t n, rows_of_all;
};

static void keep_piece(void *ctx, uint32_t part, struct str piece)
{
	struct parts *p = ctx;

	p->rows_of_all += part == SLAB_EVERYBODY;
	buf_addstr(&p->all, piece);
	p->n++;
}

static void cut(struct parts *p, const struct chunk *c, int64_t epoch)
{
	struct slicer *s = slicer_new(PARTS);

	*p = (struct parts){ .n = 0 };
	buf_init(&p->all, 0);
	slab_begin(&p->all, epoch, 99);
	slicer_cut(s, c, 7, keep_piece, p);
	slab_end(&p->all);
	slicer_free(s);
}

static void add_all(struct timeline *t, const struct chunk *c)
{
	struct err e;

	for (unsigned s = 0; s < STREAM_STORED; s++)
		assert_true(timeline_add(t, c, (enum stream)s, NULL, 0, 7, &e));
}

static void dump(const struct timeline *t, struct buf *out)
{
	struct timeline *one = (struct timeline *)(uintptr_t)t;

	buf_init(out, 0);
	dump_timelines(&one, 1, out);
}

static void test_comes_back(void **state)
{
	struct chunk *c = some_chunk();
	struct timeline *before = timeline_new(NULL), *after = timeline_new(NULL);
	struct parts parts;
	struct slab s;
	struct slab_piece p;
	struct buf a, b;
	struct err e;
	uint64_t rows = 0;
	size_t at = 0;

	(void)state;
	cut(&parts, c, 12);
	add_all(before, c);
	assert_true(slab_open(&s, parts.all.p, parts.all.n, &e));
	assert_int_equal(s.epoch, 12);
	assert_int_equal(s.rows, PEOPLE + 4);
	assert_int_equal(parts.rows_of_all, 1);
	while (slab_next(&s, &at, &p)) {
		struct chunk *back = slab_piece_chunk(&p, &e);

		assert_non_null(back);
		assert_int_equal(p.intake, 7);
		assert_int_equal(back->rows, p.rows);
		rows += p.rows;
		add_all(after, back);
		chunk_free(back);
	}
	assert_int_equal(rows, s.rows);
	dump(before, &a);
	dump(after, &b);
	assert_string_equal(buf_cstr(&a), buf_cstr(&b));
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&parts.all);
	timeline_free(before);
	timeline_free(after);
	chunk_free(c);
}

/* A subject's rows all lie in one part, whatever chunk they came with. */
static void test_parts_are_whole_subjects(void **state)
{
	struct chunk *c = some_chunk();
	struct parts parts;
	struct slab s;
	struct slab_piece p;
	struct err e;
	size_t at = 0;

	(void)state;
	cut(&parts, c, 1);
	assert_true(slab_open(&s, parts.all.p, parts.all.n, &e));
	while (slab_next(&s, &at, &p)) {
		struct chunk *back = slab_piece_chunk(&p, &e);

		for (unsigned k = 0; k < STREAM_STORED; k++)
			for (uint32_t i = 0; i < back->table[k].n; i++) {
				uint32_t part = timeline_shard(back, (enum stream)k, i,
							       PARTS);

				assert_int_equal(part == UINT32_MAX ? SLAB_EVERYBODY : part,
						 p.part);
			}
		chunk_free(back);
	}
	buf_fini(&parts.all);
	chunk_free(c);
}

static void test_any_changed_byte_is_seen(void **state)
{
	struct chunk *c = some_chunk();
	struct parts parts;
	struct slab s;
	struct err e;

	(void)state;
	cut(&parts, c, 1);
	for (size_t i = 0; i < parts.all.n; i++) {
		parts.all.p[i] = (char)(parts.all.p[i] ^ 0x20);
		if (i < 4 || i >= 8) /* between them lies a spare word */
			assert_false(slab_open(&s, parts.all.p, parts.all.n, &e));
		parts.all.p[i] = (char)(parts.all.p[i] ^ 0x20);
	}
	for (size_t n = 0; n < parts.all.n; n += 7)
		assert_false(slab_open(&s, parts.all.p, n, &e));
	buf_fini(&parts.all);
	chunk_free(c);
}

/* Bytes that a checksum let through are still not believed: no read outside, no crash. */
static void test_nonsense_is_survived(void **state)
{
	struct chunk *c = some_chunk();
	struct parts parts;
	struct slab s;
	struct slab_piece p;
	struct err e;
	size_t at = 0;

	(void)state;
	cut(&parts, c, 1);
	assert_true(slab_open(&s, parts.all.p, parts.all.n, &e));
	while (slab_next(&s, &at, &p)) {
		char *copy = malloc(p.bytes.n);
		struct slab_piece bad = p;

		assert_non_null(copy);
		bad.bytes.p = copy;
		for (uint32_t i = 0; i < p.bytes.n; i++) {
			memcpy(copy, p.bytes.p, p.bytes.n);
			copy[i] = (char)(copy[i] ^ 0x91);
			chunk_free(slab_piece_chunk(&bad, &e));
		}
		for (uint32_t n = 0; n < p.bytes.n; n += 5) {
			bad.bytes.n = n;
			chunk_free(slab_piece_chunk(&bad, &e));
		}
		free(copy);
	}
	buf_fini(&parts.all);
	chunk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_parts_are_whole_subjects),
		cmocka_unit_test(test_any_changed_byte_is_seen),
		cmocka_unit_test(test_nonsense_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
