/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness_doubt.c - warnings about conditions, tried on a record.
 *
 * The rule is judged with one of the two conditions in place of all: of two that exclude each
 * other a record fulfils one and not the other; of one that follows from the other a record that
 * fulfils the one fulfils the other. Records are the rule's examples, or made from the condition.
 */
#include "lib/finding/witness.h"

#include "lib/finding/example.h"
#include "lib/finding/witness_record.h"

struct doubt {
	const struct ruleset *rs;
	const struct rule *r;
	struct expr *one, *other;  /* the condition warned of, and the one beside it or NULL */
	bool english;
	bool group;                /* they are about the group, not its records */
	struct arena *a;
	struct buf *told;
};

/* ---- the conditions ---- */

static bool same_span(struct span a, struct span b)
{
	return a.file == b.file && a.start == b.start && a.end == b.end;
}

/* Of a junction and an arm with the same span, the arm. */
static struct expr *expr_at(struct expr *e, struct span at)
{
	bool junction = e && (e->op == EXPR_AND || e->op == EXPR_OR);
	struct expr *found = NULL;

	if (!e || e->type != TYPE_FLAG)
		return NULL;
	if (!junction && same_span(e->at, at))
		return e;
	for (uint32_t i = 0; i < e->n_arg && !found; i++)
		found = expr_at(e->arg[i], at);
	return found || !same_span(e->at, at) ? found : e;
}

static bool find(struct doubt *x, const struct diag *d)
{
	for (uint32_t i = 0; i < x->rs->n_rule; i++) {
		x->r = &x->rs->rule[i];
		for (int k = 0; k < 2; k++) {
			struct expr *tree = k ? x->r->when : x->r->where;

			x->group = k && x->r->form != FORM_EACH;
			x->one = expr_at(tree, d->at);
			x->other = d->also.end ? expr_at(tree, d->also) : NULL;
			if (x->one && (!d->also.end || x->other))
				return true;
		}
	}
	return false;
}

/* ---- the rule with one condition ---- */

static struct expr *denied(struct arena *a, struct expr *e)
{
	struct expr *n = arena_alloc(a, sizeof *n);

	*n = (struct expr){ .op = EXPR_NOT, .type = TYPE_FLAG, .level = e->level,
			    .roles = e->roles, .n_arg = 1, .at = e->at,
			    .arg = arena_dup(a, &e, sizeof(struct expr *)) };
	return n;
}

static struct rule only(const struct doubt *x, struct expr *e)
{
	struct rule r = *x->r;

	r.state = STATE_ON;
	r.from = r.until = MISSING_I32;
	r.n_say = r.n_except = r.n_exception = r.n_unless = 0;
	r.amount = r.observed = r.limit = r.unless = NULL;
	if (x->group) {
		r.when = e;
		return r;
	}
	r.where = e;
	r.when = NULL;
	if (r.form == FORM_PAIR)
		return r;
	r.n_let = r.n_key = r.n_related = 0;
	r.form = FORM_EACH;
	r.window = (struct window){ .kind = WINDOW_NONE };
	r.subject = SUBJECT_PERSON;
	r.subject_key = -1;
	r.person_local = true;
	return r;
}

static bool fires(const struct doubt *x, struct expr *e, const struct example *on)
{
	struct rule r = only(x, e);
	struct ruleset set = *x->rs;
	struct example_result got;
	struct err ignored; /* a record that cannot be made proves nothing */
	struct plan *p;
	bool fired = false;

	set.rule = &r;
	set.n_rule = 1;
	p = plan_new(&set);
	if (example_run(p, 0, on, true, x->a, &got, &ignored)) {
		fired = got.findings.n > 0;
		findings_fini(&got.findings);
	}
	plan_free(p);
	return fired;
}

/* ---- proof ---- */

/* One record on which `holds` is true; `on` is it. Examples first: they are known to the reader. */
static bool fulfilled(struct doubt *x, struct expr *holds, struct example *on)
{
	struct witness_wish w = { .rule = x->r, .part = &holds, .n_part = 1 };

	for (uint32_t i = 0; i < x->r->n_example; i++) {
		*on = x->r->example[i];
		buf_reset(x->told);
		buf_addf(x->told, x->english ? "the example 「" STR_FMT "」" : "试例「" STR_FMT "」",
			 STR_ARG(on->name));
		if (fires(x, holds, on))
			return true;
	}
	if (x->group) {
		w.part = &x->r->where;
		w.n_part = x->r->where != NULL;
		w.when = holds;
	}
	buf_reset(x->told);
	return witness_record(x->a, &w, on, x->told) && fires(x, holds, on);
}

/* What the warning claims, shown on a record. */
static bool holds_true(struct doubt *x, enum diag_code code)
{
	struct expr *no = denied(x->a, x->one);
	struct example on;

	if (code == DIAG_IMPLIED)
		return fulfilled(x, x->other, &on) && fires(x, x->one, &on);
	if (code == DIAG_ADDS_NOTHING)
		return fulfilled(x, x->one, &on) && fires(x, x->other, &on);
	if (!x->other) /* by itself: a record on which it is not true, or is */
		return code == DIAG_NEVER_TRUE ? fulfilled(x, no, &on) && !fires(x, x->one, &on)
					       : fulfilled(x, x->one, &on) && !fires(x, no, &on);
	if (code == DIAG_NEVER_TRUE)
		return fulfilled(x, x->other, &on) && !fires(x, x->one, &on);
	return fulfilled(x, denied(x->a, x->other), &on) && fires(x, x->one, &on);
}

static const char *sentence(enum diag_code code, bool pair, bool english)
{
	if (code == DIAG_IMPLIED || code == DIAG_ADDS_NOTHING)
		return english ? "tried: true of both: " : "已试过，两个都成立：";
	if (code == DIAG_NEVER_TRUE && pair)
		return english ? "tried: true of the one, not of the other: "
			       : "已试过，一个成立，另一个就不成立：";
	if (code == DIAG_ALWAYS_TRUE && pair)
		return english ? "tried: untrue of the one, true of the other: "
			       : "已试过，一个不成立，另一个就成立：";
	return english ? "tried on " : "已试过：";
}

static bool is_doubt(enum diag_code c)
{
	return c == DIAG_NEVER_TRUE || c == DIAG_ALWAYS_TRUE || c == DIAG_IMPLIED ||
	       c == DIAG_ADDS_NOTHING;
}

/* Whether the warning stays. */
static bool stays(const struct ruleset *rs, struct diag *d, struct diag_list *list)
{
	struct doubt x = { .rs = rs, .english = list->english };
	struct arena a;
	struct buf told;
	bool ok;

	arena_init(&a);
	buf_init(&told, 0);
	x.a = &a;
	x.told = &told;
	ok = find(&x, d) && holds_true(&x, d->code);
	if (ok)
		d->near = arena_printf(&list->arena, "%s%s",
				       sentence(d->code, x.other != NULL, list->english),
				       told.n ? buf_cstr(&told)
				       : list->english ? "any record" : "任一条记录");
	buf_fini(&told);
	arena_fini(&a);
	return ok;
}

void doubts_try(const struct ruleset *rs, struct diag_list *d)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		if (is_doubt(d->diag[i].code) && !stays(rs, &d->diag[i], d)) {
			d->warnings--;
			continue;
		}
		if (kept != i)
			d->diag[kept] = d->diag[i];
		kept++;
	}
	d->n = kept;
}
