/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_item_map.c - local item codes become national ones in a batch: exact and by prefix, as of
 * the record's day, in every stream that names items; what the table does not have stays.
 */
#include "tests/check.h"

#include "lib/rule/item_map.h"
#include "tests/support/ruletext.h"
#include "tests/support/scene.h"

#define DECLARED "表「本地项目」 来自 map.csv 键 项目 前缀 列 国家项目 : 代码"
#define RECORDS \
	"fee | feedetl_sn | med_list_codg | fee_ocur_time\n" \
	" | 1 | L100-1 | 2026-03-01 09:00\n" \
	" | 2 | L100-2 | 2026-07-01 09:00\n" \
	" | 3 | L200 | 2026-03-01 09:00\n" \
	" | 4 | N1 | 2026-03-01 09:00\n" \
	" | 5 | 空 | 2026-03-01 09:00\n" \
	"trace | drug_trac_codg | med_list_codg | trac_time\n" \
	" | 81 | L100 | 2026-03-01 09:00\n" \
	"report | rpotc_no | med_list_codg | rpt_date\n" \
	" | R1 | L100 | 2026-07-01 00:00\n"

static const struct knowledge *map_of(const struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->n_knowledge; i++)
		if (item_map_is(rs->knowledge[i]))
			return rs->knowledge[i];
	return NULL;
}

static const char *code_at(const struct scene *s, enum field f, uint32_t row)
{
	uint32_t code = batch_code(&s->b, f)[row];

	return code ? dict_text(s->b.dict, code).p : "";
}

static void check_codes(const char *declared, const char *csv, const char *const want[7])
{
	struct memory_file file[] = { { "map.csv", csv }, { NULL, NULL } };
	struct compiled c;
	struct scene s;

	compiled_open(&c, declared, file);
	if (!c.rs)
		fail_msg("%s", compiled_shown(&c));
	scene_open(&s, RECORDS);
	CHECK(map_of(c.rs));
	item_map_apply(map_of(c.rs), s.t, &s.b);
	for (uint32_t i = 0; i < 5; i++)
		CHECK_STR(str_of(code_at(&s, FIELD_fee_med_list_codg, i)), want[i]);
	CHECK_STR(str_of(code_at(&s, FIELD_trace_med_list_codg, 0)), want[5]);
	CHECK_STR(str_of(code_at(&s, FIELD_report_med_list_codg, 0)), want[6]);
	scene_close(&s);
	compiled_close(&c);
}

/* Lines are in order of time: 1, 3, 4, 5, then 2. */
static void by_prefix(void **state)
{
	(void)state;
	check_codes(DECLARED, "项目,国家项目\nL100,N100\n",
		    (const char *const[]){ "N100", "L200", "N1", "", "N100", "N100", "N100" });
	check_codes(DECLARED, "项目,国家项目\nL100,N100\nL100-2,N102\n",
		    (const char *const[]){ "N100", "L200", "N1", "", "N102", "N100", "N100" });
}

static void whole_codes(void **state)
{
	(void)state;
	check_codes("表「本地项目」 来自 map.csv 键 项目 列 国家项目 : 代码",
		    "项目,国家项目\nL100,N100\nL200,\n",
		    (const char *const[]){ "L100-1", "L200", "N1", "", "L100-2", "N100", "N100" });
}

static void as_of_the_day(void **state)
{
	(void)state;
	check_codes(DECLARED "  有效 起 至 止",
		    "项目,国家项目,起,止\nL100,N100,2026-01-01,2026-06-30\nL100,N199,2026-07-01,\n",
		    (const char *const[]){ "N100", "L200", "N1", "", "N199", "N100", "N199" });
}

static void needs_its_column(void **state)
{
	struct memory_file file[] = { { "map.csv", "项目,国家\nL100,N100\n" }, { NULL, NULL } };
	struct compiled c;

	(void)state;
	compiled_open(&c, "表「本地项目」 来自 map.csv 键 项目 列 国家 : 代码", file);
	CHECK(!c.rs);
	CHECK_STR(str_of(compiled_words(&c, false)), "unknown-column");
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_prefix),
		cmocka_unit_test(whole_codes),
		cmocka_unit_test(as_of_the_day),
		cmocka_unit_test(needs_its_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
