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

int32_t finding_reach(const struct rule *r, const struct finding *f)
{
	struct horizon h;

	rule_horizon(r, &h);
	if (f->begin == MISSING_I64)
		return MISSING_I32;
	return civil_day_of(f->begin) - (h.bounded ? (int32_t)h.days : 0);
}
