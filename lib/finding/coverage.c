/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * coverage.c - probes: the rule with one part of its conditions, or the opposite of it.
 *
 * A part of a table's join stays in every probe: without it there would be no row to ask.
 */
#include "lib/finding/coverage.h"

#include "lib/finding/example.h"

#define PARTS_MAX 64u

struct parts {
	struct expr *e[PARTS_MAX];
	uint32_t n;
};

static void take_parts(struct parts *p, struct expr *e, enum expr_op joined)
{
	if (!e || e->made)
		return;
	if (e->op != joined) {
		if (p->n < PARTS_MAX)
			p->e[p->n++] = e;
		return;
	}
	for (uint32_t i = 0; i < e->n_arg; i++)
		take_parts(p, e->arg[i], joined);
}

static bool reads_row(const struct expr *e)
{
	bool found = e->op == EXPR_ROWCOL;

	for (uint32_t i = 0; i < e->n_arg && !found; i++)
		found = reads_row(e->arg[i]);
	return found || (e->cond && reads_row(e->cond));
}

/* ---- probes ---- */

struct probing {
	const struct ruleset *rs;
	const struct rule *r;
	struct arena *a;
	struct expr **join;      /* parts that find the table's row, in every probe */
	uint32_t n_join;
};

static struct expr *flag_over(struct arena *a, enum expr_op op, struct expr **arg, uint32_t n)
{
	struct expr *e = arena_alloc(a, sizeof *e);

	*e = (struct expr){ .op = op, .type = TYPE_FLAG, .level = LEVEL_CONST, .n_arg = n,
			    .arg = arena_dup(a, arg, n * sizeof *arg), .at = arg[0]->at };
	for (uint32_t i = 0; i < n; i++) {
		e->roles |= arg[i]->roles;
		e->level = arg[i]->level > e->level ? arg[i]->level : e->level;
	}
	return e;
}

static struct expr *opposite(struct arena *a, struct expr *e)
{
	return flag_over(a, EXPR_NOT, &e, 1);
}

static struct expr *with_join(const struct probing *p, struct expr *part)
{
	struct expr *arg[PARTS_MAX + 1];
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_join; i++)
		if (p->join[i] != part)
			arg[n++] = p->join[i];
	arg[n++] = part;
	return n == 1 ? part : flag_over(p->a, EXPR_AND, arg, n);
}

/* Only whether it fires is asked: nothing is said, excepted or counted in money. */
static struct rule bare(const struct probing *p)
{
	struct rule r = *p->r;

	r.state = STATE_ON;
	r.from = r.until = MISSING_I32;
	r.n_say = r.n_except = r.n_exception = r.n_unless = 0;
	r.amount = NULL;
	return r;
}

/* A condition on records: judged record by record, or pair by pair. */
static struct rule probe_where(const struct probing *p, struct expr *part)
{
	struct rule r = bare(p);

	r.where = with_join(p, part);
	r.unless = NULL;
	r.when = r.observed = r.limit = NULL;
	r.n_let = 0;
	if (r.form == FORM_PAIR)
		return r;
	r.form = FORM_EACH;
	r.n_key = 0;
	r.window = (struct window){ .kind = WINDOW_NONE };
	r.subject = SUBJECT_PERSON;
	r.subject_key = -1;
	r.person_local = true;
	return r;
}

static struct rule probe_when(const struct probing *p, struct expr *part)
{
	struct rule r = bare(p);

	r.when = part;
	r.observed = r.limit = NULL;
	return r;
}

static bool fires(const struct probing *p, struct rule *r, bool *fired, struct err *e)
{
	struct ruleset one = *p->rs;
	bool ok = true;

	one.rule = r;
	one.n_rule = 1;
	struct plan *plan = plan_new(&one);
	for (uint32_t i = 0; ok && !*fired && i < p->r->n_example; i++) {
		struct example_result got;

		ok = example_run(plan, 0, &p->r->example[i], true, p->a, &got, e);
		if (!ok)
			break;
		*fired = got.findings.n > 0;
		findings_fini(&got.findings);
	}
	plan_free(plan);
	return ok;
}

static bool decide(const struct probing *p, enum coverage_part part, struct expr *x,
		   struct coverage_point *out, struct err *e)
{
	struct rule (*probe)(const struct probing *, struct expr *) =
		part == COVER_WHEN ? probe_when : probe_where;
	struct rule yes = probe(p, x), no = probe(p, opposite(p->a, x));

	*out = (struct coverage_point){ .part = part, .at = x->at };
	if (!fires(p, &yes, &out->seen_true, e))
		return false;
	if (p->r->table && reads_row(x)) {
		out->seen_false = true; /* rows of the table that do not fit are never met */
		return true;
	}
	return fires(p, &no, &out->seen_false, e);
}

/* ---- a rule ---- */

static bool is_exemption(const struct rule *r, const struct expr *e)
{
	return r->unless && e->op == EXPR_NOT && e->arg[0] == r->unless;
}

static bool decide_all(const struct probing *p, enum coverage_part part, const struct parts *x,
		       struct coverage *out, struct err *e)
{
	for (uint32_t i = 0; i < x->n; i++) {
		if (part == COVER_WHERE && is_exemption(p->r, x->e[i]))
			continue;
		if (!decide(p, part, x->e[i], &out->point[out->n], e))
			return false;
		out->n++;
	}
	return true;
}

bool rule_coverage(const struct ruleset *rs, uint32_t rule, struct arena *a, struct coverage *out,
		   struct err *e)
{
	const struct rule *r = &rs->rule[rule];
	struct parts where = { .n = 0 }, unless = { .n = 0 }, when = { .n = 0 };
	struct expr *join[PARTS_MAX];
	struct probing p = { .rs = rs, .r = r, .a = a, .join = join };

	take_parts(&where, r->where, EXPR_AND);
	take_parts(&unless, r->unless, EXPR_OR);
	take_parts(&when, r->when, EXPR_AND);
	for (uint32_t i = 0; i < where.n; i++)
		if (r->table && reads_row(where.e[i]) && !is_exemption(r, where.e[i]))
			join[p.n_join++] = where.e[i];
	out->n = 0;
	out->point = arena_array(a, where.n + unless.n + when.n + 1u, sizeof *out->point);
	return decide_all(&p, COVER_WHERE, &where, out, e) &&
	       decide_all(&p, COVER_UNLESS, &unless, out, e) &&
	       decide_all(&p, COVER_WHEN, &when, out, e);
}
