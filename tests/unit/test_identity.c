/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_identity.c - the same record through two doors has one identity, others do not.
 */
#include "tests/check.h"

#include "lib/base/digest.h"
#include "lib/record/identity.h"

static struct chunk *chunk;

static uint32_t row(enum stream s, const enum field *field, const char *const *value)
{
	struct err e;
	uint32_t r = chunk_row(chunk, s);
	for (unsigned i = 0; value[i]; i++)
		CHECK(chunk_parse(chunk, field[i], r, str_of(value[i]), &e));
	return r;
}

static bool same(enum stream s, uint32_t a, uint32_t b)
{
	struct identity x = identity_hash(chunk, s, a), y = identity_hash(chunk, s, b);
	return x.hi == y.hi && x.lo == y.lo;
}

static void fee_lines(void **state)
{
	(void)state;
	static const enum field f[] = { FIELD_fee_fixmedins_code, FIELD_fee_mdtrt_id,
					FIELD_fee_feedetl_sn, FIELD_fee_bkkp_sn, FIELD_fee_psn_no };
	chunk = chunk_new();
	uint32_t a = row(STREAM_FEE, f, (const char *[]){ "H1", "M1", "1", "", "P1", NULL });
	uint32_t b = row(STREAM_FEE, f, (const char *[]){ "H1", "M1", "1", "9", "P2", NULL });
	uint32_t c = row(STREAM_FEE, f, (const char *[]){ "H2", "M1", "1", "", "P1", NULL });
	uint32_t d = row(STREAM_FEE, f, (const char *[]){ "H1", "M1", "", "1", "P1", NULL });
	CHECK(same(STREAM_FEE, a, b));
	CHECK(!same(STREAM_FEE, a, c));
	CHECK(!same(STREAM_FEE, a, d));
	CHECK_STR(identity_serial_text(chunk, STREAM_FEE, a), "1");
	CHECK_STR(identity_serial_text(chunk, STREAM_FEE, d), "1");
	struct buf key;
	buf_init(&key, 0);
	identity_key(&key, chunk, STREAM_FEE, a);
	CHECK_STR(buf_str(&key), "fee\x1fH1\x1fM1\x1f""1");
	buf_fini(&key);
	chunk_free(chunk);
}

static void diagnoses_without_a_number(void **state)
{
	(void)state;
	static const enum field f[] = {
		FIELD_diagnosis_mdtrt_id, FIELD_diagnosis_diag_type, FIELD_diagnosis_diag_code,
		FIELD_diagnosis_setl_list_diag_id,
	};
	chunk = chunk_new();
	uint32_t a = row(STREAM_DIAGNOSIS, f, (const char *[]){ "M1", "1", "I10", "", NULL });
	uint32_t b = row(STREAM_DIAGNOSIS, f, (const char *[]){ "M1", "1", "I11", "", NULL });
	uint32_t c = row(STREAM_DIAGNOSIS, f, (const char *[]){ "M1", "1", "I10", "", NULL });
	uint32_t d = row(STREAM_DIAGNOSIS, f, (const char *[]){ "M1", "1", "I10", "D7", NULL });
	CHECK(!same(STREAM_DIAGNOSIS, a, b));
	CHECK(same(STREAM_DIAGNOSIS, a, c));
	CHECK(!same(STREAM_DIAGNOSIS, a, d));
	chunk_free(chunk);
}

static void registers_by_entity_and_date(void **state)
{
	(void)state;
	static const enum field f[] = { FIELD_person_psn_no, FIELD_person_begndate,
					FIELD_person_gend };
	chunk = chunk_new();
	uint32_t a = row(STREAM_PERSON, f, (const char *[]){ "P1", "2026-01-01", "男", NULL });
	uint32_t b = row(STREAM_PERSON, f, (const char *[]){ "P1", "20260101", "2", NULL });
	uint32_t c = row(STREAM_PERSON, f, (const char *[]){ "P1", "2026-02-01", "1", NULL });
	CHECK(same(STREAM_PERSON, a, b));
	CHECK(!same(STREAM_PERSON, a, c));
	chunk_free(chunk);
}

static void check_hash(enum stream s, uint32_t r)
{
	struct buf key;
	struct digest d;
	uint64_t raw[2];
	buf_init(&key, 0);
	identity_key(&key, chunk, s, r);
	digest_init(&d);
	digest_add(&d, key.p, key.n);
	digest_raw(&d, raw);
	struct identity id = identity_hash(chunk, s, r);
	CHECK(id.hi == raw[0] && id.lo == raw[1]);
	buf_fini(&key);
}

/* Long and short keys take different roads; both must be the hash of the same bytes. */
static void hash_is_of_the_key(void **state)
{
	(void)state;
	static const enum field f[] = { FIELD_settlement_fixmedins_code,
					FIELD_settlement_mdtrt_id, FIELD_settlement_setl_id };
	static char long_id[2000];
	memset(long_id, 'x', sizeof(long_id) - 1);
	chunk = chunk_new();
	uint32_t a = row(STREAM_SETTLEMENT, f, (const char *[]){ "H1", long_id, "S1", NULL });
	uint32_t b = row(STREAM_SETTLEMENT, f, (const char *[]){ "H1", long_id, "S1", NULL });
	uint32_t c = row(STREAM_SETTLEMENT, f, (const char *[]){ "H1", long_id, "S2", NULL });
	CHECK(same(STREAM_SETTLEMENT, a, b));
	CHECK(!same(STREAM_SETTLEMENT, a, c));
	for (size_t n = 200; n < 280; n++) {
		long_id[n] = 0;
		const char *id[] = { "H1", long_id, "S1", NULL };
		uint32_t d = row(STREAM_SETTLEMENT, f, id);
		long_id[n] = 'x';
		check_hash(STREAM_SETTLEMENT, d);
	}
	check_hash(STREAM_SETTLEMENT, a);
	chunk_free(chunk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fee_lines), cmocka_unit_test(diagnoses_without_a_number),
		cmocka_unit_test(registers_by_entity_and_date),
		cmocka_unit_test(hash_is_of_the_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
