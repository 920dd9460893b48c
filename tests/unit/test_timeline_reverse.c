/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_reverse.c - every shape a refund takes, and what it leaves.
 */
#include "tests/check.h"

#include "lib/base/buf.h"
#include "tests/support/scene.h"

#define LINES \
	"fee | feedetl_sn | fee_ocur_time | 项目 | cnt | det_item_fee_sumamt | init_feedetl_sn\n"
#define SETTLEMENTS \
	"settlement | setl_id | setl_time | medfee_sumamt | init_setl_id | refd_setl_flag\n"

static void gone(const struct scene *s, const char *serial)
{
	if (scene_row(s, STREAM_FEE, serial) != UINT32_MAX)
		fail_msg("%s should be gone", serial);
}

/* Quantity, amount, in-scope amount of a line. */
static void has(const struct scene *s, const char *serial, const char *cnt, const char *amount,
		const char *inscp)
{
	assert_string_equal(scene_value(s, FIELD_fee_cnt, serial), cnt);
	assert_string_equal(scene_value(s, FIELD_fee_det_item_fee_sumamt, serial), amount);
	assert_string_equal(scene_value(s, FIELD_fee_inscp_amt, serial), inscp);
}

static void reversed(const struct scene *s, unsigned lines, unsigned settlements)
{
	CHECK_INT(s->gs.reversed[STREAM_FEE], lines);
	CHECK_INT(s->gs.reversed[STREAM_SETTLEMENT], settlements);
	CHECK_INT(s->gs.live[STREAM_FEE], s->b.rows[STREAM_FEE].n);
}

/* ---- lines ---- */

static void linked_refund_in_full(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES " | 1 | 2026-03-01 | A | 1  | 200  |\n"
			     " | 2 | 2026-03-01 | A | 1  | 200  |\n"
			     " | 3 | 2026-03-09 | A | -1 | -200 | 2\n");
	has(&s, "1", "1", "200", "200");
	gone(&s, "2");
	gone(&s, "3");
	reversed(&s, 2, 0);
	scene_close(&s);
}

static void linked_refund_in_part(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | fee_ocur_time | 项目 | cnt | det_item_fee_sumamt | "
		       "inscp_amt | init_feedetl_sn\n"
		       " | 1 | 2026-03-01 | A | 3  | 100    | 90     |\n"
		       " | 2 | 2026-03-02 | A | -1 | -33.33 | -30.01 | 1\n"
		       " | 3 | 2026-03-03 | A | -1 | -33.33 | 空     | 1\n");
	/* the second refund does not say its in-scope part: one of the two left, of 59.99 */
	has(&s, "1", "1", "33.34", "29.995");
	reversed(&s, 2, 0);
	scene_close(&s);
}

static void linked_refund_before_and_without_original(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES " | 3 | 2026-02-01 | A | -2 | -20 | 1\n"
			     " | 1 | 2026-03-01 | A | 2  | 20  |\n"
			     " | 4 | 2026-03-01 | A | -1 | -10 | 9\n"
			     " | 5 | 2026-03-01 | A | 1  | 10  |\n");
	gone(&s, "1");
	has(&s, "5", "1", "10", "10"); /* 4 names a line that is not there: left out */
	reversed(&s, 3, 0);
	scene_close(&s);
}

static void unlinked_takes_nearest_earlier_then_later(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES " | 1 | 2026-03-01 | A | 2  | 20  |\n"
			     " | 2 | 2026-03-02 | A | 2  | 20  |\n"
			     " | 9 | 2026-03-02 | B | 2  | 20  |\n"
			     " | 3 | 2026-03-03 | A | -3 | -30 |\n"
			     " | 4 | 2026-03-04 | A | 2  | 20  |\n");
	has(&s, "1", "1", "10", "10");
	gone(&s, "2");
	gone(&s, "3");
	has(&s, "4", "2", "20", "20");
	has(&s, "9", "2", "20", "20");
	reversed(&s, 2, 0);
	scene_close(&s);
	scene_open(&s, LINES " | 1 | 2026-03-01 | A | 1  | 10  |\n"
			     " | 3 | 2026-03-03 | A | -3 | -30 |\n"
			     " | 4 | 2026-03-04 | A | 1  | 10  |\n"
			     " | 5 | 2026-03-05 | A | 3  | 30  |\n");
	gone(&s, "1");
	gone(&s, "4");
	has(&s, "5", "2", "20", "20");
	reversed(&s, 3, 0);
	scene_close(&s);
}

static void split_money_is_exact(void **state)
{
	struct scene s;

	(void)state;
	/* 100 over 1 + 2: a third rounded towards zero, the last part takes the rest */
	scene_open(&s, LINES " | 1 | 2026-03-01 | A | 4  | 400  |\n"
			     " | 2 | 2026-03-02 | A | 1  | 50   |\n"
			     " | 3 | 2026-03-03 | A | -3 | -100 |\n");
	gone(&s, "2");
	has(&s, "1", "2", "333.333333", "333.333333");
	scene_close(&s);
}

static void refund_larger_than_all(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES " | 1 | 2026-03-01 | A | 1  | 10  |\n"
			     " | 3 | 2026-03-03 | A | -5 | -50 |\n");
	CHECK_INT(s.b.rows[STREAM_FEE].n, 0);
	reversed(&s, 2, 0);
	scene_close(&s);
}

static void other_visit_other_item(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | mdtrt_id | fee_ocur_time | 项目 | cnt | "
	"det_item_fee_sumamt\n"
		       " | 1 | M1 | 2026-03-01 | A | 1  | 10\n"
		       " | 2 | M2 | 2026-03-02 | A | -1 | -10\n"
		       " | 3 | M1 | 2026-03-02 | B | -1 | -10\n"
		       " | 4 | M1 | 2026-03-02 | 空 | -1 | -10\n"
		       " | 5 | M1 | 2026-03-01 | 空 | 1  | 10\n");
	CHECK_INT(s.b.rows[STREAM_FEE].n, 2);
	has(&s, "1", "1", "10", "10");
	has(&s, "5", "1", "10", "10");
	reversed(&s, 3, 0);
	scene_close(&s);
}

static void amounts_measure_when_quantities_are_missing(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES " | 1 | 2026-03-01 | A | 空 | 10 |\n"
			     " | 2 | 2026-03-02 | A | 2  | 10 |\n"
			     " | 3 | 2026-03-03 | A | 空 | -15 |\n");
	gone(&s, "2");
	has(&s, "1", "", "5", "5");
	scene_close(&s);
}

static void a_line_without_amount_takes_its_part_too(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | fee_ocur_time | 项目 | cnt | det_item_fee_sumamt | "
		       "inscp_amt\n"
		       " | 1 | 2026-03-01 | A | 10  | 100  | 100\n"
		       " | 2 | 2026-03-02 | A | 1   | 空   | 空\n"
		       " | 3 | 2026-03-03 | A | -10 | -100 | -100\n");
	gone(&s, "2");
	has(&s, "1", "1", "10", "10"); /* not the whole 100 */
	scene_close(&s);
}

static void the_item_may_stand_in_another_column(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | fee_ocur_time | hilist_code | cnt | "
	"det_item_fee_sumamt\n"
		       " | 1 | 2026-03-01 | A | 1  | 10\n"
		       " | 2 | 2026-03-01 | B | 1  | 10\n"
		       " | 3 | 2026-03-03 | A | -1 | -10\n");
	gone(&s, "1");
	has(&s, "2", "1", "10", "10");
	scene_close(&s);
}

static void a_retracted_refund_refunds_nothing(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | fee_ocur_time | 项目 | cnt | det_item_fee_sumamt | "
	"vali_flag\n"
		       " | 1 | 2026-03-01 | A | 1  | 10  | 1\n"
		       " | 3 | 2026-03-03 | A | -1 | -10 | 0\n");
	has(&s, "1", "1", "10", "10");
	CHECK_INT(s.gs.retracted[STREAM_FEE], 1);
	scene_close(&s);
}

/* ---- settlements ---- */

static const char lines_of_two[] =
	"fee | feedetl_sn | fee_ocur_time | setl_id | 项目 | cnt | det_item_fee_sumamt\n"
	" | 1 | 2026-03-01 | S1 | A | 1  | 100\n"
	" | 2 | 2026-03-01 | S2 | A | 1  | 100\n"
	" | 3 | 2026-03-01 | SX | A | -1 | -100\n"
	" | 4 | 2026-03-01 | S9 | A | 1  | 100\n";

static void open_settled(struct scene *s, const char *settlements)
{
	char text[2000];

	snprintf(text, sizeof text, "%s%s%s", lines_of_two, SETTLEMENTS, settlements);
	scene_open(s, text);
}

static void flagged_settlement_covers_its_lines(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, SETTLEMENTS " | S1 | 2026-03-01 | 100 |  | 1\n"
				   " | S2 | 2026-03-01 | 100 |  | 0\n"
		   "fee | feedetl_sn | fee_ocur_time | setl_id | 项目 | cnt | det_item_fee_sumamt\n"
		   " | 1 | 2026-03-01 | S1 | A | 1  | 100\n"
		   " | 2 | 2026-03-01 | S2 | A | 1  | 100\n");
	CHECK(scene_row(&s, STREAM_SETTLEMENT, "S1") == UINT32_MAX);
	CHECK(scene_row(&s, STREAM_SETTLEMENT, "S2") != UINT32_MAX);
	gone(&s, "1");
	has(&s, "2", "1", "100", "100");
	reversed(&s, 1, 1);
	scene_close(&s);
}

static void linked_mirror(void **state)
{
	struct scene s;

	(void)state;
	open_settled(&s, " | S1 | 2026-03-01 | 100  |    | 0\n"
			 " | S2 | 2026-03-02 | 100  |    | 0\n"
			 " | SX | 2026-03-03 | -100 | S1 | 0\n");
	gone(&s, "1");
	gone(&s, "3");
	has(&s, "2", "1", "100", "100");
	has(&s, "4", "1", "100", "100"); /* its settlement is not known */
	CHECK_INT(scene_scope(&s, STREAM_FEE, "4"), 1);
	reversed(&s, 2, 2);
	scene_close(&s);
}

static void unlinked_mirror_prefers_the_flagged(void **state)
{
	struct scene s;

	(void)state;
	open_settled(&s, " | S1 | 2026-03-01 | 100  | | 1\n"
			 " | S2 | 2026-03-02 | 100  | | 0\n"
			 " | SX | 2026-03-03 | -100 | | 0\n");
	gone(&s, "1");
	has(&s, "2", "1", "100", "100");
	scene_close(&s);
	open_settled(&s, " | S1 | 2026-03-01 | 100  | | 0\n"
			 " | S2 | 2026-03-02 | 100  | | 0\n"
			 " | SX | 2026-03-03 | -100 | | 0\n");
	gone(&s, "2"); /* nearest earlier */
	has(&s, "1", "1", "100", "100");
	scene_close(&s);
	open_settled(&s, " | S1 | 2026-03-05 | 100  | | 0\n"
			 " | S2 | 2026-03-06 | 100  | | 0\n"
			 " | SX | 2026-03-03 | -100 | | 0\n");
	gone(&s, "1"); /* nearest later */
	has(&s, "2", "1", "100", "100");
	scene_close(&s);
}

static void mirror_of_nothing(void **state)
{
	struct scene s;

	(void)state;
	open_settled(&s, " | S1 | 2026-03-01 | 99   |    | 0\n"
			 " | S2 | 2026-03-02 | 98   |    | 0\n"
			 " | SX | 2026-03-03 | -100 |    | 0\n"
			 " | SY | 2026-03-03 | -99  | S7 | 0\n");
	CHECK_INT(s.b.rows[STREAM_SETTLEMENT].n, 2);
	has(&s, "1", "1", "100", "100");
	gone(&s, "2"); /* the line of SX is a refund like any other: nearest earlier */
	gone(&s, "3");
	reversed(&s, 2, 2);
	scene_close(&s);
}

static void one_mirror_one_original(void **state)
{
	struct scene s;

	(void)state;
	open_settled(&s, " | S1 | 2026-03-01 | 100  | | 0\n"
			 " | S2 | 2026-03-02 | 100  | | 0\n"
			 " | SX | 2026-03-03 | -100 | | 0\n"
			 " | SY | 2026-03-04 | -100 | | 0\n");
	CHECK_INT(s.b.rows[STREAM_SETTLEMENT].n, 0);
	CHECK_INT(s.b.rows[STREAM_FEE].n, 1);
	scene_close(&s);
}

static void invalid_settlement_leaves_lines_unsettled(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "settlement | setl_id | setl_time | vali_flag\n | S1 | 2026-03-01 | 0\n"
		   "fee | feedetl_sn | fee_ocur_time | setl_id | 项目 | cnt | det_item_fee_sumamt\n"
		   " | 1 | 2026-03-01 | S1 | A | 1 | 100\n | 2 | 2026-03-01 | 空 | A | 1 | 100\n");
	CHECK_INT(scene_scope(&s, STREAM_FEE, "1"), 0);
	CHECK_INT(scene_scope(&s, STREAM_FEE, "2"), 0);
	CHECK_INT(s.gs.unsettled, 1);
	CHECK_INT(s.gs.retracted[STREAM_SETTLEMENT], 1);
	scene_close(&s);
}

/* ---- very many ---- */

/* 300 settlements of one visit, every third cancelled; 40 visits with a diagnosis each that
 * does not name its facility. */
static void many_settlements_and_visits(void **state)
{
	struct buf text;
	struct scene s;

	(void)state;
	buf_init(&text, 0);
	buf_adds(&text, SETTLEMENTS);
	for (int i = 0; i < 300; i++)
		buf_addf(&text, " | S%d | 2026-03-01 | 100 | | %d\n", i, i % 3 == 0);
	buf_adds(&text, "fee | feedetl_sn | fee_ocur_time | setl_id | 项目 | pric\n");
	for (int i = 0; i < 300; i++)
		buf_addf(&text, " | F%d | 2026-03-01 | S%d | A | 5\n", i, i);
	buf_adds(&text, "encounter | mdtrt_id | begntime | med_type\n");
	for (int i = 0; i < 40; i++)
		buf_addf(&text, " | V%d | 2026-04-01 | 21\n", i);
	buf_adds(&text, "diagnosis | mdtrt_id | fixmedins_code | diag_code | maindiag_flag\n");
	for (int i = 0; i < 40; i++)
		buf_addf(&text, " | V%d | 空 | I%d | 1\n", i, 10 + i);
	scene_open(&s, buf_cstr(&text));
	buf_fini(&text);
	reversed(&s, 100, 100);
	gone(&s, "F0");
	gone(&s, "F297");
	CHECK_INT(scene_scope(&s, STREAM_FEE, "F298"), 1);
	CHECK_INT(s.b.rows[STREAM_STAY].n, 40);
	assert_string_equal(scene_value(&s, FIELD_stay_maindiag_class, "V0"), "I10");
	assert_string_equal(scene_value(&s, FIELD_stay_maindiag_class, "V39"), "I49");
	scene_close(&s);
}

/* ---- scope ---- */

static void scope_of_lines(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | fee_ocur_time | cnt | det_item_fee_sumamt | "
	"inscp_amt | hosp_appr_flag\n"
		       " | 1 | 2026-03-01 | 1 | 100 | 100 |\n"
		       " | 2 | 2026-03-01 | 1 | 100 | 0   |\n"
		       " | 3 | 2026-03-01 | 1 | 100 | 空  |\n"
		       " | 4 | 2026-03-01 | 1 | 0   | 空  |\n"
		       " | 5 | 2026-03-01 | 1 | 100 | 100 | 2\n"
		       " | 6 | 2026-03-01 | 1 | 100 | 100 | 1\n"
		       " | 7 | 2026-03-01 | 1 | 空  | 空  |\n");
	const int want[] = { 1, 0, 1, 0, 0, 1, 0 };

	for (int i = 0; i < 7; i++) {
		const char serial[] = { (char)('1' + i), 0 };

		CHECK_INT(scene_scope(&s, STREAM_FEE, serial), want[i]);
	}
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linked_refund_in_full),
		cmocka_unit_test(linked_refund_in_part),
		cmocka_unit_test(linked_refund_before_and_without_original),
		cmocka_unit_test(unlinked_takes_nearest_earlier_then_later),
		cmocka_unit_test(split_money_is_exact),
		cmocka_unit_test(refund_larger_than_all),
		cmocka_unit_test(other_visit_other_item),
		cmocka_unit_test(amounts_measure_when_quantities_are_missing),
		cmocka_unit_test(a_line_without_amount_takes_its_part_too),
		cmocka_unit_test(the_item_may_stand_in_another_column),
		cmocka_unit_test(a_retracted_refund_refunds_nothing),
		cmocka_unit_test(flagged_settlement_covers_its_lines),
		cmocka_unit_test(linked_mirror),
		cmocka_unit_test(unlinked_mirror_prefers_the_flagged),
		cmocka_unit_test(mirror_of_nothing),
		cmocka_unit_test(one_mirror_one_original),
		cmocka_unit_test(invalid_settlement_leaves_lines_unsettled),
		cmocka_unit_test(many_settlements_and_visits),
		cmocka_unit_test(scope_of_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
