/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline.c - versions, order, subjects, dirty marks, names, shards.
 */
#include "tests/check.h"

#include "lib/base/mem.h"
#include "lib/timeline/timeline.h"
#include "tests/support/dump.h"
#include "tests/support/rowtext.h"

static void add_all(struct timeline *t, const char *text, uint32_t ref)
{
	struct chunk *c = rowtext_chunk(text);
	struct err e = { 0 };

	for (int s = 0; s < STREAM_STORED; s++)
		CHECK(timeline_add(t, c, (enum stream)s, NULL, 0, ref, &e));
	chunk_free(c);
}

static struct timeline *timeline_with(const char *text)
{
	struct timeline *t = timeline_new(NULL);

	add_all(t, text, 1);
	return t;
}

static void gather_one(struct timeline *t, const char *person, struct batch *b,
		       struct gather_stats *gs)
{
	uint32_t s = timeline_subject_find(t, SUBJECT_PERSON, str_of(person));

	CHECK(s != UINT32_MAX);
	timeline_gather(t, &s, 1, b, gs);
}

static struct str serial_of(const struct timeline *t, const struct batch *b, enum stream s,
			    uint32_t i)
{
	static struct row_name name; /* the serial may lie in it */

	timeline_row_name(t, s, b->rows[s].row[i], &name);
	return name.serial;
}

static void rows_come_back_in_event_order(void **state)
{
	struct timeline *t = timeline_with(
		"fee | feedetl_sn | fee_ocur_time    | cnt | pric | mdtrt_id\n"
		"    | F3         | 2026-03-02 09:00 | 1   | 5    | M1\n"
		"    | F2         | 2026-03-01 09:00 | 1   | 5    | M2\n"
		"    | F1         | 2026-03-01 09:00 | 1   | 5    | M2\n"
		"    | F9         | 2026-03-01 09:00 | 1   | 5    | M1\n"
		"    | F0         | 2026-01-01 09:00 | 2   | 5.55 | M3\n");
	const char *order[] = { "F0", "F9", "F1", "F2", "F3" };
	struct batch b;

	(void)state;
	batch_init(&b);
	gather_one(t, "P1", &b, NULL);
	CHECK_INT(b.rows[STREAM_FEE].n, 5);
	for (uint32_t i = 0; i < 5; i++)
		CHECK_STR(serial_of(t, &b, STREAM_FEE, i), order[i]);
	CHECK_INT(batch_i64(&b, FIELD_fee_det_item_fee_sumamt)[0], 11100000);
	CHECK_INT(batch_i64(&b, FIELD_fee_cnt)[0], 20000);
	CHECK_STR(dict_text(b.dict, batch_code(&b, FIELD_fee_mdtrt_id)[0]), "M3");
	CHECK_STR(dict_text(b.dict, batch_code(&b, FIELD_fee_feedetl_sn)[4]), "F3");
	CHECK_STR(dict_text(b.dict, batch_code(&b, FIELD_fee_psn_no)[2]), "P1");
	CHECK_INT(b.rows[STREAM_FEE].start[0], 0);
	CHECK_INT(b.rows[STREAM_FEE].start[1], 5);
	batch_fini(&b);
	timeline_free(t);
}

/* Fields that come with later chunks get their cells then, in whichever order chunks come: more
 * rows than a page holds, some that are new, some that are there. */
static void fields_come_late(void **state)
{
	static const char *const late[] = {
		"settlement | setl_id | mdtrt_id | psn_no | setl_time | chrg_bchno | hifp_pay | "
		"updt_time\n"
		" | S7 | M7 | P1 | 2026-03-07 | B1 | 12.5 | 2026-03-09\n"
		" | S2000 | M2 | P2 | 2026-03-07 | B2 | 7 | 2026-03-09\n",
		"settlement | setl_id | mdtrt_id | psn_no | setl_time | dise_name | certno | "
		"updt_time\n"
		" | S9 | M9 | P1 | 2026-03-07 | 肺炎 | 110 | 2026-03-09\n"
		" | S8 | M8 | P2 | 2026-03-07 | 空 | 120 | 2026-03-09\n",
	};
	struct buf many, dump[6];

	(void)state;
	buf_init(&many, 0);
	buf_addstr(&many, STR("settlement | setl_id | mdtrt_id | psn_no | setl_time\n"));
	for (int i = 0; i < 1500; i++)
		buf_addf(&many, " | S%d | M%d | P%d | 2026-03-0%d\n", i, i, i % 3,
			 1 + i % 9);
	for (int i = 0; i < 6; i++) {
		const char *text[] = { buf_cstr(&many), late[0], late[1] };
		static const int order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
						 { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
		struct timeline *t = timeline_new(NULL);

		for (int k = 0; k < 3; k++) {
			add_all(t, text[order[i][k]], 1);
			buf_init(&dump[i], 0);
			dump_timelines(&t, 1, &dump[i]); /* gathered in between, too */
			if (k < 2)
				buf_fini(&dump[i]);
		}
		CHECK(str_eq(buf_str(&dump[i]), buf_str(&dump[0])));
		CHECK(str_find(buf_str(&dump[i]), STR("肺炎")) > 0);
		CHECK(str_find(buf_str(&dump[i]), STR("B2")) > 0);
		timeline_free(t);
	}
	for (int i = 0; i < 6; i++)
		buf_fini(&dump[i]);
	buf_fini(&many);
}

static const char v1[] = "fee | feedetl_sn | fee_ocur_time | cnt | pric | updt_time\n"
			 "    | F1 | 2026-03-01 | 1 | 10 | 2026-03-02 08:00\n";
static const char v2[] = "fee | feedetl_sn | fee_ocur_time | cnt | pric | updt_time\n"
			 "    | F1 | 2026-03-01 | 2 | 10 | 2026-03-03 08:00\n";
static const char v0[] = "fee | feedetl_sn | fee_ocur_time | cnt | pric\n"
			 "    | F1 | 2026-03-01 | 7 | 10\n";

static int64_t only_cnt(struct timeline *t)
{
	struct batch b;
	int64_t cnt;

	batch_init(&b);
	gather_one(t, "P1", &b, NULL);
	CHECK_INT(b.rows[STREAM_FEE].n, 1);
	cnt = batch_i64(&b, FIELD_fee_cnt)[0];
	batch_fini(&b);
	return cnt;
}

static void greatest_revision_wins_in_any_order(void **state)
{
	static const char *const text[] = { v0, v1, v2, v1 };

	(void)state;
	for (int i = 0; i < 24; i++) { /* all orders of four, the duplicate included */
		int order[4] = { 0, 1, 2, 3 }, code = i;
		struct timeline_stats st;
		struct timeline *t = timeline_new(NULL);

		for (int k = 3; k > 0; k--) {
			int swap = order[k], at = code % (k + 1);

			code /= k + 1;
			order[k] = order[at];
			order[at] = swap;
		}
		for (int k = 0; k < 4; k++)
			add_all(t, text[order[k]], 1);
		CHECK_INT(only_cnt(t), 20000);
		timeline_stats_get(t, &st);
		CHECK_INT(st.records[STREAM_FEE], 4);
		CHECK_INT(st.resent[STREAM_FEE], 1);
		CHECK_INT(st.superseded[STREAM_FEE], 2);
		timeline_free(t);
	}
}

/* In order lines are not looked for; one that is not behind the last one is. */
static void lines_out_of_order_and_again(void **state)
{
	static const char *const sent[] = { "A01", "A02", "A10", "A02", "A03", "A10", "A11", "B1",
					    "A03", "A12", "A01" };
	struct timeline *t = timeline_new(NULL);
	struct timeline_stats st;
	struct batch b;
	struct buf text;

	(void)state;
	buf_init(&text, 0);
	for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
		buf_reset(&text);
		buf_addf(&text, "fee | feedetl_sn | fee_ocur_time | cnt | pric\n"
				"    | %s | 2026-03-01 | 1 | 10\n", sent[i]);
		buf_addc(&text, '\0');
		add_all(t, text.p, 1);
	}
	batch_init(&b);
	gather_one(t, "P1", &b, NULL);
	CHECK_INT(b.rows[STREAM_FEE].n, 7);
	CHECK_STR(serial_of(t, &b, STREAM_FEE, 2), "A03");
	timeline_stats_get(t, &st);
	CHECK_INT(st.records[STREAM_FEE], 11);
	CHECK_INT(st.resent[STREAM_FEE], 4);
	batch_fini(&b);
	buf_fini(&text);
	timeline_free(t);
}

/* A number may be a visit of two facilities and a person's; a visit has several settlements. */
static void numbers_alike_are_told_apart(void **state)
{
	static const char text[] =
		"settlement | psn_no | fixmedins_code | mdtrt_id | setl_id | setl_time\n"
		"    | P1 | H1 | M1 | S1 | 2026-03-01\n"
		"    | P1 | H1 | M1 | S2 | 2026-03-02\n"
		"    | P1 | H2 | M1 | S1 | 2026-03-03\n"
		"    | M1 | H1 | P1 | S3 | 2026-03-04\n"
		"    | H1 | H1 | H1 | S4 | 2026-03-05\n";
	static const struct { const char *who; uint32_t n; } has[] = { { "P1", 3 }, { "M1", 1 },
								       { "H1", 1 } };
	struct timeline *t = timeline_with(text);
	struct timeline_stats st;
	struct batch b;

	(void)state;
	add_all(t, "stock | fixmedins_code | fixmedins_bchno | infno | inv_chg_time | cnt\n"
		   "    | P1 | B1 | 3505 | 2026-03-01 | 1\n", 1);
	add_all(t, text, 2);
	timeline_stats_get(t, &st);
	CHECK_INT(st.records[STREAM_SETTLEMENT], 10);
	CHECK_INT(st.resent[STREAM_SETTLEMENT], 5);
	CHECK_INT(st.subjects, 4);
	CHECK(timeline_subject_find(t, SUBJECT_FACILITY, STR("P1")) !=
	      timeline_subject_find(t, SUBJECT_PERSON, STR("P1")));
	CHECK(timeline_subject_find(t, SUBJECT_FACILITY, STR("M1")) == UINT32_MAX);
	batch_init(&b);
	for (size_t i = 0; i < sizeof has / sizeof has[0]; i++) {
		gather_one(t, has[i].who, &b, NULL);
		CHECK_INT(b.rows[STREAM_SETTLEMENT].n, has[i].n);
	}
	batch_fini(&b);
	timeline_free(t);
}

static void retraction_may_come_first(void **state)
{
	static const char gone[] =
		"fee | feedetl_sn | fee_ocur_time | cnt | pric | updt_time | vali_flag\n"
		"    | F1 | 2026-03-01 | 1 | 10 | 2026-03-05 08:00 | 0\n";
	struct batch b;

	(void)state;
	batch_init(&b);
	for (int first = 0; first < 2; first++) {
		struct timeline *t = timeline_with(first ? gone : v2);
		struct gather_stats gs = { 0 };

		add_all(t, first ? v2 : gone, 1);
		gather_one(t, "P1", &b, &gs);
		CHECK_INT(b.rows[STREAM_FEE].n, 0);
		CHECK_INT(gs.retracted[STREAM_FEE], 1);
		CHECK_INT(gs.live[STREAM_FEE], 0);
		timeline_free(t);
	}
	batch_fini(&b);
}

static void a_correction_moves_the_row(void **state)
{
	struct timeline *t = timeline_with(v1);
	uint32_t n;
	struct batch b;

	(void)state;
	timeline_clean(t);
	add_all(t, "fee | feedetl_sn | psn_no | fee_ocur_time | cnt | pric | updt_time\n"
		   "    | F1 | P2 | 2026-03-01 | 1 | 10 | 2026-03-09 08:00\n", 2);
	timeline_dirty(t, &n);
	CHECK_INT(n, 2);
	batch_init(&b);
	gather_one(t, "P1", &b, NULL);
	CHECK_INT(b.rows[STREAM_FEE].n, 0);
	gather_one(t, "P2", &b, NULL);
	CHECK_INT(b.rows[STREAM_FEE].n, 1);
	CHECK_STR(serial_of(t, &b, STREAM_FEE, 0), "F1");
	batch_fini(&b);
	timeline_free(t);
}

static void only_news_makes_dirty(void **state)
{
	struct timeline *t = timeline_with(v2);
	uint32_t n;

	(void)state;
	timeline_dirty(t, &n);
	CHECK_INT(n, 1);
	timeline_clean(t);
	add_all(t, v2, 2); /* again */
	add_all(t, v1, 2); /* older */
	timeline_dirty(t, &n);
	CHECK_INT(n, 0);
	add_all(t, "facility | fixmedins_code | hosp_lv\n | H1 | 02\n", 2);
	timeline_dirty(t, &n);
	CHECK_INT(n, 1);
	timeline_free(t);
}

static void a_row_names_its_record(void **state)
{
	struct timeline *t = timeline_new(NULL);
	struct row_name name;
	struct batch b;

	(void)state;
	add_all(t, "encounter | mdtrt_id | begntime | med_type\n | M7 | 2026-03-01 | 21\n"
		   "settlement | mdtrt_id | setl_id | setl_time | med_type\n"
		   " | M8 | S8 | 2026-04-01 | 21\n"
		   "fee | bkkp_sn | fee_ocur_time | updt_time\n | B1 | 2026-03-01 | 1970-01-02\n",
		77);
	batch_init(&b);
	gather_one(t, "P1", &b, NULL);
	timeline_row_name(t, STREAM_FEE, b.rows[STREAM_FEE].row[0], &name);
	CHECK_STR(name.fixmedins_code, "H1");
	CHECK_STR(name.mdtrt_id, "M1");
	CHECK_STR(name.serial, "B1");
	CHECK_INT(name.revision, 86400);
	CHECK_INT(name.ref, 77);
	CHECK_INT(name.line, 6);
	CHECK_INT(batch_code(&b, FIELD_fee_feedetl_sn)[0], MISSING_CODE);
	CHECK_STR(dict_text(b.dict, batch_code(&b, FIELD_fee_bkkp_sn)[0]), "B1");
	CHECK_INT(b.rows[STREAM_STAY].n, 2);
	timeline_row_name(t, STREAM_STAY, b.rows[STREAM_STAY].row[0], &name);
	CHECK_INT(name.stream, STREAM_ENCOUNTER);
	CHECK_STR(name.mdtrt_id, "M7");
	timeline_row_name(t, STREAM_STAY, b.rows[STREAM_STAY].row[1], &name);
	CHECK_INT(name.stream, STREAM_SETTLEMENT);
	CHECK_STR(name.mdtrt_id, "M8");
	CHECK_STR(name.serial, "S8");
	batch_fini(&b);
	timeline_free(t);
}

static void stock_belongs_to_the_facility(void **state)
{
	struct timeline *t = timeline_with(
		"stock | fixmedins_bchno | inv_chg_time | med_list_codg | psn_no\n"
		" | B1 | 2026-03-01 | X1 | P9\n | B2 | 2026-02-01 | X1 | P9\n"
		"item | med_list_codg | begndate | item_name\n"
		" | X1 | 2026-01-01 | 新名\n | X1 | 2020-01-01 | 旧名\n");
	uint32_t s = timeline_subject_find(t, SUBJECT_FACILITY, STR("H1"));
	struct batch b;

	(void)state;
	CHECK(s != UINT32_MAX);
	CHECK(timeline_subject_find(t, SUBJECT_PERSON, STR("P9")) == UINT32_MAX);
	batch_init(&b);
	timeline_gather(t, &s, 1, &b, NULL);
	CHECK_INT(b.rows[STREAM_STOCK].n, 2);
	CHECK_INT(b.rows[STREAM_FEE].n, 0);
	CHECK_STR(dict_text(b.dict, batch_code(&b, FIELD_stock_item_name)[0]), "新名");
	CHECK_STR(dict_text(b.dict, batch_code(&b, FIELD_stock_psn_no)[0]), "P9");
	batch_fini(&b);
	timeline_free(t);
}

static void only_wanted_columns(void **state)
{
	uint8_t wanted[FIELD_BITMAP] = { 0 };
	struct timeline_conf conf = { .wanted = wanted };
	struct timeline *t;
	struct batch b;

	(void)state;
	field_want(wanted, FIELD_fee_gend);
	field_want(wanted, FIELD_fee_pric);
	t = timeline_new(&conf);
	add_all(t, "encounter | mdtrt_id | begntime | gend\n | M1 | 2026-03-01 | 女\n", 1);
	add_all(t, v1, 1);
	batch_init(&b);
	gather_one(t, "P1", &b, NULL);
	CHECK_STR(dict_text(b.dict, batch_code(&b, FIELD_fee_gend)[0]), "2");
	CHECK_INT(batch_i64(&b, FIELD_fee_pric)[0], 10000000);
	CHECK(!batch_i64(&b, FIELD_fee_cnt));
	CHECK(!batch_code(&b, FIELD_encounter_gend));
	CHECK_INT(b.rows[STREAM_VISIT].n, 0);
	batch_fini(&b);
	timeline_free(t);
}

static void odd_values_survive(void **state)
{
	struct timeline *t = timeline_with(
		"fee | feedetl_sn | fee_ocur_time | cnt | pric | det_item_fee_sumamt\n"
		" | F1 | 1851-01-01 | 0.0001 | 0.000001 | 9000000000000.999999\n"
		" | F2 | 2026-01-01 | 12345678901.2345 | 53687.0912 | 5368709.12\n"
		" | F3 | 2199-12-31 23:59:59 | 1 | 5368709.11 | 0\n");
	struct batch b;

	(void)state;
	batch_init(&b);
	gather_one(t, "P1", &b, NULL);
	CHECK_INT(batch_i64(&b, FIELD_fee_cnt)[0], 1);
	CHECK_INT(batch_i64(&b, FIELD_fee_pric)[0], 1);
	CHECK_INT(batch_i64(&b, FIELD_fee_det_item_fee_sumamt)[0], 9000000000000999999);
	CHECK_INT(batch_i64(&b, FIELD_fee_cnt)[1], 123456789012345);
	CHECK_INT(batch_i64(&b, FIELD_fee_pric)[1], 53687091200);
	CHECK_INT(batch_i64(&b, FIELD_fee_det_item_fee_sumamt)[1], 5368709120000);
	CHECK_INT(batch_i64(&b, FIELD_fee_pric)[2], 5368709110000);
	CHECK_INT(batch_i64(&b, FIELD_fee_det_item_fee_sumamt)[2], 0);
	CHECK(batch_i64(&b, FIELD_fee_fee_ocur_time)[0] < -3700000000);
	CHECK(batch_i64(&b, FIELD_fee_fee_ocur_time)[2] > 7258000000);
	batch_fini(&b);
	timeline_free(t);
}

static void shards_agree_on_a_moved_row(void **state)
{
	static const char moved[] =
		"fee | feedetl_sn | psn_no | fee_ocur_time | cnt | pric | updt_time\n"
		" | F1 | P2 | 2026-03-01 | 3 | 10 | 2026-03-04 08:00\n";
	struct buf one, two;

	(void)state;
	buf_init(&one, 0);
	buf_init(&two, 0);
	for (int late = 0; late < 2; late++) {
		struct timeline *a = timeline_with(late ? v2 : v1), *b = timeline_with(moved);
		struct timeline *both[] = { a, b }, *all = timeline_with(v1);
		struct timeline_stats sa, sb;

		timeline_reconcile(both, 2);
		if (!late)
			add_all(a, v2, 1); /* still less than what the other shard has */
		timeline_reconcile(both, 2);
		add_all(all, v2, 1);
		add_all(all, moved, 1);
		buf_reset(&one);
		buf_reset(&two);
		dump_timelines(&all, 1, &one);
		dump_timelines(both, 2, &two);
		assert_string_equal(buf_cstr(&one), buf_cstr(&two));
		timeline_stats_get(a, &sa);
		timeline_stats_get(b, &sb);
		CHECK_INT(sa.superseded[STREAM_FEE] + sb.superseded[STREAM_FEE], late ? 1 : 2);
		timeline_free(a);
		timeline_free(b);
		timeline_free(all);
	}
	buf_fini(&one);
	buf_fini(&two);
}

/* Everybody's lines lie with one person in one shard and, corrected, with another in the other:
 * the work is in proportion to the rows, not to rows times visits. */
static void agreeing_takes_time_by_the_row(void **state)
{
	enum { VISITS = 300 };
	static const char head[] = "fee | mdtrt_id | feedetl_sn | psn_no | fee_ocur_time | cnt | "
				   "pric | updt_time\n";
	struct timeline *both[2];
	struct timeline_stats st;
	uint64_t compared = 0;

	(void)state;
	for (int moved = 0; moved < 2; moved++) {
		struct buf b;

		buf_init(&b, 0);
		buf_adds(&b, head);
		for (int i = 0; i < VISITS; i++)
			buf_addf(&b, " | M%d | F%d | P%d | 2026-03-01 | 1 | 10 | "
				 "2026-03-0%d 08:00\n", i, i, 1 + moved, 2 + moved);
		both[moved] = timeline_with(buf_cstr(&b));
		buf_fini(&b);
	}
	timeline_reconcile(both, 2);
	for (int i = 0; i < 2; i++) {
		timeline_stats_get(both[i], &st);
		compared += st.compared;
		CHECK_INT(st.superseded[STREAM_FEE], i == 0 ? VISITS : 0);
		timeline_free(both[i]);
	}
	CHECK(compared <= 4 * VISITS);
}

static void registers_go_to_all_shards(void **state)
{
	struct chunk *c = rowtext_chunk("facility | fixmedins_code\n | H1\n"
					"person | psn_no\n | P1\nencounter | begntime\n | "
					"2026-01-01\n"
					"stock | fixmedins_bchno\n | B1\n");

	(void)state;
	CHECK_INT(timeline_shard(c, STREAM_FACILITY, 0, 4), UINT32_MAX);
	CHECK(timeline_shard(c, STREAM_PERSON, 0, 4) < 4);
	CHECK_INT(timeline_shard(c, STREAM_PERSON, 0, 4),
		  timeline_shard(c, STREAM_ENCOUNTER, 0, 4));
	CHECK_INT(timeline_shard(c, STREAM_STOCK, 0, 1), 0);
	chunk_free(c);
}

static void all_rows_go_where_each_goes(void **state)
{
	struct chunk *c = rowtext_chunk("stock | fixmedins_code | fixmedins_bchno\n"
					" | H1 | B1\n | H1 | B2\n | H2 | B3\n | H1 | B4\n"
					" | H3 | B5\n | H4 | B6\n | H1 | B7\n");
	struct shard_run run[8];
	uint32_t n;

	(void)state;
	CHECK_INT(c->table[STREAM_STOCK].n, 7);
	n = timeline_shards(c, STREAM_STOCK, 5, run);
	CHECK(n > 1 && n <= 7 && run[0].first == 0);
	run[n].first = 7;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = run[i].first; k < run[i + 1].first; k++)
			CHECK_INT(run[i].shard, timeline_shard(c, STREAM_STOCK, k, 5));
	chunk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_back_in_event_order),
		cmocka_unit_test(fields_come_late),
		cmocka_unit_test(greatest_revision_wins_in_any_order),
		cmocka_unit_test(lines_out_of_order_and_again),
		cmocka_unit_test(numbers_alike_are_told_apart),
		cmocka_unit_test(retraction_may_come_first),
		cmocka_unit_test(a_correction_moves_the_row),
		cmocka_unit_test(only_news_makes_dirty),
		cmocka_unit_test(a_row_names_its_record),
		cmocka_unit_test(stock_belongs_to_the_facility),
		cmocka_unit_test(only_wanted_columns),
		cmocka_unit_test(all_rows_go_where_each_goes),
		cmocka_unit_test(odd_values_survive),
		cmocka_unit_test(shards_agree_on_a_moved_row),
		cmocka_unit_test(agreeing_takes_time_by_the_row),
		cmocka_unit_test(registers_go_to_all_shards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
