/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refeval.c - one value, straight from the tree.
 *
 * Three-valued: a comparison with a missing value is unknown; 且, 或 and 非 are Kleene's.
 * Dividing by zero gives a missing value. A missing summand makes its aggregate missing.
 */
#include "tests/reference/reference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <pcre2.h>

#include "lib/base/civil.h"
#include "lib/base/utf8.h"

/* ---- choices ---- */

bool oracle_choose(struct oracle *o, const void *about, const char *what)
{
	if (!o->counting)
		return false;
	for (uint32_t i = 0; i < o->asked; i++)
		if (o->about[i] == about && strcmp(o->what[i], what) == 0)
			return o->bit[i];
	if (o->asked == MAX_CHOICES) {
		o->too_many = true;
		return false;
	}
	if (o->asked >= o->n)
		o->bit[o->asked] = false;
	o->about[o->asked] = about;
	o->what[o->asked] = what;
	return o->bit[o->asked++];
}

bool oracle_next(struct oracle *o)
{
	o->n = o->asked;
	while (o->n > 0 && o->bit[o->n - 1])
		o->n--;
	o->asked = 0;
	if (o->n == 0)
		return false;
	o->bit[o->n - 1] = true;
	return true;
}

/* ---- calendar ---- */

static void insurance_start(const struct ruleset *rs, int32_t day, int *year, int32_t *start)
{
	int m = rs->settings.insurance_year_month, d = rs->settings.insurance_year_day;

	m = m == 0 ? 1 : m;
	d = d == 0 ? 1 : d;
	civil_ymd(day, year, NULL, NULL);
	*start = civil_days(*year, m, d);
	if (*start > day)
		*start = civil_days(--*year, m, d);
}

int32_t ref_bucket_start(const struct ruleset *rs, int32_t day, enum bucket b)
{
	int y, m;
	int32_t start;

	civil_ymd(day, &y, &m, NULL);
	switch (b) {
	case BUCKET_WEEK:
		return day - (civil_weekday(day) - 1);
	case BUCKET_MONTH:
		return civil_days(y, m, 1);
	case BUCKET_QUARTER:
		return civil_days(y, (m - 1) / 3 * 3 + 1, 1);
	case BUCKET_YEAR:
		return civil_days(y, 1, 1);
	case BUCKET_INSURANCE_YEAR:
		insurance_start(rs, day, &y, &start);
		return start;
	default:
		return day;
	}
}

static const char *bucket_text(struct scene *s, int64_t time, enum bucket b)
{
	int32_t day = civil_day_of(time), start = ref_bucket_start(s->rs, day, b);
	int y, m, d;

	civil_ymd(start, &y, &m, &d);
	switch (b) {
	case BUCKET_MONTH:
		return arena_printf(s->a, "%04d-%02d", y, m);
	case BUCKET_QUARTER:
		return arena_printf(s->a, "%04dQ%d", y, (m - 1) / 3 + 1);
	case BUCKET_YEAR:
		return arena_printf(s->a, "%04d", y);
	case BUCKET_INSURANCE_YEAR:
		return arena_printf(s->a, "%04d", y);
	case BUCKET_HOUR:
		return arena_printf(s->a, "%04d-%02d-%02d %02d", y, m, d,
				    (int)((time - civil_midnight(day)) / 3600));
	default:
		return arena_printf(s->a, "%04d-%02d-%02d", y, m, d);
	}
}

struct value ref_bucket(struct scene *s, const struct row *r, enum bucket b)
{
	const char *visit = arena_printf(s->a, "%s", r->mdtrt);

	if (b == BUCKET_STAY) {
		enum field f = field_named(r->stream, STR("visit_class"));
		struct value c = f == FIELD_NONE ? value_missing(TYPE_CODE)
				: world_value(s->w, r, f);

		if (!c.known || !str_eq(c.text, STR("inpatient")))
			return value_missing(TYPE_CODE);
	}
	if (b == BUCKET_VISIT || b == BUCKET_STAY)
		return value_str(TYPE_CODE, str_of(visit));
	if (r->time == MISSING_I64 || (b == BUCKET_HOUR && r->time % CIVIL_DAY == 0))
		return value_missing(TYPE_CODE); /* at 00:00:00 the clock is not known */
	return value_str(TYPE_CODE, str_of(bucket_text(s, r->time, b)));
}

/* ---- tables ---- */

bool ref_in_force(const struct knowledge *k, uint32_t row, int32_t day)
{
	if (k->from == NULL || day == MISSING_I32)
		return true;
	return (k->from[row] == MISSING_I32 || k->from[row] <= day) &&
	       (k->until[row] == MISSING_I32 || day <= k->until[row]);
}

bool ref_key_fits(const struct knowledge *k, uint32_t key, uint32_t row, struct str text)
{
	struct str cell = k->key_cell[row * k->n_key + key];

	assert(k->key[key].kind != KEY_REGEX);
	return k->key[key].kind == KEY_PREFIX ? str_starts(text, cell) : str_eq(text, cell);
}

/* The row in force whose keys fit; of several the one with the longest keys. */
static uint32_t find_row(struct scene *s, const struct expr *e, bool *known)
{
	const struct knowledge *k = e->table;
	uint32_t best = KNOWLEDGE_NONE, best_n = 0;
	struct value key[KNOWLEDGE_MAX_KEY];

	*known = true;
	for (uint32_t i = 0; i < e->n_arg; i++) {
		key[i] = ref_value(s, e->arg[i]);
		*known &= key[i].known;
	}
	for (uint32_t row = 0; row < k->n_row && *known; row++) {
		bool fits = ref_in_force(k, row, s->day);
		uint32_t n = 1;

		for (uint32_t i = 0; i < k->n_key; i++) {
			fits = fits && ref_key_fits(k, i, row, key[i].text);
			n += k->key_cell[row * k->n_key + i].n;
		}
		if (!fits || n < best_n)
			continue;
		best = row;
		best_n = n;
	}
	return best;
}

static struct value table_cell(const struct knowledge *k, uint32_t row, uint32_t col, enum type t)
{
	struct rat r;

	if (type_is_text(t)) {
		struct str c = k->cell[row * k->n_col + col];

		return c.n == 0 ? value_missing(t) : value_str(t, c);
	}
	return knowledge_number(k, row, col, &r) ? value_rat(t, r) : value_missing(t);
}

static struct value lookup(struct scene *s, const struct expr *e)
{
	bool known;
	uint32_t row = find_row(s, e, &known);

	return row == KNOWLEDGE_NONE ? value_missing(e->type)
			: table_cell(e->table, row, e->index, e->type);
}

static struct value in_list(struct scene *s, const struct expr *e)
{
	bool known;
	uint32_t row = find_row(s, e, &known);

	return !known ? value_missing(TYPE_FLAG) : value_int(TYPE_FLAG, row != KNOWLEDGE_NONE);
}

static struct value row_column(struct scene *s, const struct expr *e)
{
	const struct knowledge *k = s->table;

	if (e->index < k->n_key)
		return value_str(e->type, k->key_cell[s->table_row * k->n_key + e->index]);
	return table_cell(k, s->table_row, e->index - k->n_key, e->type);
}

/* ---- tests ---- */

static bool is_row_key(struct scene *s, const struct expr *e)
{
	return e->op == EXPR_ROWCOL && e->index < s->table->n_key;
}

static struct value compare(struct scene *s, const struct expr *e)
{
	struct value a = ref_value(s, e->arg[0]), b = ref_value(s, e->arg[1]);
	bool equality = e->op == EXPR_EQ || e->op == EXPR_NE;
	int c;

	if (!a.known || !b.known)
		return value_missing(TYPE_FLAG);
	if (equality && is_row_key(s, e->arg[1]))
		c = !ref_key_fits(s->table, e->arg[1]->index, s->table_row, a.text);
	else if (equality && is_row_key(s, e->arg[0]))
		c = !ref_key_fits(s->table, e->arg[0]->index, s->table_row, b.text);
	else
		c = type_is_text(a.type) ? str_cmp(a.text, b.text) : rat_cmp(a.rat, b.rat, NULL);
	switch (e->op) {
	case EXPR_EQ: return value_int(TYPE_FLAG, c == 0);
	case EXPR_NE: return value_int(TYPE_FLAG, c != 0);
	case EXPR_LT: return value_int(TYPE_FLAG, c < 0);
	case EXPR_LE: return value_int(TYPE_FLAG, c <= 0);
	case EXPR_GT: return value_int(TYPE_FLAG, c > 0);
	default: return value_int(TYPE_FLAG, c >= 0);
	}
}

static struct value one_of(struct scene *s, const struct expr *e)
{
	struct value a = ref_value(s, e->arg[0]);
	bool hit = false;

	if (!a.known)
		return value_missing(TYPE_FLAG);
	for (uint32_t i = 1; i < e->n_arg; i++) {
		struct value b = ref_value(s, e->arg[i]);

		if (!type_is_text(a.type))
			hit |= rat_cmp(a.rat, b.rat, NULL) == 0;
		else if (e->op == EXPR_IN)
			hit |= str_eq(a.text, b.text);
		else
			hit |= str_starts(a.text, b.text);
	}
	return value_int(TYPE_FLAG, hit);
}

static struct value match(struct scene *s, const struct expr *e)
{
	struct value a = ref_value(s, e->arg[0]);
	pcre2_match_data *m;
	int rc;

	if (!a.known)
		return value_missing(TYPE_FLAG);
	m = pcre2_match_data_create_from_pattern(e->regex, NULL);
	rc = pcre2_match(e->regex, (PCRE2_SPTR)(a.text.p ? a.text.p : ""), a.text.n, 0, 0, m, NULL);
	pcre2_match_data_free(m);
	return value_int(TYPE_FLAG, rc >= 0);
}

static struct value logic(struct scene *s, const struct expr *e)
{
	enum truth t = e->op == EXPR_AND ? TRUTH_TRUE : TRUTH_FALSE;

	for (uint32_t i = 0; i < e->n_arg; i++) {
		enum truth x = ref_truth(s, e->arg[i]);

		if (e->op == EXPR_AND ? x < t : x > t)
			t = x;
	}
	return value_truth(t);
}

static struct value negated(struct scene *s, const struct expr *e)
{
	return value_truth((enum truth)(2 - ref_truth(s, e->arg[0])));
}

static struct value is_missing(struct scene *s, const struct expr *e)
{
	struct value a = ref_value(s, e->arg[0]);

	return value_int(TYPE_FLAG, !a.known);
}

/* ---- arithmetic and functions ---- */

static struct rat days_as_seconds(struct rat r)
{
	bool ok = rat_mul(&r, r, rat_int(CIVIL_DAY));

	assert(ok);
	return r;
}

static struct value arithmetic(struct scene *s, const struct expr *e)
{
	struct value a = ref_value(s, e->arg[0]), b = ref_value(s, e->arg[1]);
	struct rat r = { 0, 1 };
	bool ok;

	if (!a.known || !b.known)
		return value_missing(e->type);
	if (e->arg[0]->type == TYPE_DATE && e->arg[1]->type == TYPE_DURATION) {
		ok = rat_div(&b.rat, b.rat, rat_int(CIVIL_DAY));
		assert(ok);
	}
	ok = e->op == EXPR_ADD ? rat_add(&r, a.rat, b.rat) : e->op == EXPR_SUB
			? rat_sub(&r, a.rat, b.rat)
	   : e->op == EXPR_MUL ? rat_mul(&r, a.rat, b.rat) : rat_div(&r, a.rat, b.rat);
	if (!ok)
		return value_missing(e->type);
	if (e->arg[0]->type == TYPE_DATE && e->arg[1]->type == TYPE_DATE)
		r = days_as_seconds(r);
	return value_rat(e->type, r);
}

static int64_t floor_div(struct rat r, int64_t by)
{
	__int128 den = r.den * by, q = r.num / den;

	return (int64_t)(q - (r.num % den < 0));
}

static struct value first_known(struct scene *s, const struct expr *e)
{
	for (uint32_t i = 0; i < e->n_arg; i++) {
		struct value v = ref_value(s, e->arg[i]);

		v.type = e->type;
		if (v.known)
			return v;
	}
	return value_missing(e->type);
}

static struct str first_chars(struct str s, int64_t n)
{
	uint32_t at = 0;

	for (; at < s.n; at++)
		if (((unsigned char)s.p[at] & 0xc0) != 0x80 && n-- <= 0)
			break;
	return str_sub(s, 0, at);
}

static struct value call(struct scene *s, const struct expr *e)
{
	struct value v[16];
	int64_t chars = 0;

	if (e->func == FUNC_COALESCE)
		return first_known(s, e);
	for (uint32_t i = 0; i < e->n_arg; i++) {
		v[i] = ref_value(s, e->arg[i]);
		if (!v[i].known)
			return value_missing(e->type);
	}
	for (uint32_t i = 1; i < e->n_arg && (e->func == FUNC_GREATEST ||
					      e->func == FUNC_LEAST); i++) {
		int c = rat_cmp(v[i].rat, v[0].rat, NULL);

		if (e->func == FUNC_GREATEST ? c > 0 : c < 0)
			v[0].rat = v[i].rat;
	}
	switch (e->func) {
	case FUNC_ABS:
		return value_rat(e->type, v[0].rat.num < 0
				 ? (struct rat){ -v[0].rat.num, v[0].rat.den }
							   : v[0].rat);
	case FUNC_FLOOR:
		return value_int(e->type, floor_div(v[0].rat, 1));
	case FUNC_DATE:
		return value_int(e->type, floor_div(v[0].rat, CIVIL_DAY));
	case FUNC_HOUR:
		return value_int(e->type, floor_div(v[0].rat, 3600) - 24 * floor_div(v[0].rat,
				CIVIL_DAY));
	case FUNC_WEEKDAY:
		return value_int(e->type, civil_weekday((int32_t)floor_div(v[0].rat, 1)));
	case FUNC_DAYS:
		return value_int(e->type, floor_div(v[0].rat, CIVIL_DAY));
	case FUNC_HOURS:
		return value_int(e->type, floor_div(v[0].rat, 3600));
	case FUNC_AGE:
		return value_int(e->type, civil_age((int32_t)floor_div(v[0].rat, 1),
						    (int32_t)floor_div(v[1].rat, 1)));
	case FUNC_LEFT:
		return value_str(e->type, first_chars(v[0].text, floor_div(v[1].rat, 1)));
	case FUNC_LENGTH:
		for (uint32_t i = 0; i < v[0].text.n; i++)
			chars += ((unsigned char)v[0].text.p[i] & 0xc0) != 0x80;
		return value_int(e->type, chars);
	default: /* the greatest, the least */
		return value_rat(e->type, v[0].rat);
	}
}

/* ---- aggregates ---- */

static int by_size(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return rat_cmp(x->rat, y->rat, NULL);
}

static struct value ratio(enum type t, struct rat a, int64_t n)
{
	struct rat r;
	bool ok = rat_div(&r, a, rat_int(n));

	assert(ok);
	return value_rat(t, r);
}

/* The middle one, or half way between the middle two. */
static struct value median(struct value *v, uint32_t n, enum type t)
{
	struct rat r;
	bool ok;

	qsort(v, n, sizeof *v, by_size);
	if (n % 2 == 1)
		return value_rat(t, v[n / 2].rat);
	ok = rat_add(&r, v[n / 2 - 1].rat, v[n / 2].rat);
	assert(ok);
	return ratio(t, r, 2);
}

/* The least value that at least the share p of all do not exceed. */
static struct value percentile(struct value *v, uint32_t n, struct rat p, enum type t)
{
	uint32_t i = 0;

	qsort(v, n, sizeof *v, by_size);
	while (i + 1 < n && rat_cmp((struct rat){ i + 1, n }, p, NULL) < 0)
		i++;
	return value_rat(t, v[i].rat);
}

static struct value distinct(const struct value *v, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool seen = false;

		for (uint32_t j = 0; j < i; j++)
			seen |= value_cmp(&v[i], &v[j]) == 0;
		k += !seen;
	}
	return value_int(TYPE_COUNT, k);
}

static struct value sums(const struct value *v, uint32_t n, const struct expr *e)
{
	struct rat sum = rat_int(0), most = rat_int(0);
	bool ok = true;

	for (uint32_t i = 0; i < n; i++) {
		ok &= rat_add(&sum, sum, v[i].rat);
		if (i == 0 || rat_cmp(sum, most, NULL) > 0)
			most = sum;
	}
	assert(ok);
	if (e->agg == AGG_RUNNING)
		return value_rat(e->type, most);
	return e->agg == AGG_MEAN ? ratio(e->type, sum, n) : value_rat(e->type, sum);
}

/* Over known values in event order. None: zero for counts and sums, else missing. */
static struct value fold(struct scene *s, const struct expr *e, struct value *v, uint32_t n)
{
	if (e->agg == AGG_DISTINCT)
		return distinct(v, n);
	if (e->agg == AGG_SUM || e->agg == AGG_RUNNING)
		return sums(v, n, e);
	if (n == 0)
		return value_missing(e->type);
	switch (e->agg) {
	case AGG_MEAN:
		return sums(v, n, e);
	case AGG_FIRST:
		return v[0];
	case AGG_LAST:
		return v[n - 1];
	case AGG_MEDIAN:
		return median(v, n, e->type);
	case AGG_PERCENTILE:
		return percentile(v, n, ref_value(s, e->arg[1]).rat, e->type);
	default: /* greatest and least */
		qsort(v, n, sizeof *v, by_size);
		return value_rat(e->type, e->agg == AGG_MAX ? v[n - 1].rat : v[0].rat);
	}
}

/* Whether a row counts in the aggregate; a row nothing is known of is a choice. */
bool ref_counts_row(struct scene *in, const struct expr *e)
{
	enum truth t = e->cond == NULL ? TRUTH_TRUE : ref_truth(in, e->cond);

	return t != TRUTH_UNKNOWN ? t == TRUTH_TRUE
		: oracle_choose(in->o, in->role[e->role], ref_choice_name(in, e->cond));
}

/* Cells: whether a record in doubt, or under a 若 in doubt, could change the aggregate. */
static bool in_doubt(const struct scene *s, const struct expr *e)
{
	struct scene in = *s;

	for (uint32_t i = 0; i < s->n_group + s->n_doubt; i++) {
		bool sure = i < s->n_group;
		enum truth t = TRUTH_TRUE;
		struct value v;

		in.role[0] = sure ? s->group[i] : s->doubt[i - s->n_group];
		if (e->cond != NULL)
			t = ref_truth(&in, e->cond);
		if (t == TRUTH_FALSE || (sure && t == TRUTH_TRUE))
			continue;
		if (e->agg != AGG_SUM)
			return true;
		v = ref_value(&in, e->arg[0]);
		if (!v.known || rat_sign(v.rat) != 0)
			return true;
	}
	return false;
}

/* A visit of two persons is two visits. */
static void of_person(struct scene *s, const struct expr *e, const struct row *r, struct value *v)
{
	if (e->op == EXPR_FIELD && strcmp(field_get(e->field)->name, "mdtrt_id") == 0 && v->known)
		v->text = str_of(arena_printf(s->a, "%s/" STR_FMT, r->psn, STR_ARG(v->text)));
}

static struct value aggregate(struct scene *s, const struct expr *e)
{
	const struct row *kin[REF_ROWS], **row = s->group;
	uint32_t rows = s->n_group, n = 0;
	struct scene in = *s;
	bool known = s->doubt == NULL || !in_doubt(s, e);
	struct value *v;

	if (e->role >= ROLE_RELATED) {
		row = kin;
		rows = ref_related(s, e->role, kin);
	}
	v = arena_array(s->a, rows + 1, sizeof *v);
	for (uint32_t i = 0; i < rows; i++) {
		in.role[e->role] = row[i];
		if (!ref_counts_row(&in, e))
			continue;
		if (e->agg != AGG_COUNT)
			v[n] = ref_value(&in, e->arg[0]);
		if (s->doubt != NULL && e->agg == AGG_DISTINCT)
			of_person(s, e->arg[0], row[i], &v[n]);
		known &= e->agg == AGG_COUNT || v[n].known;
		n++;
	}
	if (e->agg == AGG_COUNT)
		return known ? value_int(TYPE_COUNT, n) : value_missing(TYPE_COUNT);
	if (n > 0 && (e->agg == AGG_FIRST || e->agg == AGG_LAST))
		return e->agg == AGG_FIRST ? v[0] : v[n - 1];
	return known ? fold(s, e, v, n) : value_missing(e->type);
}

/* ---- peers ---- */

static struct value peer(struct scene *s, const struct expr *e)
{
	struct value *v = arena_array(s->a, s->n_peer + 1, sizeof *v);
	struct expr mean = { .agg = AGG_MEAN, .type = e->type };
	struct value mid;

	memcpy(v, s->peer, s->n_peer * sizeof *v);
	if (e->agg == AGG_COUNT)
		return value_int(TYPE_COUNT, s->n_peer);
	if (s->n_peer == 0)
		return value_missing(e->type);
	if (e->agg == AGG_MEAN)
		return sums(v, s->n_peer, &mean);
	if (e->agg == AGG_PERCENTILE)
		return percentile(v, s->n_peer, ref_value(s, e->arg[0]).rat, e->type);
	mid = median(v, s->n_peer, e->type);
	if (e->agg == AGG_MEDIAN)
		return mid;
	for (uint32_t i = 0; i < s->n_peer; i++) {
		bool ok = rat_sub(&v[i].rat, v[i].rat, mid.rat);

		assert(ok);
		if (v[i].rat.num < 0)
			v[i].rat.num = -v[i].rat.num;
	}
	return median(v, s->n_peer, e->type);
}

/* ---- any expression ---- */

struct value ref_value(struct scene *s, const struct expr *e)
{
	struct value v;

	switch (e->op) {
	case EXPR_CONST:
		return type_is_text(e->type) ? value_str(e->type, e->text)
				: value_rat(e->type, e->rat);
	case EXPR_FIELD:
		return world_value(s->w, s->role[e->role], e->field);
	case EXPR_BUCKET:
		return ref_bucket(s, s->role[e->role], e->bucket);
	case EXPR_LET:
		v = ref_value(s, s->r->let[e->index].expr);
		return v;
	case EXPR_KEY:
		return s->key[e->index];
	case EXPR_ROWCOL:
		return row_column(s, e);
	case EXPR_AMOUNT:
		return s->amount;
	case EXPR_INDICATOR:
		return s->indicator;
	case EXPR_PEER:
		return peer(s, e);
	case EXPR_LOOKUP:
		return lookup(s, e);
	case EXPR_INLIST:
		return in_list(s, e);
	case EXPR_IN: case EXPR_BELONGS: case EXPR_STARTS:
		return one_of(s, e);
	case EXPR_MATCH:
		return match(s, e);
	case EXPR_NULL:
		return is_missing(s, e);
	case EXPR_OVER: /* a history is all there is */
		return value_int(TYPE_FLAG, 1);
	case EXPR_AND: case EXPR_OR:
		return logic(s, e);
	case EXPR_NOT:
		return negated(s, e);
	case EXPR_ADD: case EXPR_SUB: case EXPR_MUL: case EXPR_DIV:
		return arithmetic(s, e);
	case EXPR_NEG:
		v = ref_value(s, e->arg[0]);
		v.rat.num = -v.rat.num;
		return v;
	case EXPR_CALL:
		return call(s, e);
	case EXPR_AGG:
		return aggregate(s, e);
	default:
		return compare(s, e);
	}
}

enum truth ref_truth(struct scene *s, const struct expr *e)
{
	struct value v = ref_value(s, e);

	return value_as_truth(&v);
}
