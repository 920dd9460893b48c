/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/rule/horizon.h"

#include "lib/rule/ruleset.h"
#include "lib/timeline/layout.h"
#include "lib/timeline/store.h"
#include "lib/timeline/timeline.h"

#define PERSONS 1000000u

/* ---- look-back ---- */

static const int64_t bucket_days[] = {
	[BUCKET_DAY] = 0,    [BUCKET_WEEK] = 6,            [BUCKET_MONTH] = 30,
	[BUCKET_QUARTER] = 91, [BUCKET_YEAR] = 365, [BUCKET_INSURANCE_YEAR] = 365,
	[BUCKET_HOUR] = 0,
};

static int64_t days_of_hours(int64_t hours)
{
	return (hours + 23) / 24;
}

/* The nearer of the bounds known so far and another. */
static void bound(struct horizon *h, int64_t days)
{
	h->days = !h->bounded || days < h->days ? days : h->days;
	h->bounded = true;
}

static void bound_by_bucket(struct horizon *h, enum bucket b)
{
	if (b == BUCKET_VISIT || b == BUCKET_STAY)
		h->visit = true;
	else if (b != BUCKET_NONE)
		bound(h, bucket_days[b]);
}

static bool names_visit(enum field f)
{
	return str_eq(str_of(field_get(f)->name), STR("mdtrt_id"));
}

static void bound_by_keys(struct horizon *h, struct expr *const *key, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (key[i]->op == EXPR_BUCKET)
			bound_by_bucket(h, key[i]->bucket);
		else if (key[i]->op == EXPR_FIELD && names_visit(key[i]->field))
			h->visit = true;
	}
}

static void bound_by_window(struct horizon *h, const struct window *w)
{
	if (w->kind == WINDOW_DAYS)
		bound(h, w->n - 1);
	else if (w->kind == WINDOW_HOURS)
		bound(h, days_of_hours(w->n));
	else if (w->kind == WINDOW_BUCKET)
		bound_by_bucket(h, w->bucket);
}

/* The widest window any row of the table gives. */
static void bound_by_table(struct horizon *h, const struct knowledge *k, uint32_t column)
{
	struct horizon widest = { .bounded = true };

	for (uint32_t i = 0; i < k->n_row; i++) {
		struct horizon row = { .bounded = false };
		struct window w;

		if (!window_parse(k->cell[(size_t)i * k->n_col + column], &w))
			continue;
		bound_by_window(&row, &w);
		widest.visit |= row.visit;
		if (row.bounded && row.days > widest.days)
			widest.days = row.days;
	}
	h->visit |= widest.visit;
	bound(h, widest.days);
}

static void bound_by_gap(struct horizon *h, const struct rule *r)
{
	if (r->gap_max == INT64_MAX)
		return;
	bound(h, r->gap_days ? r->gap_max : (r->gap_max + 86399) / 86400);
	for (unsigned i = 0; i < r->n_role; i++)
		h->visit |= r->stream[i] == STREAM_STAY || r->stream[i] == STREAM_VISIT;
}

/* Related records may lie further back than those the rule is about. */
static void reach_related(struct horizon *h, const struct rule *r)
{
	for (uint32_t i = 0; i < r->n_related; i++) {
		struct horizon own = { .bounded = false };

		bound_by_keys(&own, r->related[i].key, r->related[i].n_key);
		bound_by_window(&own, &r->related[i].window);
		h->visit |= own.visit;
		if (own.bounded && own.days > h->days)
			h->days = own.days;
	}
}

void rule_horizon(const struct rule *r, struct horizon *out)
{
	*out = (struct horizon){ .bounded = false };
	if (r->form == FORM_EACH)
		bound(out, 0);
	if (r->form == FORM_COMPARE && r->indicator)
		bound_by_keys(out, r->indicator->key, r->indicator->n_key);
	else
		bound_by_keys(out, r->key, r->n_key);
	bound_by_window(out, &r->window);
	if (r->window.kind == WINDOW_TABLE && r->table)
		bound_by_table(out, r->table, r->window.index);
	if (r->form == FORM_PAIR && r->ordered)
		bound_by_gap(out, r);
	if (r->form == FORM_EACH)
		out->visit = r->stream[0] == STREAM_STAY || r->stream[0] == STREAM_VISIT;
	out->run = r->form == FORM_GROUP &&
		   (r->window.kind == WINDOW_DAYS || r->window.kind == WINDOW_HOURS);
	reach_related(out, r);
	out->bounded |= out->visit;
}

/* ---- memory ---- */

uint32_t stream_yearly(enum stream s)
{
	/* 4.9 settlements a year; drugstores 2 to 3 lines, outpatients 5 to 8, and 0.17
	 * admissions of 200 to 500 lines. */
	static const uint32_t yearly[STREAM_COUNT] = {
		[STREAM_ENCOUNTER] = 490,  [STREAM_SETTLEMENT] = 490, [STREAM_FEE] = 8500,
		[STREAM_DIAGNOSIS] = 1000, [STREAM_OPERATION] = 20,   [STREAM_TRACE] = 1500,
		[STREAM_REPORT] = 1000,    [STREAM_STOCK] = 1200,
	};

	return yearly[s];
}

static bool reads(const uint8_t *map, const uint8_t *without, enum stream s)
{
	for (unsigned i = 0; i < stream_stored_width(s); i++) {
		enum field f = (enum field)((unsigned)stream_first(s) + i);

		if (field_wanted(map, f) && !(without && field_wanted(without, f)))
			return true;
	}
	return false;
}

uint64_t rule_memory(const struct rule *r)
{
	uint8_t wanted[FIELD_BITMAP] = { 0 }, none[FIELD_BITMAP] = { 0 };
	uint8_t keep[FIELD_BITMAP], base[FIELD_BITMAP];
	uint64_t bytes = 0;

	rule_fields(r, wanted);
	timeline_needs(wanted, keep);
	timeline_needs(none, base);
	for (unsigned s = 0; s < STREAM_STORED; s++) {
		struct layout l;

		if (!reads(wanted, NULL, (enum stream)s) && !reads(keep, base, (enum stream)s))
			continue;
		layout_init(&l, (enum stream)s, (uint32_t)sizeof(struct row), keep);
		bytes += (uint64_t)stream_yearly((enum stream)s) * l.size * PERSONS / 100;
		layout_fini(&l);
	}
	return bytes;
}
