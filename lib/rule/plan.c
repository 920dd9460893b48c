/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.c - from checked rules to rule plans: conditions split, keys and tables found.
 */
#include "lib/rule/plan.h"

#include <string.h>

/* Where conjuncts go while one rule is laid out. */
struct split {
	struct plan *p;
	struct rule_plan *rp;
	struct scope sc;
	const struct expr *unless; /* taken the other way, or for a group not at all */
	struct node **conj[2], **rest;
	uint32_t n_conj[2], cap_conj[2], n_rest, cap_rest;
	const struct pair_test **quick;
	struct node **slow;
	uint32_t n_quick, cap_quick, n_slow, cap_slow;
};

static struct scope rule_scope_of(const struct rule *r, bool flat)
{
	enum stream second = r->n_role > 1 ? r->stream[1] : r->stream[0];

	struct scope sc = { .rule = r, .flat = flat, .stream = { r->stream[0], second } };

	for (uint32_t i = 0; i < r->n_related; i++)
		sc.stream[ROLE_RELATED + i] = r->related[i].stream;
	return sc;
}

static bool is_table_key(const struct expr *e, const struct rule *r)
{
	return e->op == EXPR_ROWCOL && r->table && e->index < r->table->n_key;
}

static bool is_code_field(const struct expr *e)
{
	return e->op == EXPR_FIELD && type_is_text(e->type);
}

/* `甲.项目 是 r.项目甲` drives its side's join, if none does yet. */
static bool take_join(struct split *s, const struct expr *e)
{
	const struct expr *field = e->op == EXPR_EQ ? e->arg[0] : NULL;
	const struct expr *key = e->op == EXPR_EQ ? e->arg[1] : NULL;
	struct scope flat = rule_scope_of(s->rp->rule, true);
	struct join *j;

	if (field && is_table_key(field, s->rp->rule)) {
		const struct expr *swap = field;

		field = key;
		key = swap;
	}
	if (!field || !is_code_field(field) || !is_table_key(key, s->rp->rule))
		return false;
	j = &s->rp->side[field->role].join;
	if (j->field)
		return false;
	*j = (struct join){ .table = s->rp->rule->table, .key = key->index,
			    .field = plan_node(s->p, field, &flat),
			    .memo = plan_memo(s->p, s->rp->rule->table, field->field, key->index) };
	return true;
}

static void take_rest(struct split *s, struct node *n)
{
	GROW(s->rest, s->cap_rest, s->n_rest + 1);
	s->rest[s->n_rest++] = n;
}

/* The same for pairs: quick where it can be. */
static void take_pair_test(struct split *s, const struct expr *e, bool negated, struct node *n)
{
	struct pair_test *t = n->group || n->dated ? NULL : plan_pair_test(s->p, e, &s->sc);

	if (!t) {
		GROW(s->slow, s->cap_slow, s->n_slow + 1);
		s->slow[s->n_slow++] = n;
		return;
	}
	t->negated ^= negated;
	GROW(s->quick, s->cap_quick, s->n_quick + 1);
	s->quick[s->n_quick++] = t;
}

static void take_conjunct(struct split *s, const struct expr *e, bool negated)
{
	struct scope flat = rule_scope_of(s->rp->rule, true);
	struct node *n = plan_node(s->p, e, &s->sc);
	unsigned side = n->roles == 2;
	bool pair = s->rp->n_side > 1;

	if (!negated && take_join(s, e))
		return;
	if (n->group || n->roles == 3 || (pair && n->dated)) {
		struct node *whole = negated ? plan_node_not(s->p, n) : n;

		take_rest(s, whole);
		if (pair)
			take_pair_test(s, e, negated, whole);
		return;
	}
	n = plan_node(s->p, e, &flat);
	GROW(s->conj[side], s->cap_conj[side], s->n_conj[side] + 1);
	s->conj[side][s->n_conj[side]++] = negated ? plan_node_not(s->p, n) : n;
}

static void split(struct split *s, const struct expr *e, bool negated)
{
	while (e->op == EXPR_LET)
		e = s->rp->rule->let[e->index].expr;
	if (e->op == EXPR_NOT && e->arg[0] == s->unless) {
		if (s->rp->rule->form != FORM_GROUP || !s->rp->rule->person_local)
			split(s, e->arg[0], negated);
	} else if (e->op == EXPR_NOT) {
		split(s, e->arg[0], !negated);
	} else if (e->op == (negated ? EXPR_OR : EXPR_AND)) {
		for (uint32_t i = 0; i < e->n_arg; i++)
			split(s, e->arg[i], negated);
	} else {
		take_conjunct(s, e, negated);
	}
}

static bool looks_up(const struct node *n)
{
	if (n->op == EXPR_LOOKUP || n->op == EXPR_INLIST)
		return true;
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (looks_up(n->arg[i]))
			return true;
	return false;
}

static int cost_of(const struct node *n)
{
	switch (n->way) {
	case WAY_CMP: case WAY_CMP_CONST: return looks_up(n) ? 2 : 0;
	case WAY_ROW: case WAY_CODES: return 3;
	case WAY_DICT: return 1;
	case WAY_AND: case WAY_OR: case WAY_NOT: return 2;
	default: return 0;
	}
}

/* A pair's tests are tried one at a time: codes before what is computed. */
static int cost_of_rest(const struct node *n)
{
	int sum = n->op == EXPR_FIELD || n->op == EXPR_CONST || n->op == EXPR_ROWCOL ? 1 : 10;

	for (uint32_t i = 0; i < n->n_arg; i++)
		sum += cost_of_rest(n->arg[i]);
	return sum;
}

/* Cheap ones first, otherwise as written. */
static void sort_rest(struct node **v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct node *x = v[i];
		uint32_t at = i;

		for (; at > 0 && cost_of_rest(v[at - 1]) > cost_of_rest(x); at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

static void sort_conj(struct node **v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct node *x = v[i];
		uint32_t at = i;

		for (; at > 0 && cost_of(v[at - 1]) > cost_of(x); at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

static void split_where(struct plan *p, struct rule_plan *rp)
{
	struct split s = { .p = p, .rp = rp, .sc = rule_scope_of(rp->rule, false) };

	s.unless = rp->is_held ? rp->rule->unless : NULL;
	if (rp->rule->where)
		split(&s, rp->rule->where, false);
	for (uint32_t i = 0; i < 2; i++) {
		sort_conj(s.conj[i], s.n_conj[i]);
		rp->side[i].conj = arena_dup(&p->arena, s.conj[i], s.n_conj[i] * sizeof(void *));
		rp->side[i].n_conj = s.n_conj[i];
		xfree(s.conj[i]);
	}
	sort_rest(s.rest, s.n_rest);
	rp->rest = arena_dup(&p->arena, s.rest, s.n_rest * sizeof(void *));
	rp->n_rest = s.n_rest;
	sort_rest(s.slow, s.n_slow);
	rp->slow = arena_dup(&p->arena, s.slow, s.n_slow * sizeof(void *));
	rp->n_slow = s.n_slow;
	rp->quick = arena_dup(&p->arena, s.quick, s.n_quick * sizeof(void *));
	rp->n_quick = s.n_quick;
	xfree(s.rest);
	xfree(s.slow);
	xfree(s.quick);
}

static enum field first_field(enum stream s, const char *const *name)
{
	for (; *name; name++) {
		enum field f = field_find(s, str_of(*name));

		if (f != FIELD_NONE)
			return f;
	}
	return FIELD_NONE;
}

void plan_side(struct plan *p, struct side *side, enum stream s)
{
	static const char *const end[] = { "endtime", NULL };
	static const char *const base[] = { "inscp_amt", NULL };
	static const char *const fund[] = { "fund_pay", "fund_pay_sumamt", NULL };
	static const char *const weight[] = { "inscp_amt", "medfee_sumamt", "fund_pay_sumamt",
					      NULL };
	static const char *const settled[] = { "setl_id", NULL };

	side->stream = s;
	side->from = side->until = MISSING_I32;
	side->time = stream_time(s);
	side->end = first_field(s, end);
	if (side->end == FIELD_NONE)
		side->end = side->time;
	side->base = first_field(s, base);
	side->fund = first_field(s, fund);
	side->weight = first_field(s, weight);
	side->settled = first_field(s, settled);
	plan_want(p, side->time);
	plan_want(p, side->end);
	plan_want(p, side->base);
	plan_want(p, side->fund);
	plan_want(p, side->weight);
	plan_want(p, side->settled);
	p->visit[s].visit = field_find(s, STR("mdtrt_id"));
	p->visit[s].facility = field_find(s, STR("fixmedins_code"));
	p->visit[s].kind = field_find(s, STR("visit_class"));
	plan_want(p, p->visit[s].visit);
	plan_want(p, p->visit[s].facility);
	plan_want(p, p->visit[s].kind);
}

/* The person is the same for all records of a subject. */
static bool is_person_key(const struct rule *r, const struct node *n)
{
	return r->person_local && r->subject == SUBJECT_PERSON && n->op == EXPR_FIELD &&
	       strcmp(field_get(n->field)->name, "psn_no") == 0;
}

static struct keyset *side_keys(struct plan *p, const struct rule *r, struct expr **key,
				enum stream s)
{
	struct scope flat = rule_scope_of(r, true);
	struct node **v = arena_array(&p->arena, r->n_key + 1, sizeof *v);
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n_key; i++) {
		struct node *k = plan_node(p, key[i], &flat);

		if (!is_person_key(r, k))
			v[n++] = k;
	}
	if (r->window.kind == WINDOW_BUCKET)
		v[n++] = plan_node_bucket(p, r->window.bucket, s);
	return plan_keyset(p, s, v, n);
}

static bool is_calendar(enum bucket b)
{
	return b >= BUCKET_DAY;
}

static void take_keys(struct plan *p, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;
	struct scope sc = rule_scope_of(r, false);

	rp->key = arena_array(&p->arena, r->n_key, sizeof *rp->key);
	for (uint32_t i = 0; i < r->n_key; i++) {
		rp->key[i] = plan_node(p, r->key[i], &sc);
		if (rp->key[i]->op == EXPR_BUCKET && is_calendar(rp->key[i]->bucket) && !rp->anchor)
			rp->anchor = rp->key[i];
	}
	if (r->window.kind == WINDOW_BUCKET && is_calendar(r->window.bucket))
		rp->anchor = plan_node_bucket(p, r->window.bucket, r->stream[0]);
	rp->side[0].keys = side_keys(p, r, r->key, r->stream[0]);
	if (rp->n_side > 1)
		rp->side[1].keys = side_keys(p, r, r->key_twin ? r->key_twin : r->key,
					     r->stream[1]);
}

static bool names_fund(const struct node *n)
{
	if (!n)
		return false;
	if (n->op == EXPR_FIELD && strncmp(field_get(n->field)->name, "fund_pay", 8) == 0)
		return true;
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (names_fund(n->arg[i]))
			return true;
	return false;
}

static bool rises(const struct node *n)
{
	if (n->op != EXPR_AGG)
		return false;
	return n->agg == AGG_COUNT || n->agg == AGG_SUM || n->agg == AGG_DISTINCT ||
	       n->agg == AGG_MAX || n->agg == AGG_RUNNING;
}

static bool holds_aggregate(const struct node *n)
{
	if (n->op == EXPR_AGG)
		return true;
	for (uint32_t i = 0; i < n->n_arg; i++)
		if (holds_aggregate(n->arg[i]))
			return true;
	return false;
}

/* Whether one more record can only make it truer: sums of amounts left after reversals are not
 * negative. */
static bool is_rising(const struct node *n)
{
	switch (n->op) {
	case EXPR_AND: case EXPR_OR:
		for (uint32_t i = 0; i < n->n_arg; i++)
			if (!is_rising(n->arg[i]))
				return false;
		return true;
	case EXPR_GT: case EXPR_GE:
		return rises(n->arg[0]) && !holds_aggregate(n->arg[1]);
	case EXPR_LT: case EXPR_LE:
		return rises(n->arg[1]) && !holds_aggregate(n->arg[0]);
	default:
		return !holds_aggregate(n);
	}
}

/* The least whole number of records for 笔数 op c, or 不同 op c. */
static uint32_t least_count(const struct node *n, const struct node *c, enum agg what, bool above)
{
	__int128 whole;

	if (n->op != EXPR_AGG || n->agg != what || n->cond || n->role != 0 ||
	    (what == AGG_DISTINCT && n->arg[0]->op != EXPR_FIELD) ||
	    c->op != EXPR_CONST || c->rat.num < 0)
		return 0;
	whole = c->rat.num / c->rat.den + (above || c->rat.num % c->rat.den != 0);
	return whole > UINT32_MAX ? UINT32_MAX : (uint32_t)whole;
}

/* With fewer records than this the trigger is false, whatever they are. */
static uint32_t least_of(const struct node *n, enum agg what)
{
	uint32_t least = 0;

	switch (n->op) {
	case EXPR_AND:
		for (uint32_t i = 0; i < n->n_arg; i++)
			if (least_of(n->arg[i], what) > least)
				least = least_of(n->arg[i], what);
		return least;
	case EXPR_GT: case EXPR_GE:
		return least_count(n->arg[0], n->arg[1], what, n->op == EXPR_GT);
	case EXPR_LT: case EXPR_LE:
		return least_count(n->arg[1], n->arg[0], what, n->op == EXPR_LT);
	default:
		return 0;
	}
}

/* The column of the only 不同 of a trigger; FIELD_NONE when there is none or it is computed. */
static enum field sole_distinct(const struct node *n)
{
	enum field f = FIELD_NONE;

	if (n->op == EXPR_AGG)
		return n->agg == AGG_DISTINCT && n->arg[0]->op == EXPR_FIELD ? n->arg[0]->field
									      : FIELD_NONE;
	for (uint32_t i = 0; i < n->n_arg; i++) {
		enum field x = sole_distinct(n->arg[i]);

		if (x != FIELD_NONE && f != FIELD_NONE && x != f)
			return FIELD_NONE;
		f = x != FIELD_NONE ? x : f;
	}
	return f;
}

static struct node *maybe_node(struct plan *p, const struct expr *e, const struct scope *sc)
{
	return e ? plan_node(p, e, sc) : NULL;
}

static void take_values(struct plan *p, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;
	struct scope sc = rule_scope_of(r, false);

	sc.key = rp->key;
	sc.n_key = r->n_key;
	rp->when = maybe_node(p, r->when, &sc);
	rp->amount = maybe_node(p, r->amount, &sc);
	rp->observed = maybe_node(p, r->observed, &sc);
	rp->limit = maybe_node(p, r->limit, &sc);
	rp->say = arena_array(&p->arena, r->n_say, sizeof *rp->say);
	for (uint32_t i = 0; i < r->n_say; i++)
		if (r->say[i].expr)
			rp->say[rp->n_say++] = plan_node(p, r->say[i].expr, &sc);
	rp->alone = r->form == FORM_EACH && !r->table && !rp->n_rest && !rp->n_related &&
		    (!rp->when || (rp->when->way != WAY_NONE && rp->when->stream != STREAM_COUNT));
	rp->quick_when = rp->when && quick_fits(rp->when);
	rp->rising = rp->when && is_rising(rp->when);
	rp->least = rp->when ? least_of(rp->when, AGG_COUNT) : 0;
	if (rp->when)
		rp->bound = plan_bound(rp->when);
	rp->distinct = rp->when ? sole_distinct(rp->when) : FIELD_NONE;
	rp->least_distinct = rp->distinct == FIELD_NONE ? 0 : least_of(rp->when, AGG_DISTINCT);
	rp->amount_is_fund = names_fund(rp->amount);
	rp->bears[0] = rp->amount && (rp->amount->roles & 1);
	rp->bears[1] = rp->amount && ((rp->amount->roles & 2) || !rp->bears[0]);
}

static void take_windows(struct plan *p, struct rule_plan *rp)
{
	const struct rule *r = rp->rule;
	const struct knowledge *k = r->table;

	/* the window may be the visit, which is not a time */
	for (uint32_t i = 0; i < rp->n_side && r->window.kind != WINDOW_NONE; i++)
		plan_want_visit(p, r->stream[i]);
	if (r->window.kind != WINDOW_TABLE || !k)
		return;
	rp->table_window = arena_array(&p->arena, k->n_row, sizeof *rp->table_window);
	for (uint32_t i = 0; i < k->n_row; i++)
		if (!window_parse(k->cell[i * k->n_col + r->window.index], &rp->table_window[i]))
			rp->table_window[i] = (struct window){ .kind = WINDOW_NONE };
}

static void want_exceptions(struct plan *p, const struct rule *r)
{
	for (uint32_t i = 0; i < r->n_except; i++) {
		plan_want(p, r->except[i]);
		if (r->form == FORM_PAIR)
			plan_want(p, field_twin(r->except[i], r->stream[1]));
	}
}

static struct str joined_parts(struct arena *a, const struct rule *r)
{
	struct str text;
	struct buf b;

	buf_init(&b, 0);
	for (uint32_t i = 0; i < r->n_unless; i++)
		buf_addf(&b, "%s" STR_FMT, i ? " 或 " : "", STR_ARG(r->unless_part[i].name));
	text = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return text;
}

/* What the rule's 除外 holds back. */
static struct rule_plan *held_plan(struct plan *p, const struct rule_plan *of)
{
	struct rule_plan *rp = arena_dup(&p->arena, of, sizeof *of);
	const struct rule *r = rp->rule;
	struct scope sc = rule_scope_of(r, false);

	rp->index = p->rs->n_rule;
	rp->is_held = true;
	for (uint32_t i = 0; i < rp->n_side; i++)
		rp->side[i].join = (struct join){ .field = NULL };
	split_where(p, rp);
	rp->alone &= rp->n_rest == 0;
	if (!r->person_local) {
		rp->held_by = joined_parts(&p->arena, r);
		return rp;
	}
	rp->reason = arena_array(&p->arena, r->n_unless, sizeof *rp->reason);
	for (uint32_t i = 0; i < r->n_unless; i++)
		rp->reason[i] = plan_node(p, r->unless_part[i].expr, &sc);
	if (r->form == FORM_GROUP)
		rp->unless = plan_node(p, r->unless, &sc);
	if (rp->unless && rp->unless->group)
		rp->unless = NULL;
	return rp;
}

static struct rule_plan *rule_plan_new(struct plan *p, uint32_t index)
{
	struct rule_plan *rp = arena_new(&p->arena, struct rule_plan);
	const struct rule *r = &p->rs->rule[index];

	rp->rule = r;
	rp->index = index;
	rp->source = NO_INDEX;
	rp->n_side = r->form == FORM_PAIR ? 2 : 1;
	want_exceptions(p, r);
	if (r->form == FORM_COMPARE)
		return rp;
	for (uint32_t i = 0; i < rp->n_side; i++)
		plan_side(p, &rp->side[i], r->stream[i]);
	if (r->form == FORM_EACH) { /* groups and pairs are in force as of their own day */
		rp->side[0].from = r->from;
		rp->side[0].until = r->until;
	}
	split_where(p, rp);
	take_keys(p, rp);
	plan_related(p, rp);
	take_windows(p, rp);
	if (r->person_local)
		take_values(p, rp);
	if (r->n_unless)
		rp->held = held_plan(p, rp);
	return rp;
}

static void plan_rules(struct plan *p)
{
	p->rule = arena_array(&p->arena, p->rs->n_rule * (size_t)2, sizeof(struct rule_plan *));
	for (uint32_t i = 0; i < p->rs->n_rule; i++) {
		struct rule_plan *rp;

		if (!rule_active(&p->rs->rule[i]))
			continue;
		p->rule[p->n_rule++] = rp = rule_plan_new(p, i);
		if (rp->held && !rp->rule->person_local)
			p->rule[p->n_rule++] = rp->held;
	}
}

struct plan *plan_new(const struct ruleset *rs)
{
	struct plan *p = xcalloc(1, sizeof *p);
	size_t bytes = (FIELD_COUNT + 7) / 8;

	p->rs = rs;
	arena_init(&p->arena);
	map64_init(&p->seen);
	p->wanted = arena_alloc(&p->arena, bytes);
	for (size_t i = 0; rs->wanted && i < bytes; i++)
		p->wanted[i] = rs->wanted[i];
	plan_rules(p);
	plan_cells(p);
	return p;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	map64_fini(&p->seen);
	xfree(p->node);
	xfree(p->keyset);
	xfree(p->memo);
	xfree(p->numbers);
	arena_fini(&p->arena);
	xfree(p);
}

const struct ruleset *plan_ruleset(const struct plan *p)
{
	return p->rs;
}

const uint8_t *plan_wanted(const struct plan *p)
{
	return p->wanted;
}

uint32_t plan_sources(const struct plan *p)
{
	return p->n_source;
}

bool plan_has_cells(const struct plan *p)
{
	return p->n_source > 0;
}
