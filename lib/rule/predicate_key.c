/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * predicate_key.c - keys as 64-bit numbers per row, and a hash of several keys together.
 *
 * A key's number is exact: a dictionary code, an integer, a calendar bucket, a visit as
 * (facility, visit) codes. Only the hash over several can meet another; whoever groups by it
 * compares the keys themselves (keyset_same).
 */
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/rule/frame.h"
#include "lib/rule/kernel.h"

/* ---- dense numbers of codes ---- */

static uint32_t dense_new(struct domain *d, uint32_t code)
{
	if (d->n == 0) { /* 0 is the missing code */
		GROW(d->code_of, d->cap, 1);
		d->code_of[d->n++] = 0;
	}
	GROW(d->code_of, d->cap, d->n + 1);
	d->code_of[d->n] = code;
	return d->dense_of[code] = d->n++;
}

/* Room for codes up to this one; those of a field mostly lie far below others. */
static void domain_reach(struct domain *d, uint32_t code)
{
	uint32_t before = d->n_code;

	if (code < before)
		return;
	GROW(d->dense_of, d->n_code, (size_t)code + 1);
	memset(d->dense_of + before, 0, (d->n_code - before) * sizeof *d->dense_of);
}

uint32_t domain_dense(struct eval *e, enum field f, uint32_t code)
{
	struct domain *d = &e->domain[f];

	domain_reach(d, code);
	if (!code)
		return 0;
	return d->dense_of[code] ? d->dense_of[code] : dense_new(d, code);
}

const uint32_t *make_domain_rows(struct eval *e, enum field f)
{
	struct domain *d = &e->domain[f];
	uint32_t n = e->b->rows[field_get(f)->stream].n;
	const uint32_t *code;

	d->stamp = e->stamp;
	if (d->n == 0) {
		GROW(d->code_of, d->cap, 1);
		d->code_of[d->n++] = 0;
	}
	GROW(d->row, d->cap_row, n + 1);
	code = slot_column(e, f);
	d->constant = kernel_constant(code, n);
	if (d->constant) {
		kernel_set(d->row, n && code[0] ? domain_dense(e, f, code[0]) : 0, n);
		return d->row;
	}
	domain_reach(d, kernel_most(code, n));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t dense = d->dense_of[code[i]];

		d->row[i] = dense || !code[i] ? dense : dense_new(d, code[i]);
	}
	return d->row;
}

/* ---- calendar ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The insurance year a day lies in: the calendar year its first day lies in. */
static int64_t insurance_year(int32_t day, const struct rule_settings *set)
{
	int m = set->insurance_year_month ? set->insurance_year_month : 1;
	int d = set->insurance_year_day ? set->insurance_year_day : 1;
	int32_t year = civil_year(day);

	return day < civil_days(year, m, d) ? year - 1 : year;
}

int64_t bucket_number(enum bucket b, int64_t time, bool is_date, const struct rule_settings *set)
{
	int32_t day = is_date ? (int32_t)time : (int32_t)floor_div(time, CIVIL_DAY);

	switch (b) {
	case BUCKET_DAY: return day;
	case BUCKET_WEEK: return floor_div((int64_t)day + 3, 7); /* 1970-01-01 was a Thursday */
	case BUCKET_MONTH: return civil_month(day);
	case BUCKET_QUARTER: return civil_quarter(day);
	case BUCKET_YEAR: return civil_year(day);
	case BUCKET_INSURANCE_YEAR: return insurance_year(day, set);
	case BUCKET_HOUR: return is_date ? (int64_t)day * 24 : floor_div(time, 3600);
	default: return 0;
	}
}

int32_t bucket_start(enum bucket b, int64_t number, const struct rule_settings *set)
{
	switch (b) {
	case BUCKET_DAY: return (int32_t)number;
	case BUCKET_WEEK: return (int32_t)(number * 7 - 3);
	case BUCKET_MONTH: return civil_month_start((int32_t)number);
	case BUCKET_QUARTER: return civil_month_start((int32_t)number * 3);
	case BUCKET_YEAR: return civil_days((int)number, 1, 1);
	case BUCKET_INSURANCE_YEAR:
		return civil_days((int)number,
				  set->insurance_year_month ? set->insurance_year_month : 1,
				  set->insurance_year_day ? set->insurance_year_day : 1);
	case BUCKET_HOUR: return (int32_t)floor_div(number, 24);
	default: return MISSING_I32;
	}
}

static void bucket_text(struct buf *out, enum bucket b, int64_t number,
			const struct rule_settings *set)
{
	int y, m;

	civil_ymd(bucket_start(b, number, set), &y, &m, NULL);
	switch (b) {
	case BUCKET_MONTH: buf_addf(out, "%04d-%02d", y, m); break;
	case BUCKET_QUARTER: buf_addf(out, "%04dQ%d", y, (m - 1) / 3 + 1); break;
	case BUCKET_YEAR:
	case BUCKET_INSURANCE_YEAR: buf_addf(out, "%04d", (int)number); break;
	case BUCKET_HOUR:
		civil_add_date(out, bucket_start(b, number, set));
		buf_addf(out, " %02d", (int)(number - floor_div(number, 24) * 24));
		break;
	default: civil_add_date(out, bucket_start(b, number, set));
	}
}

/* Days, weeks (by their Monday), ... as text; the number stays beside it. Texts live as long as the
 * evaluator: there are few. */
struct value bucket_value(struct eval *e, enum bucket b, int64_t number)
{
	struct shown_bucket *s = &e->shown[hash_join(b, (uint64_t)number) % SHOWN_BUCKETS];
	struct value v;

	if (s->bucket != b || s->number != number) {
		buf_reset(&e->text);
		bucket_text(&e->text, b, number, &e->p->rs->settings);
		*s = (struct shown_bucket){ b, number,
			dict_text(e->computed, dict_code(e->computed, buf_str(&e->text))) };
	}
	v = value_str(TYPE_TEXT, s->text);
	v.rat = rat_int(number);
	return v;
}

int64_t row_time(struct eval *e, enum field f, uint32_t row)
{
	if (type_width(field_get(f)->type) == WIDTH_I64)
		return ((const int64_t *)slot_column(e, f))[row];

	int32_t day = ((const int32_t *)slot_column(e, f))[row];

	return day == MISSING_I32 ? MISSING_I64 : civil_midnight(day);
}

const int64_t *slot_time(struct eval *e, enum field f)
{
	struct slot *s = &e->clock[f];
	uint32_t n = e->b->rows[field_get(f)->stream].n;
	const int32_t *day = slot_column(e, f);
	int64_t *time;

	if (type_width(field_get(f)->type) == WIDTH_I64)
		return slot_column(e, f);
	if (s->stamp == e->stamp)
		return s->v;
	s->stamp = e->stamp;
	s->v = time = slot_room(s, (size_t)n * 8 + 8);
	for (uint32_t i = 0; i < n; i++)
		time[i] = day[i] == MISSING_I32 ? MISSING_I64 : civil_midnight(day[i]);
	return time;
}

/* Neighbours are mostly of one day. */
static void days_of_times(int32_t *restrict day, const int64_t *restrict time, uint32_t n)
{
	int64_t from = 0;
	int32_t last = 0;

	for (uint32_t i = 0; i < n; i++) {
		if ((uint64_t)time[i] - (uint64_t)from >= CIVIL_DAY) {
			if (time[i] == MISSING_I64) {
				day[i] = MISSING_I32;
				continue;
			}
			last = (int32_t)floor_div(time[i], CIVIL_DAY);
			from = civil_midnight(last);
		}
		day[i] = last;
	}
}

const int32_t *slot_day(struct eval *e, enum stream st)
{
	struct slot *s = &e->day[st];
	enum field f = stream_time(st);
	uint32_t n = e->b->rows[st].n;
	const int64_t *time;
	int32_t *day;

	if (s->stamp == e->stamp)
		return s->v;
	s->stamp = e->stamp;
	s->v = slot_column(e, f);
	if (type_width(field_get(f)->type) != WIDTH_I64)
		return s->v;
	time = s->v;
	s->v = day = slot_room(s, (size_t)n * 4 + 4);
	if (!kernel_dates(day, time, n))
		days_of_times(day, time, n);
	return s->v;
}

/* ---- keys ---- */

static void key_of_code(struct eval *e, enum field f, uint32_t n, uint64_t *out)
{
	kernel_key_codes(out, slot_column(e, f), n);
}

static void key_of_i64(struct eval *e, enum field f, uint32_t n, uint64_t *out)
{
	kernel_key_i64(out, slot_column(e, f), n);
}

static void key_of_i32(struct eval *e, enum field f, uint32_t n, uint64_t *out)
{
	kernel_key_days(out, slot_column(e, f), n);
}

static void key_of_flag(struct eval *e, enum field f, uint32_t n, uint64_t *out)
{
	const uint8_t *v = slot_column(e, f);

	for (uint32_t i = 0; i < n; i++)
		out[i] = v[i] == TRUTH_UNKNOWN ? KEY_MISSING : v[i];
}

static uint32_t code_at(struct eval *e, enum field f, uint32_t row)
{
	return f == FIELD_NONE ? MISSING_CODE : ((const uint32_t *)slot_column(e, f))[row];
}

/* The visit a row belongs to, as (facility, visit); a stay is an inpatient visit. */
uint64_t visit_key(struct eval *e, enum bucket bucket, enum stream s, uint32_t row)
{
	const struct visit_fields *f = &e->p->visit[s];
	uint32_t visit = code_at(e, f->visit, row), kind;

	if (bucket == BUCKET_STAY && s != STREAM_STAY) {
		kind = code_at(e, f->kind, row);
		if (!kind || !str_eq(dict_text(e->dict, kind), STR("inpatient")))
			return KEY_MISSING;
	}
	return visit ? (uint64_t)code_at(e, f->facility, row) << 32 | visit : KEY_MISSING;
}

/* The same for all rows; neighbours mostly have one class of visit. */
static void key_of_visit(struct eval *e, enum bucket bucket, enum stream s, uint64_t *out)
{
	const struct visit_fields *f = &e->p->visit[s];
	uint32_t rows = e->b->rows[s].n, last = MISSING_CODE;
	const uint32_t *visit, *facility, *kind;
	bool fits = false;

	if (f->visit == FIELD_NONE || f->facility == FIELD_NONE || f->kind == FIELD_NONE) {
		for (uint32_t i = 0; i < rows; i++)
			out[i] = visit_key(e, bucket, s, i);
		return;
	}
	visit = slot_column(e, f->visit);
	facility = slot_column(e, f->facility);
	kind = slot_column(e, f->kind);
	for (uint32_t i = 0; i < rows; i++) {
		if (kind[i] != last) {
			last = kind[i];
			fits = last && str_eq(dict_text(e->dict, last), STR("inpatient"));
		}
		out[i] = visit[i] && (fits || bucket != BUCKET_STAY || s == STREAM_STAY)
				 ? (uint64_t)facility[i] << 32 | visit[i] : KEY_MISSING;
	}
}

/* At midnight only the date is known: such a record is in no hour. */
static void key_of_hour(const int64_t *time, uint32_t rows, uint64_t *out)
{
	for (uint32_t i = 0; i < rows; i++)
		out[i] = time[i] == MISSING_I64 || time[i] % CIVIL_DAY == 0
			 ? KEY_MISSING : (uint64_t)floor_div(time[i], 3600);
}

/* A period met lately; from = to: none. */
struct period_near {
	int32_t from, to;
	int64_t number;
};
enum { PERIODS_NEAR = 64, NEAR_DAYS = 8 };

/* Longer ones: a year has few. */
static void key_of_period(const struct rule_settings *set, enum bucket b, const int32_t *day,
			  uint32_t rows, uint64_t *out)
{
	struct period_near near[PERIODS_NEAR] = { { 0 } };

	for (uint32_t i = 0; i < rows; i++) {
		struct period_near *p = &near[(uint32_t)day[i] / NEAR_DAYS % PERIODS_NEAR];

		if (day[i] == MISSING_I32) {
			out[i] = KEY_MISSING;
			continue;
		}
		if (day[i] < p->from || day[i] >= p->to) {
			p->number = bucket_number(b, day[i], true, set);
			p->from = bucket_start(b, p->number, set);
			p->to = bucket_start(b, p->number + 1, set);
		}
		out[i] = (uint64_t)p->number;
	}
}

static void key_of_bucket(struct eval *e, const struct node *n, enum stream s, uint64_t *out)
{
	const struct rule_settings *set = &e->p->rs->settings;
	uint32_t rows = e->b->rows[s].n;
	const int32_t *day = slot_day(e, s);

	if (n->bucket == BUCKET_VISIT || n->bucket == BUCKET_STAY) {
		key_of_visit(e, n->bucket, s, out);
		return;
	}
	if (n->bucket == BUCKET_DAY)
		kernel_key_days(out, day, rows);
	else if (n->bucket == BUCKET_HOUR)
		key_of_hour(slot_time(e, stream_time(s)), rows, out);
	else
		key_of_period(set, n->bucket, day, rows, out);
}

/* A computed key: its text gets a number of its own in this evaluator. */
uint64_t key_number(struct eval *e, struct frame *f, const struct node *n)
{
	struct value v = node_value(f, n);

	buf_reset(&e->text);
	value_add(&e->text, &v);
	return v.known ? dict_code(e->computed, buf_str(&e->text)) : KEY_MISSING;
}

static uint64_t key_of_row(struct eval *e, const struct node *n, enum stream s, uint32_t row)
{
	struct frame f;

	frame_row(&f, e, s, row);
	return key_number(e, &f, n);
}

static void key_of_rows(struct eval *e, const struct node *n, enum stream s, uint64_t *out)
{
	for (uint32_t i = 0; i < e->b->rows[s].n; i++)
		out[i] = key_of_row(e, n, s, i);
}

static uint64_t key_of_code_on(struct eval *e, const struct node *n, uint32_t dense, int32_t day)
{
	struct frame f;

	frame_init(&f, e);
	f.code_field = n->domain;
	f.code = dense ? e->domain[n->domain].code_of[dense] : 0;
	f.day = day;
	return key_number(e, &f, n);
}

static uint64_t key_of_code_number(struct eval *e, const struct node *n, uint32_t dense)
{
	return codes_steady(e, n, n, &dense) ? key_of_code_on(e, n, dense, MISSING_I32)
					     : KEY_VARIES;
}

static uint64_t key_that_varies(struct eval *e, const struct node *n, uint32_t dense, int32_t day)
{
	struct spell *spell = spell_at(&e->key[n->id], dense);

	if (day == MISSING_I32)
		return key_of_code_on(e, n, dense, day);
	if (day < spell->from || day > spell->to) {
		*spell = (struct spell){ INT32_MIN + 1, INT32_MAX,
				       key_of_code_on(e, n, dense, day) };
		code_spell(e, n, dense, day, spell);
	}
	return spell->value;
}

/* A computed key that depends on one code is computed once per distinct value; with the day, where
 * what is looked up changes. */
static void key_of_domain(struct eval *e, const struct node *n, enum stream s, uint64_t *out)
{
	uint32_t rows = e->b->rows[s].n;
	const uint32_t *dense = domain_rows(e, n->domain);
	const struct domain *d = &e->domain[n->domain];
	const int32_t *day = slot_day(e, s);
	struct slot *k = &e->key[n->id];

	if (k->n_code < d->n) {
		k->code_key = xreallocarray(k->code_key, d->n, sizeof *k->code_key);
		memset(k->code_key + k->n_code, 0, (d->n - k->n_code) * sizeof *k->code_key);
		k->n_code = d->n;
	}
	for (uint32_t i = 0; i < rows; i++) {
		uint64_t *known = &k->code_key[dense[i]];

		if (!*known)
			*known = key_of_code_number(e, n, dense[i]);
		out[i] = *known == KEY_VARIES ? key_that_varies(e, n, dense[i], day[i]) : *known;
	}
}

const uint64_t *make_key(struct eval *e, const struct node *n, enum stream s)
{
	struct slot *k = &e->key[n->id];
	uint32_t rows = e->b->rows[s].n;
	uint64_t *out;

	k->stamp = e->stamp;
	k->v = out = slot_room(k, (size_t)rows * 8 + 8);
	if (n->op == EXPR_BUCKET)
		key_of_bucket(e, n, s, out);
	else if (n->op != EXPR_FIELD && n->domain != FIELD_NONE)
		key_of_domain(e, n, s, out);
	else if (n->op != EXPR_FIELD)
		key_of_rows(e, n, s, out);
	else if (type_is_text(n->type))
		key_of_code(e, n->field, rows, out);
	else if (type_width(field_get(n->field)->type) == WIDTH_I64)
		key_of_i64(e, n->field, rows, out);
	else if (type_width(field_get(n->field)->type) == WIDTH_I32)
		key_of_i32(e, n->field, rows, out);
	else
		key_of_flag(e, n->field, rows, out);
	return k->v;
}

const uint64_t *make_keyset(struct eval *e, const struct keyset *ks, enum stream s)
{
	struct slot *k = &e->keyset[ks->id];
	uint32_t rows = e->b->rows[s].n;
	uint64_t *out;

	k->stamp = e->stamp;
	k->v = out = slot_room(k, (size_t)rows * 8 + 8);
	k->open = false;
	if (ks->n == 0)
		memset(out, 0, (size_t)rows * 8);
	else
		k->open = kernel_hash(out, slot_key(e, ks->node[0], s), rows);
	for (uint32_t j = 1; j < ks->n; j++)
		k->open |= kernel_hash_join(out, slot_key(e, ks->node[j], s), rows);
	return k->v;
}

uint64_t eval_key_hash(const uint64_t *number, uint32_t n_key)
{
	uint64_t hash = 0;

	if (n_key)
		(void)kernel_hash(&hash, number, 1);
	for (uint32_t i = 1; i < n_key; i++)
		(void)kernel_hash_join(&hash, number + i, 1);
	return hash;
}

bool keyset_same(struct eval *e, const struct keyset *a, uint32_t row_a, enum stream sa,
		 const struct keyset *b, uint32_t row_b, enum stream sb)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (slot_key(e, a->node[i], sa)[row_a] != slot_key(e, b->node[i], sb)[row_b])
			return false;
	return true;
}
