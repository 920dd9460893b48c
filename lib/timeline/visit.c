/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * visit.c - what is known of each visit once reversals are out, and the rows of 就诊, 住院.
 *
 * A visit has its encounter, all its live settlements (mid-stay ones too) and its lines.
 * Times are the encounter's, else the settlements' dates. It is settled when a live
 * settlement says so, or, where no settlement is known at all, when a line names one.
 * A visit with neither encounter nor live settlement gives no row.
 */
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/mem.h"
#include "lib/base/sort.h"
#include "lib/timeline/gather.h"

/* ---- values of the parts ---- */

static int64_t encounter_value(const struct gather *g, const struct visit *v, struct cell c)
{
	const struct item *it = item_at(g, STREAM_ENCOUNTER, v->encounter);

	return it ? store_value(&g->t->store[STREAM_ENCOUNTER], it->row, c) : MISSING_I64;
}

static int64_t settlement_value(const struct gather *g, const struct item *it, struct cell c)
{
	return store_value(&g->t->store[STREAM_SETTLEMENT], it->row, c);
}

static bool code_is(const struct gather *g, int64_t code, struct str text)
{
	return code != MISSING_I64 && str_eq(dict_text(g->t->dict, (uint32_t)code), text);
}

/* ---- class ---- */

uint8_t visit_class_of(struct gather *g, int64_t med_type)
{
	bool fresh;
	uint64_t *class;

	if (med_type == MISSING_I64)
		return NO_CLASS;
	class = map64_at(&g->class_of, (uint64_t)med_type, &fresh);
	if (fresh) {
		struct str text = dict_text(g->t->dict, (uint32_t)med_type);

		*class = (uint64_t)(g->t->conf.visit_class ?
			g->t->conf.visit_class(g->t->conf.visit_class_ctx, text) :
			feed_visit_class(NULL, text));
	}
	return (uint8_t)*class;
}

static int64_t med_type_of(const struct gather *g, const struct visit *v)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	int64_t type = encounter_value(g, v, g->enc_type);

	for (uint32_t i = v->settlement; type == MISSING_I64 && i != NO_INDEX;
	     i = setl->v[i].link) {
		if (setl->v[i].state == ITEM_LIVE)
			type = settlement_value(g, &setl->v[i], g->setl_type);
	}
	return type;
}

/* ---- times ---- */

struct span {
	int64_t begin, settled;      /* date as seconds; first settlement */
	int64_t end;                 /* of settlements that are not mid-stay */
	bool final;                  /* a settlement that is not mid-stay */
};

static struct span settlements_span(const struct gather *g, struct visit *v)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	struct span s = { MISSING_I64, MISSING_I64, MISSING_I64, false };

	v->n_settlement = 0;
	for (uint32_t i = v->settlement; i != NO_INDEX; i = setl->v[i].link) {
		const struct item *it = &setl->v[i];
		int64_t day;

		if (it->state != ITEM_LIVE)
			continue;
		v->n_settlement++;
		day = settlement_value(g, it, g->setl_begin);
		if (day != MISSING_I64 && (s.begin == MISSING_I64 || day * SECS_PER_DAY < s.begin))
			s.begin = day * SECS_PER_DAY;
		if (s.settled == MISSING_I64)
			s.settled = it->time;
		if (code_is(g, settlement_value(g, it, g->setl_mid), STR("1")))
			continue;
		s.final = true;
		day = settlement_value(g, it, g->setl_end);
		if (day != MISSING_I64 && (s.end == MISSING_I64 || day * SECS_PER_DAY > s.end))
			s.end = day * SECS_PER_DAY;
	}
	return s;
}

/* inhosp_stas says; else an end or a final settlement says yes; else an encounter says no. */
static uint8_t finished(const struct gather *g, const struct visit *v, int64_t end, bool final)
{
	int64_t status = encounter_value(g, v, g->enc_status);

	if (code_is(g, status, STR("1")))
		return TRUTH_FALSE;
	if (code_is(g, status, STR("0")) || end != MISSING_I64 || final)
		return TRUTH_TRUE;
	return v->encounter != NO_INDEX ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

static void visit_facts(struct gather *g, struct visit *v)
{
	struct span s = settlements_span(g, v);
	int64_t begin = encounter_value(g, v, g->enc_begin);
	int64_t end = encounter_value(g, v, g->enc_end);

	v->visit_class = visit_class_of(g, med_type_of(g, v));
	v->settled = v->n_settlement || (!v->known_settlement && v->settled_line);
	v->finished = finished(g, v, end, s.final);
	v->begin = begin != MISSING_I64 ? begin : s.begin != MISSING_I64 ? s.begin : s.settled;
	v->end = end != MISSING_I64 ? end : s.end;
	if (v->finished == TRUTH_FALSE)
		v->end = MISSING_I64;
}

/* Messages do not tell the days; a mid-stay settlement ends on its own. */
int64_t visit_settled_day(struct gather *g, enum field f, const struct item *it)
{
	const struct visit *v = &g->visit[it->visit];
	int64_t day = row_value(g->t, f, it->row), time = v->begin;

	if (day != MISSING_I64 || !(it->row->flags & ROW_JOINS))
		return day;
	if (f == FIELD_settlement_enddate) {
		day = settlement_value(g, it, g->setl_mid);
		time = v->end == MISSING_I64 || code_is(g, day, STR("1")) ? it->time : v->end;
	}
	return time == MISSING_I64 ? MISSING_I64 : civil_day_of(time);
}

/* ---- lines, main diagnosis and operation ---- */

/* Lines were counted as they were bound: again, where some may have been taken out since. */
static void count_lines(struct gather *g)
{
	const struct items *fee = &g->items[STREAM_FEE];

	if (!(g->t->subject[g->subject].flags & SUBJECT_REVERSES) && !map64_count(&g->swept))
		return;
	for (uint32_t i = 0; i < g->n_visit; i++) {
		g->visit[i].n_line = 0;
		g->visit[i].settled_line = false;
	}
	for (uint32_t i = 0; i < fee->n; i++)
		if (fee->v[i].state == ITEM_LIVE)
			visit_lines(&g->visit[fee->v[i].visit], 1, line_names(g, &fee->v[i]));
}

static int kind_order(const struct gather *g, enum field f, const struct item *a,
		      const struct item *b)
{
	int64_t ka = row_value(g->t, f, a->row), kb = row_value(g->t, f, b->row);

	return str_cmp(ka == MISSING_I64 ? STR("") : dict_text(g->t->dict, (uint32_t)ka),
		       kb == MISSING_I64 ? STR("") : dict_text(g->t->dict, (uint32_t)kb));
}

/* The diagnosis marked as main: western before others, then by order. */
static void find_main_diagnoses(struct gather *g)
{
	struct items *diag = &g->items[STREAM_DIAGNOSIS];

	for (uint32_t i = 0; i < diag->n; i++) {
		struct item *it = &diag->v[i];
		uint32_t *best = it->visit == NO_INDEX ? NULL :
			&g->visit[it->visit].main_diagnosis;

		if (best) {
			it->link = g->visit[it->visit].diagnosis;
			g->visit[it->visit].diagnosis = i;
		}
		if (!best || !code_is(g, row_value(g->t, FIELD_diagnosis_maindiag_flag, it->row),
				      STR("1")))
			continue;
		if (*best == NO_INDEX || kind_order(g, FIELD_diagnosis_diag_type, it,
						    &diag->v[*best]) < 0)
			*best = i;
	}
}

static void find_main_operations(struct gather *g)
{
	const struct items *op = &g->items[STREAM_OPERATION];

	for (uint32_t i = 0; i < op->n; i++) {
		const struct item *it = &op->v[i];

		if (it->visit != NO_INDEX && g->visit[it->visit].main_operation == NO_INDEX &&
		    code_is(g, row_value(g->t, FIELD_operation_main_oprn_flag, it->row), STR("1")))
			g->visit[it->visit].main_operation = i;
	}
}

/* ---- rows of stays and visits ---- */

static uint32_t handle_of(const struct gather *g, const struct visit *v)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];

	if (v->encounter != NO_INDEX)
		return g->items[STREAM_ENCOUNTER].v[v->encounter].id;
	for (uint32_t i = v->settlement; i != NO_INDEX; i = setl->v[i].link) {
		if (setl->v[i].state == ITEM_LIVE)
			return setl->v[i].id | ROW_LIMIT;
	}
	return NO_INDEX;
}

static void push_derived(struct gather *g, enum stream s, uint32_t visit)
{
	struct items *items = &g->items[s];

	GROW(items->v, items->cap, items->n + 1);
	items->v[items->n++] = (struct item){
		.time = g->visit[visit].begin,
		.id = handle_of(g, &g->visit[visit]),
		.visit = visit,
		.link = NO_INDEX,
	};
}

static void derive_rows(struct gather *g)
{
	g->items[STREAM_STAY].n = g->items[STREAM_VISIT].n = 0;
	for (uint32_t i = 0; i < g->n_visit; i++) {
		const struct visit *v = &g->visit[i];

		if (v->encounter == NO_INDEX && !v->n_settlement)
			continue;
		if (g->derived_rows[STREAM_VISIT])
			push_derived(g, STREAM_VISIT, i);
		if (g->derived_rows[STREAM_STAY] && v->visit_class == VISIT_INPATIENT)
			push_derived(g, STREAM_STAY, i);
	}
	items_sort(g, STREAM_STAY);
	items_sort(g, STREAM_VISIT);
}

void gather_visits(struct gather *g)
{
	count_lines(g);
	for (uint32_t i = 0; i < g->n_visit; i++)
		visit_facts(g, &g->visit[i]);
	find_main_diagnoses(g);
	find_main_operations(g);
	derive_rows(g);
}

/* ---- the fund's share of each line ---- */

static int64_t line_base(const struct gather *g, uint32_t i)
{
	const struct item *it = &g->items[STREAM_FEE].v[i];
	const struct store *st = &g->t->store[STREAM_FEE];
	int64_t base = it->touched ? g->left[i].inscp : store_value(st, it->row, g->fee_inscp);

	if (base == MISSING_I64)
		base = it->touched ? g->left[i].amount :
				     store_value(st, it->row, g->fee_amount);
	return base == MISSING_I64 || base < 0 ? 0 : base;
}

/*
 * What the lines that are here bear of the fund's payment: their part of what the settlement
 * says was in scope, so that a line bears the same before and after the others have come.
 * Where the settlement says nothing, or less than its lines, they bear all of it, but never
 * more than what was in scope of them.
 */
static int64_t fund_of_lines(int64_t fund, int64_t settled, __int128 sum)
{
	__int128 part = settled == MISSING_I64 || settled <= sum ? fund : fund * sum / settled;

	return (int64_t)(sum > 0 && part > sum ? sum : part);
}

/* Split `fund` over lines by their bases: floors, then one unit each to the largest remainders. */
static void split_fund(struct gather *g, int64_t fund, int64_t settled, const uint32_t *line,
		       uint32_t n)
{
	__int128 sum = 0;
	int64_t left;

	for (uint32_t i = 0; i < n; i++)
		sum += line_base(g, line[i]);
	left = fund = fund_of_lines(fund, settled, sum);
	for (uint32_t i = 0; i < n; i++) {
		__int128 product = (__int128)fund * line_base(g, line[i]);

		g->share[line[i]] = sum ? (int64_t)(product / sum) : fund ? MISSING_I64 : 0;
		if (!sum)
			continue;
		left -= g->share[line[i]];
		g->pair[i].key = UINT64_MAX - (uint64_t)((product % sum << 40) / sum);
		g->pair[i].value = i;
	}
	if (!sum || !left)
		return;
	sort_pairs(g->pair, n);
	for (uint32_t i = 0; i < n && left > 0; i++, left--)
		g->share[line[g->pair[i].value]]++;
}

/* What the fund paid of a settlement; MISSING_I64 when there is nothing to split. */
static int64_t fund_of(const struct gather *g, const struct item *setl)
{
	int64_t fund = setl->state == ITEM_LIVE ?
		settlement_value(g, setl, g->setl_fund) : MISSING_I64;

	return fund < 0 ? MISSING_I64 : fund;
}

/* Live lines into g->line, settlement by settlement: those of settlement s end at g->queue[s]. */
static void lines_by_settlement(struct gather *g)
{
	const struct items *fee = &g->items[STREAM_FEE];
	uint32_t n = g->items[STREAM_SETTLEMENT].n, sum = 0;

	memset(g->queue, 0, (n + 1) * sizeof *g->queue);
	for (uint32_t i = 0; i < fee->n; i++)
		if (fee->v[i].state == ITEM_LIVE && fee->v[i].link != NO_INDEX)
			g->queue[fee->v[i].link]++;
	for (uint32_t s = 0; s < n; s++) {
		uint32_t count = g->queue[s];

		g->queue[s] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < fee->n; i++)
		if (fee->v[i].state == ITEM_LIVE && fee->v[i].link != NO_INDEX)
			g->line[g->queue[fee->v[i].link]++] = i;
}

void gather_share(struct gather *g)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT], *fee = &g->items[STREAM_FEE];
	uint32_t from = 0;

	g->any_share = false;
	for (uint32_t s = 0; s < setl->n && g->shares && !g->any_share; s++)
		g->any_share = fund_of(g, &setl->v[s]) != MISSING_I64;
	if (!g->any_share)
		return;
	GROW(g->share, g->cap_share, fee->n);
	GROW(g->line, g->cap_line, fee->n);
	GROW(g->pair, g->cap_pair, fee->n);
	GROW(g->queue, g->cap_queue, setl->n + 1);
	for (uint32_t i = 0; i < fee->n; i++)
		g->share[i] = MISSING_I64;
	lines_by_settlement(g);
	for (uint32_t s = 0; s < setl->n; from = g->queue[s++]) {
		int64_t fund = fund_of(g, &setl->v[s]);
		int64_t settled = row_value(g->t, FIELD_settlement_inscp_amt, setl->v[s].row);

		if (fund != MISSING_I64 && g->queue[s] > from)
			split_fund(g, fund, settled, g->line + from, g->queue[s] - from);
	}
}
