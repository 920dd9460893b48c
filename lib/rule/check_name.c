/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_name.c - what a name means where it stands.
 *
 * In this order: parameter, let, the indicator and its peers, key, field. A name with a
 * dot begins with a role or with the name given to a table's row.
 */
#include "lib/rule/check.h"

#include <string.h>

#include "lib/base/near.h"
#include "lib/rule/marks.h"
#include "lib/rule/window.h"

/* ---- small hands ---- */

const char *check_cstr(struct checker *c, struct str s)
{
	return arena_str(&c->d->arena, s).p;
}

const char *check_words(struct checker *c, const char *zh, const char *en)
{
	return c->d->english ? en : zh;
}

const char *check_keyword(struct checker *c, enum keyword k)
{
	return arena_printf(&c->d->arena, c->d->english ? "`%s`" : "“%s”",
			    keyword_word(k, c->d->english));
}

struct expr *check_new(struct checker *c, enum expr_op op, enum type type, struct span at)
{
	struct expr *e = arena_new(c->a, struct expr);

	e->op = op;
	e->type = type;
	e->field = FIELD_NONE;
	e->agg = AGG_NONE;
	e->at = at;
	e->rat = rat_int(0);
	return e;
}

struct expr *check_error(struct checker *c, struct span at)
{
	return check_new(c, EXPR_CONST, TYPE_ERROR, at);
}

void check_args(struct checker *c, struct expr *e, struct expr *const *arg, uint32_t n)
{
	e->arg = arena_array(c->a, n + (size_t)1, sizeof *e->arg);
	e->n_arg = n;
	for (uint32_t i = 0; i < n; i++) {
		e->arg[i] = arg[i];
		e->roles |= arg[i]->roles;
		if (arg[i]->level > e->level)
			e->level = arg[i]->level;
	}
}

/* ---- near names ---- */

void check_near(struct checker *c, struct diag *x, struct span at, const struct near *near,
		const char *what)
{
	struct str best = near_best(near);

	if (best.n == 0)
		return;
	if (c->d->english)
		x->near = arena_printf(&c->d->arena, "near: " STR_FMT, STR_ARG(best));
	else
		x->near = arena_printf(&c->d->arena, "相近的%s：" STR_FMT, what, STR_ARG(best));
	x->fixed = diag_repair(c->d, at, best);
	x->sure = near_sole(near);
}

static void offer_fields(struct near *n, enum stream s)
{
	for (unsigned i = 0; i < stream_width(s); i++) {
		const struct field_info *f = field_get((enum field)((unsigned)stream_first(s) + i));

		near_offer(n, str_of(f->alias));
		near_offer(n, str_of(f->title));
		near_offer(n, str_of(f->name));
	}
}

void check_hint(struct scope *s, struct diag *x, struct span at, struct str name)
{
	struct near n;
	const char *word;

	near_init(&n, name);
	for (uint32_t i = 0; i < s->n_param; i++)
		near_offer(&n, s->param[i].name);
	for (uint32_t i = 0; i < s->n_let; i++)
		near_offer(&n, s->let[i].name);
	near_offer(&n, s->indicator_var);
	for (unsigned i = 0; i < s->n_role && !s->constant; i++)
		offer_fields(&n, s->stream[i]);
	for (unsigned i = 0; (word = bucket_word(i)) != NULL; i++)
		near_offer(&n, str_of(word));
	check_near(s->c, x, at, &n, check_words(s->c, "名字", "name"));
}

/* ---- fields ---- */

enum field check_field(const struct scope *s, unsigned role, struct str name)
{
	return role < s->n_role ? field_find(s->stream[role], name) : FIELD_NONE;
}

static struct expr *field_expr(struct scope *s, enum field f, unsigned role, struct span at)
{
	struct expr *e = check_new(s->c, EXPR_FIELD, field_get(f)->type, at);

	mark_field(s->c->d, at, f);
	e->field = f;
	e->role = (uint8_t)role;
	e->roles = (uint8_t)(1u << role);
	e->level = LEVEL_ROW;
	return e;
}

static int find_role(const struct scope *s, struct str name)
{
	for (int i = 0; i < ROLE_RELATED + s->n_related; i++)
		if ((i < s->n_role || i >= ROLE_RELATED) && s->role_name[i].n > 0 &&
		    str_eq(s->role_name[i], name))
			return i;
	return -1;
}

/* Index among the keys of a field or bucket, -1 when it is none. */
static int find_key(const struct scope *s, enum field f, enum bucket b)
{
	for (uint32_t i = 0; i < s->n_key; i++) {
		if (s->key[i]->op == EXPR_FIELD && f != FIELD_NONE && s->key[i]->field == f)
			return (int)i;
		if (s->key[i]->op == EXPR_BUCKET && b != BUCKET_NONE && s->key[i]->bucket == b)
			return (int)i;
	}
	return -1;
}

static struct expr *key_expr(struct scope *s, int index, struct span at)
{
	struct expr *e = check_new(s->c, EXPR_KEY, s->key[index]->type, at);

	if (s->key[index]->op == EXPR_FIELD)
		mark_field(s->c->d, at, s->key[index]->field);
	e->index = (uint32_t)index;
	e->level = LEVEL_GROUP;
	return e;
}

/* A field of the group's first record, for sentences. */
static struct expr *first_of(struct scope *s, enum field f, struct span at)
{
	struct expr *e = check_new(s->c, EXPR_AGG, field_get(f)->type, at);
	struct expr *arg = field_expr(s, f, 0, at);

	check_args(s->c, e, &arg, 1);
	e->agg = AGG_FIRST;
	e->level = LEVEL_GROUP;
	e->roles = 0;
	return e;
}

static struct expr *needs_aggregate(struct scope *s, struct str name, struct span at)
{
	struct diag *x = diag_add(s->c->d, at, DIAG_NEEDS_AGGREGATE, check_cstr(s->c, name));
	enum field f = check_field(s, 0, name);
	bool sums = f != FIELD_NONE &&
		    (field_get(f)->type == TYPE_MONEY || field_get(f)->type == TYPE_QTY);
	bool zh = (unsigned char)name.p[0] >= 0x80;
	const char *first = sums ? (zh ? "合计" : "sum") : zh ? "首个" : "first";

	x->fixed = diag_repair(s->c->d, at,
			       str_of(arena_printf(&s->c->d->arena, "%s(" STR_FMT ")", first,
						   STR_ARG(name))));
	return check_error(s->c, at);
}

static struct expr *role_needed(struct scope *s, struct str name, struct span at)
{
	struct diag *x = diag_add(s->c->d, at, DIAG_ROLE_NEEDED, check_cstr(s->c, name));
	unsigned role = check_field(s, 0, name) == FIELD_NONE;

	x->fixed = diag_repair(s->c->d, at,
			       str_of(arena_printf(&s->c->d->arena, STR_FMT "." STR_FMT,
						   STR_ARG(s->role_name[role]), STR_ARG(name))));
	return check_error(s->c, at);
}

/* Whether names mean the group, not one of its records. */
static bool of_group(const struct scope *s)
{
	return s->group && (!s->inside || s->related > 0);
}

/* A field without its role. */
static struct expr *bare_field(struct scope *s, struct str name, struct span at)
{
	enum field f = check_field(s, 0, name);
	int key = find_key(s, f, BUCKET_NONE);

	if (f == FIELD_NONE && check_field(s, 1, name) == FIELD_NONE)
		return NULL;
	if (of_group(s)) {
		if (key >= 0)
			return key_expr(s, key, at);
		return s->say ? first_of(s, f, at) : needs_aggregate(s, name, at);
	}
	if (s->n_role > 1 && key < 0)
		return role_needed(s, name, at);
	return field_expr(s, f, 0, at);
}

static struct expr *bare_bucket(struct scope *s, struct str name, struct span at)
{
	enum bucket b = bucket_parse(name);
	int key = find_key(s, FIELD_NONE, b);
	struct expr *e;

	if (b == BUCKET_NONE || s->n_role == 0)
		return NULL;
	mark_term(s->c->d, at, bucket_name(b, false), bucket_name(b, true));
	if (of_group(s))
		return key >= 0 ? key_expr(s, key, at) : NULL;
	if (stream_time(s->stream[0]) == FIELD_NONE) {
		diag_add(s->c->d, at, DIAG_NO_EVENT_TIME, stream_title(s->stream[0]));
		return check_error(s->c, at);
	}
	e = check_new(s->c, EXPR_BUCKET, TYPE_CODE, at);
	e->bucket = b;
	e->roles = 1;
	e->level = LEVEL_ROW;
	return e;
}

/* A key that a table names is called by its column. */
static struct expr *table_key(struct scope *s, struct str name, struct span at)
{
	for (uint32_t i = 0; of_group(s) && i < s->n_key; i++) {
		const struct expr *k = s->key[i];

		if (k->op == EXPR_LOOKUP && str_eq(k->table->col[k->index].name, name))
			return key_expr(s, (int)i, at);
	}
	return NULL;
}

/* ---- parameters, lets, peers ---- */

static struct expr *param_or_let(struct scope *s, struct str name, struct span at)
{
	struct expr *e;

	for (uint32_t i = 0; i < s->n_param; i++) {
		if (!str_eq(s->param[i].name, name))
			continue;
		mark_name(s->c->d, at, MARK_LOCAL, s->param[i].at, NULL);
		if (s->param_used != NULL)
			s->param_used[i] = 1;
		e = arena_dup(s->c->a, s->param[i].expr, sizeof *e);
		e->at = at;
		return e;
	}
	for (uint32_t i = 0; i < s->n_let; i++) {
		if (!str_eq(s->let[i].name, name))
			continue;
		mark_name(s->c->d, at, MARK_LOCAL, s->let[i].at, NULL);
		if (s->let_used != NULL)
			s->let_used[i] = 1;
		e = s->let[i].expr;
		if (s->inline_lets && e->level == LEVEL_GROUP && e->type != TYPE_ERROR) {
			diag_add(s->c->d, at, DIAG_NO_AGGREGATE, check_cstr(s->c, name),
				 check_words(s->c, "它是聚合出来的；条件逐条判断，写在“触发”里",
					     "it is an aggregate; write it in `when`"));
			return check_error(s->c, at);
		}
		if (s->inline_lets || e->op == EXPR_CONST)
			return arena_dup(s->c->a, e, sizeof *e);
		e = check_new(s->c, EXPR_LET, e->type, at);
		e->index = i;
		e->level = s->let[i].expr->level;
		e->roles = s->let[i].expr->roles;
		return e;
	}
	return NULL;
}

static struct expr *of_indicator(struct scope *s, struct str name, struct span at)
{
	static const struct {
		const char *zh, *en;
		enum agg agg;
	} words[] = {
		{ "中位", "median", AGG_MEDIAN }, { "中位数", "median", AGG_MEDIAN },
		{ "中位差", "mad", AGG_MAD }, { "平均", "mean", AGG_MEAN },
		{ "平均数", "mean", AGG_MEAN }, { "同类数", "peer-count", AGG_COUNT },
	};
	struct expr *e;

	if (s->indicator == NULL || !s->peers)
		return NULL;
	if (s->indicator_var.n > 0 && str_eq(name, s->indicator_var)) {
		e = check_new(s->c, EXPR_INDICATOR, s->indicator->value->type, at);
		e->level = LEVEL_GROUP;
		return e;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!str_eq(name, str_of(words[i].zh)) && !str_eq(name, str_of(words[i].en)))
			continue;
		e = check_new(s->c, EXPR_PEER, words[i].agg == AGG_COUNT ? TYPE_COUNT
			      : s->indicator->value->type, at);
		e->agg = words[i].agg;
		e->level = LEVEL_GROUP;
		i -= i > 0 && words[i - 1].agg == words[i].agg;
		mark_term(s->c->d, at, words[i].zh, words[i].en);
		return e;
	}
	return NULL;
}

static struct expr *amount_word(struct scope *s, struct str name, struct span at)
{
	struct expr *e;

	if (!s->say || !keyword_is(name, KW_AMOUNT))
		return NULL;
	mark_keyword(s->c->d, at, MARK_KEYWORD, KW_AMOUNT);
	e = check_new(s->c, EXPR_AMOUNT, TYPE_MONEY, at);
	e->level = LEVEL_GROUP;
	return e;
}

/* ---- names with a dot ---- */

static struct expr *of_role(struct scope *s, int role, struct str name, struct span at)
{
	enum field f = field_find(s->stream[role], name);
	struct near n;
	struct diag *x;

	if (f != FIELD_NONE && role >= ROLE_RELATED && role != s->related) {
		diag_add(s->c->d, at, DIAG_RELATED_MANY, check_cstr(s->c, name));
		return check_error(s->c, at);
	}
	if (f != FIELD_NONE && role < ROLE_RELATED && of_group(s)) {
		int key = find_key(s, f, BUCKET_NONE);

		return key >= 0 ? key_expr(s, key, at) : s->say ? first_of(s, f, at)
				: needs_aggregate(s, name, at);
	}
	if (f != FIELD_NONE)
		return field_expr(s, f, (unsigned)role, at);
	at.start = at.end - name.n;
	x = diag_add(s->c->d, at, DIAG_UNKNOWN_FIELD,
		     s->c->d->english ? stream_name(s->stream[role])
				      : stream_title(s->stream[role]),
		     check_cstr(s->c, name));
	near_init(&n, name);
	offer_fields(&n, s->stream[role]);
	check_near(s->c, x, at, &n, "字段");
	return check_error(s->c, at);
}

/* A column or key of the 按表 row: keys first, then value columns. */
static struct expr *of_row(struct scope *s, struct str name, struct span at)
{
	const struct knowledge *k = s->table;
	struct expr *e = check_new(s->c, EXPR_ROWCOL, TYPE_CODE, at);
	struct near n;
	struct diag *x;

	e->level = LEVEL_ROW;
	near_init(&n, name);
	for (uint32_t i = 0; i < k->n_key; i++, e->index++) {
		if (str_eq(k->key[i].name, name))
			return e;
		near_offer(&n, k->key[i].name);
	}
	for (uint32_t i = 0; i < k->n_col; i++, e->index++) {
		e->type = k->col[i].kind == COLUMN_WINDOW ? TYPE_TEXT : k->col[i].type;
		if (str_eq(k->col[i].name, name))
			return e;
		near_offer(&n, k->col[i].name);
	}
	at.start = at.end - name.n;
	x = diag_add(s->c->d, at, DIAG_UNKNOWN_COLUMN, check_cstr(s->c, k->name),
		     check_cstr(s->c, name));
	check_near(s->c, x, at, &n, "列");
	return check_error(s->c, at);
}

static struct expr *dotted(struct scope *s, struct str text, uint32_t dot, struct span at)
{
	struct str head = str_sub(text, 0, dot), tail = str_sub(text, dot + 1, text.n);
	int role = find_role(s, head);
	struct near n;
	struct diag *x;

	if (role >= 0)
		return of_role(s, role, tail, at);
	if (s->table != NULL && s->table_var.n > 0 && str_eq(head, s->table_var))
		return of_row(s, tail, at);
	x = diag_add(s->c->d, at, DIAG_UNKNOWN_ROLE, check_cstr(s->c, head));
	near_init(&n, head);
	for (unsigned i = 0; i < RULE_ROLES; i++)
		near_offer(&n, s->role_name[i]);
	near_offer(&n, s->table_var);
	if (near_best(&n).n > 0)
		check_near(s->c, x, (struct span){ at.file, at.start, at.start + head.n },
			   &n, "角色");
	return check_error(s->c, at);
}

/* ---- any name ---- */

bool check_is_reference(const struct scope *s, struct str name)
{
	int64_t dot = str_chr(name, '.');
	struct str head = dot > 0 ? str_sub(name, 0, (size_t)dot) : name;

	if (dot > 0)
		return find_role(s, head) >= 0 ||
		       (s->table_var.n > 0 && str_eq(head, s->table_var));
	for (uint32_t i = 0; i < s->n_param; i++)
		if (str_eq(s->param[i].name, name))
			return true;
	for (uint32_t i = 0; i < s->n_let; i++)
		if (str_eq(s->let[i].name, name))
			return true;
	return s->indicator_var.n > 0 && str_eq(s->indicator_var, name);
}

static struct expr *unknown_name(struct scope *s, const struct syn *n)
{
	struct diag *x;

	if (n->text.p[0] >= '0' && n->text.p[0] <= '9') {
		uint32_t i = 0;

		while (i < n->text.n && n->text.p[i] >= '0' && n->text.p[i] <= '9')
			i++;
		x = diag_add(s->c->d, n->at, DIAG_UNKNOWN_UNIT,
			     check_cstr(s->c, str_sub(n->text, i, n->text.n)));
		x->expected = check_words(s->c, "元、万元、天、小时、分钟、周、%",
					  "yuan, days, hours, minutes, weeks, %");
		return check_error(s->c, n->at);
	}
	x = diag_add(s->c->d, n->at, DIAG_UNKNOWN_NAME, check_cstr(s->c, n->text));
	check_hint(s, x, n->at, n->text);
	return check_error(s->c, n->at);
}

struct expr *check_named(struct scope *s, const struct syn *n)
{
	int64_t dot = str_chr(n->text, '.');
	struct expr *e = param_or_let(s, n->text, n->at);

	if (e == NULL && s->constant) {
		struct diag *x =
			diag_add(s->c->d, n->at, DIAG_UNKNOWN_NAME, check_cstr(s->c, n->text));

		check_hint(s, x, n->at, n->text);
		return check_error(s->c, n->at);
	}
	if (e == NULL && dot > 0)
		return dotted(s, n->text, (uint32_t)dot, n->at);
	if (e == NULL)
		e = of_indicator(s, n->text, n->at);
	if (e == NULL)
		e = amount_word(s, n->text, n->at);
	if (e == NULL)
		e = bare_field(s, n->text, n->at);
	if (e == NULL)
		e = bare_bucket(s, n->text, n->at);
	if (e == NULL)
		e = table_key(s, n->text, n->at);
	if (e == NULL && check_aggregate(n->text) == AGG_COUNT)
		e = check_count(s, n->at);
	return e != NULL ? e : unknown_name(s, n);
}

enum field check_domain(const struct scope *s, const struct expr *e)
{
	switch (e->op) {
	case EXPR_FIELD:
		return e->field;
	case EXPR_KEY:
		return check_domain(s, s->key[e->index]);
	case EXPR_LET:
		return check_domain(s, s->let[e->index].expr);
	case EXPR_ROWCOL:
		return e->index < s->table->n_key ? s->table->key[e->index].field : FIELD_NONE;
	case EXPR_AGG:
		return e->n_arg > 0 ? check_domain(s, e->arg[0]) : FIELD_NONE;
	case EXPR_CALL:
		return e->func == FUNC_COALESCE ? check_domain(s, e->arg[0]) : FIELD_NONE;
	default:
		return FIELD_NONE;
	}
}
