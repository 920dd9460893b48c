/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_order.c - what timelines show depends on the set of versions alone.
 *
 * Random histories of few people, visits and lines (so that everything meets everything:
 * versions, re-sends, retractions, refunds of every shape, messages that say a part, sweeps
 * of whole visits, corrections of the person) are
 * given once in one go to one shard, and again shuffled, in chunks, over one to four
 * shards, looked at and reconciled in between. The dumps must be the same bytes and every
 * record must be accounted for. A failing history is shrunk before it is shown.
 *
 * usage: test_timeline_order [histories [seed]]
 */
#include "tests/check.h"

#include "lib/timeline/timeline.h"
#include "tests/support/dump.h"
#include "tests/support/rowtext.h"

enum { RECORDS_MAX = 60, SHARDS_MAX = 4, TRIES = 3, SHRINK_TRIES = 30 };

static int histories = 250;
static uint64_t first_seed = 1;

struct history {
	char text[RECORDS_MAX][520];
	unsigned n;
};

/* ---- random records ---- */

static unsigned pick(uint64_t *rng, unsigned n)
{
	return (unsigned)(check_random(rng) % n);
}

/* Mostly the same person for a serial, so that versions meet. */
static unsigned person(uint64_t *rng, unsigned serial)
{
	return 1 + (pick(rng, 3) ? serial % 2 : pick(rng, 6));
}

static const char *revision(uint64_t *rng)
{
	static const char *const at[] = { "", "", "2026-05-01", "2026-05-02", "2026-05-03" };

	return at[pick(rng, 5)];
}

/* The extract date, for records without a revision of their own: the same content may come
 * again with a greater one. */
static void extract_date(uint64_t *rng, char *out, size_t size)
{
	if (pick(rng, 3) == 0)
		snprintf(out, size, "@revision 2026-05-0%u\n", 1 + pick(rng, 4));
}

static void random_fee(uint64_t *rng, char *out, size_t size)
{
	static const char *const amounts[] = { "10", "20", "33.33", "100", "空", "0.000001",
					       "9223372036854.775807" };
	unsigned line = 1 + pick(rng, 9);
	bool negative = pick(rng, 3) == 0, linked = negative && pick(rng, 2);
	const char *sign = negative ? "-" : "", *amount = amounts[pick(rng, 7)];
	char link[8] = "";

	if (linked)
		snprintf(link, sizeof link, "%u", 1 + pick(rng, 9));
	if (strcmp(amount, "空") == 0)
		sign = "";
	snprintf(out, size,
		 "fee | feedetl_sn | mdtrt_id | fixmedins_code | psn_no | setl_id | "
		 "fee_ocur_time | "
		 "项目 | cnt | det_item_fee_sumamt | inscp_amt | init_feedetl_sn | vali_flag | "
		 "hosp_appr_flag | updt_time\n"
		 " | %u | M%u | H%u | P%u | %s | 2026-03-0%u | %s | %s%u | %s%s | %s%s | %s | "
		 "%s | %s | %s\n",
		 line, 1 + line % 3, 1 + (line % 3) / 2, person(rng, line),
		 (const char *const[]){ "S1", "S2", "S3", "空" }[pick(rng, 4)], 1 + pick(rng, 4),
		 (const char *const[]){ "A", "A", "A", "B", "空" }[pick(rng, 5)],
		 negative ? "-" : "", 1 + pick(rng, 3), sign, amount, pick(rng, 3) ? sign : "",
		 pick(rng, 3) && *amount != '\xe7' ? amount : "空", link,
		 pick(rng, 8) ? "1" : "0", pick(rng, 8) ? "" : "2", revision(rng));
	/* "-空" is no number */
	for (char *p; (p = strstr(out, "-空"));)
		memmove(p, p + 1, strlen(p));
}

static void random_settlement(uint64_t *rng, char *out, size_t size)
{
	unsigned setl = 1 + pick(rng, 5);

	snprintf(out, size,
		 "settlement | setl_id | mdtrt_id | fixmedins_code | psn_no | setl_time | "
		 "med_type | "
		 "medfee_sumamt | fund_pay_sumamt | init_setl_id | refd_setl_flag | "
		 "mid_setl_flag | chrg_bchno | "
		 "begndate | enddate | vali_flag | updt_time\n"
		 " | S%u | M%u | H%u | P%u | 2026-03-0%u | %s | %s%u | %s | %s | %u | %u | %s | "
		 "2026-03-0%u |"
		 " 2026-03-0%u | %s | %s\n",
		 setl, 1 + setl % 3, 1 + (setl % 3) / 2, person(rng, setl),
		 1 + pick(rng, 4), (const char *const[]){ "21", "11", "空" }[pick(rng, 3)],
		 pick(rng, 3) ? "" : "-", 100 + 50 * pick(rng, 2),
		 (const char *const[]){ "77.7", "9223372036854.775807" }[pick(rng, 9) == 0],
		 (const char *const[]){ "", "", "S1", "S2" }[pick(rng, 4)], pick(rng, 4) == 0,
		 pick(rng, 4) == 0,
		 (const char *const[]){ "空", "空", "B1", "B2" }[pick(rng, 4)],
		 1 + pick(rng, 3), 4 + pick(rng, 3), pick(rng, 8) ? "1" : "0",
		 revision(rng));
}

static void random_encounter(uint64_t *rng, char *out, size_t size)
{
	unsigned visit = 1 + pick(rng, 3);

	snprintf(out, size,
		 "encounter | mdtrt_id | fixmedins_code | psn_no | begntime | endtime | "
		 "med_type | gend | "
		 "brdy | dscg_maindiag_code | inhosp_stas | vali_flag | updt_time\n"
		 " | M%u | H%u | P%u | 2026-03-0%u | %s | %s | %s | 1980-01-0%u | %s | %s | "
		 "%s | %s\n",
		 visit, 1 + visit / 2, 1 + pick(rng, 3), 1 + pick(rng, 3),
		 (const char *const[]){ "", "2026-03-08" }[pick(rng, 2)],
		 (const char *const[]){ "21", "11", "空" }[pick(rng, 3)],
		 (const char *const[]){ "1", "2", "空" }[pick(rng, 3)], 1 + pick(rng, 9),
		 (const char *const[]){ "", "J18.9" }[pick(rng, 2)],
		 (const char *const[]){ "", "0", "1" }[pick(rng, 3)], pick(rng, 8) ? "1" : "0",
		 revision(rng));
}

/* The time of a transaction: such a version says only what its columns say. */
static const char *message_time(uint64_t *rng)
{
	static const char *const at[] = { "2026-05-01", "2026-05-02", "2026-05-02 08:00",
					  "2026-05-03" };

	return at[pick(rng, 4)];
}

static void random_encounter_message(uint64_t *rng, char *out, size_t size)
{
	unsigned visit = 1 + pick(rng, 3);

	snprintf(out, size,
		 "encounter | mdtrt_id | fixmedins_code | psn_no | begntime | endtime | "
		 "med_type | insutype | gend | brdy | dscg_maindiag_code | inhosp_stas | "
		 "vali_flag | inf_time\n"
		 " | M%u | H%u | P%u | %s | %s | %s | 空 | %s | %s | %s | %s | %s | %s\n",
		 visit, 1 + visit / 2, 1 + pick(rng, 3) / 2,
		 (const char *const[]){ "空", "2026-03-01", "2026-03-02" }[pick(rng, 3)],
		 (const char *const[]){ "空", "2026-03-07", "2026-03-09" }[pick(rng, 3)],
		 (const char *const[]){ "空", "21", "11" }[pick(rng, 3)],
		 (const char *const[]){ "空", "1", "2" }[pick(rng, 3)],
		 (const char *const[]){ "空", "1981-01-01" }[pick(rng, 2)],
		 (const char *const[]){ "空", "K35.8" }[pick(rng, 2)],
		 (const char *const[]){ "空", "空", "0", "1" }[pick(rng, 4)],
		 (const char *const[]){ "空", "空", "空", "0", "1" }[pick(rng, 5)],
		 message_time(rng));
}

/* Lines without settlement, and what takes all of a visit's or a batch's back. */
static void random_fee_message(uint64_t *rng, char *out, size_t size)
{
	unsigned line = 1 + pick(rng, 9), sweep = pick(rng, 6);
	char serial[16];

	snprintf(serial, sizeof serial, "%u", line);
	if (sweep < 2)
		snprintf(serial, sizeof serial, "0000%s",
			 (const char *const[]){ "", "/B1", "/B2" }[pick(rng, 3)]);
	snprintf(out, size,
		 "fee | feedetl_sn | mdtrt_id | fixmedins_code | psn_no | setl_id | "
		 "fee_ocur_time | 项目 | cnt | det_item_fee_sumamt | inscp_amt | chrg_bchno | "
		 "vali_flag | inf_time\n"
		 " | %s | M%u | H%u | P%u | 空 | 2026-03-0%u | A | %u | %u | 空 | %s | %s | %s\n",
		 serial, 1 + line % 3, 1 + (line % 3) / 2, person(rng, line), 1 + pick(rng, 4),
		 1 + pick(rng, 3), 10 * (1 + pick(rng, 3)),
		 sweep < 2 && serial[4] ? serial + 5 :
		 (const char *const[]){ "空", "B1", "B2" }[pick(rng, 3)],
		 sweep < 2 ? "0" : "空", message_time(rng));
}

static void random_diagnosis(uint64_t *rng, char *out, size_t size)
{
	snprintf(out, size,
		 "diagnosis | setl_list_diag_id | mdtrt_id | fixmedins_code | psn_no | "
		 "setl_id | diag_type | "
		 "diag_code | maindiag_flag | updt_time\n"
		 " | %s | M%u | %s | P%u | S%u | %u | %s | %u | %s\n",
		 (const char *const[]){ "", "D1", "D2" }[pick(rng, 3)], 1 + pick(rng, 3),
		 (const char *const[]){ "空", "H1", "H2" }[pick(rng, 3)], 1 + pick(rng, 2),
		 1 + pick(rng, 2), 1 + pick(rng, 2),
		 (const char *const[]){ "I10", "J18.9", "K35.8" }[pick(rng, 3)], pick(rng, 2),
		 revision(rng));
}

static void random_register(uint64_t *rng, char *out, size_t size)
{
	unsigned kind = pick(rng, 4);

	if (kind == 0)
		snprintf(out, size, "person | psn_no | begndate | gend | brdy | updt_time\n"
			 " | P%u | 2026-0%u-02 | %u | 19%u-01-01 | %s\n", 1 + pick(rng, 3),
			 2 + pick(rng, 2), 1 + pick(rng, 2), 50 + pick(rng, 40), revision(rng));
	else if (kind == 1)
		snprintf(out, size, "facility | fixmedins_code | begndate | hosp_lv | updt_time\n"
			 " | H%u | 2026-0%u-02 | 0%u | %s\n", 1 + pick(rng, 2), 2 + pick(rng, 2),
			 1 + pick(rng, 9), revision(rng));
	else if (kind == 2)
		snprintf(out, size, "item | med_list_codg | fixmedins_code | item_name | "
		"updt_time\n"
			 " | %s | %s | 名%u | "
			 "%s\n", (const char *const[]){ "A", "B" }[pick(rng, 2)],
			 (const char *const[]){ "空", "H1" }[pick(rng, 2)], pick(rng, 9),
			 revision(rng));
	else
		snprintf(out, size, "stock | fixmedins_bchno | fixmedins_code | inv_chg_time | "
		"cnt | updt_time\n"
			 " | B%u | H%u | 2026-03-01 | %u | %s\n", pick(rng, 3), 1 + pick(rng, 2),
			 1 + pick(rng, 5), revision(rng));
}

static void random_history(uint64_t seed, struct history *h)
{
	uint64_t rng = seed;

	h->n = 4 + pick(&rng, RECORDS_MAX - 4);
	for (unsigned i = 0; i < h->n; i++) {
		unsigned kind = pick(&rng, 21);
		char *out = h->text[i];
		size_t size = sizeof h->text[i];

		out[0] = 0;
		extract_date(&rng, out, size);
		out += strlen(out);
		size -= strlen(h->text[i]);
		if (i && kind == 0) { /* sent again, maybe with another extract date */
			const char *again = h->text[pick(&rng, i)];

			snprintf(out, size, "%s", *again == '@' ? strchr(again, '\n') + 1 : again);
		} else if (kind < 7)
			random_fee(&rng, out, size);
		else if (kind < 10)
			random_fee_message(&rng, out, size);
		else if (kind < 14)
			random_settlement(&rng, out, size);
		else if (kind == 14)
			random_encounter(&rng, out, size);
		else if (kind == 15)
			random_encounter_message(&rng, out, size);
		else if (kind < 18)
			random_diagnosis(&rng, out, size);
		else if (kind < 20)
			random_register(&rng, out, size);
		else
			random_encounter_message(&rng, out, size);
	}
}

/* ---- running ---- */

static void add_row(struct timeline **shard, uint32_t n, const struct chunk *c, enum stream s,
		    uint32_t row)
{
	uint32_t to = timeline_shard(c, s, row, n);
	struct err e = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		if (to == UINT32_MAX || to == i)
			CHECK(timeline_add(shard[i], c, s, &row, 1, row, &e));
	}
}

static void look(struct timeline **shard, uint32_t n)
{
	struct buf ignored;

	buf_init(&ignored, 0);
	dump_timelines(shard, n, &ignored);
	buf_fini(&ignored);
}

/* Give records order[0..n) to the shards, in chunks of random size. */
static void feed(const struct history *h, const unsigned *order, struct timeline **shard,
		 uint32_t n_shard, uint64_t *rng)
{
	for (unsigned i = 0; i < h->n;) {
		unsigned end = rng ? i + 1 + pick(rng, h->n - i) : h->n;
		struct chunk *c = chunk_new();
		struct err e = { 0 };

		for (; i < end; i++) {
			if (!rowtext_add(c, h->text[order[i]], &e))
				fail_msg("%s in\n%s", e.text, h->text[order[i]]);
		}
		for (int s = 0; s < STREAM_STORED; s++) {
			for (uint32_t r = 0; r < c->table[s].n; r++)
				add_row(shard, n_shard, c, (enum stream)s, r);
		}
		chunk_free(c);
		if (rng && pick(rng, 2))
			timeline_reconcile(shard, n_shard);
		if (rng && pick(rng, 3) == 0)
			look(shard, n_shard);
	}
	timeline_reconcile(shard, n_shard);
}

/* Every record is live, superseded, sent again, retracted or reversed; the sums are shown. */
static void account(struct timeline **shard, uint32_t n, struct buf *out)
{
	struct gather_stats gs = { 0 };
	struct timeline_stats sum = { 0 };
	struct batch b;

	batch_init(&b);
	for (uint32_t i = 0; i < n; i++) {
		struct timeline_stats st;

		timeline_stats_get(shard[i], &st);
		for (int s = 0; s < STREAM_STORED; s++) {
			sum.records[s] += st.records[s];
			sum.resent[s] += st.resent[s];
			sum.superseded[s] += st.superseded[s];
		}
		for (uint32_t k = 0; k < timeline_subjects(shard[i]); k++)
			timeline_gather(shard[i], &k, 1, &b, &gs);
	}
	batch_fini(&b);
	int64_t by[STREAM_STORED][STANDING_COUNT] = { { 0 } };

	for (uint32_t i = 0; i < n; i++) {
		uint32_t changes;
		const struct standing_change *c = timeline_standing(shard[i], &changes);

		for (uint32_t k = 0; k < changes; k++)
			for (int what = 0; what < STANDING_COUNT; what++)
				by[c[k].stream][what] += c[k].n[what];
	}
	for (int s = 0; s <= STREAM_PERSON; s++) {
		if (by[s][STANDING_RESENT] != (int64_t)sum.resent[s] ||
		    by[s][STANDING_SUPERSEDED] != (int64_t)sum.superseded[s] ||
		    by[s][STANDING_RETRACTED] != (int64_t)gs.retracted[s] ||
		    by[s][STANDING_REVERSED] != (int64_t)gs.reversed[s])
			buf_adds(out, "NOT ACCOUNTED by facility\n");
		uint64_t known = sum.resent[s] + sum.superseded[s] + gs.live[s] +
				 gs.retracted[s] + gs.reversed[s];

		buf_addf(out, "%s: %llu records, %llu resent, %llu superseded, %llu live\n",
			 stream_name((enum stream)s), (unsigned long long)sum.records[s],
			 (unsigned long long)sum.resent[s], (unsigned long long)sum.superseded[s],
			 (unsigned long long)gs.live[s]);
		if (known != sum.records[s])
			buf_adds(out, "NOT ACCOUNTED\n");
	}
}

static void run(const struct history *h, const unsigned *order, uint32_t n_shard, uint64_t *rng,
		struct buf *out)
{
	struct timeline *shard[SHARDS_MAX];

	for (uint32_t i = 0; i < n_shard; i++)
		shard[i] = timeline_new(NULL);
	feed(h, order, shard, n_shard, rng);
	dump_timelines(shard, n_shard, out);
	account(shard, n_shard, out);
	for (uint32_t i = 0; i < n_shard; i++)
		timeline_free(shard[i]);
}

static void shuffle(unsigned *order, unsigned n, uint64_t *rng)
{
	for (unsigned i = n; i > 1; i--) {
		unsigned k = pick(rng, i), swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
}

/* Whether the history looks the same however it comes; `show` prints the difference. */
static bool holds(const struct history *h, uint64_t seed, unsigned tries, bool show)
{
	unsigned order[RECORDS_MAX];
	struct buf want, got;
	bool ok = true;

	buf_init(&want, 0);
	buf_init(&got, 0);
	for (unsigned i = 0; i < h->n; i++)
		order[i] = i;
	run(h, order, 1, NULL, &want);
	ok = !strstr(buf_cstr(&want), "NOT ACCOUNTED");
	for (unsigned t = 0; ok && t < tries; t++) {
		uint64_t rng = seed * 1000 + t;

		buf_reset(&got);
		shuffle(order, h->n, &rng);
		run(h, order, 1 + pick(&rng, SHARDS_MAX), &rng, &got);
		ok = str_eq(buf_str(&want), buf_str(&got));
	}
	if (!ok && show)
		print_message("--- in one go\n%s--- shuffled\n%s", buf_cstr(&want), buf_cstr(&got));
	buf_fini(&want);
	buf_fini(&got);
	return ok;
}

/* Remove records one by one as long as it still fails. */
static void shrink(struct history *h, uint64_t seed)
{
	for (unsigned i = h->n; i-- > 0;) {
		struct history less = *h;

		memmove(less.text[i], less.text[i + 1], (less.n - i - 1) * sizeof less.text[0]);
		less.n--;
		if (less.n && !holds(&less, seed, SHRINK_TRIES, false)) {
			*h = less;
			i = h->n;
		}
	}
}

static void any_order_gives_the_same(void **state)
{
	static struct history h;

	(void)state;
	for (int i = 0; i < histories; i++) {
		uint64_t seed = first_seed + (uint64_t)i;

		random_history(seed, &h);
		if (holds(&h, seed, TRIES, false))
			continue;
		shrink(&h, seed);
		for (unsigned k = 0; k < h.n; k++)
			print_message("%s", h.text[k]);
		holds(&h, seed, SHRINK_TRIES, true);
		fail_msg("seed %llu, %u records left", (unsigned long long)seed, h.n);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(any_order_gives_the_same) };

	if (argc > 1)
		histories = atoi(argv[1]);
	if (argc > 2)
		first_seed = (uint64_t)strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
