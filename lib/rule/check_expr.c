/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_expr.c - expressions: one function per kind of syntax, through a table.
 *
 * On the right of 是, 属于, 在 and 开头是 stand values, by code or by name; a name that
 * stands for several codes becomes several constants.
 */
#include "lib/rule/check.h"

#include "lib/base/near.h"
#include "lib/rule/marks.h"
#include "lib/rule/parse.h"
#include "lib/rule/pattern.h"

#define MAX_VALUES 512

struct values {
	struct expr *item[MAX_VALUES + 1]; /* item 0 is the left side */
	uint32_t n;
};

static struct expr *negate(struct scope *s, struct expr *e, bool negated)
{
	struct expr *not;

	if (!negated || e->type == TYPE_ERROR)
		return e;
	not = check_new(s->c, EXPR_NOT, TYPE_FLAG, e->at);
	check_args(s->c, not, &e, 1);
	return not;
}

/* ---- values of coded fields ---- */

static struct expr *text_const(struct scope *s, struct str text, enum type t, struct span at)
{
	struct expr *e = check_new(s->c, EXPR_CONST, t, at);

	e->text = arena_str(s->c->a, text);
	return e;
}

static void add_value(struct values *v, struct expr *e)
{
	if (v->n < MAX_VALUES)
		v->item[++v->n] = e;
}

static const char *shown_field(const struct checker *c, const struct field_info *f)
{
	return c->d->english ? f->name : f->alias[0] != '\0' ? f->alias : f->title;
}

void check_unknown_value(struct checker *c, const struct field_info *f, struct str text,
			 struct span at)
{
	struct diag *x = diag_add(c->d, at, DIAG_UNKNOWN_VALUE, shown_field(c, f),
				  check_cstr(c, text));
	struct str code, name, all[6];
	struct near near;
	unsigned n = 0;
	struct buf b;

	near_init(&near, text);
	for (unsigned i = 0; code_entry(f->name, i, &code, &name); i++) {
		near_offer(&near, name);
		near_offer(&near, code);
		if (n < 6)
			all[n++] = name;
	}
	if (near_best(&near).n > 0) {
		check_near(c, x, at, &near, "取值");
		return;
	}
	buf_init(&b, 1000);
	for (unsigned i = 0; i < n; i++)
		buf_addf(&b, "%s" STR_FMT, i > 0 ? check_words(c, "、", ", ") : "", STR_ARG(all[i]));
	buf_adds(&b, n == 6 ? check_words(c, "……", ", …") : "");
	x->expected = arena_strdup(&c->d->arena, buf_cstr(&b));
	buf_fini(&b);
}

/* Whether some longer code of the field's table lies below this one. */
static bool has_codes_below(const char *field, struct str code)
{
	struct str other, name;

	for (unsigned i = 0; code_entry(field, i, &other, &name); i++)
		if (other.n > code.n && str_starts(other, code))
			return true;
	return false;
}

/* The codes a word stands for in the domain of the left side. False when reported. */
static bool add_codes(struct scope *s, enum field domain, struct str text, struct span at,
		      struct values *v)
{
	const struct field_info *f = domain == FIELD_NONE ? NULL : field_get(domain);
	struct str code[64];
	unsigned n;

	if (f == NULL || !code_table(f->name)) {
		add_value(v, text_const(s, text, f == NULL ? TYPE_TEXT : f->type, at));
		return true;
	}
	n = code_find_all(f->name, text, code, 64);
	if (n == 0) {
		check_unknown_value(s->c, f, text, at);
		return false;
	}
	for (unsigned i = 0; i < n && i < 64; i++)
		add_value(v, text_const(s, code[i], f->type, at));
	return true;
}

/* A bare name on the right that is a field's name is a slip. */
static bool is_other_field(const struct scope *s, struct str name)
{
	for (unsigned i = 0; i < s->n_role; i++)
		if (check_field(s, i, name) != FIELD_NONE)
			return true;
	return false;
}

/* How the other field is written: with its role, which may have to be given first. */
static void field_on_right(struct scope *s, const struct syn *n, struct diag *x)
{
	struct str role = s->role_name[s->n_role > 1];

	if (role.n > 0)
		x->fixed = diag_repair(s->c->d, n->at, str_of(arena_printf(&s->c->d->arena,
				       STR_FMT "." STR_FMT, STR_ARG(role), STR_ARG(n->text))));
	else
		x->expected =
			arena_printf(&s->c->d->arena, "%s" STR_FMT,
				     check_words(s->c, "“看”里给记录起名，如 甲，再写 甲.",
						 "a name for the record in `on`, as a, then a."),
				     STR_ARG(n->text));
}

/* A let or parameter that is called like a code of the field takes the code's place. */
static void tell_hidden(struct scope *s, enum field domain, const struct syn *n)
{
	const struct field_info *f = domain == FIELD_NONE ? NULL : field_get(domain);
	struct str code;

	if (f != NULL && code_table(f->name) && code_find_all(f->name, n->text, &code, 1) > 0)
		diag_add(s->c->d, n->at, DIAG_CODE_HIDDEN, check_cstr(s->c, n->text),
			 shown_field(s->c, f));
}

static bool add_named_value(struct scope *s, enum field domain, const struct syn *op,
			    const struct syn *n, struct values *v)
{
	const char *word;

	if (check_is_reference(s, n->text)) {
		struct expr *e = check_named(s, n);

		tell_hidden(s, domain, n);
		add_value(v, e);
		return e->type != TYPE_ERROR;
	}
	if (domain != FIELD_NONE && code_table(field_get(domain)->name))
		return add_codes(s, domain, n->text, n->at, v);
	if (is_other_field(s, n->text)) {
		word = check_cstr(s->c,
				  str_make(s->c->d->file[op->op_at.file].text.p + op->op_at.start,
					   op->op_at.end - op->op_at.start));
		field_on_right(s, n, diag_add(s->c->d, n->at, DIAG_FIELD_ON_RIGHT, word,
					      check_cstr(s->c, n->text)));
		return false;
	}
	return add_codes(s, domain, n->text, n->at, v);
}

/* One value of a code or text. False when reported. */
static bool add_text_value(struct scope *s, enum field domain, const struct syn *op,
			   const struct syn *n, struct values *v)
{
	struct expr *e;

	if (n->kind == SYN_NAME)
		return add_named_value(s, domain, op, n, v);
	if (n->kind == SYN_TEXT || (n->kind == SYN_NUMBER && n->unit.n == 0))
		return add_codes(s, domain, n->text, n->at, v);
	e = check_expr(s, n);
	add_value(v, e);
	if (e->type == TYPE_ERROR)
		return false;
	if (check_is_text(e->type))
		return true;
	diag_add(s->c->d, e->at, DIAG_COMPARE_TYPES, type_name(v->item[0]->type, s->c->d->english),
		 type_name(e->type, s->c->d->english));
	return false;
}

static bool all_constant(const struct values *v)
{
	for (uint32_t i = 1; i <= v->n; i++)
		if (v->item[i]->op != EXPR_CONST)
			return false;
	return true;
}

/* ---- what editors want to know of them ---- */

static enum keyword values_keyword(const struct syn *n)
{
	if (n->kind == SYN_IN)
		return n->negated ? KW_IN_NOT : KW_IN;
	if (n->kind == SYN_BELONGS)
		return n->negated ? KW_BELONGS_NOT : KW_BELONGS;
	return n->op == EXPR_NE ? KW_IS_NOT : KW_IS;
}

/* Operator and values as one, when all of them are values of a coded field. */
static void mark_values(struct scope *s, const struct syn *n, enum field domain,
			const struct values *v)
{
	struct diag_list *d = s->c->d;
	struct mark *m;
	uint32_t pos = n->op_at.end;

	if (d->marks == NULL || domain == FIELD_NONE || !code_table(field_get(domain)->name) ||
	    n->kind == SYN_STARTS)
		return;
	for (uint32_t i = 1; i < n->n_arg; i++)
		if ((n->arg[i]->kind != SYN_NAME && n->arg[i]->kind != SYN_NUMBER &&
		     n->arg[i]->kind != SYN_TEXT) ||
		    (n->arg[i]->kind == SYN_NAME && check_is_reference(s, n->arg[i]->text)))
			return;
	m = mark_add(d, (struct span){ n->op_at.file, n->op_at.start, n->at.end }, MARK_VALUES);
	if (m == NULL)
		return;
	m->field = domain;
	m->keyword = values_keyword(n);
	m->n_code = v->n;
	m->code = arena_array(&d->arena, v->n + (size_t)1, sizeof *m->code);
	for (uint32_t i = 0; i < v->n; i++)
		m->code[i] = arena_str(&d->arena, v->item[i + 1]->text);
	while (pos < m->at.end && d->file[m->at.file].text.p[pos] == ' ')
		pos++;
	m->many = v->n > 1 || d->file[m->at.file].text.p[pos] == '(' ||
		  str_starts(str_make(d->file[m->at.file].text.p + pos, m->at.end - pos), STR("（"));
}

/* ---- 是, 不是 ---- */

static void warn_exact(struct scope *s, const struct values *v, enum field domain, struct span at)
{
	const char *name = domain == FIELD_NONE ? NULL : field_get(domain)->name;

	if (name == NULL || !code_table(name) || v->n == 0 || !all_constant(v))
		return;
	for (uint32_t i = 1; i <= v->n; i++)
		if (!has_codes_below(name, v->item[i]->text))
			return;
	diag_add(s->c->d, at, DIAG_EXACT_GROUP_CODE,
		 check_cstr(s->c,
			    str_make(s->c->d->file[at.file].text.p + at.start, at.end - at.start)));
}

static struct expr *text_equals(struct scope *s, const struct syn *n, struct expr *left)
{
	struct values v = { .item = { left }, .n = 0 };
	enum field domain = check_domain(s, left);
	struct expr *e;

	if (!add_text_value(s, domain, n, n->arg[1], &v))
		return check_error(s->c, n->at);
	mark_values(s, n, domain, &v);
	warn_exact(s, &v, domain, n->arg[1]->at);
	e = check_new(s->c, v.n > 1 ? EXPR_IN : n->op, TYPE_FLAG, n->at);
	check_args(s->c, e, v.item, v.n + 1);
	return negate(s, e, v.n > 1 && n->op == EXPR_NE);
}

/* Two constants compare now. */
static struct expr *fold_test(struct scope *s, struct expr *e)
{
	const struct expr *a = e->arg[0], *b = e->arg[1];
	bool truth;
	int cmp;

	if (a->op != EXPR_CONST || b->op != EXPR_CONST)
		return e;
	cmp = check_is_text(a->type) ? str_cmp(a->text, b->text) : rat_cmp(a->rat, b->rat, NULL);
	truth = e->op == EXPR_EQ ? cmp == 0 : e->op == EXPR_NE ? cmp != 0
	      : e->op == EXPR_LT ? cmp < 0 : e->op == EXPR_LE ? cmp <= 0
	      : e->op == EXPR_GT ? cmp > 0 : cmp >= 0;
	diag_add(s->c->d, e->at, truth ? DIAG_ALWAYS_TRUE : DIAG_NEVER_TRUE);
	return check_const(s->c, rat_int(truth ? 1 : 0), TYPE_FLAG, e->at);
}

static struct expr *compare(struct scope *s, const struct syn *n, enum expr_op op, struct expr *a,
			    struct expr *b)
{
	struct expr *e;

	if (!check_unify(s, &a, &b, n->at))
		return check_error(s->c, n->at);
	if (op != EXPR_EQ && op != EXPR_NE && !check_is_ordered(a->type)) {
		diag_add(s->c->d, n->at, DIAG_COMPARE_TYPES, type_name(a->type, s->c->d->english),
			 type_name(b->type, s->c->d->english));
		return check_error(s->c, n->at);
	}
	e = check_new(s->c, op, TYPE_FLAG, n->at);
	check_args(s->c, e, (struct expr *[]){ a, b }, 2);
	return fold_test(s, e);
}

static bool is_equality(enum expr_op op)
{
	return op == EXPR_EQ || op == EXPR_NE;
}

/* ---- 且, 或 ---- */

/* An arm of 或 that is a bare 且: brackets would make it plain. */
static void warn_mixed(struct scope *s, const struct syn *n, const struct syn *const *part,
		       uint32_t k)
{
	const struct syn *arm = NULL;
	struct span end;
	struct diag *x;

	for (uint32_t i = 0; i < k && arm == NULL && n->op == EXPR_OR; i++)
		if (part[i]->kind == SYN_BINARY && part[i]->op == EXPR_AND && !part[i]->bracketed)
			arm = part[i];
	if (arm == NULL)
		return;
	x = diag_add(s->c->d, arm->at, DIAG_MIXED_AND_OR);
	end = (struct span){ arm->at.file, arm->at.end, arm->at.end };
	x->sure = true; /* the brackets say what is read anyway */
	if (diag_line(s->c->d, arm->at).p == diag_line(s->c->d, end).p)
		x->fixed = diag_repair(s->c->d, arm->at,
				       str_of(arena_printf(&s->c->d->arena, "(%.*s)",
							   (int)(arm->at.end - arm->at.start),
							   s->c->d->file[arm->at.file].text.p +
								   arm->at.start)));
}

/* Arms of the same kind are put in flat; `all` is how many there are then. */
static struct expr *join(struct scope *s, const struct syn *n, struct expr *const *flag, uint32_t k,
			 uint32_t all)
{
	struct expr *e = check_new(s->c, n->op, TYPE_FLAG, n->at);
	struct expr **arg = arena_array(s->c->a, all, sizeof *arg);
	uint32_t to = 0;

	for (uint32_t i = 0; i < k; i++) {
		if (flag[i]->op != n->op) {
			arg[to++] = flag[i];
			continue;
		}
		for (uint32_t j = 0; j < flag[i]->n_arg; j++)
			arg[to++] = flag[i]->arg[j];
	}
	check_args(s->c, e, arg, all);
	return e;
}

/* The operands of a chain of one connective, left to right. */
static uint32_t chain(const struct syn *n, const struct syn **out)
{
	const struct syn *left = n->arg[0];
	uint32_t k = 0;

	if (left->kind == SYN_BINARY && left->op == n->op)
		k = chain(left, out);
	else
		out[k++] = left;
	out[k++] = n->arg[1];
	return k;
}

static struct expr *logic(struct scope *s, const struct syn *n)
{
	const struct syn *part[PARSE_MAX_ITEMS + 2];
	struct expr *flag[PARSE_MAX_ITEMS + 2];
	uint32_t k = chain(n, part), all = 0;
	bool ok = true;

	for (uint32_t i = 0; i < k; i++) {
		flag[i] = check_flag(s, part[i]);
		ok &= flag[i]->type != TYPE_ERROR;
		all += flag[i]->op == n->op ? flag[i]->n_arg : 1;
	}
	warn_mixed(s, n, part, k);
	return ok ? join(s, n, flag, k, all) : check_error(s->c, n->at);
}

static struct expr *check_binary(struct scope *s, const struct syn *n)
{
	struct expr *a, *b;

	if (n->op == EXPR_AND || n->op == EXPR_OR)
		return logic(s, n);
	a = check_expr(s, n->arg[0]);
	if (is_equality(n->op) && check_is_text(a->type)) {
		if (a->type == TYPE_ERROR)
			return check_error(s->c, n->at);
		return text_equals(s, n, a);
	}
	b = check_expr(s, n->arg[1]);
	if (n->op >= EXPR_ADD && n->op <= EXPR_DIV)
		return check_arith(s, n, a, b);
	return compare(s, n, n->op, a, b);
}

/* ---- 在, 属于, 开头是 ---- */

static struct expr *number_in(struct scope *s, const struct syn *n, struct expr *left)
{
	struct values v = { .item = { left }, .n = 0 };
	struct expr *e;

	for (uint32_t i = 1; i < n->n_arg; i++) {
		struct expr *x = check_expr(s, n->arg[i]), *l = left;

		if (!check_unify(s, &l, &x, n->at))
			return check_error(s->c, n->at);
		add_value(&v, x);
	}
	if (!all_constant(&v)) {
		diag_add(s->c->d, n->at, DIAG_NOT_CONSTANT);
		return check_error(s->c, n->at);
	}
	e = check_new(s->c, EXPR_IN, TYPE_FLAG, n->at);
	check_args(s->c, e, v.item, v.n + 1);
	return negate(s, e, n->negated);
}

static struct expr *check_values(struct scope *s, const struct syn *n)
{
	struct values v = { .item = { check_expr(s, n->arg[0]) }, .n = 0 };
	struct expr *left = v.item[0], *e;
	enum field domain = check_domain(s, left);
	bool ok = true;

	if (left->type == TYPE_ERROR)
		return left;
	if (!check_is_text(left->type) && n->kind == SYN_IN)
		return number_in(s, n, left);
	if (!check_is_text(left->type)) {
		diag_add(s->c->d, left->at, DIAG_WRONG_TYPE,
			 check_words(s->c, "左边", "the left side"),
			 check_words(s->c, "编码或文本", "a code or text"),
			 type_name(left->type, s->c->d->english));
		return check_error(s->c, n->at);
	}
	for (uint32_t i = 1; i < n->n_arg; i++)
		ok &= add_text_value(s, n->kind == SYN_STARTS ? FIELD_NONE : domain, n, n->arg[i],
				     &v);
	if (ok && !all_constant(&v)) {
		diag_add(s->c->d, n->at, DIAG_NOT_CONSTANT);
		ok = false;
	}
	if (!ok)
		return check_error(s->c, n->at);
	mark_values(s, n, domain, &v);
	e = check_new(s->c, n->kind == SYN_IN ? EXPR_IN : n->kind == SYN_STARTS ? EXPR_STARTS
		      : EXPR_BELONGS, TYPE_FLAG, n->at);
	check_args(s->c, e, v.item, v.n + 1);
	return negate(s, e, n->negated);
}

/* a 介于 b 与 c is a ≥ b 且 a ≤ c. */
static struct expr *check_between(struct scope *s, const struct syn *n)
{
	struct expr *a = check_expr(s, n->arg[0]), *low = check_expr(s, n->arg[1]);
	struct expr *high = check_expr(s, n->arg[2]);
	struct syn and = { .op = EXPR_AND, .at = n->at };
	struct expr *x = compare(s, n, EXPR_GE, a, low), *y;

	if (x->type == TYPE_ERROR)
		return x;
	y = compare(s, n, EXPR_LE, a, high);
	if (y->type == TYPE_ERROR)
		return y;
	if (low->op == EXPR_CONST && high->op == EXPR_CONST &&
	    rat_cmp(low->rat, high->rat, NULL) > 0) {
		struct diag_list *d = s->c->d;

		diag_add(d, n->at, DIAG_NEVER_TRUE);
	}
	return join(s, &and, (struct expr *[]){ x, y }, 2, 2);
}

/* ---- the rest ---- */

static struct expr *check_match(struct scope *s, const struct syn *n)
{
	struct expr *a = check_expr(s, n->arg[0]), *e;
	char why[128];

	if (a->type == TYPE_ERROR)
		return a;
	if (!check_is_text(a->type)) {
		diag_add(s->c->d, a->at, DIAG_WRONG_TYPE, check_words(s->c, "匹配", "matches"),
			 check_words(s->c, "编码或文本", "a code or text"),
			 type_name(a->type, s->c->d->english));
		return check_error(s->c, n->at);
	}
	e = check_new(s->c, EXPR_MATCH, TYPE_FLAG, n->at);
	check_args(s->c, e, &a, 1);
	e->text = arena_str(s->c->a, n->text);
	e->regex = pattern_compile(n->text, why);
	if (e->regex == NULL) {
		diag_add(s->c->d, n->text_at, DIAG_BAD_REGEX, why);
		return check_error(s->c, n->at);
	}
	ruleset_own_regex(s->c->rs, e->regex);
	return negate(s, e, n->negated);
}

static struct expr *check_null(struct scope *s, const struct syn *n)
{
	struct expr *a = check_expr(s, n->arg[0]), *e;

	if (a->type == TYPE_ERROR)
		return a;
	e = check_new(s->c, EXPR_NULL, TYPE_FLAG, n->at);
	check_args(s->c, e, &a, 1);
	return negate(s, e, n->negated);
}

static struct expr *check_not(struct scope *s, const struct syn *n)
{
	struct expr *e = negate(s, check_flag(s, n->arg[0]), true);

	return e;
}

static struct expr *check_neg(struct scope *s, const struct syn *n)
{
	struct expr *a = check_expr(s, n->arg[0]), *e;

	if (a->type == TYPE_ERROR)
		return a;
	if (!check_is_number(a->type)) {
		diag_add(s->c->d, a->at, DIAG_WRONG_TYPE, "−", check_words(s->c, "数", "a number"),
			 type_name(a->type, s->c->d->english));
		return check_error(s->c, n->at);
	}
	if (a->op == EXPR_CONST) {
		e = arena_dup(s->c->a, a, sizeof *a);
		e->at = n->at;
		e->rat.num = -e->rat.num;
		return e;
	}
	e = check_new(s->c, EXPR_NEG, a->type, n->at);
	check_args(s->c, e, &a, 1);
	return e;
}

static struct expr *check_date(struct scope *s, const struct syn *n)
{
	return check_const(s->c, rat_int(n->day), TYPE_DATE, n->at);
}

static struct expr *check_text(struct scope *s, const struct syn *n)
{
	return text_const(s, n->text, TYPE_TEXT, n->at);
}

static struct expr *check_broken(struct scope *s, const struct syn *n)
{
	return check_error(s->c, n->at);
}

struct expr *check_expr(struct scope *s, const struct syn *n)
{
	static struct expr *(*const by_kind[])(struct scope *, const struct syn *) = {
		[SYN_ERROR] = check_broken, [SYN_NUMBER] = check_number, [SYN_DATE] = check_date,
		[SYN_TEXT] = check_text, [SYN_NAME] = check_named, [SYN_NOT] = check_not,
		[SYN_NEG] = check_neg, [SYN_BINARY] = check_binary, [SYN_BELONGS] = check_values,
		[SYN_IN] = check_values, [SYN_INLIST] = check_inlist, [SYN_BETWEEN] = check_between,
		[SYN_STARTS] = check_values, [SYN_MATCH] = check_match, [SYN_NULL] = check_null,
		[SYN_CALL] = check_call, [SYN_LOOKUP] = check_lookup,
	};

	return by_kind[n->kind](s, n);
}

struct expr *check_flag(struct scope *s, const struct syn *n)
{
	struct expr *e = check_expr(s, n);

	if (e->type == TYPE_FLAG || e->type == TYPE_ERROR)
		return e;
	diag_add(s->c->d, n->at, DIAG_NOT_CONDITION, type_name(e->type, s->c->d->english));
	return check_error(s->c, n->at);
}
