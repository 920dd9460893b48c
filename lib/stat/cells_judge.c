/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_judge.c - which cells fire: by their own sums, or by comparison with their peers.
 *
 * Peers are the cells of the same indicator that agree in everything but the subject: the
 * same month, the same level and kind of facility. Only cells with enough behind them, a
 * known value and nothing of the likeness missing count as peers; too few peers means that
 * nothing can be said. Each partition finds the few cells worth a second look; cells_tell.c
 * compares them and tells.
 */
#include <string.h>

#include "lib/stat/joined.h"

enum { AHEAD = 8 };

void judging_init(struct judging *x, struct joined *j, struct dict *none)
{
	*x = (struct judging){ .j = j, .e = eval_new(j->p, none) };
}

void judging_fini(struct judging *x)
{
	eval_free(x->e);
	xfree(x->agg);
	xfree(x->key);
}

/* As few records as are not less than this. */
static uint32_t records_of(struct rat least)
{
	__int128 whole = least.num / least.den;

	whole += whole * least.den < least.num;
	return whole < 0 ? 0 : whole < COUNT_UNTOLD ? (uint32_t)whole : COUNT_UNTOLD;
}

/* A test of a plain count against a constant needs no frame: most cells are too small. */
static void find_few(struct judging *x)
{
	const struct node *n = x->m->enough;

	x->few = NO_INDEX;
	if (!n || n->op != EXPR_GE || n->arg[0]->op != EXPR_AGG || n->arg[1]->op != EXPR_CONST)
		return;
	for (uint32_t i = 0; i < x->m->n_agg && x->few == NO_INDEX; i++)
		if (x->m->agg[i] == n->arg[0] &&
		    (n->arg[0]->agg == AGG_COUNT || x->s->counted[x->m->place[i]]))
			x->few = x->m->place[i];
	x->least = n->arg[1]->rat;
	x->below = records_of(x->least);
}

bool judging_rule(struct judging *x, const struct rule_plan *rp)
{
	if (rp->source == NO_INDEX)
		return false;
	x->rp = rp;
	x->s = &x->j->p->source[rp->source];
	x->m = rp->measure;
	x->agg = xreallocarray(x->agg, x->m->n_agg, sizeof *x->agg);
	x->key = xreallocarray(x->key, x->s->n_key, sizeof *x->key);
	find_few(x);
	return true;
}

void state_count(struct account *a, enum cell_state state, int64_t times)
{
	uint64_t one = (uint64_t)times;

	a->records += state == CELL_ABSENT ? 0 : one;
	a->unknown += state == CELL_UNKNOWN ? one : 0;
	a->no_hit += state == CELL_NO_HIT ? one : 0;
	a->scope_out += state == CELL_SCOPE_OUT ? one : 0;
	a->hit += state == CELL_HIT ? one : 0;
	a->hits += state == CELL_HIT ? one : 0;
	a->excepted += state == CELL_EXCEPTED ? one : 0;
	a->excepted_hits += state == CELL_EXCEPTED ? one : 0;
}

/* The first day of the cell's period, for look-ups. */
static int32_t cell_day(const struct judging *j)
{
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];

		if (k->op == EXPR_BUCKET && k->bucket >= BUCKET_DAY && j->key[i].known)
			return bucket_start(k->bucket, (int64_t)j->key[i].rat.num,
					    &j->j->p->rs->settings);
	}
	return MISSING_I32;
}

static struct str cell_facility(const struct judging *j)
{
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];

		if (k->op == EXPR_FIELD && j->key[i].known &&
		    strcmp(field_get(k->field)->name, "fixmedins_code") == 0)
			return j->key[i].text;
	}
	return (struct str){ 0 };
}

static void take_key(struct judging *j, const uint32_t *cell)
{
	for (uint32_t i = 0; i < j->s->n_key; i++)
		j->key[i] = *joined_key(j, cell, i);
}

/* Whether the cell's period is over; a cell of no period never is, unless all are. */
static bool is_over(struct judging *j, const uint32_t *cell)
{
	const struct rule_settings *set = &j->j->p->rs->settings;

	if (!j->j->complete)
		return true;
	take_key(j, cell);
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		const struct node *k = j->s->key[i];
		int64_t number = j->key[i].known ? (int64_t)j->key[i].rat.num : 0;

		if (k->op == EXPR_BUCKET && k->bucket >= BUCKET_DAY && j->key[i].known)
			return complete_days(j->j->complete, cell_facility(j), j->s->side.stream,
					     bucket_start(k->bucket, number, set),
					     bucket_start(k->bucket, number + 1, set) - 1);
	}
	return false;
}

void cell_frame(struct judging *j, struct frame *f, const uint32_t *cell)
{
	frame_init(f, j->e);
	take_key(j, cell);
	for (uint32_t i = 0; i < j->m->n_agg; i++)
		j->agg[i] = joined_value(j, cell, j->m->place[i]);
	f->key = j->key;
	f->given_node = j->m->agg;
	f->given = j->agg;
	f->n_given = j->m->n_agg;
	f->day = cell_day(j);
}

/* ---- hits ---- */

static struct value maybe_value(struct frame *f, const struct node *n)
{
	return n ? node_value(f, n) : value_missing(TYPE_NONE);
}

static struct value except_value(const struct judging *j, enum field field)
{
	const char *name = field_get(field)->name;

	for (uint32_t i = 0; i < j->s->n_key; i++)
		if (j->s->key[i]->op == EXPR_FIELD &&
		    strcmp(field_get(j->s->key[i]->field)->name, name) == 0)
			return j->key[i];
	return value_missing(TYPE_TEXT);
}

static bool exception_fits(const struct judging *j, const struct exception *row, int32_t day)
{
	const struct rule *r = j->rp->rule;

	if ((row->from != MISSING_I32 && (day == MISSING_I32 || day < row->from)) ||
	    (row->until != MISSING_I32 && (day == MISSING_I32 || day > row->until)))
		return false;
	for (uint32_t i = 0; i < r->n_except; i++) {
		struct value v = except_value(j, r->except[i]);

		if (!v.known || !str_eq(v.text, row->cell[i]))
			return false;
	}
	return true;
}

static const struct exception *find_exception(const struct judging *j, int32_t day)
{
	const struct rule *r = j->rp->rule;

	for (uint32_t i = 0; i < r->n_exception; i++)
		if (exception_fits(j, &r->exception[i], day))
			return &r->exception[i];
	return NULL;
}

/* Whether the numerator counts no record at all, so that all records stand behind the value. */
static bool nothing_counted(const struct judging *j, const uint32_t *cell)
{
	const struct measure *m = j->m;
	uint64_t sum = 0;
	bool unknown;

	for (uint32_t i = 0; i < m->n_agg; i++)
		for (uint32_t k = 0; k < m->n_bear; k++)
			if (m->agg[i]->cond == m->bear[k])
				sum += joined_count(j, cell, m->place[i], &unknown);
	return sum == 0;
}

enum cell_state cell_give(struct judging *j, struct frame *f, const uint32_t *cell,
			  uint64_t id)
{
	const struct rule_plan *rp = j->rp;
	struct value *say = arena_array(&j->e->scratch, rp->n_say, sizeof *say);
	struct cell_hit h = { .id = id, .rule = rp->rule,
			      .rule_index = (uint32_t)(rp->rule - j->j->p->rs->rule),
			      .source = rp->source, .measure = j->m,
			      .cell = cell, .n_key = j->s->n_key,
			      .key = j->key,
			      .subject_key = rp->subject_key, .n_say = rp->n_say, .say = say,
			      .amount_is_fund = rp->amount_is_fund,
			      .all_bear = nothing_counted(j, cell) };

	h.observed = rp->observed ? node_value(f, rp->observed)
		   : f->has_indicator ? f->indicator : value_missing(TYPE_NONE);
	h.limit = maybe_value(f, rp->limit);
	h.amount = f->amount = maybe_value(f, rp->amount);
	f->has_amount = true;
	for (uint32_t i = 0; i < rp->n_say; i++)
		say[i] = node_value(f, rp->say[i]);
	h.median = f->peers ? f->peers->median : value_missing(TYPE_NONE);
	h.mad = f->peers ? f->peers->mad : value_missing(TYPE_NONE);
	h.n_peer = f->peers ? f->peers->n : 0;
	h.held = rp->held_by;
	h.exception = rp->is_held ? NULL : find_exception(j, f->day);
	h.excepted = rp->is_held || h.exception;
	j->sink->hit(j->sink->ctx, &h);
	return h.excepted ? CELL_EXCEPTED : CELL_HIT;
}

/* CELL_FOUND when the rule fires for the cell in the frame. */
enum cell_state cell_fires(struct judging *j, struct frame *f, const uint32_t *cell)
{
	const struct rule *r = j->rp->rule;
	enum truth t;

	if (!in_force(r->from, r->until, f->day))
		return CELL_SCOPE_OUT;
	if (joined_brief(j, cell, NO_INDEX).sure == 0) /* it may not be there at all */
		return CELL_UNKNOWN;
	t = j->rp->when ? node_truth(f, j->rp->when) : TRUTH_TRUE;
	return t == TRUTH_TRUE ? CELL_FOUND : t == TRUTH_FALSE ? CELL_NO_HIT : CELL_UNKNOWN;
}

/* ---- comparisons ---- */

/* Text of what a cell shares with its peers; false when some of it is missing. */
static bool alike_text(struct judging *j, const uint32_t *cell, struct buf *out)
{
	const struct rule_plan *rp = j->rp;

	buf_reset(out);
	for (uint32_t i = 0; i < j->s->n_key; i++) {
		if (i != rp->subject_key)
			value_add(out, &j->key[i]);
		buf_addc(out, '\x1f');
	}
	for (uint32_t i = 0; i < rp->rule->n_peer_key; i++) {
		struct str text = joined_peer(j, cell, rp->peer[i]);

		if (!text.p)
			return false;
		buf_addstr(out, text);
		buf_addc(out, '\x1f');
	}
	return true;
}

/* Known without a look at the cell. */
static inline bool counted_few(const struct judging *j, const struct joint *joint, uint32_t at)
{
	return joint->count && j->few == joint->counted && j->rp->rule->form == FORM_COMPARE &&
	       joint->count[at] < j->below;
}

static bool surely_few(const struct judging *j, const struct brief *b)
{
	return j->few != NO_INDEX &&
	       (b->unknown || num_cmp(rat_int((int64_t)b->count), j->least) < 0);
}

/* Whether a cell has enough behind it, a known value and everything peers must share. */
static bool comparable(struct judging *j, const uint32_t *cell, struct value *x, struct buf *text)
{
	struct frame f;

	cell_frame(j, &f, cell);
	if (j->m->enough && node_truth(&f, j->m->enough) != TRUTH_TRUE)
		return false;
	*x = node_value(&f, j->m->value);
	return x->known && alike_text(j, cell, text);
}

/* ---- one rule over one partition ---- */

/* The value of a cell found, to be compared with others. */
static void keep_value(struct outcome *out, uint32_t cell, struct value x, uint32_t alike)
{
	bool fresh;
	uint64_t *at = map64_at(&out->value, cell, &fresh);

	if (fresh) {
		*at = out->n;
		GROW(out->compared, out->cap_compared, out->n + 1);
		out->compared[out->n++].group = NO_INDEX;
	}
	out->compared[*at].x = x;
	out->compared[*at].alike = alike;
}

/* To be looked at when it is told what changed. */
static void mention(struct outcome *out, uint32_t cell)
{
	uint64_t at = NO_INDEX;

	(void)map64_get(&out->value, cell, &at);
	GROW(out->mention, out->cap_mention, out->n_mention + 1);
	out->mention[out->n_mention++] = (struct mention){ cell, (uint32_t)at };
}

/* A cell that has something for sure. */
static enum cell_state judge_closely(struct judging *j, struct partition *part,
				     struct outcome *out, uint32_t at, struct buf *text)
{
	const uint32_t *cell = joint_cell(j->j, &part->joint[j->rp->source], at);
	struct value x;
	struct frame f;

	if (j->rp->rule->form != FORM_COMPARE) {
		cell_frame(j, &f, cell);
		return cell_fires(j, &f, cell);
	}
	if (!comparable(j, cell, &x, text))
		return CELL_UNKNOWN;
	keep_value(out, at, x, dict_code(part->alike, buf_str(text)));
	return CELL_FOUND;
}

static enum cell_state judge_cell(struct judging *j, struct partition *part, struct outcome *out,
				  uint32_t at, struct buf *text)
{
	const uint32_t *cell = joint_cell(j->j, &part->joint[j->rp->source], at);
	struct brief brief = joined_brief(j, cell, j->few);
	bool compares = j->rp->rule->form == FORM_COMPARE;
	enum cell_state state;

	if (!brief.there)
		return CELL_ABSENT;
	if (!is_over(j, cell) || (compares && (!brief.sure || surely_few(j, &brief))))
		return CELL_UNKNOWN;
	state = judge_closely(j, part, out, at, text);
	arena_reset(&j->e->scratch);
	return state;
}

/* Always in line, as joined_fetch. */
static inline __attribute__((always_inline)) void
fetch(const struct judging *j, const struct joint *joint, uint32_t at)
{
	if (!counted_few(j, joint, at))
		joined_fetch(j, joint_cell(j->j, joint, at));
}

void outcome_judge(struct judging *j, struct partition *part, struct outcome *out)
{
	const struct joint *joint = &part->joint[j->rp->source];
	uint32_t n = joint->all ? joint->n : joint->n_changed, old = out->cap;
	int64_t change[CELL_FOUND + 1] = { 0 };
	struct buf text;

	buf_init(&text, 0);
	out->n_mention = 0;
	GROW(out->state, out->cap, joint->n);
	if (out->cap > old)
		memset(out->state + old, CELL_ABSENT, out->cap - old);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = joint->all ? i : joint->changed[i];

		if (i + AHEAD < n)
			fetch(j, joint, joint->all ? at + AHEAD : joint->changed[i + AHEAD]);

		enum cell_state before = (enum cell_state)out->state[at];
		enum cell_state now = counted_few(j, joint, at) ? CELL_UNKNOWN :
				      judge_cell(j, part, out, at, &text);

		if (now == CELL_FOUND || before == CELL_FOUND)
			mention(out, at);
		if (now == before)
			continue;
		change[before]--;
		change[now]++;
		out->state[at] = (uint8_t)now;
	}
	for (int k = 0; k < CELL_FOUND; k++)
		state_count(&out->account, (enum cell_state)k, change[k]);
	buf_fini(&text);
}
