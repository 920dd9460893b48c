/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_cells.c - rules about facilities: sums over persons, peers, shards, replaced contributions.
 */
#include <string.h>

#include "tests/check.h"
#include "tests/support/world.h"

#define HEAD "  版本 1\n  类别 政策类\n  性质 线索\n  环节 事后\n  级别 中\n  状态 启用\n"

static const char text[] =
	"指标「贵药占比」\n"
	"  看 费用明细\n"
	"  按 机构、自然月\n"
	"  值 合计(金额 若 项目 是 B1) ÷ 合计(金额)\n"
	"  至少 2 次就诊\n"
	"规则 c.share 「贵药占比异常」\n" HEAD
	"  对照 「贵药占比」 x\n"
	"  同类 机构类型 至少 3 家\n"
	"  触发 x > 中位 + 3 × 中位差\n"
	"  违规金额 合计(符合范围金额 若 项目 是 B1) × (x − 中位) ÷ x\n"
	"  说明 {机构}{自然月}占比{x}，中位{中位}，{违规金额}元\n"
	"  试例「四家」\n"
	"    机构 | 机构 | 机构类型 |\n"
	"         | H1 | 1 |\n"
	"         | H2 | 1 |\n"
	"         | H3 | 1 |\n"
	"         | H4 | 1 |\n"
	"    费用明细 | 流水 | 就诊 | 人员 | 机构 | 项目 | 时间 | 数量 | 单价 |\n"
	"             | 1 | M1 | 甲 | H1 | B1 | 2026-03-01 09:00 | 1 | 90 |\n"
	"             | 2 | M2 | 乙 | H1 | A1 | 2026-03-02 09:00 | 1 | 10 |\n"
	"             | 3 | M3 | 甲 | H2 | B1 | 2026-03-01 09:00 | 1 | 10 |\n"
	"             | 4 | M4 | 丙 | H2 | A1 | 2026-03-02 09:00 | 1 | 90 |\n"
	"             | 5 | M5 | 甲 | H3 | B1 | 2026-03-01 09:00 | 1 | 20 |\n"
	"             | 6 | M6 | 丁 | H3 | A1 | 2026-03-02 09:00 | 1 | 80 |\n"
	"             | 7 | M7 | 甲 | H4 | B1 | 2026-03-01 09:00 | 1 | 90 |\n"
	"             | 8 | M8 | 丙 | H1 | B1 | 2026-04-01 09:00 | 1 | 90 |\n"
	"             | 9 | M9 | 丁 | H1 | B1 | 2026-04-01 09:00 | 1 | 90 |\n"
	"    应命中 1 条\n"
	"规则 c.sum 「机构当月人数」\n" HEAD
	"  看 费用明细\n"
	"  归并 机构、自然月\n"
	"  触发 不同(人员) > 2\n"
	"  违规金额 合计(符合范围金额)\n"
	"  说明 {机构}{自然月}{不同(人员)}人\n"
	"  试例「同一人只算一次」\n"
	"    费用明细 | 流水 | 就诊 | 人员 | 机构 | 时间 | 数量 | 单价 |\n"
	"             | 1 | M1 | 甲 | H1 | 2026-03-01 09:00 | 1 | 9 |\n"
	"             | 2 | M2 | 甲 | H1 | 2026-03-02 09:00 | 1 | 9 |\n"
	"             | 3 | M3 | 乙 | H1 | 2026-03-03 09:00 | 1 | 9 |\n"
	"             | 4 | M4 | 甲 | H2 | 2026-03-01 09:00 | 1 | 9 |\n"
	"             | 5 | M5 | 乙 | H2 | 2026-03-02 09:00 | 1 | 9 |\n"
	"             | 6 | M6 | 丙 | H2 | 2026-03-03 09:00 | 1 | 9 |\n"
	"    应命中 1 条，违规金额 27.00\n"
	"规则 c.values 「一个一个留下的值」\n" HEAD
	"  看 费用明细\n"
	"  归并 机构、自然月\n"
	"  触发 中位(单价) = 3 元 且 首个(项目) 是 A1 且 末个(单价) = 9 元 且 累计(数量) = 3\n"
	"       且 最大(单价) = 9 元 且 最小(单价) = 1 元 且 不同(项目) = 3 且 平均(金额) > 4 元\n"
	"  违规金额 合计(符合范围金额)\n"
	"  说明 {机构}{首个(项目)}{末个(项目)}{百分位(单价, 50%)}\n"
	"  试例「三人」\n"
	"    费用明细 | 流水 | 就诊 | 人员 | 项目 | 时间 | 数量 | 单价 |\n"
	"             | 3 | M2 | 乙 | A2 | 2026-03-03 09:00 | 1 | 3 |\n"
	"             | 1 | M1 | 甲 | A1 | 2026-03-01 09:00 | 1 | 1 |\n"
	"             | 5 | M3 | 丙 | A3 | 2026-03-09 09:00 | 1 | 9 |\n"
	"    应命中 1 条\n";

/* 0.9, 0.1, 0.2: median 0.2, MAD 0.1; H4 has one visit, April has one facility. */
static void one_far_above_its_peers(void **state)
{
	struct world w;
	const struct finding *f;

	(void)state;
	world_init(&w, text, NULL);
	world_judge(&w, "c.share", 0, 1, 0);
	CHECK_INT(w.found.n, 1);
	f = &w.found.item[0];
	CHECK_STR(f->subject, "H1");
	CHECK_INT(f->subject_kind, SUBJECT_FACILITY);
	CHECK_STR(f->observed, "0.9");
	CHECK_STR(f->limit, "0.5");
	CHECK_INT(f->amount, 7000);
	CHECK_INT(f->n_record, 1); /* what the numerator counts */
	CHECK_STR(f->record[0].mdtrt_id, "M1");
	CHECK_STR(f->sentence, "H12026-03占比0.9，中位0.2，70.00元");
	CHECK_INT(w.account.records, 5);
	CHECK_INT(w.account.hit, 1);
	CHECK_INT(w.account.unknown, 2);
	CHECK_INT(w.account.no_hit, 2);
	world_fini(&w);
}

static void shards_and_batches_do_not_show(void **state)
{
	static const char *const rules[] = { "c.share", "c.sum", "c.values" };
	struct world w;
	char *want;

	(void)state;
	world_init(&w, text, NULL);
	for (int k = 0; k < 3; k++) {
		world_judge(&w, rules[k], 0, 1, 0);
		CHECK_INT(w.found.n, 1);
		want = xstrdup(world_line(&w, 0));
		for (uint32_t shards = 1; shards < 5; shards++)
			for (uint32_t rows = 1; rows < 8; rows += 3) {
				w.replaceable = rows > 1;
				world_judge(&w, rules[k], 0, shards, rows);
				CHECK_INT(w.found.n, 1);
				assert_string_equal(world_line(&w, 0), want);
			}
		xfree(want);
	}
	world_fini(&w);
}

/* What a subject gave is taken back exactly, whatever it gives next; a round that looks at what
 * changed ends where one over everything does. */
static void subjects_replace_what_they_gave(void **state)
{
	static const char *const rules[] = { "c.share", "c.sum", "c.values" };
	struct world w;
	struct account once;
	char *want;

	(void)state;
	world_init(&w, text, NULL);
	for (int k = 0; k < 3; k++) {
		w.replaceable = w.stepwise = false;
		world_judge(&w, rules[k], 0, 1, 0);
		want = xstrdup(world_line(&w, 0));
		once = w.account;
		w.replaceable = w.stepwise = true;
		for (uint32_t shards = 1; shards < 4; shards++) {
			world_judge(&w, rules[k], 0, shards, 0);
			CHECK_INT(w.found.n, 1);
			CHECK(memcmp(&once, &w.account, sizeof once) == 0);
			CHECK_INT(w.told_anew, 0); /* the last row had told it */
			assert_string_equal(world_line(&w, 0), want);
		}
		xfree(want);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_far_above_its_peers),
		cmocka_unit_test(shards_and_batches_do_not_show),
		cmocka_unit_test(subjects_replace_what_they_gave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
