/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/finding/period.h"

#include "lib/base/civil.h"
#include "lib/rule/frame.h"
#include "lib/rule/horizon.h"

static enum bucket bucket_of(const struct rule *r)
{
	struct expr *const *key = r->indicator ? r->indicator->key : r->key;
	uint32_t n = r->indicator ? r->indicator->n_key : r->n_key;

	for (uint32_t i = 0; i < n; i++)
		if (key[i]->op == EXPR_BUCKET && key[i]->bucket >= BUCKET_DAY)
			return key[i]->bucket;
	return BUCKET_NONE;
}

static struct str facility_of(const struct finding *f)
{
	for (uint32_t i = 0; i < f->n_key; i++)
		if (str_eq(f->key_name[i], STR("fixmedins_code")))
			return f->key_value[i];
	return f->subject_kind == SUBJECT_FACILITY ? f->subject : (struct str){ 0 };
}

bool finding_period(const struct ruleset *rs, const struct rule *r, const struct finding *f,
		    struct period *out)
{
	enum bucket b = bucket_of(r);
	int64_t number;

	if (b == BUCKET_NONE || f->begin == MISSING_I64)
		return false;
	number = bucket_number(b, f->begin, false, &rs->settings);
	*out = (struct period){
		.from = bucket_start(b, number, &rs->settings),
		.to = bucket_start(b, number + 1, &rs->settings) - 1,
		.stream = r->indicator ? r->indicator->stream : r->stream[0],
		.facility = facility_of(f),
	};
	return true;
}

/* ---- absence ---- */

struct absences {
	const struct ruleset *rs;
	const struct finding *f;
	struct absence *out;
	uint32_t n, max;
};

/* As value_over() of the evaluator: the bucket of the day, or days to either side. */
static struct period days_around(const struct absences *a, const struct expr *e, int64_t time)
{
	const struct rule_settings *set = &a->rs->settings;
	int32_t day = civil_day_of(time), around = (int32_t)e->rat.num;
	struct period p = { .from = day - around, .to = day + around,
			    .stream = (enum stream)e->index };
	if (e->field != FIELD_NONE)
		p.facility = facility_of(a->f);
	if (e->bucket > BUCKET_DAY && e->bucket != BUCKET_HOUR) {
		int64_t number = bucket_number(e->bucket, day, true, set);
		p.from = bucket_start(e->bucket, number, set);
		p.to = bucket_start(e->bucket, number + 1, set) - 1;
	}
	return p;
}

static void add_absences(struct absences *a, const struct expr *e)
{
	if (e->op == EXPR_OVER && a->n < a->max)
		a->out[a->n++] = (struct absence){ days_around(a, e, a->f->begin),
						   days_around(a, e, a->f->end) };
	for (uint32_t i = 0; e->op == EXPR_AND && i < e->n_arg; i++)
		add_absences(a, e->arg[i]);
}

uint32_t finding_absences(const struct ruleset *rs, const struct rule *r, const struct finding *f,
			  struct absence *out, uint32_t max)
{
	struct absences a = { rs, f, out, 0, max };

	if (!r->person_local || !r->when || f->begin == MISSING_I64)
		return 0;
	add_absences(&a, r->when);
	return a.n;
}

int32_t finding_reach(const struct rule *r, const struct finding *f)
{
	struct horizon h;

	rule_horizon(r, &h);
	if (f->begin == MISSING_I64)
		return MISSING_I32;
	return civil_day_of(f->begin) - (h.bounded ? (int32_t)h.days : 0);
}
