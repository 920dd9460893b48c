/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_timeline.c - how fast rows go in and come out, and what they weigh.
 *
 * Makes fee lines and settlements like a city's year (visits in time order, several lines
 * a visit, few columns wanted), takes them in chunk by chunk and gathers all subjects in
 * batches. Chunks are made outside the clock. Not a test: prints, never fails.
 *
 * usage: bench_timeline [lines [derived [people]]]
 *   derived 1: joined and computed fields too; people 1: one person has it all
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/timeline/timeline.h"

enum { CHUNK_ROWS = 16384, SUBJECTS_A_BATCH = 256, ITEMS = 20000, FACILITIES = 600 };

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

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may use the machine too */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* prefix and v with at least `digits` digits. */
static void set_text(struct chunk *c, enum field f, uint32_t r, const char *prefix, int digits,
		     uint64_t v)
{
	char text[48];
	int n = snprintf(text, sizeof text, "%s%0*llu", prefix, digits, (unsigned long long)v);

	chunk_set_text(c, f, r, str_make(text, (size_t)n));
}

struct visit {
	uint64_t person, facility, number;
	int64_t time;
	uint32_t lines;
};

static void make_line(struct chunk *c, const struct visit *v, uint64_t number)
{
	uint32_t r = chunk_row(c, STREAM_FEE);
	struct source *src = &c->table[STREAM_FEE].src[r];
	int64_t price = (int64_t)(next() % 5000 + 1) * 10000, cnt = (int64_t)(next() % 3 + 1);

	set_text(c, FIELD_fee_feedetl_sn, r, "3301", 18, number);
	set_text(c, FIELD_fee_mdtrt_id, r, "330100M", 13, v->number);
	set_text(c, FIELD_fee_setl_id, r, "330100S", 13, v->number);
	set_text(c, FIELD_fee_fixmedins_code, r, "H3301", 7, v->facility);
	set_text(c, FIELD_fee_psn_no, r, "33010000", 12, v->person);
	set_text(c, FIELD_fee_med_list_codg, r, "XA", 18, next() % ITEMS);
	set_text(c, FIELD_fee_list_type, r, "", 1, 101 + next() % 4);
	chunk_set_i64(c, FIELD_fee_fee_ocur_time, r, v->time + (int64_t)(next() % 20000));
	chunk_set_i64(c, FIELD_fee_cnt, r, cnt * 10000);
	chunk_set_i64(c, FIELD_fee_pric, r, price);
	chunk_set_i64(c, FIELD_fee_det_item_fee_sumamt, r, price * cnt);
	chunk_set_i64(c, FIELD_fee_inscp_amt, r, price * cnt * 9 / 10 / 10000 * 10000);
	src->line = number;
	src->digest = next();
	src->revision = v->time + 86400;
}

static void make_settlement(struct chunk *c, const struct visit *v)
{
	uint32_t r = chunk_row(c, STREAM_SETTLEMENT);
	struct source *src = &c->table[STREAM_SETTLEMENT].src[r];

	set_text(c, FIELD_settlement_setl_id, r, "330100S", 13, v->number);
	set_text(c, FIELD_settlement_mdtrt_id, r, "330100M", 13, v->number);
	set_text(c, FIELD_settlement_fixmedins_code, r, "H3301", 7, v->facility);
	set_text(c, FIELD_settlement_psn_no, r, "33010000", 12, v->person);
	set_text(c, FIELD_settlement_med_type, r, "", 1, v->lines > 60 ? 21 : 11);
	set_text(c, FIELD_settlement_gend, r, "", 1, 1 + v->person % 2);
	chunk_set_i32(c, FIELD_settlement_brdy, r, (int32_t)(v->person % 20000));
	chunk_set_i64(c, FIELD_settlement_setl_time, r, v->time);
	chunk_set_i64(c, FIELD_settlement_medfee_sumamt, r, 1000000000);
	chunk_set_i64(c, FIELD_settlement_fund_pay_sumamt, r, 700000000);
	src->digest = next();
	src->revision = v->time + 86400;
}

static uint64_t people;

static struct visit new_visit(uint64_t number)
{
	return (struct visit){ .person = next() % people, .facility = next() % FACILITIES,
			       .number = number, .time = 1735689600 + (int64_t)number * 20,
			       .lines = next() % 20 ? 1 + (uint32_t)(next() % 8) : 120 };
}

static const enum field plain[] = {
	FIELD_fee_fee_ocur_time, FIELD_fee_psn_no, FIELD_fee_fixmedins_code, FIELD_fee_mdtrt_id,
	FIELD_fee_setl_id, FIELD_fee_med_list_codg, FIELD_fee_list_type, FIELD_fee_cnt,
	FIELD_fee_pric, FIELD_fee_det_item_fee_sumamt, FIELD_fee_inscp_amt,
};
static const enum field derived[] = {
	FIELD_fee_visit_class, FIELD_fee_gend, FIELD_fee_age, FIELD_fee_fund_pay,
	FIELD_stay_begntime, FIELD_stay_endtime, FIELD_stay_psn_no, FIELD_stay_fund_pay_sumamt,
	FIELD_visit_visit_class,
};

static struct chunk *make_chunk(struct visit *v, uint64_t *number, uint64_t *visits, uint64_t lines)
{
	struct chunk *c = chunk_new();

	while (c->table[STREAM_FEE].n < CHUNK_ROWS && *number < lines) {
		if (!v->lines) {
			*v = new_visit(++*visits);
			make_settlement(c, v);
		}
		make_line(c, v, ++*number);
		v->lines--;
	}
	return c;
}

static double take_in(struct timeline *t, uint64_t lines)
{
	struct visit v = { .lines = 0 };
	uint64_t number = 0, visits = 0;
	double spent = 0;

	while (number < lines) {
		struct chunk *c = make_chunk(&v, &number, &visits, lines);
		struct err e = { 0 };
		double from = now();

		if (!timeline_add(t, c, STREAM_SETTLEMENT, NULL, 0, 1, &e) ||
		    !timeline_add(t, c, STREAM_FEE, NULL, 0, 1, &e))
			fprintf(stderr, "%s\n", e.text);
		spent += now() - from;
		chunk_free(c);
	}
	return spent;
}

static double gather_all(struct timeline *t, uint64_t *rows)
{
	uint32_t subject[SUBJECTS_A_BATCH], n = timeline_subjects(t);
	struct gather_stats gs = { 0 };
	struct batch b;
	double from = now();

	batch_init(&b);
	*rows = 0;
	for (uint32_t i = 0; i < n;) {
		uint32_t k = 0;

		while (k < SUBJECTS_A_BATCH && i < n)
			subject[k++] = i++;
		timeline_gather(t, subject, k, &b, &gs);
		*rows += b.rows[STREAM_FEE].n;
	}
	batch_fini(&b);
	return now() - from;
}

int main(int argc, char **argv)
{
	uint64_t lines = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000, rows;
	uint8_t wanted[FIELD_BITMAP] = { 0 };
	struct timeline_conf conf = { .wanted = wanted };
	struct timeline_stats st;
	struct timeline *t;
	double in;

	people = argc > 3 ? strtoull(argv[3], NULL, 10) : lines / 50 + 1;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		field_want(wanted, plain[i]);
	for (size_t i = 0; argc > 2 && atoi(argv[2]) && i < sizeof derived / sizeof derived[0]; i++)
		field_want(wanted, derived[i]);
	t = timeline_new(&conf);
	in = take_in(t, lines);
	timeline_stats_get(t, &st);
	printf("take in  %8.3f s  %6.2f M lines/s  %5.1f bytes a line (%llu settlements beside)\n",
	       in, (double)lines / in / 1e6, (double)st.bytes / (double)lines,
	       (unsigned long long)st.records[STREAM_SETTLEMENT]);
	for (int i = 0; i < 3; i++) {
		double out = gather_all(t, &rows);

		printf("gather   %8.3f s  %6.2f M lines/s\n", out, (double)rows / out / 1e6);
	}
	timeline_free(t);
	return 0;
}
