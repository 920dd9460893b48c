/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_derive.c - joined and computed fields, stays and visits, the fund's share.
 */
#include "tests/check.h"
#include "tests/support/scene.h"

#define IS(field, serial, want) \
	assert_string_equal(scene_value(&s, FIELD_##field, serial), want)

static void joined_from_encounter_then_settlement(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"encounter | mdtrt_id | begntime | med_type | insutype | hosp_lv | gend | brdy\n"
		" | M1 | 2026-03-01 08:00 | 21 | 310 | 05 | 女 | 1990-03-02\n"
		" | M2 | 2026-03-01 08:00 | 空 | 空  | 空 | 空 | 空\n"
		"settlement | mdtrt_id | setl_id | setl_time | med_type | insutype | hosp_lv | "
		"gend | brdy\n"
		" | M1 | S1 | 2026-03-09 | 11 | 390 | 02 | 男 | 2000-01-01\n"
		" | M2 | S2 | 2026-03-09 | 41 | 390 | 12 | 男 | 2000-01-01\n"
		"fee | feedetl_sn | mdtrt_id | setl_id | fee_ocur_time | med_type\n"
		" | F1 | M1 | S1 | 2026-03-01 09:00 | 13\n"
		" | F2 | M2 | S2 | 2026-03-02 09:00 | 13\n"
		" | F3 | M3 | S3 | 2026-03-02 09:00 | 71\n"
		" | F4 | M3 | S3 | 2026-03-02 09:00 | 空\n");
	IS(fee_insutype, "F1", "310");
	IS(fee_hosp_lv, "F1", "05");
	IS(fee_hosp_level, "F1", "2");
	IS(fee_gend, "F1", "2");
	IS(fee_age, "F1", "35");
	IS(fee_visit_class, "F1", "inpatient");
	IS(fee_stay_begn, "F1", "2026-03-01 08:00:00");
	IS(fee_insutype, "F2", "390");
	IS(fee_hosp_level, "F2", "3");
	IS(fee_gend, "F2", "1");
	IS(fee_age, "F2", "26");
	IS(fee_visit_class, "F2", "pharmacy");
	IS(fee_stay_begn, "F2", "");
	IS(fee_visit_class, "F3", "homebed"); /* no visit known: its own med_type */
	IS(fee_visit_class, "F4", "");
	IS(fee_age, "F3", "");
	IS(settlement_hosp_level, "S1", "2");
	IS(encounter_visit_class, "M2", "pharmacy");
	scene_close(&s);
}

static void registers_as_of_the_event(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"encounter | mdtrt_id | begntime | gend | brdy | psn_type\n"
		" | M1 | 2026-03-01 | 男 | 1990-01-01 | 空\n"
		"person | psn_no | begndate | enddate | gend | brdy | psn_type\n"
		" | P1 | 2020-01-01 | 2026-03-31 | 女 | 1991-01-01 | 11\n"
		" | P1 | 2026-04-01 | 空         | 女 | 1991-01-01 | 12\n"
		"facility | fixmedins_code | begndate | hosp_lv | fixmedins_type\n"
		" | H1 | 2026-03-10 | 02 | 1\n | H1 | 空 | 05 | 2\n"
		"item | med_list_codg | fixmedins_code | begndate | item_name\n"
		" | X | 空 | 空 | 通用目录名\n | X | H1 | 2026-03-15 | 本院目录名\n"
		"fee | feedetl_sn | fee_ocur_time | 项目 | hilist_name | medins_list_name\n"
		" | F1 | 2026-03-02 | X | 空 | 院内名\n"
		" | F2 | 2026-03-20 | X | 空 | 院内名\n"
		" | F3 | 2026-04-20 | Y | 空 | 院内名\n"
		" | F4 | 2026-04-20 | Y | 医保名 | 院内名\n");
	IS(fee_gend, "F1", "2");
	IS(fee_brdy, "F1", "1991-01-01");
	IS(fee_psn_type, "F1", "11");
	IS(fee_psn_type, "F3", "12");
	IS(fee_hosp_lv, "F1", "05");
	IS(fee_hosp_lv, "F2", "02");
	IS(fee_fixmedins_type, "F1", "2");
	IS(fee_fixmedins_type, "F2", "1");
	IS(fee_item_name, "F1", "通用目录名");
	IS(fee_item_name, "F2", "本院目录名");
	IS(fee_item_name, "F3", "院内名");
	IS(fee_item_name, "F4", "医保名");
	scene_close(&s);
}

static void identity_numbers_override(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"encounter | mdtrt_id | begntime | gend | brdy | certno\n"
		" | M1 | 2026-03-06 | 女 | 1950-01-01 | 990000199003070013\n"
		" | M2 | 2026-03-07 | 女 | 1950-01-01 | 990000199003070013\n"
		" | M3 | 2026-03-07 | 女 | 1950-01-01 | "
		"990000199003070011\n" /* wrong check digit */
		" | M4 | 2026-03-07 | 女 | 1950-01-01 | 990000199002300016\n"
		" | M5 | 2026-03-07 | 女 | 1950-01-01 | 9900001990****0010\n");
	IS(visit_gend, "M1", "1");
	IS(visit_brdy, "M1", "1990-03-07");
	IS(visit_age, "M1", "35");
	IS(visit_age, "M2", "36");
	IS(encounter_age, "M2", "36");
	IS(visit_gend, "M3", "2");
	IS(visit_age, "M3", "76");
	IS(visit_age, "M4", "76");
	IS(visit_age, "M5", "76");
	scene_close(&s);
}

static void all_diagnoses_and_a_conflicting_identity(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"encounter | mdtrt_id | med_type | gend | brdy | certno | dscg_maindiag_code\n"
		" | M1 | 11 | 1 | 1990-01-01 | 11010519491231002X | E11.900\n"
		" | M2 | 11 | 2 | 1949-12-31 | 11010519491231002X | \n"
		" | M3 | 11 | 2 | 1949-12-31 | | \n"
		"diagnosis | setl_list_diag_id | mdtrt_id | diag_code | diag_type\n"
		" | D1 | M1 | I10.x00 | 1\n | D2 | M1 | E11.200 | 1\n | D3 | M1 | A09.000 | 1\n"
		" | D4 | M2 | J18 | 1\n | D5 | M2 | J1 | 2\n"
		"fee | feedetl_sn | mdtrt_id\n | F1 | M1\n | F2 | M2\n | F3 | M3\n");
	IS(fee_diag_classes, "F1", "A09 E11 I10");
	IS(visit_diag_classes, "M1", "A09 E11 I10");
	IS(fee_diag_classes, "F2", "J18");
	IS(fee_diag_classes, "F3", "");
	IS(fee_id_conflict, "F1", "2");
	IS(fee_id_conflict, "F2", "0");
	IS(fee_id_conflict, "F3", "1");
	scene_close(&s);
}

static void a_stay_with_mid_stay_settlements(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"encounter | mdtrt_id | begntime | endtime | med_type | dscg_way | "
		"dscg_maindiag_code | adm_dept_codg\n"
		" | M1 | 2026-03-01 10:00 | 2026-03-20 09:00 | 2101 | 1 | J18.900x002 | A03\n"
		"settlement | mdtrt_id | setl_id | setl_time | med_type | medfee_sumamt | "
		"fund_pay_sumamt | mid_setl_flag | refd_setl_flag\n"
		" | M1 | S1 | 2026-03-10 | 21 | 1000 | 700.5 | 1 | 0\n"
		" | M1 | S2 | 2026-03-20 | 21 | 500  | 300   | 0 | 0\n"
		" | M1 | S3 | 2026-03-20 | 21 | 500  | 300   | 0 | 1\n"
		"fee | feedetl_sn | setl_id | fee_ocur_time\n | F1 | S1 | 2026-03-02\n | F2 | "
		"S2 | 2026-03-12\n"
		" | F3 | S3 | 2026-03-12\n");
	CHECK_INT(s.b.rows[STREAM_STAY].n, 1);
	CHECK_INT(s.b.rows[STREAM_VISIT].n, 1);
	IS(stay_begntime, "M1", "2026-03-01 10:00:00");
	IS(stay_endtime, "M1", "2026-03-20 09:00:00");
	IS(stay_days, "M1", "19");
	IS(stay_finished, "M1", "2");
	IS(stay_medfee_sumamt, "M1", "1500");
	IS(stay_fund_pay_sumamt, "M1", "1000.5");
	IS(stay_acct_pay, "M1", ""); /* no settlement says */
	IS(stay_n_settlements, "M1", "2");
	IS(stay_n_lines, "M1", "2");
	IS(stay_dscg_maindiag_code, "M1", "J18.900x002");
	IS(stay_maindiag_class, "M1", "J18");
	IS(stay_dscg_way, "M1", "1");
	IS(stay_adm_dept_codg, "M1", "A03");
	IS(stay_med_type, "M1", "2101");
	IS(stay_psn_no, "M1", "P1");
	IS(stay_fixmedins_code, "M1", "H1");
	IS(stay_mdtrt_id, "M1", "M1");
	IS(settlement_maindiag_class, "S1", "J18");
	IS(fee_stay_end, "F1", "2026-03-20 09:00:00");
	CHECK_INT(scene_scope(&s, STREAM_STAY, "M1"), 1);
	scene_close(&s);
}

static void a_stay_known_by_its_settlements(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"settlement | mdtrt_id | setl_id | setl_time | med_type | begndate | enddate | "
		"medfee_sumamt | mid_setl_flag\n"
		" | M1 | S1 | 2026-03-10 | 21 | 2026-03-01 | 2026-03-10 | 10 | 1\n"
		" | M1 | S2 | 2026-03-20 | 21 | 2026-03-01 | 2026-03-20 | 20 | 0\n"
		" | M2 | S3 | 2026-04-20 | 21 | 空 | 2026-04-20 | 空 | 1\n"
		"diagnosis | mdtrt_id | fixmedins_code | diag_type | diag_code | diag_name | "
		"maindiag_flag\n"
		" | M1 | 空 | 2 | BNA01 | 风温 | 1\n"
		" | M1 | 空 | 1 | I10.x00 | 高血压 | 0\n"
		" | M1 | 空 | 1 | J18.9 | 肺炎 | 1\n"
		"operation | mdtrt_id | fixmedins_code | oprn_oprt_code | oprn_oprt_date | "
		"main_oprn_flag\n"
		" | M1 | H1 | 47.0901 | 2026-03-02 | 0\n | M1 | H1 | 47.0902 | 2026-03-03 | 1\n"
		" | M1 | H2 | 47.0903 | 2026-03-01 | 1\n");
	CHECK_INT(s.b.rows[STREAM_STAY].n, 2);
	IS(stay_begntime, "M1", "2026-03-01 00:00:00");
	IS(stay_endtime, "M1", "2026-03-20 00:00:00");
	IS(stay_medfee_sumamt, "M1", "30");
	IS(stay_finished, "M1", "2");
	IS(stay_dscg_maindiag_code, "M1", "J18.9");
	IS(stay_dscg_maindiag_name, "M1", "肺炎");
	IS(stay_oprn_oprt_code, "M1", "47.0902");
	IS(stay_begntime, "M2", "2026-04-20 00:00:00");
	IS(stay_finished, "M2", "1"); /* a mid-stay settlement alone says nothing */
	IS(stay_endtime, "M2", "");
	IS(stay_medfee_sumamt, "M2", "");
	IS(stay_dscg_maindiag_code, "M2", "");
	CHECK_INT(s.b.rows[STREAM_DIAGNOSIS].n, 3);
	CHECK_INT(s.b.rows[STREAM_DIAGNOSIS].scope[0], 1);
	CHECK_INT(batch_i64(&s.b, FIELD_diagnosis_stay_begn)[0], 1772323200);
	scene_close(&s);
}

static void unfinished_and_cancelled_stays(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"encounter | mdtrt_id | begntime | endtime | med_type | inhosp_stas\n"
		" | M1 | 2026-03-01 | 空 | 21 | 1\n"
		" | M2 | 2026-03-02 | 空 | 21 | 0\n"
		" | M3 | 2026-03-03 | 空 | 21 | 空\n"
		" | M5 | 2026-03-03 | 2026-03-04 | 21 | 空\n"
		" | M6 | 2026-03-03 09:00 | 空 | 21 | 空\n"
		"settlement | mdtrt_id | setl_id | setl_time | med_type | enddate | "
		"mid_setl_flag | refd_setl_flag\n"
		" | M1 | S1 | 2026-03-08 | 21 | 2026-03-08 | 1 | 0\n"
		" | M4 | S4 | 2026-03-08 | 21 | 2026-03-08 | 0 | 1\n"
		" | M5 | S5 | 2026-03-08 | 21 | 2026-03-08 | 0 | 1\n"
		" | M6 | S6 | 2026-03-03 | 21 | 2026-03-03 | 0 | 0\n");
	CHECK_INT(s.b.rows[STREAM_STAY].n, 5); /* M4 has nothing left */
	IS(stay_days, "M6", "0"); /* in and out on one day, the end without a clock */
	IS(stay_finished, "M1", "0");
	IS(stay_endtime, "M1", "");
	IS(stay_days, "M1", "");
	IS(stay_finished, "M2", "2");
	IS(stay_finished, "M3", "0");
	CHECK_INT(scene_scope(&s, STREAM_STAY, "M1"), 1);
	CHECK_INT(scene_scope(&s, STREAM_STAY, "M2"), 0);
	CHECK_INT(scene_scope(&s, STREAM_STAY, "M5"), 0);
	CHECK_INT(scene_scope(&s, STREAM_ENCOUNTER, "M5"), 0);
	IS(stay_n_settlements, "M5", "0");
	scene_close(&s);
}

static void visits_of_every_class(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"settlement | mdtrt_id | setl_id | setl_time | med_type\n"
		" | M1 | S1 | 2026-03-10 | 11\n | M2 | S2 | 2026-03-09 | 41\n"
		" | M3 | S3 | 2026-03-08 | 5212\n | M4 | S4 | 2026-03-07 | 空\n");
	CHECK_INT(s.b.rows[STREAM_VISIT].n, 4);
	CHECK_INT(s.b.rows[STREAM_STAY].n, 1);
	CHECK_INT(scene_row(&s, STREAM_VISIT, "M4"), 0); /* in order of begin */
	IS(visit_visit_class, "M1", "outpatient");
	IS(visit_visit_class, "M3", "inpatient");
	IS(visit_visit_class, "M4", "");
	IS(visit_hosp_level, "M1", "");
	scene_close(&s);
}

static void fund_share_by_largest_remainder(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"settlement | setl_id | setl_time | fund_pay_sumamt\n"
		" | S1 | 2026-03-10 | 0.00001\n | S2 | 2026-03-10 | 空\n | S4 | 2026-03-10 | 0\n"
		"fee | feedetl_sn | setl_id | fee_ocur_time | det_item_fee_sumamt | inscp_amt\n"
		" | F1 | S1 | 2026-03-01 | 9 | 1\n"
		" | F2 | S1 | 2026-03-02 | 9 | 1\n"
		" | F3 | S1 | 2026-03-03 | 1 | 空\n"
		" | F4 | S1 | 2026-03-03 | 9 | 0\n"
		" | F5 | S2 | 2026-03-03 | 9 | 9\n"
		" | F6 | S3 | 2026-03-03 | 9 | 9\n"
		" | F7 | S4 | 2026-03-03 | 9 | 9\n"
		" | F8 | 空 | 2026-03-03 | 9 | 9\n");
	/* ten millionths of a yuan over three equal lines: the first gets the one left over */
	IS(fee_fund_pay, "F1", "0.000004");
	IS(fee_fund_pay, "F2", "0.000003");
	IS(fee_fund_pay, "F3", "0.000003");
	IS(fee_fund_pay, "F4", "0");
	IS(fee_fund_pay, "F5", "");
	IS(fee_fund_pay, "F6", "");
	IS(fee_fund_pay, "F7", "0");
	IS(fee_fund_pay, "F8", "");
	scene_close(&s);
}

static void fund_share_of_what_is_left(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"settlement | setl_id | setl_time | fund_pay_sumamt\n | S1 | 2026-03-10 | 100\n"
		"fee | feedetl_sn | setl_id | fee_ocur_time | 项目 | cnt | det_item_fee_sumamt\n"
		" | F1 | S1 | 2026-03-01 | A | 2  | 200\n"
		" | F2 | S1 | 2026-03-02 | A | -1 | -100\n"
		" | F3 | S1 | 2026-03-03 | B | 1  | 300\n");
	IS(fee_fund_pay, "F1", "25");
	IS(fee_fund_pay, "F3", "75");
	scene_close(&s);
}

static void fund_share_while_lines_are_missing(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s,
		"settlement | setl_id | setl_time | inscp_amt | fund_pay_sumamt\n"
		" | S1 | 2026-03-10 | 400 | 300\n | S2 | 2026-03-10 | 100 | 70\n"
		" | S3 | 2026-03-10 | 0.03 | 0.02\n | S4 | 2026-03-10 | 空 | 350\n"
		"fee | feedetl_sn | setl_id | fee_ocur_time | det_item_fee_sumamt | inscp_amt\n"
		" | F1 | S1 | 2026-03-01 | 100 | 100\n | F2 | S1 | 2026-03-02 | 50 | 50\n"
		" | F3 | S2 | 2026-03-01 | 200 | 150\n | F4 | S2 | 2026-03-02 | 50 | 50\n"
		" | F5 | S3 | 2026-03-01 | 0.01 | 0.01\n"
		" | F6 | S4 | 2026-03-01 | 150 | 150\n");
	IS(fee_fund_pay, "F1", "75"); /* of 400 in scope only 150 are here */
	IS(fee_fund_pay, "F2", "37.5");
	IS(fee_fund_pay, "F3", "52.5"); /* its lines say more than the settlement */
	IS(fee_fund_pay, "F4", "17.5");
	IS(fee_fund_pay, "F5", "0.006666");
	IS(fee_fund_pay, "F6", "150"); /* no line bears more than its amount in scope */
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joined_from_encounter_then_settlement),
		cmocka_unit_test(registers_as_of_the_event),
		cmocka_unit_test(identity_numbers_override),
		cmocka_unit_test(all_diagnoses_and_a_conflicting_identity),
		cmocka_unit_test(a_stay_with_mid_stay_settlements),
		cmocka_unit_test(a_stay_known_by_its_settlements),
		cmocka_unit_test(unfinished_and_cancelled_stays),
		cmocka_unit_test(visits_of_every_class),
		cmocka_unit_test(fund_share_by_largest_remainder),
		cmocka_unit_test(fund_share_of_what_is_left),
		cmocka_unit_test(fund_share_while_lines_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
