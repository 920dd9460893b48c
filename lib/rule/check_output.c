/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_output.c - what a rule tells: its amount, its sentence, and what may be excepted from it.
 */
#include "lib/rule/check_rule.h"

#include "lib/rule/marks.h"

void check_amount(struct rule_check *k)
{
	const struct syn_clause *x = k->b->clause[KW_AMOUNT];
	struct expr *e;

	if (x == NULL || x->broken || x->expr == NULL)
		return;
	e = check_expr(&k->whole, x->expr);
	if (e->type != TYPE_ERROR && check_plain(e))
		check_adapt(&k->whole, &e, TYPE_MONEY);
	else if (e->type != TYPE_ERROR && e->type != TYPE_MONEY)
		diag_add(k->c->d, e->at, DIAG_WRONG_TYPE, keyword_word(KW_AMOUNT, k->c->d->english),
			 type_name(TYPE_MONEY, k->c->d->english),
			 type_name(e->type, k->c->d->english));
	check_terms(k, e);
	k->r->amount = e;
}

void check_say(struct rule_check *k)
{
	const struct syn_clause *x = k->b->clause[KW_SAY];
	struct scope s = k->whole;
	struct rule *r = k->r;

	if (x == NULL || x->broken)
		return;
	s.say = true;
	r->say = arena_array(k->c->a, x->n_item + (size_t)1, sizeof *r->say);
	for (uint32_t i = 0; i < x->n_item; i++) {
		const struct syn_item *part = &x->item[i];

		r->say[r->n_say++] = (struct say_part){
			.text = arena_str(k->c->a, part->name),
			.expr = part->expr != NULL ? check_expr(&s, part->expr) : NULL,
		};
	}
}

/* Fields of 乙 in a pair, unless only 甲 has them. */
static enum field except_field(const struct rule *r, struct str name)
{
	enum field f = FIELD_NONE;

	if (r->n_role > 1)
		f = field_find(r->stream[1], name);
	return f != FIELD_NONE ? f : field_find(r->stream[0], name);
}

void check_excepted_by(struct rule_check *k)
{
	const struct syn_clause *x = k->b->clause[KW_EXCEPTED_BY];
	struct rule *r = k->r;

	if (x == NULL || x->broken)
		return;
	r->except = arena_array(k->c->a, x->n_item + (size_t)1, sizeof *r->except);
	for (uint32_t i = 0; i < x->n_item; i++) {
		enum field f = except_field(r, x->item[i].name);
		struct scope s = { .c = k->c,
				   .n_role = r->n_role,
				   .stream = { r->stream[0], r->stream[1] } };
		struct diag *d;

		if (f != FIELD_NONE) {
			mark_field(k->c->d, x->item[i].at, f);
			r->except[r->n_except++] = f;
			continue;
		}
		d = diag_add(k->c->d, x->item[i].at, DIAG_UNKNOWN_FIELD,
			     k->c->d->english ? stream_name(r->stream[0])
					      : stream_title(r->stream[0]),
			     check_cstr(k->c, x->item[i].name));
		check_hint(&s, d, x->item[i].at, x->item[i].name);
	}
}
