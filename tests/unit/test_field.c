/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_field.c - the master lists keep their promises: order, unique names, usable codes,
 * and the manual's page made of them.
 */
#include "tests/check.h"

#include "lib/record/describe.h"
#include "lib/record/field.h"
#include "lib/record/names.h"
#include "lib/record/reject.h"

static void streams_are_contiguous(void **state)
{
	(void)state;
	unsigned next = 0;
	for (unsigned s = 0; s < STREAM_COUNT; s++) {
		CHECK_INT(stream_first((enum stream)s), next);
		for (unsigned i = 0; i < stream_width((enum stream)s); i++) {
			const struct field_info *f = field_get((enum field)(next + i));
			CHECK_INT(f->stream, s);
			CHECK_INT(f->index, i);
			bool stored = i < stream_stored_width((enum stream)s);
			if (s < STREAM_STORED && stored == (f->role == ROLE_DERIVED))
				fail_msg("%s.%s stands on the wrong side", stream_name(f->stream),
					 f->name);
		}
		next += stream_width((enum stream)s);
	}
	CHECK_INT(next, FIELD_COUNT);
}

/* Within a stream each word means one field. */
static void words_are_unique(void **state)
{
	(void)state;
	for (unsigned a = 0; a < FIELD_COUNT; a++) {
		const struct field_info *f = field_get((enum field)a);
		const char *words[] = { f->name, f->title, f->alias };
		for (unsigned w = 0; w < 3; w++)
			if (*words[w] && field_find(f->stream, str_of(words[w])) != a)
				fail_msg("%s: %s of %s means another field", stream_name(f->stream),
					 words[w], f->name);
	}
}

static void the_languages_words_are_there(void **state)
{
	(void)state;
	static const char *const fee[] = {
		"人员", "机构", "项目", "项目名称", "目录类别", "时间", "数量", "单价", "金额", "流水",
		"原流水", "就诊", "结算", "险种", "性别", "年龄", "医院等级", "机构类型", "就诊类别",
		"收费类别", "主诊断", "主诊断类目", "医师", "科室", "符合范围金额",
	};
	for (unsigned i = 0; i < sizeof(fee) / sizeof(fee[0]); i++)
		if (field_find(STREAM_FEE, str_of(fee[i])) == FIELD_NONE)
			fail_msg("fee has no %s", fee[i]);
	CHECK_INT(field_find(STREAM_FEE, STR("金额")), FIELD_fee_det_item_fee_sumamt);
	CHECK_INT(field_find(STREAM_STAY, STR("基金支付总额")), FIELD_stay_fund_pay_sumamt);
	CHECK_INT(field_find(STREAM_STAY, STR("离院方式")), FIELD_stay_dscg_way);
	CHECK_INT(field_find(STREAM_STAY, STR("主诊断类目")), FIELD_stay_maindiag_class);
	CHECK_INT(field_find(STREAM_STAY, STR("入院时间")), FIELD_stay_begntime);
	CHECK_INT(field_find(STREAM_FEE, STR("没有这个")), FIELD_NONE);
}

static void streams_are_found_by_any_name(void **state)
{
	(void)state;
	CHECK_INT(stream_find(STR("fee")), STREAM_FEE);
	CHECK_INT(stream_find(STR("费用明细")), STREAM_FEE);
	CHECK_INT(stream_find(STR("fee_list_d")), STREAM_FEE);
	CHECK_INT(stream_find(STR("住院")), STREAM_STAY);
	CHECK_INT(stream_find(STR("")), STREAM_COUNT);
	CHECK_INT(stream_stored_width(STREAM_VISIT), 0);
}

static void times_and_twins(void **state)
{
	(void)state;
	for (unsigned s = 0; s <= STREAM_STOCK; s++) {
		enum field f = stream_time((enum stream)s);
		CHECK(f != FIELD_NONE);
		CHECK_INT(field_get(f)->type, TYPE_TIME);
	}
	CHECK_INT(stream_time(STREAM_STAY), FIELD_stay_begntime);
	CHECK_INT(stream_time(STREAM_ITEM), FIELD_NONE);
	CHECK_INT(field_twin(FIELD_fee_psn_no, STREAM_STAY), FIELD_stay_psn_no);
	CHECK_INT(field_twin(FIELD_fee_cnt, STREAM_STAY), FIELD_NONE);
}

static void codes_by_code_and_name(void **state)
{
	(void)state;
	struct str all[16];
	CHECK_STR(code_find("gend", STR("女")), "2");
	CHECK_STR(code_find("gend", STR("2")), "2");
	CHECK_STR(code_find("gend", STR("不男不女")), "");
	CHECK_STR(code_name("hosp_lv", STR("02")), "三级甲等");
	CHECK_STR(code_find("list_type", STR("医疗服务项目")), "201");
	CHECK_INT(code_find_all("list_type", STR("药品"), all, 16), 3);
	CHECK_STR(all[1], "103");
	CHECK_INT(code_find_all("med_type", STR("住院"), all, 1), 2);
	CHECK_STR(all[0], "2");
	CHECK_INT(code_find_all("med_type", STR("火星"), all, 16), 0);
	CHECK(code_table("dscg_way"));
	CHECK(!code_table("psn_no"));
}

/* Each table stands together, belongs to a field, and repeats no row. */
static void code_tables_are_whole(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
#define CODE(table, code, name) { #table, code, name },
#include "lib/record/codes.def"
#undef CODE
	};
	size_t n = sizeof(rows) / sizeof(rows[0]);
	for (size_t i = 0; i < n; i++) {
		unsigned f = 0;
		while (f < FIELD_COUNT && strcmp(field_get((enum field)f)->name, rows[i][0]) != 0)
			f++;
		if (f == FIELD_COUNT)
			fail_msg("no field %s", rows[i][0]);
		for (size_t k = 0; k + 1 < i; k++) {
			bool same = strcmp(rows[i][0], rows[k][0]) == 0;
			if (same && strcmp(rows[i][0], rows[i - 1][0]) != 0)
				fail_msg("%s is torn apart", rows[i][0]);
			if (same && !strcmp(rows[i][1], rows[k][1]) &&
			    !strcmp(rows[i][2], rows[k][2]))
				fail_msg("%s %s twice", rows[i][0], rows[i][1]);
		}
	}
}

static void other_spellings(void **state)
{
	(void)state;
	CHECK_INT(names_field(STREAM_FEE, STR("MED_LIST_CODG")), FIELD_fee_med_list_codg);
	CHECK_INT(names_field(STREAM_FEE, STR("bilg_dr_codg")), FIELD_fee_bilg_dr_code);
	CHECK_INT(names_field(STREAM_FEE, STR("inscp_scp_amt")), FIELD_fee_inscp_amt);
	CHECK_INT(names_field(STREAM_FEE, STR("数量")), FIELD_fee_cnt);
	CHECK_INT(names_field(STREAM_FEE, STR("金额")), FIELD_NONE);
	CHECK_INT(names_field(STREAM_FEE, STR("age")), FIELD_NONE);
	CHECK(names_ignored(STREAM_FEE, STR("age")));
	CHECK(names_ignored(STREAM_FEE, STR("crter_name")));
	CHECK(!names_ignored(STREAM_FEE, STR("whatever")));
	CHECK(names_glob(STR("fee_list_d*"), STR("FEE_LIST_D_202603.csv")));
	CHECK(names_glob(STR("*_?.csv"), STR("a_b_1.csv")));
	CHECK(!names_glob(STR("setl_d*"), STR("setl_list_diag_d.csv")));
	CHECK(names_glob(STR("*"), STR("")));
}

static void reject_words(void **state)
{
	(void)state;
	for (unsigned r = 1; r < REJECT_COUNT; r++) {
		CHECK_INT(reject_find(str_of(reject_word((enum reject_reason)r))), r);
		CHECK(*reject_sentence((enum reject_reason)r, true));
		CHECK(*reject_sentence((enum reject_reason)r, false));
	}
	CHECK_INT(reject_find(STR("bad-luck")), REJECT_NONE);
}

static const char *manual_path(void)
{
	static char path[4096];
	const char *root = getenv("FUNDWATCH_SOURCE_DIR");
	snprintf(path, sizeof(path), "%s/docs/fields.md", root ? root : ".");
	return path;
}

/* docs/fields.md is what the master list says: `test_field --write` brings it up to date. */
static void the_manual_has_not_drifted(void **state)
{
	(void)state;
	struct buf manual;
	buf_init(&manual, 0);
	field_manual(&manual);
	char *written = calloc(1, manual.n + 2);
	FILE *in = fopen(manual_path(), "rb");
	CHECK(in && written);
	size_t n = fread(written, 1, manual.n + 1, in);
	fclose(in);
	CHECK_INT(n, manual.n);
	CHECK(memcmp(written, manual.p, n) == 0);
	free(written);
	buf_fini(&manual);
}

static int write_manual(void)
{
	struct buf manual;
	FILE *out = fopen(manual_path(), "wb");
	if (!out)
		return 1;
	buf_init(&manual, 0);
	field_manual(&manual);
	size_t n = fwrite(manual.p, 1, manual.n, out);
	bool good = n == manual.n && fclose(out) == 0;
	buf_fini(&manual);
	return good ? 0 : 1;
}

static void types_have_widths(void **state)
{
	(void)state;
	CHECK_INT(type_width(TYPE_MONEY), WIDTH_I64);
	CHECK_INT(width_bytes(type_width(TYPE_DATE)), 4);
	CHECK_INT(width_bytes(type_width(TYPE_FLAG)), 1);
	CHECK_INT(type_scale(TYPE_QTY), 4);
	CHECK_STR(str_of(type_name(TYPE_MONEY, true)), "money");
	CHECK_STR(str_of(type_name(TYPE_MONEY, false)), "金额");
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--write") == 0)
		return write_manual();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_contiguous), cmocka_unit_test(words_are_unique),
		cmocka_unit_test(the_languages_words_are_there),
		cmocka_unit_test(streams_are_found_by_any_name), cmocka_unit_test(times_and_twins),
		cmocka_unit_test(codes_by_code_and_name), cmocka_unit_test(code_tables_are_whole),
		cmocka_unit_test(other_spellings), cmocka_unit_test(reject_words),
		cmocka_unit_test(the_manual_has_not_drifted),
		cmocka_unit_test(types_have_widths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
