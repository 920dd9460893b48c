/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_call.c - aggregates, functions of func.def, look-ups in tables and lists.
 */
#include "lib/rule/check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/near.h"
#include "lib/rule/marks.h"
#include "lib/rule/value.h"

#define MAX_ARGS 16

/* ---- names ---- */

static const struct {
	const char *zh, *en;
	enum agg agg;
} aggregates[] = {
	{ "笔数", "count", AGG_COUNT },     { "合计", "sum", AGG_SUM },
	{ "不同", "distinct", AGG_DISTINCT }, { "最大", "max", AGG_MAX },
	{ "最小", "min", AGG_MIN },         { "平均", "mean", AGG_MEAN },
	{ "中位", "median", AGG_MEDIAN },   { "百分位", "percentile", AGG_PERCENTILE },
	{ "首个", "first", AGG_FIRST },     { "末个", "last", AGG_LAST },
	{ "累计", "running", AGG_RUNNING }, { "结伴", "company", AGG_COMPANY },
	{ "结伴名单", "companions", AGG_BAND },
};
#define N_AGGREGATES (sizeof aggregates / sizeof *aggregates)

static const struct {
	const char *zh, *en, *signature;
} functions[FUNC_COUNT_ALL] = {
#define FUNC(id, zh, en, signature, help_zh, help_en, example) { zh, en, signature },
#include "lib/rule/func.def"
#undef FUNC
};

enum agg check_aggregate(struct str name)
{
	for (size_t i = 0; i < N_AGGREGATES; i++)
		if (str_eq(name, str_of(aggregates[i].zh)) ||
		    str_eq(name, str_of(aggregates[i].en)))
			return aggregates[i].agg;
	return AGG_NONE;
}

static enum func find_function(struct str name)
{
	for (unsigned f = 0; f < FUNC_COUNT_ALL; f++)
		if (str_eq(name, str_of(functions[f].zh)) || str_eq(name, str_of(functions[f].en)))
			return (enum func)f;
	return FUNC_COUNT_ALL;
}

bool check_is_function(struct str name)
{
	return check_aggregate(name) != AGG_NONE || find_function(name) != FUNC_COUNT_ALL;
}

const char *check_function_word(unsigned i, bool english)
{
	if (i < N_AGGREGATES)
		return english ? aggregates[i].en : aggregates[i].zh;
	i -= (unsigned)N_AGGREGATES;
	if (i >= FUNC_COUNT_ALL)
		return NULL;
	return english ? functions[i].en : functions[i].zh;
}

static struct expr *unknown_function(struct scope *s, const struct syn *n)
{
	struct diag *x =
		diag_add(s->c->d, n->text_at, DIAG_UNKNOWN_FUNCTION, check_cstr(s->c, n->text));
	bool zh = n->text.n > 0 && (unsigned char)n->text.p[0] >= 0x80;
	const char *word;
	struct near near;

	near_init(&near, n->text);
	for (unsigned i = 0; (word = check_function_word(i, !zh)) != NULL; i++)
		near_offer(&near, str_of(word));
	check_near(s->c, x, n->text_at, &near, "函数");
	return check_error(s->c, n->at);
}

static struct expr *wrong_count(struct scope *s, const struct syn *n, const char *needs)
{
	char given[16];

	snprintf(given, sizeof given, "%u", n->n_arg);
	diag_add(s->c->d, n->at, DIAG_ARG_COUNT, check_cstr(s->c, n->text), needs, given);
	return check_error(s->c, n->at);
}

static void mark_call(struct scope *s, const struct syn *n, enum agg a, enum func f)
{
	if (f != FUNC_COUNT_ALL)
		mark_function(s->c->d, n->text_at, functions[f].zh, functions[f].en);
	for (size_t i = 0; i < N_AGGREGATES && a != AGG_NONE; i++)
		if (aggregates[i].agg == a)
			mark_function(s->c->d, n->text_at, aggregates[i].zh, aggregates[i].en);
}

/* ---- aggregates ---- */

/* Type of an aggregate over values of type t; TYPE_NONE when it makes no sense. */
static enum type aggregate_type(enum agg a, enum type t)
{
	switch (a) {
	case AGG_COUNT:
	case AGG_DISTINCT:
		return TYPE_COUNT;
	case AGG_COMPANY:
	case AGG_BAND:
		return !type_is_text(t) ? TYPE_NONE : a == AGG_BAND ? TYPE_TEXT : TYPE_COUNT;
	case AGG_SUM:
	case AGG_RUNNING:
		return check_is_number(t) && t != TYPE_RATIO ? t : TYPE_NONE;
	case AGG_MEAN:
	case AGG_MEDIAN:
	case AGG_PERCENTILE:
		return t == TYPE_COUNT ? TYPE_QTY : check_is_number(t) ? t : TYPE_NONE;
	case AGG_MAX:
	case AGG_MIN:
		return check_is_ordered(t) ? t : TYPE_NONE;
	default:
		return t;
	}
}

/* The related role that an aggregate's words name first, 0 for none. */
static uint8_t related_named(const struct scope *s, const struct syn *n)
{
	int64_t dot = n->kind == SYN_NAME ? str_chr(n->text, '.') : -1;
	struct str head = dot > 0 ? str_sub(n->text, 0, (size_t)dot) : n->text;
	uint8_t role = 0;

	for (uint8_t i = 0; n->kind == SYN_NAME && i < s->n_related; i++)
		if (str_eq(head, s->role_name[ROLE_RELATED + i]))
			return (uint8_t)(ROLE_RELATED + i);
	for (uint32_t i = 0; i < n->n_arg && role == 0; i++)
		role = related_named(s, n->arg[i]);
	return role == 0 && n->cond != NULL ? related_named(s, n->cond) : role;
}

static bool aggregate_allowed(struct scope *s, const struct syn *n, uint8_t related)
{
	const char *why = NULL;

	if (s->inside) {
		diag_add(s->c->d, n->text_at, DIAG_NESTED_AGGREGATE);
		return false;
	}
	if (s->constant)
		why = check_words(s->c, "这里只能是固定的值", "only fixed values stand here");
	else if ((!s->group || related > 0) && s->inline_lets)
		why = check_words(s->c, "条件逐条判断，聚合写在“触发”里",
				  "a condition looks at one record; write it in `when`");
	else if (!s->group && related == 0)
		why = check_words(s->c, "这条规则没有归并", "the rule does not group records");
	if (why == NULL)
		return true;
	diag_add(s->c->d, n->text_at, DIAG_NO_AGGREGATE, check_cstr(s->c, n->text), why);
	return false;
}

static bool share(struct scope *s, struct expr **p)
{
	if (!check_adapt(s, p, TYPE_RATIO))
		return false;
	if ((*p)->type == TYPE_RATIO && (*p)->op == EXPR_CONST && rat_sign((*p)->rat) >= 0 &&
	    rat_cmp((*p)->rat, rat_int(1), NULL) <= 0)
		return true;
	if ((*p)->type != TYPE_ERROR)
		diag_add(s->c->d, (*p)->at, DIAG_WRONG_TYPE, check_words(s->c, "百分位", "percentile"),
			 check_words(s->c, "0 至 100% 的比例", "a share from 0 to 100%"),
			 type_name((*p)->type, s->c->d->english));
	return false;
}

/* 笔数(丙): the related records themselves. */
static bool names_kind(struct scope *s, const struct syn *n, uint8_t related)
{
	return n->n_arg == 1 && related > 0 && n->arg[0]->kind == SYN_NAME &&
	       str_eq(n->arg[0]->text, s->role_name[related]);
}

static bool positive(struct scope *s, struct expr *e, enum type t, const char *zh, const char *en)
{
	if (e->type == t && e->op == EXPR_CONST && rat_sign(e->rat) > 0)
		return true;
	if (e->type != TYPE_ERROR)
		diag_add(s->c->d, e->at, DIAG_WRONG_TYPE, check_words(s->c, "结伴", "company"),
			 check_words(s->c, zh, en), type_name(e->type, s->c->d->english));
	return false;
}

/* What stands behind the value: a share, or how near and how often. */
static bool terms(struct scope *s, enum agg a, struct expr **arg)
{
	if (a == AGG_PERCENTILE)
		return share(s, &arg[1]);
	if (a != AGG_COMPANY && a != AGG_BAND)
		return true;
	return positive(s, arg[1], TYPE_DURATION, "一段时间，如 10 分钟", "a time, e.g. 10 minutes") &&
	       check_adapt(s, &arg[2], TYPE_COUNT) &&
	       positive(s, arg[2], TYPE_COUNT, "天数，如 5", "a number of days, e.g. 5");
}

static uint32_t needed(enum agg a)
{
	if (a == AGG_COUNT)
		return 0;
	return a == AGG_PERCENTILE ? 2 : a == AGG_COMPANY || a == AGG_BAND ? 3 : 1;
}

static struct expr *aggregate(struct scope *s, const struct syn *n, enum agg a)
{
	static const char *const words[] = { "0", "1", "2", "3" };
	struct scope in = *s;
	uint32_t needs = needed(a);
	uint8_t related = related_named(s, n);
	struct expr *e, *arg[3] = { NULL, NULL, NULL };

	if (!aggregate_allowed(s, n, related))
		return check_error(s->c, n->at);
	if (n->n_arg != needs && !(names_kind(s, n, related) && a == AGG_COUNT))
		return wrong_count(s, n, words[needs]);
	in.related = related;
	in.inside = true;
	in.say = false;
	e = check_new(s->c, EXPR_AGG, TYPE_COUNT, n->at);
	for (uint32_t i = 0; i < needs; i++)
		arg[i] = check_expr(&in, n->arg[i]);
	if (n->cond != NULL)
		e->cond = check_flag(&in, n->cond);
	for (uint32_t i = 0; i < needs; i++)
		if (arg[i]->type == TYPE_ERROR)
			return check_error(s->c, n->at);
	if (!terms(s, a, arg))
		return check_error(s->c, n->at);
	if (needs > 0)
		e->type = aggregate_type(a, arg[0]->type);
	if (e->type == TYPE_NONE) {
		diag_add(s->c->d, n->arg[0]->at, DIAG_WRONG_TYPE, check_cstr(s->c, n->text),
			 a >= AGG_COMPANY ? check_words(s->c, "编码", "codes") :
					    check_words(s->c, "数", "numbers"),
			 type_name(arg[0]->type, s->c->d->english));
		return check_error(s->c, n->at);
	}
	check_args(s->c, e, arg, needs);
	e->agg = a;
	e->role = related;
	e->roles = 0;
	e->level = LEVEL_GROUP;
	return e;
}

struct expr *check_count(struct scope *s, struct span at)
{
	struct syn n = { .kind = SYN_CALL, .at = at, .text_at = at, .text = STR("笔数") };

	mark_call(s, &n, AGG_COUNT, FUNC_COUNT_ALL);
	return aggregate(s, &n, AGG_COUNT);
}

/* 百分位(90%) over the peers of an indicator. */
static struct expr *peer_percentile(struct scope *s, const struct syn *n)
{
	struct expr *p = check_expr(s, n->arg[0]), *e;

	if (p->type == TYPE_ERROR || !share(s, &p))
		return check_error(s->c, n->at);
	e = check_new(s->c, EXPR_PEER, s->indicator->value->type, n->at);
	check_args(s->c, e, &p, 1);
	e->agg = AGG_PERCENTILE;
	e->level = LEVEL_GROUP;
	return e;
}

/* ---- functions by signature ---- */

static enum type letter_type(char c)
{
	static const struct {
		char c;
		enum type t;
	} letters[] = {
		{ 'm', TYPE_MONEY }, { 'q', TYPE_QTY }, { 'c', TYPE_COUNT }, { 'r', TYPE_RATIO },
		{ 't', TYPE_TIME }, { 'd', TYPE_DATE }, { 'u', TYPE_DURATION }, { 'x', TYPE_CODE },
		{ 's', TYPE_TEXT }, { 'f', TYPE_FLAG },
	};

	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (letters[i].c == c)
			return letters[i].t;
	return TYPE_NONE;
}

static bool letter_fits(char c, enum type t)
{
	if (t == TYPE_ERROR || c == 'T')
		return true;
	if (c == 'N')
		return check_is_number(t);
	if (c == 'O')
		return check_is_ordered(t);
	if (c == 'S')
		return check_is_text(t);
	return t == letter_type(c) || (c == 's' && t == TYPE_CODE) || (c == 'q' && t == TYPE_COUNT);
}

static const char *letter_name(struct scope *s, char c)
{
	if (c == 'N' || c == 'O')
		return check_words(s->c, "数", "a number");
	if (c == 'S')
		return check_words(s->c, "编码或文本", "a code or text");
	return type_name(letter_type(c), s->c->d->english);
}

static bool signature_fits_count(const char *sig, uint32_t n, const char **needs)
{
	static const char *const words[] = { "0", "1", "2", "3" };
	uint32_t least = 0;
	bool more = false;

	for (; *sig != ':'; sig++) {
		if (*sig == '*')
			more = true;
		else
			least++;
	}
	*needs = words[least];
	return more ? n >= least : n == least;
}

/* One argument against its letter; `bound` is the first argument of the same capital. */
static bool argument_fits(struct scope *s, const struct syn *n, char c, struct expr **arg,
			  struct expr **bound)
{
	if ((*arg)->type == TYPE_ERROR)
		return false;
	if (!isupper((unsigned char)c) && !check_adapt(s, arg, letter_type(c)))
		return false;
	if (!letter_fits(c, (*arg)->type)) {
		diag_add(s->c->d, (*arg)->at, DIAG_WRONG_TYPE, check_cstr(s->c, n->text),
			 letter_name(s, c), type_name((*arg)->type, s->c->d->english));
		return false;
	}
	if (!isupper((unsigned char)c) || *bound == NULL)
		return true;
	return check_unify(s, bound, arg, n->at);
}

static struct expr *function(struct scope *s, const struct syn *n, enum func f)
{
	const char *sig = functions[f].signature, *needs;
	struct expr *arg[MAX_ARGS], *first = NULL, *e;
	bool ok = true;

	if (n->n_arg > MAX_ARGS || !signature_fits_count(sig, n->n_arg, &needs) || n->cond != NULL)
		return wrong_count(s, n, n->n_arg > MAX_ARGS ? "16" : needs);
	for (uint32_t i = 0; i < n->n_arg; i++) {
		char c = *sig;

		arg[i] = check_expr(s, n->arg[i]);
		ok &= argument_fits(s, n, c, &arg[i], &first);
		if (first == NULL || (check_plain(first) && !check_plain(arg[i])) ||
		    (first->type == TYPE_COUNT && arg[i]->type == TYPE_QTY))
			first = arg[i];
		if (sig[1] == '*')
			continue;
		sig++;
		if (*sig == ':')
			break;
	}
	if (!ok)
		return check_error(s->c, n->at);
	for (uint32_t i = 0; i < n->n_arg && isupper((unsigned char)functions[f].signature[0]); i++)
		if (!check_plain(first) && functions[f].signature[1] == '*')
			ok &= check_adapt(s, &arg[i], first->type);
	sig = strchr(functions[f].signature, ':') + 1;
	e = check_new(s->c, EXPR_CALL,
		      isupper((unsigned char)*sig) ? first->type : letter_type(*sig), n->at);
	if (functions[f].signature[0] == 'S' && *sig == 'S')
		e->type = arg[0]->type;
	e->func = f;
	check_args(s->c, e, arg, n->n_arg);
	return ok ? e : check_error(s->c, n->at);
}

struct expr *check_call(struct scope *s, const struct syn *n)
{
	enum agg a = check_aggregate(n->text);
	enum func f = find_function(n->text);

	if (n->text.n == 0) {
		diag_add(s->c->d, n->at, DIAG_EXPECTED, check_words(s->c, "一个值", "one value"),
			 check_words(s->c, "几个值", "several values"));
		return check_error(s->c, n->at);
	}
	mark_call(s, n, a, f);
	if (a == AGG_PERCENTILE && s->peers && s->indicator != NULL && n->n_arg == 1 &&
	    n->cond == NULL)
		return peer_percentile(s, n);
	if (a != AGG_NONE)
		return aggregate(s, n, a);
	if (f != FUNC_COUNT_ALL)
		return function(s, n, f);
	return unknown_function(s, n);
}

/* ---- lists and tables ---- */

static struct str shown_name(struct checker *c, struct str name)
{
	return str_of(arena_printf(&c->d->arena, "「" STR_FMT "」", STR_ARG(name)));
}

/* Near names of the same kind, with how many rows they have. */
static void hint_file(struct checker *c, struct diag *x, struct span at, struct str name, bool list)
{
	struct near near;

	near_init(&near, name);
	for (uint32_t i = 0; i < c->rs->n_knowledge; i++)
		if (c->rs->knowledge[i]->list == list)
			near_offer(&near, c->rs->knowledge[i]->name);
	for (uint32_t i = 0; i < c->rs->n_knowledge; i++) {
		const struct knowledge *k = c->rs->knowledge[i];

		if (near_best(&near).n == 0 || !str_eq(k->name, near_best(&near)) ||
		    k->list != list)
			continue;
		x->near = arena_printf(&c->d->arena, c->d->english ? "near: 「" STR_FMT "」 (%u rows)"
				       : list ? "相近的名单：「" STR_FMT "」（%u 项）"
				       : "相近的表：「" STR_FMT "」（%u 行）", STR_ARG(k->name), k->n_row);
		x->fixed = diag_repair(c->d, at, shown_name(c, k->name));
		x->sure = near_sole(&near);
	}
}

/* Rows and columns of a list or table, for an editor. */
static const char *file_note(struct checker *c, const struct knowledge *k)
{
	const char *note = arena_printf(&c->d->arena, c->d->english ? "%u rows" : "%u 行", k->n_row);

	for (uint32_t i = 0; i < k->n_key; i++)
		note = arena_printf(&c->d->arena, "%s%s" STR_FMT, note,
				    i > 0 ? check_words(c, "、", ", ") : check_words(c, "；键 ", "; key "),
				    STR_ARG(k->key[i].name));
	for (uint32_t i = 0; i < k->n_col; i++)
		note = arena_printf(&c->d->arena, "%s%s" STR_FMT, note,
				    i > 0 ? check_words(c, "、", ", ")
				    : check_words(c, "；列 ", "; columns "), STR_ARG(k->col[i].name));
	return note;
}

const struct knowledge *check_name_file(struct checker *c, struct str name, bool list,
					struct span at)
{
	const char *kind =
		list ? keyword_word(KW_LIST, c->d->english) : keyword_word(KW_TABLE, c->d->english);
	const char *other =
		list ? keyword_word(KW_TABLE, c->d->english) : keyword_word(KW_LIST, c->d->english);
	struct diag *x;

	for (uint32_t i = 0; i < c->rs->n_knowledge; i++) {
		const struct knowledge *k = c->rs->knowledge[i];

		if (!str_eq(k->name, name))
			continue;
		if (c->d->marks != NULL)
			mark_name(c->d, at, MARK_FILE, k->at, file_note(c, k));
		if (k->list == list)
			return k;
		x = diag_add(c->d, at, DIAG_WRONG_KIND, check_cstr(c, name), other, kind);
		x->also = k->at;
		x->also_text = check_words(c, "在这里声明", "declared here");
		return NULL;
	}
	x = diag_add(c->d, at, list ? DIAG_UNKNOWN_LIST : DIAG_UNKNOWN_TABLE,
		     shown_name(c, name).p);
	hint_file(c, x, at, name, list);
	return NULL;
}

const struct knowledge *check_find_file(struct checker *c, struct str name, bool list,
					struct span at)
{
	for (uint32_t i = 0; i < c->rs->n_knowledge; i++)
		if (str_eq(c->rs->knowledge[i]->name, name))
			c->knowledge_used[i] = true;
	return check_name_file(c, name, list, at);
}

/* Keys of a look-up: as many as declared, each a code or text. */
static bool look_up_keys(struct scope *s, const struct syn *n, const struct knowledge *k,
			 struct expr *e)
{
	struct expr *key[KNOWLEDGE_MAX_KEY];
	char has[16], given[16];
	bool ok = true;

	if (k->n_key == 0)
		return false; /* its declaration is broken and was reported */
	if (k->n_key != n->n_arg) {
		snprintf(has, sizeof has, "%u", k->n_key);
		snprintf(given, sizeof given, "%u", n->n_arg);
		diag_add(s->c->d, n->at, DIAG_KEY_COUNT, check_cstr(s->c, k->name), has, given);
		return false;
	}
	for (uint32_t i = 0; i < k->n_key; i++) {
		key[i] = check_expr(s, n->arg[i]);
		if (key[i]->type == TYPE_ERROR) {
			ok = false;
		} else if (!check_is_text(key[i]->type) && key[i]->type != TYPE_COUNT &&
			   key[i]->type != TYPE_DATE) {
			diag_add(s->c->d, key[i]->at, DIAG_WRONG_TYPE, check_words(s->c, "键", "a key"),
				 check_words(s->c, "编码或文本", "a code or text"),
				 type_name(key[i]->type, s->c->d->english));
			ok = false;
		}
	}
	check_args(s->c, e, key, k->n_key);
	return ok;
}

struct expr *check_lookup(struct scope *s, const struct syn *n)
{
	const struct knowledge *k = check_find_file(s->c, n->text, false, n->text_at);
	struct expr *e;
	struct near near;
	struct diag *x;

	if (k == NULL)
		return check_error(s->c, n->at);
	e = check_new(s->c, EXPR_LOOKUP, TYPE_ERROR, n->at);
	e->table = k;
	if (!look_up_keys(s, n, k, e))
		return check_error(s->c, n->at);
	near_init(&near, n->part);
	for (uint32_t i = 0; i < k->n_col; i++) {
		near_offer(&near, k->col[i].name);
		if (!str_eq(k->col[i].name, n->part))
			continue;
		e->index = i;
		e->type = k->col[i].kind == COLUMN_WINDOW ? TYPE_TEXT : k->col[i].type;
		return e;
	}
	x = diag_add(s->c->d, n->part_at, DIAG_UNKNOWN_COLUMN, check_cstr(s->c, k->name),
		     check_cstr(s->c, n->part));
	check_near(s->c, x, n->part_at, &near, "列");
	return check_error(s->c, n->at);
}

struct expr *check_inlist(struct scope *s, const struct syn *n)
{
	const struct knowledge *k = check_find_file(s->c, n->text, true, n->text_at);
	struct expr *e, *not;

	if (k == NULL) {
		for (uint32_t i = 0; i < n->n_arg; i++)
			check_expr(s, n->arg[i]);
		return check_error(s->c, n->at);
	}
	e = check_new(s->c, EXPR_INLIST, TYPE_FLAG, n->at);
	e->table = k;
	if (!look_up_keys(s, n, k, e))
		return check_error(s->c, n->at);
	if (!n->negated)
		return e;
	not = check_new(s->c, EXPR_NOT, TYPE_FLAG, n->at);
	check_args(s->c, not, &e, 1);
	return not;
}
