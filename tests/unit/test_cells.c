/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_cells.c - rules about facilities: sums over persons, peers, shards, replaced contributions.
 */
#include <string.h>

#include "lib/finding/example_build.h"
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
	"规则 c.keys 「归并的项多」\n" HEAD
	"  看 费用明细\n"
	"  归并 机构、项目、单价、数量、自然月\n"
	"  触发 不同(人员) > 2\n"
	"  违规金额 合计(符合范围金额)\n"
	"  说明 {机构}{项目}{不同(人员)}人\n"
	"  试例「各项都同」\n"
	"    费用明细 | 流水 | 就诊 | 人员 | 机构 | 项目 | 时间 | 数量 | 单价 |\n"
	"             | 1 | M1 | 甲 | H1 | A1 | 2026-03-02 09:00 | 1 | 9 |\n"
	"             | 2 | M2 | 乙 | H1 | A1 | 2026-03-03 09:00 | 1 | 9 |\n"
	"             | 3 | M3 | 丙 | H1 | A1 | 2026-03-04 09:00 | 1 | 9 |\n"
	"             | 4 | M4 | 甲 | H1 | A2 | 2026-03-02 09:00 | 1 | 9 |\n"
	"             | 5 | M5 | 乙 | H1 | A2 | 2026-03-09 09:00 | 2 | 9 |\n"
	"             | 6 | M6 | 丙 | H2 | A2 | 2026-03-02 09:00 | 1 | 9 |\n"
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
	static const char *const rules[] = { "c.share", "c.sum", "c.keys", "c.values" };
	struct world w;
	char *want;

	(void)state;
	world_init(&w, text, NULL);
	for (int k = 0; k < 4; k++) {
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
	static const char *const rules[] = { "c.share", "c.sum", "c.keys", "c.values" };
	struct world w;
	struct account once;
	char *want;

	(void)state;
	world_init(&w, text, NULL);
	for (int k = 0; k < 4; k++) {
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

/* ---- by range ---- */

/* Peers by month and by kind, all at once, by what is given most; sums, values, people. */
static const char *const ranged[] = {
	"指标「贵药占比」\n  看 费用明细\n  按 机构、自然月\n"
	"  值 合计(金额 若 项目 是 B1) ÷ 合计(金额)\n  至少 2 次就诊\n"
	"指标「一年占比」\n  看 费用明细\n  按 机构、自然年\n"
	"  值 合计(金额 若 项目 是 B1) ÷ 合计(金额)\n"
	"规则 c.share 「占比异常」\n" HEAD
	"  对照 「贵药占比」 x\n  同类 机构类型 至少 3 家\n  触发 x > 中位\n"
	"  违规金额 合计(符合范围金额 若 项目 是 B1) × (x − 中位) ÷ x\n"
	"  说明 {机构}{自然月}占比{x}，中位{中位}，{违规金额}元\n",
	"规则 c.year 「全年占比异常」\n" HEAD
	"  对照 「一年占比」 x\n  同类 机构类型 至少 3 家\n  触发 x > 中位\n"
	"  违规金额 合计(符合范围金额 若 项目 是 B1) × (x − 中位) ÷ x\n"
	"  说明 {机构}{自然年}占比{x}，中位{中位}，{违规金额}元\n",
	"规则 c.sum 「机构当月人数」\n" HEAD
	"  看 费用明细\n  归并 机构、自然月\n  触发 不同(人员) > 2\n"
	"  违规金额 合计(符合范围金额)\n  说明 {机构}{自然月}{不同(人员)}人\n",
	"规则 c.values 「一个一个留下的值」\n" HEAD
	"  看 费用明细\n  归并 机构、自然月\n"
	"  触发 中位(单价) > 3 元 且 最大(单价) > 4 元 且 不同(项目) > 1 且 平均(金额) > 4 元\n"
	"  违规金额 合计(符合范围金额)\n"
	"  说明 {机构}{首个(项目)}{末个(单价)}{百分位(单价, 50%)}{最小(单价)}{累计(数量)}\n",
};
static const char *const ranged_id[] = { "c.share", "c.year", "c.sum", "c.values" };
enum { RANGED = 4, FACILITIES = 9, LINES = 160 };

static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

static void add_lines(struct buf *b, uint64_t seed)
{
	buf_adds(b, "  试例「一年」\n    机构 | 机构 | 机构类型 |\n");
	for (uint32_t i = 0; i < FACILITIES; i++)
		buf_addf(b, "         | H%u | %u |\n", i, 1 + i % 2);
	buf_adds(b, "    费用明细 | 流水 | 就诊 | 人员 | 机构 | 项目 | 时间 | 数量 | 单价 |\n");
	for (uint32_t i = 0; i < LINES; i++)
		buf_addf(b, "             | %u | M%u | P%u | H%u | %s |"
			 " 2026-%02u-%02u 09:00 | %u | %u |\n", i, i / 2, i / 2 % 37,
			 (i / 2 * 7 + i / 2 % 5) % FACILITIES, draw(&seed, 3) ? "A1" : "B1",
			 1 + i / 2 % 4, 1 + draw(&seed, 28), 1 + draw(&seed, 3),
			 1 + draw(&seed, 9));
	buf_adds(b, "    应命中 1 条\n");
}

static void findings_text(struct world *w, struct buf *out)
{
	buf_reset(out);
	for (uint32_t i = 0; i < w->found.n; i++) {
		buf_adds(out, world_line(w, i));
		buf_addc(out, '\n');
	}
}

/* Whatever the number of bins, of shards, of batches: findings, records, accounts. */
static void ranges_do_not_show(struct world *w, const char *id)
{
	struct buf want, got;
	struct account once;

	buf_init(&want, 0);
	buf_init(&got, 0);
	w->bins = 0;
	world_judge(w, id, 0, 1, 0);
	assert_true(w->found.n > 0);
	findings_text(w, &want);
	once = w->account;
	for (w->bins = 1; w->bins < 80; w->bins = w->bins * 3 + 1)
		for (uint32_t shards = 1; shards < 4; shards++) {
			world_judge(w, id, 0, shards, shards * 40);
			findings_text(w, &got);
			assert_string_equal(buf_cstr(&got), buf_cstr(&want));
			CHECK(memcmp(&once, &w->account, sizeof once) == 0);
		}
	buf_fini(&want);
	buf_fini(&got);
}

static void judged_range_by_range(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 6; seed++) {
		struct world w;
		struct buf rules;

		buf_init(&rules, 0);
		for (int i = 0; i < RANGED; i++) {
			buf_adds(&rules, ranged[i]);
			add_lines(&rules, seed);
		}
		world_init(&w, buf_cstr(&rules), NULL);
		for (int i = 0; i < RANGED; i++)
			ranges_do_not_show(&w, ranged_id[i]);
		world_fini(&w);
		buf_fini(&rules);
	}
}

/* ---- several measures of the same records by the same keys ---- */

#define SHARE(name, item) "指标「" name "」\n  看 费用明细\n  按 机构、自然月\n" \
	"  值 合计(金额 若 项目 是 " item ") ÷ 合计(金额)\n  至少 2 次就诊\n"
#define COMPARED(name, item) "  对照 「" name "」 x\n  同类 机构类型 至少 3 家\n  触发 x > 中位\n" \
	"  违规金额 合计(符合范围金额 若 项目 是 " item ") × (x − 中位) ÷ x\n" \
	"  说明 {机构}{自然月}占比{x}，中位{中位}，{违规金额}元\n"

static const char *const measured[] = {
	SHARE("贵药占比", "B1") "规则 c.share 「占比异常」\n" HEAD COMPARED("贵药占比", "B1"),
	SHARE("常药占比", "A1") "规则 c.common 「占比异常」\n" HEAD COMPARED("常药占比", "A1"),
	"规则 c.sum 「机构当月人数」\n" HEAD
	"  看 费用明细\n  归并 机构、自然月\n  触发 不同(人员) > 2\n"
	"  违规金额 合计(符合范围金额)\n  说明 {机构}{自然月}{不同(人员)}人\n",
	"规则 c.values 「一个一个留下的值」\n" HEAD
	"  看 费用明细\n  归并 机构、自然月\n  触发 中位(单价) > 3 元 且 不同(项目) > 1\n"
	"  违规金额 合计(符合范围金额)\n  说明 {机构}{首个(项目)}{末个(单价)}{最小(单价)}\n",
};
static const char *const measured_id[] = { "c.share", "c.common", "c.sum", "c.values" };
enum { MEASURED = 4 };

static void check_alone(struct world *together, int rule, uint64_t seed)
{
	struct buf rule_text, want, got;
	struct world alone;

	buf_init(&rule_text, 0);
	buf_init(&want, 0);
	buf_init(&got, 0);
	buf_adds(&rule_text, measured[rule]);
	add_lines(&rule_text, seed);
	world_init(&alone, buf_cstr(&rule_text), NULL);
	world_judge(&alone, measured_id[rule], 0, 1, 0);
	assert_true(alone.found.n > 0);
	findings_text(&alone, &want);
	for (uint32_t shards = 1; shards < 4; shards++) {
		together->replaceable = shards > 1;
		world_judge(together, measured_id[rule], 0, shards, shards * 40);
		findings_text(together, &got);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		CHECK(memcmp(&alone.account, &together->account, sizeof alone.account) == 0);
	}
	world_fini(&alone);
	buf_fini(&rule_text);
	buf_fini(&want);
	buf_fini(&got);
}

/* One cell for all of them: each finds what it finds alone, with the records behind it. */
static void measures_share_cells(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 6; seed++) {
		struct world w;
		struct buf rules;

		buf_init(&rules, 0);
		for (int i = 0; i < MEASURED; i++) {
			buf_adds(&rules, measured[i]);
			add_lines(&rules, seed);
		}
		world_init(&w, buf_cstr(&rules), NULL);
		CHECK_INT(plan_sources(w.plan), 1);
		for (int i = 0; i < MEASURED; i++)
			check_alone(&w, i, seed);
		world_fini(&w);
		buf_fini(&rules);
	}
}

/* ---- more cells than go into one lot ---- */

static const char *const lots[] = {
	"指标「贵药占比」\n  看 费用明细\n  按 机构、项目、自然月\n"
	"  值 合计(金额 若 单价 > 5 元) ÷ 合计(金额)\n  至少 3 笔\n"
	"规则 c.share 「占比异常」\n" HEAD
	"  对照 「贵药占比」 x\n  同类 至少 3 家\n  触发 x > 中位\n"
	"  违规金额 合计(符合范围金额 若 单价 > 5 元) × (x − 中位) ÷ x\n"
	"  说明 {机构}{自然月}占比{x}，中位{中位}，{违规金额}元\n",
	/* too many keys for a hash to tell them */
	"规则 c.keys 「归并的项多」\n" HEAD
	"  看 费用明细\n  归并 机构、项目、单价、数量、自然月\n  触发 笔数 > 1\n"
	"  违规金额 合计(符合范围金额)\n  说明 {机构}{项目}{笔数}笔\n",
};
static const char *const lots_id[] = { "c.share", "c.keys" };
enum { MANY_LINES = 12000, MANY_ITEMS = 110, MONTHS = 8 };

static void add_many_lines(struct buf *b)
{
	uint64_t seed = 7;

	buf_adds(b, "  试例「许多」\n"
		 "    费用明细 | 流水 | 就诊 | 人员 | 机构 | 项目 | 时间 | 数量 | 单价 |\n");
	for (uint32_t i = 0; i < MANY_LINES; i++)
		buf_addf(b, "             | %u | M%u | P%u | H%u | A%u |"
			 " 2026-%02u-%02u 09:00 | %u | %u |\n", i, i, i % 701,
			 draw(&seed, FACILITIES), draw(&seed, MANY_ITEMS),
			 1 + draw(&seed, MONTHS), 1 + draw(&seed, 28), 1 + draw(&seed, 3),
			 1 + draw(&seed, 9));
	buf_adds(b, "    应命中 1 条\n");
}

static void lots_do_not_show(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;
		struct buf rule, want, got;
		struct account once;

		buf_init(&rule, 0);
		buf_init(&want, 0);
		buf_init(&got, 0);
		buf_adds(&rule, lots[i]);
		add_many_lines(&rule);
		world_init(&w, buf_cstr(&rule), NULL);
		world_judge(&w, lots_id[i], 0, 1, 0);
		assert_true(w.found.n > 100);
		findings_text(&w, &want);
		once = w.account;
		for (uint32_t k = 0; k < 3; k++) {
			w.replaceable = k > 0;
			w.keep = k > 1;
			world_judge(&w, lots_id[i], 0, 2 + k % 2, 0);
			findings_text(&w, &got);
			assert_string_equal(buf_cstr(&got), buf_cstr(&want));
			CHECK(memcmp(&once, &w.account, sizeof once) == 0);
		}
		world_fini(&w);
		buf_fini(&rule);
		buf_fini(&want);
		buf_fini(&got);
	}
}

/* Every byte of a piece changed or cut: refused, or other numbers, never read beyond. */
static void keep_bytes(void *ctx, uint32_t bin, struct str bytes)
{
	struct buf *b = ctx;

	(void)bin;
	buf_reset(b);
	buf_addstr(b, bytes);
}

static void damaged_pieces_are_refused(void **state)
{
	struct world w;
	struct cells *cells;
	struct judge *j;
	struct buf piece;
	struct err e = { 0 };
	struct chunk *c;

	(void)state;
	world_init(&w, text, NULL);
	buf_init(&piece, 0);
	c = example_build(&w.rules->rule[0].example[0], &e);
	j = judge_new(w.plan, &(struct judge_conf){ .batch_rows = 0 });
	for (unsigned s = 0; s < STREAM_STORED; s++)
		assert_true(judge_add(j, c, (enum stream)s, NULL, 0, 0, &e));
	judge_all(j, NULL, NULL);
	judge_cut_cells(j, 1, keep_bytes, &piece);
	assert_true(piece.n > 100);
	for (size_t i = 0; i < piece.n; i++) {
		cells = cells_new(w.plan, false);
		CHECK(!cells_join(cells, (struct str){ piece.p, (uint32_t)i }, 1, &e));
		cells_free(cells);
		cells = cells_new(w.plan, false);
		piece.p[i] ^= (char)0x55;
		(void)cells_join(cells, buf_str(&piece), 1, &e);
		piece.p[i] ^= (char)0x55;
		cells_free(cells);
	}
	chunk_free(c);
	judge_free(j);
	buf_fini(&piece);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_far_above_its_peers),
		cmocka_unit_test(shards_and_batches_do_not_show),
		cmocka_unit_test(subjects_replace_what_they_gave),
		cmocka_unit_test(judged_range_by_range),
		cmocka_unit_test(measures_share_cells),
		cmocka_unit_test(lots_do_not_show),
		cmocka_unit_test(damaged_pieces_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
