/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_chunk.c - columns, missing values, parsing by type, finishing and refusing rows.
 */
#include "tests/check.h"

#include "lib/base/civil.h"
#include "lib/record/chunk.h"

static uint32_t fee(struct chunk *c, const char *serial)
{
	struct err e;
	uint32_t r = chunk_row(c, STREAM_FEE);
	CHECK(chunk_parse(c, FIELD_fee_feedetl_sn, r, str_of(serial), &e));
	CHECK(chunk_parse(c, FIELD_fee_mdtrt_id, r, STR("M1"), &e));
	CHECK(chunk_parse(c, FIELD_fee_fixmedins_code, r, STR("H1"), &e));
	CHECK(chunk_parse(c, FIELD_fee_psn_no, r, STR("P1"), &e));
	CHECK(chunk_parse(c, FIELD_fee_fee_ocur_time, r, STR("2026-03-01 09:30"), &e));
	return r;
}

static void values_by_type(void **state)
{
	(void)state;
	struct err e;
	struct chunk *c = chunk_new();
	uint32_t r = fee(c, "1");
	CHECK(chunk_parse(c, FIELD_fee_cnt, r, STR(" 2.5 "), &e));
	CHECK(chunk_parse(c, FIELD_fee_det_item_fee_sumamt, r, STR("-12.345678"), &e));
	CHECK(chunk_parse(c, FIELD_fee_list_type, r, STR("医疗服务项目"), &e));
	CHECK(chunk_parse(c, FIELD_fee_memo, r, STR("NULL"), &e));
	CHECK_INT(chunk_i64(c, FIELD_fee_cnt, r), 25000);
	CHECK_INT(chunk_i64(c, FIELD_fee_det_item_fee_sumamt, r), -12345678);
	CHECK_INT(chunk_i64(c, FIELD_fee_fee_ocur_time, r),
		  civil_midnight(civil_days(2026, 3, 1)) + 9 * 3600 + 30 * 60);
	CHECK_STR(chunk_text(c, FIELD_fee_list_type, r), "201");
	CHECK_INT(chunk_code(c, FIELD_fee_memo, r), MISSING_CODE);
	CHECK_INT(chunk_i64(c, FIELD_fee_pric, r), MISSING_I64);
	CHECK_INT(chunk_code(c, FIELD_fee_item_name, r), MISSING_CODE);
	chunk_free(c);
}

static void a_wrong_value_says_what_and_why(void **state)
{
	(void)state;
	struct err e;
	struct chunk *c = chunk_new();
	uint32_t r = fee(c, "1");
	CHECK(!chunk_parse(c, FIELD_fee_cnt, r, STR("两"), &e));
	CHECK(strstr(e.text, "cnt") && strstr(e.text, "两"));
	CHECK(!chunk_parse(c, FIELD_fee_fee_ocur_time, r, STR("2026-02-30"), &e));
	CHECK(!chunk_parse(c, FIELD_fee_pric, r, STR("1.2345678"), &e));
	CHECK(chunk_parse(c, FIELD_fee_fee_ocur_time, r, STR("0001-01-01 00:00:00"), &e));
	CHECK_INT(chunk_i64(c, FIELD_fee_fee_ocur_time, r), MISSING_I64);
	chunk_free(c);
}

static void missing_survives_growth(void **state)
{
	(void)state;
	struct err e;
	struct chunk *c = chunk_new();
	for (unsigned i = 0; i < 1000; i++) {
		char serial[16];
		snprintf(serial, sizeof(serial), "%u", i);
		uint32_t r = fee(c, serial);
		if (i % 7 == 0)
			chunk_set_i64(c, FIELD_fee_cnt, r, i);
		CHECK(chunk_row_done(c, STREAM_FEE, MISSING_I64, &e));
	}
	CHECK_INT(c->table[STREAM_FEE].n, 1000);
	for (uint32_t r = 0; r < 1000; r++)
		CHECK_INT(chunk_i64(c, FIELD_fee_cnt, r), r % 7 ? MISSING_I64 : (int64_t)r);
	chunk_free(c);
}

static void a_row_without_its_required_is_taken_back(void **state)
{
	(void)state;
	struct err e;
	struct chunk *c = chunk_new();
	uint32_t r = chunk_row(c, STREAM_FEE);
	CHECK(chunk_parse(c, FIELD_fee_psn_no, r, STR("P1"), &e));
	CHECK(!chunk_row_done(c, STREAM_FEE, MISSING_I64, &e));
	CHECK(strstr(e.text, "mdtrt_id"));
	CHECK_INT(c->table[STREAM_FEE].n, 0);
	r = chunk_row(c, STREAM_FEE);
	CHECK_INT(chunk_code(c, FIELD_fee_psn_no, r), MISSING_CODE);
	chunk_free(c);
}

static void one_of_two_serials_will_do(void **state)
{
	(void)state;
	struct err e;
	struct chunk *c = chunk_new();
	uint32_t r = fee(c, "1");
	chunk_set_text(c, FIELD_fee_feedetl_sn, r, (struct str){ 0 });
	CHECK(!chunk_row_done(c, STREAM_FEE, MISSING_I64, &e));
	r = fee(c, "1");
	chunk_set_text(c, FIELD_fee_feedetl_sn, r, (struct str){ 0 });
	chunk_set_text(c, FIELD_fee_bkkp_sn, r, STR("77"));
	CHECK(chunk_row_done(c, STREAM_FEE, MISSING_I64, &e));
	chunk_free(c);
}

static void revision_in_order_of_preference(void **state)
{
	(void)state;
	struct err e;
	struct chunk *c = chunk_new();
	fee(c, "1");
	CHECK(chunk_row_done(c, STREAM_FEE, 7, &e));
	uint32_t r = fee(c, "2");
	chunk_set_i64(c, FIELD_fee_inf_time, r, 8);
	CHECK(chunk_row_done(c, STREAM_FEE, 7, &e));
	r = fee(c, "3");
	chunk_set_i64(c, FIELD_fee_inf_time, r, 8);
	chunk_set_i64(c, FIELD_fee_updt_time, r, 9);
	CHECK(chunk_row_done(c, STREAM_FEE, 7, &e));
	for (uint32_t i = 0; i < 3; i++)
		CHECK_INT(c->table[STREAM_FEE].src[i].revision, 7 + i);
	chunk_free(c);
}

/* Same content, same digest, whatever the dictionary's codes and the order of setting. */
static void digest_follows_content(void **state)
{
	(void)state;
	struct err e;
	struct chunk *a = chunk_new(), *b = chunk_new();
	(void)dict_code(b->dict, STR("something before"));
	uint32_t ra = fee(a, "1"), rb = fee(b, "1");
	chunk_set_i64(a, FIELD_fee_cnt, ra, 1);
	chunk_set_text(a, FIELD_fee_memo, ra, STR("x"));
	chunk_set_text(b, FIELD_fee_memo, rb, STR("x"));
	chunk_set_i64(b, FIELD_fee_cnt, rb, 1);
	CHECK(chunk_row_done(a, STREAM_FEE, 7, &e));
	CHECK(chunk_row_done(b, STREAM_FEE, 9, &e));
	CHECK(a->table[STREAM_FEE].src[0].digest == b->table[STREAM_FEE].src[0].digest);
	rb = fee(b, "1");
	chunk_set_text(b, FIELD_fee_memo, rb, STR("y"));
	chunk_set_i64(b, FIELD_fee_cnt, rb, 1);
	CHECK(chunk_row_done(b, STREAM_FEE, 9, &e));
	CHECK(a->table[STREAM_FEE].src[0].digest != b->table[STREAM_FEE].src[1].digest);
	chunk_free(a);
	chunk_free(b);
}

static void rejects_are_copied_cut_and_clean(void **state)
{
	(void)state;
	struct chunk *c = chunk_new();
	char raw[6000];
	memset(raw, 'a', sizeof(raw));
	raw[3] = (char)0xff;
	raw[4] = 0;
	struct reject r = { .line = 3, .reason = "bad-number", .raw = { raw, sizeof(raw) } };
	chunk_reject(c, &r);
	memset(raw, 'b', sizeof(raw));
	CHECK_INT(c->n_reject, 1);
	CHECK_INT(c->reject[0].raw.n, 4096 - 2 + 6);
	CHECK(memcmp(c->reject[0].raw.p, "aaa\xef\xbf\xbd\xef\xbf\xbd""a", 10) == 0);
	chunk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_type),
		cmocka_unit_test(a_wrong_value_says_what_and_why),
		cmocka_unit_test(missing_survives_growth),
		cmocka_unit_test(a_row_without_its_required_is_taken_back),
		cmocka_unit_test(one_of_two_serials_will_do),
		cmocka_unit_test(revision_in_order_of_preference),
		cmocka_unit_test(digest_follows_content),
		cmocka_unit_test(rejects_are_copied_cut_and_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
