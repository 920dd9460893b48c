/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_lex.c - tokens: twins of full-width signs, numbers, dates, names, places.
 */
#include "lib/rule/lex.h"

#include <string.h>

#include "tests/check.h"

struct fixture {
	struct diag_list d;
	struct arena a;
	struct lexer l;
};

static void open_text(struct fixture *f, const char *text)
{
	diag_init(&f->d, true);
	arena_init(&f->a);
	lex_init(&f->l, diag_source(&f->d, "t", str_of(text)), &f->a, &f->d);
}

static void close_text(struct fixture *f)
{
	diag_fini(&f->d);
	arena_fini(&f->a);
}

static const char *const kinds[] = {
	[TOKEN_END] = "end",	 [TOKEN_WORD] = "word",	    [TOKEN_NUMBER] = "number",
	[TOKEN_DATE] = "date",	 [TOKEN_STRING] = "string", [TOKEN_NAME] = "name",
	[TOKEN_REGEX] = "regex", [TOKEN_BAD] = "bad",	    [TOKEN_LPAREN] = "(",
	[TOKEN_RPAREN] = ")",	 [TOKEN_LBRACKET] = "[",    [TOKEN_RBRACKET] = "]",
	[TOKEN_COMMA] = ",",	 [TOKEN_COLON] = ":",	    [TOKEN_DOT] = ".",
	[TOKEN_PLUS] = "+",	 [TOKEN_MINUS] = "-",	    [TOKEN_STAR] = "*",
	[TOKEN_SLASH] = "/",	 [TOKEN_PERCENT] = "%",	    [TOKEN_BAR] = "|",
	[TOKEN_ASSIGN] = "=",	 [TOKEN_LT] = "<",	    [TOKEN_LE] = "<=",
	[TOKEN_GT] = ">",	 [TOKEN_GE] = ">=",	    [TOKEN_NE] = "<>",
};

/* All tokens as "kind:text" joined by blanks; signs by their sign. */
static void check_tokens(const char *text, const char *want)
{
	struct fixture f;
	struct buf b;

	open_text(&f, text);
	buf_init(&b, 0);
	for (struct token t; (t = lex_next(&f.l)).kind != TOKEN_END; ) {
		buf_adds(&b, b.n > 0 ? " " : "");
		buf_adds(&b, kinds[t.kind]);
		if (t.kind >= TOKEN_WORD && t.kind < TOKEN_REGEX)
			buf_addf(&b, ":" STR_FMT, STR_ARG(t.text));
	}
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
	close_text(&f);
}

static void words_and_signs(void **state)
{
	(void)state;
	check_tokens("", "");
	check_tokens("项目 不在名单「甲」", "word:项目 word:不在名单 name:甲");
	check_tokens("a<=b>=c!=d<>e", "word:a <= word:b >= word:c <> word:d <> word:e");
	check_tokens("by-table x - y x-1", "word:by-table word:x - word:y word:x - number:1");
	check_tokens("上限-数量", "word:上限 - word:数量");
	check_tokens("甲.项目", "word:甲 . word:项目");
	check_tokens("CT费 Ⅲ级 ①", "word:CT费 word:Ⅲ级 word:①");
	check_tokens("“一段 文本”\"另\"", "string:一段 文本 string:另");
}

static void full_width(void **state)
{
	(void)state;
	check_tokens("（１２，３．５）＞＝ａｂ［ｃ］", "( number:12 , number:3.5 ) >= word:ab [ word:c ]");
	check_tokens("a、b，c：d　e", "word:a , word:b , word:c : word:d word:e");
	check_tokens("a×b÷c−d＋e≥f≤g≠h％",
		     "word:a * word:b / word:c - word:d + word:e >= word:f <= word:g <> word:h %");
	check_tokens("「全角　名」", "name:全角　名");
}

static void numbers_and_dates(void **state)
{
	(void)state;
	check_tokens("7天 200.00元 30%", "number:7 word:天 number:200.00 word:元 number:30 %");
	check_tokens("2026-03-01 2026-3-1", "date:2026-03-01 date:2026-3-1");
	check_tokens("2026-13-01", "bad");
	check_tokens("20260301 1-2-3", "number:20260301 number:1 - number:2 - number:3");
	check_tokens("1.", "number:1 .");
}

static void number_values(void **state)
{
	struct fixture f;
	struct token t;

	(void)state;
	open_text(&f, "0.50 123456789012345678 1234567890123456789");
	t = lex_next(&f.l);
	assert_true(t.number_ok && rat_cmp(t.value, (struct rat){ 1, 2 }, NULL) == 0);
	assert_true(lex_next(&f.l).number_ok);
	t = lex_next(&f.l);
	assert_false(t.number_ok); /* a long code, not a number */
	CHECK_STR(t.text, "1234567890123456789");
	close_text(&f);
}

static void comments_and_lines(void **state)
{
	struct fixture f;
	struct token t;

	(void)state;
	check_tokens("# all\na # rest\n  b", "word:a word:b");
	check_tokens("a#b", "word:a bad word:b");
	open_text(&f, "\xef\xbb\xbf规则 a\n\t看 b\n　条件");
	t = lex_next(&f.l);
	assert_true(t.first && t.indent == 0);
	t = lex_next(&f.l);
	assert_false(t.first);
	t = lex_next(&f.l);
	assert_true(t.first);
	assert_int_equal(t.indent, 8);
	lex_next(&f.l);
	t = lex_next(&f.l);
	assert_int_equal(t.indent, 2);
	assert_false(t.tight);
	close_text(&f);
}

static void blocks_by_indent(void **state)
{
	static const char text[] = "规则 a\n  看 b\n    c\n\n# d\n  条件 e\n规则 f\n";
	struct fixture f;
	struct token t;

	(void)state;
	open_text(&f, text);
	t = lex_next(&f.l);
	assert_int_equal(lex_block_end(&f.l, &t), (uint32_t)(strstr(text, "规则 f") - text));
	lex_next(&f.l);
	t = lex_next(&f.l); /* 看 */
	assert_int_equal(lex_block_end(&f.l, &t), (uint32_t)(strstr(text, "# d") - text));
	f.l.limit = lex_block_end(&f.l, &t);
	assert_int_equal(lex_next(&f.l).kind, TOKEN_WORD);
	assert_int_equal(lex_next(&f.l).kind, TOKEN_WORD);
	assert_int_equal(lex_next(&f.l).kind, TOKEN_END);
	close_text(&f);
}

static void spans_are_bytes(void **state)
{
	struct fixture f;
	struct token t;
	uint32_t line, col;

	(void)state;
	open_text(&f, "甲乙 丙\n  丁");
	lex_next(&f.l);
	t = lex_next(&f.l);
	assert_int_equal(t.at.start, 7);
	assert_int_equal(t.at.end, 10);
	t = lex_next(&f.l);
	diag_place(&f.d, t.at, &line, &col);
	assert_int_equal(line, 2);
	assert_int_equal(col, 3);
	close_text(&f);
}

static void unclosed(void **state)
{
	struct fixture f;

	(void)state;
	open_text(&f, "「甲\n乙」 \"丙\n");
	while (lex_next(&f.l).kind != TOKEN_END)
		;
	assert_int_equal(f.d.errors, 3); /* 「甲, 」, "丙 */
	close_text(&f);
}

static void patterns(void **state)
{
	struct fixture f;
	struct token t;

	(void)state;
	open_text(&f, "  /^a\\/[、]b$/ c");
	t = lex_regex(&f.l);
	assert_int_equal(t.kind, TOKEN_REGEX);
	CHECK_STR(t.text, "^a\\/[、]b$");
	CHECK_STR(lex_next(&f.l).text, "c");
	close_text(&f);
	open_text(&f, "/abc\n/");
	assert_int_equal(lex_regex(&f.l).kind, TOKEN_BAD);
	assert_int_equal(f.d.errors, 1);
	close_text(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_signs),    cmocka_unit_test(full_width),
		cmocka_unit_test(numbers_and_dates),  cmocka_unit_test(number_values),
		cmocka_unit_test(comments_and_lines), cmocka_unit_test(blocks_by_indent),
		cmocka_unit_test(spans_are_bytes),    cmocka_unit_test(unclosed),
		cmocka_unit_test(patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
