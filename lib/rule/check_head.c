/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_head.c - the header of a rule: controlled words, dates, parameters.
 */
#include "lib/rule/check_rule.h"

#include <stdio.h>

#include "lib/base/civil.h"
#include "lib/base/near.h"
#include "lib/rule/marks.h"

static const struct word {
	enum keyword clause;
	const char *zh, *en;
	int value;
} words[] = {
	{ KW_CATEGORY, "政策类", "policy", CATEGORY_POLICY },
	{ KW_CATEGORY, "管理类", "management", CATEGORY_MANAGEMENT },
	{ KW_CATEGORY, "医疗类", "medical", CATEGORY_MEDICAL },
	{ KW_NATURE, "违规", "violation", NATURE_VIOLATION },
	{ KW_NATURE, "可疑", "suspect", NATURE_SUSPECT },
	{ KW_NATURE, "线索", "clue", NATURE_CLUE },
	{ KW_STAGE, "事前", "before", 1 },
	{ KW_STAGE, "事中", "during", 2 },
	{ KW_STAGE, "事后", "after", 4 },
	{ KW_SEVERITY, "高", "high", LEVEL_HIGH },
	{ KW_SEVERITY, "中", "middle", LEVEL_MIDDLE },
	{ KW_SEVERITY, "低", "low", LEVEL_LOW },
	{ KW_STATE, "启用", "on", STATE_ON },
	{ KW_STATE, "试行", "trial", STATE_TRIAL },
	{ KW_STATE, "停用", "off", STATE_OFF },
	{ KW_SCOPE, "有效结算明细", "settled", SCOPE_SETTLED },
	{ KW_SCOPE, "全部", "all", SCOPE_ALL },
	{ KW_SCOPE, "未结算", "unsettled", SCOPE_UNSETTLED },
};
#define N_WORDS (sizeof words / sizeof *words)

/* Words an override hides have a meaning all the same. */
static void mark_hidden(const struct rule_check *k, const struct syn_clause *x)
{
	for (uint32_t i = 0; x != NULL && i < x->n_item; i++)
		for (size_t w = 0; w < N_WORDS; w++)
			if (words[w].clause == x->keyword &&
			    (str_eq(x->item[i].name, str_of(words[w].zh)) ||
			     str_eq(x->item[i].name, str_of(words[w].en))))
				mark_term(k->c->d, x->item[i].at, words[w].zh, words[w].en);
}

bool check_header_word(unsigned i, enum keyword *clause, const char **zh, const char **en)
{
	if (i >= N_WORDS)
		return false;
	*clause = words[i].clause;
	*zh = words[i].zh;
	*en = words[i].en;
	return true;
}

struct syn_clause *check_clause(const struct rule_check *k, enum keyword w)
{
	if (k->over != NULL && k->over->clause[w] != NULL && w != KW_PARAM)
		mark_hidden(k, k->b->clause[w]);
	if (k->over != NULL && k->over->clause[w] != NULL && w != KW_PARAM)
		return k->over->clause[w];
	return k->b->clause[w];
}

static void unknown_word(struct checker *c, enum keyword clause, const struct syn_item *x)
{
	bool zh = x->name.n > 0 && (unsigned char)x->name.p[0] >= 0x80;
	struct diag *d = diag_add(c->d, x->at, DIAG_UNKNOWN_WORD,
				  keyword_word(clause, c->d->english), check_cstr(c, x->name));
	struct near near;
	struct buf b;

	near_init(&near, x->name);
	buf_init(&b, 400);
	for (size_t i = 0; i < N_WORDS; i++) {
		if (words[i].clause != clause)
			continue;
		buf_addf(&b, "%s%s", b.n > 0 ? check_words(c, "、", ", ") : "",
			 zh ? words[i].zh : words[i].en);
		near_offer(&near, str_of(zh ? words[i].zh : words[i].en));
	}
	d->expected = arena_strdup(&c->d->arena, buf_cstr(&b));
	if (near_best(&near).n > 0)
		d->fixed = diag_repair(c->d, x->at, near_best(&near));
	d->sure = near_sole(&near);
	buf_fini(&b);
}

static bool find_word(struct checker *c, enum keyword clause, const struct syn_item *x, int *value)
{
	for (size_t i = 0; i < N_WORDS; i++) {
		if (words[i].clause != clause)
			continue;
		if (str_eq(x->name, str_of(words[i].zh)) || str_eq(x->name, str_of(words[i].en))) {
			*value = words[i].value;
			mark_term(c->d, x->at, words[i].zh, words[i].en);
			return true;
		}
	}
	unknown_word(c, clause, x);
	return false;
}

/* Told together at the end: one message for a rule without a header. */
void check_missing(struct rule_check *k, enum keyword w)
{
	const char *word = check_keyword(k->c, w);

	if (k->missing == NULL)
		k->missing = word;
	else
		k->missing = arena_printf(&k->c->d->arena, "%s%s%s", k->missing,
					  check_words(k->c, "、", ", "), word);
}

/* The one word of a required clause. */
static int one_word(struct rule_check *k, enum keyword w)
{
	const struct syn_clause *x = check_clause(k, w);
	int value = 0;

	if (x == NULL) {
		check_missing(k, w);
		return 0;
	}
	if (x->broken || x->n_item == 0)
		return 0;
	find_word(k->c, w, &x->item[0], &value);
	if (x->n_item > 1)
		diag_add(k->c->d, x->item[1].at, DIAG_TRAILING, check_cstr(k->c, x->item[1].name));
	return value;
}

static uint8_t stages(struct rule_check *k)
{
	const struct syn_clause *x = check_clause(k, KW_STAGE);
	int all = 0, one;

	if (x == NULL)
		check_missing(k, KW_STAGE);
	for (uint32_t i = 0; x != NULL && !x->broken && i < x->n_item; i++)
		if (find_word(k->c, KW_STAGE, &x->item[i], &one))
			all |= one;
	return (uint8_t)all;
}

bool check_scope_word(struct checker *c, const struct syn_clause *w, enum rule_scope *out)
{
	int value = SCOPE_SETTLED;
	bool ok = w == NULL || w->broken || w->n_item == 0 ||
		  find_word(c, KW_SCOPE, &w->item[0], &value);

	*out = (enum rule_scope)value;
	return ok;
}

/* An override may say which version it was written over: a later one is to be looked at. */
static void tell_changed(struct rule_check *k, const struct syn_clause *version)
{
	const struct syn_clause *over = k->over != NULL ? k->over->clause[KW_VERSION] : NULL;
	char is[24], was[24];
	struct diag *d;

	if (over == NULL || over->broken || version->broken || over->number == version->number)
		return;
	(void)snprintf(is, sizeof is, "%lld", (long long)version->number);
	(void)snprintf(was, sizeof was, "%lld", (long long)over->number);
	d = diag_add(k->c->d, over->key, DIAG_OVERRIDE_OLD, check_cstr(k->c, k->b->id), is, was);
	d->also = version->key;
	d->also_text = check_words(k->c, "现在的版本", "the version it has now");
}

static void read_version(struct rule_check *k)
{
	const struct syn_clause *x = k->b->clause[KW_VERSION];

	if (x == NULL) {
		check_missing(k, KW_VERSION);
		return;
	}
	k->r->version = x->number;
	tell_changed(k, x);
}

static void read_effective(struct rule_check *k)
{
	const struct syn_clause *x = check_clause(k, KW_EFFECTIVE);
	struct rule *r = k->r;

	r->from = r->until = MISSING_I32;
	if (x == NULL || x->broken)
		return;
	r->from = x->from;
	r->until = x->until;
	if (r->from != MISSING_I32 && r->until != MISSING_I32 && r->from > r->until) {
		struct buf a, b;

		buf_init(&a, 20);
		buf_init(&b, 20);
		civil_add_date(&a, r->from);
		civil_add_date(&b, r->until);
		diag_add(k->c->d, x->at, DIAG_BAD_RANGE, buf_cstr(&a), buf_cstr(&b));
		buf_fini(&a);
		buf_fini(&b);
	}
}

/* ---- parameters ---- */

static uint32_t count_items(const struct syn_clause *x)
{
	uint32_t n = 0;

	for (; x != NULL; x = x->next)
		n += x->n_item;
	return n;
}

static void one_param(struct rule_check *k, struct scope *s, const struct syn_item *x,
		      struct named_expr *param)
{
	struct rule *r = k->r;

	for (uint32_t i = 0; i < r->n_param; i++) {
		if (!str_eq(param[i].name, x->name))
			continue;
		struct diag *d =
			diag_add(k->c->d, x->at, DIAG_DUPLICATE_NAME, check_cstr(k->c, x->name));

		d->also = param[i].at;
		d->also_text = check_words(k->c, "第一次写在这里", "first written here");
		return;
	}
	if (check_is_function(x->name))
		diag_add(k->c->d, x->at, DIAG_RESERVED_NAME, check_cstr(k->c, x->name));
	param[r->n_param] = (struct named_expr){
		.name = arena_str(k->c->a, x->name), .at = x->at, .expr = check_expr(s, x->expr),
	};
	if (param[r->n_param].expr->op != EXPR_CONST) {
		diag_add(k->c->d, x->expr->at, DIAG_NOT_CONSTANT);
		param[r->n_param].expr = check_error(k->c, x->at);
	}
	s->n_param = ++r->n_param;
}

/* A plain number takes the place of one with a unit by taking its unit only when it has it itself.
 */
static void override_param(struct rule_check *k, struct scope *s, const struct syn_item *x)
{
	struct rule *r = k->r;
	struct near near;
	struct diag *d;

	near_init(&near, x->name);
	for (uint32_t i = 0; i < r->n_param; i++) {
		struct expr *was = r->param[i].expr, *now;

		near_offer(&near, r->param[i].name);
		if (!str_eq(r->param[i].name, x->name))
			continue;
		now = check_expr(s, x->expr);
		if (now->type != TYPE_ERROR && was->type != TYPE_ERROR && !check_plain(was) &&
		    !check_unify(s, &was, &now, x->expr->at))
			return;
		if (rat_cmp(was->rat, now->rat, NULL) == 0 && str_eq(was->text, now->text))
			diag_add(k->c->d, x->at, DIAG_OVERRIDE_SAME, check_cstr(k->c, x->name));
		r->param[i].expr = now;
		return;
	}
	d = diag_add(k->c->d, x->at, DIAG_UNKNOWN_PARAM, check_cstr(k->c, r->id),
		     check_cstr(k->c, x->name));
	check_near(k->c, d, x->at, &near, check_words(k->c, "参数", "parameter"));
}

static void read_params(struct rule_check *k)
{
	const struct syn_clause *first = k->b->clause[KW_PARAM];
	struct named_expr *param =
		arena_array(k->c->a, count_items(first) + (size_t)1, sizeof *param);
	struct scope s = { .c = k->c, .param = param, .constant = true };

	k->r->param = param;
	k->param_used = arena_array(k->c->a, count_items(first) + (size_t)1, 1);
	s.param_used = k->param_used;
	for (const struct syn_clause *x = first; x != NULL; x = x->next)
		for (uint32_t i = 0; i < x->n_item; i++)
			if (x->item[i].expr != NULL)
				one_param(k, &s, &x->item[i], param);
	for (const struct syn_clause *x = k->over ? k->over->clause[KW_PARAM] : NULL; x;
	     x = x->next)
		for (uint32_t i = 0; i < x->n_item; i++)
			if (x->item[i].expr != NULL)
				override_param(k, &s, &x->item[i]);
}

/* An override that says what the rule says. */
static void same_word(struct rule_check *k, enum keyword w)
{
	const struct syn_clause *was = k->b->clause[w], *now = k->over->clause[w];

	if (was != NULL && now != NULL && was->n_item > 0 && now->n_item > 0 &&
	    str_eq(was->item[0].name, now->item[0].name))
		diag_add(k->c->d, now->item[0].at, DIAG_OVERRIDE_SAME,
			 check_cstr(k->c, now->item[0].name));
}

void check_head(struct rule_check *k)
{
	const struct syn_clause *basis = check_clause(k, KW_BASIS);
	struct rule *r = k->r;

	r->id = arena_str(k->c->a, k->b->id);
	r->title = arena_str(k->c->a, k->b->title);
	r->at = k->b->id_at;
	read_version(k);
	if (basis != NULL)
		r->basis = arena_str(k->c->a, basis->text);
	r->category = (enum rule_category)one_word(k, KW_CATEGORY);
	r->nature = (enum nature)one_word(k, KW_NATURE);
	r->stages = stages(k);
	r->severity = (enum level)one_word(k, KW_SEVERITY);
	r->state = (enum rule_state)one_word(k, KW_STATE);
	read_effective(k);
	if (k->over != NULL) {
		same_word(k, KW_STATE);
		same_word(k, KW_SEVERITY);
	}
	check_scope_word(k->c, check_clause(k, KW_SCOPE), &r->scope);
	read_params(k);
}
