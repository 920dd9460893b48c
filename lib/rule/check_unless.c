/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_unless.c - the parts of 除外, by which what is held back is told.
 */
#include "lib/rule/check_rule.h"

/* Blanks and line ends as one blank. */
static struct str as_written(struct checker *c, struct span at)
{
	struct str text = c->d->file[at.file].text;
	char *p = arena_alloc(c->a, at.end - at.start + (size_t)1);
	size_t n = 0;

	for (uint32_t i = at.start; i < at.end; i++) {
		bool blank = text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\n' ||
			     text.p[i] == '\r';

		if (!blank)
			p[n++] = text.p[i];
		else if (n > 0 && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	return str_make(p, n);
}

static uint32_t count_parts(const struct expr *e)
{
	uint32_t n = 0;

	if (e->op != EXPR_OR)
		return 1;
	for (uint32_t i = 0; i < e->n_arg; i++)
		n += count_parts(e->arg[i]);
	return n;
}

static void take_parts(struct rule_check *k, struct expr *e)
{
	struct rule *r = k->r;

	for (uint32_t i = 0; e->op == EXPR_OR && i < e->n_arg; i++)
		take_parts(k, e->arg[i]);
	if (e->op != EXPR_OR)
		r->unless_part[r->n_unless++] =
			(struct named_expr){ as_written(k->c, e->at), e, e->at };
}

void check_unless_parts(struct rule_check *k)
{
	struct rule *r = k->r;

	if (r->unless == NULL || r->unless->type == TYPE_ERROR || r->form == FORM_COMPARE)
		return;
	r->unless_part = arena_array(k->c->a, count_parts(r->unless), sizeof *r->unless_part);
	take_parts(k, r->unless);
}
