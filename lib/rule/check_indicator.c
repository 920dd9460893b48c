/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_indicator.c - an indicator: by what, its value, and when there is enough to judge.
 */
#include "lib/rule/check_rule.h"

#include "lib/rule/check_file.h"
#include "lib/rule/marks.h"
#include "lib/rule/rule_digest.h"

static void mark_counted(struct diag_list *d, struct span at, const char *field)
{
	if (field[0] == '\0')
		mark_term(d, at, "笔", "lines");
	else if (field[0] == 'p')
		mark_term(d, at, "人", "persons");
	else
		mark_term(d, at, "次就诊", "visits");
}

/* 至少 100 次就诊: what is counted, by the word behind the number. */
static struct expr *enough(struct scope *s, const struct syn_clause *x)
{
	static const struct {
		const char *word, *field;
	} counted[] = {
		{ "次就诊", "mdtrt_id" }, { "就诊", "mdtrt_id" }, { "visits", "mdtrt_id" },
		{ "visit", "mdtrt_id" }, { "人次", "mdtrt_id" }, { "次", "mdtrt_id" },
		{ "人", "psn_no" }, { "名参保人", "psn_no" }, { "persons", "psn_no" },
		{ "笔", "" }, { "条", "" }, { "lines", "" }, { "", "" },
	};
	struct expr *n = check_const(s->c, rat_int(x->number), TYPE_COUNT, x->at);
	struct marks *marks = s->c->d->marks;
	struct expr *count, *e;

	for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
		struct syn name = { .kind = SYN_NAME,
				    .at = x->var_at,
				    .text = str_of(counted[i].field) };
		struct syn *arg[] = { &name };
		struct syn call = { .kind = SYN_CALL, .at = x->var_at, .text_at = x->var_at,
				    .text = STR("不同"), .n_arg = 1, .arg = arg };

		if (!str_eq(x->var, str_of(counted[i].word)))
			continue;
		mark_counted(s->c->d, x->var_at, counted[i].field);
		s->c->d->marks = NULL; /* the call is made up */
		count = counted[i].field[0] != '\0' ? check_call(s, &call) : check_count(s, x->at);
		s->c->d->marks = marks;
		e = check_new(s->c, EXPR_GE, TYPE_FLAG, x->at);
		check_args(s->c, e, (struct expr *[]){ count, n }, 2);
		return e;
	}
	diag_add(s->c->d, x->var_at, DIAG_UNKNOWN_UNIT, check_cstr(s->c, x->var))->expected =
		check_words(s->c, "次就诊、人、笔", "visits, persons, lines");
	return NULL;
}

static void indicator_keys(struct checker *c, struct syn_block *b, struct indicator *x)
{
	const struct syn_clause *by = b->clause[KW_BY];
	bool entity = false, period = false;

	x->key = arena_array(c->a, by->n_item + (size_t)1, sizeof(struct expr *));
	for (uint32_t i = 0; i < by->n_item; i++) {
		struct expr *e = check_key(c, x->stream, &by->item[i]);

		if (e == NULL)
			return;
		if (e->op == EXPR_BUCKET &&
		    (period || e->bucket == BUCKET_VISIT || e->bucket == BUCKET_STAY))
			diag_add(c->d, by->item[i].at, DIAG_ONE_PERIOD);
		period |= e->op == EXPR_BUCKET;
		entity |= e->op == EXPR_FIELD && field_get(e->field)->role == ROLE_ENTITY;
		x->key[x->n_key++] = e;
	}
	if (!entity || !period)
		diag_add(c->d, by->key, DIAG_NO_INDICATOR_PERIOD);
}

static void indicator_value(struct checker *c, struct syn_block *b, struct indicator *x)
{
	struct scope row = {
		.c = c, .n_role = 1, .stream = { x->stream, x->stream }, .inline_lets = true
	};
	struct scope whole = row;
	const struct syn_clause *where = b->clause[KW_WHERE], *unless = b->clause[KW_UNLESS];
	const struct syn_clause *value = b->clause[KW_VALUE], *least = b->clause[KW_AT_LEAST];
	struct expr *cond = NULL, *not = NULL;

	whole.group = true;
	whole.inline_lets = false;
	whole.key = x->key;
	whole.n_key = x->n_key;
	if (where != NULL && where->expr != NULL && !where->broken)
		cond = check_flag(&row, where->expr);
	if (unless != NULL && unless->expr != NULL && !unless->broken)
		not = check_flag(&row, unless->expr);
	x->where = check_where(c, cond, not);
	if (value != NULL && value->expr != NULL && !value->broken)
		x->value = check_expr(&whole, value->expr);
	if (x->value != NULL && !check_is_number(x->value->type))
		diag_add(c->d, x->value->at, DIAG_WRONG_TYPE, keyword_word(KW_VALUE, c->d->english),
			 check_words(c, "数", "a number"), type_name(x->value->type, c->d->english));
	if (least != NULL && !least->broken) {
		x->enough = enough(&whole, least);
		x->enough_text = arena_str(c->a, least->var);
	}
}

void check_indicator(struct checker *c, struct syn_block *b, struct indicator *x)
{
	static const enum keyword needed[] = { KW_ON, KW_BY, KW_VALUE };
	const struct syn_clause *on = b->clause[KW_ON];
	bool ok = true;

	x->name = arena_str(c->a, b->title);
	x->at = b->title_at;
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		const struct syn_clause *w = b->clause[needed[i]];

		if (w == NULL && !b->broken)
			diag_add(c->d, b->title_at, DIAG_CLAUSE_MISSING,
				 check_keyword(c, needed[i]));
		ok &= w != NULL && !w->broken;
	}
	check_scope_word(c, b->clause[KW_SCOPE], &x->scope);
	if (!ok || on->n_item == 0)
		return;
	x->stream = check_stream(c, &on->item[0]);
	if (x->stream == STREAM_COUNT)
		return;
	indicator_keys(c, b, x);
	indicator_value(c, b, x);
}
