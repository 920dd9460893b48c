/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_timeline_trace.c - a pack's code counts while its sale stands.
 *
 * It goes with the settlement it names, with its line, and with a return; the several messages
 * of one sale are one sale.
 */
#include "tests/check.h"

#include "tests/support/scene.h"

#define CODE "81234567890123456789"
#define OTHER "81234567890123456780"
#define SALE "trace | mdtrt_id | setl_id | drug_trac_codg | trac_chg_type | trac_time | " \
	"feedetl_sn | trdn_flag\n"
#define SETTLEMENT "settlement | mdtrt_id | setl_id | setl_time | refd_setl_flag\n"

static void stands(const char *text, uint32_t rows, uint32_t in_scope)
{
	struct scene s;
	uint32_t settled = 0;

	scene_open(&s, text);
	CHECK_INT(s.b.rows[STREAM_TRACE].n, rows);
	for (uint32_t i = 0; i < s.b.rows[STREAM_TRACE].n; i++)
		settled += s.b.rows[STREAM_TRACE].scope[i];
	CHECK_INT(settled, in_scope);
	scene_close(&s);
}

static void goes_with_its_settlement(void **state)
{
	(void)state;
	stands(SALE " | M1 | S1 | " CODE " | 1 | 2026-03-01 09:00 | 空 | 空\n", 1, 1);
	stands(SETTLEMENT " | M1 | S1 | 2026-03-01 09:00 | 1\n"
	       SALE " | M1 | S1 | " CODE " | 1 | 2026-03-01 09:00 | 空 | 空\n", 0, 0);
	/* the pharmacy's own number of the visit */
	stands(SETTLEMENT " | M1 | S1 | 2026-03-01 09:00 | 1\n"
	       SALE " | X7 | S1 | " CODE " | 1 | 2026-03-01 09:00 | 空 | 空\n", 0, 0);
	stands(SETTLEMENT " | M1 | S1 | 2026-03-01 09:00 | 0\n"
	       SALE " | X7 | S1 | " CODE " | 1 | 2026-03-01 09:00 | 空 | 空\n", 1, 1);
}

/* A fee upload cannot name its settlement yet. */
static void joins_the_visits_only_settlement(void **state)
{
	(void)state;
	stands(SALE " | M1 | 空 | " CODE " | 1 | 2026-03-01 09:00 | 空 | 空\n", 1, 0);
	stands(SETTLEMENT " | M1 | S1 | 2026-03-01 09:00 | 0\n"
	       SALE " | M1 | 空 | " CODE " | 1 | 2026-03-01 09:00 | 空 | 空\n", 1, 1);
}

static void goes_with_its_line(void **state)
{
	(void)state;
#define LINE(valid) "fee | feedetl_sn | setl_id | cnt | det_item_fee_sumamt | init_feedetl_sn | " \
	"vali_flag | fee_ocur_time\n | 1 | S1 | 1 | 38 | 空 | " valid " | 2026-03-01 09:00\n"
#define OF_LINE SALE " | M1 | S1 | " CODE " | 1 | 2026-03-01 09:00 | 1 | 空\n"
	stands(LINE("1") OF_LINE, 1, 1);
	stands(LINE("0") OF_LINE, 0, 0);
	stands(LINE("1") " | 2 | S1 | -1 | -38 | 1 | 1 | 2026-03-02 09:00\n" OF_LINE, 0, 0);
	stands(SALE " | M1 | S1 | " CODE " | 1 | 2026-03-01 09:00 | 9 | 空\n", 1, 1);
}

static void a_return_takes_the_sale_before_it(void **state)
{
	(void)state;
#define SOLD(visit, setl, day) " | " visit " | " setl " | " CODE " | 1 | 2026-03-" day \
	" 09:00 | 空 | 空\n"
#define BACK(setl, day) " | X9 | " setl " | " CODE " | 2 | 2026-03-" day " 09:00 | 空 | 空\n"
	stands(SALE SOLD("M1", "S1", "01") BACK("S1", "03"), 0, 0);
	stands(SALE SOLD("M1", "S1", "01") BACK("R1", "03"), 0, 0);
	stands(SALE SOLD("M1", "S1", "01") BACK("S1", "03") SOLD("M2", "S2", "05"), 1, 1);
	stands(SALE BACK("S1", "01") SOLD("M1", "S1", "03"), 1, 1);
	stands(SALE SOLD("M1", "S1", "01") " | X9 | S1 | " OTHER
	       " | 2 | 2026-03-03 09:00 | 空 | 空\n", 1, 1);
}

/* The settlement's line and the sale in the books: the return takes both. */
static void one_sale_in_two_messages(void **state)
{
	(void)state;
	stands(SETTLEMENT " | M1 | S1 | 2026-03-01 09:00 | 0\n"
	       SALE SOLD("M1", "S1", "01") SOLD("X1", "S1", "01"), 2, 2);
	stands(SETTLEMENT " | M1 | S1 | 2026-03-01 09:00 | 0\n"
	       SALE SOLD("M1", "S1", "01") SOLD("X1", "S1", "01") BACK("S1", "03"), 0, 0);
}

static void one_message_says_split(void **state)
{
	struct scene s;
	const struct rows *rows = &s.b.rows[STREAM_TRACE];

	(void)state;
	scene_open(&s, SETTLEMENT " | M1 | S1 | 2026-03-01 09:00 | 0\n"
		   SALE SOLD("M1", "S1", "01") " | X1 | S1 | " CODE
		   " | 1 | 2026-03-01 09:00 | 空 | 1\n");
	CHECK_INT(rows->n, 2);
	for (uint32_t i = 0; i < 2; i++)
		CHECK_STR(dict_text(s.b.dict, batch_code(&s.b, FIELD_trace_trdn_flag)[i]), "1");
	scene_close(&s);
}

static void a_report_knows_its_visit(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, "encounter | med_type\n | 11\n"
		   "report | rpotc_no | med_list_codg | exam_rslt_abn | rpt_date | vali_flag\n"
		   " | R1 | 0025 | 0 | 2026-03-01 | 1\n"
		   " | R2 | 0025 | 1 | 2026-03-02 | 0\n");
	CHECK_INT(s.b.rows[STREAM_REPORT].n, 1);
	CHECK_STR(dict_text(s.b.dict, batch_code(&s.b, FIELD_report_visit_class)[0]),
		  "outpatient");
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_with_its_settlement),
		cmocka_unit_test(joins_the_visits_only_settlement),
		cmocka_unit_test(goes_with_its_line),
		cmocka_unit_test(a_return_takes_the_sale_before_it),
		cmocka_unit_test(one_sale_in_two_messages),
		cmocka_unit_test(one_message_says_split),
		cmocka_unit_test(a_report_knows_its_visit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
