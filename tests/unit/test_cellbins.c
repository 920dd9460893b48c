/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_cellbins.c - cells on disk: in ranges, taken out and in again, the file added up.
 */
#include "daemon/work/cellbins.h"

#include <string.h>

#include "lib/finding/example_build.h"
#include "lib/rule/plan.h"
#include "tests/check.h"
#include "tests/support/world.h"

enum { LINES = 600, ROUNDS = 12 };

static const char head[] =
	"规则 c.sum 「机构当日人数」\n  版本 1\n  类别 政策类\n  性质 线索\n  环节 事后\n"
	"  级别 中\n  状态 启用\n"
	"  看 费用明细\n  归并 机构、自然日\n  触发 不同(人员) > 2\n"
	"  违规金额 合计(符合范围金额)\n  说明 {机构}{自然日}{不同(人员)}人\n"
	"  试例「许多」\n"
	"    费用明细 | 流水 | 就诊 | 人员 | 机构 | 时间 | 数量 | 单价 |\n";

struct scene {
	struct world w;
	struct judge *j;
	struct chunk *c;
};

static void scene_init(struct scene *s)
{
	struct err e = { 0 };
	struct buf text;

	buf_init(&text, 0);
	buf_adds(&text, head);
	for (int i = 0; i < LINES; i++)
		buf_addf(&text, "             | %d | M%d | P%d | H%d |"
			 " 2026-%02d-%02d 09:00 | 1 | 9 |\n", i, i, i % 11, i % 7, 1 + i / 4 % 3,
			 1 + i / 12 % 9);
	buf_adds(&text, "    应命中 1 条\n");
	world_init(&s->w, buf_cstr(&text), NULL);
	buf_fini(&text);
	s->c = example_build(&s->w.rules->rule[0].example[0], &e);
	assert_non_null(s->c);
	s->j = judge_new(s->w.plan, &(struct judge_conf){ .batch_rows = 0 });
	for (unsigned k = 0; k < STREAM_STORED; k++)
		assert_true(judge_add(s->j, s->c, (enum stream)k, NULL, 0, 0, &e));
	judge_all(s->j, NULL, NULL);
}

static void scene_fini(struct scene *s)
{
	judge_free(s->j);
	chunk_free(s->c);
	world_fini(&s->w);
}

static struct account judged(struct scene *s, struct cellbins *b)
{
	struct account account = { .unknown_field = FIELD_NONE };
	struct verdict *v = verdict_by_range(1, NULL);
	struct err e = { 0 };

	assert_true(cellbins_judge(b, v, &account, &e));
	assert_int_equal(verdict_count(v), account.hits);
	assert_int_equal(account.records, s->w.account.records);
	assert_int_equal(account.hit, s->w.account.hit);
	assert_int_equal(account.no_hit, s->w.account.no_hit);
	verdict_free(v);
	return account;
}

/* A little memory: many ranges. Much: one. */
static void as_many_ranges_as_it_takes(void **state)
{
	static const uint64_t memory[] = { 1, 20000, 1 << 30 };
	uint32_t ranges[3];
	struct scene s;
	struct err e = { 0 };

	(void)state;
	scene_init(&s);
	world_judge(&s.w, "c.sum", 0, 1, 0);
	assert_true(s.w.account.hit > 5);
	for (int i = 0; i < 3; i++) {
		struct cellbins *b = cellbins_new(s.w.plan, ".", memory[i], &e);

		assert_non_null(b);
		cellbins_add(b, s.j, 1);
		judged(&s, b);
		ranges[i] = cellbins_ranges(b);
		cellbins_free(b);
	}
	assert_true(ranges[0] > 50);
	assert_in_range(ranges[1], 2, ranges[0] - 1);
	assert_int_equal(ranges[2], 1);
	scene_fini(&s);
}

/* Again and again taken out and put in: the same sums, in a file that does not grow for ever. */
static void what_piles_up_is_added_up(void **state)
{
	struct scene s;
	struct err e = { 0 };
	struct cellbins *b;
	uint64_t first, most = 0;

	(void)state;
	scene_init(&s);
	world_judge(&s.w, "c.sum", 0, 1, 0);
	b = cellbins_new(s.w.plan, ".", 20000, &e);
	cellbins_add(b, s.j, 1);
	judged(&s, b);
	first = cellbins_bytes(b);
	for (int i = 0; i < ROUNDS; i++) {
		cellbins_add(b, s.j, -1);
		cellbins_add(b, s.j, 1);
		most = cellbins_bytes(b) > most ? cellbins_bytes(b) : most;
		judged(&s, b);
	}
	assert_true(most <= 6 * first);
	cellbins_clear(b, s.w.plan);
	assert_int_equal(cellbins_bytes(b), 0);
	s.w.account = (struct account){ 0 };
	judged(&s, b);
	cellbins_free(b);
	assert_null(cellbins_new(s.w.plan, "no/such/folder", 1, &e));
	scene_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_ranges_as_it_takes),
		cmocka_unit_test(what_piles_up_is_added_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
