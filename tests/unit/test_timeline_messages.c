/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_messages.c - what interface messages say piece by piece adds up.
 *
 * Admission and discharge are one visit; lines that cannot name their settlement join it;
 * lines, settlements, visits and stock are taken back by messages that name them.
 */
#include "tests/check.h"

#include "tests/support/scene.h"

#define VISIT "encounter | begntime | endtime | med_type | insutype | inhosp_stas | vali_flag | "
#define ADMISSION VISIT "inf_time\n | 2026-03-01 08:00 | 空 | 21 | 310 | 空 | 空 | 2026-03-01 08:05\n"
#define DISCHARGE VISIT "inf_time\n | 空 | 2026-03-09 11:00 | 空 | 390 | 0 | 空 | 2026-03-09 11:05\n"

/* ---- visits ---- */

static void check_visit(const char *text, const char *begin, const char *end, const char *insutype)
{
	struct scene s;

	scene_open(&s, text);
	CHECK_INT(s.b.rows[STREAM_ENCOUNTER].n, 1);
	CHECK_STR(str_of(scene_value(&s, FIELD_encounter_begntime, "M1")), begin);
	CHECK_STR(str_of(scene_value(&s, FIELD_encounter_endtime, "M1")), end);
	CHECK_STR(str_of(scene_value(&s, FIELD_encounter_insutype, "M1")), insutype);
	scene_close(&s);
}

static void admission_and_discharge_are_one_visit(void **state)
{
	(void)state;
	check_visit(ADMISSION DISCHARGE, "2026-03-01 08:00:00", "2026-03-09 11:00:00", "390");
	check_visit(DISCHARGE ADMISSION, "2026-03-01 08:00:00", "2026-03-09 11:00:00", "390");
}

/* An extract's row says everything: what it leaves empty is empty, until a message speaks. */
static void full_row_replaces_wholly(void **state)
{
	(void)state;
#define EXTRACT(day) VISIT "updt_time\n | 2026-03-01 07:00 | 空 | 21 | 340 | 空 | 1 | " day "\n"
	check_visit(ADMISSION DISCHARGE EXTRACT("2026-03-20"), "2026-03-01 07:00:00", "", "340");
	check_visit(EXTRACT("2026-03-20") DISCHARGE ADMISSION, "2026-03-01 07:00:00", "", "340");
	check_visit(DISCHARGE EXTRACT("2026-03-05") ADMISSION, "2026-03-01 07:00:00",
		    "2026-03-09 11:00:00", "390");
}

static void discharge_taken_back(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, ADMISSION DISCHARGE
		   VISIT "inf_time\n | 空 | 空 | 空 | 空 | 1 | 空 | 2026-03-09 12:00\n");
	CHECK_INT(s.b.rows[STREAM_STAY].n, 1);
	CHECK_STR(str_of(scene_value(&s, FIELD_stay_endtime, "M1")), "");
	scene_close(&s);
}

static void admission_taken_back(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, VISIT "inf_time\n | 空 | 空 | 空 | 空 | 空 | 0 | 2026-03-01 09:00\n" ADMISSION);
	CHECK_INT(s.b.rows[STREAM_ENCOUNTER].n, 0);
	CHECK_INT(s.gs.retracted[STREAM_ENCOUNTER], 1);
	scene_close(&s);
}

/* The person is corrected: what was said of the other person does not mix in. */
static void persons_do_not_mix(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, ADMISSION
		   "encounter | psn_no | begntime | endtime | insutype | inf_time\n"
		   " | P2 | 空 | 2026-03-08 | 390 | 2026-03-08\n");
	CHECK_INT(s.b.rows[STREAM_ENCOUNTER].n, 0);
	scene_close(&s);
	check_visit(ADMISSION DISCHARGE
		    "encounter | psn_no | begntime | endtime | insutype | inf_time\n"
		    " | P2 | 空 | 2026-03-08 | 390 | 2026-03-08\n",
		    "2026-03-01 08:00:00", "2026-03-09 11:00:00", "390");
}

/* ---- lines and settlements ---- */

#define LINES "fee | feedetl_sn | setl_id | chrg_bchno | cnt | det_item_fee_sumamt | inscp_amt | " \
	"inf_time\n"
#define SETTLED "settlement | setl_id | chrg_bchno | medfee_sumamt | fund_pay_sumamt | " \
	"init_setl_id | refd_setl_flag | inf_time\n"

static void check_line(const struct scene *s, const char *line, const char *setl, int scope,
		       const char *fund)
{
	CHECK_STR(str_of(scene_value(s, FIELD_fee_setl_id, line)), setl);
	CHECK_INT(scene_scope(s, STREAM_FEE, line), scope);
	CHECK_STR(str_of(scene_value(s, FIELD_fee_fund_pay, line)), fund);
}

static void lines_join_by_batch(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES
		   " | 1 | 空 | B1 | 1 | 100 | 空 | 2026-03-01\n"
		   " | 2 | 空 | B2 | 1 | 60 | 40 | 2026-03-01\n"
		   " | 3 | 空 | B3 | 1 | 10 | 10 | 2026-03-01\n"
		   " | 4 | 空 | 空 | 1 | 10 | 10 | 2026-03-01\n"
		   SETTLED
		   " | S1 | B1 | 100 | 70 | 空 | 0 | 2026-03-01\n"
		   " | S2 | B2 | 60 | 30 | 空 | 0 | 2026-03-01\n");
	check_line(&s, "1", "S1", 1, "70");
	check_line(&s, "2", "S2", 1, "30");
	check_line(&s, "3", "", 0, "");
	check_line(&s, "4", "", 0, "");
	CHECK_INT(s.gs.unsettled, 2);
	scene_close(&s);
}

static void lines_join_the_only_settlement(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES
		   " | 1 | 空 | 空 | 1 | 100 | 空 | 2026-03-01\n"
		   " | 2 | 空 | B2 | 1 | 100 | 空 | 2026-03-01\n"
		   SETTLED
		   " | S1 | 空 | 200 | 70 | 空 | 1 | 2026-03-01\n"
		   " | S3 | 空 | 200 | 70 | 空 | 0 | 2026-03-02\n");
	check_line(&s, "1", "S3", 1, "35");
	check_line(&s, "2", "S3", 1, "35");
	scene_close(&s);
}

/* A line of an extract that names no settlement is not settled. */
static void extracted_lines_do_not_join(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | setl_id | chrg_bchno\n | 1 | 空 | B1\n"
		   SETTLED " | S1 | B1 | 200 | 70 | 空 | 0 | 2026-03-01\n");
	check_line(&s, "1", "", 0, "");
	scene_close(&s);
}

static void cancelled_settlement_takes_its_lines(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, LINES " | 1 | 空 | B1 | 1 | 100 | 空 | 2026-03-01\n"
		   SETTLED
		   " | S1 | B1 | 100 | 70 | 空 | 0 | 2026-03-01\n"
		   " | S2 | 空 | 空 | 空 | S1 | 1 | 2026-03-02\n");
	CHECK_INT(s.b.rows[STREAM_FEE].n, 0);
	CHECK_INT(s.gs.reversed[STREAM_FEE], 1);
	CHECK_INT(s.gs.reversed[STREAM_SETTLEMENT], 2);
	scene_close(&s);
}

/* A message does not tell the days of what it settles: they are the visit's. */
static void settled_days(void **state)
{
	static const char setl[] = "settlement | setl_id | setl_time | mid_setl_flag | begndate | "
		"enddate | inf_time | updt_time\n"
		" | S1 | 2026-03-05 10:00 | 1 | 空 | 空 | 2026-03-05 10:00 | 空\n"
		" | S2 | 2026-03-10 10:00 | 0 | 空 | 空 | 2026-03-10 10:00 | 空\n"
		" | S3 | 2026-03-10 10:00 | 0 | 空 | 空 | 空 | 2026-03-10 10:00\n";
	struct scene s;
	char text[2048];

	(void)state;
	snprintf(text, sizeof text, "%s%s%s", ADMISSION, DISCHARGE, setl);
	scene_open(&s, text);
	CHECK_STR(str_of(scene_value(&s, FIELD_settlement_begndate, "S1")), "2026-03-01");
	CHECK_STR(str_of(scene_value(&s, FIELD_settlement_enddate, "S1")), "2026-03-05");
	CHECK_STR(str_of(scene_value(&s, FIELD_settlement_begndate, "S2")), "2026-03-01");
	CHECK_STR(str_of(scene_value(&s, FIELD_settlement_enddate, "S2")), "2026-03-09");
	CHECK_STR(str_of(scene_value(&s, FIELD_settlement_begndate, "S3")), "");
	scene_close(&s);
}

/* ---- sweeps ---- */

static void all_lines_taken_back(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | setl_id | chrg_bchno | vali_flag | inf_time\n"
		   " | 0000 | 空 | 空 | 0 | 2026-03-02 10:00\n"
		   " | 1 | 空 | B1 | 空 | 2026-03-02 09:00\n"
		   " | 2 | 空 | B1 | 空 | 2026-03-02 11:00\n"
		   " | 3 | S1 | B1 | 空 | 2026-03-02 09:00\n"
		   "fee | mdtrt_id | feedetl_sn | setl_id | inf_time\n"
		   " | M2 | 1 | 空 | 2026-03-02 09:00\n");
	CHECK_INT(s.b.rows[STREAM_FEE].n, 3);
	CHECK_INT(s.gs.retracted[STREAM_FEE], 2);
	CHECK(scene_row(&s, STREAM_FEE, "2") != UINT32_MAX);
	CHECK(scene_row(&s, STREAM_FEE, "3") != UINT32_MAX);
	scene_close(&s);
}

static void a_batch_taken_back(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "fee | feedetl_sn | setl_id | chrg_bchno | vali_flag | inf_time\n"
		   " | 1 | 空 | B1 | 空 | 2026-03-02 09:00\n"
		   " | 2 | 空 | B2 | 空 | 2026-03-02 09:00\n"
		   " | 0000/B1 | 空 | B1 | 0 | 2026-03-02 10:00\n");
	CHECK_INT(s.b.rows[STREAM_FEE].n, 1);
	CHECK(scene_row(&s, STREAM_FEE, "2") != UINT32_MAX);
	scene_close(&s);
}

static void stock_taken_back(void **state)
{
	static const char text[] =
		"stock | infno | fixmedins_bchno | rtal_docno | vali_flag | inf_time\n"
		" | 3505 | B1 | D1 | 空 | 2026-03-02 09:00\n"
		" | 3506 | B1 | D2 | 空 | 2026-03-02 09:00\n"
		" | 3505 | B1 | D3 | 空 | 2026-03-02 11:00\n"
		" | 3505 | B2 | D4 | 空 | 2026-03-02 09:00\n"
		" | 3503 | B1 | D5 | 空 | 2026-03-02 09:00\n"
		" | 3507/4 | B1 | 空 | 0 | 2026-03-02 10:00\n"
		"fee | feedetl_sn\n | 1\n";
	struct gather_stats gs = { 0 };
	struct scene s;
	uint32_t facility;

	(void)state;
	scene_open(&s, text);
	facility = timeline_subject_find(s.t, SUBJECT_FACILITY, STR("H1"));
	timeline_gather(s.t, &facility, 1, &s.b, &gs);
	CHECK_INT(gs.live[STREAM_STOCK], 3);
	CHECK_INT(gs.retracted[STREAM_STOCK], 3);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(admission_and_discharge_are_one_visit),
		cmocka_unit_test(full_row_replaces_wholly),
		cmocka_unit_test(discharge_taken_back),
		cmocka_unit_test(admission_taken_back),
		cmocka_unit_test(persons_do_not_mix),
		cmocka_unit_test(lines_join_by_batch),
		cmocka_unit_test(lines_join_the_only_settlement),
		cmocka_unit_test(extracted_lines_do_not_join),
		cmocka_unit_test(cancelled_settlement_takes_its_lines),
		cmocka_unit_test(settled_days),
		cmocka_unit_test(all_lines_taken_back),
		cmocka_unit_test(a_batch_taken_back),
		cmocka_unit_test(stock_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
