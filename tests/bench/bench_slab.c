/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_slab.c - how fast record versions go to bytes and come back as chunks.
 *
 * Fee lines of a dozen fields, in chunks as the decoder makes them, cut into one part (a
 * checkpoint) and into many (a scan of more than memory). Not a test: prints, never fails.
 *
 * usage: bench_slab [lines]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/record/decode.h"
#include "lib/timeline/slab.h"

static uint64_t rng = 42;

static uint64_t next(void)
{
	uint64_t z = rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void text(struct chunk *c, enum field f, uint32_t r, const char *prefix, uint64_t v)
{
	char s[48];
	int n = snprintf(s, sizeof s, "%s%018llu", prefix, (unsigned long long)v);

	chunk_set_text(c, f, r, str_make(s, (size_t)n));
}

static struct chunk *make_chunk(uint64_t first)
{
	struct chunk *c = chunk_new();

	for (uint64_t i = first; i < first + DECODE_CHUNK_ROWS; i++) {
		uint32_t r = chunk_row(c, STREAM_FEE);
		uint64_t visit = i / 8;
		int64_t price = (int64_t)(next() % 5000 + 1) * 10000;

		text(c, FIELD_fee_feedetl_sn, r, "F", i);
		text(c, FIELD_fee_mdtrt_id, r, "M", visit);
		text(c, FIELD_fee_setl_id, r, "S", visit);
		text(c, FIELD_fee_psn_no, r, "", visit * 2654435761u % 500000);
		text(c, FIELD_fee_fixmedins_code, r, "H", visit % 600);
		text(c, FIELD_fee_med_list_codg, r, "X", next() % 20000);
		chunk_set_i64(c, FIELD_fee_fee_ocur_time, r, 1767225600 + (int64_t)(i / 4));
		chunk_set_i64(c, FIELD_fee_cnt, r, (int64_t)(next() % 3 + 1) * 10000);
		chunk_set_i64(c, FIELD_fee_pric, r, price);
		chunk_set_i64(c, FIELD_fee_det_item_fee_sumamt, r, price);
		chunk_set_i64(c, FIELD_fee_inscp_amt, r, price);
		c->table[STREAM_FEE].src[r].line = i;
		c->table[STREAM_FEE].src[r].digest = next();
	}
	return c;
}

static void keep(void *ctx, uint32_t part, struct str piece)
{
	(void)part;
	buf_addstr(ctx, piece);
}

static double read_back(const struct buf *bytes)
{
	double begun = now();

	for (size_t at = 0; at < bytes->n;) {
		struct slab_piece p;
		struct err e;

		if (!slab_piece_open(&p, bytes->p + at, bytes->n - at, &e))
			abort();
		chunk_free(slab_piece_chunk(&p, &e));
		at += p.bytes.n;
	}
	return now() - begun;
}

static void run(uint32_t parts, uint64_t lines)
{
	struct slicer *s = slicer_new(parts);
	struct buf bytes;
	double cut = 0, back = 0;
	uint64_t size = 0, done = 0;

	buf_init(&bytes, 0);
	while (done < lines) {
		struct chunk *c = make_chunk(done);
		double begun = now();

		buf_reset(&bytes);
		slicer_cut(s, c, 1, keep, &bytes);
		cut += now() - begun;
		back += read_back(&bytes);
		size += bytes.n;
		done += DECODE_CHUNK_ROWS;
		chunk_free(c);
	}
	printf("%4u parts: cut %.2f, read %.2f million lines a second of one thread; %.1f bytes "
	       "a line\n", parts, (double)done / cut / 1e6, (double)done / back / 1e6,
	       (double)size / (double)done);
	buf_fini(&bytes);
	slicer_free(s);
}

int main(int argc, char **argv)
{
	uint64_t lines = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;

	run(1, lines);
	run(16, lines);
	run(128, lines);
	return 0;
}
