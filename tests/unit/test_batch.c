/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_batch.c - columns by field, missing by default, memory kept over a clear.
 */
#include "tests/check.h"

#include "lib/batch/batch.h"

static void columns_are_missing_at_first(void **state)
{
	uint8_t wanted[FIELD_BITMAP] = { 0 };
	struct batch b;

	(void)state;
	field_want(wanted, FIELD_fee_cnt);
	field_want(wanted, FIELD_fee_brdy);
	field_want(wanted, FIELD_fee_psn_no);
	field_want(wanted, FIELD_stay_finished);
	batch_init(&b);
	b.n_subjects = 2;
	batch_alloc(&b, STREAM_FEE, 3, wanted);
	batch_alloc(&b, STREAM_STAY, 2, wanted);
	CHECK_INT(batch_rows(&b), 5);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_INT(batch_i64(&b, FIELD_fee_cnt)[i], MISSING_I64);
		CHECK_INT(batch_i32(&b, FIELD_fee_brdy)[i], MISSING_I32);
		CHECK_INT(batch_code(&b, FIELD_fee_psn_no)[i], MISSING_CODE);
	}
	CHECK_INT(batch_flag(&b, FIELD_stay_finished)[1], TRUTH_UNKNOWN);
	CHECK(!batch_i64(&b, FIELD_fee_pric));
	CHECK(!batch_i64(&b, FIELD_settlement_medfee_sumamt));
	batch_fini(&b);
}

static void all_fields_when_nothing_is_said(void **state)
{
	struct batch b;

	(void)state;
	batch_init(&b);
	batch_alloc(&b, STREAM_OPERATION, 0, NULL);
	for (unsigned i = 0; i < stream_width(STREAM_OPERATION); i++)
		CHECK(b.rows[STREAM_OPERATION].col[i]);
	batch_fini(&b);
}

static void clear_keeps_memory(void **state)
{
	struct batch b;
	size_t held;

	(void)state;
	batch_init(&b);
	for (int i = 0; i < 4; i++) {
		batch_clear(&b);
		CHECK_INT(batch_rows(&b), 0);
		CHECK(!batch_i64(&b, FIELD_fee_cnt));
		b.n_subjects = 1;
		batch_alloc(&b, STREAM_FEE, 100, NULL);
	}
	held = arena_bytes(&b.arena);
	batch_clear(&b);
	b.n_subjects = 1;
	batch_alloc(&b, STREAM_FEE, 100, NULL);
	CHECK_INT(arena_bytes(&b.arena), held);
	batch_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_missing_at_first),
		cmocka_unit_test(all_fields_when_nothing_is_said),
		cmocka_unit_test(clear_keeps_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
