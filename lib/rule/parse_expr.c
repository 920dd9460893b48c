/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parse_expr.c - expressions by recursive descent; the grammar stands above each function.
 *
 * Binary operators are climbed by the precedence table below. Units, names with dots and
 * codes that begin with digits are put together here, for only the parser knows
 * that two tokens touch.
 */
#include "lib/rule/parse.h"

#include <stdio.h>
#include <string.h>

#include "lib/rule/marks.h"

struct list {
	struct syn *item[PARSE_MAX_VALUES];
	uint32_t n;
};

static struct syn *sub_expr(struct parser *p, unsigned min);

static struct syn *new_syn(struct parser *p, enum syn_kind kind, uint32_t start)
{
	struct syn *s = arena_new(p->arena, struct syn);

	s->kind = p->failed ? SYN_ERROR : kind;
	s->at = parse_span(p, start);
	return s;
}

static void set_args(struct parser *p, struct syn *s, struct syn *first, const struct list *rest)
{
	uint32_t n = rest == NULL ? 0 : rest->n, k = 0;

	s->arg = arena_array(p->arena, n + (size_t)1, sizeof *s->arg);
	if (first != NULL)
		s->arg[k++] = first;
	for (uint32_t i = 0; i < n; i++)
		s->arg[k++] = rest->item[i];
	s->n_arg = k;
}

static bool enter(struct parser *p)
{
	char most[16];

	if (++p->depth <= 2 * PARSE_MAX_DEPTH) /* a bracket enters twice */
		return true;
	if (!p->failed) {
		snprintf(most, sizeof most, "%d", PARSE_MAX_DEPTH);
		diag_add(p->d, p->tok.at, DIAG_TOO_DEEP, most);
	}
	p->failed = true;
	return false;
}

static void add(struct parser *p, struct list *l, struct syn *s)
{
	if (l->n == PARSE_MAX_VALUES)
		parse_too_long(p, PARSE_MAX_VALUES);
	else
		l->item[l->n++] = s;
}

/* list = sum ("、" sum)* */
static void sum_list(struct parser *p, struct list *l)
{
	do {
		add(p, l, parse_sum(p));
	} while (!p->failed && parse_take(p, TOKEN_COMMA));
}

/* values = "(" list ")" | sum */
static void values(struct parser *p, struct list *l)
{
	if (!parse_is(p, TOKEN_LPAREN)) {
		add(p, l, parse_sum(p));
		return;
	}
	parse_advance(p);
	sum_list(p, l);
	parse_want(p, TOKEN_RPAREN, "“)”", "`)`");
}

/* arguments = [expr ("、" expr)*] ["若" expr] ")" */
static void arguments(struct parser *p, struct syn *call)
{
	struct list l = { .n = 0 };

	if (!parse_is(p, TOKEN_RPAREN) && !parse_is_word(p, KW_IF)) {
		do {
			add(p, &l, parse_expr(p));
		} while (!p->failed && parse_take(p, TOKEN_COMMA));
	}
	if (parse_take_word(p, KW_IF))
		call->cond = parse_expr(p);
	parse_want(p, TOKEN_RPAREN, "“)”", "`)`");
	set_args(p, call, NULL, &l);
}

static bool touches(const struct parser *p)
{
	return p->tok.tight && (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_NUMBER));
}

/* name = (word | number) ("." (word | number))*, nothing between them */
struct syn *parse_name(struct parser *p)
{
	uint32_t start = p->tok.at.start;
	struct syn *s;
	struct buf b;

	buf_init(&b, 400);
	if (!parse_is(p, TOKEN_WORD) && !parse_is(p, TOKEN_NUMBER))
		parse_fail(p, "一个名字", "a name");
	while (!p->failed) {
		buf_addstr(&b, p->tok.text);
		parse_advance(p);
		if (touches(p))
			continue;
		if (!parse_is(p, TOKEN_DOT) || !p->tok.tight)
			break;
		buf_addc(&b, '.');
		parse_advance(p);
		if (!touches(p))
			parse_fail(p, "点后面的名字", "a name behind the dot");
	}
	s = new_syn(p, SYN_NAME, start);
	s->text = arena_str(p->arena, buf_str(&b));
	s->text_at = s->at;
	buf_fini(&b);
	return s;
}

static const char *const units[] = {
	"元", "万元", "wan", "天", "日", "周", "小时", "分钟", "次", "笔", "条", "个", "岁", "人", "家",
	"yuan", "day", "days", "week", "weeks", "hour", "hours", "minute", "minutes", "times",
	"lines", "records", "pieces", "years", "persons", "facilities",
};

bool parse_is_unit(struct str s)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (str_eq(s, str_of(units[i])))
			return true;
	return false;
}

/* number = digits [unit | "%"] | code that begins with digits */
static struct syn *number(struct parser *p)
{
	struct token first = p->tok;
	struct parser saved = *p;
	struct syn *s;

	parse_advance(p);
	if (p->tok.tight && (parse_is(p, TOKEN_WORD) || parse_is(p, TOKEN_DOT)) &&
	    !parse_is_unit(p->tok.text)) {
		*p = saved;
		return parse_name(p);
	}
	s = new_syn(p, SYN_NUMBER, first.at.start);
	s->text = first.text;
	s->text_at = first.at;
	s->value = first.value;
	s->number_ok = first.number_ok;
	if (parse_is(p, TOKEN_WORD) && parse_is_unit(p->tok.text)) {
		s->unit = p->tok.text;
		parse_advance(p);
	} else if (parse_is(p, TOKEN_PERCENT)) {
		s->unit = STR("%");
		parse_advance(p);
	}
	s->at = parse_span(p, first.at.start);
	return s;
}

/* lookup = 「table」 "[" list "]" "." word */
static struct syn *lookup(struct parser *p)
{
	uint32_t start = p->tok.at.start;
	struct token name = p->tok;
	struct list l = { .n = 0 };
	struct syn *s, *column;

	parse_advance(p);
	parse_want(p, TOKEN_LBRACKET, "“[”和表的键", "`[` and the keys of the table");
	if (!p->failed)
		sum_list(p, &l);
	parse_want(p, TOKEN_RBRACKET, "“]”", "`]`");
	parse_want(p, TOKEN_DOT, "“.”和列名", "`.` and a column");
	column = p->failed ? NULL : parse_name(p);
	s = new_syn(p, SYN_LOOKUP, start);
	s->text = name.text;
	s->text_at = name.at;
	if (column != NULL) {
		s->part = column->text;
		s->part_at = column->at;
	}
	set_args(p, s, NULL, &l);
	return s;
}

/* call = word "(" arguments */
static struct syn *name_or_call(struct parser *p)
{
	uint32_t start = p->tok.at.start;
	struct syn *name = parse_name(p), *call;

	if (p->failed || !parse_is(p, TOKEN_LPAREN))
		return name;
	parse_advance(p);
	call = new_syn(p, SYN_CALL, start);
	call->text = name->text;
	call->text_at = name->at;
	arguments(p, call);
	call->at = parse_span(p, start);
	if (p->failed)
		call->kind = SYN_ERROR;
	return call;
}

/* Several keys of one list: (a、b) 在名单「…」. A call without a name until then. */
static struct syn *tuple(struct parser *p, struct syn *first, uint32_t start)
{
	struct list l = { .n = 0 };
	struct syn *s;

	while (!p->failed && parse_take(p, TOKEN_COMMA))
		add(p, &l, parse_sum(p));
	parse_want(p, TOKEN_RPAREN, "“)”", "`)`");
	s = new_syn(p, SYN_CALL, start);
	set_args(p, s, first, &l);
	return s;
}

static struct syn *bracketed(struct parser *p)
{
	uint32_t start = p->tok.at.start;
	struct syn *s;

	parse_advance(p);
	s = parse_expr(p);
	if (parse_is(p, TOKEN_COMMA))
		return tuple(p, s, start);
	parse_want(p, TOKEN_RPAREN, "“)”", "`)`");
	s->bracketed = true;
	s->at = parse_span(p, start);
	return s;
}

static struct syn *literal(struct parser *p, enum syn_kind kind)
{
	struct token t = p->tok;
	struct syn *s;

	parse_advance(p);
	s = new_syn(p, kind, t.at.start);
	s->text = t.text;
	s->text_at = t.at;
	s->day = t.day;
	return s;
}

/* A quoted text before "[" names a table, as 「…」 does. */
static bool before_bracket(const struct parser *p)
{
	struct lexer ahead = p->lex;

	return lex_next(&ahead).kind == TOKEN_LBRACKET;
}

/* primary = number | date | text | lookup | call | name | "(" expr ")" */
static struct syn *primary(struct parser *p)
{
	switch (p->tok.kind) {
	case TOKEN_NUMBER:
		return number(p);
	case TOKEN_DATE:
		return literal(p, SYN_DATE);
	case TOKEN_STRING:
		return before_bracket(p) ? lookup(p) : literal(p, SYN_TEXT);
	case TOKEN_NAME:
		return lookup(p);
	case TOKEN_WORD:
		return name_or_call(p);
	case TOKEN_LPAREN:
		return bracketed(p);
	default:
		parse_fail(p, "一个值", "a value");
		return new_syn(p, SYN_ERROR, p->tok.at.start);
	}
}

/* unary = ("−" | "+" | "非")* primary */
static struct syn *unary(struct parser *p)
{
	uint32_t start = p->tok.at.start;
	enum syn_kind kind = parse_is(p, TOKEN_MINUS) ? SYN_NEG
			   : parse_is_word(p, KW_NOT) ? SYN_NOT : SYN_ERROR;
	struct syn *s, *inner;

	if (!enter(p))
		return new_syn(p, SYN_ERROR, start);
	if (kind == SYN_ERROR) {
		parse_take(p, TOKEN_PLUS);
		s = primary(p);
		p->depth--;
		return s;
	}
	if (kind == SYN_NOT)
		mark_keyword(p->d, p->tok.at, MARK_KEYWORD, KW_NOT);
	parse_advance(p);
	inner = unary(p);
	s = new_syn(p, kind, start);
	set_args(p, s, inner, NULL);
	p->depth--;
	return s;
}

/* ---- binary operators ---- */

enum shape { SHAPE_BINARY, SHAPE_VALUES, SHAPE_INLIST, SHAPE_BETWEEN, SHAPE_MATCH, SHAPE_NULL };

struct operator {
	enum token_kind token;   /* TOKEN_WORD: the keyword */
	enum keyword word;
	unsigned binds;
	enum shape shape;
	enum syn_kind kind;
	enum expr_op op;
	bool negated;
};

#define BINDS_TEST 3
#define BINDS_SUM 4

static const struct operator operators[] = {
	{ TOKEN_WORD, KW_OR, 1, SHAPE_BINARY, SYN_BINARY, EXPR_OR, false },
	{ TOKEN_WORD, KW_AND, 2, SHAPE_BINARY, SYN_BINARY, EXPR_AND, false },
	{ TOKEN_LT, KW_NONE, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_LT, false },
	{ TOKEN_LE, KW_NONE, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_LE, false },
	{ TOKEN_GT, KW_NONE, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_GT, false },
	{ TOKEN_GE, KW_NONE, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_GE, false },
	{ TOKEN_ASSIGN, KW_NONE, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_EQ, false },
	{ TOKEN_NE, KW_NONE, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_NE, false },
	{ TOKEN_WORD, KW_IS, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_EQ, false },
	{ TOKEN_WORD, KW_IS_NOT, BINDS_TEST, SHAPE_BINARY, SYN_BINARY, EXPR_NE, false },
	{ TOKEN_WORD, KW_BELONGS, BINDS_TEST, SHAPE_VALUES, SYN_BELONGS, EXPR_BELONGS, false },
	{ TOKEN_WORD, KW_BELONGS_NOT, BINDS_TEST, SHAPE_VALUES, SYN_BELONGS, EXPR_BELONGS, true },
	{ TOKEN_WORD, KW_IN, BINDS_TEST, SHAPE_VALUES, SYN_IN, EXPR_IN, false },
	{ TOKEN_WORD, KW_IN_NOT, BINDS_TEST, SHAPE_VALUES, SYN_IN, EXPR_IN, true },
	{ TOKEN_WORD, KW_STARTS, BINDS_TEST, SHAPE_VALUES, SYN_STARTS, EXPR_STARTS, false },
	{ TOKEN_WORD, KW_STARTS_NOT, BINDS_TEST, SHAPE_VALUES, SYN_STARTS, EXPR_STARTS, true },
	{ TOKEN_WORD, KW_INLIST, BINDS_TEST, SHAPE_INLIST, SYN_INLIST, EXPR_INLIST, false },
	{ TOKEN_WORD, KW_INLIST_NOT, BINDS_TEST, SHAPE_INLIST, SYN_INLIST, EXPR_INLIST, true },
	{ TOKEN_WORD, KW_BETWEEN, BINDS_TEST, SHAPE_BETWEEN, SYN_BETWEEN, EXPR_GE, false },
	{ TOKEN_WORD, KW_MATCHES, BINDS_TEST, SHAPE_MATCH, SYN_MATCH, EXPR_MATCH, false },
	{ TOKEN_WORD, KW_MATCHES_NOT, BINDS_TEST, SHAPE_MATCH, SYN_MATCH, EXPR_MATCH, true },
	{ TOKEN_WORD, KW_IS_NULL, BINDS_TEST, SHAPE_NULL, SYN_NULL, EXPR_NULL, false },
	{ TOKEN_WORD, KW_NOT_NULL, BINDS_TEST, SHAPE_NULL, SYN_NULL, EXPR_NULL, true },
	{ TOKEN_PLUS, KW_NONE, BINDS_SUM, SHAPE_BINARY, SYN_BINARY, EXPR_ADD, false },
	{ TOKEN_MINUS, KW_NONE, BINDS_SUM, SHAPE_BINARY, SYN_BINARY, EXPR_SUB, false },
	{ TOKEN_STAR, KW_NONE, 5, SHAPE_BINARY, SYN_BINARY, EXPR_MUL, false },
	{ TOKEN_SLASH, KW_NONE, 5, SHAPE_BINARY, SYN_BINARY, EXPR_DIV, false },
};

static const struct operator *operator_here(const struct parser *p)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		const struct operator *o = &operators[i];

		if (p->tok.kind != o->token)
			continue;
		if (o->token != TOKEN_WORD || keyword_is(p->tok.text, o->word))
			return o;
	}
	return NULL;
}

static struct syn *binary_tail(struct parser *p, const struct operator *o, struct syn *left)
{
	struct list l = { .n = 0 };
	struct syn *s;

	add(p, &l, sub_expr(p, o->binds + 1));
	s = new_syn(p, o->kind, left->at.start);
	set_args(p, s, left, &l);
	return s;
}

static struct syn *values_tail(struct parser *p, const struct operator *o, struct syn *left)
{
	struct list l = { .n = 0 };
	struct syn *s;

	values(p, &l);
	s = new_syn(p, o->kind, left->at.start);
	set_args(p, s, left, &l);
	return s;
}

/* inlist = (sum | "(" list ")") "在名单" 「name」 */
static struct syn *inlist_tail(struct parser *p, const struct operator *o, struct syn *left)
{
	struct token name = p->tok;
	struct syn *s;

	parse_want_name(p, "「名单的名称」", "the name of a list in 「」");
	s = new_syn(p, o->kind, left->at.start);
	s->text = name.text;
	s->text_at = name.at;
	if (left->kind == SYN_CALL && left->text.n == 0) {
		s->arg = left->arg;
		s->n_arg = left->n_arg;
	} else {
		set_args(p, s, left, NULL);
	}
	return s;
}

/* between = sum "介于" sum "与" sum */
static struct syn *between_tail(struct parser *p, const struct operator *o, struct syn *left)
{
	struct list l = { .n = 0 };
	struct syn *s;

	add(p, &l, parse_sum(p));
	parse_want_word(p, KW_WITH);
	add(p, &l, parse_sum(p));
	s = new_syn(p, o->kind, left->at.start);
	set_args(p, s, left, &l);
	return s;
}

/* The operator's token is still in hand: the pattern is read before the next token is. */
static struct syn *match_tail(struct parser *p, const struct operator *o, struct syn *left)
{
	struct token t = lex_regex(&p->lex);
	struct syn *s;

	if (t.kind != TOKEN_REGEX && t.at.start < t.at.end && p->lex.pos == t.at.start) {
		parse_advance(p);
		parse_fail(p, "/模式/", "/pattern/");
	} else {
		p->failed |= t.kind != TOKEN_REGEX;
		p->last_end = t.at.end;
		p->tok = lex_next(&p->lex);
	}
	s = new_syn(p, o->kind, left->at.start);
	s->text = t.text;
	s->text_at = t.at;
	set_args(p, s, left, NULL);
	return s;
}

static struct syn *null_tail(struct parser *p, const struct operator *o, struct syn *left)
{
	struct syn *s = new_syn(p, o->kind, left->at.start);

	set_args(p, s, left, NULL);
	return s;
}

static struct syn *operator_tail(struct parser *p, const struct operator *o, struct syn *left)
{
	static struct syn *(*const tail[])(struct parser *, const struct operator*,
					   struct syn *) = {
		[SHAPE_BINARY] = binary_tail, [SHAPE_VALUES] = values_tail,
		[SHAPE_INLIST] = inlist_tail, [SHAPE_BETWEEN] = between_tail,
		[SHAPE_MATCH] = match_tail,   [SHAPE_NULL] = null_tail,
	};
	struct span at = p->tok.at;
	struct syn *s;

	if (o->word != KW_NONE)
		mark_keyword(p->d, at, MARK_KEYWORD, o->word);
	if (o->shape != SHAPE_MATCH)
		parse_advance(p);
	s = tail[o->shape](p, o, left);
	s->op = o->op;
	s->op_at = at;
	s->negated = o->negated;
	return s;
}

/* sub_expr = unary (operator operand)*, operators that bind at least as tight as `min` */
static struct syn *sub_expr(struct parser *p, unsigned min)
{
	bool tested = false; /* tests do not associate: a < b < c has no meaning */
	struct syn *left;

	if (!enter(p))
		return new_syn(p, SYN_ERROR, p->tok.at.start);
	left = unary(p);
	while (!p->failed) {
		const struct operator *o = operator_here(p);

		if (o == NULL || o->binds < min || (tested && o->binds == BINDS_TEST))
			break;
		tested = o->binds == BINDS_TEST;
		if (++p->n_ops > PARSE_MAX_ITEMS) {
			parse_too_long(p, PARSE_MAX_ITEMS);
			break;
		}
		left = operator_tail(p, o, left);
	}
	p->depth--;
	return left;
}

/* expr = sub_expr */
struct syn *parse_expr(struct parser *p)
{
	return sub_expr(p, 1);
}

/* sum = sub_expr without tests */
struct syn *parse_sum(struct parser *p)
{
	return sub_expr(p, BINDS_SUM);
}
