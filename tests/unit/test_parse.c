/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_parse.c - blocks, clauses and the trees of expressions; recovery; bounds.
 */
#include "lib/rule/syntax.h"

#include <string.h>

#include "tests/check.h"

struct fixture {
	struct diag_list d;
	struct arena a;
	struct syn_block *blocks;
	struct buf words;
};

static void open_text(struct fixture *f, const char *text)
{
	struct syn_block **tail = &f->blocks;

	memset(f, 0, sizeof *f);
	diag_init(&f->d, true);
	arena_init(&f->a);
	buf_init(&f->words, 0);
	syntax_parse(diag_source(&f->d, "d/t.rules", str_of(text)), &f->a, &f->d, &tail);
	for (uint32_t i = 0; i < f->d.n; i++)
		buf_addf(&f->words, "%s%s", i > 0 ? " " : "", diag_word(f->d.diag[i].code));
}

static void close_text(struct fixture *f)
{
	diag_fini(&f->d);
	arena_fini(&f->a);
	buf_fini(&f->words);
}

static const char *const ops[] = {
	[EXPR_EQ] = "=", [EXPR_NE] = "<>", [EXPR_LT] = "<", [EXPR_LE] = "<=", [EXPR_GT] = ">",
	[EXPR_GE] = ">=", [EXPR_AND] = "and", [EXPR_OR] = "or", [EXPR_ADD] = "+", [EXPR_SUB] = "-",
	[EXPR_MUL] = "*", [EXPR_DIV] = "/",
};

static void show(const struct syn *s, struct buf *b)
{
	static const char *const kinds[] = {
		[SYN_ERROR] = "error",	   [SYN_NOT] = "not",	    [SYN_NEG] = "neg",
		[SYN_BELONGS] = "belongs", [SYN_IN] = "in",	    [SYN_INLIST] = "inlist",
		[SYN_BETWEEN] = "between", [SYN_STARTS] = "starts", [SYN_MATCH] = "match",
		[SYN_NULL] = "null",	   [SYN_CALL] = "call",	    [SYN_LOOKUP] = "lookup",
	};

	if (s->kind == SYN_NUMBER || s->kind == SYN_NAME || s->kind == SYN_DATE) {
		buf_addf(b, STR_FMT STR_FMT, STR_ARG(s->text), STR_ARG(s->unit));
		return;
	}
	if (s->kind == SYN_TEXT) {
		buf_addf(b, "'" STR_FMT "'", STR_ARG(s->text));
		return;
	}
	buf_addf(b, "(%s%s", s->negated ? "!" : "",
		 s->kind == SYN_BINARY ? ops[s->op] : kinds[s->kind]);
	if (s->text.n > 0)
		buf_addf(b, ":" STR_FMT, STR_ARG(s->text));
	if (s->part.n > 0)
		buf_addf(b, "." STR_FMT, STR_ARG(s->part));
	for (uint32_t i = 0; i < s->n_arg; i++) {
		buf_addc(b, ' ');
		show(s->arg[i], b);
	}
	if (s->cond != NULL) {
		buf_adds(b, " if ");
		show(s->cond, b);
	}
	buf_addc(b, ')');
}

static void check_tree(const char *expr, const char *want)
{
	struct fixture f;
	struct buf text, got;

	buf_init(&text, 0);
	buf_init(&got, 0);
	buf_addf(&text, "规则 a 「a」\n  条件 %s\n", expr);
	open_text(&f, buf_cstr(&text));
	assert_string_equal(buf_cstr(&f.words), "");
	show(f.blocks->clause[KW_WHERE]->expr, &got);
	assert_string_equal(buf_cstr(&got), want);
	close_text(&f);
	buf_fini(&text);
	buf_fini(&got);
}

static void check_bad(const char *expr, const char *want)
{
	struct fixture f;
	struct buf text;

	buf_init(&text, 0);
	buf_addf(&text, "规则 a 「a」\n  条件 %s\n  看 费用明细\n", expr);
	open_text(&f, buf_cstr(&text));
	assert_string_equal(buf_cstr(&f.words), want);
	assert_non_null(f.blocks->clause[KW_ON]); /* the next clause was read */
	close_text(&f);
	buf_fini(&text);
}

static void precedence(void **state)
{
	(void)state;
	check_tree("a 或 b 且 c", "(or a (and b c))");
	check_tree("(a 或 b) 且 c", "(and (or a b) c)");
	check_tree("a + b × c − d ÷ 2 > 3 且 e", "(and (> (- (+ a (* b c)) (/ d 2)) 3) e)");
	check_tree("a - b - c > 0", "(> (- (- a b) c) 0)");
	check_tree("非 a 且 b", "(and (not a) b)");
	check_tree("−a × −3 < −(b)", "(< (* (neg a) (neg 3)) (neg b))");
	check_tree("a 是 b + 1", "(= a (+ b 1))");
}

static void tests(void **state)
{
	(void)state;
	check_tree("a 介于 1 与 3 且 b 不在(1、2)", "(and (between a 1 3) (!in b 1 2))");
	check_tree("a between 1 and 3 and b not-in (1, 2)", "(and (between a 1 3) (!in b 1 2))");
	check_tree("a 不属于 住院 或 b 开头是 X", "(or (!belongs a 住院) (starts b X))");
	check_tree("a 在名单「名」", "(inlist:名 a)");
	check_tree("(a、b) 不在名单「名」", "(!inlist:名 a b)");
	check_tree("a 匹配 /x\\/(y)/ 且 b", "(and (match:x\\/(y) a) b)");
	check_tree("a 为空 或 b 不为空", "(or (null a) (!null b))");
	check_tree("「表」[a、甲.b].列 > 7 天", "(> (lookup:表.列 a 甲.b) 7天)");
	check_tree("\"表\"[a].列 > 7 days", "(> (lookup:表.列 a) 7days)");
	check_tree("合计(a 若 b 是 c) > 1", "(> (call:合计 a if (= b c)) 1)");
	check_tree("笔数() > 1 且 笔数(若 a) > 2", "(and (> (call:笔数) 1) (> (call:笔数 if a) 2))");
	check_tree("a 是 250403014a 且 b 是 I10.x00", "(and (= a 250403014a) (= b I10.x00))");
	check_tree("a = 2026-03-01", "(= a 2026-03-01)");
}

static void broken(void **state)
{
	(void)state;
	check_bad("a >", "syntax");
	check_bad("a > > b", "syntax");
	check_bad("(a > 3", "syntax");
	check_bad("a 在名单 名", "syntax");
	check_bad("a 匹配 x", "syntax");
	check_bad("a 匹配 /x", "open-quote");
	check_bad("a > 3 b", "trailing");
	check_bad("a > 3 > 4", "trailing");
	check_bad("「表」[a", "syntax");
	check_bad("「表」[a].", "syntax");
	check_bad("a 介于 1", "syntax");
	check_bad("a §", "bad-character");
	check_bad("", "syntax");
}

static void nesting_is_bounded(void **state)
{
	struct fixture f;
	struct buf text;

	(void)state;
	for (int depth = 60; depth <= 4000; depth = depth < 100 ? 100 : depth * 40) {
		buf_init(&text, 0);
		buf_adds(&text, "规则 a 「a」\n  条件 ");
		buf_fill(&text, '(', (size_t)depth);
		buf_adds(&text, "a");
		buf_fill(&text, ')', (size_t)depth);
		buf_adds(&text, "\n");
		open_text(&f, buf_cstr(&text));
		assert_string_equal(buf_cstr(&f.words), depth == 60 ? "" : "too-deep");
		close_text(&f);
		buf_fini(&text);
	}
}

static void blocks_and_clauses(void **state)
{
	struct fixture f;
	const struct syn_block *b;

	(void)state;
	open_text(&f, "名单「甲」 来自 x/y.csv 键 项目 前缀、机构\n"
		      "表「乙」\n  来自 \"a b.csv\"\n  键 项目\n  列 窗口 : 窗口、价\n  有效 b 至 e\n"
		      "规则 a.b 「题」\n  参数 x = 1\n       y = 2\n  参数 z = 3\n  依据 《条例》第1条（#号）\n"
		      "  说明 {a}共{{{b}}}次\n    续行\n覆盖 a.b\n  状态 停用\n例外 来自 e.csv\n");
	assert_string_equal(buf_cstr(&f.words), "");
	b = f.blocks;
	assert_string_equal(b->folder, "d/");
	CHECK_STR(b->clause[KW_FROM]->text, "x/y.csv");
	assert_int_equal(b->clause[KW_KEY]->n_item, 2);
	CHECK_STR(b->clause[KW_KEY]->item[0].extra, "前缀");
	b = b->next;
	CHECK_STR(b->clause[KW_FROM]->text, "a b.csv");
	CHECK_STR(b->clause[KW_COLUMNS]->item[0].extra, "窗口");
	assert_int_equal(b->clause[KW_VALID]->n_item, 2);
	b = b->next;
	CHECK_STR(b->id, "a.b");
	assert_int_equal(b->clause[KW_PARAM]->n_item, 2);
	assert_int_equal(b->clause[KW_PARAM]->next->n_item, 1);
	CHECK_STR(b->clause[KW_BASIS]->text, "《条例》第1条（#号）");
	assert_int_equal(b->clause[KW_SAY]->n_item, 4);
	CHECK_STR(b->clause[KW_SAY]->item[1].name, "共{");
	CHECK_STR(b->clause[KW_SAY]->item[3].name, "}次续行");
	b = b->next;
	assert_int_equal(b->keyword, KW_OVERRIDE);
	b = b->next;
	assert_int_equal(b->keyword, KW_EXCEPTION);
	assert_null(b->next);
	close_text(&f);
}

static void recovery(void **state)
{
	struct fixture f;

	(void)state;
	open_text(&f, "规泽 a\n  看 b\n条件 c\n规则 A-b 「x」\n  看见 费用明细\n  条件 a >\n  看 费用明细\n"
		      "  看 费用明细\n规则 「y」\n  看 费用明细\n规则 c.d 「z」 多余\n  看 费用明细\n");
	assert_string_equal(buf_cstr(&f.words), "unknown-block bad-indent bad-id unknown-clause "
						"syntax clause-twice syntax trailing");
	close_text(&f);
}

static void examples(void **state)
{
	struct fixture f;
	const struct syn_example *x;

	(void)state;
	open_text(&f, "规则 a 「a」\n  试例「一」\n    费用明细 | 流水 | 项目 |\n    # 注释\n      "
		      "       | 1    | a b  |\n"
		      "             ｜ 2 ｜  ｜\n    结算 | 结算\n    | S1\n    应命中 2 "
		      "条，违规金额 1.50 元\n"
		      "    应无法判断 1 条\n  试例「二」\n    应命中 0 条\n");
	assert_string_equal(buf_cstr(&f.words), "");
	assert_int_equal(f.blocks->n_example, 2);
	x = &f.blocks->example[0];
	assert_int_equal(x->n_table, 2);
	assert_int_equal(x->table[0].n_row, 2);
	assert_int_equal(x->table[0].head.n_cell, 2);
	CHECK_STR(x->table[0].row[0].cell[1], "a b");
	assert_int_equal(x->table[0].row[1].n_cell, 2);
	assert_int_equal(x->table[0].row[1].cell[1].n, 0);
	CHECK_STR(x->table[1].row[0].cell[0], "S1");
	assert_int_equal(x->hits, 2);
	CHECK_STR(x->amount, "1.50");
	assert_int_equal(x->unknown, 1);
	assert_true(f.blocks->example[1].expects);
	close_text(&f);
}

static void unreadable(void **state)
{
	struct fixture f;

	(void)state;
	open_text(&f, "规则 a \xff\n");
	assert_string_equal(buf_cstr(&f.words), "bad-utf8");
	assert_null(f.blocks);
	close_text(&f);
	open_text(&f, "");
	assert_string_equal(buf_cstr(&f.words), "");
	close_text(&f);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(precedence),
		cmocka_unit_test(tests),
		cmocka_unit_test(broken),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(blocks_and_clauses),
		cmocka_unit_test(recovery),
		cmocka_unit_test(examples),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
