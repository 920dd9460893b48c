/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_rule.c - a rule from head to foot: its form, its conditions, what it says.
 */
#include "lib/rule/check_rule.h"

#include <string.h>

#include "lib/base/near.h"
#include "lib/rule/marks.h"
#include "lib/rule/check_file.h"
#include "lib/rule/rule_digest.h"

#define MAX_TERMS 10000u /* of one expression, lets put in place */

/* ---- form ---- */

#define IN(form) (1u << FORM_##form)
#define NOT_COMPARE (IN(EACH) | IN(GROUP) | IN(PAIR))

/* Clauses that do not fit every form. */
static const struct {
	enum keyword clause;
	unsigned forms;
	const char *zh, *en;
} fits[] = {
	{ KW_ON, NOT_COMPARE, "对照规则看的是指标", "a comparison looks at an indicator" },
	{ KW_SCOPE, NOT_COMPARE, "范围写在指标里", "the indicator has the scope" },
	{ KW_RELATED, NOT_COMPARE, "对照规则没有关联", "a comparison has no related records" },
	{ KW_BY_TABLE, NOT_COMPARE, "对照规则不能按表", "a comparison takes no table" },
	{ KW_GROUP, IN(GROUP), "成对和对照规则不归并", "pairs and comparisons do not group" },
	{ KW_SAME, IN(PAIR), "“同”用于两个角色", "`same` is for two roles" },
	{ KW_FIRST, IN(PAIR), "“先”用于两个角色", "`first` is for two roles" },
	{ KW_WINDOW, IN(GROUP) | IN(PAIR), "只有归并和成对规则有窗口", "only groups and pairs have a window" },
	{ KW_PEERS, IN(COMPARE), "“同类”用于对照指标", "`peers` is for comparisons" },
};

static void misplaced_clauses(struct rule_check *k)
{
	for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
		const struct syn_clause *x = k->b->clause[fits[i].clause];

		if (x == NULL || (fits[i].forms & (1u << k->r->form)) != 0)
			continue;
		diag_add(k->c->d, x->key, DIAG_CLAUSE_NOT_HERE,
			 keyword_word(fits[i].clause, k->c->d->english),
			 check_words(k->c, fits[i].zh, fits[i].en));
	}
}

static enum form form_of(const struct rule_check *k)
{
	const struct syn_clause *on = k->b->clause[KW_ON];

	if (k->b->clause[KW_COMPARE] != NULL)
		return FORM_COMPARE;
	if (on != NULL && on->n_item > 1)
		return FORM_PAIR;
	return k->b->clause[KW_GROUP] != NULL ? FORM_GROUP : FORM_EACH;
}

/* ---- streams, table, indicator ---- */

static bool read_streams(struct rule_check *k)
{
	const struct syn_clause *on = k->b->clause[KW_ON];
	struct rule *r = k->r;

	if (on == NULL) {
		check_missing(k, KW_ON);
		return false;
	}
	if (on->broken || on->n_item == 0)
		return false;
	if (on->n_item > 2) {
		diag_add(k->c->d, on->item[2].at, DIAG_TRAILING,
			 check_cstr(k->c, on->item[2].name));
		return false;
	}
	r->n_role = (uint8_t)on->n_item;
	for (uint32_t i = 0; i < on->n_item; i++) {
		r->stream[i] = check_stream(k->c, &on->item[i]);
		r->role_name[i] = arena_str(k->c->a, on->item[i].extra);
		if (on->n_item == 2 && r->role_name[i].n == 0)
			diag_add(k->c->d, on->item[i].at, DIAG_EXPECTED,
				 check_words(k->c, "记录和角色，如 住院 甲", "a record and a role, as stay a"),
				 check_cstr(k->c, on->item[i].name));
	}
	if (on->n_item == 2 && r->role_name[0].n > 0 && str_eq(r->role_name[0], r->role_name[1]))
		diag_add(k->c->d, on->item[1].extra_at, DIAG_DUPLICATE_NAME,
			 check_cstr(k->c, r->role_name[1]));
	return r->stream[0] != STREAM_COUNT && (r->n_role == 1 || r->stream[1] != STREAM_COUNT);
}

static bool read_table(struct rule_check *k)
{
	const struct syn_clause *x = k->b->clause[KW_BY_TABLE];

	if (x == NULL || k->r->form == FORM_COMPARE)
		return true;
	if (x->broken)
		return false;
	k->r->table = check_find_file(k->c, x->text, false, x->text_at);
	k->r->table_var = arena_str(k->c->a, x->var);
	return k->r->table != NULL;
}

static const struct indicator *find_indicator(struct checker *c, const struct syn_clause *x)
{
	struct near near;
	struct diag *d;

	near_init(&near, x->text);
	for (uint32_t i = 0; i < c->rs->n_indicator; i++) {
		near_offer(&near, c->rs->indicator[i].name);
		if (!str_eq(c->rs->indicator[i].name, x->text))
			continue;
		c->indicator_used[i] = true;
		mark_name(c->d, x->text_at, MARK_INDICATOR, c->rs->indicator[i].at, NULL);
		return &c->rs->indicator[i];
	}
	d = diag_add(c->d, x->text_at, DIAG_UNKNOWN_INDICATOR, check_cstr(c, x->text));
	if (near_best(&near).n > 0)
		near.best = str_of(arena_printf(&c->d->arena, "「" STR_FMT "」", STR_ARG(near.best)));
	check_near(c, d, x->text_at, &near, check_words(c, "指标", "indicator"));
	return NULL;
}

static void read_peers(struct rule_check *k)
{
	const struct syn_clause *x = k->b->clause[KW_PEERS];
	struct rule *r = k->r;

	if (x == NULL) {
		check_missing(k, KW_PEERS);
		return;
	}
	if (x->broken)
		return;
	if (str_eq(x->var, STR("家")) || str_eq(x->var, STR("facilities")))
		mark_term(k->c->d, x->var_at, "家", "facilities");
	r->peers_min = x->number;
	r->peer_key = arena_array(k->c->a, x->n_item + (size_t)1, sizeof(struct expr *));
	for (uint32_t i = 0; i < x->n_item; i++) {
		struct expr *e = check_key(k->c, r->stream[0], &x->item[i]);

		if (e != NULL && e->op == EXPR_BUCKET)
			diag_add(k->c->d, x->item[i].at, DIAG_BAD_KEY);
		else if (e != NULL)
			r->peer_key[r->n_peer_key++] = e;
	}
	if (x->number < 2)
		diag_add(k->c->d, x->text_at, DIAG_WRONG_TYPE,
			 keyword_word(KW_PEERS, k->c->d->english),
			 check_words(k->c, "至少 2 家才能比较", "at least 2 to compare"),
			 check_words(k->c, "不到 2 家", "fewer"));
}

struct expr *check_where(struct checker *c, struct expr *where, struct expr *unless)
{
	struct expr *not, *both;

	if (unless == NULL || unless->type == TYPE_ERROR)
		return where;
	not = check_new(c, EXPR_NOT, TYPE_FLAG, unless->at);
	check_args(c, not, &unless, 1);
	if (where == NULL)
		return not;
	if (where->type == TYPE_ERROR)
		return where;
	both = check_new(c, EXPR_AND, TYPE_FLAG, where->at);
	if (where->op == EXPR_AND) {
		struct expr **arg = arena_array(c->a, where->n_arg + (size_t)1, sizeof *arg);

		memcpy(arg, where->arg, where->n_arg * sizeof *arg);
		arg[where->n_arg] = not;
		check_args(c, both, arg, where->n_arg + 1);
	} else {
		check_args(c, both, (struct expr *[]){ where, not }, 2);
	}
	return both;
}

/* 条件 and 除外 of a comparison: the indicator over fewer records, of the subject and its peers. */
static const struct indicator *narrowed(struct rule_check *k, const struct indicator *ind)
{
	const struct syn_clause *where = k->b->clause[KW_WHERE], *unless = k->b->clause[KW_UNLESS];
	struct scope row = { .c = k->c, .n_role = 1, .stream = { ind->stream, ind->stream },
			     .param = k->r->param, .n_param = k->r->n_param,
			     .param_used = k->param_used, .inline_lets = true };
	struct expr *cond = NULL, *not = NULL, *both;
	struct indicator *x;

	if (where != NULL && where->expr != NULL && !where->broken)
		cond = check_flag(&row, where->expr);
	if (unless != NULL && unless->expr != NULL && !unless->broken)
		not = check_flag(&row, unless->expr);
	cond = check_where(k->c, cond, not);
	if (cond == NULL || cond->type == TYPE_ERROR)
		return ind;
	x = arena_dup(k->c->a, ind, sizeof *ind);
	if (ind->where != NULL && ind->where->type != TYPE_ERROR) {
		both = check_new(k->c, EXPR_AND, TYPE_FLAG, cond->at);
		check_args(k->c, both, (struct expr *[]){ ind->where, cond }, 2);
		cond = both;
	}
	x->where = cond;
	indicator_digest(x, &k->c->rs->settings);
	return x;
}

/* The subject of a comparison is its indicator's. */
static bool read_indicator(struct rule_check *k)
{
	const struct syn_clause *x = k->b->clause[KW_COMPARE];
	const struct indicator *ind = x->broken ? NULL : find_indicator(k->c, x);
	struct rule *r = k->r;

	if (ind == NULL || ind->value == NULL || ind->n_key == 0)
		return false;
	r->indicator = narrowed(k, ind);
	ind = r->indicator;
	r->indicator_var = arena_str(k->c->a, x->var);
	r->n_role = 1;
	r->stream[0] = ind->stream;
	r->scope = ind->scope;
	r->n_key = ind->n_key;
	r->key = ind->key;
	for (uint32_t i = 0; i < r->n_key; i++) {
		if (r->key[i]->op != EXPR_FIELD || field_get(r->key[i]->field)->role != ROLE_ENTITY)
			continue;
		r->subject_key = (int32_t)i;
		r->subject = check_entity(r->key[i]->field);
		break;
	}
	read_peers(k);
	return true;
}

/* ---- scopes, lets ---- */

static void make_scopes(struct rule_check *k)
{
	const struct rule *r = k->r;
	struct scope s = {
		.c = k->c, .n_role = r->n_role, .table = r->table, .table_var = r->table_var,
		.param = r->param, .n_param = r->n_param, .param_used = k->param_used,
	};

	for (int i = 0; i < 2; i++) {
		s.stream[i] = r->stream[i];
		s.role_name[i] = r->role_name[i];
	}
	s.n_related = (uint8_t)r->n_related;
	for (uint32_t i = 0; i < r->n_related; i++) {
		s.stream[ROLE_RELATED + i] = r->related[i].stream;
		s.role_name[ROLE_RELATED + i] = r->related[i].name;
	}
	k->row = s;
	k->row.inline_lets = true;
	if (r->form == FORM_PAIR) { /* a key is the same in both records */
		k->row.key = r->key;
		k->row.n_key = r->n_key;
	}
	k->whole = s;
	k->whole.key = r->key;
	k->whole.n_key = r->n_key;
	k->whole.group = r->form == FORM_GROUP || r->form == FORM_COMPARE;
	k->whole.indicator = r->indicator;
	k->whole.indicator_var = r->indicator_var;
	k->whole.peers = r->form == FORM_COMPARE;
}

/* A name that already is a field's would hide the field. */
static void reserved_name(struct rule_check *k, struct str name, struct span at)
{
	bool field = false;

	for (unsigned i = 0; i < k->r->n_role; i++)
		field |= field_find(k->r->stream[i], name) != FIELD_NONE;
	if (field || check_is_function(name))
		diag_add(k->c->d, at, DIAG_RESERVED_NAME, check_cstr(k->c, name));
	else if (check_is_reference(&k->whole, name))
		diag_add(k->c->d, at, DIAG_DUPLICATE_NAME, check_cstr(k->c, name));
}

static void reserved_param(struct rule_check *k, const struct named_expr *p)
{
	for (unsigned i = 0; i < k->r->n_role; i++) {
		if (field_find(k->r->stream[i], p->name) == FIELD_NONE)
			continue;
		diag_add(k->c->d, p->at, DIAG_RESERVED_NAME, check_cstr(k->c, p->name));
		return;
	}
}

/* Terms of an expression with its lets put in place, which may double at every step. */
static uint64_t terms(const struct rule_check *k, const struct expr *e)
{
	uint64_t n = 1;

	if (e == NULL)
		return 0;
	if (e->op == EXPR_LET)
		return k->let_terms[e->index];
	for (uint32_t i = 0; i < e->n_arg; i++)
		n += terms(k, e->arg[i]);
	return n + terms(k, e->cond);
}

void check_terms(struct rule_check *k, const struct expr *e)
{
	if (terms(k, e) > MAX_TERMS)
		diag_add(k->c->d, e->at, DIAG_TOO_LARGE, "10000");
}

static void one_let(struct rule_check *k, const struct syn_item *x, struct named_expr *let)
{
	struct rule *r = k->r;
	uint64_t n;

	reserved_name(k, x->name, x->at);
	let[r->n_let] = (struct named_expr){
		.name = arena_str(k->c->a, x->name),
		.at = x->at,
		.expr = check_expr(&k->whole, x->expr),
	};
	n = terms(k, let[r->n_let].expr);
	k->let_terms[r->n_let] = n > MAX_TERMS ? 1 : (uint32_t)n;
	if (n > MAX_TERMS) {
		diag_add(k->c->d, x->at, DIAG_TOO_LARGE, "10000");
		let[r->n_let].expr = check_error(k->c, x->at);
	}
	k->whole.n_let = ++r->n_let;
	if (!k->whole.group)
		k->row.n_let = r->n_let;
}

static void read_lets(struct rule_check *k)
{
	const struct syn_clause *first = k->b->clause[KW_LET];
	struct named_expr *let;
	uint32_t n = 0;

	for (const struct syn_clause *x = first; x != NULL; x = x->next)
		n += x->n_item;
	let = arena_array(k->c->a, n + (size_t)1, sizeof *let);
	k->let_used = arena_array(k->c->a, n + (size_t)1, 1);
	k->let_terms = arena_array(k->c->a, n + (size_t)1, sizeof *k->let_terms);
	k->r->let = let;
	k->row.let = k->whole.let = let;
	k->row.let_used = k->whole.let_used = k->let_used;
	for (const struct syn_clause *x = first; x != NULL; x = x->next)
		for (uint32_t i = 0; i < x->n_item; i++)
			if (x->item[i].expr != NULL)
				one_let(k, &x->item[i], let);
}

/* ---- conditions ---- */

static struct expr *clause_flag(struct rule_check *k, enum keyword w, struct scope *s)
{
	const struct syn_clause *x = k->b->clause[w];

	if (x == NULL || x->expr == NULL || x->broken || (s == &k->row && k->r->indicator != NULL))
		return NULL;
	return check_flag(s, x->expr);
}

static bool is_test(const struct expr *e)
{
	return e->op == EXPR_GT || e->op == EXPR_GE || e->op == EXPR_LT || e->op == EXPR_LE;
}

static bool is_measured(const struct expr *e)
{
	if (e->op == EXPR_AGG || e->op == EXPR_FIELD || e->op == EXPR_INDICATOR)
		return true;
	for (uint32_t i = 0; i < e->n_arg; i++)
		if (is_measured(e->arg[i]))
			return true;
	return false;
}

/* The two sides of the trigger's (first) comparison: what was seen, what was allowed. */
static void split_trigger(struct rule *r)
{
	const struct expr *e = r->when;

	for (uint32_t i = 0; e != NULL && e->op == EXPR_AND && i < e->n_arg; i++)
		if (is_test(e->arg[i])) {
			e = e->arg[i];
			break;
		}
	if (e == NULL || !is_test(e))
		return;
	r->observed = e->arg[0];
	r->limit = e->arg[1];
	if (!is_measured(r->observed) && is_measured(r->limit)) {
		r->observed = e->arg[1];
		r->limit = e->arg[0];
	}
}

static void read_conditions(struct rule_check *k)
{
	struct rule *r = k->r;
	struct expr *where = clause_flag(k, KW_WHERE, &k->row);

	r->unless = clause_flag(k, KW_UNLESS, &k->row);
	check_unless_parts(k);
	r->where = check_where(k->c, where, r->unless);
	r->when = clause_flag(k, KW_WHEN, &k->whole);
	if (k->b->clause[KW_WHEN] == NULL && (r->form == FORM_GROUP || r->form == FORM_COMPARE))
		check_missing(k, KW_WHEN);
	check_terms(k, r->where);
	check_terms(k, r->when);
	split_trigger(r);
}

/* A table rule is one join: some key must be compared with a field. The rows of a small table may
 * be tried one by one, by anything the record says. */
static bool joins(const struct expr *e, const struct knowledge *t)
{
	enum { FEW_ROWS = 64 };

	if (e->op == EXPR_AND) {
		for (uint32_t i = 0; i < e->n_arg; i++)
			if (joins(e->arg[i], t))
				return true;
		return false;
	}
	if (e->op != EXPR_EQ)
		return false;
	for (int i = 0; i < 2; i++)
		if (e->arg[1 - i]->op == EXPR_ROWCOL && e->arg[1 - i]->index < t->n_key &&
		    (e->arg[i]->op == EXPR_FIELD || (e->arg[i]->roles && t->n_row <= FEW_ROWS)))
			return true;
	return false;
}

static void check_join(struct rule_check *k)
{
	const struct rule *r = k->r;
	const struct syn_clause *where = k->b->clause[KW_WHERE];

	if (r->table == NULL || r->table->n_key == 0 || (where != NULL && where->broken) ||
	    (r->where != NULL && (r->where->type == TYPE_ERROR || joins(r->where, r->table))))
		return;
	diag_add(k->c->d, k->b->clause[KW_BY_TABLE]->text_at, DIAG_TABLE_NO_KEY,
		 check_cstr(k->c, r->table->key[0].name));
}

/* ---- the whole ---- */

static void check_body(struct rule_check *k)
{
	check_keys(k);
	check_related(k);
	make_scopes(k);
	for (uint32_t i = 0; i < k->r->n_param; i++)
		reserved_param(k, &k->r->param[i]);
	read_lets(k);
	read_conditions(k);
	check_join(k);
	check_amount(k);
	check_say(k);
	check_excepted_by(k);
	check_subject(k);
	check_related_subject(k);
	check_absence(k);
	check_bounds(k);
}

void check_rule(struct rule_check *k, struct checker *c, struct syn_block *b, struct rule *r)
{
	bool ok;

	*k = (struct rule_check){ .c = c, .b = b, .over = check_override(c, b->id), .r = r };
	r->subject_key = -1;
	r->person_local = true;
	check_head(k);
	r->form = form_of(k);
	misplaced_clauses(k);
	ok = r->form == FORM_COMPARE ? read_indicator(k) : read_streams(k);
	ok &= read_table(k);
	if (r->form == FORM_COMPARE)
		r->person_local = false;
	if (ok)
		check_body(k);
	check_examples(k);
	if (k->missing != NULL && !b->broken)
		diag_add(c->d, b->id_at, DIAG_CLAUSE_MISSING, k->missing);
}
